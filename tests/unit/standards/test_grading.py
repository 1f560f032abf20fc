from __future__ import annotations

import pytest

from jutong.standards import grading


def test_order_and_controls():
    codes = list(grading.grades())
    assert codes == ["general-1", "general-2", "general-3", "general-4", "important", "core"]
    assert [grading.grade(code).rank for code in codes] == list(range(6))
    assert not grading.grade("core").accepted
    assert grading.grade("core").share_attributes == ()
    assert "unconditional" not in grading.grade("general-3").share_attributes
    assert "security-assessment" in grading.grade("general-4").requires
    assert "authority-informed" in grading.grade("important").requires
    assert grading.grade("general-1").approval_steps == 1


def test_a_resource_has_the_level_of_its_most_sensitive_item():
    assert grading.highest(["general-2", "general-4", "general-1"]).code == "general-4"
    assert grading.highest(["core", "important"]).code == "core"
    with pytest.raises(ValueError):
        grading.highest([])


def test_an_unknown_grade_is_named_with_what_is_allowed():
    with pytest.raises(grading.GradeUnknownError) as caught:
        grading.highest(["general-2", "secret"])
    assert caught.value.fields["found"] == "secret"
    assert "general-1" in caught.value.fields["allowed"]


@pytest.mark.parametrize(
    ("effects", "code"),
    [
        ({}, "general-1"),
        ({"person": "none"}, "general-1"),
        ({"person": "ordinary"}, "general-2"),
        ({"person": "serious"}, "general-3"),
        ({"organisation": "extreme"}, "general-4"),
        ({"economy": "ordinary", "person": "ordinary"}, "general-4"),
        ({"public-interest": "serious"}, "important"),
        ({"social-order": "extreme"}, "core"),
        ({"national-security": "ordinary"}, "important"),
        ({"national-security": "serious"}, "core"),
    ],
)
def test_the_decision_table(effects, code):
    assert grading.decide(effects).code == code


def test_unknown_objects_are_refused():
    with pytest.raises(KeyError):
        grading.decide({"weather": "none"})
    with pytest.raises(KeyError):
        grading.decide({"person": "fatal"})  # type: ignore[dict-item]


def test_stored_grades_are_the_accepted_ones():
    from jutong.center.catalog.enums import Grade

    assert set(Grade.values) == {code for code, grade in grading.grades().items() if grade.accepted}
