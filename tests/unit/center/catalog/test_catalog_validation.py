from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from jutong.center.catalog.enums import BasisKind
from jutong.center.catalog.fields import EntryFields, ItemFields
from jutong.center.catalog.findings import Finding, errors, refuse
from jutong.center.catalog.shape import LABELS, MOST_ITEMS, shape_findings
from jutong.center.catalog.validation import Surroundings, content_findings, step_findings
from jutong.kernel.errors import InvalidInputError
from tests.center_world import FIELDS, ITEMS

CIVIL = "11629900MB4482457G"
AROUND = Surroundings(
    CIVIL, CIVIL, frozenset({"社会救助业务系统"}), frozenset({"低保对象信息"}), frozenset({"secrecy", "personal"}), True
)
REFUSED = replace(
    FIELDS, share_attribute="none", share_way="", share_scope="", share_purpose="", refusal_reason="涉及个案",
    basis_kind=BasisKind.LAW, basis_title="未成年人保护法", basis_article="第一百零三条",
)  # fmt: skip
OPEN = replace(FIELDS, share_attribute="unconditional", share_scope="", share_purpose="", grade="general-1")


def changed(fields: EntryFields, **changes: Any) -> EntryFields:
    return replace(fields, **changes)


def rules(fields: EntryFields = FIELDS, items: tuple[ItemFields, ...] = ITEMS, around: Surroundings = AROUND):
    return [(finding.rule, finding.place) for finding in errors(content_findings(fields, items, around))]


def test_a_complete_entry_has_no_findings():
    assert rules() == []
    assert rules(REFUSED) == []
    assert rules(OPEN, ()) == [("VC-01", "items")]
    assert rules(OPEN, (ItemFields(name="名称", data_type="C"),)) == []
    assert step_findings(AROUND) == []


@pytest.mark.parametrize("name", ["name", "data_format", "update_cycle", "share_attribute", "share_way", "grade"])
def test_vc01_each_of_the_nine_fields_is_asked_for(name: str):
    assert ("VC-01", name) in rules(changed(FIELDS, **{name: " " if name == "name" else ""}))


def test_vc01_items_are_asked_for():
    assert rules(items=()) == [("VC-01", "items")]


@pytest.mark.parametrize(
    ("assessed", "consented", "places"),
    [
        (frozenset(), False, ["assessments", "assessments", "consent"]),
        (frozenset({"secrecy"}), True, ["assessments"]),
        (frozenset({"personal"}), True, ["assessments"]),
        (frozenset({"secrecy", "personal"}), False, ["consent"]),
    ],
)
def test_vc02_assessments_and_consent(assessed: frozenset[str], consented: bool, places: list[str]):
    found = step_findings(replace(AROUND, assessed=assessed, consented=consented))
    assert [finding.place for finding in found] == places
    assert {finding.rule for finding in found} == {"VC-02"}


@pytest.mark.parametrize("name", ["share_scope", "share_purpose"])
def test_vc03_conditions_are_listed(name: str):
    assert rules(changed(FIELDS, **{name: " "})) == [("VC-03", name)]


@pytest.mark.parametrize("name", ["share_scope", "share_purpose", "use_conditions"])
def test_vc03_unconditional_has_no_conditions(name: str):
    assert rules(changed(OPEN, **{name: "须经批准"}), (ItemFields(name="名称", data_type="C"),)) == [("VC-03", name)]


@pytest.mark.parametrize("name", ["refusal_reason", "basis_kind", "basis_title", "basis_article"])
def test_vc04_not_sharing_names_its_basis(name: str):
    assert rules(changed(REFUSED, **{name: ""})) == [("VC-04", name)]


@pytest.mark.parametrize("kind", ["部门规章", "地方性法规", "local", "policy"])
def test_vc04_no_other_basis_is_one(kind: str):
    assert rules(replace(REFUSED, basis_kind=kind)) == [("VC-04", "basis_kind")]


@pytest.mark.parametrize("name", ["社会救助业务系统", "社会救助 业务系统", "社会救助业务系统2"])
def test_vc05_an_entry_is_not_a_system(name: str):
    assert rules(replace(FIELDS, name=name)) == [("VC-05", "name")]


@pytest.mark.parametrize("name", ["低保对象信息", "低保对象信息（２０２４）", "低保—对象信息"])
def test_vc06_a_name_is_used_once(name: str):
    assert rules(replace(FIELDS, name=name)) == [("VC-06", "name")]


def test_vc07_the_providers_code_is_valid_and_the_submitters():
    wrong = CIVIL[:-1] + "A"
    assert rules(around=replace(AROUND, organisation_code=wrong, submitter_code=wrong)) == [("VC-07", "organisation")]
    assert rules(around=replace(AROUND, submitter_code="11629900MB5345980L")) == [("VC-07", "organisation")]


def test_vc10_items_have_types_and_names_of_their_own():
    items = (*ITEMS, replace(ITEMS[0], name="公民 身份号码"), ItemFields(name="住址", data_type="Z"))
    assert rules(items=items) == [
        ("VC-10", "items.4.data_type"),
        ("VC-10", "items.3.name"),
    ]


def test_vc13_secrets_stay_outside():
    assert rules(replace(FIELDS, not_secret=False)) == [("VC-13", "not_secret")]


def test_every_finding_names_field_clause_message_and_way_out():
    empty = EntryFields(name="", classification="")
    found = [
        *content_findings(empty, (), AROUND),
        *content_findings(replace(REFUSED, basis_kind="", refusal_reason=""), (), AROUND),
        *step_findings(Surroundings("x", "y")),
        *shape_findings(empty, ()),
    ]
    for finding in found:
        assert all((finding.rule, finding.place, finding.field, finding.clause, finding.message, finding.way_out))
    with pytest.raises(InvalidInputError) as refused:
        refuse(found)
    rows = refused.value.fields["problems"]
    assert len(rows) == len(found)
    assert {"field", "found", "allowed", "clause", "message", "rule", "place", "severity", "way_out"} == set(rows[0])
    refuse([])


def test_every_field_has_a_name_people_use():
    for row in (FIELDS, ITEMS[0]):
        assert set(row.__dataclass_fields__) <= set(LABELS)


def shapes(fields: EntryFields = FIELDS, items: tuple[ItemFields, ...] = ITEMS) -> list[str]:
    return [finding.place for finding in shape_findings(fields, items)]


def test_a_draft_may_leave_all_but_name_and_classification_empty():
    assert shapes(EntryFields(name="x", classification="307010"), ()) == []


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"name": ""}, "name"),
        ({"name": "名" * 129}, "name"),
        ({"classification": "407010"}, "classification"),
        ({"classification": "30701"}, "classification"),
        ({"classification": "307010细"}, "classification"),
        ({"data_format": "paper"}, "data_format"),
        ({"summary": "长" * 1001}, "summary"),
        ({"summary": "a\x00b"}, "summary"),
        ({"grade": "core"}, "grade"),
    ],
)
def test_what_does_not_fit_a_column_is_refused_in_a_draft(changes: dict[str, Any], place: str):
    assert shapes(changed(FIELDS, **changes)) == [place]


@pytest.mark.parametrize(
    ("item", "place"),
    [
        (ItemFields(name=" "), "items.0.name"),
        (ItemFields(name="名" * 65), "items.0.name"),
        (ItemFields(name="x", data_type="ZZ"), "items.0.data_type"),
        (ItemFields(name="x", length=0), "items.0.length"),
        (ItemFields(name="x", length=2**31), "items.0.length"),
        (ItemFields(name="x", widest_mode="all"), "items.0.widest_mode"),
    ],
)
def test_what_does_not_fit_an_item_is_refused_in_a_draft(item: ItemFields, place: str):
    assert shapes(items=(item,)) == [place]


def test_an_entry_has_so_many_items_at_most():
    many = tuple(ItemFields(name=f"项{number}") for number in range(MOST_ITEMS + 1))
    assert shapes(items=many) == ["items"]


def test_a_finding_shows_no_more_than_the_beginning_of_what_was_found():
    found = shape_findings(replace(FIELDS, grade="x" * 500), ())
    assert isinstance(found[0], Finding)
    assert len(found[0].found) == 100


def test_vc10_a_masking_rule_suits_the_type_of_its_item():
    kinds = {("year", "D"): "", ("year", "N"): "warning", ("month", "L"): "error", ("band", "D"): "error",
             ("pseudonym", "M"): "error", ("division", "C"): "", ("all", "L"): ""}  # fmt: skip
    for (mask, kind), severity in kinds.items():
        item = ItemFields(name="甲", data_type=kind, mask=mask)
        found = [row.severity for row in content_findings(FIELDS, [item], AROUND) if row.place == "items.0.mask"]
        assert found == ([severity] if severity else []), (mask, kind)
