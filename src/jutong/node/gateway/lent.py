"""What a lent address opens: the question of a media server whether it is good, and the files of a folder."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import parse_qsl, quote

import orjson

from jutong.contracts.orders import Way
from jutong.kernel.errors import JutongError
from jutong.node.errors import AddressMissingError, FileGoneError, GatewayFaultError, MethodNotAllowedError
from jutong.node.gateway.addresses import FILES, Lender, Loan, check_path, lent_grant, place_of
from jutong.node.gateway.decide import check_grant
from jutong.node.gateway.http import Answer, Receive, Scope, Send, headers_of, language_of, refusal, send_answer
from jutong.node.gateway.leaves import new_id
from jutong.node.gateway.serving import Serving
from jutong.node.grants import Grant
from jutong.node.sources import SourceConfig, pick

LOGGER = logging.getLogger(__name__)
MOST_LISTED = 1_000
"""Names in one listing of a folder."""
PIECE = 256 * 1024
_BEARER = b"bearer "


class Lent:
    """The pages behind lent addresses.

    Args:
        lender: reads tokens.
        serving: knows the grants, whether the center confirmed them, and the sources.
        clock: seconds since 1970 UTC.
        made: returns the file made under a record; blocking.
    """

    def __init__(
        self, lender: Lender, serving: Serving, clock: Callable[[], float], made: Callable[[str], Path | None]
    ) -> None:
        self._made = made
        self._lender = lender
        self._serving = serving
        self._clock = clock

    async def check(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer ``GET /gw/v1/address/check``: 204 when the token is good for the path asked for, else 401 or 403.

        Made to be asked by a media server's or proxy's subrequest: the token is in ``Authorization: Bearer``, in the
        query, or in the query of the ``X-Original-URI`` whose path is checked too.
        """

        async def answer(headers: dict[bytes, bytes]) -> Answer:
            original = headers.get(b"x-original-uri", b"").decode("latin-1")
            loan, grant = self._open(_token(scope, headers, original))
            if original:
                check_path(place_of(grant), original)
            told = ((b"x-jutong-grant", loan.grant.encode()), (b"x-jutong-record", loan.record.encode()))
            return Answer(204, b"", headers=told)

        await self._guarded(scope, send, answer)

    async def file(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer ``GET /gw/v1/files/<path>``: the file, or what a folder holds, below what was lent."""

        async def answer(headers: dict[bytes, bytes]) -> Answer | None:
            if scope["method"] != "GET":
                raise MethodNotAllowedError(allowed="GET")
            _, grant = self._open(_token(scope, headers, ""))
            found = await asyncio.to_thread(self._find, grant, scope["path"][len(FILES) :])
            if found.is_dir():
                return Answer(200, orjson.dumps({"files": await asyncio.to_thread(_listing, found)}))
            await _stream(found, send)
            return None

        await self._guarded(scope, send, answer)

    async def extract(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer ``GET /gw/v1/file/download``: the file a call made, while its address is good."""

        async def answer(headers: dict[bytes, bytes]) -> Answer | None:
            loan, _ = self._open(_token(scope, headers, ""), "file")
            found = await asyncio.to_thread(self._made, loan.record)
            if found is None:
                raise FileGoneError(path=loan.record)
            await _stream(found, send)
            return None

        await self._guarded(scope, send, answer)

    async def _guarded(
        self, scope: Scope, send: Send, answer: Callable[[dict[bytes, bytes]], Awaitable[Answer | None]]
    ) -> None:
        language = "zh-hans"
        try:
            headers = headers_of(scope)
            language = language_of(headers)
            made = await answer(headers)
        except JutongError as error:
            made = refusal(error, language)
        except Exception:
            incident = new_id(int(self._clock() * 1000))[-12:]
            LOGGER.exception("lent address failed, incident %s", incident)
            made = refusal(GatewayFaultError(incident=incident), language)
        if made is not None:
            await send_answer(send, made)

    def _open(self, token: str, way: Way = "address") -> tuple[Loan, Grant]:
        if not token:
            raise AddressMissingError
        now_ms = int(self._clock() * 1000)
        self._serving.freshness.check()
        loan = self._lender.read(token, now_ms)
        grant = lent_grant(loan, self._serving.book, way)
        check_grant(grant, now_ms)
        return loan, grant

    def _find(self, grant: Grant, below: str) -> Path:
        # Only a node that hands out files needs the folder's module.
        from jutong.node.connectors.folder import inside  # noqa: PLC0415

        order, meant = grant.order, place_of(grant)
        if meant.protocol != "file":
            raise FileGoneError(path=below[:64])
        source: SourceConfig = pick(self._serving.sources.configs, order.source)
        try:
            root = inside(source, meant.path)
            found = inside(source, f"{meant.path}/{below}".strip("/"))
        except JutongError as error:
            raise FileGoneError(path=below[:64]) from error
        # A hidden file is not counted when the folder is looked at, and so was never part of what is offered.
        hidden = any(part.startswith(".") for part in below.split("/"))
        if hidden or not found.is_relative_to(root) or not (found.is_dir() or found.is_file()):
            raise FileGoneError(path=below[:64])
        return found


def _token(scope: Scope, headers: dict[bytes, bytes], original: str) -> str:
    given = headers.get(b"authorization", b"")
    if given[: len(_BEARER)].lower() == _BEARER:
        return str(given[len(_BEARER) :].strip(), "latin-1")
    for query in (str(scope["query_string"], "latin-1"), original.partition("?")[2]):
        found = dict(parse_qsl(query)).get("token", "")
        if found:
            return found
    return ""


def _listing(folder: Path) -> list[dict[str, Any]]:
    shown = sorted(path for path in folder.iterdir() if not path.name.startswith(".") and not path.is_symlink())
    return [_row(path) for path in shown[:MOST_LISTED]]


def _row(path: Path) -> dict[str, Any]:
    seen = path.stat()
    name = f"{path.name}/" if path.is_dir() else path.name
    return {"name": name, "size": 0 if path.is_dir() else seen.st_size, "changed_ms": int(seen.st_mtime * 1000)}


def _opened(path: Path) -> tuple[BinaryIO, int]:
    stream = path.open("rb")
    return stream, os.fstat(stream.fileno()).st_size


async def _stream(path: Path, send: Send) -> None:
    try:
        stream, size = await asyncio.to_thread(_opened, path)
    except OSError as error:
        raise FileGoneError(path=path.name[:64]) from error
    with stream:
        headers = [
            (b"content-type", b"application/octet-stream"),
            (b"content-length", b"%d" % size),
            (b"content-disposition", f"attachment; filename*=UTF-8''{quote(path.name)}".encode()),
            (b"cache-control", b"no-store"),
            (b"x-content-type-options", b"nosniff"),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        while size > 0:
            # Never more than was announced, should the file grow meanwhile.
            piece = await asyncio.to_thread(stream.read, min(PIECE, size))
            if not piece:
                LOGGER.warning("a file became shorter while it was sent")
                return  # the announced length is not reached, so the caller sees that it broke off
            size -= len(piece)
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
