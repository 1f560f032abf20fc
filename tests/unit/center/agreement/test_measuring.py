"""Duties measured from records, probes and clocks, at the boundaries of days and bounds."""

from __future__ import annotations

from datetime import timedelta

import pytest

from jutong.center.agreement import actions, queries
from jutong.center.agreement.errors import OtherPartyError
from jutong.center.agreement.models import Agreement, Breach, Measurement
from jutong.center.catalog.models import Binding
from jutong.center.org.actor import platform_actor
from jutong.center.process.moments import Moment, tell
from jutong.center.sharing import actions as sharing
from jutong.center.sharing.models import Grant, Notice, Violation
from jutong.kernel.clock import civil_date
from jutong.kernel.errors import InvalidInputError, NotFoundError
from tests import agreement_steps as steps
from tests import sharing_steps
from tests.sharing_world import NOW, World, at

pytestmark = pytest.mark.django_db
DAY = civil_date(NOW)


@pytest.fixture
def grant(world: World) -> Grant:
    steps.in_force(world)
    return Grant.objects.get()


def of(kind: str, day: int = 0) -> Measurement:
    return Measurement.objects.get(obligation__kind=kind, day=DAY + timedelta(days=day))


def test_a_day_without_calls_says_nothing_and_breaks_nothing(grant: Grant) -> None:
    assert actions.measure(now=at(1.2)) == 1
    assert (of("availability").met, of("response").met, of("quota").value) == (None, None, 0)
    assert not Breach.objects.exists()
    assert Agreement.objects.get().measured_until == DAY


def test_availability_is_what_was_answered_of_what_should_have_been(grant: Grant) -> None:
    steps.calls(grant, at(0.1), 99)
    lost = steps.calls(grant, at(0.2), 1, outcome="node.source.slow")
    steps.calls(grant, at(0.3), 50, outcome="node.quota.exhausted")
    actions.measure(now=at(1.2))
    assert (of("availability").value, of("availability").samples, of("availability").met) == (9900, 100, True)
    assert not Breach.objects.exists()
    assert lost


def test_one_more_failure_is_a_breach_with_its_records_and_its_party(world: World, grant: Grant) -> None:
    steps.calls(grant, at(0.1), 98)
    lost = steps.calls(grant, at(0.2), 2, outcome="node.source.unavailable")
    actions.measure(now=at(0.5))
    assert not Breach.objects.exists(), "the day is not over"
    assert not of("availability").is_final
    actions.measure(now=at(1.2))
    found = Breach.objects.get()
    assert (found.number, found.value, found.bound) == ("WY20261110-0001", 9800, 9900)
    assert (found.party, found.responsible) == ("provider", world.civil)
    assert found.evidence == {"outcomes": {"ok": 98, "node.source.unavailable": 2}, "records": lost}
    assert Notice.objects.filter(organisation=world.civil, text__contains="没有达到约定").count() == 1
    actions.measure(now=at(1.3))
    assert Breach.objects.count() == 1


def test_where_the_platform_failed_the_platform_answers(world: World, grant: Grant) -> None:
    steps.calls(grant, at(0.1), 90)
    steps.calls(grant, at(0.2), 9, outcome="node.gateway.fault")
    steps.calls(grant, at(0.3), 3, outcome="node.source.slow")
    actions.measure(now=at(1.2))
    found = Breach.objects.get()
    assert (found.party, found.responsible) == ("platform", world.bigdata)
    with pytest.raises(OtherPartyError):
        actions.answer_breach(breach=found, text="x", by=world.steward, now=at(2))
    answered = actions.answer_breach(breach=found, text="网关升级", by=world.authority, now=at(2))
    assert actions.judge_breach(breach=answered, accept=True, by=world.steward, now=at(3)).state == "settled"


def test_a_day_is_final_an_hour_after_midnight(grant: Grant) -> None:
    midnight = at(0).replace(hour=16, minute=0)
    steps.calls(grant, midnight - timedelta(seconds=30), 30, outcome="node.source.slow")
    assert actions.measure(now=midnight + timedelta(minutes=59)) == 0
    assert actions.measure(now=midnight + timedelta(minutes=60)) == 1
    assert (of("availability").samples, of("availability").is_final) == (30, True)
    assert of("availability", 1).samples == 0


def test_missed_days_are_made_up_and_each_counts_its_own_calls(grant: Grant) -> None:
    for day in (0.1, 1.1, 2.1):
        steps.calls(grant, at(day), 25, took_ms=10 + int(day))
    assert actions.measure(now=at(3.2)) == 3
    assert [of("response", day).value for day in range(3)] == [10, 11, 12]
    assert actions.measure(now=at(3.2)) == 0


def test_slow_answers_break_the_answer_time(grant: Grant) -> None:
    steps.calls(grant, at(0.1), 90, took_ms=100)
    slow = steps.calls(grant, at(0.2), 10, took_ms=9000)
    actions.measure(now=at(1.2))
    found = Breach.objects.get()
    assert (found.obligation.kind, found.value, found.evidence["p95_ms"]) == ("response", 9000, 9000)
    assert sorted(found.evidence["records"]) == sorted(slow)


def test_old_data_breaks_freshness_and_a_day_keeps_the_worst_it_saw(world: World, grant: Grant) -> None:
    Binding.objects.update(newest_at=at(-3), checked_at=at(0), health="ok")
    actions.measure(now=at(0.1))
    assert (of("freshness").value, of("freshness").met) == (75, False)
    Binding.objects.update(newest_at=at(0.2))
    actions.measure(now=at(0.3))
    assert of("freshness").value == 75
    actions.measure(now=at(1.2))
    found = Breach.objects.get()
    assert (found.obligation.kind, found.responsible, found.evidence["source"]) == ("freshness", world.civil, "civil")
    assert of("freshness", 1).met is True


def test_fresh_rows_in_answers_count_too(grant: Grant) -> None:
    Binding.objects.update(newest_at=at(-30))
    steps.calls(grant, at(0.1), 1, newest=at(0.05))
    actions.measure(now=at(0.2))
    assert of("freshness").value == 4


def test_a_binding_with_problems_breaks_quality(grant: Grant) -> None:
    Binding.objects.update(health="degraded", problems=["column-missing"])
    actions.measure(now=at(0.2))
    Binding.objects.update(health="ok", problems=[])
    actions.measure(now=at(1.2))
    assert (of("quality").value, of("quality").met) == (1, False)
    assert Breach.objects.get().obligation.kind == "quality"


@pytest.mark.parametrize(("refused", "broken"), [(50, False), (51, True)])
def test_calls_tried_beyond_the_quota_count_past_a_tenth(
    world: World, grant: Grant, refused: int, broken: bool
) -> None:
    steps.calls(grant, at(0.01), 500)
    steps.calls(grant, at(0.1), refused, outcome="node.quota.exhausted")
    actions.measure(now=at(1.2))
    assert Breach.objects.exists() == broken
    if broken:
        assert Breach.objects.get().responsible == world.education


def test_calls_for_another_purpose_are_the_requesters_breach(world: World, grant: Grant) -> None:
    steps.calls(grant, at(0.1), 15, outcome="node.call.purpose-differs")
    steps.calls(grant, at(0.2), 6, outcome="node.call.field-not-granted")
    actions.measure(now=at(1.2))
    found = Breach.objects.get()
    assert (found.obligation.kind, found.value, found.responsible) == ("scope", 21, world.education)


def test_a_reported_leak_is_a_breach(world: World, grant: Grant) -> None:
    Violation.objects.create(
        code="R3", clause="条例 40(3)", organisation=world.education, subject_kind="grant", subject_id=str(grant.id),
        subject_label="x", found_at=at(0.1),
    )  # fmt: skip
    actions.measure(now=at(1.2))
    assert Breach.objects.get().obligation.kind == "third-party"


def test_what_ended_or_never_began_is_not_measured(world: World) -> None:
    steps.drafted(world)
    assert actions.measure(now=at(3)) == 0
    sharing.revoke_grant(grant=Grant.objects.get(), reason="x", by=world.requester_head, now=at(3))
    assert actions.measure(now=at(5)) == 0
    assert not Measurement.objects.exists()


def test_a_breach_goes_to_and_fro_until_it_is_settled(world: World) -> None:
    found = steps.broken(world)
    with pytest.raises(InvalidInputError):
        actions.answer_breach(breach=found, text=" ", by=world.steward, now=at(2))
    answered = actions.answer_breach(breach=found, text="断电", by=world.steward, now=at(2))
    with pytest.raises(InvalidInputError):
        actions.judge_breach(breach=answered, accept=False, by=world.requester, now=at(2))
    with pytest.raises(OtherPartyError):
        actions.judge_breach(breach=answered, accept=True, by=world.steward, now=at(2))
    back = actions.judge_breach(breach=answered, accept=False, text="没说措施", by=world.requester, now=at(3))
    assert (back.state, back.verdict) == ("found", "没说措施")
    again = actions.answer_breach(breach=back, text="加了电源", by=world.steward, now=at(4))
    done = actions.judge_breach(breach=again, accept=True, by=world.requester, now=at(5))
    assert (done.state, done.settled_at) == ("settled", at(5))
    assert queries.breach(world.authority, found.number)[0].answer == "加了电源"
    with pytest.raises(NotFoundError):
        queries.breach(world.stranger, found.number)


def test_a_period_that_ran_out_breaks_the_agreement_of_its_case(world: World, grant: Grant) -> None:
    from jutong.center.clocks.models import StatutoryClock

    sharing_steps.answer(world, grant, "ready")
    sharing.revoke_grant(grant=grant, reason="不再使用", by=world.requester_head, now=at(1))
    clock = StatutoryClock.objects.get(period="SLA-DISPOSE")
    tell(Moment.CLOCK_BREACHED, clock, by=platform_actor("scan"), now=at(40))
    found = Breach.objects.get()
    assert (found.obligation.kind, found.responsible, found.evidence["period"]) == (
        "disposal", world.education, "SLA-DISPOSE",
    )  # fmt: skip
    clock.period, clock.subject_id = "SLA-COR", "0190a000-0000-7000-8000-000000000001"
    tell(Moment.CLOCK_BREACHED, clock, by=platform_actor("scan"), now=at(41))
    assert Breach.objects.count() == 1


def test_the_page_of_duties_asks_no_more_for_more_days(world: World, django_assert_max_num_queries) -> None:
    found = steps.broken(world)
    for day in range(2, 8):
        actions.measure(now=at(day))
    with django_assert_max_num_queries(4):
        rows = queries.kept(world.requester, found.agreement)
    assert len(rows) == 9
    availability = next(row for row in rows if row.obligation.kind == "availability")
    assert availability.newest is not None
    assert [day.met for day in availability.days].count(False) == 1
