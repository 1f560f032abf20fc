from __future__ import annotations

import pytest

from jutong.center.fleet.models import Source
from jutong.center.library import serving, steps
from jutong.center.library.models import Library, LibraryTable, Work
from jutong.center.org.actor import platform_actor
from jutong.contracts.copies import ServeOrder
from tests.sharing_world import NOW, build

DEFINITION = {"keys": ["id_number"], "fields": [{"name": "id_number", "title": "公民身份号码"}]}


@pytest.fixture
def table(db: None) -> LibraryTable:
    world = build()
    library = Library.objects.create(code="RK", kind="base", title="人口库", version="1", node=world.node)
    return LibraryTable.objects.create(
        library=library, name="person", title="人员", kind="entity", owner="police", cycle="daily",
        definition=DEFINITION,
    )  # fmt: skip


def test_a_copy_is_ordered_where_the_node_may_write_it(table: LibraryTable) -> None:
    assert "serve" not in steps.possible(table)
    table.version = 3
    assert serving.order_of(table, None) is None
    source = Source.objects.get()
    source.writes = ["inbox", "library"]
    source.save()
    order = serving.order_of(table, None)
    assert isinstance(order, ServeOrder)
    assert (order.source, order.schema_name, order.target) == (source.name, "library", "rk_person")
    assert (order.zone, order.keys, order.lookups) == ("fused", ("entity_id",), (("id_number",),))
    assert order.titles == (("id_number", "公民身份号码"),)
    assert "serve" in steps.possible(table)
    table.kind = "derived"
    derived = serving.order_of(table, None)
    assert isinstance(derived, ServeOrder)
    assert (derived.zone, derived.keys, derived.lookups) == ("fused", ("id_number",), ())
    table.kind = "record"
    assert serving.order_of(table, None) is None


def test_copies_are_brought_up_when_somebody_was_erased(table: LibraryTable) -> None:
    Source.objects.update(writes=["library"])
    LibraryTable.objects.update(version=3)
    work = Work(kind="care", node=table.library.node)
    for kind, orders in (("tidy", 0), ("erase", 1)):
        serving.erased(work, {"kind": kind}, platform_actor("test"), NOW)
        assert Work.objects.filter(kind="serve").count() == orders
