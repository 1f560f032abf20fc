"""Every call as it is sent and read, without a network: what both clients stand on."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar

from jutong.client.results import (
    Answer,
    Batch,
    Change,
    Explained,
    FilePart,
    Filter,
    Found,
    Lent,
    Page,
    SealedKey,
    Verdict,
    marks_of,
)

Result = TypeVar("Result")
TIMEOUT_SECONDS = 15.0
FILE_SECONDS = 600.0
Reader = Callable[[bytes, dict[str, Any]], Result]


@dataclass(frozen=True)
class Asked(Generic[Result]):
    """One request, and what makes a result of its answer."""

    method: str
    path: str
    body: dict[str, Any] | None
    read: Reader[Result]
    seconds: float = TIMEOUT_SECONDS
    """How long the answer may take."""

    @property
    def content(self) -> bytes:
        """The body's bytes."""
        return b"" if self.body is None else json.dumps(self.body, ensure_ascii=False).encode()


def _placed(grant: str, purpose: str, official: str, case: str, basis: str) -> dict[str, Any]:
    body = {"grant": grant, "purpose": purpose, "case": case, "official": official}
    return {**body, "basis": basis} if basis else body


def _narrowed(
    fields: Sequence[str] | None, filters: Sequence[Filter], cursor: str | None, limit: int | None
) -> dict[str, Any]:
    body: dict[str, Any] = {}
    if fields is not None:
        body["fields"] = list(fields)
    if filters:
        body["filters"] = [
            {"item": one.item, "operator": one.operator, "values": list(one.values)} for one in filters
        ]  # fmt: skip
    if cursor:
        body["cursor"] = cursor
    if limit is not None:
        body["limit"] = limit
    return body


def query(
    *,
    grant: str,
    purpose: str,
    official: str,
    key: Mapping[str, str],
    case: str = "",
    basis: str = "",
    fields: Sequence[str] | None = None,
) -> Asked[Answer]:
    """Return the rows a key finds, as far as the grant shows them.

    Args:
        grant: number of the grant.
        purpose: exactly the grant's purpose.
        official: who handles the case.
        key: a value for each look-up item of the grant.
        case: number of the case in hand; some grants ask for it.
        basis: the legal basis; where it is given it is exactly the grant's.
        fields: items wanted; None for all that are granted.

    Raises:
        RefusedError: the gateway says why.
        GatewayUnreachableError, AnswerUntrustedError: there is no answer to rely on.
    """
    body = {**_placed(grant, purpose, official, case, basis), "key": dict(key), **_narrowed(fields, (), None, None)}
    return Asked(
        "POST", "/gw/v1/query", body, lambda raw, said: Answer(said["record"], said["rows"], raw, marks_of(said))
    )


def verify(
    *,
    grant: str,
    purpose: str,
    official: str,
    key: Mapping[str, str],
    claims: Mapping[str, str],
    case: str = "",
    basis: str = "",
) -> Asked[Verdict]:
    """Ask whether all claims about the one found by a key are so.

    Args:
        grant: number of the grant.
        purpose: exactly the grant's purpose.
        official: who handles the case.
        key: a value for each look-up item of the grant.
        claims: what is claimed, by item.
        case: number of the case in hand; some grants ask for it.
        basis: the legal basis; where it is given it is exactly the grant's.

    Raises:
        RefusedError: the gateway says why.
        GatewayUnreachableError, AnswerUntrustedError: there is no answer to rely on.
    """
    body = {**_placed(grant, purpose, official, case, basis), "key": dict(key), "claims": dict(claims)}
    return Asked(
        "POST", "/gw/v1/verify", body, lambda raw, said: Verdict(said["record"], said["answer"], raw, marks_of(said))
    )


def batch(
    *,
    grant: str,
    purpose: str,
    official: str,
    keys: Sequence[Mapping[str, str]],
    case: str = "",
    basis: str = "",
    fields: Sequence[str] | None = None,
) -> Asked[Batch]:
    """Look up many keys in one call; one key that fails spoils no other.

    Args:
        grant: number of the grant.
        purpose: exactly the grant's purpose.
        official: who handles the case.
        keys: as many keys as the grant allows in one call.
        case: number of the case in hand; some grants ask for it.
        basis: the legal basis; where it is given it is exactly the grant's.
        fields: items wanted; None for all that are granted.

    Raises:
        RefusedError: the gateway says why.
        GatewayUnreachableError, AnswerUntrustedError: there is no answer to rely on.
    """
    body = {
        **_placed(grant, purpose, official, case, basis),
        "keys": [dict(key) for key in keys],
        **_narrowed(fields, (), None, None),
    }

    def read(raw: bytes, said: dict[str, Any]) -> Batch:
        results = [Found(one["outcome"], one["rows"], marks_of(one)) for one in said["results"]]
        return Batch(said["record"], results, raw)

    return Asked("POST", "/gw/v1/batch", body, read)


def page(
    *,
    grant: str,
    purpose: str,
    official: str,
    case: str = "",
    basis: str = "",
    fields: Sequence[str] | None = None,
    filters: Sequence[Filter] = (),
    cursor: str | None = None,
    limit: int | None = None,
) -> Asked[Page]:
    """Return a page of all rows the grant covers.

    Args:
        grant: number of the grant.
        purpose: exactly the grant's purpose.
        official: who handles the case.
        case: number of the case in hand; some grants ask for it.
        basis: the legal basis; where it is given it is exactly the grant's.
        fields: items wanted; None for all that are granted.
        filters: narrow the rows; only items shown in full can be named.
        cursor: ``next`` of the page before, with everything else as it was; None at the start.
        limit: most rows wanted; None for as many as the grant allows.

    Raises:
        RefusedError: the gateway says why.
        GatewayUnreachableError, AnswerUntrustedError: there is no answer to rely on.
    """
    body = {**_placed(grant, purpose, official, case, basis), **_narrowed(fields, filters, cursor, limit)}
    return Asked(
        "POST", "/gw/v1/page", body,
        lambda raw, said: Page(said["record"], said["rows"], said["next"], raw, marks_of(said)),
    )  # fmt: skip


def changes(
    *,
    grant: str,
    purpose: str,
    official: str,
    case: str = "",
    basis: str = "",
    fields: Sequence[str] | None = None,
    filters: Sequence[Filter] = (),
    cursor: str | None = None,
    limit: int | None = None,
) -> Asked[Change]:
    """Return a stretch of the change feed.

    Args:
        grant: number of the grant.
        purpose: exactly the grant's purpose.
        official: who handles the case.
        case: number of the case in hand; some grants ask for it.
        basis: the legal basis; where it is given it is exactly the grant's.
        fields: items wanted; None for all that are granted.
        filters: narrow the rows; only items shown in full can be named.
        cursor: ``next`` of the stretch before, with everything else as it was; None at the start.
        limit: most rows wanted; None for as many as the grant allows.

    Raises:
        RefusedError: the gateway says why.
        GatewayUnreachableError, AnswerUntrustedError: there is no answer to rely on.
    """
    body = {**_placed(grant, purpose, official, case, basis), **_narrowed(fields, filters, cursor, limit)}

    def read(raw: bytes, said: dict[str, Any]) -> Change:
        return Change(
            said["record"], said["changes"], said["corrections"], said["next"], said["more"], raw, marks_of(said)
        )

    return Asked("POST", "/gw/v1/changes", body, read)


def file(
    *,
    grant: str,
    purpose: str,
    official: str,
    format: Literal["csv", "xlsx", "parquet"] = "csv",  # noqa: A002 - the call's own word
    case: str = "",
    basis: str = "",
    fields: Sequence[str] | None = None,
    filters: Sequence[Filter] = (),
) -> Asked[FilePart]:
    """Have the node make a file of all rows the grant covers; ``download`` fetches it.

    Args:
        grant: number of the grant.
        purpose: exactly the grant's purpose.
        official: who handles the case.
        format: of the file.
        case: number of the case in hand; some grants ask for it.
        basis: the legal basis; where it is given it is exactly the grant's.
        fields: items wanted; None for all that are granted.
        filters: narrow the rows; only items shown in full can be named.

    Raises:
        RefusedError: the gateway says why.
        GatewayUnreachableError, AnswerUntrustedError: there is no answer to rely on.
    """
    body = {
        **_placed(grant, purpose, official, case, basis), "format": format, **_narrowed(fields, filters, None, None),
    }  # fmt: skip

    def read(raw: bytes, said: dict[str, Any]) -> FilePart:
        manifest = dict(said["manifest"])
        return FilePart(
            said["record"], manifest, int(manifest["bytes"]), str(manifest["sha256"]), said["address"],
            said["expires_ms"], raw, marks_of(said),
        )  # fmt: skip

    return Asked("POST", "/gw/v1/file", body, read, FILE_SECONDS)


def address(*, grant: str, purpose: str, official: str, case: str = "", basis: str = "") -> Asked[Lent]:
    """Return an address under which what stands behind the grant can be had for a minute.

    Args:
        grant: number of the grant.
        purpose: exactly the grant's purpose.
        official: who handles the case.
        case: number of the case in hand; some grants ask for it.
        basis: the legal basis; where it is given it is exactly the grant's.

    Raises:
        RefusedError: the gateway says why.
        GatewayUnreachableError, AnswerUntrustedError: there is no answer to rely on.
    """
    names = ("record", "kind", "protocol", "address", "channel", "token", "expires_ms")
    return Asked(
        "POST", "/gw/v1/address", _placed(grant, purpose, official, case, basis),
        lambda raw, said: Lent(**{name: said[name] for name in names}, raw=raw),
    )  # fmt: skip


def explain(*, kind: str, call: Mapping[str, Any]) -> Asked[Explained]:
    """Ask how a call would be decided and by what; nothing is read, and the question is on record.

    Args:
        kind: ``query``, ``verify``, ``batch``, ``page``, ``changes``, ``file`` or ``address``.
        call: the call's body.

    Raises:
        RefusedError: the gateway says why.
        GatewayUnreachableError, AnswerUntrustedError: there is no answer to rely on.
    """
    return Asked(
        "POST", "/gw/v1/explain", {**call, "kind": kind},
        lambda raw, said: Explained(str(said.get("record", "")), said, raw),
    )  # fmt: skip


def cell_key(*, grant: str, official: str) -> Asked[SealedKey]:
    """Return the key of what was moved encrypted under the agreement of a grant, in a box for the signing key.

    Args:
        grant: number of the grant.
        official: who takes the key; it is on record.

    Raises:
        RefusedError: the gateway says why.
        GatewayUnreachableError, AnswerUntrustedError: there is no answer to rely on.
    """
    return Asked(
        "POST", "/gw/v1/cell-key", {"grant": grant, "official": official},
        lambda raw, said: SealedKey(said["record"], said["agreement"], said["box"], raw),
    )  # fmt: skip


def receipt(record: str) -> Asked[tuple[str, dict[str, Any]]]:
    """Return the receipt (text) and the record (content of ``record.json``) of a call made before.

    Raises:
        RefusedError: no such call of this system.
        GatewayUnreachableError, AnswerUntrustedError: there is no answer to rely on.
    """
    return Asked("GET", f"/gw/v1/receipts/{record}", None, lambda _, said: (said["receipt"], said["record"]))
