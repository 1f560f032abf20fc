from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from jutong.center.audit.models import AuditEvent
from jutong.center.catalog import actions, queries
from jutong.center.catalog.actions import ImportRow
from jutong.center.catalog.models import CodeCounter, Entry, EntryVersion, Item
from jutong.center.org import actions as org
from jutong.center.sharing.models import Notice
from jutong.kernel.errors import ForbiddenError, InvalidInputError
from tests.center_world import FIELDS, ITEMS, NOW, PLATFORM, City


def row(name: str, classification: str = "307010", **changes: Any) -> ImportRow:
    fields = replace(FIELDS, name=name, classification=classification, **changes)
    return ImportRow(fields, ITEMS)


def take_over(city: City, rows: list[ImportRow]) -> list[Entry]:
    return actions.import_published(organisation=city.civil, rows=rows, by=PLATFORM, now=NOW)


def test_a_batch_is_published_coded_and_told_once(city: City):
    city.draft(name="先有的")
    entries = take_over(city, [row("甲"), row("乙", "201011"), row("丙")])
    assert [entry.code for entry in entries] == ["307010/00002", "201011/00001", "307010/00003"]
    assert queries.published_entry(city["requester"], "307010/00003").published_name == "丙"
    assert [hit.name for hit in queries.search(city["requester"], "身份号码", {}).results] == ["乙", "甲", "丙"]
    event = AuditEvent.objects.get(event="catalog:entry:import")
    assert event.details == {"count": 3, "codes": [entry.code for entry in entries]}
    assert Notice.objects.filter(fields={"organisation": "金河市民政局", "count": "3"}).count() == 3


def test_hundreds_of_entries_take_a_few_statements(city: City, django_assert_max_num_queries):
    rows = [row(f"{chr(0x4E00 + at)}名录", f"3070{at % 7 + 10}") for at in range(640)]
    with django_assert_max_num_queries(60):
        assert len(take_over(city, rows)) == 640
    assert (Entry.objects.count(), EntryVersion.objects.count(), Item.objects.count()) == (640, 640, 1920)
    assert sum(CodeCounter.objects.values_list("last", flat=True)) == 640


def test_one_wrong_row_keeps_all_out_and_every_wrong_place_is_told(city: City):
    city.published(name="已有的")
    org.register_system(organisation=city.civil, name="救助系统", by=PLATFORM, now=NOW)
    rows = [
        row("好的"),
        row("没有分级", grade=""),
        row("已有的（2）"),
        row("救助系统"),
        row("好的 "),
        row("类不对", "9"),
        replace(row("没有项"), items=()),
    ]
    with pytest.raises(InvalidInputError) as refused:
        take_over(city, rows)
    told = [(problem["place"], problem["rule"]) for problem in refused.value.fields["problems"]]
    assert told == [
        ("1.grade", "VC-01"), ("2.name", "VC-06"), ("3.name", "VC-05"), ("4.name", "VC-06"),
        ("5.classification", "VC-00"), ("6.items", "VC-01"),
    ]  # fmt: skip
    assert Entry.objects.count() == 1


def test_importing_is_no_ones_post(city: City):
    for name in ("steward", "authority", "system_admin"):
        with pytest.raises(ForbiddenError):
            actions.import_published(organisation=city.civil, rows=[row("甲")], by=city[name], now=NOW)


def test_an_imported_entry_is_updated_like_any_other(city: City):
    (entry,) = take_over(city, [row("甲")])
    version = actions.new_version(entry=entry, by=city["steward"], now=NOW)
    published = actions.publish(version=city.submit(version), by=city["authority"], now=NOW)
    assert published.number == 2
    assert published.entry.code == entry.code
