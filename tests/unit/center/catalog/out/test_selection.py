from __future__ import annotations

from dataclasses import replace

import pytest

from jutong.center.catalog import actions
from jutong.center.catalog.actions import ImportRow
from jutong.center.catalog.models import Entry, EntryClass
from jutong.center.catalog.out import everything, everything_open, keeper, one, one_open, searched, selection
from jutong.center.org.queries import actor_for
from jutong.kernel.errors import ForbiddenError, InvalidInputError, NotFoundError
from tests.center_world import FIELDS, ITEMS, NOW, PLATFORM, City

PLAIN = replace(FIELDS, share_scope="", share_purpose="", share_attribute="unconditional", grade="general-1")
PLAIN_ITEMS = tuple(replace(item, grade="general-1", is_personal=False) for item in ITEMS)
OPEN_ITEMS = (replace(PLAIN_ITEMS[0], note="内部"), replace(PLAIN_ITEMS[2], is_open=True))


@pytest.fixture
def filled(city: City) -> City:
    rows = [ImportRow(replace(PLAIN, name=f"登记{at}号台账"), PLAIN_ITEMS) for at in "甲乙丙丁戊"]
    rows.append(ImportRow(replace(PLAIN, name="婚姻状况开放", is_open=True, open_condition="无"), OPEN_ITEMS))
    actions.import_published(organisation=city.civil, rows=rows, by=PLATFORM, now=NOW)
    city.draft(name="还没有发布")
    return city


def test_everything_is_what_is_published_in_the_order_of_the_codes(filled: City, monkeypatch):
    monkeypatch.setattr(selection, "CHUNK", 2)
    found = list(everything(filled["requester"]))
    assert [row.code for row in found] == sorted(Entry.objects.exclude(published=None).values_list("code", flat=True))
    assert len(found) == 6
    assert found[0].organisation_name == "金河市民政局"
    assert [item.share_attribute for item in found[0].items] == ["unconditional"] * 3


def test_reading_a_large_catalog_takes_few_queries(filled: City, django_assert_max_num_queries):
    with django_assert_max_num_queries(5):
        assert len(list(everything(filled["requester"]))) == 6


def test_what_is_open_says_nothing_internal(filled: City):
    (found,) = everything_open()
    assert found.name == "婚姻状况开放"
    assert [item.name for item in found.items] == ["婚姻状况"]
    assert (found.share_attribute, found.grade, found.share_way, found.quality) == ("", "", "", None)
    assert found.items[0].grade == ""
    assert one_open(found.code) == found


def test_a_search_is_written_page_after_page(filled: City):
    found = [row.name for row in searched(filled["requester"], "台账", {})]
    assert sorted(found) == [f"登记{at}号台账" for at in sorted("甲乙丙丁戊")]
    assert [row.name for row in searched(filled["requester"], "", {"domain": ["没有"]})] == []
    assert len(list(searched(filled["requester"], " ", {"domain": []}))) == 6


def test_a_search_of_several_pages_is_written_whole(filled: City, monkeypatch):
    monkeypatch.setattr("jutong.center.catalog.search.PAGE_SIZE", 2)
    assert len({row.code for row in searched(filled["requester"], "台账", {})}) == 5


def test_an_unknown_facet_is_refused_before_anything_is_written(filled: City):
    with pytest.raises(InvalidInputError):
        searched(filled["requester"], "", {"colour": ["red"]})


def test_one_entry_with_its_further_codes(filled: City):
    entry = Entry.objects.exclude(published=None).first()
    assert entry is not None
    EntryClass.objects.create(entry=entry, classification="207010", code="207010/00001")
    assert one(filled["requester"], entry.code).further_codes == ("207010/00001",)


def test_drafts_and_the_unknown_read_as_none(filled: City):
    draft = Entry.objects.get(published=None)
    for code in (draft.code, "307010/99999"):
        with pytest.raises(NotFoundError):
            one(filled["steward"], code)
        with pytest.raises(NotFoundError):
            one_open(code)


def test_who_does_not_read_the_catalog_gets_nothing(filled: City, monkeypatch):
    nobody = replace(filled["requester"], role="nobody")
    for ask in (lambda: everything(nobody), lambda: one(nobody, "1"), lambda: searched(nobody, "登记", {})):
        with pytest.raises(ForbiddenError):
            ask()


def test_the_authority_keeps_the_catalog(filled: City):
    assert keeper(filled["requester"]) == "金河市大数据局"
    assert keeper(replace(actor_for(filled.post("steward")), division_code="110000")) == "政务数据共享平台"
