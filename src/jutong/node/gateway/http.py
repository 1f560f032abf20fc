"""The little of HTTP the gateway needs on its hot path: read a bounded body, send a finished answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import orjson

from jutong.kernel.errors import JutongError
from jutong.kernel.i18n import gettext_noop, preferred
from jutong.node.errors import CallMalformedError, CallTooLargeError, SignatureMalformedError

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

LARGEST_BODY = 64 * 1024
LARGEST_BATCH = 512 * 1024
"""A body with a thousand keys in it."""
JSON = b"application/json"
FORM = b"application/x-www-form-urlencoded"
MOST_FIELDS = 256
_ONCE = frozenset({b"signature-input", b"signature", b"content-digest", b"content-type", b"content-length", b"host"})


class HungUpError(Exception):
    """The caller left before the body was whole."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer, not yet sent."""

    status: int
    body: bytes
    content_type: bytes = JSON
    headers: tuple[tuple[bytes, bytes], ...] = field(default=())


def headers_of(scope: Scope) -> dict[bytes, bytes]:
    """Return field values by lower-case name.

    Raises:
        SignatureMalformedError: if a field that decides something comes twice.
    """
    found: dict[bytes, bytes] = {}
    for name, value in scope["headers"]:
        if name in found and name in _ONCE:
            raise SignatureMalformedError(problem="{header}", header=name.decode())
        found[name] = value
    return found


async def read_body(receive: Receive, limit: int = LARGEST_BODY) -> bytes:
    """Return the request body.

    Raises:
        CallTooLargeError: if it is longer than ``limit`` bytes; the rest is not read.
        HungUpError: if the caller went away.
    """
    message = await receive()
    body: bytes = message.get("body", b"")
    while message.get("more_body", False):
        if len(body) > limit:
            break
        message = await receive()
        if message["type"] != "http.request":
            raise HungUpError
        body += message.get("body", b"")
    if len(body) > limit:
        raise CallTooLargeError(limit=limit)
    return body


def form_of(headers: Mapping[bytes, bytes], body: bytes, most_fields: int = MOST_FIELDS) -> dict[str, str]:
    """Return the fields of a form a browser sent.

    Raises:
        CallMalformedError: if it is none, or names a field twice.
    """
    if headers.get(b"content-type", b"").split(b";")[0].strip().lower() != FORM:
        raise CallMalformedError(problem=gettext_noop("须是网页表单"))
    try:
        pairs = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=True,
            errors="strict",
            max_num_fields=most_fields,
        )
    except ValueError as error:
        raise CallMalformedError(problem=gettext_noop("表单读不懂")) from error
    form = dict(pairs)
    if len(form) != len(pairs):
        raise CallMalformedError(problem=gettext_noop("表单里有重复的栏目"))
    return form


async def send_answer(send: Send, answer: Answer, extra: Iterable[tuple[bytes, bytes]] = ()) -> None:
    """Send a finished answer; it is never stored by anybody on the way."""
    headers = [
        (b"content-type", answer.content_type),
        (b"content-length", b"%d" % len(answer.body)),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
        *answer.headers,
        *extra,
    ]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})


def language_of(headers: dict[bytes, bytes]) -> str:
    """Return the language an answer is written in."""
    return preferred(headers.get(b"accept-language", b"").decode("latin-1"))


def refusal(error: JutongError, language: str, record_id: str = "") -> Answer:
    """Return the one error shape; ``record`` says under which id the refusal is recorded, if it is."""
    content = error.envelope(language)
    if record_id:
        content["error"]["record"] = record_id
    headers = ((b"retry-after", b"%d" % error.retry_after),) if error.retry_after else ()
    return Answer(error.http_status, orjson.dumps(content), headers=headers)
