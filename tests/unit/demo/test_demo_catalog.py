from __future__ import annotations

from collections import Counter
from dataclasses import fields
from importlib import resources

import pytest

from jutong.center.catalog.fields import EntryFields, ItemFields
from jutong.center.catalog.findings import errors
from jutong.center.catalog.shape import shape_findings
from jutong.center.catalog.validation import Surroundings, content_findings
from jutong.demo import city
from jutong.demo.catalog_data import BOUND_ENTRIES, WITHHELD_ENTRIES, all_entries, real_entries
from jutong.demo.catalog_entry import CatalogEntry, CatalogItem, theme_class
from jutong.demo.registers.all import TABLES
from jutong.standards import divisions, grading, lists, resource_code


def test_at_least_six_hundred_real_entries_over_all_departments() -> None:
    counts = Counter(entry.department for entry in real_entries())
    assert counts.total() >= 620
    assert set(counts) == {row.key for row in city.DEPARTMENTS}
    assert all("CNPDS" in entry.origin for entry in real_entries())


def test_nothing_comes_from_a_portal_without_a_licence() -> None:
    for entry in real_entries():
        assert not any(place in entry.origin for place in ("六安", "淮南", "江西"))


def test_the_shipped_file_is_small() -> None:
    assert len(resources.files("jutong.demo").joinpath("data/catalog.json.gz").read_bytes()) < 400_000


def test_keys_and_names_are_unique() -> None:
    entries = all_entries()
    assert len({entry.key for entry in entries}) == len(entries)
    assert len({(entry.department, entry.name) for entry in entries}) == len(entries)


def test_every_entry_passes_the_catalogs_own_rules() -> None:
    names: dict[str, set[str]] = {row.key: set() for row in city.DEPARTMENTS}
    for entry in all_entries():
        mine = {field.name for field in fields(CatalogEntry)}
        values = {field.name: getattr(entry, field.name) for field in fields(EntryFields) if field.name in mine}
        told = {field.name for field in fields(CatalogItem)} & {field.name for field in fields(ItemFields)}
        items = [ItemFields(**{name: getattr(item, name) for name in told}) for item in entry.items]
        written = EntryFields(**values, not_secret=True)
        code = city.department(entry.department).code
        systems = frozenset(row.name for row in city.SYSTEMS if row.department == entry.department)
        around = Surroundings(code, code, systems, frozenset(names[entry.department]))
        assert shape_findings(written, items) == []
        assert errors(content_findings(written, items, around)) == []
        names[entry.department].add(entry.name)


def test_coded_values_are_those_of_the_closed_lists() -> None:
    for entry in all_entries():
        assert entry.share_attribute in lists.closed_list("share-attribute").codes
        assert entry.update_cycle in lists.closed_list("update-cycle").codes
        form = lists.closed_list("data-format").value(entry.data_format)
        assert form is not None
        ways = form.details.get("ways")
        assert not ways or entry.share_way in ways
        assert resource_code.check(f"{entry.classification}/1") is None
        grade = grading.grade(entry.grade)
        assert entry.share_attribute in grade.share_attributes
        if entry.items:
            assert grade.rank >= grading.highest(item.grade for item in entry.items).rank
        for item in entry.items:
            assert item.data_type in lists.closed_list("data-type").codes
            assert item.widest_mode == "verify" if item.grade == "general-4" else item.widest_mode == "plain"
            assert item.mask in {"all", "name", "identity", "phone", "address"}


def test_open_data_is_of_the_lowest_grade_and_unconditional() -> None:
    for entry in all_entries():
        if entry.is_open:
            assert (entry.grade, entry.share_attribute) == ("general-1", "unconditional")


def test_titles_of_real_entries_name_no_real_place() -> None:
    real = {row.name for row in divisions.national() if len(row.name) > 2 and row.name != "市辖区"}
    for entry in real_entries():
        assert not any(name in entry.name for name in real), entry.name


def test_bound_entries_stand_on_the_tables_they_name() -> None:
    assert len(BOUND_ENTRIES) >= 14
    bound = {(entry.source, entry.table) for entry in BOUND_ENTRIES}
    assert bound == {(source, table.name) for source, tables in TABLES.items() for table in tables}
    for entry in BOUND_ENTRIES:
        (table,) = (table for table in TABLES[entry.source] if table.name == entry.table)
        assert tuple(item.column for item in entry.items) == table.column_names
        assert {item.column for item in entry.items if item.is_key} == set(table.call_key) != set()
        assert entry.source.split("-", maxsplit=1)[0] == entry.department


def test_sensitive_personal_information_is_only_verified() -> None:
    for entry in BOUND_ENTRIES:
        for item in entry.items:
            if item.is_sensitive:
                assert item.is_personal
                assert (item.grade, item.widest_mode) == ("general-4", "verify")


def test_what_is_withheld_rests_on_a_law_or_regulation_with_its_article() -> None:
    assert len(WITHHELD_ENTRIES) == 6
    for entry in WITHHELD_ENTRIES:
        assert entry.basis_kind in {"law", "regulation"}
        assert entry.basis_article.startswith("第")
        assert entry.refusal_reason
    assert {e.share_attribute for e in all_entries()} == {"unconditional", "conditional", "none"}
    assert sum(e.share_attribute == "none" for e in all_entries()) == len(WITHHELD_ENTRIES)


def test_entries_survive_being_written_down() -> None:
    for entry in all_entries():
        assert CatalogEntry.from_dict(entry.as_dict()) == entry


def test_an_unknown_theme_is_refused() -> None:
    with pytest.raises(KeyError):
        theme_class("astrology", "police")
