"""Standardising a landed register of people: the whole, then again after one row in a hundred changed.

``python bench/standardising.py [ROWS] [MEMORY_MB]`` (1,000,000 and 1024). The rows are those of the generator's police
register in the four writings of dates, two lengths of identity numbers and other dirt, each under keys of its own.
"""

from __future__ import annotations

import os
import resource
import sys
import tempfile
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

from _report import Report
from jutong.contracts.library import Feed
from jutong.contracts.standardising import StandardiseOrder, StandardiseResult
from jutong.library import synthetic
from jutong.library.definitions import table
from jutong.library.engine import Engine, EngineSetting, open_engine
from jutong.library.engine.sql import literal
from jutong.library.standardise.work import run
from jutong.library.tables import table_path
from jutong.library.works import Place

DRAWN = 200_000
"""Rows that are drawn; the others are these once more under other keys."""
FIELDS = ("name", "identity_number", "sex", "birth_date", "address", "phone", "marital_status", "life_status")
FEED = Feed(
    name="person", organisation_code="B1", organisation_name="police", role="police", landed="person", library="RK",
    table="person", key="record_key", columns=tuple((one, one) for one in FIELDS), changed="changed",
)  # fmt: skip


class Peak(threading.Thread):
    """Watches how much memory this process holds."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.mb = 0

    def run(self) -> None:
        page = os.sysconf("SC_PAGE_SIZE")
        while True:
            resident = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
            self.mb = max(self.mb, resident * page // 2**20)
            time.sleep(0.1)


def cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def land(home: Path, rows: int, memory: int) -> None:
    synthetic.write(home / "drawn", min(rows, DRAWN), seed=1, shape="landed")
    drawn = literal(str(home / "drawn" / "police.parquet"))
    columns = ", ".join((*FIELDS, "changed"))
    with open_engine(EngineSetting(memory_mb=memory), home / "scratch") as engine:
        engine.write(
            f"SELECT concat(record_key, '-', CAST(r.range AS VARCHAR)) AS record_key, {columns} "
            f"FROM read_parquet({drawn}) AS p, range({max(rows // DRAWN, 1)}) AS r",
            table_path(home / "library", "landed", "B1", "person"), commit={},
        )  # fmt: skip


def change(home: Path, memory: int) -> None:
    path = table_path(home / "library", "landed", "B1", "person")
    with open_engine(EngineSetting(memory_mb=memory), home / "scratch") as engine:
        engine.attach("landed", path)
        others = ", ".join(one for one in (*FIELDS, "changed") if one != "name")
        changed = (
            f"SELECT record_key, concat(name, '甲') AS name, {others} FROM landed WHERE hash(record_key) % 100 = 0"
        )
        kept = f"SELECT record_key, name, {others} FROM ({changed}) AS c"
        engine.write(kept, path, keys=("record_key",), commit={})


def measured(report: Report, home: Path, memory: int, what: str, peak: Peak) -> StandardiseResult:
    def engine() -> Engine:
        return open_engine(EngineSetting(memory_mb=memory), home / "scratch")

    place = Place(home, home / "library", home / "scratch", what, datetime.now(UTC), engine)
    began, used = time.monotonic(), cpu()
    done = run(StandardiseOrder(table=table("RK", "person"), feed=FEED), place, lambda *_: None)
    used = cpu() - used
    report.row(f"{what}: rows", done.rows, "rows")
    report.row(f"{what}: written", done.written, "rows")
    report.row(f"{what}: rows per CPU-second", done.rows / used, "rows/s")
    report.row(f"{what}: CPU", used, "s")
    report.row(f"{what}: wall", time.monotonic() - began, "s")
    report.row(f"{what}: peak memory", peak.mb, "MB", goal=f"<= {memory} + 512", met=peak.mb <= memory + 512)
    return done


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    memory = int(sys.argv[2]) if len(sys.argv) > 2 else 1024
    report, peak = Report("standardising"), Peak()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        land(home, rows, memory)
        peak.start()
        assert measured(report, home, memory, "whole", peak).full
        change(home, memory)
        assert not measured(report, home, memory, "1 % changed", peak).full
    report.finish()


if __name__ == "__main__":
    main()
