"""The inventories are views of the catalog; the change feed and the public view show only what they may."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from openpyxl import load_workbook

from jutong.center.catalog import actions as catalog
from jutong.center.catalog.fields import ItemFields
from jutong.center.catalog.models import Entry, EntryVersion, Item
from jutong.center.org import actions as org
from jutong.center.ownership import actions, feed, inventories, open_data
from jutong.center.ownership.errors import NotWithheldError
from jutong.center.ownership.sheets import csv_bytes, harmless, workbook_bytes
from jutong.kernel.errors import ForbiddenError, InvalidInputError, NotFoundError
from tests.center_world import ITEMS, NOW, PLATFORM, City, at
from tests.ownership_world import both_publish, designated, other_entry

WITHHELD: dict[str, Any] = {
    "name": "收养登记信息", "share_attribute": "none", "share_way": "", "share_scope": "", "share_purpose": "",
    "refusal_reason": "法律规定保密", "basis_kind": "law", "basis_title": "民法典", "basis_article": "第一千一百一十条",
}  # fmt: skip
OPEN_ITEMS = (
    ItemFields(name="公园名称", data_type="C", length=64, is_open=True, english_name="park", note="全称"),
    ItemFields(name="开放时段", data_type="C", is_open=True),
    ItemFields(name="养护负责人", data_type="C", is_open=True, is_personal=True),
    ItemFields(name="养护合同金额", data_type="Y"),
)


def park(city: City, **changes: Any) -> Entry:
    words: dict[str, Any] = {
        "name": "公园名录", "summary": "全市公园", "is_open": True, "share_attribute": "unconditional",
        "share_scope": "", "share_purpose": "", "domain": "文体旅游", "grade": "general-1",
    }  # fmt: skip
    return other_entry(city, items=OPEN_ITEMS, **{**words, **changes})


def test_a_system_no_entry_comes_from_is_told(city: City):
    system = org.register_system(organisation=city.civil, name="婚姻登记系统", by=PLATFORM, now=NOW)
    entry = city.published(origin="婚姻登记系统").entry
    other = other_entry(city)
    listed: list[Any] = list(inventories.systems(city["authority"]))
    assert [(row.name, row.entry_count) for row in listed] == [("婚姻登记系统", 0)]
    assert list(inventories.systems(city["stranger"])) == []
    assert [row.code for row in inventories.linkable(city["steward"], system)] == [entry.code]
    assert actions.link_system(system=system, codes=[entry.code], by=city["steward"], now=NOW) == 1
    assert list(inventories.systems(city["leader"], only_missing=True)) == []
    assert [row.name for row in inventories.systems(city["steward"], q="民政")] == ["婚姻登记系统"]
    shown = inventories.system(city["steward"], system.id)
    assert [link.entry.code for link in shown.entry_links.all()] == [entry.code]
    assert [row.code for row in inventories.linkable(city["steward"], system, q="婚姻")] == [entry.code]
    with pytest.raises(NotFoundError):
        actions.link_system(system=system, codes=[other.code], by=city["steward"], now=NOW)
    with pytest.raises(NotFoundError):
        actions.link_system(system=system, codes=[], by=city["stranger"], now=NOW)
    with pytest.raises(NotFoundError):
        inventories.system(city["stranger"], system.id)
    assert actions.link_system(system=system, codes=[], by=city["steward"], now=NOW) == 0
    with pytest.raises(ForbiddenError):
        inventories.systems(city["auditor"])


def test_what_a_department_shares_is_its_list_of_duties(city: City):
    both_publish(city)
    source = designated(city)
    city.published(**WITHHELD)
    lines = list(inventories.duty_lines(inventories.duties(city["requester"]), date(2026, 11, 20)))
    assert [line.name for line in lines] == ["婚姻登记信息", "学籍信息"]
    first = lines[0]
    assert (first.number, first.code, first.source_of) == ("ZR-00001", source.entry.code, ("婚姻状况",))
    assert first.promise == "10个工作日答复，同意后20个工作日开通"
    assert (first.share_way, first.update_cycle, first.contact) == ("服务接口", "每日", "信息科")
    assert len(first.cells()) == len(inventories.duty_headers())
    only = inventories.duties(city["requester"], organisation=city.education.code, q="学籍")
    assert [row.published_name for row in only] == ["学籍信息"]
    assert [row.code for row in inventories.departments(city["requester"])] == [city.civil.code, city.education.code]


def test_what_is_withheld_names_its_basis_or_is_asked_for_it(city: City):
    entry = city.published(**WITHHELD).entry
    part = city.published(name="低保信息", items=(*ITEMS[:2], replace(ITEMS[2], share_attribute="none"))).entry
    city.published()
    lines = {row.code: row for row in inventories.withheld_lines(inventories.withheld(city["steward"]))}
    assert set(lines) == {entry.code, part.code}
    whole = lines[entry.code]
    assert (whole.basis_kind, whole.basis_title, whole.reviewer) == ("法律", "民法典", "金河市大数据局")
    assert (whole.lacks_basis, whole.whole, whole.effective_on) == (False, True, "2026-11-09")
    half = lines[part.code]
    assert (half.lacks_basis, half.whole, half.items) == (True, False, ("婚姻状况",))
    assert "没有写明依据，须补" in half.cells()
    assert len(half.cells()) == len(inventories.withheld_headers())
    lacking = inventories.withheld(city["steward"], only_lacking=True)
    assert [row.code for row in lacking] == [part.code]


def test_the_authority_reviews_what_is_withheld(city: City):
    entry = city.published(**WITHHELD).entry
    shared = city.published().entry
    words: dict[str, Any] = {"document_number": "金数发〔2026〕9号", "by": city["authority"], "now": NOW}
    again = date(2027, 11, 1)
    with pytest.raises(InvalidInputError):
        actions.record_withholding_review(entry=entry, reviewed_on=again, review_again_on=again, **words)
    with pytest.raises(NotWithheldError):
        actions.record_withholding_review(entry=shared, reviewed_on=NOW.date(), review_again_on=again, **words)
    actions.record_withholding_review(entry=entry, reviewed_on=NOW.date(), review_again_on=again, **words)
    line = next(inventories.withheld_lines(inventories.withheld(city["steward"])))
    assert (line.document_number, line.review_again_on) == ("金数发〔2026〕9号", "2027-11-01")
    away = {**words, "by": replace(city["authority"], division_code="110000")}
    with pytest.raises(NotFoundError):
        actions.record_withholding_review(entry=entry, reviewed_on=NOW.date(), review_again_on=again, **away)


def test_lists_are_files_without_formulas():
    rows = [("=1+1", "普通\x07"), ("+86", "@x")] * 150
    made = b"".join(csv_bytes(("甲", "乙"), rows)).decode("utf-8-sig")
    assert made.splitlines()[:2] == ["甲,乙", "'=1+1,普通\x07"]
    assert len(made.splitlines()) == 301
    sheet = load_workbook(io.BytesIO(workbook_bytes("清单", ("甲", "乙"), rows[:2])), read_only=False)["清单"]
    assert [[cell.value for cell in row] for row in sheet.iter_rows()] == [
        ["甲", "乙"], ["'=1+1", "普通"], ["'+86", "'@x"],
    ]  # fmt: skip
    assert harmless("-5") == "'-5"
    assert harmless("5-") == "5-"


def test_the_feed_gives_each_change_with_what_was_said_then(city: City):
    first = city.published()
    other = other_entry(city)
    again = catalog.new_version(entry=first.entry, by=city["steward"], now=at(1))
    catalog.publish(version=city.submit(again, at(1)), by=city["authority"], now=at(1))
    lines = feed.lines(city["requester"])
    assert [(line.change.entry, line.change.version) for line in lines] == [
        (first.entry, 1), (other, 1), (first.entry, 2),
    ]  # fmt: skip
    assert [line.version.number if line.version else None for line in lines] == [1, 1, 2]
    rest = feed.lines(city["requester"], after=lines[0].change.sequence, limit=1)
    assert [line.change.entry for line in rest] == [other]
    assert feed.lines(city["requester"], after=lines[-1].change.sequence) == []
    with pytest.raises(ForbiddenError):
        feed.lines(city["auditor"])


def test_an_entry_that_is_gone_is_handed_out_no_more(city: City):
    version = city.published()
    Entry.objects.filter(id=version.entry_id).update(published=None)
    assert [line.version for line in feed.lines(city["requester"])] == [None]


def test_a_line_whose_version_cannot_be_read_shows_the_published_one(city: City):
    version = city.published()
    EntryVersion.objects.filter(id=version.id).update(number=7)
    lines = feed.lines(city["requester"])
    assert [line.version.number if line.version else None for line in lines] == [7]


def test_the_public_sees_what_is_open_and_nothing_else(city: City):
    both_publish(city)
    entry = park(city)
    found = open_data.search()
    assert [row.code for row in found.results] == [entry.code]
    row = open_data.entry(entry.code)
    assert [item.name for item in row.items] == ["公园名称", "开放时段"]
    assert (row.items[0].english_name, row.items[0].length, row.items[0].note) == ("park", 64, "全称")
    assert (row.provider, row.domain, row.update_cycle_label) == ("金河市教育局", "文体旅游", "每日")
    assert row.published_on == date(2026, 11, 9)
    assert [each.code for each in open_data.every()] == [entry.code]
    written = next(open_data.every())
    assert [item.name for item in written.items] == ["公园名称", "开放时段"]
    assert (written.share_attribute, written.origin, written.is_bound, written.grade) == ("", "", False, "")
    closed = Entry.objects.get(organisation=city.civil)
    with pytest.raises(NotFoundError):
        open_data.entry(closed.code)


@pytest.mark.parametrize(
    ("q", "hits"),
    [
        ("公园", 1), ("开放时段", 1), ("教育局", 1), ("全市", 1), ("公园 时段", 1), ("307010", 1), ("园", 1),
        ("养护", 0), ("合同金额", 0), ("负责人", 0), ("！！", 0), ("婚姻", 0), ("园公", 0),
    ],
)  # fmt: skip
def test_the_public_finds_only_by_what_is_public(city: City, q: str, hits: int):
    city.published()
    park(city)
    assert open_data.search(q).total == hits


def test_open_entries_are_filtered_and_paged(city: City):
    park(city)
    for at_ in range(1, 21):
        park(city, name=f"公共厕所点位{chr(0x4E00 + at_)}", domain="城乡建设")
    first = open_data.search()
    assert (first.total, first.pages, len(first.results)) == (21, 2, 20)
    assert len(open_data.search(page=2).results) == 1
    assert open_data.search(page=9).results == ()
    assert [row.name for row in open_data.search("公园名录").results] == ["公园名录"]
    choices = first.filters["domain"]
    assert [(row.value, row.count, row.selected) for row in choices] == [
        ("城乡建设", 20, False),
        ("文体旅游", 1, False),
    ]
    chosen = open_data.search(domain="文体旅游", organisation=city.education.code)
    assert (chosen.total, [row.selected for row in chosen.filters["organisation"]]) == (1, [True])
    assert open_data.search(organisation=city.civil.code).total == 0


def test_nothing_is_open_without_an_open_entry(city: City):
    city.published()
    assert list(open_data.every()) == []
    entry = park(city)
    Item.objects.filter(version__entry=entry).update(is_open=False)
    assert open_data.entry(entry.code).items == ()
    Entry.objects.filter(id=entry.id).update(share_attribute="none")
    assert open_data.search().total == 0
