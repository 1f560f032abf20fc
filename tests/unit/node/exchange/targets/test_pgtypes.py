from __future__ import annotations

import pyarrow as pa
import pytest

from jutong.node.exchange.rules.sieve import Sieve
from jutong.node.exchange.targets.pgtypes import Taker, Way, match

UTC = pa.timestamp("us", tz="UTC")
NAIVE = pa.timestamp("us")


def way(
    lands: pa.DataType, taker: str, kind: str = "", *, family: str = "b", labels: tuple[str, ...] = ()
) -> Way | None:
    column = Taker("t", taker, family, not_null=False, filled=False, fixed=False, labels=labels)
    ways, problems = match(pa.schema([("c", lands)]), [("c", "t")], [column], {"c": kind} if kind else {})
    assert bool(ways) != bool(problems)
    return ways[0] if ways else None


CORRUPTING = [
    (pa.string(), "bigint"), (pa.string(), "date"), (pa.string(), "timestamp with time zone"), (pa.string(), "numeric"),
    (pa.string(), "jsonb"), (pa.string(), "time without time zone"), (pa.string(), "boolean"), (pa.string(), "bytea"),
    (pa.string(), "name"), (pa.int64(), "text"), (pa.int64(), "boolean"), (pa.int64(), "real"),
    (pa.int64(), "double precision"), (pa.float64(), "real"), (pa.float64(), "numeric"), (pa.float64(), "bigint"),
    (pa.decimal128(12, 2), "bigint"), (pa.decimal128(12, 2), "numeric(12,1)"), (pa.decimal128(12, 2), "money"),
    (NAIVE, "timestamp with time zone"), (UTC, "timestamp without time zone"), (NAIVE, "date"),
    (pa.date32(), "timestamp without time zone"), (UTC, "timestamp(3) with time zone"), (pa.bool_(), "integer"),
    (pa.binary(), "text"), (pa.int32(), "numeric(4,-2)"), (pa.string(), "integer[]"), (pa.string(), "interval"),
]  # fmt: skip


@pytest.mark.parametrize(("lands", "taker"), CORRUPTING, ids=str)
def test_pairs_that_would_corrupt_round_or_shift_are_refused(lands: pa.DataType, taker: str) -> None:
    assert way(lands, taker) is None


def test_what_fits_is_sent_in_the_type_of_the_column_and_read_back_in_its_own() -> None:
    for lands, taker, sent in (
        (pa.int16(), "bigint", pa.int64()), (pa.int64(), "bigint", pa.int64()), (pa.int64(), "smallint", pa.int16()),
        (pa.int32(), "numeric(12,2)", pa.decimal128(10, 0)), (pa.float32(), "double precision", pa.float64()),
        (pa.decimal128(12, 2), "numeric", pa.decimal128(12, 2)), (UTC, "timestamp with time zone", UTC),
        (NAIVE, "timestamp without time zone", NAIVE), (pa.date32(), "date", pa.date32()),
        (pa.string(), "character varying(20)", pa.string()), (pa.binary(), "bytea", pa.binary()),
    ):  # fmt: skip
        found = way(lands, taker)
        assert found is not None, taker
        assert (found.send, found.lands, found.through) == (sent, lands, False)


def test_texts_become_other_types_only_where_the_source_has_the_same_type() -> None:
    for kind in ("jsonb", "inet", "numeric", "numeric(50,2)", "time(3) without time zone", "uuid", "macaddr"):
        found = way(pa.string(), kind, kind)
        assert found is not None, kind
        assert found.through
        assert not found.rules
        assert way(pa.string(), kind, "text") is None or kind == "uuid"


def broken(found: Way | None, *values: object) -> list[bool]:
    """Tell of each value whether the target asks for its row to be set aside."""
    assert found is not None
    schema = pa.schema([(found.column, found.lands)])
    batch = pa.record_batch([pa.array(values, found.lands)], schema=schema)
    aside = Sieve(found.rules, (), schema).sift(batch, 0).aside.column(0).to_pylist()
    return [number in aside for number in range(len(values))]


def test_rows_the_target_would_refuse_are_set_aside_before() -> None:
    # In characters, as PostgreSQL counts, not bytes.
    assert broken(way(pa.string(), "character varying(2)"), "䶮㛃", "abc", None, "") == [False, True, False, False]
    assert broken(way(pa.string(), "text"), "a\0b", "a\nb", "", None) == [True, False, False, False]
    assert broken(way(pa.string(), "character(3)"), "ab ", "ab", "", "abcd") == [True, False, False, True]
    assert broken(way(pa.string(), "mood", family="e", labels=("男", "女")), "男", "x") == [False, True]
    assert broken(way(pa.int64(), "smallint"), 32767, 32768, -32768, -32769) == [False, True, False, True]
    assert broken(way(pa.int64(), "numeric(4,2)"), 99, 100, -99) == [False, True, False]
    upper = "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11"
    assert broken(way(pa.string(), "uuid"), upper, upper.lower(), "x") == [True, False, True]


def test_nothing_is_asked_that_the_source_s_own_type_promises() -> None:
    for kind, taker in (
        ("character varying(20)", "character varying(20)"), ("character(6)", "character varying(6)"),
        ("character(18)", "character(18)"), ("text", "text"), ("text", "character varying"),
    ):  # fmt: skip
        found = way(pa.string(), taker, kind)
        assert found is not None
        assert not found.rules
    longer = way(pa.string(), "character varying(5)", "character varying(6)")
    assert longer is not None
    assert [rule.kind for rule in longer.rules] == ["length"]


def test_every_column_has_one_place_and_every_obligatory_column_a_value() -> None:
    fields: dict[str, pa.DataType] = {"a": pa.int64(), "b": pa.string()}
    schema = pa.schema(fields)
    plain = {"kind": "b", "not_null": False, "filled": False, "fixed": False}

    def problems(pairs: list[tuple[str, str]], **last: bool) -> list[str]:
        takers = [Taker("x", "bigint", **plain), Taker("y", "text", **plain), Taker("z", "text", **{**plain, **last})]  # type: ignore[arg-type]
        return match(schema, pairs, takers, {})[1]

    both = [("a", "x"), ("b", "y")]
    assert problems(both) == problems(both, not_null=True, filled=True) == []
    assert problems(both, not_null=True) == ["? → z NOT NULL"]
    assert problems([("a", "x")]) == ["b → ?"]
    assert problems([("a", "x"), ("b", "gone")]) == ["b → ?"]
    assert problems([*both, ("c", "z")]) == ["c ?"]
    assert problems([("a", "x"), ("b", "x")]) == ["x ×2"]
    assert problems([("a", "x"), ("b", "z")], fixed=True) == ["b（string）→ z（text）"]
    obligatory = Taker("x", "bigint", "b", not_null=True, filled=False, fixed=False)
    ways, _ = match(pa.schema([("a", pa.int64())]), [("a", "x")], [obligatory], {})
    assert broken(ways[0], 1, None) == [False, True]
