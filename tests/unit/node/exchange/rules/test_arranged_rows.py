"""Rows in a recipient's order: no value is changed, and a copy of a part of them tells which run it is of."""

from __future__ import annotations

import csv
import random
import shutil
from pathlib import Path

import orjson
import pyarrow as pa
import pytest

from jutong.contracts.fingerprint import Fingerprint
from jutong.contracts.modes import ChangesMode
from jutong.contracts.orders import JobOrder
from jutong.contracts.rules import ColumnMask
from jutong.kernel.clock import utc_now
from jutong.node.exchange.errors import OrderUnfitError
from jutong.node.exchange.move import Workplace, move
from jutong.node.exchange.rules.arranged import carrier_of
from jutong.node.extract.finding import RecipientUnknownError, source_of
from jutong.node.sources import SourceConfig
from tests.unit.node.exchange.moving import landed, order_for, sqlite_source

SECRET = "ab" * 32
MARK = Fingerprint(agreement="XY-2026-1", recipient_code="1", recipient_name="教育局")


@pytest.fixture
def source(tmp_path: Path) -> SourceConfig:
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "node.secret").write_text(SECRET)
    rows = [(number, f"6301{number:014d}", number % 2, "甲") for number in range(3_000)]
    script = "CREATE TABLE person (id INTEGER PRIMARY KEY, number TEXT, sex INTEGER, name TEXT);"
    return sqlite_source(tmp_path, script, ("INSERT INTO person VALUES (?, ?, ?, ?)", rows))


def moved(order: JobOrder, source: SourceConfig, home: Path) -> pa.Table:
    """Move, and keep what a node keeps of it."""
    folder = home / "jobs" / order.job_id
    folder.mkdir(parents=True)
    place = Workplace(home / "library", folder, secret=home / "keys" / "node.secret")
    receipt = move(order, source, place=place, clock=utc_now, progress=lambda _: None)
    assert receipt.rows_written == 3_000
    manifests = home / "extracts"
    manifests.mkdir(exist_ok=True)
    manifest = {"record": order.job_id, "carrier": carrier_of(folder), "sha256": ""}
    (manifests / f"{order.job_id}.json").write_bytes(orjson.dumps(manifest))
    return landed(home, order.target)


def copied(path: Path, rows: list[dict[str, object]]) -> Path:
    with path.open("w", encoding="gb18030", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow([f"c{at}" for at, _ in enumerate(rows[0])])
        writer.writerows(row.values() for row in rows)
    return path


def test_a_copy_of_a_part_tells_which_run_it_is_of(source: SourceConfig, tmp_path: Path) -> None:
    base = order_for(source, "main", "person", "sex", "number", "name").model_copy(
        update={"fingerprint": MARK, "chunk_rows": 1_000}
    )
    orders = [base.model_copy(update={"job_id": f"0190a000-0000-7000-8000-00000000000{n}", "target": f"t{n}"})
              for n in range(3)]  # fmt: skip
    tables = [moved(order, source, tmp_path) for order in orders]
    plain = sorted(f"6301{number:014d}" for number in range(3_000))
    assert all(sorted(map(str, table["number"].to_pylist())) == plain for table in tables)
    assert tables[0]["number"].to_pylist() != tables[1]["number"].to_pylist()
    assert carrier_of(tmp_path / "jobs" / orders[0].job_id) == "number"
    rows = tables[1].slice(700, 600).to_pylist()
    dice = random.Random(7)
    some = [row for row in rows if dice.random() < 0.2]  # renamed, in another format, most rows left out
    secret = bytes.fromhex(SECRET)
    found = source_of(copied(tmp_path / "leaked.csv", some), tmp_path / "extracts", secret)
    assert found.manifest["record"] == orders[1].job_id
    assert found.match.certain
    dice.shuffle(some)
    with pytest.raises(RecipientUnknownError):
        source_of(copied(tmp_path / "shuffled.csv", some), tmp_path / "extracts", secret)


def test_what_a_copy_would_not_show_gives_no_order(source: SourceConfig, tmp_path: Path) -> None:
    order = order_for(source, "main", "person", "sex", "number").model_copy(update={"fingerprint": MARK})
    seals = tuple(ColumnMask(column=name, mask="sealed", agreement="XY-2026-1") for name in ("sex", "number"))
    for changes in (
        {"masks": seals},
        {"masks": seals[1:], "fingerprint": MARK.model_copy(update={"column": "number"})},
        {"fingerprint": MARK.model_copy(update={"column": "gone"})},
    ):
        with pytest.raises(OrderUnfitError):
            moved(order.model_copy(update=changes), source, tmp_path)
        shutil.rmtree(tmp_path / "jobs" / order.job_id)
    with pytest.raises(ValueError, match="order of the log"):
        JobOrder.model_validate({**order.model_dump(), "mode": ChangesMode(keys=("id",))})
