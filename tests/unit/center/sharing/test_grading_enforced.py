"""The control matrix of grades reaches applications, replies and the orders nodes obey (GB/T 43697)."""

from __future__ import annotations

import pytest

from jutong.center.catalog.enums import FieldMode, Grade, ShareWay
from jutong.center.catalog.models import EntryVersion, Item
from jutong.center.org.enums import Role
from jutong.center.sharing.compile import compile_grant
from jutong.center.sharing.models import Notice
from jutong.kernel.errors import InvalidInputError
from jutong.standards import grading
from tests.sharing_steps import agreed, drafted, fresh, orders
from tests.sharing_world import World, build

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(db) -> World:
    return build()


def graded(world: World, grade: str) -> None:
    EntryVersion.objects.filter(entry=world.entry).update(grade=grade)


@pytest.mark.parametrize("way", [ShareWay.BATCH, ShareWay.FILE])
def test_important_data_are_not_given_in_bulk(world, way):
    graded(world, Grade.IMPORTANT)
    with pytest.raises(InvalidInputError, match="成批"):
        drafted(world, share_way=way)
    graded(world, Grade.G4)
    assert drafted(world, share_way=way).share_way == way


def test_an_entry_without_a_grade_is_shared_as_before(world):
    graded(world, "")
    assert drafted(world, share_way=ShareWay.BATCH).share_way == ShareWay.BATCH


def test_an_order_shows_no_more_than_the_grade_allows_whatever_was_granted(world):
    world.bind()
    grant = agreed(world)
    modes = {row["item"]: row["mode"] for row in orders("grant")[-1]["fields"]}
    assert modes["姓名"] == FieldMode.PLAIN
    Item.objects.filter(id=world.items["姓名"].id).update(grade=Grade.G4)
    items = list(grant.items.select_related("item"))
    compiled = compile_grant(fresh(grant), grant.application, world.entry.bindings.get(), items)
    assert {row.item: row.mode for row in compiled.fields}["姓名"] == "verify"
    assert compiled.ways == ("query", "verify", "batch")


def test_a_way_the_grade_has_come_to_forbid_is_served_no_more(world):
    world.bind()
    grant = agreed(world, share_way=ShareWay.BATCH)
    graded(world, Grade.IMPORTANT)
    binding, items = world.entry.bindings.get(), list(grant.items.select_related("item"))
    assert compile_grant(fresh(grant), fresh(grant.application), binding, items).ways == ()


@pytest.mark.parametrize(("grade", "told"), [(Grade.IMPORTANT, 1), (Grade.G4, 0), ("", 0)])
def test_the_authority_is_told_of_important_data(world, grade, told):
    graded(world, grade)
    agreed(world)
    found = Notice.objects.filter(organisation=world.bigdata, role=Role.AUTHORITY, text__contains="重要数据")
    assert found.count() == told


def test_no_grade_asks_for_more_people_than_a_reply_has():
    """One person prepares a reply, another puts it in force; a grade that asks for three would have to be built."""
    assert max(row.approval_steps for row in grading.grades().values()) <= 2
