"""Statistics: what a cell may show, and that nothing left out can be computed back."""

from __future__ import annotations

import itertools
from collections import Counter
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jutong.contracts.statistics import GroupBy, Measure, StatFilter, StatisticsQuery, Suppression
from jutong.library.engine import EngineSetting, open_engine
from jutong.library.statistics.compute import TABLE, Cell, Counted, Former, compute
from jutong.library.statistics.errors import (
    DifferencingError,
    PopulationSmallError,
    StatisticsFieldError,
    TooManyCellsError,
)
from jutong.library.statistics.suppress import Answer, answered

FLOOR = 10
RULES = Suppression(
    version="1", effective_from="2026-01-01", clause="-", floor=FLOOR, dominance_percent=80, remember_days=90,
    most_cells=50,
)  # fmt: skip
COUNT = Measure(kind="count")
KINDS: dict[str, pa.DataType] = {
    "sex": pa.string(),
    "division": pa.string(),
    "born": pa.date32(),
    "age": pa.int64(),
    "income": pa.decimal128(12, 2),
}
SCHEMA = pa.schema(KINDS)


def query(*groups: GroupBy, measures: tuple[Measure, ...] = (COUNT,), filters: Any = ()) -> StatisticsQuery:
    return StatisticsQuery(library="RK", table="person", groups=groups, measures=measures, filters=tuple(filters))


def by(field: str, how: Any = "value", width: int = 0) -> GroupBy:
    return GroupBy(field=field, title=field, by=how, width=width)


def people() -> pa.Table:
    """60 women and 40 men; of the men 3 live in 330103; one of them earns nearly everything there is."""
    rows = []
    for number in range(100):
        man = number >= 60
        few = number >= 97
        rows.append(
            {
                "sex": "1" if man else "2", "division": "330103" if few or number < 30 else "330102",
                "born": date(1950 + number % 3, 1, 1), "age": number,
                "income": Decimal(1000000) if number == 70 else Decimal(100),
            }
        )  # fmt: skip
    return pa.Table.from_pylist(rows, SCHEMA)


def counted(tmp_path: Path, asked: StatisticsQuery, *formers: Former, most: int = 50) -> Counted:
    with open_engine(EngineSetting(memory_mb=128, threads=1), tmp_path) as engine:
        engine.attach_rows(TABLE, people())
        return compute(engine, asked, SCHEMA, formers, most)


def shown(answer: Answer) -> dict[tuple[str | None, ...], Any]:
    return {cell.keys: None if cell.hidden else cell.values for cell in answer.cells}


def test_small_cells_and_those_that_would_give_them_away_are_hidden(tmp_path: Path) -> None:
    asked = query(by("sex"), by("division", "county"))
    answer = answered(asked, counted(tmp_path, asked), RULES)
    # 3 men in 330103. Their line of men and their line of 330103 must not give them away, nor those the next lines.
    assert shown(answer) == {
        ("1", "330102"): None, ("1", "330103"): None, ("2", "330102"): None, ("2", "330103"): None,
    }  # fmt: skip
    assert (answer.small, answer.beside, answer.total) == (1, 3, 100)
    whole = answered(query(by("sex")), counted(tmp_path, query(by("sex"))), RULES)
    assert shown(whole) == {("1",): (40,), ("2",): (60,)}


def test_measures_and_groupings(tmp_path: Path) -> None:
    measures = (
        COUNT, Measure(kind="average", field="age"), Measure(kind="sum", field="income"),
        Measure(kind="greatest", field="born"),
    )  # fmt: skip
    asked = query(by("sex"), measures=measures)
    values = shown(answered(asked, counted(tmp_path, asked), RULES))
    assert values["2",] == (60, Decimal("29.50"), Decimal(6000), date(1952, 1, 1))
    # One man earns more than 80 % of what all men do: that sum would be his income.
    assert values["1",] == (40, Decimal("79.50"), None, date(1952, 1, 1))
    for one, keys in ((by("born", "year"), {"1950", "1951", "1952"}), (by("age", "band", 50), {"0", "50"}),
                      (by("division", "city"), {"3301"})):  # fmt: skip
        asked = query(one)
        assert {key for (key,) in shown(answered(asked, counted(tmp_path, asked), RULES))} == keys


def test_two_answers_cannot_be_held_against_each_other(tmp_path: Path) -> None:
    all_but_few = (StatFilter(field="age", operator="le", values=("95",)),)
    with pytest.raises(DifferencingError):
        answered(query(), counted(tmp_path, query(), Former(all_but_few, False)), RULES)
    half = (StatFilter(field="age", operator="le", values=("79",)),)
    asked = query(by("sex"))
    # Of all rows 20 are other; of the women none, of the men 20: nothing to fear.
    assert shown(answered(asked, counted(tmp_path, asked, Former(half, True)), RULES))["1",] == (40,)
    # All 65 of these less the 60 women of the answer at hand would be 5 men.
    few_men = (StatFilter(field="age", operator="le", values=("64",)),)
    assert shown(answered(asked, counted(tmp_path, asked, Former(few_men, False)), RULES))[("2",)] is None
    # Among the former rows were all but 2 men: who knows both answers knows the two.
    men = (StatFilter(field="age", operator="ge", values=("62",)),)
    hidden = shown(answered(asked, counted(tmp_path, asked, Former(men, True)), RULES))
    assert hidden == {("1",): None, ("2",): None}


def test_what_cannot_be_asked(tmp_path: Path) -> None:
    few = query(filters=(StatFilter(field="age", operator="ge", values=("95",)),))
    with pytest.raises(PopulationSmallError):
        answered(few, counted(tmp_path, few), RULES)
    with pytest.raises(TooManyCellsError):
        counted(tmp_path, query(by("age")), most=99)
    filters = [
        StatFilter(field="nothing", operator="eq", values=("1",)),
        StatFilter(field="age", operator="eq", values=("x",)),
        StatFilter(field="division", operator="prefix", values=("33' OR 1=1",)),
        StatFilter(field="age", operator="ge", values=("1", "2")),
    ]  # fmt: skip
    bad = [query(by("age", "year")), query(by("sex", "band", 5)), query(measures=(Measure(kind="sum", field="sex"),))]
    for asked in [*bad, *(query(filters=[one]) for one in filters)]:
        with pytest.raises(StatisticsFieldError):
            counted(tmp_path, asked)
    quoted = query(filters=[StatFilter(field="sex", operator="in", values=("1' OR '1'='1", "2"))])
    assert counted(tmp_path, quoted).total == 60


@given(st.lists(st.lists(st.integers(0, 40), min_size=3, max_size=3), min_size=3, max_size=3))
@settings(max_examples=60, deadline=None)
def test_no_line_of_any_table_gives_a_cell_away(numbers: list[list[int]]) -> None:
    asked = query(by("sex"), by("division"))
    cells = [
        Cell((str(row), str(column)), numbers[row][column], ())
        for row, column in itertools.product(range(3), range(3))
        if numbers[row][column]
    ]
    total = sum(cell.count for cell in cells)
    if total < FLOOR:
        return
    answer = answered(asked, Counted(cells, total), RULES)
    counts = {cell.keys: cell.count for cell in cells}
    hidden = {cell.keys for cell in answer.cells if cell.hidden}
    assert all(keys in hidden for keys, count in counts.items() if count < FLOOR)
    for dimension in (0, 1):
        missing: Counter[str | None] = Counter()
        alone: Counter[str | None] = Counter()
        open_: Counter[str | None] = Counter()
        for keys, count in counts.items():
            if keys in hidden:
                missing[keys[dimension]] += count
                alone[keys[dimension]] += 1
            else:
                open_[keys[dimension]] += 1
        for line, count in missing.items():
            # Where others of the line are shown, those left out are several and together no small number.
            assert not open_[line] or (alone[line] > 1 and count >= FLOOR)
