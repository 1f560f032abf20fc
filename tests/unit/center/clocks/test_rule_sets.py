from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from functools import partial
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from jutong.center.audit.models import AuditEvent
from jutong.center.clocks import actions, queries
from jutong.center.clocks.errors import (
    ExtensionTooLongError,
    RuleSetForeignError,
    RuleSetOrderError,
    RuleSetSameError,
)
from jutong.center.clocks.local import load_rules
from jutong.center.clocks.many import Bound, start_all, stop_all
from jutong.center.clocks.models import RulePeriod, RuleSet, StatutoryClock
from jutong.center.clocks.rules import Rules, cap_of, period_for, rule_sets
from jutong.center.clocks.whatif import work_out
from jutong.center.org.models import Division, Organisation
from jutong.kernel.calendar import CalendarYearMissingError
from jutong.kernel.deadlines import DayKind
from jutong.kernel.errors import ForbiddenError, InvalidInputError, NotFoundError
from jutong.standards.local_rules import LocalRules, read_rules
from jutong.standards.periods import PeriodUnknownError
from tests.center_world import CITY, NOW, PLATFORM, City, at
from tests.unit.standards.test_local_rules import content

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 9)
FIVE = {"id": "SLA-REP-C", "length": 5, "extension_cap": 5, "clause": "第十条"}


def rules(**changes: Any) -> LocalRules:
    return read_rules(content(**{"division": CITY, "effective_from": "2026-11-01", "periods": [FIVE], **changes}))


def load(**changes: Any) -> RuleSet:
    return load_rules(rules=rules(**changes), by=PLATFORM, now=NOW)


def start(city: City, subject: str = "a-1", now: datetime = NOW, **changes: Any) -> StatutoryClock:
    words: dict[str, Any] = {"period": "SLA-REP-C", "organisation": city.civil, **changes}
    return actions.start(
        subject_kind="application", subject_id=subject, subject_label="x", by=PLATFORM, now=now, **words
    )


def test_a_local_period_binds_the_clocks_that_start_after_it(city: City) -> None:
    before = start(city)
    made = load()
    after = start(city, "a-2")
    assert (before.length, before.rule_set, before.clause) == (10, None, "政务数据共享条例第二十一条")
    assert (after.length, after.rule_set, after.extension_cap) == (5, made, 5)
    assert after.clause == "金河市政务数据共享办法第十条"
    assert after.due_on == date(2026, 11, 16)
    before.refresh_from_db()
    assert (before.due_on, cap_of(before)) == (date(2026, 11, 23), 10)


def test_a_clock_is_extended_within_the_cap_it_started_under(city: City) -> None:
    start(city)
    load()
    start(city, "a-2")
    key: dict[str, Any] = {"subject_kind": "application", "period": "SLA-REP-C", "by": PLATFORM, "now": NOW}
    assert actions.extend(subject_id="a-1", days=10, **key).extension == 10
    with pytest.raises(ExtensionTooLongError):
        actions.extend(subject_id="a-2", days=6, **key)
    assert actions.extend(subject_id="a-2", days=5, **key).extension == 5


def test_a_later_version_takes_effect_on_its_day_and_can_return_to_the_law(city: City) -> None:
    load()
    load(effective_from="2026-11-20", periods=[])
    found = [period_for("SLA-REP-C", CITY, on=day).period.length for day in (TODAY, date(2026, 11, 20))]
    assert found == [5, 10]
    assert period_for("SLA-REP-C", CITY, on=date(2026, 10, 31)).period.length == 10
    assert [row.version for row in rule_sets(PLATFORM)] == [2, 1]


def test_a_division_is_bound_by_those_above_it_too(city: City) -> None:
    Division.objects.create(code="629902", name="东关区", level="county", parent_code=CITY, valid_from=date(2020, 1, 1))
    load()
    strict = {"id": "SLA-REP-C", "length": 7, "extension_cap": 2}
    load(division="629902", periods=[strict, {"id": "SLA-RECT", "length": 15}], ladder={"message_left": 3})
    load(effective_from="2026-11-02", periods=[FIVE, {"id": "SLA-RECT", "length": 12}], ladder={"superior_after": 2})
    known = Rules(TODAY)
    found = known.period("SLA-REP-C", "629902")
    assert (found.period.length, found.period.extension_cap) == (5, 2)
    assert known.period("SLA-RECT", "629902").period.length == 15
    assert known.period("SLA-RECT", CITY).period.length == 12
    assert known.period("SLA-SUP", "629902").rule_set is None
    assert [row.days for row in known.ladder("629902")] == [0, 3, 0, 2]
    assert [row.days for row in known.ladder("110000")] == [0, 2, 0, 5]


def test_an_authority_loads_for_its_own_division_only(city: City) -> None:
    assert load_rules(rules=rules(), by=city["authority"], now=NOW).version == 1
    event = AuditEvent.objects.get(event="clocks:rule:load")
    assert (event.details["division"], event.details["periods"]) == (CITY, ["SLA-REP-C"])
    stranger = replace(city["authority"], division_code="110000")
    with pytest.raises(RuleSetForeignError):
        load_rules(rules=rules(periods=[]), by=stranger, now=NOW)
    for who in ("steward", "office_head", "system_admin"):
        with pytest.raises(ForbiddenError):
            load_rules(rules=rules(periods=[]), by=city[who], now=NOW)
    with pytest.raises(NotFoundError):
        load(division="110000")


def test_the_same_twice_and_time_running_backwards_are_refused(city: City) -> None:
    load()
    with pytest.raises(RuleSetSameError):
        load()
    with pytest.raises(RuleSetOrderError):
        load(effective_from="2026-10-01")
    assert RuleSet.objects.count() == 1


def test_the_registry_keeps_what_was_loaded_and_a_clock_with_its_rules(city: City) -> None:
    load()
    clock = start(city)
    for rows in (RuleSet.objects, RulePeriod.objects):
        for forced in (lambda rows=rows: rows.update(id=rows.get().id), partial(rows.all()._raw_delete, "default")):
            with pytest.raises(DatabaseError, match="only added"), transaction.atomic():
                forced()
    own = StatutoryClock.objects.filter(id=clock.id)
    for change in ({"length": 9}, {"rule_set": None}, {"extension_cap": 9}, {"law_version": 2}, {"period": "SLA-SUP"}):
        with pytest.raises(IntegrityError, match="keeps the rules"), transaction.atomic():
            own.update(**change)
    with pytest.raises(IntegrityError, match="extension_within_cap"), transaction.atomic():
        own.update(extension=6)
    with pytest.raises(IntegrityError, match="net_within_gross"), transaction.atomic():
        own.update(gross_days=1, net_days=2)


def test_many_clocks_follow_the_rules_of_each_ones_division(city: City) -> None:
    Organisation.objects.filter(id=city.education.id).update(division_code="110000")
    city.education.refresh_from_db()
    load()
    made = start_all(
        period="SLA-REP-C", subject_kind="application", by=PLATFORM, now=NOW,
        subjects=[Bound("1", "x", city.civil), Bound("2", "x", city.education)],
    )  # fmt: skip
    assert [clock.length for clock in made] == [5, 10]
    ended = stop_all(
        period="SLA-REP-C", subject_kind="application", subject_ids=["1", "2"], by=PLATFORM, now=at(8)
    )  # fmt: skip
    assert {(row.state, row.gross_days, row.net_days) for row in ended} == {("late", 6, 6), ("met", 6, 6)}
    stored = StatutoryClock.objects.values_list("gross_days", "net_days")
    assert set(stored) == {(6, 6)}


def test_gross_and_net_days_are_shown_and_kept(city: City) -> None:
    clock = start(city)
    key: dict[str, Any] = {
        "subject_kind": "application", "subject_id": "a-1", "period": "SLA-REP-C", "by": PLATFORM,
    }  # fmt: skip
    actions.pause(**key, now=at(2))
    clock.refresh_from_db()
    view = queries.clock_view(clock, date(2026, 11, 16))
    assert (view.state, view.gross, view.net, view.used) == ("paused", 5, 1, 1)
    actions.resume(**key, now=at(7))
    ended = actions.stop(**key, now=at(9))
    assert (ended.gross_days, ended.net_days, ended.state) == (7, 3, "met")
    view = queries.clock_view(ended, date(2026, 12, 31))
    assert (view.gross, view.net, view.used) == (7, 3, 3)


def test_an_end_never_waits_for_a_calendar(city: City) -> None:
    start(city)
    far = datetime(2028, 3, 1, 1, 0, tzinfo=UTC)
    assert actions.cancel(subject_kind="application", subject_id="a-1", by=PLATFORM, now=far) == 1
    ended = StatutoryClock.objects.get()
    assert (ended.state, ended.gross_days, ended.net_days) == ("cancelled", None, None)


def test_what_if_tells_every_day(city: City) -> None:
    load()
    asker = city["requester"]
    found = work_out(
        asker, period_id="SLA-REP-C", started_on=date(2026, 11, 12), extension=2,
        pauses=((date(2026, 11, 16), date(2026, 11, 18)),),
    )  # fmt: skip
    assert (found.ruled.period.length, found.due.due_on, found.gross, found.net) == (5, date(2026, 11, 26), 10, 7)
    kinds = [row.kind for row in found.days]
    assert (kinds[0], kinds[-1], kinds.count(DayKind.PAUSED)) == (DayKind.RECEIPT, DayKind.EXTENDED, 3)
    assert work_out(asker, period_id="SLA-REP-C", started_on=TODAY, division_code="110000").net == 10
    assert not RuleSet.objects.filter(division_code="110000").exists()
    assert not StatutoryClock.objects.exists()


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"period_id": "SLA-LOG"}, InvalidInputError),
        ({"period_id": "SLA-NONE"}, PeriodUnknownError),
        ({"started_on": date(2003, 1, 1)}, PeriodUnknownError),
        ({"started_on": date(2026, 12, 30)}, CalendarYearMissingError),
        ({"extension": 11}, ExtensionTooLongError),
        ({"extension": -1}, ExtensionTooLongError),
        ({"pauses": ((date(2026, 11, 12), date(2026, 11, 11)),)}, InvalidInputError),
        ({"pauses": ((date(2026, 11, 1), date(2026, 11, 11)),)}, InvalidInputError),
        ({"pauses": ((date(2026, 11, 12), date(2027, 12, 11)),)}, InvalidInputError),
        ({"pauses": ((date(2026, 11, 12), date(2026, 11, 12)),) * 6}, InvalidInputError),
    ],
)
def test_what_if_names_what_is_wrong(city: City, change: dict[str, Any], error: type[Exception]) -> None:
    asked: dict[str, Any] = {"period_id": "SLA-REP-C", "started_on": TODAY, **change}
    with pytest.raises(error):
        work_out(city["requester"], **asked)
