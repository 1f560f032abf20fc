"""A source that changes, one course for each mode and target, and what each target must hold afterwards.

What must be there is worked out here from the source's own rows, read by another driver than the moves use; nothing of
the exchange is asked.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

import psycopg
from deltalake import DeltaTable
from typing_extensions import override

from jutong.contracts.landing import Landing
from jutong.contracts.modes import FROM, TO, AppendMode, DifferenceMode, MergeMode, Mode
from jutong.contracts.orders import JobOrder
from jutong.contracts.receipts import MovedReceipt
from jutong.contracts.rules import NotNull, Rule
from jutong.kernel.clock import Clock, utc_now
from jutong.library import tables
from jutong.node import sources
from jutong.node.exchange import quarantine
from jutong.node.exchange.jobs import JobFolder
from jutong.node.exchange.move import Workplace, move
from jutong.node.exchange.rules.sieve import POSITION
from jutong.node.sources import SourceConfig
from tests.unit.node.exchange.moving import ORGANISATION, landed, landed_path, order_for

ROWS = 5_000
CHUNK_ROWS = 1_000
COLUMNS = ("id", "name", "income")
MARIA = "fault_maria"
Row = tuple[Any, ...]
NAMED: tuple[Rule, ...] = (NotNull(id="named", column="name"),)
MAKE = (
    "CREATE TABLE {table} AS SELECT g AS id, CASE WHEN g % 20 > 0 THEN md5(g::text) END AS name,"
    " (g / 7.0)::numeric(12, 2) AS income, timestamp '2026-01-01' AS changed FROM generate_series(1, {rows}) g"
)


@dataclass(frozen=True)
class City:
    """A node's home and the databases beside it: one is read, the others may be written."""

    home: Path
    source: SourceConfig
    hub: SourceConfig
    maria: SourceConfig | None = None

    @classmethod
    def make(cls, home: Path, source: str, hub: str, maria: str = "") -> City:
        rows = [{"name": "hub", "dialect": "postgresql", "dsn": hub, "writes": ["public"]}]
        if maria:
            rows.append({"name": "maria", "dialect": "mysql", "dsn": maria, "writes": [MARIA]})
        path = home / sources.FILE
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(0o600)
        path.write_text(json.dumps([{**row, "organisation_code": ORGANISATION} for row in rows]), encoding="utf-8")
        found = sources.load(path)
        civil = SourceConfig("civil", "postgresql", ORGANISATION, dsn=source)
        return cls(home, civil, found["hub"], found.get("maria"))

    def through(self, *, source: str = "", hub: str = "", maria: str = "") -> City:
        """Return the same city seen through other addresses."""
        there = maria or (self.maria.dsn if self.maria else "")
        return City.make(self.home, source or self.source.dsn, hub or self.hub.dsn, there)


def run(dsn: str, *statements: str) -> list[Row]:
    """Run statements; return what the last one answers."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        for statement in statements:
            cursor = connection.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []


def make_register(dsn: str, table: str, rows: int = ROWS) -> None:
    run(dsn, f"DROP TABLE IF EXISTS {table}", MAKE.format(table=table, rows=rows),
        f"ALTER TABLE {table} ADD PRIMARY KEY (id)")  # fmt: skip


class Course:
    """One way of moving one table again and again: into the library, replacing what was there.

    Args:
        city: where.
        dice: decides how the source changes.
    """

    name: ClassVar[str] = "replace"
    mode: ClassVar[Mode | None] = None
    rules: ClassVar[tuple[Rule, ...]] = NAMED
    columns: ClassVar[tuple[str, ...]] = COLUMNS

    def __init__(self, city: City, dice: random.Random) -> None:
        self.city = city
        self.dice = dice
        self.expected: list[Row] = []
        self.jobs: list[str] = []
        self.prepare()

    @property
    def source(self) -> SourceConfig:
        return self.city.source

    @property
    def into(self) -> SourceConfig:
        return self.city.hub

    def prepare(self) -> None:
        make_register(self.source.dsn, self.name)

    def change(self) -> None:
        """Let the source change: rows added, changed and gone, and rows that rules refuse."""
        salt = self.dice.randrange(1, 10**6)
        run(
            self.source.dsn,
            f"UPDATE {self.name} SET name = CASE WHEN id % 20 > 0 THEN md5((id + {salt})::text) END,"
            f" income = income + 1 WHERE id % 5 = {salt % 5}",
            f"DELETE FROM {self.name} WHERE id % 97 = {salt % 97}",
            self.more(self.dice.randrange(50, 400)),
        )

    def more(self, rows: int, changed: str = "2026-01-01") -> str:
        return (
            f"INSERT INTO {self.name} SELECT g, CASE WHEN g % 20 > 0 THEN md5(g::text) END, 1, '{changed}'"
            f" FROM (SELECT max(id) AS m FROM {self.name}) x, generate_series(m + 1, m + {rows}) g"
        )

    def order(self) -> JobOrder:
        order = order_for(self.source, "public", self.name, *self.columns, target=self.name)
        self.jobs.append(order.job_id)
        return order.model_copy(update={"rules": self.rules, "mode": self.mode, "chunk_rows": CHUNK_ROWS})

    def rows(self, condition: str = "name IS NOT NULL") -> list[Row]:
        return run(self.source.dsn, f"SELECT {', '.join(self.columns)} FROM {self.name} WHERE {condition}")

    def expect(self) -> None:
        """Work out what the target must hold when a move of the source as it is now has ended."""
        self.expected = sorted(self.rows())

    def content(self) -> list[Row]:
        """Return what a reader of the target sees now, in order."""
        if not (landed_path(self.city.home, self.name) / "_delta_log").exists():
            return []
        return sorted(self._current(landed(self.city.home, self.name).to_pylist()))

    def _current(self, rows: Iterable[dict[str, Any]]) -> list[Row]:
        return [tuple(row[name] for name in self.columns) for row in rows]

    def move(
        self,
        order: JobOrder,
        source: SourceConfig | None = None,
        hub: SourceConfig | None = None,
        *,
        clock: Clock = utc_now,
        goes_on: bool = False,
    ) -> MovedReceipt:
        """Carry a job out in this process, by other addresses where they are given."""
        folder = JobFolder(self.city.home, order.job_id)
        folder.accept(order)
        place = Workplace(self.city.home / "library", folder.path, hub or self.into, will_go_on=lambda _: goes_on)
        receipt = move(order, source or self.source, place=place, clock=clock, progress=lambda _: None)
        folder.finish(receipt)
        return receipt

    def begin(self) -> None:
        """Fill the target for the first time."""
        self.expect()
        self.move(self.order())
        assert self.content() == self.expected

    def audit(self, receipt: MovedReceipt) -> None:
        """Hold the receipt against what the target's own log says of the job, and against the rows."""
        path = landed_path(self.city.home, self.name)
        commits = [one["jutong"] for one in DeltaTable(str(path)).history() if "jutong" in one]
        (said,) = (one for one in commits if one["job_id"] == receipt.job_id)  # one commit, not two
        told = (receipt.rows_read, receipt.rows_written, receipt.rows_quarantined, receipt.target_digest)
        assert (said["rows_read"], said["rows"], said["rows_quarantined"], said["digest"]) == told
        assert tables.read_digest(path) == said["table_digest"]
        assert said["table_rows"] == len(landed(self.city.home, self.name))
        self.audit_aside(receipt)

    def audit_aside(self, receipt: MovedReceipt) -> None:
        folder = JobFolder(self.city.home, receipt.job_id).path
        found = [
            (chunk, row[POSITION])
            for chunk in quarantine.chunks_of(folder)
            for row in quarantine.rows_of(folder, chunk).to_pylist()
        ]
        assert len(found) == len(set(found)) == receipt.rows_quarantined

    def left_over(self) -> list[str]:
        """Return what jobs that ended left behind in the target."""
        path = landed_path(self.city.home, self.name)
        newest = DeltaTable(str(path)).version()
        named = {Path(uri).name for one in range(newest + 1) for uri in DeltaTable(str(path), one).file_uris()}
        there = {file.name for file in (*path.glob("*.parquet"), *path.glob(".merge-*"))}
        return sorted(there - named)


class Appended(Course):
    """Rows behind a watermark are added."""

    name = "append"
    mode = AppendMode(watermark="id")

    @override
    def change(self) -> None:
        run(self.source.dsn, self.more(self.dice.randrange(1_500, 4_000)))


class Merged(Course):
    """Rows that were changed since are put in the place of those with their key."""

    name = "merge"
    mode = MergeMode(keys=("id",), watermark="changed", overlap=3_600)
    columns = (*COLUMNS, "changed")

    def __init__(self, city: City, dice: random.Random) -> None:
        self._known: dict[int, Row] = {}
        self._hours = 0
        super().__init__(city, dice)

    @override
    def change(self) -> None:
        self._hours += 1
        at = f"timestamp '2026-01-01' + interval '{self._hours} hours'"
        salt = self.dice.randrange(1, 10**6)
        run(
            self.source.dsn,
            f"UPDATE {self.name} SET name = CASE WHEN id % 20 > 0 THEN md5((id + {salt})::text) END, changed = {at}"
            f" WHERE id % 3 = {salt % 3}",
            f"INSERT INTO {self.name} SELECT g, md5(g::text), 1, {at}"
            f" FROM (SELECT max(id) AS m FROM {self.name}) x, generate_series(m + 1, m + 300) g",
        )

    @override
    def expect(self) -> None:
        self._known |= {row[0]: row for row in self.rows()}
        self.expected = sorted(self._known.values())


class Compared(Course):
    """What is gone is found by key."""

    name = "difference"
    mode = DifferenceMode(keys=("id",))


class Kept(Course):
    """What is gone or was changed stays, with the time it held."""

    name = "history"
    mode = DifferenceMode(keys=("id",), history=True)

    def __init__(self, city: City, dice: random.Random) -> None:
        self._versions = 0
        super().__init__(city, dice)

    @override
    def expect(self) -> None:
        before = set(self.expected)
        super().expect()
        self._versions += len(set(self.expected) - before)

    @override
    def _current(self, rows: Iterable[dict[str, Any]]) -> list[Row]:
        return super()._current(row for row in rows if row[TO] is None)

    @override
    def audit(self, receipt: MovedReceipt) -> None:
        super().audit(receipt)
        every = landed(self.city.home, self.name).to_pylist()
        assert len(every) == len({(row["id"], row[FROM]) for row in every}) == self._versions
        assert all(row[TO] is None or row[FROM] < row[TO] for row in every)


class Filled(Course):
    """Into a table of PostgreSQL, through rules."""

    name = "filled"
    lane: ClassVar[str] = "checked"
    proof: ClassVar[Literal["digest", "count"]] = "digest"

    @override
    def prepare(self) -> None:
        super().prepare()
        run(
            self.city.hub.dsn,
            f"DROP TABLE IF EXISTS {self.name}",
            f"CREATE TABLE {self.name} (id int PRIMARY KEY, name text, income numeric(12, 2))",
        )

    @override
    def order(self) -> JobOrder:
        pairs = tuple((name, name) for name in self.columns)
        landing = Landing(source="hub", schema_name="public", table=self.name, columns=pairs, proof=self.proof)
        return super().order().model_copy(update={"into": landing})

    @override
    def content(self) -> list[Row]:
        return sorted(run(self.city.hub.dsn, f"SELECT {', '.join(self.columns)} FROM {self.name}"))

    @override
    def audit(self, receipt: MovedReceipt) -> None:
        assert receipt.lane == self.lane
        (job,) = run(self.city.hub.dsn, "SELECT state, proof->>'rows', proof->>'rows_read', proof->>'digest'"
                     f" FROM jutong_exchange.job WHERE job_id = '{receipt.job_id}'")  # fmt: skip
        assert job == ("committed", str(receipt.rows_written), str(receipt.rows_read), receipt.target_digest)
        (book,) = run(self.city.hub.dsn, "SELECT sum((done->>'read')::int), sum((done->>'written')::int),"
                      " sum((done->>'quarantined')::int), count(DISTINCT number) = count(*)"
                      f" FROM jutong_exchange.chunk WHERE job_id = '{receipt.job_id}'")  # fmt: skip
        assert book == (receipt.rows_read, receipt.rows_written, receipt.rows_quarantined, True)
        assert receipt.rows_written == len(self.content())
        self.audit_aside(receipt)

    @override
    def left_over(self) -> list[str]:
        staging = ("SELECT relname FROM pg_class WHERE relkind = 'r' AND relname LIKE 's\\_%'"
                   " AND relnamespace = 'jutong_exchange'::regnamespace")  # fmt: skip
        unended = "SELECT job_id::text FROM jutong_exchange.job WHERE state <> 'committed'"
        return [row[0] for query in (staging, unended) for row in run(self.city.hub.dsn, query)]


class Passed(Filled):
    """The same, what nothing is asked about as the bytes it came in."""

    name = "passed"
    proof = "count"


class Piped(Filled):
    """Into a table of PostgreSQL as COPY's own bytes."""

    name = "piped"
    lane = "raw"
    rules = ()

    @override
    def rows(self, condition: str = "true") -> list[Row]:
        return super().rows("true")

    @override
    def expect(self) -> None:
        self.expected = sorted(self.rows(), key=lambda row: int(row[0]))

    @override
    def content(self) -> list[Row]:
        found = run(self.city.hub.dsn, f"SELECT {', '.join(self.columns)} FROM {self.name}")
        return sorted(found, key=lambda row: int(row[0]))
