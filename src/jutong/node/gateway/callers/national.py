"""The national call form: a system written for the national exchange platform calls here and changes its host only.

Two addresses: one exchanges the authorisation code for a secret, the other is called with four headers and the
parameters of the service. What is asked is turned into an ordinary call under a grant and goes the way of every call;
the answer is ``{"code", "data", "message"}`` with HTTP status 200, but for 429, whatever it says.
"""

from __future__ import annotations

import hmac
import logging
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qsl

import orjson

from jutong.kernel.errors import JutongError
from jutong.kernel.i18n import gettext_noop
from jutong.node.errors import GatewayFaultError
from jutong.node.gateway import calls
from jutong.node.gateway.askers import asker_for
from jutong.node.gateway.callers.config import National, NationalCaller, NationalService
from jutong.node.gateway.callers.errors import (
    NationalRequestError,
    NationalSignWrongError,
    NationalTimeError,
    NationalUnlistedError,
)
from jutong.node.gateway.callers.secrets import Secrets, sign
from jutong.node.gateway.http import Answer, HungUpError, Receive, Scope, Send, language_of, read_body, send_answer
from jutong.node.gateway.leaves import new_id
from jutong.node.gateway.nonces import NonceMemory
from jutong.node.gateway.recorder import Attempt, Proof
from jutong.node.gateway.serving import RefusedCall, Serving
from jutong.node.gateway.signatures import WINDOW_SECONDS, AnswerSigner

LOGGER = logging.getLogger(__name__)
SECRET_PATH = "/sysapi/auth/refreshappsecret"  # noqa: S105 - a path
CALL_PATH = "/httpproxy"
OK, FAILED, UNLISTED = "0", "-1", "E-106"
MOST_PARAMETERS = 100
TOO_MANY = 429
RECORD_HEADER = b"jutong-record"
_NAMES = ("gjgxjhpt_rid", "gjgxjhpt_sid", "gjgxjhpt_rtime", "gjgxjhpt_sign")
_RTIME = re.compile(r"[0-9]{13}")
_LONGEST = 200
_UNLISTED = {NationalUnlistedError.code, "node.grant.unknown", "node.caller.system-unknown"}


@dataclass(frozen=True, slots=True)
class Claim:
    """The four values a request shows itself with."""

    rid: str
    sid: str
    rtime: str
    sign: str

    @property
    def rtime_ms(self) -> int:
        """When it says it was made, milliseconds since 1970 UTC."""
        return int(self.rtime)


@dataclass
class NationalForm:
    """The two addresses of the form.

    Attributes:
        config: services and callers.
        secrets: hands out and recognises signing secrets.
        serving: decides and answers.
        nonces: replay protection, shared with signed calls.
        signer: signs answers with the node's key, for those who care to look.
        enter: counts a call in or refuses it when too many are under way; what it returns counts it out.
        clock: seconds since 1970 UTC.
    """

    config: National
    secrets: Secrets
    serving: Serving
    nonces: NonceMemory
    signer: AnswerSigner
    enter: Callable[[], Callable[[], None]]
    clock: Callable[[], float]

    def __post_init__(self) -> None:
        self._services = {one.sid: one for one in self.config.services}
        self._callers = {(one.rid, one.sid): one for one in self.config.callers}

    def pages(self) -> dict[tuple[str, str], Callable[[Scope, Receive, Send], Awaitable[None]]]:
        """Return what answers where."""
        prefix = self.config.prefix
        return {
            ("POST", prefix + SECRET_PATH): self.secret,
            ("GET", prefix + SECRET_PATH): self.secret,
            ("POST", prefix + CALL_PATH): self.call,
            ("GET", prefix + CALL_PATH): self.call,
        }

    async def secret(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer an exchange of the authorisation code for a signing secret."""
        await self._guarded(scope, receive, send, self._exchange)

    async def call(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a call of a service."""
        await self._guarded(scope, receive, send, self._serve)

    async def _guarded(
        self, scope: Scope, receive: Receive, send: Send, handle: Callable[[Scope, bytes, float], Awaitable[Answer]]
    ) -> None:
        now = self.clock()
        language = language_of(dict(scope["headers"]))
        leave: Callable[[], None] | None = None
        try:
            leave = self.enter()
            answer = await handle(scope, await read_body(receive), now)
        except HungUpError:
            return
        except RefusedCall as refused:
            answer = _refusal(refused.error, language, refused.record_id)
        except JutongError as error:
            answer = _refusal(error, language)
        except Exception:
            incident = new_id(int(now * 1000))[-12:]
            LOGGER.exception("national call failed, incident %s", incident)
            answer = _refusal(GatewayFaultError(incident=incident), language)
        finally:
            if leave is not None:
                leave()
        proof = await self.signer.headers(answer.status, answer.body, nonce="", now=now)
        await send_answer(send, answer, proof)

    def _known(self, claim: Claim, now: float) -> NationalCaller:
        caller = self._callers.get((claim.rid, claim.sid))
        if caller is None:
            raise NationalUnlistedError
        away = abs(now - claim.rtime_ms / 1000)
        if away > WINDOW_SECONDS:
            raise NationalTimeError(seconds=int(away), limit=WINDOW_SECONDS)
        return caller

    async def _exchange(self, scope: Scope, body: bytes, now: float) -> Answer:
        claim = _claim(scope, body)
        caller = self._known(claim, now)
        expected = sign(caller.appkey, sid=claim.sid, rid=claim.rid, rtime=claim.rtime)
        if not hmac.compare_digest(expected.encode(), claim.sign.encode()):
            raise NationalSignWrongError
        secret, until_ms = self.secrets.issue(caller, int(now * 1000))
        return _answer(OK, {"secret": secret, "secretEndTime": until_ms}, "成功")

    async def _serve(self, scope: Scope, body: bytes, now: float) -> Answer:
        claim = _claim(scope, b"")
        caller = self._known(claim, now)
        if not self.secrets.fits(caller, rtime=claim.rtime, given=claim.sign, now_ms=int(now * 1000)):
            raise NationalSignWrongError
        query: bytes = scope["query_string"]
        content = sha256(b"%d\n%b\n%b" % (len(query), query, body)).hexdigest()
        created = claim.rtime_ms // 1000
        bound = "" if self.config.once_per_instant else content
        mark = self.nonces.mark(f"national\n{claim.rid}", f"{claim.sid}\n{claim.rtime}\n{bound}")
        self.nonces.take(mark, created, now)
        service = self._services[claim.sid]
        call: calls.Call | JutongError
        try:
            call = self._call(service, _parameters(scope, body))
        except JutongError as error:
            call = error
        # The signature in the digest keeps anybody without the secret from guessing the parameters behind it.
        digest = sha256(f"{claim.sid}\n{claim.rid}\n{claim.rtime}\n{claim.sign}\n{content}".encode()).hexdigest()
        proof = Proof(f"sha256:{digest}", claim.sign, created, mark, via="national")
        asker = asker_for(self.serving.book, caller.system, service.grant)
        record_id = new_id(int(now * 1000))
        attempt = Attempt(record_id, service.kind, call, asker, proof, now, dress=_Dress(service))
        served = await self.serving.serve(attempt)
        return Answer(200, served.body, headers=((RECORD_HEADER, record_id.encode()),))

    def _call(self, service: NationalService, given: dict[str, str]) -> calls.Call:
        if unknown := given.keys() - service.parameters:
            raise NationalRequestError(problem=gettext_noop("不认识的参数{name}"), name=min(unknown)[:64])
        grant = self.serving.book.by_number.get(service.grant)
        body: dict[str, Any] = {
            "grant": service.grant,
            # The form has no place for a purpose: the service was set up for the grant's own.
            "purpose": grant.order.purpose if grant is not None else "",
            "case": given.get(service.case, ""),
            "official": given.get(service.official, "") or service.official_default,
            "key": {item: given[name] for name, item in service.key.items() if name in given},
        }
        if service.kind == "verify":
            body["claims"] = {item: given[name] for name, item in service.claims.items() if name in given}
        elif service.answer:
            body["fields"] = list(service.answer)
        return calls.from_mapping(service.kind, body)


@dataclass(frozen=True, slots=True)
class _Dress:
    """Turns the gateway's own answer into the form's.

    Record and blind value stand in the message: callers read ``code`` and ``data``, and the digest on record is over
    bytes nobody can guess all the same. Marks of rows in dispute have a member of their own.
    """

    service: NationalService

    def __call__(self, body: bytes) -> bytes:
        content = orjson.loads(body)
        message = f"成功。调用记录{content['record']}，校验{content['blind']}"
        if self.service.kind == "verify":
            data: Any = {self.service.verdict: getattr(self.service.verdicts, content["answer"])}
        else:
            names = self.service.answer
            data = [{names.get(item, item): value for item, value in row.items()} for row in content["rows"]]
        dressed = {"code": OK, "data": data, "message": message}
        if marks := content.get("marks"):
            dressed["marks"] = marks
        return orjson.dumps(dressed)


def _claim(scope: Scope, body: bytes) -> Claim:
    given: dict[str, str] = {}
    for name, value in scope["headers"]:
        text = name.decode("latin-1")
        if text in _NAMES:
            if text in given:
                raise NationalRequestError(problem=gettext_noop("请求头{name}重复"), name=text)
            given[text] = value.decode("latin-1")
    if not given and body:
        # Clients send the exchange's values in the body as well, or only there.
        given = {name: value for name, value in _flat(body).items() if name in _NAMES}
    if missing := [name for name in _NAMES if not 0 < len(given.get(name, "")) <= _LONGEST]:
        raise NationalRequestError(problem=gettext_noop("缺少请求头{name}"), name=missing[0])
    claim = Claim(*(given[name] for name in _NAMES))
    if not _RTIME.fullmatch(claim.rtime):
        raise NationalRequestError(problem=gettext_noop("{name}须是毫秒时间戳"), name=_NAMES[2])
    return claim


def _parameters(scope: Scope, body: bytes) -> dict[str, str]:
    """Return the parameters of a call, from the address and from the body, JSON or form."""
    pairs = _pairs(scope["query_string"])
    if body:
        kind = next((value for name, value in scope["headers"] if name == b"content-type"), b"")
        form = kind.split(b";")[0].strip().lower() == b"application/x-www-form-urlencoded"
        pairs += _pairs(body) if form else list(_flat(body).items())
    given = dict(pairs)
    if len(given) != len(pairs):
        raise NationalRequestError(problem=gettext_noop("有重复的参数"))
    return given


def _pairs(text: bytes) -> list[tuple[str, str]]:
    if not text:
        return []
    try:
        return parse_qsl(
            text.decode("ascii"), keep_blank_values=True, strict_parsing=True, errors="strict",
            max_num_fields=MOST_PARAMETERS,
        )  # fmt: skip
    except ValueError as error:
        raise NationalRequestError(problem=gettext_noop("参数读不懂")) from error


def _flat(body: bytes) -> dict[str, str]:
    try:
        parsed = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise NationalRequestError(problem=gettext_noop("正文不是JSON")) from error
    if type(parsed) is not dict or len(parsed) > MOST_PARAMETERS:
        raise NationalRequestError(problem=gettext_noop("正文须是一个JSON对象"))
    given: dict[str, str] = {}
    for name, value in parsed.items():
        if type(value) is int:
            given[name] = str(value)
        elif type(value) is str:
            given[name] = value
        elif value is not None:
            raise NationalRequestError(problem=gettext_noop("参数{name}须是文字或整数"), name=name[:64])
    return given


def _answer(code: str, data: Any, message: str, status: int = 200, headers: Any = ()) -> Answer:
    body = orjson.dumps({"code": code, "data": data, "message": message})
    return Answer(status, body, headers=tuple(headers))


def _refusal(error: JutongError, language: str, record_id: str = "") -> Answer:
    code = UNLISTED if error.code in _UNLISTED else FAILED
    headers = [(RECORD_HEADER, record_id.encode())] if record_id else []
    if error.retry_after:
        headers.append((b"retry-after", b"%d" % error.retry_after))
    status = TOO_MANY if error.http_status == TOO_MANY else 200
    message = f"{error.explain(language)}{error.advise(language)}（{error.code}）"
    return _answer(code, "", message, status, headers)
