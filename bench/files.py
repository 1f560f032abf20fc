"""Reading files with all that is asked of a move, against readers that ask nothing.

A clean CSV file: ours reads it twice, tells its digest and encoding, accounts for every line and hands over Arrow
batches of text; DuckDB's ``read_csv`` with ``all_varchar`` hands over the same, where the environment variable
``PEERS`` names a Python that has ``duckdb`` and ``pyarrow``; pyarrow alone is told beside it. A workbook: ours against
openpyxl in read-only mode. One move of the CSV file into the library, with a cast and a check digit, ends it. Every run
is a process of its own; ratios are of CPU seconds inside one round, the median of three is told.
``python bench/files.py [ROWS]``.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import openpyxl

from _report import Report

ROUNDS = 3
GOAL_CSV = 0.8
GOAL_XLSX = 10
SHEET_ROWS = 50_000
HEADINGS = ("id", "id_number", "name", "gender", "born", "address", "phone", "division", "income", "updated")
_END = """
import json, resource
used = resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps([count, time.perf_counter() - began, time.process_time() - cpu, used.ru_maxrss / 1024]))
"""
_BEGIN = """
began, cpu = time.perf_counter(), time.process_time()
"""
OURS = (
    """
import sys, time
from pathlib import Path
from jutong.node.files.arrival import Arrived, stamp_of
from jutong.node.files.mapping import FileTable
from jutong.node.files.reading import columns_of, open_file
path = Path(sys.argv[1])
table = FileTable(pattern="x", format=sys.argv[2])
"""
    + _BEGIN
    + """
file = open_file(Arrived(path.name, path, "", stamp_of(path.stat()), path.parent), table)
columns = columns_of(table, file)
count = sum(part.rows.num_rows for piece in range(file.pieces) for part in file.rows(piece, columns))
assert count == sum(map(file.records, range(file.pieces)))
"""
    + _END
)
DUCKDB = (
    """
import sys, time
import duckdb, pyarrow
connection = duckdb.connect()
"""
    + _BEGIN
    + """
found = connection.sql(f"SELECT * FROM read_csv('{sys.argv[1]}', all_varchar = true)").to_arrow_reader(65536)
count = sum(batch.num_rows for batch in found)
"""
    + _END
)
PYARROW = (
    """
import sys, time
import pyarrow as pa
from pyarrow import csv
"""
    + _BEGIN
    + """
names = sys.argv[3].split(",")
asked = csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()))
count = sum(batch.num_rows for batch in csv.open_csv(sys.argv[1], convert_options=asked))
"""
    + _END
)
OPENPYXL = (
    """
import sys, time
import openpyxl
"""
    + _BEGIN
    + """
sheet = openpyxl.load_workbook(sys.argv[1], read_only=True).worksheets[0]
count = sum(1 for _ in sheet.iter_rows(min_row=2, values_only=True))
"""
    + _END
)
MOVE = (
    """
import sys, time, uuid
from pathlib import Path
from jutong.contracts.orders import JobOrder
from jutong.contracts.rules import Cast, Identity
from jutong.kernel.clock import utc_now
from jutong.node.exchange.move import Workplace, move
from jutong.node.files.mapping import FileTable, FileTables
from jutong.node.sources import SourceConfig
path, home = Path(sys.argv[1]), Path(sys.argv[4])
tables = FileTables(tables={"t": FileTable(pattern=path.name, format="csv", settle_seconds=0)})
source = SourceConfig("drops", "files", "11629900MB0000001X", path=path.parent, files=tables)
rules = (Cast(id="income", column="income", to="decimal"), Identity(id="number", column="id_number"))
order = JobOrder(job_id=str(uuid.uuid4()), source="drops", schema_name="files", table="t",
                 columns=tuple(sys.argv[3].split(",")), target="t", rules=rules)
folder = home / order.job_id
folder.mkdir(parents=True)
"""
    + _BEGIN
    + """
receipt = move(order, source, place=Workplace(home / "library", folder), clock=utc_now, progress=lambda _: None)
assert receipt.rows_written + receipt.rows_quarantined == receipt.rows_read, receipt
count = receipt.rows_read
"""
    + _END
)


def fill(path: Path, rows: int) -> None:
    with path.open("w", encoding="utf-8") as stream:
        stream.write(",".join(HEADINGS) + "\n")
        stream.writelines(",".join(map(str, row_of(number))) + "\n" for number in range(rows))


def row_of(number: int) -> tuple[str | int | float, ...]:
    digits = f"6299011950010{number % 10000:04d}"
    total = sum(int(digit) * (1 << (17 - place)) for place, digit in enumerate(digits))
    return (
        number, digits + "10X98765432"[total % 11], f"张{number % 5000}", "女男"[number % 2],
        f"{1950 + number % 60}-01-02",
        f"金河市某区某街道某社区{number}号楼", "13900000000" if number % 33 else "", "629901", number / 100,
        f"2020-01-01 00:00:{number % 60:02d}",
    )  # fmt: skip


def sheet(path: Path, rows: int) -> None:
    book = openpyxl.Workbook(write_only=True)
    page = book.create_sheet()
    page.append(HEADINGS)
    for number in range(rows):
        page.append(row_of(number))
    book.save(path)


def run(python: str, code: str, *arguments: str) -> tuple[int, float, float, float]:
    done = subprocess.run([python, "-W", "ignore", "-c", code, *arguments], check=True, capture_output=True, text=True)
    count, wall, cpu, peak = json.loads(done.stdout.splitlines()[-1])
    return count, wall, cpu, peak


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    peers, names = os.environ.get("PEERS", ""), ",".join(HEADINGS)
    report = Report("files")
    with tempfile.TemporaryDirectory() as folder:
        text, book = Path(folder, "person.csv"), Path(folder, "person.xlsx")
        fill(text, rows)
        sheet(book, SHEET_ROWS)
        mine, bare, duck, cells, slow = [], [], [], [], []
        for _ in range(ROUNDS):
            mine.append(run(sys.executable, OURS, str(text), "csv"))
            bare.append(run(sys.executable, PYARROW, str(text), "csv", names))
            if peers:
                duck.append(run(peers, DUCKDB, str(text)))
            cells.append(run(sys.executable, OURS, str(book), "xlsx"))
            slow.append(run(sys.executable, OPENPYXL, str(book)))
        assert {one[0] for one in (*mine, *bare, *duck)} == {rows}
        assert {one[0] for one in (*cells, *slow)} == {SHEET_ROWS}
        report.row("CSV, digest and lines accounted for", rows / middle(mine, 2), "rows per CPU-second")
        report.row("the same, memory", max(one[3] for one in mine), "MB")
        report.row("CSV, pyarrow alone", rows / middle(bare, 2), "rows per CPU-second")
        if duck:
            ratio = statistics.median(theirs[2] / ours[2] for ours, theirs in zip(mine, duck, strict=True))
            walls = statistics.median(theirs[1] / ours[1] for ours, theirs in zip(mine, duck, strict=True))
            report.row("of DuckDB's speed, by CPU", ratio, "×", goal=f">= {GOAL_CSV}", met=ratio >= GOAL_CSV)
            report.row("of DuckDB's speed, by the clock", walls, "×", peer=rows / middle(duck, 1))
        ratio = statistics.median(theirs[2] / ours[2] for ours, theirs in zip(cells, slow, strict=True))
        report.row("XLSX", SHEET_ROWS / middle(cells, 2), "rows per CPU-second")
        report.row("of openpyxl's speed, by CPU", ratio, "×", goal=f">= {GOAL_XLSX}", met=ratio >= GOAL_XLSX)
        moved = run(sys.executable, MOVE, str(text), "csv", names, folder)
        report.row("CSV into the library, cast and check digit", rows / moved[2], "rows per CPU-second")
        report.row("the same, memory", moved[3], "MB")
    report.finish()


def middle(runs: list[tuple[int, float, float, float]], place: int) -> float:
    return statistics.median(one[place] for one in runs)


if __name__ == "__main__":
    main()
