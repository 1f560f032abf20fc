"""Rows delivered as a file: what lies in it, that it is there once and whole, and what is refused before it is."""

from __future__ import annotations

import datetime as dt
import decimal
import gzip
import hashlib
import json
import os
import sqlite3
import zipfile
from pathlib import Path
from typing import Any
from uuid import UUID

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jutong.contracts.filenames import parse
from jutong.contracts.landing import Landing
from jutong.contracts.modes import AppendMode, MergeMode
from jutong.contracts.orders import JobOrder
from jutong.contracts.receipts import MovedReceipt
from jutong.kernel.errors import JutongError
from jutong.node.exchange.targets import delivered
from jutong.node.exchange.targets import files as target
from jutong.node.files.mapping import FileTables, OutFolder
from jutong.node.files.stores import local
from jutong.node.files.writing.forms import OPENERS, digest_of
from jutong.node.sources import SourceConfig
from tests.unit.node.exchange.moving import ORGANISATION, order_for, run_move, sqlite_source

NAMES = ("id", "name", "note")
ROWS: list[tuple[Any, ...]] = [
    (1, "张三", 'a "b", c'), (2, "李四", ""), (3, None, "一\n二"), (4, "=1+1", "\\x & <y> _x0041_\t"),
    (5, "王五𠀀", None),
]  # fmt: skip


def outbox(folder: Path, **out: Any) -> SourceConfig:
    folder.mkdir(exist_ok=True)
    tables = FileTables.model_validate_json(json.dumps({"out": {"daily": out}}))
    return SourceConfig("outbox", "files", ORGANISATION, path=folder, files=tables, writes=("daily",))


def register(folder: Path, rows: list[tuple[Any, ...]] = ROWS) -> SourceConfig:
    return sqlite_source(
        folder, "CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT, note TEXT)", ("INSERT INTO t VALUES (?,?,?)", rows)
    )


def deliver(
    source: SourceConfig, into: SourceConfig, home: Path, name: str, **changes: Any
) -> tuple[JobOrder, MovedReceipt]:
    landing = Landing(
        source=into.name, schema_name="daily", table=name, columns=(("id", "编号"), ("name", "姓名"), ("note", "note"))
    )
    order = order_for(source, "", "t", *NAMES).model_copy(update={"into": landing, **changes})
    return order, run_move(order, source, home, into)


def there(into: SourceConfig) -> set[str]:
    return {path.relative_to(into.file).as_posix() for path in into.file.rglob("*") if path.is_file()}


@pytest.mark.parametrize("encoding", ["utf-8-bom", "utf-8", "gb18030"])
def test_csv_keeps_every_character_and_tells_no_value_from_an_empty_text(tmp_path: Path, encoding: str) -> None:
    into = outbox(tmp_path / "out", encoding=encoding, marker=".ok")
    order, receipt = deliver(register(tmp_path), into, tmp_path, "person-{day}.csv")
    name = f"daily/person-{dt.datetime.now(dt.timezone(dt.timedelta(hours=8))):%Y%m%d}.csv"
    assert there(into) == {name, f"{name}.manifest.json", f"{name}.ok"}
    content = (into.file / name).read_bytes()
    assert content.startswith(b"\xef\xbb\xbf") == (encoding == "utf-8-bom")
    assert content.decode("gb18030" if encoding == "gb18030" else "utf-8-sig") == (
        '"编号","姓名","note"\n1,"张三","a ""b"", c"\n2,"李四",""\n3,,"一\n二"\n'
        '4,"=1+1","\\x & <y> _x0041_\t"\n5,"王五𠀀",\n'
    )
    manifest = json.loads((into.file / f"{name}.manifest.json").read_bytes())
    assert (manifest["rows"], manifest["job"], manifest["columns"]) == (5, order.job_id, ["编号", "姓名", "note"])
    assert manifest["sha256"] == hashlib.sha256(content).hexdigest()
    assert manifest["digest"] == receipt.target_digest == receipt.source_digest
    assert [(file.name, file.sha256, file.state) for file in receipt.files] == [(name, manifest["sha256"], "written")]


def test_every_other_form_holds_the_same_rows(tmp_path: Path) -> None:
    source, into = register(tmp_path), outbox(tmp_path / "out")
    for name in ("a.jsonl", "a.jsonl.gz", "a.csv.zip", "a.xlsx", "a.parquet"):
        _, receipt = deliver(source, into, tmp_path, name)
        assert (receipt.state, receipt.rows_written) == ("done", 5)
    daily = into.file / "daily"
    expected = [dict(zip(("编号", "姓名", "note"), row, strict=True)) for row in ROWS]
    lines = (daily / "a.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line) for line in lines] == expected
    assert gzip.decompress((daily / "a.jsonl.gz").read_bytes()) == (daily / "a.jsonl").read_bytes()
    with zipfile.ZipFile(daily / "a.csv.zip") as archive:
        assert archive.namelist() == ["a.csv"]
        assert archive.read("a.csv").count("张三".encode()) == 1
    sheet = openpyxl.load_workbook(daily / "a.xlsx").active
    assert sheet is not None
    decoded = [[str(cell.value or "").replace("_x005F_", "_") for cell in row] for row in sheet.iter_rows()]
    found = [tuple(text or None for text in row) for row in decoded]
    assert found[0] == ("编号", "姓名", "note")
    assert found[1:] == [(str(at), name, note or None) for at, name, note in ROWS]
    assert pq.read_table(daily / "a.parquet").to_pylist() == expected


def test_types_are_written_with_every_digit_and_read_back_the_same(tmp_path: Path) -> None:
    at = dt.datetime(1988, 7, 1, 3, 4, 5, 678900, dt.UTC)
    columns: dict[str, Any] = {
        "money": pa.array([decimal.Decimal("10.50"), decimal.Decimal("0E-9"), None], pa.decimal128(30, 9)),
        "n": pa.array([2**63 - 1, -1, None], pa.int64()), "f": pa.array([0.1, -1e300, None]),
        "yes": pa.array([True, False, None]), "day": pa.array([dt.date(1, 1, 1), dt.date(2026, 1, 31), None]),
        "at": pa.array([at, at.replace(microsecond=0), None], pa.timestamp("us", "UTC")),
        "local": pa.array([at.replace(tzinfo=None)] * 2 + [None], pa.timestamp("us")),
        "raw": pa.array([b"\0\xff", b"", None], pa.binary()),
    }  # fmt: skip
    batch = pa.RecordBatch.from_pydict(columns)
    for form, opener in OPENERS.items():
        writer = opener(tmp_path / form, batch.schema, OutFolder())
        writer.write(batch)
        writer.close()
        sums = [digest_of(batch.schema.names, batch.schema, form) for _ in range(2)]
        sums[0].update(writer.canonical(batch))
        for found in writer.read():
            sums[1].update(found)
        assert sums[0].text() == sums[1].text(), form
    line = json.loads((tmp_path / "jsonl").read_text(encoding="utf-8").splitlines()[0])
    assert line == {
        "money": "10.500000000", "n": 2**63 - 1, "f": 0.1, "yes": True, "day": "0001-01-01",
        "at": "1988-07-01 11:04:05.678900+08:00", "local": "1988-07-01 03:04:05.678900", "raw": "AP8=",
    }  # fmt: skip
    assert '"0.000000000"' in (tmp_path / "csv").read_text(encoding="utf-8-sig")


def test_what_a_form_cannot_hold_is_set_aside_and_what_no_job_can_do_is_refused(tmp_path: Path) -> None:
    rows = [(1, "a\0b", "x"), (2, "bell\a", "x"), (3, "well", "x")]
    source, into = register(tmp_path, rows), outbox(tmp_path / "out")
    _, receipt = deliver(source, into, tmp_path, "a.csv")
    assert (receipt.rows_written, receipt.rows_quarantined) == (2, 1)
    _, receipt = deliver(source, into, tmp_path, "a.xlsx")
    assert (receipt.rows_written, receipt.rows_quarantined) == (1, 2)
    (into.file / "daily" / "theirs.csv").write_text("theirs", encoding="utf-8")
    merge, append = MergeMode(keys=("id",)), AppendMode(watermark="id")
    for name, code, changes in (
        ("theirs.csv", "node.files.taken", {}), ("../a.csv", "node.exchange.order-unfit", {}),
        ("a.doc", "node.exchange.order-unfit", {}), ("b.csv", "node.exchange.order-unfit", {"mode": merge}),
        ("b.csv", "node.exchange.order-unfit", {"mode": append}),
    ):  # fmt: skip
        with pytest.raises(JutongError) as refused:
            deliver(source, into, tmp_path, name, **changes)
        assert refused.value.code == code
    closed = SourceConfig("outbox", "files", ORGANISATION, path=into.file, writes=("other",))
    with pytest.raises(JutongError) as refused:
        deliver(source, closed, tmp_path, "a.csv")
    assert refused.value.code == "node.files.write-forbidden"
    (into.file / "daily").rename(tmp_path / "elsewhere")
    (into.file / "daily").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(JutongError) as refused:
        deliver(source, into, tmp_path, "a.csv")
    assert refused.value.code == "node.store.refused"
    assert (tmp_path / "elsewhere" / "theirs.csv").read_text(encoding="utf-8") == "theirs"
    assert not [path for path in (tmp_path / "elsewhere").iterdir() if path.name.startswith(".")]


class Killed(BaseException):
    """Stands for kill -9: what a process does on its way out is not done either."""


def dying(at: int, patched: pytest.MonkeyPatch) -> list[int]:
    """Let a job die before its step ``at`` towards the store or the book; return the list that grows with its steps."""
    steps: list[int] = []

    def before(real: Any) -> Any:
        def step(*given: Any) -> Any:
            if len(steps) == at:
                raise Killed
            steps.append(at)
            return real(*given)

        return step

    for name in ("put", "move", "remove"):
        patched.setattr(local.LocalStore, name, before(getattr(local.LocalStore, name)))
    patched.setattr(delivered.Book, "write", before(delivered.Book.write))
    leave = target.FilesTarget.__exit__

    def leaving(self: Any, kind: Any, *rest: Any) -> None:
        if kind is not Killed:
            leave(self, kind, *rest)
            return
        self._book.leave()
        os.close(self._table._lock)

    patched.setattr(target.FilesTarget, "__exit__", leaving)
    return steps


def test_killed_before_any_step_the_file_is_delivered_once_and_never_half(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    into = outbox(tmp_path / "out", marker=".ok")
    deliver(register(tmp_path), into, tmp_path, "p.csv")
    old = (into.file / "daily" / "p.csv").read_bytes()
    (tmp_path / "b").mkdir()
    source, kills = register(tmp_path / "b", ROWS[:2]), 0
    for at in range(100):
        with monkeypatch.context() as patched:
            steps = dying(at, patched)
            try:
                order, _ = deliver(source, into, tmp_path, "p.csv", job_id=str(UUID(int=at)))
            except Killed:
                kills += 1
        seen = (into.file / "daily" / "p.csv").read_bytes()
        assert seen == old or seen.count(b"\n") == 3
        order, receipt = deliver(source, into, tmp_path, "p.csv", job_id=str(UUID(int=at)))
        assert (receipt.state, receipt.rows_written) == ("done", 2)
        assert deliver(source, into, tmp_path, "p.csv", job_id=order.job_id)[1] == receipt
        manifest = json.loads((into.file / "daily" / "p.csv.manifest.json").read_bytes())
        content = (into.file / "daily" / "p.csv").read_bytes()
        assert (manifest["job"], manifest["sha256"]) == (order.job_id, hashlib.sha256(content).hexdigest())
        assert there(into) == {"daily/p.csv", "daily/p.csv.manifest.json", "daily/p.csv.ok"}
        assert not (tmp_path / "jobs" / order.job_id / "staged").exists()
        if len(steps) < at:
            break
    assert kills == len(steps) > 6


def test_a_job_killed_after_it_decided_is_finished_by_the_next_and_what_is_appended_comes_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    into = outbox(tmp_path / "out")
    source = register(tmp_path)
    mode = AppendMode(watermark="id")
    with monkeypatch.context() as patched:
        patched.setattr(target.FilesTarget, "_put_in_place", lambda *_: (_ for _ in ()).throw(Killed()))
        with pytest.raises(Killed):
            deliver(source, into, tmp_path, "p-{job}.jsonl", mode=mode)
    with sqlite3.connect(source.file) as connection:
        connection.execute("INSERT INTO t VALUES (6, 'new', '')")
    connection.close()
    _, receipt = deliver(source, into, tmp_path, "p-{job}.jsonl", mode=mode)
    assert receipt.rows_written == 1
    files = sorted((into.file / "daily").glob("*.jsonl"), key=lambda path: path.stat().st_size)
    rows = [json.loads(line)["编号"] for file in files for line in file.read_text(encoding="utf-8").splitlines()]
    assert sorted(rows) == [1, 2, 3, 4, 5, 6]
    before = there(into)
    order, receipt = deliver(source, into, tmp_path, "p-{job}.jsonl", mode=mode)
    assert (receipt.rows_written, receipt.files, there(into)) == (0, (), before)  # nothing new, no file
    assert deliver(source, into, tmp_path, "p-{job}.jsonl", mode=mode, job_id=order.job_id)[1] == receipt


@pytest.mark.parametrize(
    ("name", "form"),
    [("a.csv", "csv"), ("人口-{day}-{job}.jsonl.gz", "jsonl"), ("a.b.parquet", "parquet"), ("x{time}.xlsx", "xlsx")],
)
def test_names_say_their_form(name: str, form: str) -> None:
    found = parse(name)
    assert (found.form, found.is_own) == (form, "{job}" in name or "{time}" in name)
    moment = dt.datetime(2026, 1, 31, 17, 0, tzinfo=dt.UTC)
    assert "20260201" in found.filled("j", moment) or "{day}" not in name


@pytest.mark.parametrize(
    "name", ["", ".csv", ".a.csv", "a", "a/b.csv", "a\\b.csv", "a\n.csv", "{x}.csv", "{day.csv", "a.xlsx.zip", "~a.csv",
             "a.csv.part", "x" * 200 + ".csv", " a.csv", "{{day}}.csv"],
)  # fmt: skip
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(ValueError):
        parse(name)
