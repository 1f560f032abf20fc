from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from jutong.center.audit.models import AuditEvent
from jutong.center.clocks import actions
from jutong.center.clocks.escalation import escalate
from jutong.center.clocks.local import load_rules
from jutong.center.clocks.models import Escalation, StatutoryClock
from jutong.center.org.authorities import above_judge, authority_of, judge_of, leader_of, line_of, superior_of
from jutong.center.org.enums import Role
from jutong.center.org.models import Division, Organisation
from jutong.center.sharing.models import Notice, Violation
from jutong.standards.local_rules import read_rules
from tests.center_world import CITY, NOW, PLATFORM, City, at
from tests.unit.standards.test_local_rules import content

pytestmark = pytest.mark.django_db


def clock(city: City, owner: Organisation | None = None, **changes: Any) -> StatutoryClock:
    words: dict[str, Any] = {"period": "SLA-REP-C", "subject_label": "SQ20261109-0001 入学", **changes}
    return actions.start(
        subject_kind="application", subject_id="a-1", organisation=owner or city.civil, by=PLATFORM, now=NOW, **words
    )


def scan(days: float) -> list[str]:
    """The platform's minute: breaches first, then the ladder. Returns the rungs taken."""
    actions.scan_breaches(by=PLATFORM, now=at(days))
    before = set(Escalation.objects.values_list("id", flat=True))
    escalate(by=PLATFORM, now=at(days))
    return list(Escalation.objects.exclude(id__in=before).order_by("at", "step").values_list("step", flat=True))


def province(city: City) -> Organisation:
    Division.objects.create(code="620000", name="省", level="province", valid_from=date(2020, 1, 1))
    Division.objects.filter(code=CITY).update(parent_code="620000")
    return Organisation.objects.create(
        code="11620000MB0000009Z", name="省数据局", short_name="省数据局", division_code="620000", is_authority=True,
        created_at=NOW,
    )  # fmt: skip


def test_each_rung_is_taken_once_and_on_its_day(city: City) -> None:
    above = province(city)
    made = clock(city)
    assert made.due_on == date(2026, 11, 23)
    taken = {day: found for day in range(1, 30) if (found := scan(day))}
    assert taken == {10: ["message"], 15: ["authority"], 21: ["superior"]}
    assert at(10).date() == date(2026, 11, 19)
    told = {row.step: (row.told, row.told_role) for row in Escalation.objects.all()}
    assert told == {
        "message": (city.civil, ""), "authority": (city.bigdata, "authority"), "superior": (above, "authority"),
    }  # fmt: skip
    assert AuditEvent.objects.filter(event="clocks:clock:escalate").count() == 3
    links = set(Notice.objects.filter(text__contains="超期").values_list("organisation__short_name", "role", "link"))
    assert links == {
        (city.civil.short_name, "office-head", "/applications/SQ20261109-0001"),
        (city.bigdata.short_name, "authority", "/applications/SQ20261109-0001"),
        ("省数据局", "authority", "/applications/SQ20261109-0001"),
    }
    made.refresh_from_db()
    assert made.state == "running"


def test_a_missed_scan_is_made_up_for(city: City) -> None:
    clock(city)
    assert scan(40) == ["authority", "superior"]
    assert scan(41) == []


def test_what_is_met_or_stands_still_is_left_alone(city: City) -> None:
    clock(city)
    key: dict[str, Any] = {
        "subject_kind": "application", "subject_id": "a-1", "period": "SLA-REP-C", "by": PLATFORM,
    }  # fmt: skip
    actions.pause(**key, now=at(3))
    assert scan(20) == []
    actions.resume(**key, now=at(21))
    actions.stop(**key, now=at(22))
    assert scan(60) == []


def test_late_but_met_reaches_the_authority_and_no_superior(city: City) -> None:
    clock(city)
    actions.stop(
        subject_kind="application", subject_id="a-1", period="SLA-REP-C", by=PLATFORM, now=at(16)
    )  # fmt: skip
    assert scan(16) == ["authority"]
    assert scan(60) == []


def test_a_one_day_clock_is_not_reminded_on_the_day_it_starts(city: City) -> None:
    clock(city, period="SLA-REP-U")
    assert [scan(0), scan(1)] == [[], ["message"]]


def test_a_locality_sets_its_own_days(city: City) -> None:
    file = content(
        division=CITY, effective_from="2026-11-01", periods=[], ladder={"message_left": 5, "superior_after": 1}
    )
    load_rules(rules=read_rules(file), by=PLATFORM, now=NOW)
    clock(city)
    taken = {day: found for day in range(1, 30) if (found := scan(day))}
    assert taken == {7: ["message"], 15: ["authority", "superior"]}


def test_an_authority_is_never_told_of_its_own_lateness_as_its_judge(city: City) -> None:
    clock(city, city.bigdata, period="SLA-CAT-REV")
    scan(30)
    told = {row.step: row.told_role for row in Escalation.objects.all()}
    assert told["authority"] == Role.LEADER
    assert not Notice.objects.filter(role="authority", text__contains="超期").exists()


def test_where_a_violation_tells_of_the_breach_the_rung_is_only_recorded(city: City) -> None:
    made = clock(city)
    actions.scan_breaches(by=PLATFORM, now=at(15))
    Violation.objects.create(
        code="P4", clause="条例 39(4)", organisation=city.civil, subject_kind="clock", subject_id=str(made.id),
        subject_label="x", found_at=at(15),
    )  # fmt: skip
    assert escalate(by=PLATFORM, now=at(15)) == 1
    assert not Notice.objects.filter(text__contains="超期").exists()


def test_a_rung_stands_in_the_registry_and_only_once(city: City) -> None:
    made = clock(city)
    scan(15)
    with pytest.raises(IntegrityError, match="escalation_once"), transaction.atomic():
        Escalation.objects.create(clock=made, step="authority", at=at(16))
    for forced in (lambda: Escalation.objects.update(at=at(1)), lambda: Escalation.objects.all().delete()):
        with pytest.raises(DatabaseError, match="only added"), transaction.atomic():
            forced()


def test_who_stands_above_whom(city: City) -> None:
    assert (line_of(CITY), superior_of(CITY)) == (["620000"], None)
    judge = judge_of(city.civil)
    assert judge is not None
    assert (judge.organisation, judge.role) == (city.bigdata, Role.AUTHORITY)
    assert judge_of(city.bigdata) == leader_of(CITY)
    assert above_judge(city.civil) == leader_of(CITY)
    above = province(city)
    found = judge_of(city.bigdata)
    assert found is not None
    assert found.organisation == above
    assert above_judge(city.civil) == found
    assert above_judge(city.bigdata) == leader_of(CITY)
    assert line_of(CITY) == ["620000"]
    Division.objects.filter(code="620000").update(parent_code=CITY)
    assert line_of(CITY) == ["620000", CITY]
    Organisation.objects.filter(id=city.bigdata.id).update(is_authority=False)
    assert authority_of(CITY) is None
    found = judge_of(city.civil)
    assert found is not None
    assert found.organisation == above
    assert timedelta(0) == at(0) - NOW
