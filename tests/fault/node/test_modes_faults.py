"""Jobs that merge, killed at any moment: the table is as the source, each version once, and nothing is left over."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import time
from contextlib import suppress
from pathlib import Path

import pytest

from jutong.contracts.modes import FROM, TO, AppendMode, DifferenceMode, MergeMode, Mode
from jutong.contracts.receipts import MovedReceipt
from jutong.library import tables
from jutong.node.exchange import runner
from jutong.node.sources import SourceConfig
from tests.unit.node.exchange.moving import landed, landed_path, order_for, sqlite_source, wait_for

pytestmark = pytest.mark.fault
ROWS = 30_000
ROUNDS = 3
MODES: dict[str, Mode] = {
    "history": DifferenceMode(keys=("id",), history=True),
    "hard": DifferenceMode(keys=("id",)),
    "merge": MergeMode(keys=("id",), watermark="changed"),
    "append": AppendMode(watermark="changed"),
}


@pytest.fixture
def source(tmp_path: Path) -> SourceConfig:
    rows = [(number, number, f"no {number}") for number in range(1, ROWS + 1)]
    return sqlite_source(
        tmp_path,
        "CREATE TABLE person (id INTEGER PRIMARY KEY, changed INTEGER, name TEXT)",
        ("INSERT INTO person VALUES (?, ?, ?)", rows),
    )


def change(source: SourceConfig, dice: random.Random, target: str) -> None:
    """Let the source go on: rows are new, and where the mode sees it, changed or gone."""
    with sqlite3.connect(source.file) as connection:
        (top, stamp) = connection.execute("SELECT max(id), max(changed) FROM person").fetchone()
        for number in range(1, 50):
            connection.execute("INSERT INTO person VALUES (?, ?, 'new')", (top + number, stamp + number))
        if target != "append":
            for number in range(50, 100):
                connection.execute(
                    "UPDATE person SET name = name || '!', changed = ? WHERE id = ?",
                    (stamp + number, dice.randint(1, ROWS)),
                )
        if target in {"hard", "history"}:
            connection.execute("DELETE FROM person WHERE id = ?", (dice.randint(1, ROWS),))
    connection.close()


def killed_and_done(source: SourceConfig, home: Path, target: str, dice: random.Random) -> MovedReceipt:
    order = order_for(source, "main", "person", "id", "changed", "name", target=target)
    order = order.model_copy(update={"mode": MODES[target], "chunk_rows": 5_000})
    for _ in range(2):
        handle = runner.start(order, home=home, source=source)
        time.sleep(dice.uniform(0.2, 2.0))
        if handle.pid is not None:
            with suppress(ProcessLookupError):
                os.kill(handle.pid, signal.SIGKILL)
        handle.close()
    return wait_for(runner.start(order, home=home, source=source))


@pytest.mark.parametrize("target", MODES)
def test_a_merge_that_is_killed_is_done_once(source: SourceConfig, tmp_path: Path, target: str) -> None:
    seed = random.randrange(2**32)
    dice, versions = random.Random(seed), 0
    for round_number in range(ROUNDS):
        said = f"seed {seed}, round {round_number}"
        receipt = killed_and_done(source, tmp_path, target, dice)
        assert receipt.state == "done", f"{said}: {receipt.problem}"
        versions += receipt.rows_inserted + receipt.rows_updated
        path = landed_path(tmp_path, target)
        assert receipt.table_digest == tables.read_digest(path), said
        rows = landed(tmp_path, target).to_pylist()
        current = {(row["id"], row["changed"], row["name"]) for row in rows if row.get(TO) is None}
        with sqlite3.connect(source.file) as connection:
            there = set(connection.execute("SELECT id, changed, name FROM person").fetchall())
        connection.close()
        assert current == there, said
        if target == "history":
            assert len(rows) == len({(row["id"], row[FROM]) for row in rows}) == versions, said
        else:
            assert len(rows) == len(there), said
        named = {
            Path(uri).name
            for version in range(tables.open_table(path).version() + 1)
            for uri in tables.open_table(path, version).file_uris()
        }
        assert named == {file.name for file in path.glob("*.parquet")}, said
        assert not list(path.glob(".merge*")), said
        change(source, dice, target)
