"""A doubt a node found by comparison: the center knows items and boxes, and everybody who read what was made of it."""

from __future__ import annotations

import json

import pytest

from jutong.center.catalog.models import Entry
from jutong.center.correction import actions, queries
from jutong.center.correction.actions.comparing import Compared, Looked, look_again, raise_compared
from jutong.center.correction.actions.receiving import tell_healed
from jutong.center.correction.errors import DoubtOpenError
from jutong.center.fleet.models import Order
from jutong.center.org.actor import platform_actor
from jutong.center.sharing.models import Notice
from jutong.contracts.orders import MarkOrder
from jutong.kernel.sealing import open_with, seal_for
from tests import correction_steps as steps
from tests.correction_steps import fresh, grant_of, mark, orders, served, traced
from tests.sharing_world import NOW, World, at

pytestmark = pytest.mark.django_db
PERSON = "62990019900101001X"
BY = platform_actor("test")


def compared(world: World, row: str = "r1") -> Compared:
    """What the node says of one row of civil affairs, read again under a grant of the same entry."""
    public = world.node_signer.public_b64
    box = seal_for(public, json.dumps({"id_number": PERSON}).encode())
    values = seal_for(public, json.dumps([PERSON]).encode())
    return Compared(
        entry=Entry.objects.get(id=world.entry.id), items=("婚姻状况",), row=row, locator=box,
        statement="与公安的婚姻状况不一致", looked=(Looked(world.entry.code, world.node, values),),
    )  # fmt: skip


def test_the_center_orders_a_mark_for_a_row_it_does_not_know(world: World) -> None:
    world.bind()
    case = raise_compared(found=compared(world), by=world.requester, now=NOW)
    (order,) = orders("mark")
    body = MarkOrder.model_validate(order)
    assert steps.sealed(world, order) == {"key": {}, "items": {"婚姻状况": "marital"}, "corrected": {}}
    assert json.loads(open_with(world.node_signer, body.locator)) == {"id_number": PERSON}
    assert (case.origin, case.key_items, case.mark, case.responsible) == ("comparison", [], "ordered", world.civil)
    view = actions.reveal(number=case.number, by=world.steward, now=NOW)
    assert (view.key, [value.item for value in view.values]) == ({}, ["婚姻状况"])
    everything = repr(list(Order.objects.values_list("envelope", flat=True))) + repr(vars(fresh(case)))
    assert PERSON not in everything
    with pytest.raises(DoubtOpenError) as taken:
        raise_compared(found=compared(world), by=world.requester, now=NOW)
    assert taken.value.fields["number"] == case.number
    assert raise_compared(found=compared(world, "r2"), by=world.requester, now=NOW).number != case.number


def test_who_read_the_row_or_what_was_made_of_it_hears_of_the_new_value_and_of_the_healing(world: World) -> None:
    world.bind()
    grant = grant_of(world)
    record = served(world, grant, at(-1))
    case = raise_compared(found=compared(world), by=world.requester, now=NOW)
    actions.accept(correction=case, by=world.steward, now=NOW)
    actions.uphold(
        correction=case, finding="true", corrected={"婚姻状况": "离婚"}, text="已核对", by=world.steward, now=NOW
    )
    last = MarkOrder.model_validate(orders("mark")[-1])
    assert last.state == "corrected"
    assert last.locator == fresh(case).locator
    mark(world, case, "corrected")
    trace = queries.traces_of(queries.SUBJECT, case.id)[0]
    assert traced(world, trace, record).problem == ""
    (recipient,) = fresh(case).recipients.all()
    assert (recipient.grant, recipient.told_at) == (grant, NOW)
    look_again(fresh(case), compared(world).looked, BY, NOW)
    assert len(orders("trace")) == 2
    assert tell_healed(fresh(case), NOW) == 1
    assert Notice.objects.filter(organisation=world.education, text__contains="重新融合").count() == 1


def test_plain_mark_orders_carry_no_locator(world: World) -> None:
    world.bind()
    steps.raised(world)
    assert "locator" not in orders("mark")[0]
