from __future__ import annotations

from datetime import date

import pytest

from jutong.center.clocks.errors import ClockRanOutError
from jutong.center.clocks.models import StatutoryClock
from jutong.center.process.errors import StepNotAllowedError, WrongSideError
from jutong.center.sharing import actions
from jutong.center.sharing.actions import REFUSE, Answer
from jutong.center.sharing.errors import (
    ConsentMissingError,
    ExtensionTooLongError,
    ExtensionTwiceError,
    GrantOverlapError,
    NoExtensionError,
    SamePersonError,
    SupplementTwiceError,
    UnconditionalRefusedError,
)
from jutong.center.sharing.models import Application, Consent, Extension, Grant, Notice, Reply
from jutong.kernel.calendar import CalendarYearMissingError
from jutong.kernel.errors import ForbiddenError, InvalidInputError, NotFoundError
from tests.sharing_steps import agreed, awaiting, fresh, need, orders, prepared, sign, submitted
from tests.sharing_world import NOW, World, at


def clock(application: Application, period: str = "SLA-REP-C") -> StatutoryClock:
    return StatutoryClock.objects.get(subject_id=str(application.id), period=period)


def fields(error: pytest.ExceptionInfo[InvalidInputError]) -> list[str]:
    return [row["field"] for row in error.value.fields["problems"]]


def ask(world: World, application: Application, *missing: str, days: float = 1) -> Application:
    return actions.ask_supplement(application=application, missing=missing, by=world.steward, now=at(days))


def test_a_supplement_stops_the_clock_and_the_answer_lets_it_go_on(world: World) -> None:
    application = ask(world, submitted(world), "授权书", " ", "办事依据原文", days=2)
    assert application.state == "supplementing"
    assert application.supplement.missing == ["授权书", "办事依据原文"]
    assert clock(application).state == "paused"
    answered = actions.answer_supplement(application=application, text="已附", by=world.requester, now=at(7))
    assert answered.state == "submitted"
    running = clock(application)
    assert (running.state, running.due_on) == ("running", date(2026, 11, 27))
    assert fresh(application.supplement).answered_text == "已附"


def test_a_second_supplement_notice_is_refused(world: World) -> None:
    application = ask(world, submitted(world), "授权书")
    application = actions.answer_supplement(application=application, text="已附", by=world.requester, now=at(2))
    with pytest.raises(SupplementTwiceError) as error:
        ask(world, application, "还有", days=3)
    assert "2026-11-10" in error.value.explain()
    assert clock(application).state == "running"


@pytest.mark.parametrize("missing", [[], [" "], ["x"] * 21])
def test_a_supplement_names_what_is_missing(world: World, missing: list[str]) -> None:
    with pytest.raises(InvalidInputError):
        ask(world, submitted(world), *missing)


def test_an_overdue_reply_cannot_be_put_off_by_a_supplement(world: World) -> None:
    application = submitted(world)
    with pytest.raises(ClockRanOutError):
        ask(world, application, "授权书", days=20)
    assert fresh(application).state == "submitted"


def test_an_answer_may_change_the_application(world: World) -> None:
    application = ask(world, submitted(world), "范围写清")
    changed = need(world, scope="2027年一年级报名家庭")
    answered = actions.answer_supplement(
        application=application, text="已改", need=changed, by=world.requester, now=at(2)
    )
    assert answered.scope == "2027年一年级报名家庭"
    assert answered.items.count() == 3


def test_a_changed_application_must_be_complete(world: World) -> None:
    application = ask(world, submitted(world), "范围写清")
    with pytest.raises(InvalidInputError) as error:
        actions.answer_supplement(
            application=application, text="改", need=need(world, scope=""), by=world.requester, now=at(2)
        )
    assert fields(error) == ["scope"]
    assert fresh(application).scope != ""
    with pytest.raises(InvalidInputError):
        actions.answer_supplement(application=application, text=" ", by=world.requester, now=at(2))


def test_more_time_needs_the_authority_and_the_requester_is_told(world: World) -> None:
    application = submitted(world)
    actions.ask_extension(application=application, days=10, reason="需核对历史档案", by=world.steward, now=at(1))
    assert clock(application).extension == 0
    assert Notice.objects.filter(organisation=world.bigdata, role="authority").count() == 1
    actions.decide_extension(application=application, consented=True, by=world.authority, now=at(2))
    extended = clock(application)
    assert (extended.extension, extended.due_on) == (10, date(2026, 12, 7))
    told = Notice.objects.get(organisation=world.education, role="requester")
    assert told.fields["days"] == "10"
    decided = Extension.objects.get()
    assert (decided.consented, decided.consented_by_id) == (True, world.authority.user_id)


def test_the_authority_may_say_no(world: World) -> None:
    application = submitted(world)
    actions.ask_extension(application=application, days=3, reason="人手不足", by=world.steward, now=at(1))
    actions.decide_extension(application=application, consented=False, by=world.authority, now=at(2))
    assert clock(application).extension == 0
    assert not Notice.objects.filter(organisation=world.education).filter(text__contains="延长").exists()
    with pytest.raises(NoExtensionError):
        actions.decide_extension(application=application, consented=True, by=world.authority, now=at(2))


@pytest.mark.parametrize("days", [0, -1, 11])
def test_more_than_ten_days_is_too_much(world: World, days: int) -> None:
    with pytest.raises(ExtensionTooLongError):
        actions.ask_extension(application=submitted(world), days=days, reason="x", by=world.steward, now=NOW)


def test_more_time_is_asked_for_once(world: World) -> None:
    application = submitted(world)
    actions.ask_extension(application=application, days=3, reason="x", by=world.steward, now=NOW)
    with pytest.raises(ExtensionTwiceError):
        actions.ask_extension(application=application, days=3, reason="x", by=world.steward, now=NOW)


def test_only_the_authority_of_the_division_consents_to_more_time(world: World) -> None:
    application = submitted(world)
    actions.ask_extension(application=application, days=3, reason="x", by=world.steward, now=NOW)
    with pytest.raises(NotFoundError):
        actions.decide_extension(application=application, consented=True, by=world.stranger, now=NOW)
    with pytest.raises(WrongSideError):
        actions.decide_extension(application=application, consented=True, by=world.provider_head, now=NOW)
    with pytest.raises(ForbiddenError):
        actions.decide_extension(application=application, consented=True, by=world.leader, now=NOW)


def test_no_decision_without_a_request(world: World) -> None:
    with pytest.raises(NoExtensionError):
        actions.decide_extension(application=submitted(world), consented=True, by=world.authority, now=NOW)


def answers(world: World, application: Application, **given: str):
    by_name = {row.item.name: row.item_id for row in application.items.select_related("item")}
    return {by_name[name]: Answer(mode, "说明") for name, mode in given.items()}


def test_a_reply_answers_item_by_item(world: World) -> None:
    application = submitted(world)
    given = answers(world, application, 姓名="masked", 婚姻状况=REFUSE)
    actions.prepare_reply(
        application=application, agreed=True, answers=given, text="姓名脱敏即可", by=world.steward, now=at(1)
    )
    rows = {row.item.name: (row.answer, row.given) for row in application.items.select_related("item")}
    assert rows == {
        "公民身份号码": ("agreed", "verify"),
        "姓名": ("narrowed", "masked"),
        "婚姻状况": ("refused", ""),
    }
    assert fresh(application).state == "reply-prepared"


@pytest.mark.parametrize(
    ("given", "text", "expected"),
    [
        ({"姓名": "masked"}, "", ["text"]),
        ({"公民身份号码": "plain"}, "x", ["公民身份号码"]),
        ({"姓名": "wide"}, "x", ["姓名"]),
        ({"公民身份号码": REFUSE}, "x", ["answers"]),
        ({"公民身份号码": REFUSE, "姓名": REFUSE, "婚姻状况": REFUSE}, "x", ["answers"]),
        ({"姓名": "masked"}, "长" * 1001, ["text"]),
    ],
)
def test_a_reply_that_cannot_be_is_refused(world: World, given, text, expected) -> None:
    application = submitted(world)
    with pytest.raises(InvalidInputError) as error:
        actions.prepare_reply(
            application=application, agreed=True, answers=answers(world, application, **given), text=text,
            by=world.steward, now=NOW,
        )  # fmt: skip
    assert fields(error) == expected
    assert not Reply.objects.exists()


def test_an_answer_to_what_was_not_asked_is_refused(world: World) -> None:
    with pytest.raises(InvalidInputError):
        actions.prepare_reply(
            application=submitted(world), agreed=True, answers={world.items["住址"].id: Answer("verify")},
            by=world.steward, now=NOW,
        )  # fmt: skip


def test_a_refusal_gives_a_coded_reason_and_words(world: World) -> None:
    with pytest.raises(InvalidInputError) as error:
        actions.prepare_reply(application=submitted(world), agreed=False, by=world.steward, now=NOW)
    assert fields(error) == ["refusal", "text"]


def test_what_is_unconditional_is_neither_refused_nor_narrowed(open_world: World) -> None:
    application = submitted(open_world)
    for extra in (
        {"agreed": False, "refusal": "purpose"},
        {"agreed": True, "answers": answers(open_world, application, 姓名="masked")},
    ):
        with pytest.raises(UnconditionalRefusedError):
            actions.prepare_reply(application=application, text="不给", by=open_world.steward, now=NOW, **extra)
    assert fresh(application).state == "submitted"


def test_an_agreeing_reply_in_force_makes_a_grant_and_starts_twenty_days(world: World) -> None:
    world.bind()
    application = prepared(world)
    decided = actions.consent_reply(application=application, agreed=True, by=world.provider_head, now=at(1))
    assert (decided.state, decided.decided_at) == ("supplying", at(1))
    assert clock(application).state == "met"
    supply = clock(application, "SLA-SUP")
    assert (supply.length, supply.state, supply.organisation) == (20, "running", world.civil)
    grant = Grant.objects.get(application=application)
    assert (grant.number, grant.state, grant.supplied_at) == ("GQ20261110-0001", "awaiting-signing", None)
    assert grant.valid_until.isoformat() == "2027-08-31T16:00:00+00:00"
    assert orders("grant") == [], "nothing is ordered before both sides have signed"
    sign(world, grant, at(2))
    assert [order["grant_id"] for order in orders("grant")] == [str(grant.id)]
    assert fresh(grant).state == "ordered"
    assert fresh(application.reply).in_force_at == at(1)


def test_a_refusing_reply_ends_the_application(world: World) -> None:
    application = prepared(world, agreed=False)
    decided = actions.consent_reply(application=application, agreed=True, by=world.provider_head, now=at(1))
    assert (decided.state, decided.closed_at) == ("refused", at(1))
    assert clock(application).state == "met"
    assert not Grant.objects.exists()
    assert {row.answer for row in application.items.all()} == {"refused"}


def test_a_reply_is_handed_back_with_a_note_and_written_anew(world: World) -> None:
    application = prepared(world)
    with pytest.raises(InvalidInputError):
        actions.consent_reply(application=application, agreed=False, by=world.provider_head, now=NOW)
    back = actions.consent_reply(
        application=application, agreed=False, note="写明理由", by=world.provider_head, now=NOW
    )
    assert back.state == "submitted"
    assert clock(application).state == "running"
    actions.prepare_reply(
        application=back, agreed=False, refusal="basis", text="依据不成立", by=world.steward, now=at(1)
    )
    assert Reply.objects.get().refusal == "basis"


def test_the_preparer_does_not_consent(world: World) -> None:
    application = prepared(world)
    Reply.objects.update(prepared_by_id=world.provider_head.user_id)
    with pytest.raises(SamePersonError) as error:
        actions.consent_reply(application=application, agreed=True, by=world.provider_head, now=NOW)
    assert "刘文清" in error.value.explain()
    assert not Grant.objects.exists()


def test_nobody_else_puts_a_reply_in_force(world: World) -> None:
    application = prepared(world)
    with pytest.raises(ForbiddenError):
        actions.consent_reply(application=application, agreed=True, by=world.department_head, now=NOW)
    with pytest.raises(WrongSideError):
        actions.consent_reply(application=application, agreed=True, by=world.requester_head, now=NOW)
    with pytest.raises(NotFoundError):
        actions.consent_reply(application=application, agreed=True, by=world.stranger_head, now=NOW)


def test_without_the_requesters_consent_there_is_no_grant(world: World) -> None:
    application = prepared(world)
    Consent.objects.all().delete()
    with pytest.raises(ConsentMissingError):
        actions.consent_reply(application=application, agreed=True, by=world.provider_head, now=NOW)
    assert not Grant.objects.exists()


def test_a_reply_not_prepared_is_not_consented_to(world: World) -> None:
    with pytest.raises(StepNotAllowedError) as error:
        actions.consent_reply(application=submitted(world), agreed=True, by=world.provider_head, now=NOW)
    assert "拟答复" in error.value.explain()


def test_a_need_whose_time_passed_is_not_granted(world: World) -> None:
    application = prepared(world, valid_until=date(2026, 11, 12))
    with pytest.raises(InvalidInputError):
        actions.consent_reply(application=application, agreed=True, by=world.provider_head, now=at(4))
    assert fresh(application).state == "reply-prepared"
    assert clock(application).state == "running"


def test_one_system_holds_one_running_grant_per_entry(world: World) -> None:
    first = agreed(world)
    second = prepared(world, at(1))
    with pytest.raises(GrantOverlapError) as error:
        actions.consent_reply(application=second, agreed=True, by=world.provider_head, now=at(1))
    assert first.number in error.value.explain()
    assert fresh(second).state == "reply-prepared"


def test_without_a_calendar_for_the_supply_nothing_is_decided(world: World) -> None:
    application = prepared(world, at(28), valid_until=date(2028, 1, 1))
    with pytest.raises(CalendarYearMissingError):
        actions.consent_reply(application=application, agreed=True, by=world.provider_head, now=at(32))
    assert fresh(application).state == "reply-prepared"
    assert not Grant.objects.exists()


def test_the_state_machine_names_what_is_allowed_instead(world: World) -> None:
    with pytest.raises(StepNotAllowedError) as error:
        actions.ask_supplement(application=agreed(world).application, missing=["x"], by=world.steward, now=NOW)
    assert "已同意，正在开通" in error.value.explain()
    assert error.value.http_status == 409


def test_before_submission_the_provider_has_no_application_to_answer(world: World) -> None:
    with pytest.raises(NotFoundError):
        ask(world, awaiting(world), "x")
