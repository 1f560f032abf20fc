"""A dry run: everything a move does but writing, and of values only what may be told."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from jutong.contracts.dry import Dry
from jutong.contracts.orders import JobOrder
from jutong.contracts.receipts import MovedReceipt
from jutong.contracts.rules import Cast, ColumnMask, NotNull, OneOf, Unique
from jutong.contracts.steps import Constant, Rename
from jutong.kernel.clock import utc_now
from jutong.node.exchange.dry import rehearse
from jutong.node.exchange.dry.sketch import EXACT, Distinct
from jutong.node.exchange.errors import OrderUnfitError
from jutong.node.exchange.jobs import JobFolder
from jutong.node.exchange.move import Workplace
from jutong.node.exchange.run import Worker
from jutong.node.sources import SourceConfig
from tests.unit.node.exchange.moving import ORGANISATION, landed_path, order_for, sqlite_source

SCRIPT = "CREATE TABLE person (id INTEGER PRIMARY KEY, name TEXT, born TEXT, area TEXT, phone TEXT)"
COLUMNS = ("id", "name", "born", "area", "phone")
MANY = 20_000
ROWS = [
    (
        number,
        None if number % 100 == 0 else "欧阳" if number % 4 else "Li Wei",
        "1990-13-01" if number % 1000 == 7 else f"19{number % 50 + 50:02}-01-02",
        "310101" if number % 3 else "110101",
        f"1380000{number % 10_000:04}",
    )
    for number in range(1, MANY + 1)
]


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> SourceConfig:
    marks = ", ".join("?" * len(COLUMNS))
    return sqlite_source(tmp_path_factory.mktemp("dry"), SCRIPT, (f"INSERT INTO person VALUES ({marks})", ROWS))


def order_of(source: SourceConfig, rows: int = 0) -> JobOrder:
    work = {
        "steps": (Rename(id="called", column="name", to="full_name"), Constant(id="from", into="origin", value="民政")),
        "rules": (
            NotNull(id="named", column="full_name"),
            Cast(id="day", column="born", to="date", most_permille=0),
            OneOf(id="here", column="area", values=("310101",), action="skip"),
            Unique(id="once", column="phone", over="job", action="warn"),
        ),
        "masks": (ColumnMask(column="phone", mask="phone"),),
        "dry": Dry(rows=rows, shown=("id", "born", "area")),
    }
    return order_for(source, "main", "person", *COLUMNS).model_copy(update=work)


def try_out(order: JobOrder, source: SourceConfig, home: Path) -> MovedReceipt:
    folder = home / "node/jobs" / order.job_id
    folder.mkdir(parents=True)
    return rehearse(order, source, place=Workplace(home / "library", folder), clock=utc_now, progress=lambda _: None)


def test_a_dry_run_counts_like_a_move_and_leaves_nothing(source: SourceConfig, tmp_path: Path) -> None:
    order = order_of(source)
    told = try_out(order, source, tmp_path)
    elsewhere = [row for row in ROWS if row[3] != "310101"]
    here = [row for row in ROWS if row[3] == "310101"]
    refused = [row for row in here if row[1] is None or row[2] == "1990-13-01"]
    lands = len(here) - len(refused)
    assert (told.dry, told.rows_read, told.rows_counted, told.rows_skipped) == (True, MANY, MANY, len(elsewhere))
    assert (told.rows_quarantined, told.rows_written) == (len(refused), lands)
    assert (told.source_digest, told.delta_version) == ("", -1)
    counts = {count.id: count.rows for count in told.rules}
    assert counts["here"] == len(elsewhere)
    assert counts["day"] == sum(row[2] == "1990-13-01" for row in here)
    assert told.problem.startswith("node.exchange.rule-limit"), "the move would end, the dry run goes on"
    assert not list(landed_path(tmp_path).glob("*.parquet"))
    assert sorted(path.name for path in (tmp_path / "node/jobs" / order.job_id).iterdir()) == []

    columns = {column.name: column for column in told.columns}
    assert list(columns) == ["id", "full_name", "born", "area", "phone", "origin"]
    assert columns["born"].type == "date32[day]"
    assert (columns["born"].least, columns["born"].greatest) == ("1950-01-02", "1999-01-02")
    assert [(value.text, value.rows) for value in columns["area"].values] == [("310101", lands)]
    assert lands * 0.97 < columns["id"].distinct <= lands
    assert columns["area"].least == "", "the ends of texts are just two rows"
    names = columns["full_name"]
    assert (names.nulls, names.distinct, names.shortest, names.longest) == (0, 2, 2, 6)
    assert {form.text for form in names.forms} == {"字{2}", "A{2} A{3}"}
    phones = columns["phone"]
    assert [form.text for form in phones.forms] == ["9{3}*{6}9{2}"], "what lands is masked already"
    for hidden in (names, phones, columns["origin"]):
        assert (hidden.values, hidden.least) == ((), "")
    assert "欧阳" not in told.model_dump_json()


def test_a_sample_is_spread_and_few_are_not_told(source: SourceConfig, tmp_path: Path) -> None:
    told = try_out(order_of(source, rows=800), source, tmp_path)
    assert (told.rows_read, told.rows_counted) == (800, MANY)
    ids = {column.name: column for column in told.columns}["id"]
    assert int(ids.least) < MANY // 8
    assert int(ids.greatest) > MANY // 8 * 7
    assert ids.values == (), "one row each"
    few = try_out(order_of(source, rows=4), source, tmp_path)
    assert few.rows_read == 4
    assert not any(column.values or column.forms for column in few.columns)


def test_a_worker_carries_a_dry_order_out_dry(source: SourceConfig, tmp_path: Path) -> None:
    order = order_of(source, rows=100)
    folder = JobFolder(tmp_path, order.job_id)
    folder.accept(order)
    Worker(tmp_path, folder, source, utc_now).run()
    found = folder.result()
    assert found is not None
    assert (found.state, found.dry, found.rows_read) == ("done", True, 100)
    assert json.loads((folder.path / "order.json").read_bytes())["dry"]["rows"] == 100
    assert not list(landed_path(tmp_path).glob("*.parquet"))


def test_a_queue_is_not_looked_at(tmp_path: Path) -> None:
    queue = SourceConfig("events", "nats", ORGANISATION)
    with pytest.raises(OrderUnfitError):
        try_out(order_of(queue), queue, tmp_path)


def test_many_different_values_are_counted_within_three_hundredths() -> None:
    random = np.random.default_rng(7)
    for many in (EXACT, 9_000, 300_000):
        distinct, hashes = Distinct(), random.integers(0, 2**64, size=many, dtype=np.uint64)
        for part in np.array_split(np.concatenate([hashes, hashes[: many // 2]]), 7):
            distinct.add(part)
        assert distinct.count() == many or (many > EXACT and abs(distinct.count() - many) < many * 0.03)
