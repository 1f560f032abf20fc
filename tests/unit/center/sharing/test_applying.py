from __future__ import annotations

from datetime import date

import pytest

from jutong.center.audit.models import AuditEvent
from jutong.center.catalog.enums import Grade
from jutong.center.catalog.models import Item
from jutong.center.clocks.models import StatutoryClock
from jutong.center.org.models import InformationSystem
from jutong.center.process.errors import StepNotAllowedError, WrongSideError
from jutong.center.sharing import actions
from jutong.center.sharing.actions import Ask, Need
from jutong.center.sharing.errors import (
    EntryMovedError,
    EntryUnpublishedError,
    NotShareableError,
    OwnDataError,
    SamePersonError,
)
from jutong.center.sharing.models import Application, Consent, Notice
from jutong.kernel.calendar import CalendarYearMissingError
from jutong.kernel.errors import ForbiddenError, InvalidInputError, NotFoundError
from tests.sharing_steps import awaiting, drafted, fresh, need, submitted
from tests.sharing_world import NOW, World, at, publish, publish_version


def fields(error: pytest.ExceptionInfo[InvalidInputError]) -> list[str]:
    return [row["field"] for row in error.value.fields["problems"]]


def test_a_draft_takes_the_next_number_of_its_day(world: World) -> None:
    assert [drafted(world).number for _ in range(2)] == ["SQ20261109-0001", "SQ20261109-0002"]
    assert drafted(world, at(1)).number == "SQ20261110-0001"


def test_a_draft_keeps_what_was_written_and_stands_on_the_published_version(world: World) -> None:
    application = drafted(world, division_filter="629900")
    assert application.state == "draft"
    assert application.version == world.entry.published
    assert (application.provider, application.requester) == (world.civil, world.education)
    assert [row.asked for row in application.items.all()] == ["verify", "plain", "plain"]
    event = AuditEvent.objects.get(event="sharing:application:draft")
    assert (event.actor_username, event.subject_id) == ("requester", str(application.id))


def test_an_empty_draft_may_wait(world: World) -> None:
    application = actions.draft(entry=world.entry, by=world.requester, now=NOW)
    assert application.title == "婚姻登记信息"
    with pytest.raises(InvalidInputError) as error:
        actions.request_consent(application=application, by=world.requester, now=NOW)
    assert fields(error) == [
        "basis", "scenario", "scope", "share_way", "valid_until", "system", "is_true", "is_lawful", "is_necessary",
        "items",
    ]  # fmt: skip
    assert fresh(application).state == "draft"


def test_an_unpublished_entry_cannot_be_applied_for(world: World) -> None:
    world.entry.published = None
    world.entry.save()
    with pytest.raises(EntryUnpublishedError):
        drafted(world)
    assert Application.objects.count() == 0


def test_what_the_law_forbids_points_at_its_basis(world: World) -> None:
    world.entry, world.items = publish(world.civil, name="收养登记信息", code="306001/2", attribute="none")
    with pytest.raises(NotShareableError) as error:
        drafted(world)
    assert "婚姻登记条例" in error.value.explain()
    assert "核验" in error.value.advise()
    assert "争议" in error.value.advise()


def test_own_data_needs_no_application(world: World) -> None:
    with pytest.raises(OwnDataError):
        actions.draft(entry=world.entry, by=world.steward, now=NOW)


@pytest.mark.parametrize("who", ["requester_head", "authority", "auditor", "system_admin", "leader"])
def test_only_those_who_work_draft(world: World, who: str) -> None:
    with pytest.raises(ForbiddenError):
        actions.draft(entry=world.entry, by=getattr(world, who), now=NOW)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"title": "长" * 129}, "title"),
        ({"basis": "长" * 501}, "basis"),
        ({"share_way": "pigeon"}, "share_way"),
        ({"daily_quota": 0}, "daily_quota"),
        ({"daily_quota": 10_000_001}, "daily_quota"),
        ({"division_filter": "62'; --"}, "division_filter"),
    ],
)
def test_a_value_that_cannot_be_right_is_refused_with_what_is_allowed(world: World, changes, field: str) -> None:
    with pytest.raises(InvalidInputError) as error:
        drafted(world, **changes)
    assert fields(error) == [field]
    assert all(row["message"] for row in error.value.fields["problems"])
    assert Application.objects.count() == 0


def test_another_departments_system_cannot_be_named(world: World) -> None:
    other = InformationSystem.objects.create(organisation=world.other, name="公交系统", created_at=NOW)
    with pytest.raises(InvalidInputError) as error:
        drafted(world, system_id=other.id)
    assert fields(error) == ["system"]


@pytest.mark.parametrize(
    ("name", "mode", "reason", "refused"),
    [
        ("住址", "plain", "", True),
        ("住址", "masked", "必须", True),
        ("住址", "verify", "", False),
        ("行政区划", "plain", "", True),
        ("行政区划", "masked", "", False),
        ("姓名", "blank", "", True),
        ("姓名", "plain", "长" * 201, True),
    ],
)
def test_an_item_goes_no_wider_than_catalogue_and_grade(world: World, name, mode, reason, refused) -> None:
    items = (Ask(world.items[name].id, mode, reason),)
    if not refused:
        assert drafted(world, items=items).items.count() == 1
        return
    with pytest.raises(InvalidInputError) as error:
        drafted(world, items=items)
    assert fields(error) == [name]


def test_important_data_is_verified_only(world: World) -> None:
    Item.objects.filter(id=world.items["姓名"].id).update(grade=Grade.IMPORTANT)
    with pytest.raises(InvalidInputError):
        drafted(world)


def test_an_item_of_another_entry_or_twice_is_refused(world: World) -> None:
    _, items = publish(world.other, name="公交卡信息", code="306001/3")
    ask = Ask(world.items["姓名"].id, "plain")
    for wrong in ((Ask(items["姓名"].id, "plain"),), (ask, ask)):
        with pytest.raises(InvalidInputError) as error:
            drafted(world, items=wrong)
        assert fields(error) == ["items"]


def test_a_sensitive_item_shown_needs_a_reason(world: World) -> None:
    bare = (Ask(world.items["公民身份号码"].id, "masked"),)
    with pytest.raises(InvalidInputError) as error:
        awaiting(world, items=bare)
    assert fields(error) == ["公民身份号码"]
    explained = (Ask(world.items["公民身份号码"].id, "masked", "核对同名"),)
    assert awaiting(world, items=explained).state == "awaiting-consent"


@pytest.mark.parametrize("until", [date(2026, 11, 9), date(2020, 1, 1), date(2029, 11, 10)])
def test_the_time_of_use_lies_ahead_and_within_three_years(world: World, until: date) -> None:
    with pytest.raises(InvalidInputError) as error:
        awaiting(world, valid_until=until)
    assert fields(error) == ["valid_until"]


def test_the_last_day_of_three_years_is_allowed(world: World) -> None:
    assert awaiting(world, valid_until=date(2029, 11, 9)).state == "awaiting-consent"


def test_a_service_needs_something_to_look_up_by(world: World) -> None:
    items = (Ask(world.items["姓名"].id, "plain"),)
    with pytest.raises(InvalidInputError) as error:
        awaiting(world, items=items)
    assert fields(error) == ["items"]
    assert awaiting(world, items=items, share_way="batch").state == "awaiting-consent"


def test_a_division_needs_an_item_that_tells_it(world: World) -> None:
    Item.objects.filter(id=world.items["行政区划"].id).update(mask="all", name="登记地")
    with pytest.raises(InvalidInputError) as error:
        awaiting(world, division_filter="629901")
    assert fields(error) == ["division_filter"]


def test_a_closed_system_keeps_a_draft_back(world: World) -> None:
    application = drafted(world)
    InformationSystem.objects.update(closed_at=NOW)
    with pytest.raises(InvalidInputError) as error:
        actions.request_consent(application=application, by=world.requester, now=NOW)
    assert fields(error) == ["system"]


def test_a_draft_is_written_anew_on_the_present_version(world: World) -> None:
    application = drafted(world)
    world.items = publish_version(world.entry, name="婚姻登记信息", attribute="conditional", number=2)
    with pytest.raises(EntryMovedError):
        actions.request_consent(application=application, by=world.requester, now=NOW)
    edited = actions.edit_draft(application=application, need=need(world, title="新"), by=world.requester, now=NOW)
    assert (edited.title, edited.version.number, edited.items.count()) == ("新", 2, 3)
    assert actions.request_consent(application=edited, by=world.requester, now=NOW).state == "awaiting-consent"


def test_what_left_the_desk_is_not_edited(world: World) -> None:
    with pytest.raises(StepNotAllowedError) as error:
        actions.edit_draft(application=awaiting(world), need=Need(), by=world.requester, now=NOW)
    assert "撤回申请" in error.value.explain()


def test_others_do_not_even_learn_of_a_draft(world: World) -> None:
    application = drafted(world)
    for who in (world.steward, world.stranger, world.authority):
        with pytest.raises(NotFoundError):
            actions.edit_draft(application=application, need=Need(), by=who, now=NOW)


def test_consent_submits_and_starts_ten_working_days(world: World) -> None:
    application = submitted(world)
    assert (application.state, application.submitted_at) == ("submitted", NOW)
    clock = StatutoryClock.objects.get(subject_id=str(application.id))
    assert (clock.period, clock.length, clock.due_on) == ("SLA-REP-C", 10, date(2026, 11, 23))
    assert clock.organisation == world.civil
    assert Notice.objects.filter(organisation=world.civil, role="steward").count() == 1


def test_an_unconditional_request_is_due_the_next_working_day(open_world: World) -> None:
    application = submitted(open_world)
    clock = StatutoryClock.objects.get(subject_id=str(application.id))
    assert (clock.period, clock.length, clock.due_on) == ("SLA-REP-U", 1, date(2026, 11, 10))


def test_the_head_who_drafted_does_not_consent(world: World) -> None:
    application = awaiting(world)
    Application.objects.filter(id=application.id).update(created_by_id=world.requester_head.user_id)
    for verdict in (True, False):
        with pytest.raises(SamePersonError):
            actions.consent_request(application=application, agreed=verdict, note="x", by=world.requester_head, now=NOW)
    assert Consent.objects.count() == 0


def test_nobody_else_consents(world: World) -> None:
    application = awaiting(world)
    with pytest.raises(ForbiddenError):
        actions.consent_request(application=application, agreed=True, by=world.requester, now=NOW)
    with pytest.raises(NotFoundError):
        actions.consent_request(application=application, agreed=True, by=world.provider_head, now=NOW)
    assert fresh(application).state == "awaiting-consent"


def test_a_head_hands_back_with_a_note(world: World) -> None:
    application = awaiting(world)
    with pytest.raises(InvalidInputError):
        actions.consent_request(application=application, agreed=False, note=" ", by=world.requester_head, now=NOW)
    back = actions.consent_request(
        application=application, agreed=False, note="依据写全", by=world.requester_head, now=NOW
    )
    assert (back.state, back.submitted_at) == ("draft", None)
    assert not StatutoryClock.objects.exists()
    assert Notice.objects.get(role="requester").fields["note"] == "依据写全"


def test_time_that_passed_meanwhile_keeps_the_consent_back(world: World) -> None:
    application = awaiting(world, valid_until=date(2026, 11, 12))
    with pytest.raises(InvalidInputError):
        actions.consent_request(application=application, agreed=True, by=world.requester_head, now=at(5))


def test_a_version_published_meanwhile_keeps_the_consent_back(world: World) -> None:
    application = awaiting(world)
    publish_version(world.entry, name="婚姻登记信息", attribute="conditional", number=2)
    with pytest.raises(EntryMovedError):
        actions.consent_request(application=application, agreed=True, by=world.requester_head, now=NOW)


def test_without_a_calendar_nothing_is_submitted(world: World) -> None:
    application = awaiting(world, at(50), valid_until=date(2028, 1, 1))
    with pytest.raises(CalendarYearMissingError):
        actions.consent_request(application=application, agreed=True, by=world.requester_head, now=at(50))
    assert fresh(application).state == "awaiting-consent"
    assert Consent.objects.count() == 0


@pytest.mark.parametrize("stage", [drafted, awaiting, submitted])
def test_whoever_asks_may_stop_asking(world: World, stage) -> None:
    application = actions.withdraw(application=stage(world), by=world.requester, now=at(1))
    assert (application.state, application.closed_at) == ("withdrawn", at(1))
    assert not StatutoryClock.objects.filter(state="running").exists()
    told = Notice.objects.filter(organisation=world.civil, text__contains="撤回").count()
    assert told == (1 if stage is submitted else 0)


def test_the_other_side_does_not_withdraw(world: World) -> None:
    with pytest.raises(WrongSideError) as error:
        actions.withdraw(application=submitted(world), by=world.steward, now=NOW)
    assert "申请方" in error.value.explain()


def test_the_platform_may_not_take_a_persons_step(world: World) -> None:
    from jutong.center.org.actor import platform_actor

    with pytest.raises(WrongSideError):
        actions.withdraw(application=submitted(world), by=platform_actor("test"), now=NOW)
