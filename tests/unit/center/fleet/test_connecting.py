from __future__ import annotations

import pytest

from jutong.center.audit.models import AuditEvent
from jutong.center.fleet import connecting
from jutong.center.fleet.errors import NodeWithoutGatewayError, SourceNameError, SourceNameTakenError
from jutong.center.fleet.models import Source
from jutong.contracts.envelope import unseal
from jutong.contracts.orders import ConnectTicketOrder, PasswordTicketOrder
from jutong.kernel.errors import ForbiddenError, NotFoundError
from tests.sharing_world import NOW, World


def connect(world: World, **changes: str) -> connecting.ConnectTicket:
    given = {"node_name": world.node.name, "name": "new-one", **changes}
    return connecting.connect_source(**given, by=world.steward, now=NOW)


def test_a_steward_gets_the_right_to_connect_for_the_own_department(world: World) -> None:
    world.node.gateway_url = ""
    world.node.save()
    with pytest.raises(NodeWithoutGatewayError):
        connect(world)
    world.node.gateway_url = "http://gateway.test"
    world.node.save()
    for name in ("", "New", "1a", "a b", "a" * 64, "../x", "数据"):
        with pytest.raises(SourceNameError):
            connect(world, name=name)
    taken = Source.objects.create(
        node=world.node, name="taken", dialect="sqlite", organisation=world.entry.organisation, seen_at=NOW,
        is_ok=True,
    )  # fmt: skip
    with pytest.raises(SourceNameTakenError):
        connect(world, name=taken.name)
    Source.objects.filter(name=taken.name).update(is_ok=False)
    again = connect(world, name=taken.name)  # one's own that is gone may be connected again
    assert unseal(again.ticket, ConnectTicketOrder).source == taken.name
    Source.objects.filter(name=taken.name).update(organisation=world.other)
    with pytest.raises(SourceNameTakenError):
        connect(world, name=taken.name)
    with pytest.raises(NotFoundError):
        connect(world, node_name="nowhere")
    with pytest.raises(ForbiddenError):
        connecting.connect_source(node_name=world.node.name, name="x", by=world.system_admin, now=NOW)
    found = connect(world)
    body = unseal(found.ticket, ConnectTicketOrder)
    assert (body.source, body.organisation_code) == ("new-one", world.entry.organisation.code)
    assert (body.official, found.ticket.audience) == (world.steward.username, world.node.name)
    assert AuditEvent.objects.filter(event="fleet:source:connect").count() == 2


def test_a_steward_gets_the_right_to_change_the_password_of_an_own_database(world: World) -> None:
    world.node.gateway_url = "http://gateway.test"
    world.node.save()
    name = world.source.name
    found = connecting.change_password(source_name=name, by=world.steward, now=NOW)
    body = unseal(found.ticket, PasswordTicketOrder)
    assert (body.source, body.organisation_code, body.official) == (
        name, world.entry.organisation.code, world.steward.username,
    )  # fmt: skip
    assert (found.ticket.kind, found.ticket.audience) == ("password-ticket", world.node.name)
    assert AuditEvent.objects.filter(event="fleet:source:password", subject_label=name).count() == 1
    with pytest.raises(ForbiddenError):
        connecting.change_password(source_name=name, by=world.system_admin, now=NOW)
    for changes in ({"dialect": "files"}, {"dialect": "postgresql", "organisation": world.other}):
        Source.objects.filter(name=name).update(**changes)
        with pytest.raises(NotFoundError):
            connecting.change_password(source_name=name, by=world.steward, now=NOW)
