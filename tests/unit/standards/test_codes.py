from __future__ import annotations

from datetime import date

import pytest

from jutong.standards import codes
from jutong.standards.codes import Change, Span, arrive, changes, division_changes, division_spans, division_stem

A, B, C, D = date(1990, 1, 1), date(2000, 1, 1), date(2010, 1, 1), date(2020, 1, 1)
WAYS = codes.DIVISIONS


def read(*spans):
    return [(row.code, row.target, row.kind, row.certainty, row.reason) for row in changes(spans, WAYS)]


def test_a_code_kept_leaves_no_row():
    assert read(Span("110101", "东城区", A), Span("110102", "西城区", B)) == []


@pytest.mark.parametrize(
    ("spans", "expected"),
    [
        (
            (Span("620121", "永登县", A, B), Span("620121", "永登区", B)),
            [("620121", "620121", "renamed", "sure", "same-code")],
        ),
        (
            (Span("420600", "襄樊市", A, B), Span("420600", "襄阳市", B)),
            [("420600", "420600", "renamed", "likely", "reused")],
        ),
        (
            (Span("110221", "昌平县", A, B), Span("110114", "昌平区", B)),
            [("110221", "110114", "moved", "sure", "like-name")],
        ),
        (
            (Span("513029", "大竹县", A, B), Span("511724", "大竹县", B)),
            [("513029", "511724", "moved", "sure", "same-name")],
        ),
        (
            (Span("321284", "姜堰市", A, C), Span("321204", "姜堰区", B)),
            [("321284", "321204", "merged", "likely", "absorbed")],
        ),
        (
            (Span("120107", "塘沽区", A, B), Span("120108", "汉沽区", A, B), Span("120116", "滨海新区", B)),
            [
                ("120107", "120116", "merged", "possible", "many-for-one"),
                ("120108", "120116", "merged", "possible", "many-for-one"),
            ],
        ),
        (
            (Span("412301", "甲市", A, B), Span("412302", "乙区", B), Span("412303", "丙区", B)),
            [
                ("412301", "412302", "split", "possible", "one-for-many"),
                ("412301", "412303", "split", "possible", "one-for-many"),
            ],
        ),
        (
            (Span("412301", "甲市", A, B), Span("412302", "乙区", B)),
            [("412301", "412302", "moved", "possible", "one-for-one")],
        ),
        (
            (Span("231122", "德都县", A, B), Span("110101", "东城区", B)),
            [("231122", "", "dropped", "possible", "nothing")],
        ),
        (
            (Span("654101", "伊宁市", A, B), Span("654002", "伊宁市", B), Span("654021", "伊宁县", B)),
            [("654101", "654002", "moved", "sure", "same-name")],
        ),
        (
            (Span("654101", "伊宁旗", A, B), Span("654102", "伊宁市", B), Span("654121", "伊宁县", B)),
            [
                ("654101", "654102", "moved", "possible", "two-names"),
                ("654101", "654121", "moved", "possible", "two-names"),
            ],
        ),
        (
            (Span("140203", "矿区", A, B), Span("140303", "矿区", A)),
            [("140203", "", "dropped", "possible", "nothing")],
        ),
        (
            (
                Span("522200", "铜仁地区", A, B), Span("522222", "江口县", A, B), Span("522201", "老城", A, B),
                Span("520600", "铜仁市", B), Span("520621", "江口县", B), Span("520602", "碧江区", B),
            ),
            [
                ("522200", "520600", "moved", "sure", "like-name"),
                ("522201", "520602", "moved", "possible", "one-for-one"),
                ("522222", "520621", "moved", "sure", "same-name"),
            ],
        ),
    ],
)  # fmt: skip
def test_each_kind_of_change_is_told_apart(spans, expected):
    assert sorted(read(*spans, Span("999999", "别处", A))) == sorted(expected)


def test_what_is_known_stands_in_place_of_the_rule():
    spans = (Span("110104", "宣武区", A, B), Span("110102", "西城区", A))
    known = [Change(B, "110104", "110102", "merged", "sure", "known")]
    assert changes(spans, WAYS, known) == known


def test_plain_tables_know_only_names():
    spans = (Span("1", "甲", A, B), Span("2", "甲", B), Span("3", "乙", A, B), Span("4", "丙", B))
    assert [(row.code, row.target, row.kind, row.certainty) for row in changes(spans)] == [
        ("1", "2", "moved", "sure"),
        ("3", "", "dropped", "possible"),
    ]


def test_a_way_through_several_editions_is_as_sure_as_its_weakest_step():
    rows = [
        Change(B, "1", "2", "moved", "sure", "same-name"),
        Change(C, "2", "3", "split", "possible", "one-for-many"),
        Change(C, "2", "4", "split", "likely", "known"),
        Change(D, "4", "", "dropped", "possible", "nothing"),
    ]
    assert [(row.code, row.kind, row.certainty, len(row.steps)) for row in arrive("1", A, D, rows)] == [
        ("3", "split", "possible", 2),
        ("", "dropped", "possible", 3),
    ]
    assert [(row.code, row.kind) for row in arrive("1", A, B, rows)] == [("2", "moved")]
    assert [(row.code, row.kind) for row in arrive("1", B, D, rows)] == [("1", "kept")]
    assert [(row.code, row.kind) for row in arrive("1", A, A, rows)] == [("1", "kept")]


def test_a_code_split_over_itself_goes_on():
    rows = [Change(B, "1", "1", "split", "sure", "known"), Change(B, "1", "2", "split", "sure", "known")]
    assert [row.code for row in arrive("1", A, C, rows)] == ["1", "2"]


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("昌平县", "昌平"), ("浦东新区", "浦东"), ("清新区", "清新"), ("宽甸满族自治县", "宽甸"),
        ("鄂伦春自治旗", "鄂伦春"),
        ("伊犁哈萨克自治州", "伊犁"), ("双江拉祜族佤族布朗族傣族自治县", "双江"), ("县", "县"), ("沙市市", "沙"),
    ],
)  # fmt: skip
def test_a_division_s_proper_name(name, stem):
    assert division_stem(name) == stem


def test_every_code_of_1990_arrives_in_the_newest_state_or_nowhere():
    start, end = date(1990, 12, 1), codes.editions(division_spans())[-1]
    spans, rows = division_spans(), division_changes()
    now = {row.code for row in spans if row.in_force(end)}
    then = [row.code for row in spans if row.in_force(start)]
    arrivals = {code: arrive(code, start, end, rows) for code in then}
    assert len(then) > 3000
    assert all(row.code in now for found in arrivals.values() for row in found if row.code)
    sure = [code for code, found in arrivals.items() if len(found) == 1 and found[0].certainty == "sure"]
    assert len(sure) / len(then) > 0.85


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("110221", [("110114", "moved")]),
        ("110104", [("110102", "merged")]),
        ("310108", [("310106", "merged")]),
        ("110101", [("110101", "kept")]),
        ("510200", [("500000", "moved")]),
        ("513029", [("511724", "moved")]),
    ],
)
def test_codes_of_1990_map_to_today_s(code, expected):
    found = arrive(code, date(1990, 12, 1), date(2026, 9, 11), division_changes())
    assert [(row.code, row.kind) for row in found] == expected
    assert all(row.certainty == "sure" for row in found)


def test_every_known_adjustment_names_codes_the_table_has():
    spans = {row.code for row in division_spans()}
    known = [row for row in division_changes() if row.reason == "known"]
    assert len(known) > 100
    assert all({row.code, row.target} <= spans for row in known)
    assert {row.reason for row in division_changes()} <= set(codes.REASONS)
