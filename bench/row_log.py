"""What it costs to read a MariaDB's row log: ``python bench/row_log.py [ROWS]``.

ROWS rows of ten columns are added, as many changed and a tenth deleted, first in three statements, then (a fifth of
them) a transaction each. Receiving alone and decoding up to the disk are told apart; beside them stands the server's
own ``mariadb-binlog``, which only copies the bytes.
"""

from __future__ import annotations

import resource
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pyarrow as pa

from _maria import SEARCHED, Maria, maria
from jutong.contracts.modes import ChangesMode
from jutong.contracts.orders import JobOrder
from jutong.node.exchange.changes.row_log import server
from jutong.node.exchange.changes.row_log.events import Place
from jutong.node.exchange.changes.row_log.stream import connect
from jutong.node.exchange.changes.row_log.window import RowsWindow
from jutong.node.exchange.readers import mysql as table
from jutong.node.sources import SourceConfig

ROWS = 100_000
COLUMNS = ("id", "number", "name", "gender", "born", "address", "phone", "division", "income", "updated")
TABLE = """
CREATE TABLE person (id BIGINT PRIMARY KEY, number VARCHAR(18), name VARCHAR(40), gender CHAR(1), born DATE,
 address VARCHAR(200), phone VARCHAR(20), division CHAR(6), income DECIMAL(12,2), updated DATETIME(6))
"""
ROW = """
{id}, lpad({id}, 18, '1'), concat('王小', {id}), {id} % 2, '1980-01-01' + INTERVAL {id} % 10000 DAY,
 concat('某省某市某区某街道', {id}, '号'), if({id} % 33 = 0, NULL, '13800000000'), '110101', {id} / 7,
 '2026-01-01' + INTERVAL {id} SECOND
"""


def used() -> float:
    """Return the CPU-seconds of this process."""
    found = resource.getrusage(resource.RUSAGE_SELF)
    return found.ru_utime + found.ru_stime


def read(source: SourceConfig, order: JobOrder, places: tuple[Place, Place], *, decoded: bool) -> None:
    """Read the log from one place to another, and tell what it took."""
    assert isinstance(order.mode, ChangesMode)
    followed, plan = server.check(source, order, order.mode), table.plan_of(source, order)
    began, before, events = time.monotonic(), used(), 0
    with (
        tempfile.TemporaryDirectory() as folder,
        connect(source) as dump,
        RowsWindow(Path(folder) / "window", plan, followed, from_snapshot=False) as window,
    ):
        for event in dump.events(places[0], 0x4A000001):
            events += 1
            if decoded:
                window.take(event)
            if event.ends >= places[1]:
                break
        rows = window.settle(_none) if decoded else 0
        wall, cpu = time.monotonic() - began, used() - before
        rate = f"{window.changes / cpu:>12,.0f} changes a CPU-second" if decoded else ""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    what = "decoded" if decoded else "received"
    print(f"  {what:10}{events:>10,} events{rows:>10,} rows{wall:8.2f} s{cpu:8.2f} CPU-s{peak:6} MB{rate}")


def _none(keys: pa.RecordBatch) -> pa.RecordBatch:
    raise AssertionError(keys.num_rows)  # nothing has to be read again here


def copied(found: Maria, place: Place) -> None:
    """Tell what the server's own program takes to copy the log."""
    program = shutil.which("mariadb-binlog", path=SEARCHED)
    if program is None:
        return
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    subprocess.run(
        [program, "--no-defaults", "-h127.0.0.1", f"-P{found.port}", "-uroot", "--read-from-remote-server", "--raw",
         "--result-file=/dev/null", f"--start-position={place.offset}", place.file],
        check=True, capture_output=True,
    )  # fmt: skip
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(f"  mariadb-binlog, bytes only{time.monotonic() - began:20.2f} s{cpu:8.2f} CPU-s")


def main(rows: int) -> None:
    """Measure both kinds of log."""
    with maria(logged=True) as found, found.connect("bench") as connection, connection.cursor() as cursor:
        cursor.execute(TABLE)
        source = SourceConfig("bench", "mysql", "1", dsn=replace(found).dsn.replace("bench:bench", "root:"))
        order = JobOrder(
            job_id=str(uuid4()), source="bench", schema_name="bench", table="person", columns=COLUMNS,
            target="person", mode=ChangesMode(keys=("id",)),
        )  # fmt: skip
        for what in ("many rows an event", "a transaction a row"):
            began = server.now(source)
            if what.startswith("many"):
                cursor.execute(f"INSERT INTO person SELECT {ROW.format(id='seq')} FROM seq_1_to_{rows}")
                cursor.execute("UPDATE person SET income = income + 1")
                cursor.execute("DELETE FROM person WHERE id % 10 = 0")
            else:
                for number in range(rows + 1, rows + rows // 5 + 1):
                    cursor.execute(f"INSERT INTO person VALUES ({ROW.format(id=number)})")
            print(what)
            copied(found, began)
            for decoded in (False, True):
                read(source, order, (began, server.now(source)), decoded=decoded)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else ROWS)
