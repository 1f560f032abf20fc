"""Fusion from three dirty registers to golden records: the whole, then a day on which one person in a hundred changed.

``python bench/fusion.py [PEOPLE] [MEMORY_MB]`` (1,000,000 and 4096). It is the work a node carries out: linkage by the
shipped rules with a model it learns, golden records with provenance and conflicts, every table written. The share of
the records a day changes is 1 % of each register: another phone, another marital status, another address.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
import uuid
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet as pq

from _report import Report
from jutong.contracts.fusion import FuseResult
from jutong.contracts.library import Feed
from jutong.library import synthetic
from jutong.library.definitions import table
from jutong.library.engine import Engine, EngineSetting, open_engine
from jutong.library.fusion.manifest import Fused, current
from jutong.library.fusion.rules import order_for
from jutong.library.fusion.work import run
from jutong.library.tables import table_path
from jutong.library.works import Place

SHARE = 0.05
"""A day's change may cost this share of the whole."""
PERSON = table("RK", "person")
CHANGES = {"a": "phone = '13' || substr(phone, 3)", "b": "marital_status = '40'", "c": "address = address || '甲'"}


class City:
    """A library in a folder."""

    def __init__(self, report: Report, home: Path, memory: int) -> None:
        self.report, self.home, self.library, self.memory = report, home, home / "library", memory
        self.feeds: list[Feed] = []

    def engine(self) -> Engine:
        return open_engine(EngineSetting(memory_mb=self.memory), self.home / "scratch")

    def path(self, feed: Feed) -> Path:
        return table_path(self.library, "standardised", feed.organisation_code, feed.name)

    def fill(self, source: Path) -> None:
        known = {field.name for field in PERSON.fields}
        for number, register in enumerate(synthetic.REGISTERS):
            columns = [one for one in pq.read_schema(source / f"{register}.parquet").names if one in known]
            feed = Feed(
                name=register, organisation_code=f"B{number}", organisation_name=register, role=register,
                landed=register, library="RK", table="person", key="k", columns=tuple((one, one) for one in columns),
            )  # fmt: skip
            self.feeds.append(feed)
            with self.engine() as engine:
                read = f"SELECT * FROM read_parquet('{source}/{register}.parquet')"
                engine.write(read, self.path(feed), commit={"work_id": "bench"})

    def day(self) -> None:
        """Change one record in a hundred of each register."""
        for feed, change in zip(self.feeds, CHANGES.values(), strict=True):
            column, _, value = change.partition(" = ")
            with self.engine() as engine:
                engine.attach("t", self.path(feed))
                engine.write(
                    f"SELECT * REPLACE ({value} AS {column}, now() AS _changed) FROM t WHERE hash(_key) % 100 = 0",
                    self.path(feed), keys=("_key",), commit={"work_id": "bench-day"},
                )  # fmt: skip

    def fuse(self, called: str, mode: str = "changes") -> tuple[FuseResult, float]:
        order = order_for("RK", PERSON, self.feeds)
        assert order is not None
        order = order.model_copy(update={"mode": mode})
        place = Place(self.home, self.library, self.home / "scratch", str(uuid.uuid4()), datetime.now(UTC), self.engine)
        phases: dict[str, float] = {}
        at, phase, cpu = time.monotonic(), "", time.process_time()

        def tell(now: str, done: int, total: int) -> None:
            nonlocal at, phase
            phases[phase] = phases.get(phase, 0.0) + time.monotonic() - at
            at, phase = time.monotonic(), now

        start = time.monotonic()
        result = run(order, place, tell)
        tell("", 0, 0)
        took, spent = time.monotonic() - start, time.process_time() - cpu
        self.report.row(called, took, "s")
        self.report.row(f"{called}: processor", spent, "s")
        for name, seconds in phases.items():
            if seconds >= 1:
                self.report.row(f"{called}: {name}", seconds, "s")
        return result, spent

    def judged(self, source: Path) -> tuple[float, float]:
        """Return precision and recall of who was brought together, by pairs of records."""
        fused = Fused(self.library, "RK", "person")
        good = current(fused)
        assert good is not None
        with self.engine() as engine:
            engine.attach("links", fused.beside("links"), good.versions["links"])
            meets = (
                "SELECT l.entity_id AS e, t.person AS p, count(*) AS n FROM links AS l "
                f"JOIN read_parquet('{source}/truth.parquet') AS t ON t.register = l.feed AND t.key = l.key "
                "WHERE l.until IS NULL GROUP BY ALL"
            )
            engine.keep("meets", meets)
            pairs = "sum(n * (n - 1) / 2)"
            both = engine.rows(f"SELECT {pairs} FROM meets")[0][0]
            found, true = (
                engine.rows(f"SELECT {pairs} FROM (SELECT sum(n) AS n FROM meets GROUP BY {one}) AS g")[0][0]
                for one in ("e", "p")
            )
        return both / found, both / true


def main() -> None:
    people = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    memory = int(sys.argv[2]) if len(sys.argv) > 2 else 4096
    report = Report("fusion")
    with tempfile.TemporaryDirectory() as folder:
        city, source = City(report, Path(folder), memory), Path(folder) / "people"
        counts = synthetic.write(source, people, seed=1)
        report.row("records in three registers", counts["truth"], "records")
        city.fill(source)
        whole, cpu = city.fuse("the whole")
        report.row("golden records", whole.entities, "records")
        report.row("conflicts that are open", sum(one.open for one in whole.conflicts), "conflicts")
        report.row("pairs for people to judge", whole.reviews, "pairs")
        precision, recall = city.judged(source)
        report.row("precision of pairs", precision, "share", goal=">= 0.995", met=precision >= 0.995)
        report.row("recall of pairs", recall, "share", goal=">= 0.97", met=recall >= 0.97)
        city.day()
        day, spent = city.fuse("a day of 1 % in each register")
        report.row("golden records that changed", day.changed, "records")
        report.row("a day's share of the whole", spent / cpu, "share", goal=f"<= {SHARE}", met=spent <= SHARE * cpu)
        report.row("greatest memory", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, "MB")
    report.finish()


if __name__ == "__main__":
    main()
