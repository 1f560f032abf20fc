"""What must be refused is refused: another purpose, an item not granted, a replay, a suspended grant."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import httpx

from jutong.client import RefusedError
from jutong.client.signing import CallSigner
from jutong.kernel.i18n import gettext_noop
from jutong.kernel.keys import Ed25519Signer
from jutong.tour.desk import PAUSE_SECONDS, TIMEOUT_SECONDS, wait_for
from jutong.tour.errors import RefusalMissingError
from jutong.tour.facts import CASE_NUMBER, PURPOSE
from jutong.tour.granting import Granted
from jutong.tour.voice import Voice

SUSPENDED_WITHIN_SECONDS = 5.0
_SUSPEND = gettext_noop("暂停授权")
_LIFT = gettext_noop("恢复授权")
_SERVED_AGAIN = gettext_noop("恢复后重新可用")
SERVED = gettext_noop("给出了答复")


def _asked(granted: Granted, official: str, **changes: Any) -> dict[str, Any]:
    fact = granted.fact
    base: dict[str, Any] = {
        "grant": granted.number,
        "purpose": PURPOSE,
        "case": CASE_NUMBER,
        "official": official,
        "key": {fact.key_item: fact.key},
        "fields": list(fact.fields),
    }
    return {**base, **changes}


def expect(what: str, code: str, act: Callable[[], object], voice: Voice) -> RefusedError:
    """Return the refusal an act must meet.

    Raises:
        RefusalMissingError: if it is served, or refused for another reason.
    """
    try:
        act()
    except RefusedError as refused:
        if refused.code != code:
            raise RefusalMissingError(what=what, expected=code, found=refused.code) from refused
        voice.proof(gettext_noop("{what}：{message}（{code}）"), what=what, message=refused.message, code=code)
        if refused.record:
            voice.note(gettext_noop("拒绝也有记录：{record}"), record=refused.record)
        return refused
    raise RefusalMissingError(what=what, expected=code, found=voice.sentence(SERVED))


def show(granted: Granted, official: str, signer: Ed25519Signer, voice: Voice) -> None:
    """Try what must be refused, without changing anything."""
    client = granted.client
    other = _asked(granted, official, purpose=voice.sentence(gettext_noop("信用评价")))
    expect(
        voice.sentence(gettext_noop("换一个用途")), "node.call.purpose-differs", lambda: client.query(**other), voice
    )
    more = _asked(granted, official, fields=[granted.fact.outside])
    expect(
        voice.sentence(gettext_noop("要授权以外的“{item}”"), item=granted.fact.outside),
        "node.call.field-not-granted",
        lambda: client.query(**more),
        voice,
    )
    expect(
        voice.sentence(gettext_noop("把同一个请求原样再发一次")),
        "node.signature.replayed",
        lambda: _replay(granted, official, signer),
        voice,
    )


def _replay(granted: Granted, official: str, signer: Ed25519Signer) -> None:
    """Send one signed request twice; the first must be served."""
    content = json.dumps(_asked(granted, official), ensure_ascii=False).encode()
    headers = {"Content-Type": "application/json", "Accept-Language": granted.steward.platform.language}
    with httpx.Client(timeout=TIMEOUT_SECONDS, trust_env=False) as http:
        request = http.build_request(
            "POST", f"{granted.grant['gateway_url']}/gw/v1/query", content=content, headers=headers
        )
        CallSigner(signer.key_id, signer).sign(request)
        for _ in range(2):
            answer = http.send(request)
            if answer.is_error:
                raise RefusedError(answer.json()["error"], answer.status_code, None)


def suspend(granted: Granted, official: str, voice: Voice) -> float:
    """Suspend a grant, measure how long it is still served, and let it go on again. Returns the seconds.

    Raises:
        RefusalMissingError: if it is still served after 5 seconds.
    """
    reason = {"reason": voice.sentence(gettext_noop("演示：发现异常调用，先暂停再核实"))}
    began = time.monotonic()
    granted.steward.do(_SUSPEND, "POST", f"/grants/{granted.number}/suspension", reason)
    served = 0
    while True:
        try:
            granted.client.query(**_asked(granted, official))
        except RefusedError as refused:
            seconds = time.monotonic() - began
            if refused.code != "node.grant.suspended":
                what = voice.sentence(_SUSPEND)
                raise RefusalMissingError(what=what, expected="node.grant.suspended", found=refused.code) from refused
            break
        served += 1
        if time.monotonic() - began > SUSPENDED_WITHIN_SECONDS:
            found = voice.sentence(SERVED)
            raise RefusalMissingError(what=voice.sentence(_SUSPEND), expected="node.grant.suspended", found=found)
        time.sleep(PAUSE_SECONDS)
    voice.proof(
        gettext_noop("{who}暂停授权{number}，{seconds:.1f}秒后网关拒绝调用（要求5秒以内，其间放行{served}次）"),
        who=granted.steward.who,
        number=granted.number,
        seconds=seconds,
        served=served,
    )
    _lift(granted, official, voice)
    return seconds


def _lift(granted: Granted, official: str, voice: Voice) -> None:
    granted.head.do(_LIFT, "DELETE", f"/grants/{granted.number}/suspension")

    def look() -> tuple[None, bool, str]:
        state = granted.head.get(f"/grants/{granted.number}")
        if state["state"] != "active":
            return None, False, state["state_label"]
        try:
            granted.client.query(**_asked(granted, official))
        except RefusedError as refused:
            return None, False, refused.code
        return None, True, ""

    wait_for(voice.sentence(_SERVED_AGAIN), look)
    voice.proof(gettext_noop("{who}恢复授权（暂停和恢复须是两个人），调用重新得到答复"), who=granted.head.who)
