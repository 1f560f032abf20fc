from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from jutong.center.catalog import binding_rates
from jutong.center.catalog.actions.binding import bind, unbind
from jutong.center.catalog.actions.unbound import flag_unbound
from jutong.center.catalog.models import Binding, Entry, UnboundFlag
from jutong.center.sharing.models import Notice
from jutong.kernel.errors import ForbiddenError
from jutong.standards.binding import watch_rules
from tests.center_world import NOW, City, at

DAYS = watch_rules().unbound_days


@pytest.fixture
def entries(city: City) -> list[Entry]:
    city.source()
    names = ("婚姻登记信息", "收养登记信息", "社会组织信息", "殡葬服务信息")
    return [city.published(name=name).entry for name in names]


def tie(city: City, entry: Entry, health: str = "ok", now=NOW) -> Binding:
    made = bind(
        entry=entry, source="civil-pg", schema_name="public", table="marriage",
        columns={"公民身份号码": "id_number"}, by=city["steward"], now=now,
    )  # fmt: skip
    Binding.objects.filter(id=made.id).update(health=health)
    return made


def test_the_rate_counts_what_is_shared(city: City, entries: list[Entry]):
    for entry, health in zip(entries, ("ok", "degraded", "down"), strict=False):
        tie(city, entry, health)
    Entry.objects.filter(id=entries[3].id).update(share_attribute="none")
    (row,) = binding_rates.binding_rates(city["authority"])
    assert (row.organisation, row.shared, row.bound, row.unbound, row.percent) == (city.civil, 3, 3, 0, 100.0)
    assert (row.degraded, row.down, row.unhealthy, row.unchecked, row.overdue) == (1, 1, 2, 0, 0)
    Entry.objects.filter(id=entries[3].id).update(share_attribute="conditional")
    (row,) = binding_rates.binding_rates(city["leader"])
    assert row.percent == 75.0
    assert binding_rates.whole([row, row])["percent"] == 75.0
    assert binding_rates.whole([])["percent"] is None
    assert binding_rates.BindingRate(city.civil, 0, 0, 0, 0, 0, 0).percent is None


def test_a_department_sees_its_own_the_division_all(city: City, entries: list[Entry]):
    assert len(binding_rates.binding_rates(city["steward"])) == 1
    assert binding_rates.binding_rates(city["stranger"]) == []
    with pytest.raises(ForbiddenError):
        binding_rates.binding_rates(city["auditor"])
    assert binding_rates.listed(city["stranger"], show="unbound").count() == 0
    assert binding_rates.listed(city["authority"], show="unbound", organisation_code=city.civil.code).count() == 4
    assert binding_rates.listed(city["authority"], show="unbound", organisation_code="x").count() == 0


def test_the_list_shows_what_stands_behind_a_figure(city: City, entries: list[Entry]):
    tie(city, entries[0], "down")
    tie(city, entries[1])
    flag_unbound(now=at(DAYS))
    names = {
        show: [entry.published_name for entry in binding_rates.listed(city["steward"], show=show)]
        for show in binding_rates.SHOWN
    }
    assert names["unhealthy"] == ["婚姻登记信息"]
    assert sorted(names["bound"]) == sorted(["婚姻登记信息", "收养登记信息"])
    assert names["unbound"] == names["overdue"] == ["社会组织信息", "殡葬服务信息"]


def test_the_figures_take_the_same_queries_however_many_there_are(city: City, entries: list[Entry]):
    with CaptureQueriesContext(
        connection,
    ) as few:
        binding_rates.binding_rates(city["authority"])
    city.published(name="养老机构信息")
    with CaptureQueriesContext(connection) as more:
        binding_rates.binding_rates(city["authority"])
    assert len(few) == len(more) <= 3


def test_an_entry_unbound_for_too_long_is_told_once(city: City, entries: list[Entry]):
    assert flag_unbound(now=at(DAYS - 0.01)) == 0
    assert flag_unbound(now=at(DAYS)) == 4
    assert flag_unbound(now=at(DAYS + 5)) == 0
    notice = Notice.objects.get(link="/manage/binding-rates?show=overdue")
    assert (notice.organisation, notice.fields) == (city.civil, {"count": "4", "days": str(DAYS), "rule": "VC-12"})
    (row,) = binding_rates.binding_rates(city["steward"])
    assert row.overdue == 4


def test_binding_ends_the_flag_and_the_days_begin_again_when_it_ends(city: City, entries: list[Entry]):
    flag_unbound(now=at(DAYS))
    tie(city, entries[0], now=at(DAYS + 1))
    assert not UnboundFlag.objects.filter(entry=entries[0]).exists()
    unbind(entry=entries[0], by=city["steward"], now=at(DAYS + 2))
    assert flag_unbound(now=at(2 * DAYS + 1)) == 0
    assert flag_unbound(now=at(2 * DAYS + 2)) == 1
    assert UnboundFlag.objects.get(entry=entries[0]).since == at(DAYS + 2)
    assert str(UnboundFlag.objects.get(entry=entries[0])) == str(entries[0].id)


def test_what_is_not_shared_or_taken_down_needs_nothing_behind_it(city: City, entries: list[Entry]):
    Entry.objects.filter(id=entries[0].id).update(share_attribute="none")
    Entry.objects.filter(id=entries[1].id).update(removed_at=NOW)
    assert flag_unbound(now=at(DAYS)) == 2
