"""Codes in further classes, and what entries refer to."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.db import transaction

from jutong.center.catalog import actions, queries
from jutong.center.catalog.checks import findings_of_writing
from jutong.center.catalog.codes import allocate, allocate_further
from jutong.center.catalog.fields import ItemFields
from jutong.center.catalog.models import Entry, EntryClass, EntryVersion
from jutong.center.catalog.references import codes_named, existing, upstream
from jutong.kernel.clock import civil_date
from jutong.kernel.errors import InvalidInputError
from jutong.standards.resource_code import ResourceCodeError
from tests.center_world import FIELDS, ITEMS, NOW, City, at
from tests.ownership_world import both_publish, designated

TODAY = civil_date(NOW)


def classes(entry: Entry) -> dict[str, str]:
    return dict(entry.classes.values_list("classification", "code"))


def test_a_publication_gives_a_code_in_every_further_class(city: City):
    allocate("203001")
    version = city.published(extra_classes=("203001", "201002"))
    assert classes(version.entry) == {"203001": "203001/00002", "201002": "201002/00001"}
    assert allocate("203001") == ["203001/00003"]


def test_a_code_once_given_stays_the_entrys(city: City):
    version = city.published(extra_classes=("203001",))
    entry = Entry.objects.get()
    allocate_further(entry, replaced(version, ()))
    assert classes(entry) == {"203001": "203001/00001"}
    (row,) = allocate_further(entry, replaced(version, ("203001",)))
    assert row.code == "203001/00001"
    assert EntryClass.objects.count() == 1


def replaced(version: EntryVersion, extra: tuple[str, ...]) -> EntryVersion:
    version.extra_classes = list(extra)
    return version


def test_the_main_class_and_doubles_get_no_second_code(city: City):
    version = replaced(city.draft(), ("307010", "203001", "203001"))
    with transaction.atomic():
        assert [row.classification for row in allocate_further(version.entry, version)] == ["203001"]
        with pytest.raises(ResourceCodeError):
            allocate_further(version.entry, replaced(version, ("nine",)))


def test_what_an_entry_refers_to_is_looked_up(city: City):
    first = city.published(extra_classes=("203001",)).entry
    draft = city.draft(name="另一条").entry
    assert existing([first.code, "203001/00001", draft.code, "307010/09999"]) == {first.code, "203001/00001"}
    assert existing([]) == frozenset()
    items = (replace(ITEMS[0], source_code=first.code), ITEMS[1])
    assert codes_named(replace(FIELDS, related_codes=("307010/09999",)), items) == {first.code, "307010/09999"}


def chain(city: City, length: int) -> list[str]:
    """Publish entries each taken from the one before."""
    codes: list[str] = []
    for number in range(length):
        item = ItemFields(name="名称", data_type="C", source_code=codes[-1] if codes else "")
        made = city.published(items=(item,), name=f"{chr(0x7532 + number)}名录", grade="general-2")
        codes.append(made.entry.code)
    return codes


def test_sources_are_followed_to_their_beginning(city: City):
    first, second, third = chain(city, 3)
    assert upstream([third]) == {third: frozenset({first, second})}
    assert upstream([first]) == {first: frozenset()}
    assert upstream([]) == {}


def test_a_circle_of_sources_is_refused(city: City):
    first, second = chain(city, 2)
    entry = queries.entry_for_steward(city["steward"], first)
    item = ItemFields(name="名称", data_type="C", source_code=second)
    fields = replace(FIELDS, name="甲名录", grade="general-2")
    found = findings_of_writing(city.civil, fields, (item,), on=TODAY, entry=entry)
    assert [(row.rule, row.place) for row in found if row.is_error] == [("VC-11", "items")]
    version = actions.new_version(entry=entry, by=city["steward"], now=at(1))
    version = actions.edit_version(version=version, fields=fields, items=[item], by=city["steward"], now=at(1))
    with pytest.raises(InvalidInputError) as refused:
        city.submit(version, at(1))
    assert [row["rule"] for row in refused.value.fields["problems"]] == ["VC-11"]


def test_an_item_whose_source_is_elsewhere_refers_to_it(city: City):
    ours, _ = both_publish(city)
    designated(city)
    item = ItemFields(name="婚姻状况", data_type="C", is_personal=True, grade="general-2")
    fields = replace(FIELDS, name="学生资助", grade="general-2")
    found = findings_of_writing(city.education, fields, (item,), on=TODAY)
    assert [(row.rule, row.found) for row in found if row.is_error] == [("VC-11", ours.code)]
    right = (replace(item, source_code=ours.code),)
    assert not [row for row in findings_of_writing(city.education, fields, right, on=TODAY) if row.is_error]
    assert not [row for row in findings_of_writing(city.civil, fields, (item,), on=TODAY) if row.is_error]


def test_a_submission_names_the_edition_it_was_judged_by(city: City):
    version = city.submit(city.draft())
    version.refresh_from_db()
    assert version.template == "cn-2025.1"
