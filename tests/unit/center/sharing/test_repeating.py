"""套用, renewal, batches, and what follows from how grants are used."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from jutong.center.process.moments import Moment, tell
from jutong.center.sharing import actions, queries
from jutong.center.sharing.actions import many
from jutong.center.sharing.actions.repeating import need_like
from jutong.center.sharing.conditions import RowCondition
from jutong.center.sharing.enums import ApplicationState
from jutong.center.sharing.errors import GrantOverlapError, IdleNotAskedError, NotRenewableError, RenewalOpenError
from jutong.center.sharing.models import Application, Grant, GrantAlert, GrantUse, IdleInquiry, Notice
from jutong.center.sharing.queries import waiting
from jutong.contracts.receipts import AccessSummary
from jutong.kernel.clock import BEIJING
from jutong.kernel.errors import InvalidInputError, NotFoundError
from tests import sharing_steps as steps
from tests.sharing_steps import fresh
from tests.sharing_world import NOW, World, at, new_id, publish, publish_version

LATER = date(2028, 8, 31)


def calls(grant: Grant, count: int, now: datetime = NOW, outcome: str = "ok") -> None:
    made = tuple(
        AccessSummary(
            record_id=str(new_id()), time_ms=int(now.timestamp() * 1000), grant_id=str(grant.id), kind="query",
            system_id="s", official="吴思源", purpose="核验", case_number="1", outcome=outcome, rows=1, fields=(),
            leaf_index=0,
        )
        for _ in range(count)
    )  # fmt: skip
    tell(Moment.CALLS_RECORDED, made, by=None, now=now, node="node-1")  # type: ignore[arg-type]  # nobody looks


# -- repeating ---------------------------------------------------------------------------------------------------


def test_an_application_like_an_earlier_one(world: World) -> None:
    married = RowCondition(world.items["婚姻状况"].id, "eq", ("已婚",))
    pattern = steps.submitted(world, conditions=(married,), per_minute=9, frequency="daily")
    made = actions.copy_application(pattern=pattern, by=world.requester, now=at(1))
    assert made.number != pattern.number
    assert (made.state, made.title, made.basis, made.per_minute) == ("draft", "入学资格核验", pattern.basis, 9)
    assert {row.item.name: row.asked for row in made.items.all()} == {
        "公民身份号码": "verify", "姓名": "plain", "婚姻状况": "plain",
    }  # fmt: skip
    assert [row.values for row in made.conditions.all()] == [["已婚"]]
    assert (made.valid_until, made.is_true, made.is_lawful, made.is_necessary) == (None, False, False, False)


def test_on_another_entry_items_are_found_by_name_and_asked_for_no_wider_than_they_may_be(world: World) -> None:
    entry, items = publish(world.civil, name="收养登记信息", code="306001/2")
    items["姓名"].widest_mode = "masked"
    items["姓名"].save()
    items["婚姻状况"].delete()
    pattern = steps.submitted(world, conditions=(RowCondition(world.items["婚姻状况"].id, "eq", ("已婚",)),))
    made = actions.copy_application(pattern=pattern, entry=entry, by=world.requester, now=at(1))
    assert {row.item.name: row.asked for row in made.items.all()} == {"公民身份号码": "verify", "姓名": "masked"}
    assert not made.conditions.exists()
    assert made.title == "收养登记信息"


def test_a_pattern_is_the_own_departments(world: World) -> None:
    pattern = steps.submitted(world)
    with pytest.raises(NotFoundError):
        actions.copy_application(pattern=pattern, by=world.steward, now=NOW)


def test_a_pattern_follows_the_entrys_new_version(world: World) -> None:
    pattern = steps.submitted(world)
    publish_version(world.entry, name="婚姻登记信息", attribute="conditional", number=2)
    assert world.entry.published is not None
    need = need_like(pattern, world.entry.published)
    assert len(need.items) == 3
    assert not {ask.item_id for ask in need.items} & {item.id for item in world.items.values()}


def renewed(world: World, grant: Grant, now: datetime, until: date = LATER) -> Grant:
    """The grant of a renewal walked to its end."""
    made = actions.renew_grant(grant=grant, by=world.requester, now=now)
    need = replace(steps.need(world), valid_until=until)
    actions.edit_draft(application=made, need=need, by=world.requester, now=now)
    actions.request_consent(application=made, by=world.requester, now=now)
    actions.consent_request(application=made, agreed=True, by=world.requester_head, now=now)
    actions.prepare_reply(application=made, agreed=True, by=world.steward, now=now)
    actions.consent_reply(application=made, agreed=True, by=world.provider_head, now=now)
    grant = Grant.objects.get(application=made)
    steps.sign(world, grant, now)
    return Grant.objects.get(id=grant.id)


def test_a_renewal_begins_where_the_old_grant_ends(world: World) -> None:
    old = steps.sharing(world)
    new = renewed(world, old, at(1))
    assert new.valid_from == old.valid_until
    assert fresh(old).state == "active"
    assert steps.orders("grant")[-1]["valid_from_ms"] == int(old.valid_until.timestamp() * 1000)
    steps.answer(world, new, "ready", at(2))
    assert actions.expire_grants(now=old.valid_until - timedelta(microseconds=1)) == 0
    assert actions.expire_grants(now=old.valid_until) == 1
    assert (fresh(old).state, fresh(new).state) == ("expired", "active")


def test_a_renewal_ends_after_the_old_grant(world: World) -> None:
    old = steps.sharing(world)
    with pytest.raises(InvalidInputError) as caught:
        renewed(world, old, at(1), until=steps.UNTIL)
    assert "续期要晚于" in caught.value.fields["problems"][0]["message"]


def test_one_renewal_at_a_time(world: World) -> None:
    old = steps.sharing(world)
    first = actions.renew_grant(grant=old, by=world.requester, now=NOW)
    with pytest.raises(RenewalOpenError):
        actions.renew_grant(grant=old, by=world.requester, now=NOW)
    twin = steps.drafted(world)
    with pytest.raises(DatabaseError), transaction.atomic():
        Application.objects.filter(id=twin.id).update(renews=old)
    actions.withdraw(application=first, by=world.requester, now=NOW)
    actions.renew_grant(grant=old, by=world.requester, now=NOW)


def test_only_the_holder_renews_and_only_what_runs(world: World) -> None:
    old = steps.sharing(world)
    with pytest.raises(NotFoundError):
        actions.renew_grant(grant=old, by=world.steward, now=NOW)
    with pytest.raises(NotRenewableError):
        actions.renew_grant(grant=old, by=world.requester, now=old.valid_until)
    actions.revoke_grant(grant=old, reason="用完", by=world.requester_head, now=NOW)
    with pytest.raises(NotRenewableError):
        actions.renew_grant(grant=old, by=world.requester, now=NOW)


def test_a_second_application_that_renews_nothing_still_overlaps(world: World) -> None:
    steps.sharing(world)
    with pytest.raises(GrantOverlapError):
        steps.agreed(world, at(1), valid_until=LATER)


# -- many at once ------------------------------------------------------------------------------------------------


def only_verify(world: World, **changes: Any) -> Application:
    return steps.awaiting(world, items=(actions.Ask(world.items["公民身份号码"].id, "verify"),), **changes)


def test_many_are_decided_each_by_itself(world: World) -> None:
    plain, quick = steps.awaiting(world), only_verify(world)
    numbers = [quick.number, plain.number, "SQ20261109-9999", quick.number]
    done = many.decide_many(step="consent", numbers=numbers, by=world.requester_head, now=NOW)
    assert [(row.number, bool(row.problem)) for row in done] == [
        (quick.number, False), (plain.number, True), ("SQ20261109-9999", True),
    ]  # fmt: skip
    assert "不是仅核验" in done[1].problem
    assert (fresh(quick).state, fresh(plain).state) == ("submitted", "awaiting-consent")
    (ready,) = many.decide_many(step="prepare", numbers=[quick.number], by=world.steward, now=NOW)
    (last,) = many.decide_many(step="reply", numbers=[quick.number], by=world.provider_head, now=NOW)
    assert (ready.problem, last.problem) == ("", "")
    assert fresh(quick).state == ApplicationState.SUPPLYING
    (again,) = many.decide_many(step="reply", numbers=[quick.number], by=world.provider_head, now=NOW)
    assert again.problem


def test_a_refusing_reply_is_not_sent_in_a_batch(world: World) -> None:
    quick = only_verify(world)
    actions.consent_request(application=quick, agreed=True, by=world.requester_head, now=NOW)
    actions.prepare_reply(
        application=quick, agreed=False, refusal="purpose", text="用途不符", by=world.steward, now=NOW
    )
    (row,) = many.decide_many(step="reply", numbers=[quick.number], by=world.provider_head, now=NOW)
    assert row.problem
    assert fresh(quick).state == ApplicationState.REPLY_PREPARED


# -- use ---------------------------------------------------------------------------------------------------------


def test_calls_are_counted_by_beijing_day(world: World) -> None:
    grant = steps.sharing(world)
    calls(grant, 2, datetime(2026, 11, 10, 15, 59, tzinfo=NOW.tzinfo))
    calls(grant, 3, datetime(2026, 11, 10, 16, 0, tzinfo=NOW.tzinfo), outcome="gateway.quota.used-up")
    calls(grant, 1, datetime(2026, 11, 10, 16, 1, tzinfo=NOW.tzinfo))
    rows = [(str(row.day), row.calls, row.refused) for row in GrantUse.objects.order_by("day")]
    assert rows == [("2026-11-10", 2, 0), ("2026-11-11", 4, 3)]
    console = queries.console(queries.grant(world.requester, grant.number), at(2))
    assert (console.calls, console.refused, console.today.calls, len(console.days)) == (6, 3, 4, 30)
    assert (console.ways, console.batch_keys) == (("query", "verify", "batch"), 1000)


@pytest.mark.parametrize(("count", "told"), [(399, 0), (400, 1)])
def test_the_holder_hears_at_four_fifths_of_the_quota_once_a_day(world: World, count: int, told: int) -> None:
    grant = steps.sharing(world)
    calls(grant, count)
    calls(grant, 200, outcome="gateway.quota.used-up")
    assert actions.alert_holders(now=NOW) == told
    assert actions.alert_holders(now=NOW) == 0
    assert Notice.objects.filter(organisation=world.education, text__contains="今天已用去").count() == told


def test_the_end_is_told_a_month_and_a_week_before_to_the_second(world: World) -> None:
    grant = steps.sharing(world)
    end = grant.valid_until
    assert end == datetime(2027, 9, 1, tzinfo=BEIJING)
    for ahead, told in (
        (timedelta(days=30, seconds=1), 0), (timedelta(days=30), 1), (timedelta(days=7, seconds=1), 0),
        (timedelta(days=7), 1), (timedelta(seconds=1), 0), (timedelta(0), 0),
    ):  # fmt: skip
        assert actions.alert_holders(now=end - ahead) == told, ahead
    assert [row.kind for row in GrantAlert.objects.order_by("at")] == ["expiry-month", "expiry-week"]


def test_who_hears_late_hears_once(world: World) -> None:
    grant = steps.sharing(world)
    assert actions.alert_holders(now=grant.valid_until - timedelta(days=3)) == 1


def test_what_ends_soon_waits_for_renewal(world: World) -> None:
    grant = steps.sharing(world)
    assert waiting.renewals(world.requester, at(1)) == []
    soon = grant.valid_until - timedelta(days=10)
    assert [task.number for task in waiting.renewals(world.requester, soon)] == [grant.number]
    actions.renew_grant(grant=grant, by=world.requester, now=soon)
    assert waiting.renewals(world.requester, soon) == []


def test_an_unused_grant_is_asked_about_and_answered(world: World) -> None:
    grant = steps.sharing(world)
    assert actions.ask_idle(now=at(30) - timedelta(seconds=1)) == 0
    assert actions.ask_idle(now=at(30)) == 1
    assert actions.ask_idle(now=at(31)) == 0
    assert [task.link for task in waiting.idle(world.requester, at(31))] == [f"/grants/{grant.number}"]
    (row,) = queries.idle_grants(world.steward, at(31)).rows
    assert (row.grant.number, row.calls, row.inquiry is not None) == (grant.number, 0, True)
    with pytest.raises(NotFoundError):
        actions.answer_idle(grant=grant, answer="keep", text="还要", by=world.steward, now=at(32))
    for answer, text in (("perhaps", "还要"), ("keep", " ")):
        with pytest.raises(InvalidInputError):
            actions.answer_idle(grant=grant, answer=answer, text=text, by=world.requester, now=at(32))
    done = actions.answer_idle(grant=grant, answer="keep", text="九月招生用", by=world.requester, now=at(32))
    assert (done.answer, done.answered_at) == ("keep", at(32))
    assert waiting.idle(world.requester, at(33)) == []
    assert actions.ask_idle(now=at(61)) == 0
    assert actions.ask_idle(now=at(63)) == 1
    actions.answer_idle(grant=grant, answer="give-up", text="已并入新系统", by=world.requester, now=at(64))
    with pytest.raises(IdleNotAskedError):
        actions.answer_idle(grant=grant, answer="keep", text="还要", by=world.requester, now=at(64))
    assert Notice.objects.filter(role="office-head", text__contains="不再需要").count() == 1


def test_a_call_is_use(world: World) -> None:
    grant = steps.sharing(world)
    calls(grant, 1, at(5))
    assert actions.ask_idle(now=at(34)) == 0
    assert actions.ask_idle(now=at(35)) == 1
    assert IdleInquiry.objects.get().idle_since == at(5)


def test_a_renewal_that_has_not_begun_is_not_idle(world: World) -> None:
    old = steps.sharing(world)
    new = renewed(world, old, at(1))
    steps.answer(world, new, "ready", at(1))
    actions.ask_idle(now=at(40))
    assert [row.grant_id for row in IdleInquiry.objects.all()] == [old.id]


def test_the_database_asks_once_and_keeps_answers_whole(world: World) -> None:
    grant = steps.sharing(world)
    row = IdleInquiry.objects.create(grant=grant, idle_since=NOW, asked_at=NOW)
    with pytest.raises(DatabaseError), transaction.atomic():
        IdleInquiry.objects.create(grant=grant, idle_since=NOW, asked_at=NOW)
    with pytest.raises(DatabaseError), transaction.atomic():
        IdleInquiry.objects.filter(id=row.id).update(answered_at=NOW)
