from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import httpx
import pytest
from click.testing import CliRunner

from jutong.cli.main import jutong
from jutong.client import RefusedError
from jutong.tour import desk, proving, refusals
from jutong.tour.desk import Desk, Platform, sign_in, wait_for
from jutong.tour.errors import (
    DemoMissingError,
    FactsDifferError,
    PlatformUnreachableError,
    ProofFailedError,
    RefusalMissingError,
    StepRefusedError,
    WaitedInVainError,
)
from jutong.tour.facts import CASE_NUMBER, FACTS
from jutong.tour.granting import Granted, need
from jutong.tour.run import walk
from jutong.tour.voice import Voice

Answer = Callable[[httpx.Request], httpx.Response]
PROBLEM = {"code": "kernel.action.forbidden", "message": "不行", "next_step": "找别人", "fields": {}}


def platform(answer: Answer) -> Platform:
    made = Platform("http://127.0.0.1:1/", "zh-hans")
    made.http = httpx.Client(base_url=made.address + desk.BASE, transport=httpx.MockTransport(answer))
    return made


def says(status: int, body: Any) -> Answer:
    return lambda _: httpx.Response(status, json=body)


def broken(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("no", request=request)


def voice(lines: list[str] | None = None) -> Voice:
    return Voice("zh-hans", (lines if lines is not None else []).append)


def at_desk(answer: Answer) -> Desk:
    return Desk(platform(answer), "wusiyuan", "吴思源", "市教育局", "经办人", "t")


def test_a_platform_that_is_none_is_named() -> None:
    with pytest.raises(PlatformUnreachableError, match="ConnectError"):
        platform(broken).version()
    with pytest.raises(PlatformUnreachableError, match="HTTP 200"):
        platform(says(200, ["something else"])).version()
    assert platform(says(200, {"info": {"version": "1.2"}})).version() == "1.2"


def test_a_platform_without_the_demo_is_named() -> None:
    with pytest.raises(DemoMissingError, match="wusiyuan"):
        sign_in(platform(says(401, {"error": PROBLEM})), "education", "requester")
    with pytest.raises(StepRefusedError, match="不行"):
        sign_in(platform(says(403, {"error": PROBLEM})), "education", "requester")


def test_a_refused_step_tells_the_platforms_own_words() -> None:
    with pytest.raises(StepRefusedError) as refused:
        at_desk(says(403, {"error": PROBLEM})).do("拟答复", "POST", "/x", {})
    assert refused.value.explain() == "市教育局经办人吴思源办理“拟答复”被拒绝：不行（kernel.action.forbidden）"
    assert refused.value.advise() == "找别人"
    with pytest.raises(StepRefusedError, match="HTTP 502"):
        at_desk(lambda _: httpx.Response(502, text="<html>")).get("/x")
    assert at_desk(lambda _: httpx.Response(204)).do("收回", "DELETE", "/x") is None


def test_waiting_ends_when_it_is_so_and_not_never() -> None:
    looks = iter([("", False, "ordered"), ("found", True, "active")])
    assert wait_for("开通", lambda: next(looks)) == "found"
    with pytest.raises(WaitedInVainError, match="ordered"):
        wait_for("开通", lambda: ("", False, "ordered"), seconds=0)


def test_an_application_asks_for_the_key_and_no_item_more_than_the_fact_takes() -> None:
    for fact in FACTS:
        names = [fact.key_item, *fact.items, fact.outside]
        entry = {"version": {"items": [{"name": name, "id": f"id-{name}"} for name in names]}}
        asked = need(fact, entry, "system", datetime(2026, 11, 9, tzinfo=UTC).date())
        assert {row["item_id"] for row in asked["items"]} == {f"id-{name}" for name in (fact.key_item, *fact.items)}
        assert asked["valid_until"] == "2027-05-08"
        assert set(fact.fields) <= set(fact.items)
        assert set(fact.expected) <= set(fact.fields)
        assert fact.outside not in fact.items
        assert all(fact.items[item] != "masked" for item in fact.claims)


def refusing(code: str, record: str = "") -> Callable[[], object]:
    def act() -> object:
        raise RefusedError({"code": code, "message": "已暂停", "record": record}, 403, None)

    return act


def test_a_refusal_must_come_and_for_the_right_reason() -> None:
    lines: list[str] = []
    refusals.expect("换用途", "node.call.purpose-differs", refusing("node.call.purpose-differs", "r1"), voice(lines))
    assert "（node.call.purpose-differs）" in lines[0]
    assert "r1" in lines[1]
    with pytest.raises(RefusalMissingError, match=r"node\.grant\.unknown"):
        refusals.expect("换用途", "node.call.purpose-differs", refusing("node.grant.unknown"), voice())
    with pytest.raises(RefusalMissingError, match="给出了答复"):
        refusals.expect("换用途", "node.call.purpose-differs", lambda: None, voice())


class Gateway:
    """Answers as a gateway would, from a list."""

    def __init__(self, *answers: Any, verified: str = "yes") -> None:
        self.answers = list(answers)
        self.verified = verified

    def query(self, **_: Any) -> Any:
        found = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(found, Exception):
            raise found
        return SimpleNamespace(record="r1", rows=found, raw=b"")

    def verify(self, **_: Any) -> Any:
        return SimpleNamespace(record="r2", answer=self.verified, raw=b"")


def granted(gateway: Gateway) -> Granted:
    someone = at_desk(says(200, {"state": "active", "state_label": "可以使用"}))
    grant = {"number": "GQ20261109-0001", "gateway_url": "http://127.0.0.1:1"}
    return Granted(FACTS[0], grant, someone, someone, cast("Any", gateway))


def test_answers_must_be_what_the_registers_hold() -> None:
    right = [dict(FACTS[0].expected)]
    assert proving.call(granted(Gateway(right)), "wusiyuan", voice()) == ["r1", "r2"]
    with pytest.raises(FactsDifferError, match="—"):
        proving.call(granted(Gateway([])), "wusiyuan", voice())
    with pytest.raises(FactsDifferError, match="no"):
        proving.call(granted(Gateway(right, verified="no")), "wusiyuan", voice())


def suspended(code: str = "node.grant.suspended") -> RefusedError:
    return RefusedError({"code": code, "message": "已暂停"}, 403, None)


def test_a_suspension_is_measured_and_lifted_by_another() -> None:
    lines: list[str] = []
    seconds = refusals.suspend(
        granted(Gateway([], suspended(), suspended("node.grant.not-ready"), [])), "w", voice(lines)
    )
    assert seconds < 5
    assert "其间放行1次" in lines[0]
    assert len(lines) == 2


def test_a_grant_that_goes_on_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refusals, "SUSPENDED_WITHIN_SECONDS", -1.0)
    with pytest.raises(RefusalMissingError, match="给出了答复"):
        refusals.suspend(granted(Gateway([])), "w", voice())
    with pytest.raises(RefusalMissingError, match=r"node\.source\.slow"):
        refusals.suspend(granted(Gateway(suspended("node.source.slow"))), "w", voice())


def test_the_command_names_a_platform_that_does_not_run() -> None:
    told = CliRunner().invoke(jutong, ["tour", "--url", "http://127.0.0.1:1"])
    assert isinstance(told.exception, PlatformUnreachableError)
    assert "1. " in told.output


def test_a_gateways_refusal_becomes_a_refused_step(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise suspended()

    monkeypatch.setattr("jutong.tour.run._walk", refuse)
    with pytest.raises(StepRefusedError, match=r"node\.grant\.suspended"):
        walk("http://127.0.0.1:1", voice())


def test_a_receipt_that_does_not_fit_is_a_failure() -> None:
    class Receipts(Gateway):
        def receipt(self, _: str) -> tuple[str, dict[str, Any]]:
            return "c2sp.org/tlog-proof@v1", {"record": {}}

    kept = {"rows": [{"record_id": "r1"}], "record_id": "r1", "log_key": "jutong/test+00000000+AQ=="}
    with pytest.raises(ProofFailedError, match=r"evidence\."):
        proving.prove(granted(Receipts([])), at_desk(says(200, kept)), "r1", voice())


def test_a_receipt_is_waited_for_but_a_refusal_is_not() -> None:
    class Late(Gateway):
        def receipt(self, _: str) -> tuple[str, dict[str, Any]]:
            raise self.answers.pop(0)

    not_yet = Late(suspended(proving.NOT_YET), suspended("node.receipt.not-found"))
    with pytest.raises(RefusedError, match=r"node\.receipt\.not-found"):
        proving.prove(granted(not_yet), at_desk(says(200, {})), "r1", voice())


def test_an_altered_record_that_passes_would_be_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proving, "verify", lambda *_: SimpleNamespace(ok=True, code=""))
    content = json.dumps({"case_number": CASE_NUMBER})
    with pytest.raises(ProofFailedError, match="altered"):
        proving.tampered(proving.Proof("r1", "", content, ""), voice())
