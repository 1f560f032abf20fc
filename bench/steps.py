"""What each step, rule and mask over whole columns costs beside the move itself, in rows a CPU-second.

make bench-steps                 1,000,000 rows
make bench-steps ARGS=200000     another number

Peer: the same done to one value after the other in plain Python, over a hundredth of the rows.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa

from _report import Report
from jutong.contracts import rules as rule
from jutong.contracts import steps as step
from jutong.contracts.rules import ColumnMask
from jutong.node import masking
from jutong.node.exchange.rules.means import Means
from jutong.node.exchange.rules.sieve import Sieve
from jutong.standards import identity

BATCH_ROWS = 65_536
NAMES = ("张三", "李　四", "欧阳慕容", "王小明Ａ", "阿卜杜拉·买买提")
AREAS = ("110221", "110101", "110103", "120101")
DAYS = ("1995-12-31", "2022-12-31")
SHARE = 100
Asked = step.Step | rule.Rule | ColumnMask


def batch_of(rows: int) -> pa.RecordBatch:
    """Return a register's columns."""
    chosen = random.Random(20261122)
    bodies = [f"110105{1950 + n % 60}{1 + n % 12:02}{1 + n % 28:02}{n % 1000:03}" for n in range(20_000)]
    numbers = [body + identity.check_character(body) for body in bodies]
    return pa.RecordBatch.from_pydict({
        "name": pa.array(chosen.choices(NAMES, k=rows)),
        "number": pa.array(chosen.choices(numbers, k=rows)),
        "card": pa.array([f"C{n:09}" for n in range(rows)]),
        "area": pa.array(chosen.choices(AREAS, k=rows)),
        "amount": pa.array([chosen.randrange(10**8) for _ in range(rows)]),
        "at": pa.array([chosen.randrange(10**15) for _ in range(rows)]).cast(pa.timestamp("us")),
    })  # fmt: skip


def asked() -> list[tuple[str, Asked, Callable[[Any], object] | None]]:
    """Return what is measured, each with the same for one value."""
    editions = step.Translate(id="a", column="area", table="gbt2260", from_day=DAYS[0], to_day=DAYS[1])
    zone = ZoneInfo("Asia/Shanghai")
    table = {"110221": "110114", "110103": "110101", "110101": "110101", "120101": "120101"}
    token = masking.Pseudonyms(b"k" * 32).rule("J-1")
    return [
        ("standardise names", step.Standardise(id="a", column="name", spaces="single", variants=True, dots=True), None),
        ("standardise card numbers", step.Standardise(id="a", column="card"), None),
        ("translate between editions", editions, table.get),
        ("time zone", step.TimeZone(id="a", column="at"), lambda at: at.replace(tzinfo=zone).astimezone(UTC)),
        ("number as text, padded", step.AsText(id="a", column="amount", pad=9), "{:09}".format),
        ("join two texts", step.Concat(id="a", columns=("name", "area"), into="b", separator="-"), None),
        ("part of a text", step.Substring(id="a", column="number", into="b", start=7, length=8), lambda t: t[6:14]),
        (
            "date of birth", step.IdentityPart(id="a", column="number", into="b", part="birth-date"),
            lambda text: identity.parse(text).born_on,
        ),
        ("fen to yuan", step.Arithmetic(id="a", column="amount", operator="multiply", amount="0.01", into="b"), None),
        ("unique in a chunk", rule.Unique(id="a", column="card"), None),
        ("unique in the job", rule.Unique(id="a", column="card", over="job"), None),
        ("fresh", rule.Fresh(id="a", column="at", days=10_000), None),
        ("mask: band", ColumnMask(column="amount", mask="band"), lambda number: masking.band(str(number))),
        ("mask: pseudonym, all different", ColumnMask(column="card", mask="pseudonym", agreement="J-1"), token),
        ("mask: pseudonym, 20,000 different", ColumnMask(column="number", mask="pseudonym", agreement="J-1"), token),
    ]  # fmt: skip


def vectorised(one: Asked, batch: pa.RecordBatch, folder: Path) -> float:
    """Return rows a CPU-second of a sieve that does only this, to the columns it reads."""
    names = step.read_by(one) if isinstance(one, step.StepBase | step.Fallible) else (one.column,)
    own = batch.select(list(names))
    steps: Sequence[Any] = [one] if isinstance(one, step.StepBase | step.Fallible) else ()
    rules: Sequence[Any] = [one] if isinstance(one, rule.RuleBase) and not steps else ()
    masks = [one] if isinstance(one, ColumnMask) else ()
    now = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp() * 1000)
    for warm in (True, False):  # the first time tables are built, which a move does once
        means = Means(folder=folder / str(warm), secret=folder / "secret", started_ms=now, salt="job")
        sieve = Sieve(rules, masks, own.schema, steps, means)
        sieve.begin_chunk(0, own.num_rows)
        sieve.sift(own.slice(0, 1), 1)
        sieve.begin_chunk(0, own.num_rows)
        started = time.process_time()
        for first in range(0, 1 if warm else own.num_rows, BATCH_ROWS):
            sieve.sift(own.slice(first, BATCH_ROWS), first + 1)
        sieve.end_chunk()
    return own.num_rows / (time.process_time() - started)


def one_by_one(name: str, way: Callable[[Any], object], batch: pa.RecordBatch) -> float:
    """Return values a CPU-second in plain Python."""
    values = batch.column(name).slice(0, max(batch.num_rows // SHARE, 1000)).to_pylist()
    started = time.process_time()
    for value in values:
        way(value)
    return len(values) / (time.process_time() - started)


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    batch, report = batch_of(rows), Report("steps")
    with tempfile.TemporaryDirectory() as home:
        (Path(home) / "secret").write_text("ab" * 32)
        for place, (title, one, way) in enumerate(asked()):
            folder = Path(home) / str(place)
            folder.mkdir()
            (folder / "secret").write_text("ab" * 32)
            speed = vectorised(one, batch, folder)
            column = getattr(one, "column", "")
            peer = round(one_by_one(column, way, batch) / 1e6, 2) if way else None
            report.row(title, round(speed / 1e6, 2), "M rows/CPU-s", peer=peer)
    report.finish()


if __name__ == "__main__":
    main()
