"""Trying a granted call in the browser: the center lends a person the grant of their own system, once, for minutes.

The ticket is a document under the center's signature, for this node only. What follows is an ordinary call: same
decision, same quota, same record.
"""

from __future__ import annotations

import base64
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

import orjson
from pydantic import ValidationError

from jutong.contracts.envelope import ContractError, Envelope, check, unseal
from jutong.contracts.orders import TicketOrder
from jutong.kernel.errors import JutongError
from jutong.kernel.i18n import gettext_noop
from jutong.kernel.keys import Ed25519Verifier
from jutong.node.errors import CallMalformedError, GatewayFaultError, TicketRefusedError
from jutong.node.gateway import calls
from jutong.node.gateway.askers import asker_of
from jutong.node.gateway.http import (
    Answer,
    HungUpError,
    Receive,
    Scope,
    Send,
    form_of,
    headers_of,
    language_of,
    read_body,
    send_answer,
)
from jutong.node.gateway.leaves import new_id
from jutong.node.gateway.nonces import NonceMemory
from jutong.node.gateway.pages import Page
from jutong.node.gateway.recorder import Asker, Attempt, Proof
from jutong.node.gateway.serving import RefusedCall, Served, Serving
from jutong.node.grants import Caller, Grant

LOGGER = logging.getLogger(__name__)
HTML = b"text/html; charset=utf-8"
SECURITY = (
    (
        b"content-security-policy",
        b"default-src 'self'; img-src 'self' data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    ),
    (b"referrer-policy", b"no-referrer"),
)  # fmt: skip
LONGEST_LIFE_MS = 600_000
ReceiptFor = Callable[[str, Asker], Awaitable[bytes]]


@dataclass(frozen=True)
class Ticket:
    """A good ticket and what it opens."""

    order: TicketOrder
    envelope: Envelope
    grant: Grant
    caller: Caller

    @property
    def asker(self) -> Asker:
        """The person's system; the record says that it came by ticket."""
        return asker_of(self.caller)


@dataclass
class Tickets:
    """The two addresses behind a try in the browser.

    Attributes:
        node: this node's name, which tickets are made out to.
        serving: decides and answers.
        nonces: replay protection, shared with signed calls.
        center_keys: the center's public key by id.
        receipt_for: returns receipt and record as JSON.
        clock: seconds since 1970 UTC.
    """

    node: str
    serving: Serving
    nonces: NonceMemory
    center_keys: Callable[[], Mapping[str, Ed25519Verifier]]
    receipt_for: ReceiptFor
    clock: Callable[[], float]
    _used: dict[str, tuple[str, int]] = field(default_factory=dict)

    async def page(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer ``POST /gw/v1/tickets``: the form while there is no key yet, else the result."""
        await self._guarded(scope, receive, send, self._try)

    async def receipt(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer ``POST /gw/v1/tickets/receipt``: receipt or record of the call this ticket made, as a file."""
        await self._guarded(scope, receive, send, self._download)

    async def _guarded(
        self,
        scope: Scope,
        receive: Receive,
        send: Send,
        handle: Callable[[dict[str, str], Page], Awaitable[Answer]],
    ) -> None:
        page = Page("zh-hans")
        try:
            headers = headers_of(scope)
            page = Page(language_of(headers))
            answer = await handle(form_of(headers, await read_body(receive)), page)
        except HungUpError:
            return
        except RefusedCall as refused:
            answer = _html(refused.error.http_status, page.problem(refused.error, refused.record_id))
        except JutongError as error:
            answer = _html(error.http_status, page.problem(error))
        except Exception:
            incident = new_id(int(self.clock() * 1000))[-12:]
            LOGGER.exception("ticket failed, incident %s", incident)
            fault = GatewayFaultError(incident=incident)
            answer = _html(fault.http_status, page.problem(fault))
        await send_answer(send, answer, SECURITY)

    def open(self, encoded: str, now_ms: int) -> Ticket:
        """Return a ticket if it is good.

        Raises:
            TicketRefusedError: naming what is wrong with it.
        """
        try:
            envelope = Envelope.model_validate_json(base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)))
            check(envelope, verifiers=self.center_keys(), audience=self.node)
            if envelope.kind != "ticket":
                raise TicketRefusedError(problem=gettext_noop("不是试用票据"))
            order = unseal(envelope, TicketOrder)
        except (ValueError, ValidationError, ContractError) as error:
            raise TicketRefusedError(problem=gettext_noop("内容或签名不对")) from error
        if not now_ms < order.valid_until_ms <= now_ms + LONGEST_LIFE_MS:
            raise TicketRefusedError(problem=gettext_noop("已过有效时间"))
        grant = self.serving.book.by_id.get(order.grant_id)
        system = [key for key in grant.order.callers if key.system_id == order.system_id] if grant else []
        if grant is None or not system:
            raise TicketRefusedError(problem=gettext_noop("授权不在本节点，或不属于该信息系统"))
        return Ticket(order, envelope, grant, self.serving.book.callers[system[0].key_id])

    async def _try(self, form: dict[str, str], page: Page) -> Answer:
        now = self.clock()
        encoded = form.pop("ticket", "")
        ticket = self.open(encoded, int(now * 1000))
        kind = _kind(form)
        if not any(name.startswith("k.") for name in form):
            return _html(200, page.form(ticket.grant, encoded, kind))
        call: calls.Call | JutongError
        try:
            call = _call(form, kind, ticket)
        except JutongError as error:
            call = error
        served = await self._serve(ticket, kind, call, now)
        if kind == "verify":
            return _html(200, page.verdict(served.answer, encoded, served.record_id))
        items = tuple(served.rows[0]) if served.rows else tuple(ticket.grant.visible)
        return _html(200, page.rows(items, served.rows, encoded, served.record_id))

    async def _serve(self, ticket: Ticket, kind: str, call: calls.Call | JutongError, now: float) -> Served:
        seconds = ticket.order.valid_until_ms // 1000
        mark = self.nonces.mark("ticket", ticket.order.nonce)
        self.nonces.take(mark, seconds, now)
        record_id = new_id(int(now * 1000))
        self._forget(int(now * 1000))
        self._used[ticket.order.nonce] = (record_id, ticket.order.valid_until_ms)
        proof = Proof(ticket.envelope.id, ticket.envelope.signature, seconds, mark, via="ticket")
        return await self.serving.serve(Attempt(record_id, kind, call, ticket.asker, proof, now))

    def _forget(self, now_ms: int) -> None:
        for nonce in [nonce for nonce, (_, until) in self._used.items() if until < now_ms]:
            del self._used[nonce]

    async def _download(self, form: dict[str, str], page: Page) -> Answer:
        ticket = self.open(form.get("ticket", ""), int(self.clock() * 1000))
        record_id, _ = self._used.get(ticket.order.nonce, ("", 0))
        if not record_id or form.get("record") != record_id:
            raise TicketRefusedError(problem=gettext_noop("这张票据没有做过这次调用"))
        content = orjson.loads(await self.receipt_for(record_id, ticket.asker))
        if form.get("part") == "record":
            return _file("record.json", b"application/json", orjson.dumps(content["record"]))
        return _file("receipt.txt", b"text/plain; charset=utf-8", content["receipt"].encode())


def _kind(form: dict[str, str]) -> Literal["query", "verify"]:
    kind = form.pop("kind", "query")
    if kind == "query":
        return "query"
    if kind == "verify":
        return "verify"
    raise CallMalformedError(problem=gettext_noop("kind须是query或verify"))


def _call(form: dict[str, str], kind: Literal["query", "verify"], ticket: Ticket) -> calls.Call:
    body: dict[str, object] = {
        "grant": ticket.grant.order.grant_number,
        "official": ticket.order.official,
        "purpose": form.pop("purpose", ""),
        "case": form.pop("case", ""),
        "key": {name[2:]: form.pop(name) for name in list(form) if name.startswith("k.")},
    }
    if kind == "verify":
        # An empty box claims nothing.
        body["claims"] = {name[2:]: text for name in list(form) if name.startswith("c.") and (text := form.pop(name))}
    body |= form  # whatever is left is refused as unknown
    return calls.from_mapping(kind, body)


def _html(status: int, body: bytes) -> Answer:
    return Answer(status, body, HTML)


def _file(name: str, kind: bytes, body: bytes) -> Answer:
    return Answer(200, body, kind, ((b"content-disposition", f'attachment; filename="{name}"'.encode()),))
