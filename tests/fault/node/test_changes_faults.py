"""Jobs of changes killed at every stage: no change is lost, none is there twice, and the source keeps no dead slot."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest
from deltalake import DeltaTable

from jutong.contracts.modes import TO, ChangesMode
from jutong.node.exchange import runner
from jutong.node.exchange.jobs import JobFolder
from jutong.node.sources import SourceConfig
from jutong.runtime.postgres import OWNER, Postgres, temporary
from tests.integration.node.test_exchange_changes import SETTINGS, as_superuser
from tests.unit.node.exchange.moving import (
    ORGANISATION,
    PATIENCE_SECONDS,
    landed,
    landed_path,
    order_for,
    wait_for,
)

pytestmark = pytest.mark.fault
ROWS = 12_000


@pytest.fixture
def logical() -> Iterator[Postgres]:
    with temporary() as server:
        as_superuser(server, *(f"ALTER SYSTEM SET {setting}" for setting in SETTINGS))
        server.stop()
        server.start()
        as_superuser(server, f"ALTER ROLE {OWNER} REPLICATION")
        yield server


def test_a_job_of_changes_killed_anywhere_loses_and_doubles_nothing(logical: Postgres, tmp_path: Path) -> None:
    source = SourceConfig("civil", "postgresql", ORGANISATION, dsn=logical.dsn)
    path = landed_path(tmp_path)

    def version() -> int:
        return DeltaTable(str(path)).version() if DeltaTable.is_deltatable(str(path)) else -1

    with psycopg.connect(logical.dsn, autocommit=True) as connection:
        connection.execute("CREATE TABLE person (id int PRIMARY KEY, turn int)")
        connection.execute("CREATE PUBLICATION jutong FOR TABLE person")
        connection.execute("INSERT INTO person SELECT g, 0 FROM generate_series(1, %s) g", (ROWS,))
        ended = 0
        stages: list[Callable[[Path, int], bool]] = [
            lambda folder, _: (folder / "gone.parquet.new").exists(),  # the first time: the table is being read
            lambda _, before: version() > before,  # committed, and not confirmed to the server
            lambda folder, _: (folder / "changes" / "there.arrow").exists(),  # the log is being read
            lambda folder, _: (folder / "gone.parquet").exists(),  # all is on the disk, nothing is committed
        ]
        for turn, stage in enumerate(stages):
            order = order_for(source, "public", "person", "id", "turn")
            order = order.model_copy(update={"mode": ChangesMode(keys=("id",), history=True)})
            if turn:
                connection.execute("UPDATE person SET turn = %s WHERE id %% 2 = 0", (turn,))
                ended += connection.execute("SELECT 1 FROM person WHERE id % 2 = 0").rowcount
                ended += connection.execute("DELETE FROM person WHERE id %% 1000 = %s", (2 * turn + 1,)).rowcount
            before, folder = version(), JobFolder(tmp_path, order.job_id)
            handle = runner.start(order, home=tmp_path, source=source)
            deadline = time.monotonic() + PATIENCE_SECONDS
            while not stage(folder.path, before) and folder.result() is None:
                assert time.monotonic() < deadline
                time.sleep(0.001)
            with suppress(ProcessLookupError):
                os.kill(handle.pid or 0, signal.SIGKILL)
            handle.close()
            receipt = wait_for(runner.start(order, home=tmp_path, source=source))
            assert receipt.state == "done", f"{turn}: {receipt.problem}"
            rows = landed(tmp_path).to_pylist()
            holding = sorted((row["id"], row["turn"]) for row in rows if row[TO] is None)
            assert holding == connection.execute("SELECT id, turn FROM person ORDER BY id").fetchall(), turn
            assert len(rows) - len(holding) == ended, turn
            assert version() == before + 1
            slots = connection.execute("SELECT temporary, confirmed_flush_lsn::text FROM pg_replication_slots")
            assert [row[0] for row in slots] == [False], turn
