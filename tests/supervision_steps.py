"""A violation walked to any point of its life, by those who may take each step."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from jutong.center.org.actor import platform_actor
from jutong.center.org.models import Organisation
from jutong.center.supervision import actions
from jutong.center.supervision.actions.finding import Evidence, Finding
from jutong.center.supervision.enums import CaseEvent, CaseState
from jutong.center.supervision.models import Case
from tests.sharing_world import NOW, World, at

RULE = platform_actor("rule")


def finding(world: World, **changes: Any) -> Finding:
    words: dict[str, Any] = {
        "code": "R2", "organisation": world.education, "subject_kind": "grant-volume", "subject_id": "1",
        "label": "GQ20261109-0001", "detector": "volume-anomaly",
        "text": "授权{number}在{day}调用{n}次，平时每天约{usual}次。",
        "fields": {"number": "GQ1", "day": "2026-11-08", "n": "900", "usual": "12"},
        "evidence": (Evidence("grant", "1", "GQ1", "/grants/GQ1"),), **changes,
    }  # fmt: skip
    return Finding(**words)


def offered(world: World, now: datetime = NOW, **changes: Any) -> Case:
    made = actions.record(finding=finding(world, **changes), by=RULE, now=now)
    assert made is not None
    return made


def found(world: World, now: datetime = NOW) -> Case:
    """A case nobody can judge: its division has no authority, and none stands above it."""
    Organisation.objects.filter(id=world.bigdata.id).update(is_authority=False)
    made = offered(world, now)
    Organisation.objects.filter(id=world.bigdata.id).update(is_authority=True)
    return made


def noticed(world: World, now: datetime = NOW) -> Case:
    stated = actions.state(case=offered(world, now), text="系统故障重发", by=world.requester_head, now=now)
    return actions.notice(case=stated, text="查清原因，限制调用", days=10, by=world.authority, now=now)


def reported(world: World, now: datetime = NOW) -> Case:
    return actions.report(case=noticed(world, now), text="已修复", by=world.requester_head, now=now)


def rectified(world: World, now: datetime = NOW) -> Case:
    return actions.accept(case=reported(world, now), by=world.authority, now=now)


def dismissed(world: World, now: datetime = NOW) -> Case:
    return actions.dismiss(case=offered(world, now), text="业务高峰", by=world.authority, now=now)


def referred(world: World, now: datetime = NOW) -> Case:
    return actions.refer(case=reported(world, now), text="没有改正", by=world.authority, now=now)


STAGES = {
    CaseState.FOUND: found,
    CaseState.OFFERED: offered,
    CaseState.NOTICED: noticed,
    CaseState.REPORTED: reported,
    CaseState.RECTIFIED: rectified,
    CaseState.DISMISSED: dismissed,
    CaseState.REFERRED: referred,
}
"""How each state is reached."""
LATER = at(25)
"""After every hearing and limit."""


def take(event: CaseEvent, case: Case, by: Any, now: datetime = LATER) -> Case:
    """Take a step of a case as somebody."""
    words: dict[str, Any] = {"case": case, "by": by, "now": now}
    calls = {
        CaseEvent.STATE: lambda: actions.state(text="说明", **words),
        CaseEvent.DISMISS: lambda: actions.dismiss(text="不成立", **words),
        CaseEvent.NOTICE: lambda: actions.notice(text="改正", days=5, **words),
        CaseEvent.REPORT: lambda: actions.report(text="已改", **words),
        CaseEvent.ACCEPT: lambda: actions.accept(**words),
        CaseEvent.REJECT: lambda: actions.reject(text="没改", days=5, **words),
        CaseEvent.REFER: lambda: actions.refer(text="移送", **words),
    }
    return calls[event]()
