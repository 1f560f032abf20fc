"""Rules asked of a table: rows a second and core for 20 rules without joins, beside the tools people use.

Two sets of 20 rules. ``plain`` has what every tool can say of itself (null, pattern, set, range, length, two columns,
uniqueness); ``ours`` is what follows from data elements (check digits, dependent fields, dates in order, estimated
uniqueness, a profile of every field). The plain set is counted by every tool on the same rows, one after another, and
all must count the same.

``python bench/quality.py [ROWS] [PEER_ROWS]``; ``make bench-quality`` builds the tools' environments below
``bench/out/quality`` from ``bench/_peers_quality``.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import duckdb
from deltalake import convert_to_deltalake

from _report import Report
from jutong.contracts import quality as contract
from jutong.contracts.quality import CheckedField, CheckOrder, QualityRule, TableAddress
from jutong.library.engine import EngineSetting, open_engine
from jutong.library.quality.check import check

HERE = Path(__file__).parent
TOOLS = HERE / "out" / "quality"
ROWS, PEER_ROWS = 10_000_000, 1_000_000
GOAL = 1_000_000
TABLE = TableAddress(zone="standardised", code="BENCH", name="people")
NOW = datetime(2026, 11, 22, tzinfo=UTC)
CODES = {"sex": ["0", "1", "2", "9"], "marital": ["10", "20", "21", "22", "23", "30", "40", "90"], "state": ["1", "2"]}
PATTERNS = {
    "id_number": "[1-9][0-9]{16}[0-9X]", "phone": "1[3-9][0-9]{9}", "division": "[1-9][0-9]{5}",
    "email": "[a-z0-9]+@[a-z]+[.]cn",
}  # fmt: skip
REQUIRED = ("id_number", "name", "sex", "born", "phone")
RANGES = {"income": (0, 500_000), "members": (1, 12), "born": ("1900-01-01", "2026-11-22")}
LENGTHS = {"name": (2, 20), "address": (5, 60)}
PLAIN: tuple[QualityRule, ...] = (
    *(contract.Required(id=f"required-{name}", field=name) for name in REQUIRED),
    *(contract.TextPattern(id=f"pattern-{name}", field=name, pattern=text) for name, text in PATTERNS.items()),
    *(contract.Codes(id=f"codes-{name}", field=name, values=tuple(values)) for name, values in CODES.items()),
    *(
        contract.Range(id=f"range-{name}", field=name, least=str(least), most=str(most))
        for name, (least, most) in RANGES.items()
    ),
    *(
        contract.TextLength(id=f"length-{name}", field=name, least=least, most=most)
        for name, (least, most) in LENGTHS.items()
    ),
    contract.Comparison(id="compare-born", field="born", operator="le", other="died"),
    contract.Comparison(id="compare-seen", field="born", operator="le", other="changed"),
    contract.Unique(id="unique-key", fields=("_key",)),
)
OURS: tuple[QualityRule, ...] = (
    *PLAIN[:10],
    contract.CheckDigit(id="digit-id", field="id_number", scheme="identity"),
    contract.Codes(id="codes-shipped", field="division", table="gbt2260"),
    contract.Depends(id="depends-spouse", field="spouse", when="marital", cases=("20",)),
    contract.Fresh(id="fresh-born", field="born", days=47_482),
    contract.Standardised(id="standardised-born", field="born"),
    contract.Standardised(id="standardised-sex", field="sex"),
    *PLAIN[13:16],
    contract.Unique(id="unique-key", fields=("_key",)),
)
FIELDS = tuple(
    CheckedField(name=name, title=name, type=kind, open=name in CODES)  # type: ignore[arg-type]
    for name, kind in {
        "id_number": "text", "name": "text", "sex": "text", "born": "date", "died": "date", "changed": "date",
        "marital": "text", "spouse": "text", "phone": "text", "division": "text", "email": "text", "address": "text",
        "income": "integer", "members": "integer", "state": "text",
    }.items()
)  # fmt: skip
MAKE = """
COPY (
  WITH base AS (
    SELECT i, CAST(hash(i) >> 2 AS BIGINT) AS h, CAST(hash(i + 7) >> 2 AS BIGINT) AS g,
      CAST(DATE '1940-01-01' + CAST(hash(i) % 30000 AS INTEGER) AS DATE) AS day
    FROM range({rows}) AS r(i)
  ), numbered AS (
    SELECT *, '62010' || (1 + h % 5) || strftime(day, '%Y%m%d') || lpad(CAST(g % 1000 AS VARCHAR), 3, '0') AS body
    FROM base
  ), digits AS (
    SELECT *, list_sum(list_transform(range(17), lambda p: CAST(body[p + 1] AS INTEGER)
      * ([7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2])[p + 1])) AS s FROM numbered
  )
  SELECT 'k' || CASE WHEN i % 5000 = 1 THEN i - 1 ELSE i END AS _key,
    CASE WHEN i % 900 = 3 THEN 'born:date' WHEN i % 1100 = 5 THEN 'sex:codes' ELSE '' END AS _problems,
    CASE WHEN i % 400 = 0 THEN NULL WHEN i % 500 = 7 THEN left(body, 15)
         WHEN i % 700 = 9 THEN body || substr('10X98765432', CAST((s + 1) % 11 AS INTEGER) + 1, 1)
         ELSE body || substr('10X98765432', CAST(s % 11 AS INTEGER) + 1, 1) END AS id_number,
    CASE WHEN i % 600 = 1 THEN '' WHEN i % 800 = 2 THEN '王'
         ELSE ['王', '李', '张', '刘', '陈'][1 + h % 5] || ['伟', '芳', '娜', '秀英', '敏'][1 + g % 5] END AS name,
    CASE WHEN i % 300 = 4 THEN '男' WHEN i % 301 = 4 THEN NULL ELSE CAST(1 + h % 2 AS VARCHAR) END AS sex,
    CASE WHEN i % 450 = 8 THEN NULL ELSE day END AS born,
    CASE WHEN i % 30 = 0 THEN CAST(day + CAST(g % 20000 AS INTEGER) - 10 AS DATE) END AS died,
    CAST(DATE '1990-01-01' + CAST(g % 13000 AS INTEGER) AS DATE) AS changed,
    CASE WHEN i % 250 = 6 THEN '99' ELSE ['10', '20', '30', '40'][1 + g % 4] END AS marital,
    CASE WHEN g % 4 = 1 AND i % 90 <> 0 THEN 'x' END AS spouse,
    CASE WHEN i % 350 = 2 THEN '12345' WHEN i % 351 = 2 THEN NULL
         ELSE '13' || lpad(CAST(g % 1000000000 AS VARCHAR), 9, '0') END AS phone,
    CASE WHEN i % 550 = 2 THEN '0' ELSE '62010' || (1 + h % 5) END AS division,
    CASE WHEN i % 3 = 0 THEN NULL WHEN i % 650 = 2 THEN 'none' ELSE 'u' || i || '@mail.cn' END AS email,
    '金河市' || (h % 900) || '号' || (g % 90) AS address,
    CASE WHEN i % 750 = 2 THEN -1 ELSE CAST(g % 200000 AS BIGINT) END AS income,
    CASE WHEN i % 850 = 2 THEN 0 ELSE CAST(1 + h % 6 AS BIGINT) END AS members,
    CASE WHEN i % 950 = 2 THEN '7' ELSE '1' END AS state
  FROM digits
) TO '{path}' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 200000)
"""


def make(library: Path, rows: int) -> None:
    """Write the table."""
    folder = library / TABLE.zone / TABLE.code / TABLE.name
    folder.mkdir(parents=True)
    path = folder / "part-0.parquet"
    with duckdb.connect(config={"threads": 2, "memory_limit": "4GB"}) as connection:
        connection.execute(MAKE.format(rows=rows, path=path))
    convert_to_deltalake(str(folder))


def measured(library: Path, which: str) -> None:
    """In a process of its own: check the table and say what was counted and what it took."""
    rules, exact, profile = {"plain": (PLAIN, True, False), "estimated": (PLAIN, False, False),
                             "ours": (OURS, False, False), "profile": (OURS, False, True)}[which]  # fmt: skip
    order = CheckOrder(table=TABLE, fields=FIELDS, rules=rules, exact=exact, profile=profile, floor=10)
    import pandas as pd  # type: ignore[import-untyped]  # noqa: F401 - pyarrow needs it for its first list

    with tempfile.TemporaryDirectory() as scratch:
        setting = EngineSetting(memory_mb=1024)
        before = resource.getrusage(resource.RUSAGE_SELF)
        with open_engine(setting, Path(scratch)) as engine:
            started = time.perf_counter()
            result = check(engine, order, library, NOW, lambda *_: None)
            wall = time.perf_counter() - started
        after = resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    counts = {one.rule: one.failed for one in result.counts}
    print(json.dumps({"counts": counts, "wall": wall, "cpu": cpu, "rows": result.rows}))


def plain_as_data() -> dict[str, object]:
    """Return the plain rules as the scripts of the other tools read them."""
    return {
        "required": REQUIRED, "patterns": PATTERNS, "codes": CODES, "ranges": RANGES, "lengths": LENGTHS,
        "compare": [["born", "died"], ["born", "changed"]], "unique": "_key",
    }  # fmt: skip


def child(command: list[str]) -> dict[str, float | dict[str, int]]:
    """Run a program that says what it counted, and add the peak of its memory in MB."""
    with tempfile.TemporaryFile() as out:
        quiet = {"DO_NOT_TRACK": "1", "GX_ANALYTICS_ENABLED": "false"}
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.DEVNULL, env=os.environ | quiet)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        assert process.returncode == 0, command[:2]
        out.seek(0)
        told: dict[str, float | dict[str, int]] = json.loads(out.read().decode().strip().splitlines()[-1])
    told["peak_mb"] = usage.ru_maxrss / 1024
    return told


def made(library: Path, rows: int) -> Path:
    """Write the table in a process of its own: a child's peak counts from what its parent holds."""
    subprocess.run([sys.executable, str(HERE / "quality.py"), "--make", str(library), str(rows)], check=True)
    return library / TABLE.zone / TABLE.code / TABLE.name / "part-0.parquet"


def own(library: Path, which: str) -> dict[str, float | dict[str, int]]:
    """Check the table in a process of its own."""
    return child([sys.executable, str(HERE / "quality.py"), "--child", str(library), which])


def rate(told: dict[str, float | dict[str, int]], rows: int) -> float:
    """Return rows a second and core."""
    cpu = told["cpu"]
    assert isinstance(cpu, float)
    return rows / cpu


def main() -> None:
    """Measure everything."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    peer_rows = int(sys.argv[2]) if len(sys.argv) > 2 else PEER_ROWS
    report = Report("quality")
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR")) as home:
        library = Path(home) / "full"
        made(library, rows)
        for which, name in (
            ("ours", "20 rules from elements"), ("estimated", "20 plain rules, uniqueness estimated"),
            ("plain", "20 plain rules, uniqueness exact"), ("profile", "20 rules from elements and a profile"),
        ):  # fmt: skip
            told = own(library, which)
            found = rate(told, rows)
            goal = {"goal": GOAL, "met": found >= GOAL} if which in {"ours", "estimated"} else {}
            report.row(f"{name}, {rows:,} rows", found, "rows/s/core", **goal)  # type: ignore[arg-type]
            report.row(f"{name}: peak memory", told["peak_mb"], "MB")  # type: ignore[arg-type]
        few = Path(home) / "few"
        path = made(few, peer_rows)
        rules = Path(home) / "rules.json"
        rules.write_text(json.dumps(plain_as_data()))
        wanted = own(few, "plain")
        report.row(f"the same 20, {peer_rows:,} rows: Jutong", rate(wanted, peer_rows), "rows/s/core")
        report.row("Jutong: peak memory", wanted["peak_mb"], "MB")  # type: ignore[arg-type]
        for tool in ("pointblank", "pandera", "gx"):
            python = TOOLS / tool / "bin" / "python"
            if not python.exists():
                report.row(f"{tool} is not installed", "make bench-quality", "")
                continue
            told = child([str(python), str(HERE / "_peers_quality" / f"{tool}_check.py"), str(path), str(rules)])
            same = told["counts"] == wanted["counts"]
            report.row(f"{tool}", rate(told, peer_rows), "rows/s/core", goal="same counts", met=same)
            report.row(f"{tool}: peak memory", told["peak_mb"], "MB")  # type: ignore[arg-type]
    report.finish()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--make"]:
        make(Path(sys.argv[2]), int(sys.argv[3]))
    elif sys.argv[1:2] == ["--child"]:
        measured(Path(sys.argv[2]), sys.argv[3])
    else:
        main()
