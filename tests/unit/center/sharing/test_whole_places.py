"""Grants on what is no table: lent whole under an address, or not at all."""

from __future__ import annotations

from dataclasses import replace

import pytest

from jutong.center.catalog.enums import BindingKind
from jutong.center.catalog.models import Binding
from jutong.center.fleet.models import Source
from jutong.center.jobs.actions import order_job
from jutong.center.jobs.errors import EntryUnboundError
from jutong.center.sharing.actions import Ask, supply
from jutong.center.sharing.actions.changes import bind_entry_place
from jutong.center.sharing.models import Grant, Notice
from jutong.contracts.orders import GrantOrder, Place
from jutong.kernel.canonical import canonical_json
from tests.sharing_steps import agreed, answer, fresh, orders
from tests.sharing_world import NOW, World, at

PLACE = Place(protocol="rtsp", address="cam:554", path="live/1")


@pytest.fixture
def doors(world: World) -> Source:
    return Source.objects.create(
        node=world.node, name="civil-doors", dialect="endpoints", organisation=world.civil, is_ok=True, seen_at=NOW
    )


def put(world: World, now=NOW) -> Binding:
    return bind_entry_place(
        entry=world.entry, kind=BindingKind.VIDEO, source="civil-doors", place=PLACE, by=world.steward, now=now
    )


def plain(world: World) -> tuple[Ask, ...]:
    return (Ask(world.items["姓名"].id, "plain"), Ask(world.items["婚姻状况"].id, "plain"))


def test_the_order_lends_the_place_and_needs_no_key(world: World, doors: Source) -> None:
    put(world)
    grant = agreed(world, items=plain(world))
    order = GrantOrder.model_validate_json(canonical_json(orders("grant")[-1]))
    assert (order.kind, order.place, order.ways, order.source) == ("video", PLACE, ("address",), "civil-doors")
    assert (order.table, order.lookup, order.fields, order.conditions) == ("", (), (), ())
    assert grant.state == "ordered"
    answer(world, grant, "ready", at(1))
    assert fresh(grant).state == "active"
    assert len([body for body in orders("watch") if body["bindings"]]) == 1


@pytest.mark.parametrize("mode", ["verify", "masked"])
def test_what_may_not_be_seen_whole_is_not_lent(world: World, doors: Source, mode: str) -> None:
    put(world)
    name, state = plain(world)
    grant = agreed(world, items=(replace(name, mode=mode), state))
    assert (grant.state, grant.problem) == ("awaiting-binding", "姓名")
    assert orders("grant") == []
    told = Notice.objects.get(text=supply.WHOLE_ONLY)
    assert told.fields["items"] == "姓名"


def test_what_is_narrowed_to_a_division_is_not_lent(world: World, doors: Source) -> None:
    put(world)
    assert agreed(world, items=plain(world), division_filter="629900").problem == "629900"


def test_a_table_still_needs_a_key(world: World, doors: Source) -> None:
    from jutong.kernel.errors import InvalidInputError

    world.bind()
    with pytest.raises(InvalidInputError):
        agreed(world, items=plain(world))


def test_changing_from_a_table_to_a_place_orders_the_grants_anew(world: World, doors: Source) -> None:
    world.bind()
    items = (Ask(world.items["公民身份号码"].id, "plain", "入学资格核验需要号码"), *plain(world))
    grant = agreed(world, items=items)
    assert orders("grant")[-1]["kind"] == "table"
    put(world, at(1))
    assert orders("grant")[-1]["kind"] == "video"
    assert Grant.objects.get(id=grant.id).state == "ordered"


def test_what_is_no_table_is_not_moved_into_the_library(world: World, doors: Source) -> None:
    put(world)
    with pytest.raises(EntryUnboundError):
        order_job(entry=world.entry, by=world.steward, now=NOW)
