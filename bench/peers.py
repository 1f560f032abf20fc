"""The same table moved by us and by the tools people use today, in turn, in the same minutes, on the same rows.

``make bench-peers`` builds an environment for each tool below ``bench/out/peers`` (once, from ``bench/_peers/*.txt``)
and runs this. The reference is ``psql COPY | psql COPY`` in binary. ingestr, Sling and dlt ask nothing of the rows;
``by row`` asks what our rules ask, in a Python loop. Wall time, and CPU with what the database servers used; a round
runs every way once, each in processes of its own, and the median of the rounds is told. After every run the rows and
two sums must be right.

``python bench/peers.py [ROWS] [ROUNDS] [into] [maria] [delta]``; without a word all three parts.
"""

from __future__ import annotations

import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal
from uuid import uuid4

import psycopg

import _into
import _maria
import exchange
from _report import Report
from jutong.contracts.landing import Landing
from jutong.contracts.orders import JobOrder
from jutong.contracts.rules import ColumnMask, NotNull, Rule
from jutong.contracts.steps import Step, Translate
from jutong.node.exchange import runner
from jutong.node.sources import SourceConfig
from jutong.runtime import bundle
from jutong.runtime.postgres import OWNER, temporary

HERE = Path(__file__).parent
TOOLS = HERE / "out" / "peers"
FEW = 10
QUIET = {
    "INGESTR_DISABLE_TELEMETRY": "true", "DISABLE_TELEMETRY": "true", "SLING_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "1",
}  # fmt: skip
STEPS = (Translate(id="gender-code", column="gender", pairs=(("男", "1"), ("女", "2"))),)
RULES = tuple(rule for rule in exchange.RULES if rule.id != "gender")


@dataclass(frozen=True)
class Cost:
    """What a run took; ``cpu`` with the servers'."""

    wall: float
    cpu: float
    peak_mb: float


@dataclass(frozen=True)
class Asked:
    """What an order of ours asks of the rows."""

    proof: Literal["count", "digest"] = "count"
    rules: tuple[Rule, ...] = ()
    masks: tuple[ColumnMask, ...] = ()
    steps: tuple[Step, ...] = ()


@dataclass
class Way:
    """One way from one place to another: what it is called, what runs, and what must lie there then."""

    name: str
    run: Callable[[], float]
    table: str = "hub.resident"
    clean: bool = True
    """Whether every row arrives; else those that break no rule."""
    ours: bool = False
    costs: dict[int, list[Cost]] = field(default_factory=dict)

    def median(self, rows: int, figure: Callable[[Cost], float]) -> float:
        return statistics.median(figure(cost) for cost in self.costs[rows])


PLAIN = Asked(rules=(NotNull(id="id", column="id"),))
ALL = Asked(rules=RULES, masks=exchange.MASKS, steps=STEPS)


class Ground:
    """One PostgreSQL with the table, perhaps a MariaDB with it too, and the ways to measure."""

    def __init__(self, home: Path, dsn: str, pid: int, maria: _maria.Maria | None) -> None:
        self.home, self.dsn, self.maria = home, dsn, maria
        self.psql = str(bundle.find().program("psql"))
        self.into = _into.Into(home, dsn, server=pid, psql=self.psql, columns=exchange.COLUMNS)
        self.kept = 0

    def measure(self, way: Way, rows: int) -> None:
        """Run a way once, and check what it left."""
        self.into.empty()
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            connection.execute("DROP TABLE IF EXISTS hub.peer, hub.aside; DROP SCHEMA IF EXISTS peer CASCADE")
            connection.execute("DROP SCHEMA IF EXISTS peer_staging CASCADE")
        before, servers = resource.getrusage(resource.RUSAGE_CHILDREN), self._servers()
        started = time.perf_counter()
        peak = way.run()
        wall = time.perf_counter() - started
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime + self._servers() - servers
        way.costs.setdefault(rows, []).append(Cost(wall, cpu, peak))
        if way.table:
            self._check(way, rows)
        print(f"    {way.name}: {wall:.2f} s, {cpu:.2f} CPU-s", flush=True)

    def _servers(self) -> float:
        return self.into.servers() + (self.maria.cpu() if self.maria else 0.0)

    def _check(self, way: Way, rows: int) -> None:
        sums = "count(*), sum(id), sum(income)::numeric"
        good = "" if way.clean else " WHERE id % 100 <> 0 AND id % 200 <> 0"
        with psycopg.connect(self.dsn) as connection:
            wanted = connection.execute(f"SELECT {sums} FROM public.resident{good}".encode()).fetchone()
            found = connection.execute(f"SELECT {sums} FROM {way.table}".encode()).fetchone()
        assert found == wanted, (way.name, rows, found, wanted)

    def process(self, command: list[str], **environment: str) -> float:
        """Run a program to its end, and return the peak of its memory in MB."""
        with tempfile.TemporaryFile() as said:
            child = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=said, stderr=said, env=os.environ | QUIET | environment,
                cwd=self.home,
            )  # fmt: skip
            _, status, usage = os.wait4(child.pid, 0)
            child.returncode = os.waitstatus_to_exitcode(status)
            said.seek(0)
            assert child.returncode == 0, (command[0], said.read()[-3000:].decode("utf-8", "replace"))
        return usage.ru_maxrss / 1024

    def move(self, asked: Asked, source: SourceConfig, schema: str = "public") -> float:
        """Move the table into ``hub.resident`` by a job, and return its peak in MB."""
        landing = Landing(source="hub", schema_name="hub", table="resident", proof=asked.proof,
                          columns=tuple((name, name) for name in exchange.COLUMNS))  # fmt: skip
        order = JobOrder(
            job_id=str(uuid4()), source=source.name, schema_name=schema, table="resident", columns=exchange.COLUMNS,
            target="resident", rules=asked.rules, masks=asked.masks, steps=asked.steps, into=landing,
        )  # fmt: skip
        return self.job(order, source)

    def job(self, order: JobOrder, source: SourceConfig) -> float:
        """Carry out an order, and return the job's peak in MB."""
        handle = runner.start(order, home=self.home, source=source)
        peak = 0.0
        while (receipt := handle.poll()) is None or receipt.state == "running":
            peak = max(peak, exchange.peak_kib(handle.pid) / 1024)
            time.sleep(0.01)
        assert receipt.state == "done", receipt.problem
        return peak


def fill_maria(server: _maria.Maria, ground: Ground) -> None:
    """Put the rows of PostgreSQL's table into MariaDB."""
    path = ground.home / "rows.tsv"
    listed = ", ".join(exchange.COLUMNS).replace("updated", "updated AT TIME ZONE 'UTC'")
    with path.open("wb") as file:
        command = f"COPY (SELECT {listed} FROM resident) TO STDOUT"
        subprocess.run([ground.psql, "-X", "-q", "-c", command, ground.dsn], stdout=file, check=True)
    with server.connect("bench") as connection:
        cursor = connection.cursor()
        cursor.execute("DROP TABLE IF EXISTS resident")
        cursor.execute(
            "CREATE TABLE resident (id BIGINT PRIMARY KEY, id_number VARCHAR(18), name VARCHAR(60), gender VARCHAR(3),"
            " born DATE, address VARCHAR(200), phone VARCHAR(20), division CHAR(6), income DECIMAL(12,2),"
            " updated DATETIME(6)) CHARACTER SET utf8mb4"
        )
        cursor.execute(f"LOAD DATA LOCAL INFILE '{path}' INTO TABLE resident CHARACTER SET utf8mb4")
        cursor.execute("ANALYZE TABLE resident")
    path.unlink()


def ways_into(ground: Ground) -> list[Way]:
    """PostgreSQL into PostgreSQL."""
    into, dsn = ground.into, ground.dsn

    source = SourceConfig("bench", "postgresql", "X1", dsn=dsn)

    def ours(asked: Asked) -> Callable[[], float]:
        return lambda: ground.move(asked, source)

    return [
        Way("psql COPY to psql COPY, binary", into.copy),
        Way("Jutong, raw lane", ours(Asked()), ours=True),
        Way("Jutong, vectorised lane", ours(PLAIN), ours=True),
        Way("Jutong, six rules, translation, three masks, quarantine", ours(ALL), clean=False, ours=True),
        Way("Jutong, the same, read back and compared", ours(replace(ALL, proof="digest")), clean=False, ours=True),
        Way("by row in Python, the same rules",
            lambda: ground.process([sys.executable, str(HERE / "_peers/by_row.py"), dsn, "hub.resident"]), clean=False),
        Way("ingestr, no rules", lambda: ingestr(ground, dsn, "public.resident"), "hub.peer"),
        Way("dlt, no rules", lambda: dlt(ground, "postgres", dsn, dsn), "peer.resident"),
        Way("Sling, no rules", lambda: sling(ground, dsn, "public.resident"), "hub.peer"),
    ]  # fmt: skip


def ways_maria(ground: Ground) -> list[Way]:
    """MariaDB into PostgreSQL."""
    server = ground.maria
    assert server is not None
    listed = ", ".join(exchange.COLUMNS)
    source = SourceConfig("maria", "mysql", "X1", dsn=server.dsn, zone="UTC")

    def pipe() -> float:
        client = shutil.which("mariadb", path=_maria.SEARCHED)
        assert client is not None
        said = listed.replace("phone", "ifnull(phone, '\\\\N')").replace("updated", "concat(updated, '+00')")
        out = [client, "--no-defaults", "-q", "-B", "-N", "-h127.0.0.1", f"-P{server.port}", "-ubench", "-pbench",
               "--default-character-set=utf8mb4", "-r", "-e", f"SELECT {said} FROM resident", "bench"]  # fmt: skip
        back = [ground.psql, "-X", "-q", "-c", f"COPY hub.resident ({listed}) FROM STDIN", ground.dsn]
        with subprocess.Popen(out, stdout=subprocess.PIPE) as reader:
            subprocess.run(back, stdin=reader.stdout, check=True)
        assert reader.returncode == 0
        return 0.0

    def ours(asked: Asked) -> Callable[[], float]:
        return lambda: ground.move(asked, source, "bench")

    return [
        Way("mariadb to psql COPY", pipe),
        Way("Jutong, MariaDB to PostgreSQL", ours(PLAIN), ours=True),
        Way("Jutong, with rules, translation, masks, quarantine",
            ours(ALL), clean=False, ours=True),
        Way("ingestr from MariaDB", lambda: ingestr(ground, server.dsn, "bench.resident"), "hub.peer"),
        Way("Sling from MariaDB", lambda: sling(ground, server.dsn, "bench.resident"), "hub.peer"),
    ]  # fmt: skip


def ways_delta(ground: Ground) -> list[Way]:
    """PostgreSQL into the library, and out of it again."""
    source = SourceConfig("bench", "postgresql", "X1", dsn=ground.dsn)
    library = SourceConfig("library", "library", "X1", path=ground.home / "library")

    def land() -> float:
        order = JobOrder(job_id=str(uuid4()), source="bench", schema_name="public", table="resident",
                         columns=exchange.COLUMNS, target="resident")  # fmt: skip
        return ground.job(order, source)

    folder = ground.home / "dlt-delta"
    return [
        Way("psql COPY to psql COPY, binary", ground.into.copy),
        Way("Jutong, PostgreSQL to Delta, read back", land, "", ours=True),
        Way("dlt, PostgreSQL to Delta", lambda: dlt(ground, "delta", ground.dsn, folder.as_uri()), ""),
        Way("Jutong, Delta to PostgreSQL",
            lambda: ground.move(PLAIN, library, "landed"), ours=True),
    ]  # fmt: skip


def ingestr(ground: Ground, source: str, table: str) -> float:
    """Move a table by ingestr."""
    command = [
        str(TOOLS / "ingestr/bin/ingestr"), "ingest", "--yes", "--progress", "log", "--source-uri", source,
        "--source-table", table, "--dest-uri", ground.dsn, "--dest-table", "hub.peer", "--pipelines-dir",
        str(ground.home / "ingestr"), "--full-refresh",
    ]  # fmt: skip
    return ground.process(command)


def sling(ground: Ground, source: str, table: str) -> float:
    """Move a table by Sling."""
    program = next(TOOLS.glob("sling/lib/python*/site-packages/sling_linux_amd64/bin/sling-linux-amd64"))
    command = [str(program), "run", "--src-conn", "FROM_HERE", "--src-stream", table, "--tgt-conn", "TO_THERE",
               "--tgt-object", "hub.peer", "--mode", "full-refresh"]  # fmt: skip
    no_tls = "&sslmode=disable"  # every address here is that of a socket: it has a query already
    here = source if source.startswith("mysql") else source + no_tls
    return ground.process(
        command, FROM_HERE=here, TO_THERE=ground.dsn + no_tls, SLING_HOME_DIR=str(ground.home / "sling"),
        SLING_LOADED_AT_COLUMN="false",
    )  # fmt: skip


def dlt(ground: Ground, kind: str, source: str, target: str) -> float:
    """Move a table by dlt."""
    folder = ground.home / "dlt"
    shutil.rmtree(folder, ignore_errors=True)
    return ground.process(
        [str(TOOLS / "dlt/bin/python"), str(HERE / "_peers/dlt_move.py"), kind, source, target, str(folder)]
    )


def tell(report: Report, ways: list[Way], rows: int) -> str:
    """Tell every way's speed, and its cost as a share of the first's; return the same as a table for the documents."""
    first, full = ways[0], next((way for way in ways if "translation" in way.name), None)
    lines = [
        "| way | rows/s | wall | warm | CPU | warm | MB | faster than it, warm: wall, CPU |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for way in ways:
        speed = rows / way.median(rows, _wall)
        ratios = [_ratio(first, way, rows, figure, warm=warm) for figure in (_wall, _cpu) for warm in (False, True)]
        times = (
            [_ratio(way, full, rows, figure, warm=True) for figure in (_wall, _cpu)] if full and not way.ours else []
        )
        peak = max(cost.peak_mb for cost in way.costs[rows])
        report.row(way.name, speed, "rows/s", peer=" ".join(f"{ratio:.2f}" for ratio in ratios))
        cells = [f"{speed:,.0f}", *(f"{ratio:.2f}" for ratio in ratios), f"{peak:.0f}" if peak else ""]
        lines.append(f"| {way.name} | {' | '.join(cells)} | {', '.join(f'{one:.2f}' for one in times)} |")
    return "\n".join(lines)


def _wall(cost: Cost) -> float:
    return cost.wall


def _cpu(cost: Cost) -> float:
    return cost.cpu


def _ratio(one: Way, other: Way, rows: int, figure: Callable[[Cost], float], *, warm: bool) -> float:
    """Return how many times the cost of ``other`` the cost of ``one`` is, by the median of the rounds."""
    start_one, start_other = (way.median(FEW, figure) if warm else 0.0 for way in (one, other))
    pairs = zip(one.costs[rows], other.costs[rows], strict=True)
    return statistics.median((figure(a) - start_one) / (figure(b) - start_other) for a, b in pairs)


def main() -> None:
    numbers = [int(word) for word in sys.argv[1:] if word.isdecimal()]
    rows, rounds = (*numbers, *(5_000_000, 3)[len(numbers) :])
    parts = [word for word in sys.argv[1:] if not word.isdecimal()] or ["into", "maria", "delta"]
    if not TOOLS.is_dir():
        sys.exit("the tools are not there; `make bench-peers` builds their environments first")
    report = Report("peers")
    tables: list[str] = []
    with temporary() as server, tempfile.TemporaryDirectory() as folder, _maria.maria() as maria:
        dsn = server.ensure_database("bench", OWNER, server.home.secret("registry.password"))
        pid = server.pid()
        assert pid is not None
        ground = Ground(Path(folder), dsn, pid, maria)
        made = {"into": ways_into, "maria": ways_maria, "delta": ways_delta}
        for part in parts:
            ways = made[part](ground)
            for size in (FEW, rows):
                exchange.fill(dsn, size)
                if part == "maria":
                    fill_maria(maria, ground)
                for _ in range(rounds):
                    for way in ways:
                        ground.measure(way, size)
            tables.append(tell(report, ways, rows))
    path = report.finish().with_suffix(".md")
    path.write_text("\n\n".join(tables) + "\n", encoding="utf-8")
    print(path.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
