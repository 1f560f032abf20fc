"""Each executable norm with what follows it and what breaks it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from jutong.center.norms.checks import CHECKS
from jutong.center.norms.conformance import Outcome, RuleResult, evaluate, score, summed
from jutong.center.norms.reading import sql_family
from jutong.center.norms.subject import Bound, Part, Sample, Subject, World
from jutong.standards import norms
from jutong.standards.elements import shipped_matcher

WORLD = World(shipped_matcher(), frozenset({"gbt3304", "gbt2260"}))
GOOD = Part(
    name="公民身份号码", english_name="identity_number", data_type="C", family="text", length=18, element="DE01002",
    grade="general-3", widest_mode="masked", is_key=True, is_personal=True, comment="公民身份号码",
)  # fmt: skip
ENTRY = Subject(
    name="婚姻登记信息", parts=(GOOD,), summary="结婚、离婚登记的基本信息", grade="general-3",
    share_attribute="conditional", share_way="service", is_published=True,
    bound=Bound("table", checked=True, columns={"公民身份号码": "id_number"}),
)  # fmt: skip
COLUMN = Part(name="id_number", comment="公民身份号码", data_type="varchar(18)", family="text", is_key=True)
TABLE = Subject(
    name="marriage", parts=(COLUMN,), comment="婚姻登记", is_published=True,
    sample=Sample(100, {"id_number": 100}, {"id_number": {"identity": 99}}),
)  # fmt: skip


def part(**changes):
    return (replace(GOOD, **changes),)


def column(**changes):
    return (replace(COLUMN, **changes),)


BREAKS = {
    "NM-01": replace(ENTRY, name="婚姻登记管理系统"),
    "NM-02": replace(ENTRY, name="婚姻登记信息2025"),
    "NM-03": replace(ENTRY, summary="婚姻登记信息"),
    "NM-04": replace(ENTRY, parts=part(name="ID_NUMBER")),
    "NM-05": replace(ENTRY, parts=part(name="身份证号")),
    "NM-06": replace(ENTRY, parts=part(english_name="ID Number")),
    "TY-01": replace(ENTRY, parts=part(length=None)),
    "TY-02": replace(ENTRY, parts=part(data_type="D")),
    "TY-03": replace(ENTRY, parts=part(length=15)),
    "TY-04": replace(ENTRY, parts=part(name="登记日期")),
    "CD-01": replace(ENTRY, parts=part(element="DE99999")),
    "CD-02": replace(ENTRY, parts=part(code_table="nothing")),
    "CD-03": replace(ENTRY, parts=part(name="民族代码", element="DE01005")),
    "CD-04": replace(ENTRY, parts=part(element="")),
    "GD-01": replace(ENTRY, share_attribute="unconditional"),
    "GD-02": replace(ENTRY, parts=part(is_personal=False)),
    "GD-03": replace(ENTRY, parts=part(name="银行账号", element="", is_sensitive=False)),
    "QL-01": replace(ENTRY, bound=None),
    "QL-02": replace(ENTRY, bound=Bound("table", checked=True, problems=frozenset({"down"}))),
    "QL-03": replace(ENTRY, bound=Bound("table", checked=True, problems=frozenset({"columns-missing"}))),
    "QL-04": replace(ENTRY, bound=Bound("table", checked=True, problems=frozenset({"stale"}))),
    "QL-05": replace(ENTRY, bound=Bound("table", checked=True, columns={})),
    "QL-06": replace(ENTRY, parts=part(is_key=False)),
    "TB-01": replace(TABLE, comment="t_marriage"),
    "TB-02": replace(TABLE, parts=column(comment="")),
    "TB-03": replace(TABLE, parts=column(name="ID-Number")),
    "TB-04": replace(TABLE, parts=column(is_key=False)),
    "TB-05": replace(TABLE, parts=column(family="date")),
    "TB-06": replace(TABLE, sample=Sample(100, {"id_number": 50}, {"id_number": {"identity": 50}})),
    "TB-07": replace(TABLE, sample=Sample(100, {"id_number": 100}, {"id_number": {"identity": 60}})),
}
PASSES = {
    "CD-02": replace(ENTRY, parts=part(code_table="gbt2260")),
    "CD-03": replace(ENTRY, parts=part(name="民族代码", element="DE01005", code_table="gbt3304")),
    "TY-04": replace(ENTRY, parts=part(name="登记日期", data_type="D")),
    "GD-03": replace(ENTRY, parts=part(name="银行账号", element="DE09009", is_sensitive=True)),
}


@pytest.mark.parametrize("rule", norms.norms().values(), ids=lambda rule: rule.id)
def test_a_rule_tells_what_breaks_it_from_what_follows_it(rule):
    check = CHECKS[rule.check]
    followed = PASSES.get(rule.id, ENTRY if rule.applies == "entry" else TABLE)
    assert check(followed, WORLD, rule.parameters).checked > 0
    assert check(followed, WORLD, rule.parameters).hits == ()
    broken = check(BREAKS[rule.id], WORLD, rule.parameters)
    assert len(broken.hits) == 1
    assert broken.hits[0].message
    assert broken.hits[0].way_out


@pytest.mark.parametrize(
    ("rule", "subject"),
    [
        ("NM-05", replace(ENTRY, parts=part(name="蓝天保卫战进度"))), ("TY-02", replace(ENTRY, parts=part(element=""))),
        ("TY-03", replace(ENTRY, parts=part(element="DE01001"))), ("TY-04", ENTRY),
        ("CD-03", replace(ENTRY, parts=part(element=""))), ("GD-01", replace(ENTRY, grade="")),
        ("GD-02", replace(ENTRY, parts=part(name="天气", element=""))), ("QL-01", replace(ENTRY, is_published=False)),
        ("QL-02", replace(ENTRY, bound=None)), ("QL-02", replace(ENTRY, bound=Bound("table", checked=False))),
        ("QL-05", replace(ENTRY, bound=Bound("files", checked=True))), ("QL-06", replace(ENTRY, share_way="file")),
        ("TB-05", replace(TABLE, parts=column(family=""))), ("TB-06", replace(TABLE, sample=None)),
        ("TB-07", replace(TABLE, sample=None)), ("TB-07", replace(TABLE, parts=column(name="weather", comment="天气"))),
    ],
)  # fmt: skip
def test_a_rule_with_nothing_to_look_at_says_nothing(rule, subject):
    found = norms.norms()[rule]
    assert CHECKS[found.check](subject, WORLD, found.parameters).checked == 0


def test_a_mistake_of_an_item_names_the_item():
    broken = replace(ENTRY, grade="general-4", parts=part(grade="general-4", widest_mode="plain"))
    rule = norms.norms()["GD-01"]
    assert [hit.place for hit in CHECKS[rule.check](broken, WORLD, rule.parameters).hits] == ["公民身份号码"]


def test_the_score_is_the_weighted_share_of_what_follows_the_rules():
    rules = norms.in_force("entry", date(2026, 11, 9))
    assert evaluate(ENTRY, WORLD, rules).score == 100
    assert evaluate(ENTRY, WORLD, rules).findings == ()
    worse = evaluate(replace(ENTRY, bound=None, summary=""), WORLD, rules)
    assert [row.rule for row in worse.findings] == ["NM-03", "QL-01"]
    assert worse.score is not None
    kept = sum(row.weight for row in worse.rules if not row.failed)
    assert worse.score == int(100 * kept / sum(row.weight for row in worse.rules))
    assert evaluate(TABLE, WORLD, norms.in_force("table", date(2026, 11, 9))).score == 100
    assert norms.in_force("entry", date(2000, 1, 1)) == ()


def test_scores_round_down_and_nothing_seen_has_none():
    assert score([]) is None
    assert score([RuleResult("a", 1, 1000, 1)]) == 99
    assert score([RuleResult("a", 3, 1, 1), RuleResult("b", 1, 2, 1)]) == 12
    first = Outcome(0, (RuleResult("b", 1, 2, 1), RuleResult("a", 3, 1, 1)), ())
    assert summed([first, first]) == (RuleResult("a", 3, 2, 2), RuleResult("b", 1, 4, 2))


def test_rules_and_documents_belong_together():
    assert {rule.check for rule in norms.norms().values()} == set(CHECKS)
    assert set(BREAKS) == set(norms.norms())
    for rule in norms.norms().values():
        assert rule.document in norms.documents(), rule.id
        assert rule.family in norms.families()
        assert 1 <= rule.weight <= 5
        assert rule.severity in {"error", "warning"}
    for document in norms.documents().values():
        assert document.kind in norms.KINDS
        assert document.status in norms.STATES
        assert set(document.binds) <= set(norms.AREAS)


@pytest.mark.parametrize(
    ("sql_type", "family"),
    [
        ("character varying(18)", "text"), ("int(11)", "number"), ("timestamp with time zone", "date"),
        ("datetime", "date"), ("boolean", "L"), ("numeric(10,2)", "number"), ("geometry", ""), ("TEXT", "text"),
    ],
)  # fmt: skip
def test_types_of_databases_belong_to_families(sql_type, family):
    assert sql_family(sql_type) == family
