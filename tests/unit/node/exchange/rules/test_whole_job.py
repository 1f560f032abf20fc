"""What is asked of more than a row: earlier rows of the job, another table, the day; and what steps hand to rules."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from deltalake import write_deltalake
from hypothesis import given, settings
from hypothesis import strategies as st

from jutong.contracts import rules as rule
from jutong.contracts import steps as step
from jutong.contracts.rules import ColumnMask, Rule
from jutong.contracts.steps import Step
from jutong.node.exchange.errors import OrderUnfitError, ValueUnfitError
from jutong.node.exchange.rules import seen
from jutong.node.exchange.rules.means import Means
from jutong.node.exchange.rules.sieve import Sieve
from jutong.node.masking import Pseudonyms

TEXT = pa.schema([("k", pa.string())])


def batch(schema: pa.Schema, *columns: Sequence[object]) -> pa.RecordBatch:
    arrays = [pa.array(values, field.type) for values, field in zip(columns, schema, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def unique(**fields: object) -> rule.Unique:
    return rule.Unique.model_validate({"id": "once", "column": "k", "over": "job", **fields})


values = st.lists(st.one_of(st.none(), st.sampled_from("abcdefgh")), max_size=6)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(values, max_size=3), max_size=4), st.randoms(use_true_random=False))
def test_a_value_lands_once_in_a_job(
    tmp_path_factory: pytest.TempPathFactory, chunks: list[list[list[str | None]]], chance: random.Random
) -> None:
    """Whatever the batches and chunks, and wherever the process is killed, the first row with a value is kept."""
    folder = tmp_path_factory.mktemp("job")
    sieve, number = Sieve([unique()], (), TEXT, (), Means(folder=folder, salt="j")), 0
    landed: list[str | None] = []
    while number < len(chunks):
        killed, mine = chance.random() < 0.4, list[str | None]()
        sieve.begin_chunk(number, 100)
        for rows in chunks[number]:
            mine += sieve.sift(batch(TEXT, rows), 1).kept.column(0).to_pylist()
        if not killed or chance.random() < 0.5:  # or after its hashes were written, before it stood in the ledger
            sieve.end_chunk()
        if killed:
            sieve = Sieve([unique()], (), TEXT, (), Means(folder=folder, salt="j"))
        else:
            landed, number = [*landed, *mine], number + 1
    given_values = [value for chunk in chunks for rows in chunk for value in rows]
    assert [value for value in landed if value is not None] == list(dict.fromkeys(filter(None, given_values)))
    assert landed.count(None) == given_values.count(None)
    again = Sieve([unique()], (), TEXT, (), Means(folder=folder, salt="j", replaying=True))
    again.begin_chunk()
    refused = again.sift(batch(TEXT, ["a", "z"]), 0).counts.tolist()
    assert refused == [int("a" in given_values)]


def test_hashes_lie_on_the_disk_for_their_owner_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Many runs are written, all are asked, and two values with one first half are told apart."""
    monkeypatch.setattr(seen, "RUN_KEYS", 1000)
    sieve = Sieve([unique()], (), TEXT, (), Means(folder=tmp_path, salt="j"))
    sieve.begin_chunk(0, 4000)
    for start in range(0, 4000, 500):
        assert sieve.sift(batch(TEXT, [str(n) for n in range(start, start + 500)]), 1).counts.tolist() == [0]
    sieve.end_chunk()
    runs = sorted((tmp_path / seen.FOLDER / "once").iterdir())
    assert [path.stat().st_size for path in runs] == [16_000] * 4
    assert {path.stat().st_mode & 0o777 for path in runs} == {0o600}
    assert sieve.sift(batch(TEXT, [str(n) for n in range(3990, 4010)]), 1).counts.tolist() == [10]
    run = seen.in_order(*(np.array(half, dtype=np.uint64) for half in ([7, 7, 7, 9], [3, 1, 2, 1])))
    first, second = (np.array(half, dtype=np.uint64) for half in ([7, 7, 9, 1, 99], [3, 4, 2, 1, 1]))
    assert run.has(first, second).tolist() == [True, False, False, False, False]


def test_references_into_the_departments_tables(tmp_path: Path) -> None:
    kinds: dict[str, pa.DataType] = {"code": pa.string(), "number": pa.int64()}
    schema = pa.schema(kinds)
    write_deltalake(str(tmp_path / "schools"), pa.table(batch(schema, ["a", "b", None], [1, 2, 3])))

    def refer(column: str, kind: pa.DataType, **fields: str) -> Sieve:
        asked = rule.Reference.model_validate(
            {"id": "r", "column": "k", "table": "schools", "in_column": column, **fields}
        )
        return Sieve([asked], (), pa.schema([pa.field("k", kind)]), (), Means(department=tmp_path))

    good: list[tuple[str, pa.DataType, list[Any]]] = [
        ("code", pa.string(), ["b", "c", None, "a"]),
        ("number", pa.int64(), [3, 4, None, 1]),
    ]
    for column, kind, given_values in good:
        sieve = refer(column, kind)
        sifted = sieve.sift(batch(sieve.read_as, given_values), 1)
        assert sifted.kept.column(0).to_pylist() == [given_values[0], None, given_values[3]]
        assert sifted.findings["reason"].to_pylist() == ["reference"]
    wrong: list[tuple[str, pa.DataType, dict[str, str]]] = [
        ("gone", pa.string(), {}),
        ("number", pa.string(), {}),
        ("code", pa.string(), {"table": "other"}),
    ]
    for column, kind, fields in wrong:
        with pytest.raises(OrderUnfitError):
            refer(column, kind, **fields)


def test_freshness_counts_from_the_day_the_job_began() -> None:
    began = datetime(2026, 3, 1, 17, 0, tzinfo=UTC)  # the second of March in Beijing
    means = Means(started_ms=int(began.timestamp() * 1000))
    fresh = rule.Fresh(id="f", column="k", days=1)
    days = [date(2026, 2, 28), date(2026, 3, 1), date(2026, 3, 2), date(2026, 3, 3), None]
    instant = pa.timestamp("us", tz="UTC")
    naive = [day and datetime(day.year, day.month, day.day) for day in days]  # noqa: DTZ001
    both: list[tuple[pa.DataType, list[Any]]] = [(pa.date32(), [*days]), (pa.timestamp("us"), [*naive])]
    for kind, given_values in both:
        sieve = Sieve([fresh], (), pa.schema([pa.field("k", kind)]), (), means)
        kept = sieve.sift(batch(sieve.read_as, given_values), 1).kept.column(0).to_pylist()
        assert kept == [*given_values[1:3], None]
    edges = [datetime(2026, 2, 28, 15, 59, tzinfo=UTC), datetime(2026, 2, 28, 16, tzinfo=UTC)]
    edges += [datetime(2026, 3, 2, 15, 59, tzinfo=UTC), datetime(2026, 3, 2, 16, tzinfo=UTC)]
    sieve = Sieve([fresh], (), pa.schema([("k", instant)]), (), means)
    assert sieve.sift(batch(sieve.read_as, edges), 1).kept.column(0).to_pylist() == edges[1:3]


_KINDS: dict[str, pa.DataType] = {"xm": pa.string(), "dm": pa.int32(), "rq": pa.timestamp("us"), "yuan": pa.int64()}
REGISTER = pa.schema(_KINDS)
STEPS: tuple[Step, ...] = (
    step.Standardise(id="name", column="xm", spaces="none"),
    step.AsText(id="code", column="dm", pad=6),
    step.Translate(id="now", column="dm", pairs=(("110221", "110114"),), otherwise="refuse"),
    step.TimeZone(id="zone", column="rq"),
    step.Rename(id="called", column="xm", to="name"),
    step.Arithmetic(id="wan", column="yuan", operator="multiply", amount="0.0001", into="wan", scale=4),
    step.Concat(id="both", columns=("name", "dm"), into="both", separator="/"),
    step.Constant(id="from", into="origin", value="民政"),
    step.Drop(id="away", column="yuan"),
)


def test_steps_come_before_rules_and_refused_rows_stay_as_they_were_read() -> None:
    good, never = datetime(2020, 1, 1), datetime(1986, 5, 4, 2, 30)  # noqa: DTZ001 - naive is the point
    rules: list[Rule] = [rule.Length(id="long", column="both", most=9), rule.NotNull(id="filled", column="name")]
    sieve = Sieve(rules, [ColumnMask(column="name", mask="name")], REGISTER, STEPS)
    read = batch(
        REGISTER,
        ["张　三", "李四", "王五", " ", "欧阳慕容"],
        [110221, 990000, 110221, 110221, 110221],
        [good, good, never, good, good],
        [123_456_789, 1, 1, 1, 10**18],
    )
    sifted = sieve.sift(read, 11)
    assert sieve.lands_as.names == ["name", "dm", "rq", "wan", "both", "origin"]
    assert sifted.kept.to_pylist() == [
        {"name": "张*", "dm": "110114", "rq": datetime(2019, 12, 31, 16, tzinfo=UTC),
         "wan": sifted.kept.column("wan")[0].as_py(), "both": "张三/110114", "origin": "民政"}
    ]  # fmt: skip
    assert str(sifted.kept.column("wan")[0]) == "12345.6789"
    assert sifted.aside.drop_columns("(position)").equals(read.slice(1))
    assert sifted.aside.column(0).to_pylist() == [12, 13, 14, 15]
    told = sorted(
        (line["(position)"], line["rule"], line["column"], line["value"]) for line in sifted.findings.to_pylist()
    )
    assert told == [
        (12, "now", "dm", "990000"),
        (13, "zone", "rq", "1986-05-04 02:30:00.000000"),
        (14, "filled", "xm", " "),
        (15, "long", "xm", "欧阳慕容"),
        (15, "wan", "yuan", "1000000000000000000"),
    ]
    assert [(count.id, count.rows) for count in sieve.counted(sifted.counts)] == [
        ("now", 1), ("zone", 1), ("wan", 1), ("long", 1), ("filled", 1),
    ]  # fmt: skip


def test_a_source_with_a_zone_gives_instants() -> None:
    schema = pa.schema([("own", pa.timestamp("us")), ("other", pa.timestamp("us"))])
    steps = (step.TimeZone(id="z", column="other", zone="UTC"),)
    sieve = Sieve((), (), schema, steps, Means(zone="Asia/Shanghai"))
    noon = datetime(2026, 1, 1, 12)  # noqa: DTZ001
    kept = sieve.sift(batch(schema, [noon], [noon]), 1).kept.to_pylist()
    assert kept == [{"own": datetime(2026, 1, 1, 4, tzinfo=UTC), "other": datetime(2026, 1, 1, 12, tzinfo=UTC)}]
    with pytest.raises(ValueUnfitError):
        sieve.sift(batch(schema, [datetime(1986, 5, 4, 2, 30)], [noon]), 1)  # noqa: DTZ001


@pytest.mark.parametrize(
    "steps",
    [
        [step.Rename(id="x", column="gone", to="y")],
        [step.Rename(id="x", column="dm", to="xm")],
        [step.Constant(id="x", into="XM", value="")],
        [step.Constant(id="x", into="a b", value="")],
        [step.Drop(id=f"x{name}", column=name) for name in REGISTER.names],
        [step.Standardise(id="x", column="dm")],
        [step.TimeZone(id="x", column="xm")],
        [step.TimeZone(id="x", column="rq", zone="Asia/Nowhere")],
        [step.Translate(id="x", column="rq", pairs=(("1", "2"),))],
        [step.Translate(id="x", column="xm", table="none", gives="name")],
        [step.Coalesce(id="x", columns=("xm", "dm"), into="y")],
        [step.Arithmetic(id="x", column="xm", operator="add", amount="1", into="y")],
        [step.Arithmetic(id="x", column="dm", operator="add", amount="one", into="y")],
        [step.DatePart(id="x", column="xm", into="y", part="year")],
        [step.AsText(id="x", column="rq", pad=4)],
        [step.AsText(id="x", column="dm"), step.AsText(id="x", column="rq")],
    ],
)
def test_steps_that_do_not_fit_are_refused_before_the_first_row(steps: list[Step]) -> None:
    with pytest.raises(OrderUnfitError, match="x"):
        Sieve((), (), REGISTER, steps)


def test_pseudonyms_are_those_of_the_gateway(tmp_path: Path) -> None:
    secret = tmp_path / "node.secret"
    secret.write_text("ab" * 32)
    mask = ColumnMask(column="k", mask="pseudonym", agreement="X-1")
    values = ["11010519491231002x", " １１", "张三", "", None, "11010519491231002X"]
    token = Pseudonyms(bytes.fromhex("ab" * 32)).rule("X-1")
    sieve = Sieve((), [mask], TEXT, (), Means(secret=secret))
    kept = sieve.sift(batch(TEXT, values), 1).kept.column(0).to_pylist()
    assert kept == [None if value is None else token(value) for value in values]
    assert kept[0] == kept[-1]
    with pytest.raises(OrderUnfitError):
        Sieve((), [mask], TEXT, (), Means(secret=tmp_path / "gone"))
