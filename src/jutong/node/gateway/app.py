"""The gateway as an ASGI application: plain dispatch, no framework on the way of a call.

Every answer under ``/gw/v1`` is signed by the node and bound to the request by its nonce.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import orjson

from jutong.evidence.errors import RecordNotFoundError
from jutong.kernel.errors import JutongError
from jutong.node.errors import (
    GatewayFaultError,
    MethodNotAllowedError,
    NoSuchPathError,
    ReceiptNotFoundError,
    SignatureStaleError,
)
from jutong.node.gateway import calls
from jutong.node.gateway.addresses import FILES
from jutong.node.gateway.aside import Arithmetic
from jutong.node.gateway.askers import asker_for, asker_of
from jutong.node.gateway.callers.certificates import Certificates
from jutong.node.gateway.callers.config import Callers
from jutong.node.gateway.callers.national import NationalForm
from jutong.node.gateway.callers.oauth import PATH as TOKEN_PATH
from jutong.node.gateway.callers.oauth import TokenEndpoint
from jutong.node.gateway.callers.secrets import Secrets
from jutong.node.gateway.callers.shown import Door, Shown
from jutong.node.gateway.callers.tokens import Tokens
from jutong.node.gateway.cellkeys import CellKeys
from jutong.node.gateway.errors import GatewayBusyError
from jutong.node.gateway.http import (
    LARGEST_BATCH,
    LARGEST_BODY,
    Answer,
    HungUpError,
    Receive,
    Scope,
    Send,
    headers_of,
    language_of,
    read_body,
    refusal,
    send_answer,
)
from jutong.node.gateway.leaves import new_id
from jutong.node.gateway.nonces import NonceMemory
from jutong.node.gateway.recorder import Asker, Attempt, Proof, base64_text
from jutong.node.gateway.serving import EXPLAINED, RefusedCall, Serving
from jutong.node.gateway.signatures import AnswerSigner, RequestVerifier, SignedRequest

LOGGER = logging.getLogger(__name__)
BASE = "/gw/v1/"
RECEIPTS = BASE + "receipts/"
CALLS: dict[str, calls.Kind] = {BASE + kind: kind for kind in calls.KINDS}
EXPLAIN = BASE + "explain"
CELL_KEY = BASE + "cell-key"
LARGER = {BASE + "batch": LARGEST_BATCH, EXPLAIN: LARGEST_BATCH}
"""Bodies that may be larger than any other."""
MOST_UNDER_WAY = 256
"""About a tenth of a second's work: who waits longer than that is better told to come back."""

Who = SignedRequest | Shown
Health = Callable[[], dict[str, Any]]
FindRecord = Callable[[str], tuple[int, bytes]]
MakeReceipt = Callable[[int], Awaitable[object]]
Page = Callable[[Scope, Receive, Send], Awaitable[None]]


@dataclass
class Gateway:
    """The application of one node.

    Attributes:
        serving: decides and answers.
        verifier: checks request signatures.
        signer: signs answers.
        arithmetic: computes both kinds of signatures; told how many calls are in progress.
        nonces: replay protection.
        find_record: returns leaf index and record of an id; blocking.
        make_receipt: returns the receipt of a leaf.
        health: what ``/healthz`` shows.
        pages: everything that is no call, by path.
        files: hands out files below the paths that grants lend.
        below: other doors, by what their paths begin with.
        clock: seconds since 1970 UTC.
        most_under_way: how many calls are worked on at once; one more is refused with 429.
        doors: how callers that do not sign show who they are, see ``admit``.
        cell_keys: gives recipients the keys of what moves sealed for them.
    """

    serving: Serving
    verifier: RequestVerifier
    signer: AnswerSigner
    arithmetic: Arithmetic
    nonces: NonceMemory
    find_record: FindRecord
    make_receipt: MakeReceipt
    health: Health
    pages: dict[tuple[str, str], Page]
    files: Page | None = None
    below: dict[str, Page] = field(default_factory=dict)
    clock: Callable[[], float] = time.time
    most_under_way: int = MOST_UNDER_WAY
    doors: list[Door] = field(default_factory=list)
    cell_keys: CellKeys | None = None

    def __post_init__(self) -> None:
        self.started = self.clock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one ASGI connection."""
        if scope["type"] != "http":
            return
        method, path = scope["method"], scope["path"]
        page = self.pages.get((method, path)) or (self.files if path.startswith(FILES) else None)
        page = page or next((below for start, below in self.below.items() if path.startswith(start)), None)
        if page is not None:
            await page(scope, receive, send)
        elif path == "/healthz":
            await send_answer(send, Answer(200, orjson.dumps(self.health())))
        else:
            try:
                leave = self.enter()
            except GatewayBusyError as error:
                # Nothing was read and nothing is signed: turning away has to cost less than serving.
                await send_answer(send, refusal(error, language_of(dict(scope["headers"]))))
                return
            try:
                await self._signed(method, path, scope, receive, send)
            finally:
                leave()

    def admit(self, callers: Callers, own_secret: bytes) -> None:
        """Open the doors for callers that do not sign, as far as this node is configured for any.

        Args:
            callers: who they are.
            own_secret: the node's own secret, which theirs are derived from.
        """
        if callers.national is not None:
            secrets = Secrets(callers.national, own_secret)
            form = NationalForm(callers.national, secrets, self.serving, self.nonces, self.signer, self.enter, self.now)
            self.pages |= form.pages()
        if callers.oauth is not None:
            tokens = Tokens(callers.oauth, own_secret)
            endpoint = TokenEndpoint(tokens, self.verifier.address + TOKEN_PATH, self.enter, self.now)
            self.pages[("POST", TOKEN_PATH)] = endpoint.page
            self.doors.append(tokens)
        if callers.mtls is not None:
            self.doors.append(Certificates(callers.mtls))

    def now(self) -> float:
        """Return seconds since 1970 UTC."""
        return self.clock()

    def enter(self) -> Callable[[], None]:
        """Count a call in and return what counts it out.

        Raises:
            GatewayBusyError: if too many are under way.
        """
        # Calls at a source are bounded there; counted here as well, a slow source would shut out the others.
        if self.arithmetic.active - self.serving.sources.load.at_sources >= self.most_under_way:
            raise GatewayBusyError(limit=self.most_under_way)
        self.arithmetic.active += 1
        return self._leave

    def _leave(self) -> None:
        self.arithmetic.active -= 1

    async def _signed(self, method: str, path: str, scope: Scope, receive: Receive, send: Send) -> None:
        now = self.clock()
        nonce = ""
        headers: dict[bytes, bytes] = {}
        try:
            headers = headers_of(scope)
            route = self._route(method, path, scope)
            body = await read_body(receive, LARGER.get(path, LARGEST_BODY))
            who: Who | None = self._shown(scope, headers, body, now) if self.doors else None
            if who is None:
                who = await self.verifier.check(method, path, headers, body, keys=self.serving.book.callers, now=now)
                nonce = who.nonce
            mark = self.nonces.mark(_name(who), who.nonce)
            self.nonces.take(mark, who.created, now)
            answer = await route(path, body, who, mark, now)
        except HungUpError:
            return
        except RefusedCall as refused:
            answer = refusal(refused.error, language_of(headers), refused.record_id)
        except JutongError as error:
            answer = refusal(error, language_of(headers))
        except Exception:
            incident = new_id(int(now * 1000))[-12:]
            LOGGER.exception("request failed, incident %s", incident)
            answer = refusal(GatewayFaultError(incident=incident), language_of(headers))
        proof = await self.signer.headers(answer.status, answer.body, nonce=nonce, now=now)
        await send_answer(send, answer, proof)

    def _shown(self, scope: Scope, headers: dict[bytes, bytes], body: bytes, now: float) -> Shown | None:
        if b"signature-input" in headers:
            return None
        for door in self.doors:
            shown = door.shown(scope, headers, body, now)
            if shown is not None:
                return shown
        return None

    def _asker(self, who: Who, grant_number: str) -> Asker:
        book = self.serving.book
        if isinstance(who, Shown):
            return asker_for(book, who.system, grant_number)
        return asker_of(book.callers[who.key_id])

    def _route(self, method: str, path: str, scope: Scope) -> Callable[..., Awaitable[Answer]]:
        if path in CALLS:
            allowed, route = "POST", self._call
        elif path == EXPLAIN:
            allowed, route = "POST", self._explain
        elif path == CELL_KEY:
            allowed, route = "POST", self._cell_key
        elif path.startswith(RECEIPTS):
            allowed, route = "GET", self._receipt
        else:
            raise NoSuchPathError
        if method != allowed or scope["query_string"]:
            raise MethodNotAllowedError(allowed=allowed)
        return route

    async def _call(self, path: str, body: bytes, who: Who, mark: int, now: float) -> Answer:
        kind = CALLS[path]
        call: calls.Call | JutongError
        try:
            call = calls.read(kind, body)
        except JutongError as error:
            call = error
        return await self._serve(kind, call, who, mark, now)

    async def _explain(self, path: str, body: bytes, who: Who, mark: int, now: float) -> Answer:
        call: calls.Call | JutongError
        try:
            call = calls.read_explained(body)
        except JutongError as error:
            call = error
        return await self._serve(EXPLAINED, call, who, mark, now)

    async def _serve(self, kind: str, call: calls.Call | JutongError, who: Who, mark: int, now: float) -> Answer:
        asker = self._asker(who, "" if isinstance(call, JutongError) else call.grant)
        record_id = new_id(int(now * 1000))
        served = await self.serving.serve(Attempt(record_id, kind, call, asker, _proof(who, mark), now))
        return Answer(200, served.body)

    async def _cell_key(self, path: str, body: bytes, who: Who, mark: int, now: float) -> Answer:
        if self.cell_keys is None:
            raise NoSuchPathError
        given = await self.cell_keys.give(body, lambda grant: self._asker(who, grant), _proof(who, mark), now)
        return Answer(200, given)

    async def _receipt(self, path: str, body: bytes, who: Who, mark: int, now: float) -> Answer:
        if who.created < int(self.started):
            # Reading a receipt is not recorded, so its nonce is not known after a restart.
            raise SignatureStaleError(seconds=int(now - who.created), limit=int(now - self.started))
        return Answer(200, await self.receipt_for(path[len(RECEIPTS) :], self._asker(who, "")))

    async def receipt_for(self, record_id: str, asker: Asker) -> bytes:
        """Return receipt and record of a call as JSON, for the one who made it.

        Raises:
            ReceiptNotFoundError: if there is no such record, or it is somebody else's.
        """
        try:
            index, attachment = await asyncio.to_thread(self.find_record, record_id)
        except RecordNotFoundError as error:
            raise ReceiptNotFoundError(record=record_id[:36]) from error
        record = orjson.loads(attachment)["record"]
        if (record.get("system_id"), record["actor_dept"]) != (asker.system_id, asker.requester_code):
            raise ReceiptNotFoundError(record=record_id[:36])
        receipt = str(await self.make_receipt(index))
        return b'{"receipt":' + orjson.dumps(receipt) + b',"record":' + attachment + b"}"


def _proof(who: Who, mark: int) -> Proof:
    if isinstance(who, Shown):
        return Proof(who.digest, who.signature, who.created, mark, via=who.via)
    return Proof(who.digest, base64_text(who.signature), who.created, mark)


def _name(who: Who) -> str:
    return f"{who.via}\n{who.system}" if isinstance(who, Shown) else who.key_id
