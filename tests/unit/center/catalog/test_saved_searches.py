from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from jutong.center.audit.models import AuditEvent
from jutong.center.catalog import actions, advice
from jutong.center.catalog.actions import ImportRow, searches
from jutong.center.catalog.changes import newest, tell
from jutong.center.catalog.enums import ChangeKind
from jutong.center.catalog.errors import TooManySearchesError
from jutong.center.catalog.models import Entry, SavedSearch
from jutong.center.sharing.models import Notice
from jutong.kernel.errors import ForbiddenError, InvalidInputError, NotFoundError
from jutong.tasks import scans
from tests.center_world import FIELDS, ITEMS, NOW, City
from tests.search_engines import ENGINES, engine, publish

LATER = NOW + timedelta(hours=1)


def load(city: City, *names: str, **changes: Any) -> list[Entry]:
    rows = [ImportRow(replace(FIELDS, name=name, summary="另有说明", **changes), ITEMS[:1]) for name in names]
    return publish(city.civil, rows)


def save(city: City, q: str = "公积金", facets: dict[str, list[str]] | None = None, **more: Any) -> SavedSearch:
    return actions.save_search(q=q, facets=facets or {}, by=city["requester"], now=NOW, **more)


def notices() -> list[tuple[str, dict[str, str], str]]:
    found = Notice.objects.filter(text=searches.NEW_FOUND).order_by("at", "id")
    return [(row.organisation.short_name, row.fields, row.link) for row in found]


def test_a_department_is_told_of_what_is_new_and_fits(city: City):
    load(city, "住房公积金旧名录")
    kept = save(city)
    assert scans.tell_saved_searches(NOW) == 0
    load(city, "住房公积金缴存", "婚姻登记信息")
    assert scans.tell_saved_searches(LATER) == 1
    assert scans.tell_saved_searches(LATER) == 0
    assert notices() == [
        ("市教育局", {"name": "公积金", "count": "1"}, "/catalog?q=%E5%85%AC%E7%A7%AF%E9%87%91&all=1"),
    ]  # fmt: skip
    kept.refresh_from_db()
    assert (kept.found_count, kept.found_at, kept.cursor) == (1, LATER, newest())
    assert AuditEvent.objects.get(event="catalog:search:tell").details == {"count": 1}


def test_facets_narrow_what_is_told(city: City):
    save(city, "", {"share_attribute": ["unconditional"], "cycle": []}, name="  无条件的 ")
    save(city, "名录", {"share_attribute": ["none"]})
    load(city, "甲名录")
    Entry.objects.filter(published_name="甲名录").update(share_attribute="unconditional")
    load(city, "乙名录")
    assert scans.tell_saved_searches(LATER) == 1
    assert [fields for _, fields, _ in notices()] == [{"name": "无条件的", "count": "1"}]


def test_only_what_is_there_to_find_is_told(city: City):
    (entry,) = load(city, "住房公积金缴存")
    save(city)
    tell([entry], ChangeKind.RATED, NOW)
    assert scans.tell_saved_searches(LATER) == 0
    entry.published = None
    entry.save()
    tell([entry], ChangeKind.UPDATED, NOW)
    assert scans.tell_saved_searches(LATER) == 0
    assert SavedSearch.objects.get().cursor == newest()


def test_a_long_feed_is_read_in_stretches(city: City, monkeypatch: pytest.MonkeyPatch):
    save(city)
    load(city, "公积金一", "公积金贰", "公积金叁")
    monkeypatch.setattr(searches, "LINES_AT_ONCE", 2)
    assert scans.tell_saved_searches(LATER) == 2
    assert [fields["count"] for _, fields, _ in notices()] == ["2", "1"]


def test_the_link_of_a_search_with_many_choices_is_the_list(city: City):
    save(city, "公积金", {"domain": [f"领域{at}" for at in range(30)] + [FIELDS.domain]})
    load(city, "住房公积金缴存")
    scans.tell_saved_searches(LATER)
    assert [link for _, _, link in notices()] == ["/catalog/saved"]


def test_the_same_search_is_kept_once_and_a_department_sees_its_own(city: City):
    first = save(city, "公积金  贷款", {"cycle": ["daily"]})
    assert save(city, "公积金 贷款", {"cycle": ["daily", "daily"]}).id == first.id
    assert advice.saved_searches(city["requester"]) == [first]
    assert advice.saved_searches(city["steward"]) == []
    with pytest.raises(NotFoundError):
        actions.drop_search(search_id=first.id, by=city["steward"], now=NOW)
    actions.drop_search(search_id=str(first.id), by=city["requester"], now=NOW)
    assert not SavedSearch.objects.exists()
    saved = AuditEvent.objects.filter(event__startswith="catalog:search:").order_by("id")
    assert [row.event for row in saved] == ["catalog:search:save", "catalog:search:drop"]


@pytest.mark.parametrize(
    ("q", "facets"), [("", {}), ("，。", {}), ("", {"cycle": []}), ("公积金", {"colour": ["red"]})]
)
def test_a_search_for_nothing_in_particular_is_not_kept(city: City, q: str, facets: dict[str, list[str]]):
    with pytest.raises(InvalidInputError):
        save(city, q, facets)


def test_a_department_keeps_no_more_than_it_can_read(city: City, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(searches, "MOST_SAVED", 1)
    save(city)
    with pytest.raises(TooManySearchesError):
        save(city, "婚姻")


def test_who_does_not_search_keeps_nothing(city: City):
    with pytest.raises(ForbiddenError):
        actions.save_search(q="公积金", facets={}, by=city["auditor"], now=NOW)


@pytest.fixture(params=ENGINES)
def answering(request: pytest.FixtureRequest, db: None, settings: Any, tmp_path: Path) -> Any:
    return engine(request.param, settings, tmp_path)


def test_titles_and_departments_are_suggested(city: City, answering: Any):
    load(city, "民政统计年报", "婚姻登记信息", "住房公积金缴存")
    answering.sync()
    assert advice.suggest(city["requester"], "民政") == ("民政统计年报", "金河市民政局")
    assert advice.suggest(city["requester"], "婚") == ("婚姻登记信息",)
    assert advice.suggest(city["requester"], "gjj") == (("住房公积金缴存",) if answering.answers_by_index else ())
    assert advice.suggest(city["requester"], " ") == ()


def ways(city: City, q: str, **facets: list[str]) -> list[tuple[str, str, str, int]]:
    return [(way.kind, way.label, way.q, way.count) for way in advice.ways_out(city["requester"], q, facets)]


def test_where_nothing_is_found_the_ways_out_are_told(city: City, answering: Any):
    load(city, "住房公积金缴存", "公积金贷款", "婚姻登记信息")
    answering.sync()
    assert ways(city, "公积金", cycle=["yearly"]) == [("facet", "cycle", "公积金", 2)]
    assert ways(city, "公积金 月球", cycle=["daily"]) == [("word", "月球", "公积金", 2)]
    shorter = [("公积金贷款", 1), ("公积金贷", 1), ("公积金", 2), ("公积", 2)]
    assert ways(city, "公积金贷款余额") == [("instead", text, text, count) for text, count in shorter]
    assert ways(city, "月球") == []
    sounds = [("instead", "公积金", "公积金", 2)] if answering.answers_by_index else []
    assert ways(city, "公鸡斤") == sounds
