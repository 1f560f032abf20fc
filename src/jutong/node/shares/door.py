"""The Delta Sharing protocol at the gateway: listings, versions, metadata, queries, changes and files.

Every query is decided like a call of the gateway under the same grant, counted, and on record before its answer; so is
every refusal of one. Listings, versions and metadata hold no row and are not recorded.
"""

from __future__ import annotations

import asyncio
import logging
import os
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import parse_qsl

import orjson

from jutong.contracts.orders import Way
from jutong.evidence.errors import EvidenceError
from jutong.kernel.errors import JutongError
from jutong.kernel.i18n import gettext_noop
from jutong.node.errors import FileGoneError, GatewayFaultError, MethodNotAllowedError, NoSuchPathError
from jutong.node.gateway.callers.shown import Shown, show
from jutong.node.gateway.callers.tokens import BEARER
from jutong.node.gateway.calls import Bulk, Call
from jutong.node.gateway.decide import check_grant, check_terms
from jutong.node.gateway.http import (
    Answer,
    HungUpError,
    Receive,
    Scope,
    Send,
    headers_of,
    language_of,
    read_body,
    send_answer,
)
from jutong.node.gateway.leaves import new_id
from jutong.node.gateway.nonces import NonceMemory
from jutong.node.gateway.recorder import OK, Asker, Attempt, Outcome, Proof
from jutong.node.gateway.serving import Serving
from jutong.node.shares import differences
from jutong.node.shares.addresses import BASE, FILES, LIFE_MS, Addresses, FileAddress, digest_of
from jutong.node.shares.errors import (
    ProfileWrongError,
    ShareCallError,
    ShareFileError,
    ShareUnknownError,
    TooManyVersionsError,
)
from jutong.node.shares.hints import may_match
from jutong.node.shares.offers import Offer, Offers
from jutong.node.shares.past import Commit, Past, instant_ms, past_of
from jutong.node.shares.profiles import Profile, Profiles
from jutong.node.shares.views import View, ViewFile, Views

LOGGER = logging.getLogger(__name__)
VIA = "delta-sharing"
MOST_LISTED = 500
MOST_VERSIONS = 100
AT_ONCE = 2
"""Queries that read the library side by side; making a view is work for a core."""
PIECE = 256 * 1024
NDJSON = b"application/x-ndjson; charset=utf-8"
_TABLE = re.compile(r"/shares/([^/]+)/schemas/([^/]+)/tables/([^/]+)/(version|metadata|query|changes)")
_TABLES = re.compile(r"/shares/([^/]+)/schemas/([^/]+)/tables")
_SHARE = re.compile(r"/shares/([^/]+)(|/schemas|/all-tables)")
_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")
_CAPABLE = b"delta-sharing-capabilities"
_VERSION = b"delta-table-version"
_REQUESTED = frozenset(
    {"predicateHints", "jsonPredicateHints", "limitHint", "version", "timestamp", "startingVersion", "endingVersion",
     "maxFiles", "pageToken", "includeRefreshToken", "refreshToken", "idempotencyKey"}
)  # fmt: skip

Made = tuple[Answer, Outcome]


@dataclass(frozen=True)
class _Asking:
    """One authenticated request."""

    profile: Profile
    shown: Shown
    query: Mapping[str, str]
    headers: Mapping[bytes, bytes]
    body: bytes
    now: float

    @property
    def now_ms(self) -> int:
        return int(self.now * 1000)

    @property
    def ends_stream(self) -> bool:
        """Whether the client understands an action that ends the answer."""
        return b"includeendstreamaction=true" in self.headers.get(_CAPABLE, b"").lower()


class SharingDoor:
    """Everything below ``/delta-sharing/``.

    Args:
        serving: the grants, whether the center confirmed them, quotas and the recorder.
        offers: which of them are shares.
        profiles: who may come in.
        views: makes what is handed out.
        addresses: signs addresses of files.
        nonces: gives records their replay marks.
        enter: counts a call in and returns what counts it out.
        clock: seconds since 1970 UTC.
    """

    def __init__(
        self,
        serving: Serving,
        offers: Offers,
        profiles: Profiles,
        views: Views,
        addresses: Addresses,
        *,
        nonces: NonceMemory,
        enter: Callable[[], Callable[[], None]],
        clock: Callable[[], float],
    ) -> None:
        self._serving = serving
        self._profiles = profiles
        self._views = views
        self._addresses = addresses
        self._nonces = nonces
        self._enter = enter
        self._clock = clock
        self._gate = asyncio.Semaphore(AT_ONCE)
        self.offers = offers

    async def page(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        language = "zh-hans"
        try:
            headers = headers_of(scope)
            language = language_of(headers)
            leave = self._enter()
            try:
                if scope["path"].startswith(FILES):
                    await self._file(scope, headers, send)
                    return
                answer = await self._answer(scope, headers, receive)
            finally:
                leave()
        except HungUpError:
            return
        except JutongError as error:
            answer = _refusal(error, language)
        except Exception:
            incident = new_id(int(self._clock() * 1000))[-12:]
            LOGGER.exception("sharing request failed, incident %s", incident)
            answer = _refusal(GatewayFaultError(incident=incident), language)
        await send_answer(send, answer)

    async def _answer(self, scope: Scope, headers: dict[bytes, bytes], receive: Receive) -> Answer:
        body = await read_body(receive)
        now = self._clock()
        given = headers.get(b"authorization", b"")
        if given[: len(BEARER)].lower() != BEARER:
            raise ProfileWrongError
        token = given[len(BEARER) :].strip()
        profile = self._profiles.find(token.decode("latin-1"), int(now * 1000))
        shown = show(profile.system_id, VIA, proof=token, scope=scope, body=body, now=now)
        try:
            query = dict(parse_qsl(str(scope["query_string"], "latin-1"), keep_blank_values=True, max_num_fields=20))
        except ValueError as error:
            raise ShareCallError(problem=gettext_noop("参数太多")) from error
        asking = _Asking(profile, shown, query, headers, body, now)
        path = scope["path"][len(BASE) :]
        for form, allowed, route in self._routes:
            found = form.fullmatch(path)
            if found is not None:
                if scope["method"] != allowed(found):
                    raise MethodNotAllowedError(allowed=allowed(found))
                return await route(self, asking, *found.groups())
        raise NoSuchPathError

    # -- listings --------------------------------------------------------------------------------------------

    async def _list_shares(self, asking: _Asking) -> Answer:
        offers = self.offers.of(asking.profile.system_id, asking.now_ms)
        return self._listed(asking, "shares", [_share(one) for one in offers])

    async def _share(self, asking: _Asking, share: str, what: str) -> Answer:
        offer = self._offered(asking, share)
        if not what:
            return Answer(200, orjson.dumps({"share": _share(offer)}))
        if what == "/schemas":
            return self._listed(asking, what + share, [{"name": offer.schema, "share": offer.share}])
        return self._listed(asking, what + share, [offer.named()])

    async def _list_tables(self, asking: _Asking, share: str, schema: str) -> Answer:
        return self._listed(asking, f"{share}/{schema}", [self._offered(asking, share, schema).named()])

    def _offered(self, asking: _Asking, share: str, schema: str = "", table: str = "") -> Offer:
        """Return an offer whose grant is in force.

        Raises:
            ShareUnknownError: if there is none of these names.
            JutongError: if its grant is not in force.
        """
        offer, _ = self.offers.find(asking.profile.system_id, share, schema, table)
        self._serving.freshness.check()
        check_grant(offer.grant, asking.now_ms)
        return offer

    def _listed(self, asking: _Asking, about: str, items: Sequence[Mapping[str, Any]]) -> Answer:
        most = _whole(asking.query, "maxResults", MOST_LISTED)
        token = asking.query.get("pageToken", "")
        about = f"{asking.profile.profile_id}/{about}"
        start = self._addresses.read_page(about, token)[0] if token else 0
        end = start + min(most, MOST_LISTED)
        content: dict[str, Any] = {"items": items[start:end]}
        if end < len(items):
            content["nextPageToken"] = self._addresses.page(about, [end])
        return Answer(200, orjson.dumps(content))

    # -- a table ---------------------------------------------------------------------------------------------

    async def _table(self, asking: _Asking, share: str, schema: str, table: str, what: str) -> Answer:
        if what in {"query", "changes"}:
            return await self._recorded(asking, (share, schema, table), what)
        offer = self._offered(asking, share, schema, table)
        past = await asyncio.to_thread(past_of, offer.path, offer.grant.order.valid_from_ms)
        if what == "version":
            since = asking.query.get("startingTimestamp", "")
            commit = past.since(instant_ms(since)) if since else past.newest
            return Answer(200, b"", NDJSON, ((_VERSION, b"%d" % commit.version),))
        head = await asyncio.to_thread(self._head, offer, past.newest)
        return _lines(head, past.newest)

    def _head(self, offer: Offer, commit: Commit) -> list[dict[str, Any]]:
        order = offer.grant.order
        shape = self._views.shape(offer.grant, offer.path, commit.version)
        metadata = {
            "id": order.grant_id,
            "name": order.entry_name,
            "description": order.purpose,
            "format": {"provider": "parquet"},
            "schemaString": shape.spark(),
            "partitionColumns": [],
            "configuration": {"enableChangeDataFeed": "true"},
            "version": commit.version,
        }
        return [{"protocol": {"minReaderVersion": 1}}, {"metaData": metadata}]

    async def _recorded(self, asking: _Asking, names: tuple[str, str, str], what: str) -> Answer:
        """Decide, answer and record one query; see ``gateway.serving`` for the order of steps."""
        serving, record_id = self._serving, new_id(asking.now_ms)
        try:
            offer, asker = self.offers.find(asking.profile.system_id, *names)
        except ShareUnknownError as error:
            asker = self.offers.asker(asking.profile.system_id)
            unknown = Attempt(record_id, "file", error, asker, self._proof(asking), asking.now)
            await serving.recorder.access(unknown, None, Outcome(code=error.code))
            raise
        way = offer.way if what == "query" else offer.changes_way
        attempt = self._attempt(asking, offer, asker, way, record_id)
        try:
            serving.freshness.check()
            check_terms(attempt.checked(), offer.grant, asking.now_ms)
            serving.quotas.take(offer.grant, asking.now_ms)
            try:
                async with self._gate:
                    make = self._queried if what == "query" else self._changed
                    answer, outcome = await make(asking, offer, record_id)
                # The grant may have been stopped while the table was read.
                serving.freshness.check()
                check_grant(serving.book.by_id.get(offer.grant.order.grant_id, offer.grant), asking.now_ms)
                await serving.recorder.access(attempt, offer.grant, outcome)
            except BaseException:
                serving.quotas.give_back(offer.grant)
                raise
        except EvidenceError:  # there is nothing to record a refusal with either
            raise
        except JutongError as error:
            refused = error
        except Exception as error:
            incident = record_id[-12:]
            LOGGER.exception("sharing query failed, incident %s", incident)
            refused = GatewayFaultError(incident=incident)
            refused.__cause__ = error
        else:
            return answer
        await serving.recorder.access(attempt, offer.grant, Outcome(code=refused.code))
        raise refused

    def _attempt(self, asking: _Asking, offer: Offer, asker: Asker, way: Way, record_id: str) -> Attempt:
        profile = asking.profile
        call = Call(
            kind=way, grant=offer.share, purpose=offer.grant.order.purpose, case=profile.case,
            official=profile.official, key={}, fields=None, claims={}, bulk=Bulk(format="parquet"),
        )  # fmt: skip
        return Attempt(record_id, way, call, asker, self._proof(asking), asking.now)

    def _proof(self, asking: _Asking) -> Proof:
        shown = asking.shown
        mark = self._nonces.mark(f"{VIA}\n{shown.system}", shown.nonce)
        return Proof(shown.digest, shown.signature, shown.created, mark, via=VIA)

    async def _queried(self, asking: _Asking, offer: Offer, record_id: str) -> Made:
        wanted = _body(asking.body)
        past = await asyncio.to_thread(past_of, offer.path, offer.grant.order.valid_from_ms)
        if wanted.get("startingVersion") is not None:
            first = past.at(_number(wanted, "startingVersion", 0)).version
            last = _number(wanted, "endingVersion", past.newest.version)
            return await self._differences(asking, offer, record_id, past, (first, last))
        about = f"{asking.profile.profile_id}/{offer.grant.order.grant_id}/{_narrowing(wanted)}"
        token = str(wanted.get("pageToken") or "")
        version, start = self._addresses.read_page(about, token) if token else (_version(wanted, past), 0)
        commit = past.at(version)
        view = await self._view(offer, commit)
        files, following = _chosen(view, wanted, start, paged=asking.ends_stream)
        head = await asyncio.to_thread(self._head, offer, commit)
        expires = min(asking.now_ms + LIFE_MS, offer.grant.order.valid_until_ms)
        lines = [{"file": self._told(offer, view, file, record_id, expires)} for file in files]
        return self._answered(
            asking, offer, commit, [*head, *lines], files=files, expires=expires,
            following=self._addresses.page(about, [version, following]) if following else "",
            told={"version": version},
        )  # fmt: skip

    async def _view(self, offer: Offer, commit: Commit) -> View:
        marks = self._serving.bulk.marks.at(offer.grant.place)
        return await asyncio.to_thread(self._views.get, offer.grant, offer.path, commit.version, marks)

    def _told(self, offer: Offer, view: View, file: ViewFile, record_id: str, expires: int) -> dict[str, Any]:
        address = FileAddress(offer.grant.order.grant_id, view.name, file.name, record_id, expires)
        stats: dict[str, Any] = {"numRecords": file.rows}
        if file.bounds:
            stats["minValues"] = {name: one[0] for name, one in file.bounds.items()}
            stats["maxValues"] = {name: one[1] for name, one in file.bounds.items()}
            stats["nullCount"] = {name: one[2] for name, one in file.bounds.items()}
        return {
            "url": self._addresses.file(address),
            "id": f"{view.name}-{file.name}",
            "partitionValues": {},
            "size": file.size,
            "stats": orjson.dumps(stats).decode(),
            "expirationTimestamp": expires,
        }

    # -- changes ---------------------------------------------------------------------------------------------

    async def _changed(self, asking: _Asking, offer: Offer, record_id: str) -> Made:
        query = asking.query
        past = await asyncio.to_thread(past_of, offer.path, offer.grant.order.valid_from_ms)
        if "startingVersion" in query:
            first = _whole(query, "startingVersion", 0)
        elif "startingTimestamp" in query:
            first = past.since(instant_ms(query["startingTimestamp"])).version
        else:
            raise ShareCallError(problem=gettext_noop("须有startingVersion或startingTimestamp"))
        last = past.newest.version
        if "endingVersion" in query:
            last = _whole(query, "endingVersion", last)
        elif "endingTimestamp" in query:
            last = past.before(instant_ms(query["endingTimestamp"])).version
        return await self._differences(asking, offer, record_id, past, (first, last))

    async def _differences(
        self, asking: _Asking, offer: Offer, record_id: str, past: Past, span: tuple[int, int]
    ) -> Made:
        commits = past.between(*span)
        if len(commits) > MOST_VERSIONS:
            raise TooManyVersionsError(limit=MOST_VERSIONS, found=len(commits))
        earlier = [one for one in past.commits if one.version < span[0]]
        before = await self._view(offer, earlier[-1]) if earlier else None
        keys = _shown_keys(offer)
        expires = min(asking.now_ms + LIFE_MS, offer.grant.order.valid_until_ms)
        lines: list[dict[str, Any]] = []
        files: list[ViewFile] = []
        for commit in commits:
            if before is not None and not commit.changes:
                continue
            after = await self._view(offer, commit)
            found = await asyncio.to_thread(self._difference, offer, before, after, keys)
            for file in found.files:
                told = self._told(offer, found, file, record_id, expires)
                told |= {"version": commit.version, "timestamp": commit.time_ms}
                del told["stats"]
                lines.append({"cdf": told})
            files += found.files
            before = after
        end = commits[-1] if commits else past.newest
        head = await asyncio.to_thread(self._head, offer, end)
        return self._answered(
            asking, offer, end, [*head, *lines], files=files, expires=expires, told={"versions": list(span)}
        )

    def _difference(self, offer: Offer, before: View | None, after: View, keys: Sequence[str]) -> View:
        return self._views.derived(
            differences.name_of(before, after), offer.grant.order.grant_id,
            lambda folder: differences.difference(before, after, keys, folder),
        )  # fmt: skip

    def _answered(
        self,
        asking: _Asking,
        offer: Offer,
        commit: Commit,
        lines: list[dict[str, Any]],
        *,
        files: Sequence[ViewFile],
        expires: int,
        told: Mapping[str, Any],
        following: str = "",
    ) -> Made:
        if asking.ends_stream:
            end: dict[str, Any] = {"minUrlExpirationTimestamp": expires}
            lines = [*lines, {"endStreamAction": end | ({"nextPageToken": following} if following else {})}]
        answer = _lines(lines, commit)
        items = [one.item for one in offer.grant.visible.values()]
        rows = sum(file.rows for file in files)
        marks = self._serving.bulk.marks.at(offer.grant.place)
        outcome = Outcome(
            OK, items, rows, digest_of(answer.body),
            marks=list(dict.fromkeys(mark.correction for mark in marks.every())) if marks is not None else (),
            more={"share": {"files": len(files), "profile": asking.profile.profile_id, **told}},
        )  # fmt: skip
        return answer, outcome

    # -- files -----------------------------------------------------------------------------------------------

    async def _file(self, scope: Scope, headers: dict[bytes, bytes], send: Send) -> None:
        if scope["method"] not in {"GET", "HEAD"}:
            raise MethodNotAllowedError(allowed="GET")
        now_ms = int(self._clock() * 1000)
        query = dict(parse_qsl(str(scope["query_string"], "latin-1"), max_num_fields=20))
        address = self._addresses.read_file(scope["path"], query, now_ms)
        self._serving.freshness.check()
        grant = self._serving.book.by_id.get(address.grant_id)
        if grant is None:
            raise ShareFileError
        check_grant(grant, now_ms)
        path = self._views.file(address.grant_id, address.view, address.name)
        await _stream(path, headers.get(b"range", b"").decode("latin-1"), send, empty=scope["method"] == "HEAD")

    _routes: Sequence[tuple[re.Pattern[str], Callable[[re.Match[str]], str], Callable[..., Awaitable[Answer]]]] = (
        (re.compile("/shares"), lambda _: "GET", _list_shares),
        (_SHARE, lambda _: "GET", _share),
        (_TABLES, lambda _: "GET", _list_tables),
        (_TABLE, lambda found: "POST" if found[4] == "query" else "GET", _table),
    )


def _share(offer: Offer) -> dict[str, str]:
    return {"name": offer.share, "id": offer.grant.order.grant_id}


def _refusal(error: JutongError, language: str) -> Answer:
    content = {"errorCode": error.code, "message": f"{error.explain(language)} {error.advise(language)}"}
    headers = ((b"retry-after", b"%d" % error.retry_after),) if error.retry_after else ()
    return Answer(error.http_status, orjson.dumps(content), headers=headers)


def _lines(lines: Sequence[Mapping[str, Any]], commit: Commit) -> Answer:
    body = b"".join(orjson.dumps(line) + b"\n" for line in lines)
    told = ((_VERSION, b"%d" % commit.version), (_CAPABLE, b"responseformat=parquet"))
    return Answer(200, body, NDJSON, told)


def _whole(query: Mapping[str, str], name: str, usual: int) -> int:
    text = query.get(name, "")
    if not text:
        return usual
    if not (text.isascii() and text.isdecimal() and len(text) < 19):  # noqa: PLR2004 - what 64 bits hold
        raise ShareCallError(problem=gettext_noop("{name}须是不小于0的整数"), name=name)
    return int(text)


def _number(body: Mapping[str, Any], name: str, usual: int) -> int:
    found = body.get(name)
    if found is None:
        return usual
    if isinstance(found, bool) or not isinstance(found, int) or found < 0:
        raise ShareCallError(problem=gettext_noop("{name}须是不小于0的整数"), name=name)
    return found


def _body(body: bytes) -> dict[str, Any]:
    try:
        found = orjson.loads(body or b"{}")
    except ValueError as error:
        raise ShareCallError(problem=gettext_noop("正文须是JSON")) from error
    if not isinstance(found, dict):
        raise ShareCallError(problem=gettext_noop("正文须是JSON对象"))
    return {name: value for name, value in found.items() if name in _REQUESTED}


def _version(wanted: Mapping[str, Any], past: Past) -> int:
    if wanted.get("version") is not None and wanted.get("timestamp") is not None:
        raise ShareCallError(problem=gettext_noop("version和timestamp只能有一个"))
    if wanted.get("timestamp") is not None:
        return past.before(instant_ms(str(wanted["timestamp"]))).version
    return past.at(_number(wanted, "version", past.newest.version)).version


def _narrowing(wanted: Mapping[str, Any]) -> str:
    return digest_of(orjson.dumps([wanted.get(name) for name in ("jsonPredicateHints", "limitHint", "version")]))


def _chosen(view: View, wanted: Mapping[str, Any], start: int, *, paged: bool) -> tuple[list[ViewFile], int]:
    """Return the files of an answer, and where the next goes on, 0 where there is none."""
    hint = wanted.get("jsonPredicateHints")
    files = [one for one in view.files if not isinstance(hint, str) or may_match(hint, one.bounds, one.rows)]
    limit = _number(wanted, "limitHint", -1) if wanted.get("limitHint") is not None else -1
    if limit >= 0:
        found, rows = [], 0
        for file in files:
            if rows >= max(limit, 1):
                break
            found.append(file)
            rows += file.rows
        files = found
    most = _number(wanted, "maxFiles", 0)
    if not most or not paged:
        return files[start:], 0
    end = start + most
    return files[start:end], end if end < len(files) else 0


def _shown_keys(offer: Offer) -> list[str]:
    """Return the items that find a row and are shown in full."""
    keys = offer.grant.key_columns
    plain = {one.column: one.item for one in offer.grant.visible.values() if one.mask is None}
    return [plain[column] for column in keys] if keys and all(column in plain for column in keys) else []


def _opened(path: Path) -> tuple[BinaryIO, int]:
    stream = path.open("rb")
    return stream, os.fstat(stream.fileno()).st_size


def _asked(header: str, size: int) -> tuple[int, int] | None:
    """Return first byte and end of the part a header asks for, the whole where it asks for none that is understood.

    None where it asks for what is not there.
    """
    found = _RANGE.fullmatch(header)
    if found is None or not (found[1] or found[2]):
        return 0, size
    if not found[1]:
        return max(size - int(found[2]), 0), size
    first, last = int(found[1]), int(found[2]) if found[2] else size - 1
    return (first, min(last, size - 1) + 1) if first <= last and first < size else None


async def _stream(path: Path, header: str, send: Send, *, empty: bool) -> None:
    try:
        stream, size = await asyncio.to_thread(_opened, path)
    except OSError as error:
        raise FileGoneError(path=path.name) from error
    with stream:
        part = _asked(header, size)
        if part is None:
            told = ((b"content-range", b"bytes */%d" % size),)
            await send_answer(send, Answer(416, b"", b"application/octet-stream", told))
            return
        first, end = part
        whole = (first, end) == (0, size) and not _RANGE.fullmatch(header)
        headers = [
            (b"content-type", b"application/octet-stream"), (b"content-length", b"%d" % (end - first)),
            (b"accept-ranges", b"bytes"), (b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff"),
        ]  # fmt: skip
        if not whole:
            headers.append((b"content-range", b"bytes %d-%d/%d" % (first, end - 1, size)))
        await send({"type": "http.response.start", "status": 200 if whole else 206, "headers": headers})
        stream.seek(first)
        left = 0 if empty else end - first
        while left > 0:
            piece = await asyncio.to_thread(stream.read, min(PIECE, left))
            if not piece:
                return
            left -= len(piece)
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
