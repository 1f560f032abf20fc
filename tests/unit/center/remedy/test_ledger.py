from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from jutong.center.audit.models import AuditEvent
from jutong.center.clocks import actions as clocks
from jutong.center.clocks.enums import ClockState
from jutong.center.clocks.models import StatutoryClock
from jutong.center.org.actor import platform_actor
from jutong.center.process.errors import StepNotAllowedError, WrongSideError
from jutong.center.remedy import actions, queries
from jutong.center.remedy.actions import Copy
from jutong.center.remedy.enums import LedgerPart
from jutong.center.remedy.errors import CorrectedAlreadyError
from jutong.center.remedy.models import Disposal, LedgerAsk, LedgerEntry, LedgerInspection
from jutong.center.remedy.quarters import before, bounds, later, quarter_of
from jutong.center.sharing import actions as sharing_actions
from jutong.center.sharing.models import Grant, Notice
from jutong.center.sharing.queries import inbox
from jutong.center.sharing.queries.tasks import TaskKind
from jutong.kernel.errors import ForbiddenError, InvalidInputError, NotFoundError
from tests import remedy_steps as steps
from tests import sharing_steps
from tests.sharing_steps import fresh
from tests.sharing_world import NOW, World, at

pytestmark = pytest.mark.django_db
TURN = datetime(2026, 12, 31, 16, 0, tzinfo=UTC)
"""Midnight in Beijing: the first moment of 2027."""


@pytest.fixture
def year(db) -> None:
    by = platform_actor("test")
    clocks.load_calendar_year(year=2027, rows=[], provisional=True, source="暂定", by=by, now=NOW)


def asked(world: World) -> LedgerAsk:
    grant = sharing_steps.sharing(world)
    for number, (days, case) in enumerate(((0.5, "JY-1"), (1, "JY-1"), (30, "JY-2"))):
        steps.call(grant, f"r-{number}", at(days), case=case)
    steps.call(grant, "r-refused", at(31), outcome="gateway.quota.exceeded")
    assert actions.keep_ledgers(now=TURN) == 1
    return LedgerAsk.objects.get(grant=grant)


@pytest.mark.parametrize(
    ("day", "quarter", "former"),
    [
        (date(2026, 1, 1), "2026Q1", "2025Q4"),
        (date(2026, 3, 31), "2026Q1", "2025Q4"),
        (date(2026, 4, 1), "2026Q2", "2026Q1"),
        (date(2026, 12, 31), "2026Q4", "2026Q3"),
    ],
)
def test_a_quarter_is_three_months(day: date, quarter: str, former: str) -> None:
    assert quarter_of(day) == quarter
    assert before(quarter) == former
    start, end = bounds(quarter)
    assert start.date() <= day < end.date()
    assert bounds(former)[1] == start


@pytest.mark.parametrize("text", ["2026Q0", "2026Q5", "26Q1", "2026q1", "２０２６Q1"])
def test_what_is_no_quarter_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=text):
        bounds(text)


@pytest.mark.parametrize(
    ("day", "months", "found"),
    [
        (date(2026, 11, 9), 36, date(2029, 11, 9)),
        (date(2028, 2, 29), 36, date(2031, 2, 28)),
        (date(2026, 8, 31), 6, date(2027, 2, 28)),
    ],
)
def test_years_later_is_the_same_day_or_the_last_of_its_month(day: date, months: int, found: date) -> None:
    assert later(day, months) == found


def test_the_ledger_begins_with_the_application_when_data_can_be_used(world: World) -> None:
    grant = sharing_steps.sharing(world)
    first = LedgerEntry.objects.get(grant=grant)
    assert (first.part, first.by_id, first.facts["basis"]) == ("scenario", None, "义务教育法第十二条")
    assert first.keep_until == date(2029, 11, 9)
    sharing_steps.answer(world, grant, "ready", at(1))
    assert actions.prefill_scenario(grant, now=at(1)) is None
    assert LedgerEntry.objects.count() == 1


def test_a_quarter_is_counted_and_asked_for_once(world: World, year: None) -> None:
    ask = asked(world)
    assert ask.quarter == "2026Q4"
    process = LedgerEntry.objects.get(part="process")
    assert process.facts == {
        "calls": 4,
        "months": [
            {"month": "2026-11", "calls": 2, "refused": 0, "rows": 2, "cases": 1, "officials": 1},
            {"month": "2026-12", "calls": 2, "refused": 1, "rows": 2, "cases": 2, "officials": 1},
        ],
    }
    clock = StatutoryClock.objects.get(subject_kind="ledger-ask")
    assert (clock.period, clock.organisation_id) == ("SLA-LED", world.education.id)
    assert actions.keep_ledgers(now=TURN + timedelta(days=40)) == 0
    assert Notice.objects.filter(text__contains="请补记", organisation=world.education).count() == 1


def test_the_quarter_ends_at_midnight_in_beijing(world: World, year: None) -> None:
    sharing_steps.sharing(world)
    assert actions.keep_ledgers(now=TURN - timedelta(seconds=1)) == 0
    assert actions.keep_ledgers(now=TURN) == 1


def test_a_grant_that_ended_before_the_quarter_is_not_asked_about(world: World, year: None) -> None:
    steps.ended(world)
    assert actions.keep_ledgers(now=TURN) == 1
    assert actions.keep_ledgers(now=TURN + timedelta(days=90)) == 0


def test_a_quarter_is_asked_for_even_without_the_calendar_of_its_period(world: World) -> None:
    sharing_steps.sharing(world)
    assert actions.keep_ledgers(now=TURN) == 1
    ask = LedgerAsk.objects.get()
    assert not StatutoryClock.objects.filter(subject_kind="ledger-ask").exists()
    done = actions.fill(ask=ask, effect="减少证明", storage="没有留存", by=world.requester, now=TURN)
    assert done.state == "filled"


def test_filling_writes_the_other_parts_and_stops_the_clock(world: World, year: None) -> None:
    ask = asked(world)
    copies = [Copy("database", "enrol.check"), Copy("database", "enrol.check")]
    done = actions.fill(
        ask=ask, effect="减少证明1200份", storage="核验结果入库", copies=copies, destruction="测试数据已删",
        by=world.requester, now=TURN + timedelta(days=3),
    )  # fmt: skip
    assert (done.state, done.filled_by_id) == ("filled", world.requester.user_id)
    written = {row.part: row for row in LedgerEntry.objects.filter(period="2026Q4").exclude(by=None)}
    assert set(written) == {"effect", "storage", "destruction"}
    assert written["storage"].facts == {"copies": [{"kind": "database", "place": "enrol.check"}]}
    assert StatutoryClock.objects.get(subject_kind="ledger-ask").state == ClockState.MET
    with pytest.raises(StepNotAllowedError):
        actions.fill(ask=ask, effect="x", storage="x", by=world.requester, now=TURN)


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("effect", {"effect": " "}),
        ("storage", {"storage": ""}),
        ("effect", {"effect": "字" * 2001}),
        ("kind", {"copies": [Copy("cloud", "x")]}),
        ("place", {"copies": [Copy("file", str(n)) for n in range(101)]}),
    ],
)
def test_bad_input_is_named(world: World, year: None, field: str, changes: dict[str, Any]) -> None:
    said = {"effect": "x", "storage": "y"} | changes
    with pytest.raises(InvalidInputError) as told:
        actions.fill(ask=asked(world), by=world.requester, now=TURN, **said)
    assert told.value.fields["problems"][0]["field"] == field


def test_only_the_requester_fills_and_writes(world: World, year: None) -> None:
    ask = asked(world)
    with pytest.raises(WrongSideError):
        actions.fill(ask=ask, effect="x", storage="x", by=world.steward, now=TURN)
    with pytest.raises(NotFoundError):
        actions.fill(ask=ask, effect="x", storage="x", by=world.stranger, now=TURN)
    with pytest.raises(ForbiddenError):
        actions.fill(ask=ask, effect="x", storage="x", by=world.requester_head, now=TURN)
    with pytest.raises(NotFoundError):
        actions.write_entry(grant=ask.grant, part="effect", text="x", by=world.steward, now=TURN)


def test_a_correction_is_a_new_entry_and_there_is_one_of_each(world: World) -> None:
    grant = sharing_steps.sharing(world)
    wrong = actions.write_entry(grant=grant, part="effect", text="减少10份", by=world.requester, now=NOW)
    right = actions.write_entry(
        grant=grant, part="effect", text="减少100份", corrects=wrong, by=world.requester, now=at(60)
    )
    assert (right.corrects_id, right.period) == (wrong.id, "2026Q4")
    assert fresh(wrong).text == "减少10份"
    assert actions.standing(grant, "effect") == right
    with pytest.raises(CorrectedAlreadyError):
        actions.write_entry(grant=grant, part="effect", text="x", corrects=wrong, by=world.requester, now=at(1))
    with pytest.raises(InvalidInputError):
        actions.write_entry(grant=grant, part="storage", text="x", corrects=right, by=world.requester, now=at(1))
    with pytest.raises(InvalidInputError):
        actions.write_entry(grant=grant, part="other", text="x", by=world.requester, now=at(1))


@pytest.mark.parametrize("model", [LedgerEntry, LedgerInspection])
def test_nobody_changes_or_removes_what_was_written(world: World, model: Any) -> None:
    grant = sharing_steps.sharing(world)
    actions.inspect_ledger(grant=grant, is_sound=True, note="符合", by=world.steward, now=NOW)
    with pytest.raises(DatabaseError, match=r"written once|only added"), transaction.atomic():
        model.objects.update(grant_id=grant.id)
    with pytest.raises(DatabaseError, match=r"written once|only added"), transaction.atomic():
        model.objects.all().delete()


def test_after_three_years_an_entry_may_go(world: World) -> None:
    grant = sharing_steps.sharing(world)
    old = LedgerEntry.objects.create(
        grant=grant, part="effect", text="x", office=world.education, by_id=world.requester.user_id, at=NOW,
        keep_until=date(2020, 1, 1),
    )  # fmt: skip
    LedgerEntry.objects.filter(id=old.id).delete()
    assert not LedgerEntry.objects.filter(id=old.id).exists()


def test_provider_and_authority_inspect_and_are_written_down(world: World) -> None:
    grant = sharing_steps.sharing(world)
    actions.inspect_ledger(grant=grant, is_sound=True, note="与调用一致", by=world.provider_head, now=NOW)
    actions.inspect_ledger(grant=grant, is_sound=False, note="缺成效", by=world.authority, now=at(1))
    assert [(row.side, row.is_sound) for row in LedgerInspection.objects.all()] == [
        ("authority", False),
        ("provider", True),
    ]
    assert AuditEvent.objects.filter(event="remedy:ledger:inspect").count() == 2
    with pytest.raises(NotFoundError):
        actions.inspect_ledger(grant=grant, is_sound=True, note="x", by=world.requester, now=NOW)
    with pytest.raises(InvalidInputError):
        actions.inspect_ledger(grant=grant, is_sound=True, note=" ", by=world.authority, now=NOW)


def test_the_copies_of_the_ledger_have_to_be_disposed_of(world: World) -> None:
    grant = sharing_steps.sharing(world)
    actions.write_entry(
        grant=grant, part="storage", text="入库", copies=[Copy("database", "enrol.check")], by=world.requester, now=NOW
    )
    sharing_actions.revoke_grant(grant=grant, reason="办结", by=world.requester_head, now=at(1))
    case = Disposal.objects.get(grant=grant)
    assert [(row.place, row.from_ledger) for row in case.copies.all()] == [("enrol.check", True)]
    actions.report_disposal(disposal=case, handled=steps.handled(case, at(1)), by=world.requester, now=at(1))
    kept = actions.standing(grant, LedgerPart.DESTRUCTION)
    assert kept is not None
    assert kept.facts["disposal"] == case.number


def test_a_gap_between_ledger_and_calls_is_found(world: World, year: None) -> None:
    ask = asked(world)
    due = StatutoryClock.objects.get(subject_kind="ledger-ask").due_on
    assert queries.gaps(due, quarter="2026Q4") == []
    found = queries.gaps(due + timedelta(days=1), quarter="2026Q4")
    assert [(row.grant.id, row.calls, row.counted, row.is_unfilled) for row in found] == [(ask.grant_id, 4, 4, True)]
    actions.fill(ask=ask, effect="x", storage="y", by=world.requester, now=TURN + timedelta(days=20))
    assert queries.gaps(due + timedelta(days=1), quarter="2026Q4") == []
    steps.call(ask.grant, "late", at(2))
    assert [row.calls for row in queries.gaps(due, quarter="2026Q4")] == [5]


def test_the_page_shows_five_parts_and_a_stranger_sees_nothing(world: World, year: None) -> None:
    ask = asked(world)
    number = ask.grant.number
    seen = queries.ledger(world.requester, number, now=TURN)
    assert [part for part, _rows in seen.parts] == list(LedgerPart)
    assert (seen.may_write, seen.may_inspect) == (True, False)
    assert seen.asks[0].clock is not None
    provider = queries.ledger(world.steward, number, now=TURN)
    assert (provider.may_write, provider.may_inspect) == (False, True)
    assert [grant.number for grant in queries.ledgers(world.requester, is_asked=True)] == [number]
    assert queries.entries(world.authority, number).count() == 2
    assert queries.ask(world.requester, number, "2026Q4") == ask
    entry = LedgerEntry.objects.first()
    assert entry is not None
    assert queries.entry(world.requester, number, entry.id) == entry
    for call in (
        lambda: queries.ledger(world.stranger, number, now=TURN),
        lambda: queries.ask(world.stranger, number, "2026Q4"),
        lambda: queries.ask(world.requester, number, "2027Q1"),
        lambda: queries.entry(world.stranger, number, entry.id),
        lambda: queries.entry(world.requester, number, "x"),
    ):
        with pytest.raises(NotFoundError):
            call()


def test_the_inbox_asks_for_the_quarter(world: World, year: None) -> None:
    ask = asked(world)
    waits = [task for task in inbox(world.requester, TURN) if task.kind == TaskKind.LEDGER_FILL]
    assert [(task.link, task.note) for task in waits] == [(f"/ledger/{ask.grant.number}/fill/2026Q4", "2026Q4")]


def test_the_registry_refuses_jumps_and_halves(world: World, year: None) -> None:
    ask = asked(world)
    with pytest.raises(IntegrityError, match="ledger_fill_paired"), transaction.atomic():
        LedgerAsk.objects.filter(id=ask.id).update(state="filled")
    done = actions.fill(ask=ask, effect="x", storage="y", by=world.requester, now=TURN)
    with pytest.raises(IntegrityError, match="has no step"), transaction.atomic():
        LedgerAsk.objects.filter(id=done.id).update(state="asked", filled_by=None, filled_at=None)
    with pytest.raises(IntegrityError, match="ledger_asked_once"), transaction.atomic():
        LedgerAsk.objects.create(grant=ask.grant, quarter="2026Q4", state="asked", asked_at=NOW)
    with pytest.raises(IntegrityError, match="ledger_says_what"), transaction.atomic():
        LedgerEntry.objects.create(
            grant=ask.grant, part="effect", office=world.education, by_id=world.requester.user_id, at=NOW,
            keep_until=date(2029, 1, 1),
        )  # fmt: skip


def test_a_ledger_of_many_grants_is_read_in_few_queries(world: World, django_assert_max_num_queries: Any) -> None:
    sharing_steps.sharing(world)
    with django_assert_max_num_queries(4):
        assert len(list(queries.ledgers(world.requester))) == Grant.objects.count()
    assert connection.vendor == "postgresql"
