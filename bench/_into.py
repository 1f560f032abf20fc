"""PostgreSQL into PostgreSQL: our lanes against ``psql COPY | psql COPY`` in binary, in turn, on the same rows.

CPU is that of the clients and of every server process, which PostgreSQL's own parent process adds up when they end.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from uuid import uuid4

import psycopg

from _report import Report
from jutong.contracts.landing import Landing
from jutong.contracts.orders import JobOrder
from jutong.contracts.rules import ColumnMask, NotNull, Rule
from jutong.node import sources
from jutong.node.exchange import runner
from jutong.node.sources import SourceConfig

TICKS = os.sysconf("SC_CLK_TCK")
GOALS = {"raw, counts": 0.95, "checked, counts": 0.72, "checked, rules and masks, counts": 0.65}
QUIET_SECONDS = 20.0
MOST_MB = 256


@dataclass(frozen=True)
class Cost:
    """What a run took; ``cpu`` with the servers' share."""

    wall: float
    cpu: float
    peak_mb: float


@dataclass(frozen=True)
class Way:
    """One way of moving."""

    proof: str
    rules: tuple[Rule, ...] = ()
    masks: tuple[ColumnMask, ...] = ()


class Into:
    """One table, moved again and again.

    Args:
        home: a folder.
        dsn: of the server's database.
        server: the process all server processes are children of.
        psql: the program.
        columns: of the table ``resident``.
    """

    def __init__(self, home: Path, dsn: str, *, server: int, psql: str, columns: tuple[str, ...]) -> None:
        self._home = home
        self._dsn = dsn
        self._server = server
        self._psql = psql
        self._columns = columns
        self._source = SourceConfig("bench", "postgresql", "X1", dsn=dsn)
        hub = {"name": "hub", "dialect": "postgresql", "organisation_code": "X1", "dsn": dsn, "writes": ["hub"]}
        path = home / sources.FILE
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(0o600)
        path.write_text(json.dumps([hub]), encoding="utf-8")

    def empty(self) -> None:
        """Make the table there anew."""
        with psycopg.connect(self._dsn, autocommit=True) as connection:
            connection.execute("CREATE SCHEMA IF NOT EXISTS hub")
            connection.execute("DROP TABLE IF EXISTS hub.resident")
            connection.execute("CREATE TABLE hub.resident (LIKE public.resident)")

    def copy(self) -> float:
        """Pipe the table from one psql to another."""
        listed = ", ".join(self._columns)
        out = [self._psql, "-X", "-q", "-c", f"COPY (SELECT {listed} FROM resident) TO STDOUT (FORMAT binary)"]
        back = [self._psql, "-X", "-q", "-c", f"COPY hub.resident ({listed}) FROM STDIN (FORMAT binary)"]
        with subprocess.Popen([*out, self._dsn], stdout=subprocess.PIPE) as reader:
            subprocess.run([*back, self._dsn], stdin=reader.stdout, check=True)
        assert reader.returncode == 0
        return 0.0

    def job(self, way: Way, rows: int) -> float:
        """Move the table by a job, and return its peak in MB."""
        landing = Landing(
            source="hub", schema_name="hub", table="resident", proof="count" if way.proof == "count" else "digest",
            columns=tuple((name, name) for name in self._columns),
        )  # fmt: skip
        order = JobOrder(
            job_id=str(uuid4()), source="bench", schema_name="public", table="resident", columns=self._columns,
            target="resident", rules=way.rules, masks=way.masks, into=landing,
        )  # fmt: skip
        handle = runner.start(order, home=self._home, source=self._source)
        peak = 0.0
        while (receipt := handle.poll()) is None or receipt.state == "running":
            peak = max(peak, _peak_mb(handle.pid))
            time.sleep(0.01)
        assert receipt.state == "done", receipt.problem
        assert receipt.rows_written + receipt.rows_quarantined == rows
        return peak

    def measured(self, action: Callable[[], float]) -> Cost:
        """Run something on an empty table."""
        self.empty()
        before, servers = resource.getrusage(resource.RUSAGE_CHILDREN), self.servers()
        started = time.perf_counter()
        peak = action()
        wall = time.perf_counter() - started
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        return Cost(wall, cpu + self.servers() - servers, peak)

    def servers(self) -> float:
        """Return the CPU-seconds of server processes that ended, once none of a client is left."""
        deadline = time.monotonic() + QUIET_SECONDS
        with psycopg.connect(self._dsn, autocommit=True) as connection:
            clients = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'"
            while connection.execute(clients).fetchone() != (1,):
                assert time.monotonic() < deadline
                time.sleep(0.02)
        fields = Path(f"/proc/{self._server}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[13]) + int(fields[14])) / TICKS


def _peak_mb(pid: int | None) -> float:
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), 0.0)


Taken = dict[str, list[Cost]]


def take_turns(into: Into, rows: int, *, rounds: int, rules: tuple[Rule, ...], masks: tuple[ColumnMask, ...]) -> Taken:
    """Measure COPY and every way in turn, so many rounds."""
    plain = (NotNull(id="id", column="id"),)
    ways = {
        "raw, counts": Way("count"),
        "raw, hashes of both sides": Way("digest"),
        "checked, counts": Way("count", plain),
        "checked, read back": Way("digest", plain),
        "checked, rules and masks, counts": Way("count", rules, masks),
        "checked, rules and masks, read back": Way("digest", rules, masks),
    }
    taken: Taken = {name: [] for name in ("copy", *ways)}
    for _ in range(rounds):
        taken["copy"].append(into.measured(into.copy))
        for name, way in ways.items():
            taken[name].append(into.measured(partial(into.job, way, rows)))
    return taken


def tell(report: Report, rows: int, *, small: Taken, full: Taken) -> None:
    """Tell the medians of the ratios inside a round; warm ones leave out what a job of few rows takes."""

    def ratio(name: str, figure: Callable[[Cost], float], *, warm: bool) -> float:
        start = statistics.median(figure(cost) for cost in small[name]) if warm else 0.0
        start_copy = statistics.median(figure(cost) for cost in small["copy"]) if warm else 0.0
        pairs = zip(full["copy"], full[name], strict=True)
        return statistics.median((figure(copy) - start_copy) / (figure(ours) - start) for copy, ours in pairs)

    limit = statistics.median(cost.wall for cost in full["copy"])
    report.row("psql COPY | psql COPY, binary", rows / limit, "rows/s")
    for name in full:
        if name == "copy":
            continue
        report.row(f"into PostgreSQL, {name}", rows / statistics.median(ours.wall for ours in full[name]), "rows/s",
                   peer=rows / limit)  # fmt: skip
        goal, warm = GOALS.get(name), ratio(name, lambda cost: cost.wall, warm=True)
        report.row("  against COPY, wall", ratio(name, lambda cost: cost.wall, warm=False), "ratio")
        report.row("  the same without start-up", warm, "ratio",
                   goal=f">= {goal}" if goal else None, met=warm >= goal if goal else None)  # fmt: skip
        report.row("  CPU with servers, without start-up", ratio(name, lambda cost: cost.cpu, warm=True), "ratio")
    peak = max(cost.peak_mb for name in full for cost in full[name])
    report.row("into PostgreSQL: peak memory", peak, "MB", goal="<= 256", met=peak <= MOST_MB)
