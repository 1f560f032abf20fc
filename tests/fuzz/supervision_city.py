"""Violations, platforms and local periods in the fuzz city: a case in each state somebody may act in."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from jutong.center.supervision import actions
from jutong.center.supervision.actions.finding import Finding
from jutong.center.supervision.models import Case
from jutong.center.usage.models import Access
from jutong.kernel.ids import uuid7
from tests.supervision_steps import RULE, finding

if TYPE_CHECKING:
    from tests.fuzz.city import FuzzCity

SAID = {"text": "网络故障重发"}
ORDER = {"text": "查清原因并限制调用", "days": 5}


def extend(city: FuzzCity) -> None:
    """Add what these areas need."""
    today = timezone.localdate()
    city.bodies["loadClockRules"] = {
        "format": "jutong.clock-rules/1", "division": city.world.bigdata.division_code, "title": "金河市共享办法",
        "document": "金政发〔2026〕8号", "effective_from": str(today + timedelta(days=400)),
        "periods": [{"id": "SLA-REP-C", "length": 8}], "ladder": {"message_left": 3},
    }  # fmt: skip
    city.bodies["calculateClock"] = {"period": "SLA-REP-C", "started_on": "2026-02-12", "pauses": [], "extension": 0}
    _reports(city)
    _cases(city)
    _platforms(city)


def _reports(city: FuzzCity) -> None:
    report = {"code": "R3", "organisation": city.world.other.code, "text": "数据外传", "link": ""}
    city.bodies["reportViolation"] = report
    made = city.caller("requester").ask("POST", "/violations", {**report, "code": "R6"}, status=201)
    city.addresses["getViolation"] = {"number": made["number"]}
    call = Access.objects.create(
        record_id=str(uuid7()), node="node-1", at=timezone.now(), kind="file", outcome="ok", grant_id=uuid7(),
        grant_number="GQ20261109-9001", entry_code="306001/1", entry_name="学籍", rows=40, leaf_index=9_000_001,
        provider_code=city.world.education.code, requester_code=city.world.other.code, requester_name="税务局",
        system_name="核验", official="甲", purpose="核验", case_number="1",
    )  # fmt: skip
    city.bodies["reportLeak"] = {
        "record_id": call.record_id, "file_sha256": "ab" * 32, "compared": 100, "right": 100, "score": 9.9,
        "same_bytes": False, "where": "外部网站",
    }  # fmt: skip


def _cases(city: FuzzCity) -> None:
    world, now = city.world, timezone.now()
    about, judge = world.actors["requester_head"], world.actors["authority"]

    def case(label: str) -> Case:
        found: Finding = finding(world, subject_id=label)
        made = actions.record(finding=found, by=RULE, now=now)
        assert made is not None
        return made

    def noticed(label: str) -> Case:
        made = actions.state(case=case(label), **SAID, by=about, now=now)
        return actions.notice(case=made, **ORDER, by=judge, now=now)  # type: ignore[arg-type]

    def reported(label: str) -> Case:
        return actions.report(case=noticed(label), **SAID, by=about, now=now)

    steps: dict[str, tuple[Any, dict[str, Any]]] = {
        "stateOnViolation": (case, SAID),
        "dismissViolation": (case, SAID),
        "orderViolation": (lambda label: actions.state(case=case(label), **SAID, by=about, now=now), ORDER),
        "reportViolationRectified": (noticed, SAID),
        "acceptViolationRectified": (reported, {}),
        "rejectViolationRectified": (reported, ORDER),
        "referViolation": (reported, SAID),
    }
    for name, (make, body) in steps.items():
        city.addresses[name], city.bodies[name] = {"number": make(name).number}, body


def _platforms(city: FuzzCity) -> None:
    city.bodies["registerExchangePlatform"] = {"name": "民政共享平台", "joined_on": None, "document": ""}
    made = actions.register_platform(name="旧平台", by=city.world.actors["steward"], now=timezone.now())
    city.addresses["joinExchangePlatform"] = {"platform_id": str(made.id)}
    city.bodies["joinExchangePlatform"] = {"joined_on": "2026-11-01", "document": "国办函1号"}
