from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from jutong.standards import periods
from jutong.standards.ladder import StepName, ladder
from jutong.standards.local_rules import FORMAT, LARGEST_FILE, RuleFileError, parse_rules, read_rules
from jutong.standards.periods import PeriodLooserError, PeriodUnknownError

TODAY = date(2026, 11, 22)


def content(**changes: Any) -> dict[str, Any]:
    full = {
        "format": FORMAT,
        "division": "629900",
        "title": "金河市政务数据共享办法",
        "document": "金政发〔2026〕8号",
        "effective_from": "2026-12-01",
        "periods": [{"id": "SLA-REP-C", "length": 5, "extension_cap": 5, "clause": "第十条"}],
    }
    return {**full, **changes}


def test_a_file_is_read_with_its_digest():
    found = parse_rules(json.dumps(content(ladder={"message_left": 3, "superior_after": 2}), ensure_ascii=False))
    assert (found.division, found.effective_from, found.message_left, found.superior_after) == (
        "629900", date(2026, 12, 1), 3, 2,
    )  # fmt: skip
    assert [(row.id, row.length, row.extension_cap, row.clause) for row in found.periods] == [
        ("SLA-REP-C", 5, 5, "第十条")
    ]
    assert found.digest.startswith("sha256:")
    assert found.digest != read_rules(content()).digest
    assert read_rules(content(periods=[])).periods == ()


def test_a_period_looser_than_the_law_is_refused_whole():
    with pytest.raises(PeriodLooserError):
        read_rules(content(periods=[{"id": "SLA-REP-C", "length": 11}]))
    with pytest.raises(PeriodLooserError):
        read_rules(content(periods=[{"id": "SLA-LOG", "length": 2}]))
    with pytest.raises(PeriodUnknownError):
        read_rules(content(periods=[{"id": "SLA-NONE", "length": 2}]))
    with pytest.raises(PeriodUnknownError):
        read_rules(content(effective_from="2024-01-01"))


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"format": "other"}, "/format"),
        ({"division": "62990x"}, "/division"),
        ({"division": 629900}, "/division"),
        ({"title": " "}, "/title"),
        ({"title": "\ud800"}, "/title"),
        ({"document": "长" * 65}, "/document"),
        ({"effective_from": "2026-13-01"}, "/effective_from"),
        ({"effective_from": None}, "/effective_from"),
        ({"periods": {}}, "/periods"),
        ({"periods": ["x"]}, "/periods/0"),
        ({"periods": [{"id": "SLA-SUP"}]}, "/periods/0"),
        ({"periods": [{"id": "SLA-SUP", "length": 5, "unit": "year"}]}, "/periods/0"),
        ({"periods": [{"id": "SLA-SUP", "length": 0}]}, "/periods/0/length"),
        ({"periods": [{"id": "SLA-SUP", "length": True}]}, "/periods/0/length"),
        ({"periods": [{"id": "SLA-SUP", "length": 5.5}]}, "/periods/0/length"),
        ({"periods": [{"id": "SLA-SUP", "length": 5}] * 2}, "/periods/1/id"),
        ({"periods": [{"id": "SLA-SUP", "length": 5, "extension_cap": -1}]}, "/periods/0/extension_cap"),
        ({"periods": [{"id": "SLA-SUP", "length": 5, "clause": "长" * 33}]}, "/periods/0/clause"),
        ({"ladder": {"message_left": -1}}, "/ladder/message_left"),
        ({"ladder": {"superior_after": 0}}, "/ladder/superior_after"),
        ({"ladder": {"other": 1}}, "/ladder"),
        ({"extra": 1}, "/"),
    ],
)
def test_what_is_wrong_is_named_by_its_place(change, place):
    with pytest.raises(RuleFileError) as caught:
        read_rules(content(**change))
    assert caught.value.fields["place"] == place


@pytest.mark.parametrize("text", ["", "{", "[]", "[" * 100_000, "x" * (LARGEST_FILE + 1)])
def test_what_is_no_such_file_is_refused(text):
    with pytest.raises(RuleFileError):
        parse_rules(text)


def test_the_ladder_has_its_rungs_and_a_locality_its_days():
    rungs = ladder(TODAY)
    assert [(row.step, row.when.value, row.days) for row in rungs] == [
        (StepName.WORKBENCH, "started", 0),
        (StepName.MESSAGE, "left", 2),
        (StepName.AUTHORITY, "overdue", 0),
        (StepName.SUPERIOR, "overdue", 5),
    ]
    assert [row.days for row in ladder(TODAY, message_left=3, superior_after=1)] == [0, 3, 0, 1]
    assert ladder(date(2025, 7, 31)) == ()


def test_the_law_overtakes_a_local_period():
    law = periods.period("SLA-REP-C", on=TODAY)
    assert periods.strictest(law, (12, 12)) == law
    assert periods.strictest(law, (5, None), (8, 3)).length == 5
    assert periods.strictest(law, (5, None), (8, 3)).extension_cap == 3
    free = periods.period("SLA-RECT", on=TODAY)
    assert [periods.strictest(free, (30, None), (20, None)).length, periods.strictest(free).local] == [20, False]
    with pytest.raises(ValueError, match="at least one unit"):
        periods.strictest(law, (0, None))
