"""Moving a table out of PostgreSQL into the library, proof included, against reading it and against writing it bare.

Four things run in turn on the same rows, each in a process of its own: ``psql COPY ... (FORMAT binary)`` to
/dev/null (what reading alone costs), ADBC into ``write_deltalake`` (a move that proves nothing), a job of ours, and the
same job with rules and masks. Every figure is a ratio inside one round; the median of the rounds is told. One row of a
hundred has a wrong check digit and one of two hundred an unknown code. Then PostgreSQL into PostgreSQL (``_into``).

``python bench/exchange.py [ROWS] [into]``, with ``into`` only the second part.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import psycopg

import _into
from _report import Report
from jutong.contracts.orders import JobOrder
from jutong.contracts.rules import Between, ColumnMask, Identity, Length, NotNull, OneOf
from jutong.node.exchange import runner
from jutong.node.sources import SourceConfig
from jutong.runtime import bundle
from jutong.runtime.postgres import OWNER, temporary

ROUNDS = 3
FEW = 10
COLUMNS = ("id", "id_number", "name", "gender", "born", "address", "phone", "division", "income", "updated")
GOAL_BARE = 0.33
"""A proof reads the rows a second time and hashes them twice: it may cost two more moves, not more."""

GOAL_RULES = 0.65
"""Rules, masks and quarantine may cost about half of a plain move on top of it."""

GOAL_MB = 512
RULES = (
    Identity(id="number", column="id_number"),
    NotNull(id="named", column="name"),
    OneOf(id="gender", column="gender", values=("男", "女")),
    OneOf(id="division", column="division", values=("629901", "629902")),
    Between(id="born", column="born", least="1900-01-01", most="2030-01-01"),
    Length(id="address", column="address", most=100),
)
MASKS = (
    ColumnMask(column="id_number", mask="identity"),
    ColumnMask(column="name", mask="name"),
    ColumnMask(column="phone", mask="phone"),
)
BARE = """
import sys
import adbc_driver_postgresql.dbapi as dbapi
import pyarrow as pa
from deltalake import write_deltalake
with dbapi.connect(sys.argv[1]) as connection, connection.cursor() as cursor:
    cursor.execute(sys.argv[2])
    write_deltalake(sys.argv[3], cursor.fetch_record_batch(), mode="overwrite")
"""


@dataclass(frozen=True)
class Cost:
    wall: float
    cpu: float
    peak_mb: float


@dataclass(frozen=True)
class Round:
    copy: Cost
    bare: Cost
    job: Cost
    checked: Cost


def fill(dsn: str, rows: int) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(
            f"""
            DROP TABLE IF EXISTS resident;
            CREATE TABLE resident AS
            SELECT g::bigint AS id, n.body || substr('10X98765432', ((n.total + (g % 100 = 0)::int) % 11 + 1)::int, 1)
                     AS id_number, '张' || g % 5000 AS name,
                   CASE g % 2 WHEN 0 THEN '男' ELSE '女' END AS gender, date '1950-01-01' + g % 20000 AS born,
                   '金河市某区某街道某社区' || g || '号楼' AS address,
                   CASE WHEN g % 33 > 0 THEN '13900000000' END AS phone,
                   CASE g % 200 WHEN 0 THEN 'XXXXXX' ELSE '629901' END::char(6) AS division,
                   (g / 100.0)::numeric(12, 2) AS income, timestamptz '2020-01-01' + g * interval '1 s' AS updated
              FROM generate_series(1, {rows}) g,
                   LATERAL (SELECT body, (SELECT sum(substr(body, place, 1)::int * (1 << (18 - place)) % 11)
                                            FROM generate_series(1, 17) place) AS total
                              FROM (SELECT '629901' || to_char(date '1950-01-01' + g % 20000, 'YYYYMMDD')
                                           || to_char(g % 1000, 'FM000') AS body) b) n;
            ALTER TABLE resident ADD PRIMARY KEY (id);
            ANALYZE resident
            """.encode()
        )


def measured(action: Callable[[], int]) -> Cost:
    """Run something that starts one process and returns that process's peak in KiB."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    peak = action()
    wall = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(wall, cpu, peak / 1024)


def run_process(command: list[str]) -> int:
    with Path(os.devnull).open("wb") as nothing:
        process = subprocess.Popen(command, stdout=nothing)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, command[:1]
    return usage.ru_maxrss


def run_job(home: Path, source: SourceConfig, rows: int, *, checked: bool = False) -> int:
    order = JobOrder(
        job_id=str(uuid4()), source=source.name, schema_name="public", table="resident", columns=COLUMNS,
        target="checked" if checked else "resident", rules=RULES if checked else (), masks=MASKS if checked else (),
    )  # fmt: skip
    handle = runner.start(order, home=home, source=source)
    peak = 0
    while True:
        peak = max(peak, peak_kib(handle.pid))
        receipt = handle.poll()
        if receipt is not None and receipt.state != "running":
            break
        time.sleep(0.01)
    assert receipt.state == "done", receipt.problem
    assert receipt.rows_written + receipt.rows_quarantined == receipt.rows_read == rows
    assert receipt.rows_quarantined == (rows // 100 if checked else 0)
    return peak


def peak_kib(pid: int | None) -> int:
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("VmHWM")), 0)


def main() -> None:
    rows = next((int(word) for word in sys.argv[1:] if word.isdecimal()), 500_000)
    report = Report("exchange")
    with temporary() as server, tempfile.TemporaryDirectory() as folder:
        dsn = server.ensure_database("bench", OWNER, server.home.secret("registry.password"))
        source = SourceConfig("bench", "postgresql", "X1", dsn=dsn)
        home, psql = Path(folder), str(bundle.find().program("psql"))
        select = f"SELECT {', '.join(COLUMNS)} FROM resident"
        copy = [psql, "-X", "-q", "-c", f"COPY ({select}) TO STDOUT (FORMAT binary)", dsn]
        bare = [sys.executable, "-c", BARE, dsn, select.replace("income", "income::float8"), str(home / "bare")]

        def take_turns(rows: int) -> list[Round]:
            fill(dsn, rows)
            return [
                Round(
                    measured(lambda: run_process(copy)),
                    measured(lambda: run_process(bare)),
                    measured(lambda: run_job(home, source, rows)),
                    measured(lambda: run_job(home, source, rows, checked=True)),
                )
                for _ in range(ROUNDS)
            ]

        if "into" not in sys.argv:
            tell(report, rows, small=take_turns(FEW), full=take_turns(rows))
        pid = server.pid()
        assert pid is not None
        into = _into.Into(home, dsn, server=pid, psql=psql, columns=COLUMNS)

        def into_turns(rows: int) -> _into.Taken:
            fill(dsn, rows)
            return _into.take_turns(into, rows, rounds=ROUNDS, rules=RULES, masks=MASKS)

        _into.tell(report, rows, small=into_turns(FEW), full=into_turns(rows))
    report.finish()


def tell(report: Report, rows: int, *, small: list[Round], full: list[Round]) -> None:
    def median(figure: Callable[[Round], float], rounds: list[Round] = full) -> float:
        return statistics.median(figure(one) for one in rounds)

    start_bare, start_job = median(lambda one: one.bare.cpu, small), median(lambda one: one.job.cpu, small)
    against_bare = median(lambda one: (one.bare.cpu - start_bare) / (one.job.cpu - start_job))
    start_checked = median(lambda one: one.checked.cpu, small)
    rules_off = median(lambda one: (one.job.cpu - start_job) / (one.checked.cpu - start_checked))
    peak = max(max(one.job.peak_mb, one.checked.peak_mb) for one in full)
    report.row("a job, order to receipt", rows / median(lambda one: one.job.wall), "rows/s",
               peer=rows / median(lambda one: one.copy.wall))  # fmt: skip
    report.row("against COPY to nowhere, wall", median(lambda one: one.copy.wall / one.job.wall), "ratio")
    report.row("against write_deltalake without proof, wall", median(lambda one: one.bare.wall / one.job.wall), "ratio")
    report.row("a job, CPU of the node", rows / median(lambda one: one.job.cpu), "rows/CPU-s",
               peer=rows / median(lambda one: one.bare.cpu))  # fmt: skip
    report.row("against write_deltalake without proof, CPU without start-up", against_bare, "ratio",
               goal=f">= {GOAL_BARE}", met=against_bare >= GOAL_BARE)  # fmt: skip
    report.row("with rules, masks and quarantine, order to receipt",
               rows / median(lambda one: one.checked.wall), "rows/s")  # fmt: skip
    report.row("with rules, masks and quarantine against without, CPU without start-up", rules_off, "ratio",
               goal=f">= {GOAL_RULES}", met=rules_off >= GOAL_RULES)  # fmt: skip
    report.row(f"a job of {FEW} rows, wall", median(lambda one: one.job.wall, small), "s",
               peer=median(lambda one: one.bare.wall, small))  # fmt: skip
    report.row("peak memory", peak, "MB", goal=f"<= {GOAL_MB}", met=peak <= GOAL_MB,
               peer=max(one.bare.peak_mb for one in full))  # fmt: skip
    report.row(f"peak memory of a job of {FEW} rows", max(one.job.peak_mb for one in small), "MB")


if __name__ == "__main__":
    main()
