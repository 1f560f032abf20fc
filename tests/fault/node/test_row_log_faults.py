"""Jobs that follow a row log, killed or beside busy writers: no change is lost, and none is there twice."""

from __future__ import annotations

import os
import signal
import threading
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest
from deltalake import DeltaTable

from jutong.contracts.modes import ChangesMode
from jutong.node.exchange import runner
from jutong.node.exchange.changes.row_log import server
from jutong.node.exchange.changes.row_log.server import Table
from jutong.node.exchange.jobs import JobFolder
from jutong.node.sources import SourceConfig
from tests.plugins.mariadb import MariaDB
from tests.unit.node.exchange.moving import (
    ORGANISATION,
    PATIENCE_SECONDS,
    landed,
    landed_path,
    order_for,
    run_move,
    wait_for,
)

pytestmark = [pytest.mark.fault, pytest.mark.mariadb]
DATABASE = "beside"


def source_at(mariadb: MariaDB) -> SourceConfig:
    mariadb.create_database(DATABASE)
    return SourceConfig("housing", "mysql", ORGANISATION, dsn=f"mysql://root:@127.0.0.1:{mariadb.port}/{DATABASE}")


def holding(home: Path) -> list[tuple[int, int]]:
    return sorted((row["id"], row["turn"]) for row in landed(home).to_pylist())


def test_a_job_killed_while_it_reads_the_log_loses_and_doubles_nothing(mariadb: MariaDB, tmp_path: Path) -> None:
    source, path = source_at(mariadb), landed_path(tmp_path)
    order = order_for(source, DATABASE, "person", "id", "turn").model_copy(update={"mode": ChangesMode(keys=("id",))})
    with mariadb.connect(DATABASE) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE person (id INT PRIMARY KEY, turn INT)")
        cursor.execute("INSERT INTO person SELECT seq, 0 FROM seq_1_to_9000")
        assert run_move(order, source, tmp_path).rows_inserted == 9000
        cursor.execute("UPDATE person SET turn = 1 WHERE id % 2 = 0")
        cursor.execute("DELETE FROM person WHERE id % 1000 = 1")
        again = order.model_copy(update={"job_id": str(uuid4())})
        before, folder = DeltaTable(str(path)).version(), JobFolder(tmp_path, again.job_id)
        handle = runner.start(again, home=tmp_path, source=source)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not (folder.path / "changes" / "there.arrow").exists() and folder.result() is None:
            assert time.monotonic() < deadline
            time.sleep(0.001)
        with suppress(ProcessLookupError):
            os.kill(handle.pid or 0, signal.SIGKILL)
        handle.close()
        # What comes meanwhile may be in this job or in the next, but never in both or none.
        cursor.execute("UPDATE person SET turn = -1 WHERE id = 500")
        receipt = wait_for(runner.start(again, home=tmp_path, source=source))
        assert (receipt.state, receipt.rows_deleted) == ("done", 9), receipt.problem
        assert DeltaTable(str(path)).version() == before + 1
        run_move(order.model_copy(update={"job_id": str(uuid4())}), source, tmp_path)
        cursor.execute("SELECT id, turn FROM person ORDER BY id")
        assert holding(tmp_path) == list(cursor.fetchall())


@pytest.mark.parametrize("maria", [True, False])
def test_a_table_that_is_written_while_it_is_first_read(
    mariadb: MariaDB, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, maria: bool
) -> None:
    """Whether the server tells the snapshot's place itself, or writers are held for a moment: nothing falls between."""
    source, check = source_at(mariadb), server.check
    mode = ChangesMode(keys=("id",))

    def checked(*of: object) -> Table:
        return replace(check(*of), maria=maria)  # type: ignore[arg-type]

    monkeypatch.setattr(server, "check", checked)
    ended = threading.Event()

    def write() -> None:
        with mariadb.connect(DATABASE) as connection, connection.cursor() as cursor:
            turn = 0
            while not ended.wait(0.003):
                turn += 1
                cursor.execute("INSERT INTO person VALUES (%s, %s)", (10_000 + turn, turn))
                cursor.execute("UPDATE person SET turn = %s WHERE id = %s", (turn, turn % 100))

    with mariadb.connect(DATABASE) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE person (id INT PRIMARY KEY, turn INT)")
        cursor.execute("INSERT INTO person SELECT seq, 0 FROM seq_1_to_2000")
        writer = threading.Thread(target=write)
        writer.start()
        try:
            order = order_for(source, DATABASE, "person", "id", "turn").model_copy(update={"mode": mode})
            run_move(order, source, tmp_path)
        finally:
            ended.set()
            writer.join()
        order = order_for(source, DATABASE, "person", "id", "turn").model_copy(update={"mode": mode})
        assert run_move(order, source, tmp_path).changes > 0
        cursor.execute("SELECT id, turn FROM person ORDER BY id")
        assert holding(tmp_path) == list(cursor.fetchall())
