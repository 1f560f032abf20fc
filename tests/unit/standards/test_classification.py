from __future__ import annotations

import pytest

from jutong.standards import classification, lists
from jutong.standards.classification import (
    ClassificationCycleError,
    ClassificationError,
    ClassNode,
    level,
    shipped,
    tree,
    with_local,
)


def node(code: str, parent: str = "", *, is_open: bool = True) -> ClassNode:
    return ClassNode(code, f"名{code}", f"n{code}", parent, is_open)


def test_the_shipped_tree_has_the_classes_of_the_guide():
    found = shipped()
    assert [row.label for row in found.children()] == ["基础信息资源", "主题信息资源", "部门信息资源"]
    for parent, list_id in (("1", "base-resource"), ("2", "theme-resource")):
        assert [row.label for row in found.children(parent)] == [
            value.label for value in lists.closed_list(list_id).values
        ]
    assert len(found.children("3")) == 8
    assert found.label("307010") == "部门信息资源 / 省（自治区、直辖市）及其下各级政务部门"


@pytest.mark.parametrize(
    ("code", "unknown"),
    [("307010", ""), ("109001", "109"), ("399", "399"), ("213001", ""), ("9", ""), ("", "")],
)
def test_what_is_missing_below_a_closed_class_is_named(code: str, unknown: str):
    assert shipped().unknown_part(code) == unknown


@pytest.mark.parametrize(("code", "name"), [("3", "类"), ("307", "项"), ("307010", "目"), ("307010A", "细目")])
def test_a_level_has_its_name(code: str, name: str):
    assert level(code) == name


def test_a_locality_adds_its_own():
    found = with_local(
        (node("307010", "307"), node("307010A", "307010"), node("307010AB", "307010A"), node("213", "2"))
    )
    assert found.label("307010AB").endswith("名307010 / 名307010A / 名307010AB")
    assert [row.code for row in found.children("307")] == ["307010"]


@pytest.mark.parametrize(
    "rows",
    [
        (node("307010", "307"), node("307010", "307")),
        (node("307010", "399"),),
        (node("307010", "201"),),
        (node("307010", "3"),),
        (node("307010"),),
        (node("", ""),),
        (node("30a", "3"),),
        (node("109", "1"),),
    ],
)
def test_a_tree_that_does_not_hold_together_is_refused(rows: tuple[ClassNode, ...]):
    with pytest.raises(ClassificationError):
        with_local(rows)


def test_a_circle_is_refused_by_name():
    with pytest.raises(ClassificationCycleError, match="307010A → 307010B → 307010A"):
        tree([node("3"), node("307", "3"), node("307010A", "307010B"), node("307010B", "307010A")])
    with pytest.raises(ClassificationCycleError):
        tree([node("307010", "307010")])


def test_a_first_level_class_stands_alone():
    with pytest.raises(ClassificationError):
        tree([node("1"), node("2", "1")])
    assert classification.tree([node("1")]).children()[0].code == "1"
