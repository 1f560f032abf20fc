from __future__ import annotations

import itertools
from dataclasses import dataclass

import pytest

from jutong.standards import grading
from jutong.standards import grading_schemes as schemes


@dataclass(frozen=True)
class Thing:
    name: str = "姓名"
    grade: str = "general-1"
    widest_mode: str = "plain"
    is_personal: bool = False
    is_sensitive: bool = False


def rules(*arguments, **words):
    return [(row.rule, row.place, row.severity) for row in grading.control_findings(*arguments, **words)]


def test_an_entry_within_the_matrix_has_no_finding():
    items = (Thing(grade="general-3", is_personal=True), Thing(name="住址", grade="general-2", is_personal=True))
    assert rules("general-3", "conditional", "service", items) == []
    assert rules("", "", "", ()) == []


@pytest.mark.parametrize(
    ("arguments", "words", "expected"),
    [
        (("core", "conditional", "service", ()), {}, [("GR-01", "grade", "error")]),
        (("general-1", "conditional", "service", (Thing(grade="general-3"),)), {}, [("GR-02", "grade", "error")]),
        (("general-3", "unconditional", "service", ()), {}, [("GR-03", "share_attribute", "error")]),
        (("important", "conditional", "batch", ()), {}, [("GR-04", "share_way", "error")]),
        (("important", "conditional", "service", ()), {}, []),
        (("general-3", "conditional", "service", ()), {"is_open": True}, [("GR-05", "is_open", "error")]),
        (("general-2", "unconditional", "service", ()), {"is_open": True}, []),
        (
            ("general-4", "conditional", "service", (Thing(grade="general-1"), Thing(grade="general-4"))),
            {},
            [("GR-06", "items.1.widest_mode", "error")],
        ),
        (("general-4", "conditional", "service", (Thing(grade="general-4", widest_mode="verify"),)), {}, []),
        (
            ("general-2", "conditional", "service", (Thing(grade="general-1", is_personal=True),)),
            {},
            [("GR-07", "items.0.grade", "warning")],
        ),
        (
            ("general-3", "conditional", "service", (Thing(grade="general-3", is_sensitive=True),)),
            {},
            [("GR-07", "items.0.grade", "warning")],
        ),
        (("general-2", "conditional", "service", (Thing(grade="???", widest_mode="???"),)), {}, []),
    ],
)
def test_each_rule_names_its_place(arguments, words, expected):
    assert rules(*arguments, **words) == expected


def test_a_mode_is_cut_down_to_what_the_grade_shows():
    assert grading.allowed_mode("general-3", "plain") == "plain"
    assert grading.allowed_mode("general-4", "plain") == "verify"
    assert grading.allowed_mode("important", "verify") == "verify"
    assert grading.allowed_ways("important", ("service", "batch")) == ("service",)
    assert grading.allowed_ways("general-4", ("file", "service")) == ("file", "service")
    with pytest.raises(grading.GradeUnknownError):
        grading.allowed_mode("secret", "plain")


def test_the_matrix_tightens_as_the_level_rises():
    levels = list(grading.grades().values())
    for lower, higher in itertools.pairwise(levels):
        assert set(higher.share_attributes) <= set(lower.share_attributes)
        assert set(higher.share_ways) <= set(lower.share_ways)
        assert grading.MODES.index(higher.widest_mode) <= grading.MODES.index(lower.widest_mode)
        assert higher.may_open <= lower.may_open


def test_personal_tags_are_the_law_s_closed_list():
    sensitive = [tag.code for tag in grading.personal_tags().values() if tag.sensitive]
    assert sensitive == ["biometric", "religion", "identity", "health", "finance", "location", "minor"]
    assert all("第二十八条" in grading.personal_tags()[code].clause for code in sensitive)
    assert not grading.floors().verified
    assert grading.personal_floor(is_personal=False, is_sensitive=False).code == "general-1"
    assert grading.personal_floor(is_personal=True, is_sensitive=False).code == "general-2"
    assert grading.personal_floor(is_personal=True, is_sensitive=True).code == "general-4"
    assert grading.attribute_floor("conditional").code == "general-2"
    assert grading.attribute_floor("").code == "general-1"
    assert grading.objects()["person"] == "个人权益"


@pytest.mark.parametrize(
    ("code", "persons", "sensitive", "expected"),
    [
        ("general-2", 0, 0, "general-2"),
        ("general-2", 999_999, 0, "general-2"),
        ("general-2", 1_000_000, 0, "general-3"),
        ("general-3", 1_000_000, 100_000, "general-4"),
        ("general-4", 1_000_000, 100_000, "general-4"),
        ("general-1", 10_000_000, 0, "important"),
        ("core", 10_000_000, 0, "core"),
        ("important", 1_000_000, 0, "important"),
    ],
)
def test_much_data_raises_the_level_and_never_lowers_it(code, persons, sensitive, expected):
    assert schemes.raised(code, persons=persons, sensitive_persons=sensitive).code == expected


def test_a_province_s_four_levels_map_both_ways():
    scheme = schemes.schemes()["db33-2350"]
    assert scheme.national("L3").code == "general-3"
    assert [scheme.local(code).code for code in grading.grades()] == ["L1", "L2", "L3", "L4", "L4", "L4"]
    national = schemes.schemes()["gbt-43697"]
    assert [national.local(code).code for code in grading.grades()] == list(grading.grades())
    with pytest.raises(grading.GradeUnknownError):
        scheme.national("L9")
