from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from jutong.center.process.errors import StepNotAllowedError
from jutong.center.sharing import actions
from jutong.center.sharing.errors import GrantExpiredError, GrantNotUsableError, RemindedError, SystemWithoutKeyError
from jutong.center.sharing.models import Notice
from jutong.contracts.orders import TicketOrder
from jutong.kernel.errors import ForbiddenError, InvalidInputError, NotFoundError
from tests.sharing_steps import awaiting, prepared, sharing, submitted, suspended
from tests.sharing_world import World, at


def test_both_sides_write_each_other(world: World) -> None:
    application = submitted(world)
    asked = actions.message(application=application, text=" 收入一项是否必须？ ", by=world.steward, now=at(1))
    assert (asked.text, asked.organisation) == ("收入一项是否必须？", world.civil)
    actions.message(application=application, text="只要核验", by=world.requester, now=at(2))
    told = list(
        Notice.objects.filter(text__contains="留言").order_by("at").values_list("organisation__short_name", "role")
    )
    assert told == [("市教育局", "requester"), ("市民政局", "steward")]


@pytest.mark.parametrize("text", ["", " ", "长" * 1001])
def test_a_message_says_something(world: World, text: str) -> None:
    with pytest.raises(InvalidInputError):
        actions.message(application=submitted(world), text=text, by=world.steward, now=at(1))


def test_a_message_is_for_the_parties(world: World) -> None:
    application = submitted(world)
    with pytest.raises(NotFoundError):
        actions.message(application=application, text="x", by=world.stranger, now=at(1))
    with pytest.raises(ForbiddenError):
        actions.message(application=application, text="x", by=world.department_head, now=at(1))
    with pytest.raises(StepNotAllowedError):
        actions.message(application=awaiting(world), text="x", by=world.requester, now=at(1))


def test_a_reminder_goes_to_who_must_act_once_a_day(world: World) -> None:
    application = actions.remind(application=submitted(world), by=world.requester, now=at(1))
    with pytest.raises(RemindedError):
        actions.remind(application=application, by=world.requester_head, now=at(1.1))
    actions.remind(application=application, by=world.requester, now=at(2))
    actions.remind(application=prepared(world), by=world.requester, now=at(3))
    told = Notice.objects.filter(text__contains="催办").order_by("at").values_list("role", flat=True)
    assert list(told) == ["steward", "steward", "office-head"]


def test_a_day_of_reminders_is_beijings(world: World) -> None:
    evening = datetime(2026, 11, 10, 15, 59, tzinfo=UTC)
    application = actions.remind(application=submitted(world), by=world.requester, now=evening)
    midnight = datetime(2026, 11, 10, 16, 0, tzinfo=UTC)
    assert actions.remind(application=application, by=world.requester, now=midnight).reminded_at == midnight


def test_a_ticket_lets_one_person_try_an_active_grant(world: World) -> None:
    grant = sharing(world)
    ticket = actions.try_grant(grant=grant, by=world.requester, now=at(1))
    assert ticket.gateway_url == "http://127.0.0.1:8301"
    order = TicketOrder.model_validate(ticket.ticket.body)
    assert (order.grant_id, order.official, order.system_id) == (str(grant.id), "requester", str(world.system.id))
    assert order.valid_until_ms == int(at(1).timestamp() * 1000) + 300_000
    assert (ticket.ticket.kind, ticket.ticket.audience) == ("ticket", "node-1")


def test_what_is_not_in_use_cannot_be_tried(world: World) -> None:
    grant = suspended(world)
    with pytest.raises(GrantNotUsableError) as error:
        actions.try_grant(grant=grant, by=world.requester, now=at(1))
    assert "已暂停" in error.value.explain()


def test_an_expired_grant_cannot_be_tried_even_before_the_scan(world: World) -> None:
    grant = sharing(world)
    with pytest.raises(GrantExpiredError) as error:
        actions.try_grant(grant=grant, by=world.requester, now=datetime(2027, 9, 1, tzinfo=UTC))
    assert str(date(2027, 8, 31)) in error.value.explain()


def test_only_the_requester_tries(world: World) -> None:
    grant = sharing(world)
    for who, kind in ((world.stranger, NotFoundError), (world.requester_head, ForbiddenError)):
        with pytest.raises(kind):
            actions.try_grant(grant=grant, by=who, now=at(1))


def test_a_system_without_a_key_is_told_so_before_it_tries(world: World) -> None:
    grant = sharing(world)
    world.system_key.revoked_at = at(1)
    world.system_key.save()
    with pytest.raises(SystemWithoutKeyError) as error:
        actions.try_grant(grant=grant, by=world.requester, now=at(1))
    assert "入学服务系统" in error.value.explain()
