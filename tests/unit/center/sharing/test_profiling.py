from __future__ import annotations

import pytest

from jutong.center.sharing.actions import profiling
from jutong.center.sharing.enums import UseWay
from jutong.center.sharing.errors import GrantNotUsableError, ShareWayMissingError, SystemWithoutKeyError
from jutong.center.sharing.models import Application, Grant
from jutong.contracts.shares import ShareTicketOrder
from jutong.kernel.errors import ForbiddenError, NotFoundError
from tests.sharing_steps import fresh, sharing, suspended
from tests.sharing_world import World, at


def whole(grant: Grant) -> Grant:
    Application.objects.filter(id=grant.application_id).update(share_way=UseWay.FILE)
    changed: Grant = fresh(grant)
    return changed


def test_a_ticket_opens_the_profiles_of_the_grants_system(world: World) -> None:
    grant = whole(sharing(world))
    given = profiling.open_profiles(grant=grant, by=world.requester, now=at(1))
    order = ShareTicketOrder.model_validate(given.ticket.body)
    assert (order.system_id, order.grant_number, order.official) == (str(world.system.id), grant.number, "requester")
    assert order.organisation_code == grant.requester.code
    assert order.valid_until_ms == int(at(1).timestamp() * 1000) + 300_000
    assert (given.ticket.kind, given.ticket.audience, given.gateway_url) == (
        "share-ticket", world.node.name, world.node.gateway_url,
    )  # fmt: skip


def test_single_rows_open_no_whole_table(world: World) -> None:
    grant = sharing(world)
    assert not profiling.may_share(grant)
    with pytest.raises(ShareWayMissingError, match="服务接口"):
        profiling.open_profiles(grant=grant, by=world.requester, now=at(1))


def test_only_the_requester_of_a_grant_in_use_may(world: World) -> None:
    grant = whole(sharing(world))
    for who, kind in ((world.stranger, NotFoundError), (world.requester_head, ForbiddenError)):
        with pytest.raises(kind):
            profiling.open_profiles(grant=grant, by=who, now=at(1))
    world.system_key.revoked_at = at(1)
    world.system_key.save()
    with pytest.raises(SystemWithoutKeyError):
        profiling.open_profiles(grant=grant, by=world.requester, now=at(1))


def test_a_suspended_grant_opens_nothing(world: World) -> None:
    with pytest.raises(GrantNotUsableError):
        profiling.open_profiles(grant=whole(suspended(world)), by=world.requester, now=at(1))
