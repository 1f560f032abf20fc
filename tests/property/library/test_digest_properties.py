"""The digest of a move sees every accident and no mere reordering."""

from __future__ import annotations

import random as randomness
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jutong.library.digest import ContentDigest
from tests.unit.library.slow_digest import slow_digest

FIELDS: list[tuple[str, pa.DataType]] = [
    ("id", pa.int64()),
    ("name", pa.string()),
    ("photo", pa.binary()),
    ("score", pa.float64()),
]
SCHEMA = pa.schema(FIELDS)
ROWS = st.lists(
    st.tuples(
        st.none() | st.integers(-(2**63), 2**63 - 1),
        st.none() | st.text(st.characters(codec="utf-8"), max_size=40),
        st.none() | st.binary(max_size=40),
        st.none() | st.floats(allow_nan=False),
    ),
    min_size=1,
    max_size=30,
)
Row = tuple[Any, ...]


def digest(rows: list[Row], sizes: list[int] | None = None) -> str:
    total = ContentDigest(SCHEMA)
    left = list(rows)
    for size in [*(sizes or []), len(rows)]:
        part, left = left[:size], left[size:]
        columns = [pa.array([row[place] for row in part], kind) for place, kind in enumerate(SCHEMA.types)]
        total.update(pa.RecordBatch.from_arrays(columns, schema=SCHEMA))
    return total.text()


@given(ROWS, st.randoms(use_true_random=False), st.lists(st.integers(0, 7), max_size=5))
def test_order_and_batches_do_not_matter(rows: list[Row], random: randomness.Random, sizes: list[int]) -> None:
    shuffled = list(rows)
    random.shuffle(shuffled)
    assert digest(shuffled, sizes) == digest(rows)


@given(ROWS)
def test_the_fast_digest_is_the_slow_one(rows: list[Row]) -> None:
    named = [dict(zip(SCHEMA.names, row, strict=True)) for row in rows]
    assert digest(rows) == slow_digest(named, SCHEMA)


@given(ROWS, st.data())
def test_a_lost_or_doubled_row_matters(rows: list[Row], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(rows) - 1))
    assert digest(rows[:place] + rows[place + 1 :]) != digest(rows)
    assert digest([*rows, rows[place]]) != digest(rows)


@given(ROWS, ROWS, st.data())
def test_a_changed_value_matters(rows: list[Row], others: list[Row], data: st.DataObject) -> None:
    place, column = data.draw(st.integers(0, len(rows) - 1)), data.draw(st.integers(0, 3))
    value = others[0][column]
    changed = list(rows)
    row = list(rows[place])
    same = repr(row[column]) == repr(value)
    row[column] = value
    changed[place] = tuple(row)
    assert (digest(changed) == digest(rows)) is same


@given(ROWS, st.data())
def test_values_that_change_rows_matter(rows: list[Row], data: st.DataObject) -> None:
    first, second = (data.draw(st.integers(0, len(rows) - 1)) for _ in range(2))
    left, right = list(rows[first]), list(rows[second])
    left[1], right[1] = right[1], left[1]
    changed = list(rows)
    changed[first], changed[second] = tuple(left), tuple(right)
    if sorted(map(repr, changed)) == sorted(map(repr, rows)):
        return
    assert digest(changed) != digest(rows)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_rows_that_come_twice_do_not_cancel_out(count: int) -> None:
    row: Row = (1, "a", b"a", 1.0)
    assert len({digest([row] * number) for number in range(1, count + 2)}) == count + 1
