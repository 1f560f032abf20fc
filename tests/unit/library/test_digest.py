from __future__ import annotations

import datetime as dt
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest

from jutong.library.digest import LONG_BYTES, ContentDigest
from tests.unit.library.slow_digest import slow_digest

KINDS: dict[str, pa.DataType] = {
    "flag": pa.bool_(),
    "small": pa.int16(),
    "number": pa.int32(),
    "big": pa.int64(),
    "single": pa.float32(),
    "double": pa.float64(),
    "name": pa.string(),
    "photo": pa.binary(),
    "born": pa.date32(),
    "seen": pa.timestamp("us"),
    "at": pa.timestamp("us", tz="UTC"),
    "income": pa.decimal128(38, 4),
}
SCHEMA = pa.schema(list(KINDS.items()))
ROW = {
    "flag": True,
    "small": -3,
    "number": 7,
    "big": 2**62,
    "single": 1.5,
    "double": -0.1,
    "name": "欧阳修",
    "photo": b"\x00\xff",
    "born": dt.date(1949, 10, 1),
    "seen": dt.datetime(2026, 1, 2, 3, 4, 5, 6),  # noqa: DTZ001 - a civil time without zone
    "at": dt.datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=dt.UTC),
    "income": Decimal("-12345678901234567890123.4567"),
}
OTHER = {
    "flag": False,
    "small": -4,
    "number": 8,
    "big": 2**62 + 1,
    "single": 1.25,
    "double": -0.2,
    "name": "欧阳询",
    "photo": b"\x00\xfe",
    "born": dt.date(1949, 10, 2),
    "seen": dt.datetime(2026, 1, 2, 3, 4, 5, 7),  # noqa: DTZ001 - a civil time without zone
    "at": dt.datetime(2026, 1, 2, 3, 4, 5, 7, tzinfo=dt.UTC),
    "income": Decimal("-12345678901234567890123.4568"),
}


def digest(*tables: pa.Table, schema: pa.Schema = SCHEMA) -> str:
    total = ContentDigest(schema)
    for table in tables:
        for batch in table.to_batches():
            total.update(batch)
    return total.text()


def table(*rows: dict[str, object]) -> pa.Table:
    return pa.Table.from_pylist(list(rows), schema=SCHEMA)


def test_the_value_is_written_down() -> None:
    # A receipt is compared years later: the scheme may not drift.
    assert digest(table(ROW, dict.fromkeys(KINDS))) == "jc1:2:26db69f59fdb5940d1930cba89c3e9d7"


def test_the_fast_digest_is_the_slow_one() -> None:
    rows: list[dict[str, object]] = [
        ROW,
        OTHER,
        dict.fromkeys(KINDS),
        {**ROW, "name": "长" * 700, "photo": b"x" * 1024},
    ]
    assert digest(table(*rows)) == slow_digest(rows, SCHEMA)


@pytest.mark.parametrize("column", list(KINDS))
def test_a_changed_value_or_a_null_of_any_type_is_seen(column: str) -> None:
    before = digest(table(ROW, OTHER))
    assert digest(table({**ROW, column: OTHER[column]}, OTHER)) != before
    assert digest(table({**ROW, column: None}, OTHER)) != before
    # Two values that changed places leave every column's sum as it was.
    assert digest(table({**ROW, column: OTHER[column]}, {**OTHER, column: ROW[column]})) != before


def test_lost_doubled_and_replaced_rows_are_seen() -> None:
    seen = {
        digest(table(ROW, OTHER)),
        digest(table(ROW)),
        digest(table(ROW, OTHER, OTHER)),
        digest(table(ROW, ROW)),
        digest(table()),
    }
    assert len(seen) == 5


def test_nothing_that_looks_empty_is_the_same() -> None:
    schema = pa.schema([("a", pa.string())])
    texts = [None, "", "\0", "\0\0", " ", "a", "a\0"]
    seen = {digest(pa.table({"a": pa.array([text], pa.string())}), schema=schema) for text in texts}
    assert len(seen) == len(texts)


def test_a_value_that_moves_to_the_next_column_is_seen() -> None:
    schema = pa.schema([("a", pa.string()), ("b", pa.string())])
    first = pa.table({"a": ["x"], "b": ["y"]})
    second = pa.table({"a": ["y"], "b": ["x"]})
    joined = pa.table({"a": ["xy"], "b": [""]})
    assert len({digest(one, schema=schema) for one in (first, second, joined)}) == 3


def test_names_and_types_are_part_of_it() -> None:
    ones = [
        pa.table({"a": pa.array([1], pa.int32())}),
        pa.table({"b": pa.array([1], pa.int32())}),
        pa.table({"a": pa.array([1], pa.int64())}),
        pa.table({"a": pa.array([1], pa.int32())}).slice(0, 0),
        pa.table({"b": pa.array([1], pa.int32())}).slice(0, 0),
    ]
    assert len({digest(one, schema=one.schema) for one in ones}) == len(ones)


@pytest.mark.parametrize("size", [7, 8, 9, LONG_BYTES - 1, LONG_BYTES, LONG_BYTES + 1, 10 * LONG_BYTES])
def test_the_last_byte_of_a_text_of_any_length_counts(size: int) -> None:
    schema = pa.schema([("a", pa.string())])
    seen = {digest(pa.table({"a": ["x" * size + end]}), schema=schema) for end in ("", "a", "b", "ab", "ba")}
    assert len(seen) == 5


def test_slices_with_nulls_read_the_same_as_copies() -> None:
    rows = [ROW, dict.fromkeys(KINDS), OTHER] * 11
    whole = table(*rows)
    sliced = whole.slice(5, 17)
    copied = table(*rows[5:22])
    assert digest(sliced) == digest(copied)


def test_bytes_under_a_null_mean_nothing() -> None:
    kind = pa.schema([("a", pa.string())])
    offsets, mask = pa.array([0, 3, 6], pa.int32()).buffers()[1], pa.array([True, False]).buffers()[1]
    assert offsets is not None
    hidden = pa.StringArray.from_buffers(2, offsets, pa.py_buffer(b"abcxyz"), mask)
    assert digest(pa.table({"a": hidden}), schema=kind) == digest(pa.table({"a": ["abc", None]}), schema=kind)


def test_every_nan_is_the_same_and_zero_has_a_sign() -> None:
    kind = pa.schema([("a", pa.float64())])
    odd = np.array([0x7FF8000000000001], dtype="<u8").view("<f8")
    one = digest(pa.table({"a": pa.array(odd)}), schema=kind)
    assert one == digest(pa.table({"a": pa.array([float("nan")])}), schema=kind)
    plus, minus = (digest(pa.table({"a": pa.array([zero])}), schema=kind) for zero in (0.0, -0.0))
    assert plus != minus


def test_other_shapes_are_refused() -> None:
    with pytest.raises(TypeError, match="canonical"):
        ContentDigest(pa.schema([("a", pa.list_(pa.int32()))]))
    with pytest.raises(TypeError, match="another schema"):
        ContentDigest(SCHEMA).update(pa.record_batch({"a": pa.array([1])}))
