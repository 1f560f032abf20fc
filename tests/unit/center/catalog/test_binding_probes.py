from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from jutong.center.audit.models import AuditEvent
from jutong.center.catalog.actions import probing
from jutong.center.catalog.actions import watching as orders
from jutong.center.catalog.actions.binding import bind, bind_place, unbind
from jutong.center.catalog.enums import BindingHealth, BindingKind
from jutong.center.catalog.errors import NotBoundError, NotWatchedError
from jutong.center.catalog.models import Binding, Entry
from jutong.center.fleet.models import Node, Order, Source
from jutong.center.org.actor import platform_actor
from jutong.center.sharing.models import Notice
from jutong.contracts.orders import Place, WatchOrder
from jutong.contracts.receipts import BindingCheck
from jutong.kernel.errors import ForbiddenError, NotFoundError
from tests.center_world import NOW, City, at

BY = platform_actor("receipt")


@pytest.fixture
def bound(city: City) -> Binding:
    city.source()
    return bind(
        entry=city.published().entry, source="civil-pg", schema_name="public", table="marriage",
        columns={"公民身份号码": "id_number", "姓名": "name"}, fresh_column="marital", by=city["steward"], now=NOW,
    )  # fmt: skip


def seen(binding: Binding, now: datetime, **changes: Any) -> BindingCheck:
    ms = int(now.timestamp() * 1000)
    values = {"binding_id": str(binding.id), "alive": True, "rows": 100, "newest_ms": ms - 60_000, "checked_ms": ms}
    return BindingCheck(**{**values, **changes})


def tell(binding: Binding, now: datetime, **changes: Any) -> Binding:
    node = Node.objects.get(name="node-1")
    assert probing.apply_checks(node=node, checks=[seen(binding, now, **changes)], by=BY, now=now) == ""
    binding.refresh_from_db()
    return binding


def notices() -> list[str]:
    told = Notice.objects.filter(text__in=probing.NOTICES.values())
    return list(told.order_by("at", "id").values_list("text", flat=True))


def test_a_good_check_says_so_and_bothers_nobody(bound: Binding):
    found = tell(bound, at(1))
    assert (found.health, found.problems, found.rows, found.usual_rows) == ("ok", [], 100, 100)
    assert (found.checked_at, found.newest_at) == (at(1), at(1) - timedelta(minutes=1))
    assert notices() == []
    event = AuditEvent.objects.get(event="catalog:binding:health")
    assert (event.details["before"], event.details["after"]) == ("unknown", "ok")


def test_a_change_of_health_is_told_to_the_steward_once(city: City, bound: Binding):
    for day in (1, 2):
        assert tell(bound, at(day), alive=False, problem="refused", rows=-1, newest_ms=0).health == "down"
    assert notices() == [probing.NOTICES[BindingHealth.DOWN]]
    notice = Notice.objects.get(text=probing.NOTICES[BindingHealth.DOWN])
    assert (notice.organisation, notice.role, notice.link) == (
        city.civil,
        "steward",
        f"/manage/entries/{bound.entry.code}",
    )
    assert notice.fields == {"entry": "婚姻登记信息", "problem": "连不上：refused"}
    assert (bound.rows, bound.newest_at) == (None, None)
    assert tell(bound, at(3)).health == "ok"
    assert tell(bound, at(4), missing_columns=("name",)).problems[0]["code"] == "columns-missing"
    assert notices()[1:] == [probing.NOTICES[BindingHealth.OK], probing.NOTICES[BindingHealth.DEGRADED]]


def test_data_later_than_its_cycle_is_stale(bound: Binding):
    assert bound.entry.update_cycle == "daily"
    old = int((at(1) - timedelta(days=3)).timestamp() * 1000)
    assert [row["code"] for row in tell(bound, at(1), newest_ms=old).problems] == ["stale"]
    assert [row["code"] for row in tell(bound, at(2), newest_ms=0).problems] == ["undated"]
    assert tell(bound, at(3), newest_ms=0, missing_columns=("marital",)).problems[0]["code"] == "columns-missing"


def test_a_sudden_loss_stays_until_it_is_accepted(city: City, bound: Binding):
    with pytest.raises(NotWatchedError):
        probing.accept_rows(entry=bound.entry, by=city["steward"], now=NOW)
    tell(bound, at(1))
    for day in (2, 3):
        found = tell(bound, at(day), rows=10)
        assert (found.health, found.rows, found.usual_rows) == ("degraded", 10, 100)
    accepted = probing.accept_rows(entry=bound.entry, by=city["steward"], now=at(3))
    assert (accepted.health, accepted.usual_rows, accepted.problems) == ("ok", 10, [])
    assert tell(bound, at(4), rows=10).health == "ok"
    assert AuditEvent.objects.filter(event="catalog:binding:accept").count() == 1
    tell(bound, at(5), rows=0, alive=True)
    assert [row["code"] for row in Binding.objects.get().problems] == ["empty"]
    assert probing.accept_rows(entry=bound.entry, by=city["steward"], now=at(5)).health == "degraded"


def test_accepting_is_the_own_stewards_work(city: City, bound: Binding):
    with pytest.raises(ForbiddenError):
        probing.accept_rows(entry=bound.entry, by=city["requester"], now=NOW)
    with pytest.raises(NotFoundError):
        probing.accept_rows(entry=bound.entry, by=city["stranger"], now=NOW)
    unbind(entry=bound.entry, by=city["steward"], now=NOW)
    with pytest.raises(NotBoundError):
        probing.accept_rows(entry=bound.entry, by=city["steward"], now=NOW)


@pytest.mark.parametrize("ms", [0, -5, 10**18])
def test_a_check_from_no_time_changes_nothing(bound: Binding, ms: int):
    assert tell(bound, at(1), checked_ms=ms).health == "unknown"


def test_an_older_check_and_one_of_an_ended_binding_change_nothing(city: City, bound: Binding):
    tell(bound, at(2))
    assert tell(bound, at(1), alive=False).health == "ok"
    unbind(entry=bound.entry, by=city["steward"], now=at(3))
    assert tell(bound, at(4), alive=False).health == "ok"


def test_the_newest_of_several_checks_counts_and_strange_ones_are_told(bound: Binding):
    node = Node.objects.get(name="node-1")
    stranger = seen(bound, at(2)).model_copy(update={"binding_id": "0190a000-0000-7000-8000-00000000000f"})
    odd = seen(bound, at(2)).model_copy(update={"binding_id": "../x"})
    checks = [seen(bound, at(2)), seen(bound, at(1), alive=False), stranger, odd]
    assert "2 checks" in probing.apply_checks(node=node, checks=checks, by=BY, now=at(2))
    bound.refresh_from_db()
    assert bound.health == "ok"


def test_a_node_speaks_only_of_its_own_sources(bound: Binding):
    other = Node.objects.create(name="node-2", key_id="n2", public_key="x", registered_at=NOW)
    assert "1 checks" in probing.apply_checks(node=other, checks=[seen(bound, at(1))], by=BY, now=at(1))
    bound.refresh_from_db()
    assert bound.health == "unknown"


def place_binding(city: City, entry: Entry, kind: BindingKind, dialect: str, place: Place) -> Binding:
    Source.objects.filter(id=city.source(f"civil-{kind}").id).update(dialect=dialect, tables=[])
    return bind_place(
        entry=entry,
        kind=kind,
        source=f"civil-{kind}",
        place=place,
        by=city["steward"],
        now=NOW,
    )


def test_files_are_dated_and_a_service_is_not(city: City):
    entry = city.published().entry
    files = place_binding(city, entry, BindingKind.FILES, "files", Place(protocol="file", address="", path="a"))
    assert tell(files, at(1), newest_ms=1).problems[0]["code"] == "stale"
    service = place_binding(city, entry, BindingKind.SERVICE, "endpoints", Place(protocol="http", address="h"))
    assert tell(service, at(2), newest_ms=0, rows=-1).health == "ok"


def watch_orders() -> list[WatchOrder]:
    return [
        WatchOrder.model_validate_json(__import__("json").dumps(row.envelope["body"]))
        for row in Order.objects.filter(kind="watch").order_by("sequence")
    ]


def test_a_node_is_ordered_to_watch_what_is_bound_and_not_twice_the_same(city: City, bound: Binding):
    assert orders.watch_nodes(now=NOW) == 1
    assert orders.watch_nodes(now=at(1)) == 0
    (first,) = watch_orders()
    (watched,) = first.bindings
    assert (watched.binding_id, watched.kind, watched.table, watched.place) == (
        str(bound.id),
        "table",
        "marriage",
        None,
    )
    assert (watched.columns, watched.fresh_column) == (("id_number", "name"), "marital")
    assert first.every_minutes == 15
    service = place_binding(
        city, bound.entry, BindingKind.SERVICE, "endpoints", Place(protocol="http", address="h", path="/x")
    )
    assert orders.watch_nodes(now=at(2)) == 1
    assert [(one.binding_id, one.place) for one in watch_orders()[1].bindings] == [
        (str(service.id), Place(protocol="http", address="h", path="/x"))
    ]
    unbind(entry=bound.entry, by=city["steward"], now=at(3))
    assert orders.watch_nodes(now=at(3)) == 1
    assert watch_orders()[2].bindings == ()


def test_a_node_with_nothing_to_watch_gets_no_order(city: City):
    city.source()
    assert orders.watch_nodes(now=NOW) == 0


def test_a_long_list_waits_for_the_scan(bound: Binding, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(orders, "MOST_AT_ONCE", 0)
    orders.watch_soon(sources=["civil-pg"], now=NOW)
    assert watch_orders() == []
    monkeypatch.setattr(orders, "MOST_AT_ONCE", 1)
    orders.watch_soon(sources=["civil-pg"], now=NOW)
    assert len(watch_orders()) == 1


def test_what_is_taken_down_is_not_watched(bound: Binding):
    Entry.objects.filter(id=bound.entry_id).update(removed_at=NOW)
    assert orders.watch_nodes(now=NOW) == 0
