from __future__ import annotations

from typing import Any

import pytest

from jutong.kernel.errors import JutongError
from jutong.library import definitions
from jutong.library.definitions.differences import differences, worst
from jutong.library.definitions.errors import DefinitionUnfitError, ElementUndefinedError, KeyNoFieldError
from jutong.standards import elements

BASE = {"人口基础库", "法人基础库", "自然资源和空间地理基础库", "电子证照基础库", "社会信用基础库", "宏观经济基础库"}


def changed(table="person", **fields):
    """The population library with one table's parts in the place of those it has."""
    found = definitions.library("RK").model_dump(mode="python")
    for one in found["tables"]:
        if one["name"] == table:
            one.update(fields)
    return definitions.resolved(found)


def field(**other):
    return {"name": "extra", "title": "补充", **other}


def test_every_shipped_library_is_fit_and_stands_on_elements():
    found = definitions.shipped()
    assert {one.title for one in found if one.kind == "base"} == BASE
    assert sum(one.kind == "theme" for one in found) == 10
    known = {one.code: one for one in elements.shipped()}
    for library in found:
        assert definitions.problems(library) == ()
        assert library.basis
        for table in library.tables:
            assert table.fields
            assert all(field.element in known for field in table.fields)
            persons = [one for one in table.fields if known[one.element].standard == "GB 11643-1999"]
            assert all(one.personal and one.grade == "general-3" for one in persons)


def test_what_is_not_stated_follows_from_the_element():
    fields = {one.name: one for one in definitions.table("RK", "person").fields}
    assert (fields["identity_number"].type, fields["identity_number"].length) == ("text", 18)
    assert (fields["birth_date"].type, fields["sex"].codes) == ("date", "gbt2261.1-sex")
    assert fields["marital_status"].source == "civil"
    capital = {one.name: one for one in definitions.table("FR", "organisation").fields}["registered_capital"]
    assert (capital.type, capital.length, capital.scale) == ("decimal", 18, 2)


@pytest.mark.parametrize(
    ("error", "parts"),
    [
        (ElementUndefinedError, {"fields": [field(element="DE99999")], "keys": ["extra"]}),
        (KeyNoFieldError, {"keys": ["nothing"]}),
        (KeyNoFieldError, {"keys": []}),
        (DefinitionUnfitError, {"cycle": "sometimes"}),
        (DefinitionUnfitError, {"retention_days": 0}),
        (DefinitionUnfitError, {"entity": ""}),
        (DefinitionUnfitError, {"fields": [field(), field()], "keys": ["extra"]}),
        (DefinitionUnfitError, {"fields": [field(element="DE01004", type="integer")], "keys": ["extra"]}),
        (DefinitionUnfitError, {"fields": [field(codes="no-such-table")], "keys": ["extra"]}),
        (DefinitionUnfitError, {"fields": [field(grade="secret")], "keys": ["extra"]}),
        (DefinitionUnfitError, {"fields": [field(type="decimal", length=40)], "keys": ["extra"]}),
    ],
)
def test_what_is_wrong_is_named_with_its_place(error, parts):
    with pytest.raises(error, match=r"RK\.person") as found:
        definitions.require(changed(**parts))
    assert type(found.value) is error


def test_an_element_that_nobody_defined_is_not_enough():
    blank = [elements.Element("DE01001", "姓名", "person_name", " ", "C")]
    with pytest.raises(ElementUndefinedError):
        definitions.require(changed(fields=[field(element="DE01001")], keys=["extra"]), elements=blank)


def test_a_library_that_is_not_there_is_named():
    for ask in (lambda: definitions.library("XX"), lambda: definitions.table("RK", "nothing")):
        with pytest.raises(JutongError, match="RK"):
            ask()


def test_versions_differ_by_what_they_ask_of_those_who_read():
    before = definitions.library("RK")
    person = definitions.table("RK", "person").model_dump(mode="python")
    (first, *rest) = person["fields"]
    cases: dict[str, list[dict[str, Any]]] = {
        "additive": [
            {"fields": [*person["fields"], field()]},
            {"title": "其他名称"},
            {"fields": [{**first, "length": 20, "required": False}, *rest]},
        ],
        "approval": [
            {"fields": [*person["fields"], field(required=True)]},
            {"fields": [{**first, "length": 15}, *rest]},
            {"fields": [{**first, "grade": "general-4"}, *rest]},
            {"cycle": "weekly"},
        ],
        "breaking": [
            {"fields": [first]},
            {"fields": [{**first, "type": "integer"}, *rest]},
            {"keys": ["name"]},
            {"kind": "record"},
        ],
    }
    assert worst(differences(before, before)) == "additive"
    for effect, changes in cases.items():
        for parts in changes:
            assert worst(differences(before, changed(**parts))) == effect, parts
    fewer = before.model_copy(update={"tables": before.tables[1:]})
    assert [(one.table, one.what, one.effect) for one in differences(before, fewer)] == [
        ("person", "removed", "breaking")
    ]
    assert differences(fewer, before)[0].effect == "additive"
