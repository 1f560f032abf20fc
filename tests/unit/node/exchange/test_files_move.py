"""Files moved into the library: what lands, what is set aside with its line, what is refused before the first row."""

from __future__ import annotations

import datetime as dt
import gzip
import json
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jutong.contracts import rules as given
from jutong.contracts.modes import MergeMode
from jutong.contracts.orders import JobOrder
from jutong.contracts.receipts import MovedReceipt
from jutong.kernel.errors import JutongError
from jutong.library.tables import read_digest
from jutong.node.connectors.introspect import inventory
from jutong.node.connectors.tables import opened
from jutong.node.exchange import chunks
from jutong.node.exchange.quarantine import rows_of
from jutong.node.exchange.readers import manifest, reader_for
from jutong.node.exchange.readers.manifest import FILE as MANIFEST
from jutong.node.exchange.repair import Repair
from jutong.node.exchange.replay import Replay
from jutong.node.files import scan as scanning
from jutong.node.files import workbook
from jutong.node.files.mapping import FileTables
from jutong.node.sources import SourceConfig
from tests.unit.node.exchange.moving import ORGANISATION, landed, landed_path, order_for, run_move

HAN = "姓名,号码\n张三,1\n李四,2\n王五麻子,3\n"
LATER = 1_800_000_000


def drops(folder: Path, name: str = "t", **table: Any) -> SourceConfig:
    mapped = {"pattern": "*.csv", "format": "csv", "settle_seconds": 0, **table}
    tables = FileTables.model_validate_json(json.dumps({"tables": {name: mapped}}))
    folder.mkdir(exist_ok=True)
    return SourceConfig("drops", "files", ORGANISATION, path=folder, files=tables)


def moved(source: SourceConfig, home: Path, *columns: str, **changes: Any) -> tuple[JobOrder, MovedReceipt]:
    order = order_for(source, "files", "t", *columns).model_copy(update=changes)
    return order, run_move(order, source, home)


def aside(home: Path, order: JobOrder, chunk: int = 0) -> list[dict[str, Any]]:
    table = pq.read_table(home / "jobs" / order.job_id / "quarantine" / f"{chunk:05d}.findings.parquet")
    return [
        {name: row[name] for name in ("(position)", "rule", "column", "reason", "value")} for row in table.to_pylist()
    ]


def told(home: Path, order: JobOrder) -> dict[str, str]:
    files = json.loads((home / "jobs" / order.job_id / MANIFEST).read_text(encoding="utf-8"))["files"]
    return {file["name"]: file["state"] for file in files}


def test_lines_that_are_no_rows_are_set_aside_with_their_line_and_the_others_land(tmp_path: Path) -> None:
    """Ragged lines, NUL, bytes that are no text, blank lines, values over several lines; and a rule that is broken."""
    source = drops(tmp_path / "in", encoding="auto")
    text = '标题,,\r\n姓名,出生 日期,备注\r\n张三,2015-04-04,""\r\n李四\r\n\r\n'
    text += '王五,2015-02-30,"一\r\n\r\n二"\r\n赵六,,a\0b\r\n'
    damaged = text.encode() + b"\xe9\x92,2015-04-04,x\r\n" + "钱七,2015-04-05,末行".encode()
    (source.file / "a.csv").write_bytes(damaged)
    source = drops(tmp_path / "in", header=2)
    assert [column.name for column in inventory(source)[0].columns] == ["姓名", "出生_日期", "备注"]
    rules = (given.Cast(id="born", column="出生_日期", to="date"),)
    order, receipt = moved(source, tmp_path, "姓名", "出生_日期", "备注", rules=rules)
    assert (receipt.rows_read, receipt.rows_written, receipt.rows_quarantined) == (6, 2, 4)
    assert {count.id: count.rows for count in receipt.rules} == {"born": 1, "(file)": 3}
    day = dt.date(2015, 4, 4)
    assert landed(tmp_path).to_pylist() == [
        {"姓名": "张三", "出生_日期": day, "备注": ""},  # quoted and empty: a text; unquoted would be no value
        {"姓名": "钱七", "出生_日期": day + dt.timedelta(1), "备注": "末行"},
    ]
    found = aside(tmp_path, order)
    assert [(row["(position)"], row["rule"], row["column"], row["reason"], row["value"]) for row in found] == [
        (4, "(file)", "", "file-ragged", "李四"),
        (6, "born", "出生_日期", "cast-date", "2015-02-30"),
        (9, "(file)", "备注", "file-nul", "a␀b"),
        (10, "(file)", "姓名", "file-no-text", "\ufffd"),
    ]
    rows = rows_of(tmp_path / "jobs" / order.job_id, 0).to_pylist()
    assert [row["姓名"] for row in rows] == [None, "王五", "赵六", None]
    assert rows[1]["备注"] == "一\r\n\r\n二"


@pytest.mark.parametrize(
    ("declared", "content"),
    [
        ("auto", HAN.encode()), ("auto", b"\xef\xbb\xbf" + HAN.encode()), ("auto", HAN.encode("gbk")),
        ("gb18030", HAN.encode("gb18030")), ("auto", HAN.encode("utf-16")), ("utf-8", HAN.encode()),
        ("auto", HAN.replace("\n", "\r").encode("gb18030")),
    ],
)  # fmt: skip
def test_every_encoding_is_found_and_says_the_same(tmp_path: Path, declared: str, content: bytes) -> None:
    source = drops(tmp_path / "in", encoding=declared)
    (source.file / "a.csv").write_bytes(content)
    _, receipt = moved(source, tmp_path, "姓名", "号码")
    assert receipt.rows_quarantined == 0
    assert landed(tmp_path).to_pydict() == {"姓名": ["张三", "李四", "王五麻子"], "号码": ["1", "2", "3"]}


def test_forms_packed_or_not_make_one_table_and_the_same_content_is_moved_once(tmp_path: Path) -> None:
    source = drops(tmp_path / "in", pattern="**/*", arrival="all")
    (source.file / "1.csv").write_bytes(HAN.encode("gb18030"))
    (source.file / "2.csv.gz").write_bytes(gzip.compress('号码,姓名\n4,"钱\n七"\n'.encode()))
    (source.file / "sub").mkdir()
    with zipfile.ZipFile(source.file / "sub" / "3.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("副本.csv", HAN.encode("gb18030"))
        archive.writestr("more.csv", HAN.replace("1", "5"))
    for unfinished in (".hidden.csv", "4.csv.part", "~$5.csv"):
        (source.file / unfinished).write_bytes(b"x")
    (tmp_path / "outside.csv").write_bytes(HAN.encode())
    (source.file / "link.csv").symlink_to(tmp_path / "outside.csv")
    order, receipt = moved(source, tmp_path, "姓名", "号码")
    assert told(tmp_path, order) == {
        "1.csv": "read", "2.csv.gz": "read", "sub/3.zip!副本.csv": "same", "sub/3.zip!more.csv": "read",
    }  # fmt: skip
    assert {file.name: file.state for file in receipt.files} == told(tmp_path, order)
    files = manifest.load(tmp_path / "jobs" / order.job_id)
    assert files is not None
    assert [files.name_of(chunk) for chunk in range(3)] == ["1.csv", "2.csv.gz", "sub/3.zip!more.csv"]
    assert (receipt.rows_read, receipt.chunks) == (7, 3)
    assert sorted(map(str, landed(tmp_path)["号码"].to_pylist())) == ["1", "2", "2", "3", "3", "4", "5"]
    assert receipt.target_digest == read_digest(landed_path(tmp_path))


def test_json_lines_and_fixed_width_keep_every_digit(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    source = drops(folder, pattern="*.jsonl", format="jsonl",
                   columns={"name": "/person/name", "pay": "/pay", "all": "/list"})  # fmt: skip
    (folder / "a.jsonl").write_text(
        '{"person": {"name": "张三"}, "pay": 1.10, "list": [2.50, {"n": 123456789012345678901}]}\n\n{"pay": tru\n[1]\n'
        '{"person": {"name": "\\u0000"}, "pay": null}\n{"person": [], "pay": 110101199001011234}\n',
        encoding="utf-8",
    )
    order, _ = moved(source, tmp_path, "name", "pay", "all")
    assert landed(tmp_path).to_pylist() == [
        {"name": "张三", "pay": "1.10", "all": '[2.50,{"n":123456789012345678901}]'},
        {"name": None, "pay": "110101199001011234", "all": None},
    ]
    assert [(row["(position)"], row["reason"]) for row in aside(tmp_path, order)] == [
        (3, "file-no-json"), (4, "file-no-json"), (5, "file-nul"),
    ]  # fmt: skip
    for unit, content in (
        ("bytes", "张三  110101\r\n李四五12\r\n王\r\n\r\n"),
        ("characters", "张三    110101\n李四五   12\n王\n"),
    ):
        source = drops(folder, pattern="*.txt", format="fixed", unit=unit, columns={"no": "7-12", "name": "1-6"})
        (folder / "a.txt").write_bytes(content.encode("gb18030"))
        order, _ = moved(source, tmp_path, "name", "no")
        assert landed(tmp_path).to_pydict() == {"name": ["张三", "李四五"], "no": ["110101", "12"]}
        assert [(row["(position)"], row["reason"], row["value"]) for row in aside(tmp_path, order)] == [
            (3, "file-short", "王")
        ]


def test_a_sheet_says_what_a_person_reads_and_numbers_it_did_not_keep_are_refused(tmp_path: Path) -> None:
    source = drops(tmp_path / "in", pattern="*.xlsx", format="xlsx", header=2, sheet="名册")
    book = openpyxl.Workbook()
    sheet = book.create_sheet("名册")
    for row in (
        ["二〇二六年名册"],
        ["姓名", "身份证号", "日期", "金额"],
        ["张三", 330103201504044560, dt.date(2020, 1, 2), 1.5],  # typed as a number: 15 digits are all there is
        ["李四", "330103201504044560", dt.datetime(2020, 1, 2, 3, 4), 0.1 + 0.2],  # noqa: DTZ001 - cells have no zone
        [],
        ["王五", 330103850404456, True, 1e9],
        ["赵六", "1", "=1/0", 1],
        ["钱七", "1", None, None, "多出来的"],
    ):
        sheet.append(row)
    book.save(source.file / "a.xlsx")
    order, receipt = moved(source, tmp_path, "姓名", "身份证号", "日期", "金额")
    assert (receipt.rows_read, receipt.rows_quarantined) == (5, 3)
    assert [tuple(row.values()) for row in landed(tmp_path).to_pylist()] == [
        ("李四", "330103201504044560", "2020-01-02 03:04:00", "0.3"),
        ("王五", "330103850404456", "true", "1000000000"),
    ]
    assert [(row["(position)"], row["column"], row["reason"]) for row in aside(tmp_path, order)] == [
        (3, "身份证号", "file-digits-lost"), (7, "日期", "file-cell-error"), (8, "", "file-ragged"),
    ]  # fmt: skip


def test_a_cell_that_could_not_be_read_is_written_only_when_it_was_given(tmp_path: Path) -> None:
    source = drops(tmp_path / "in")
    (source.file / "a.csv").write_bytes(HAN.encode() + b"x\n\xff,9\n" + "赵六,5\n".encode())
    order, _ = moved(source, tmp_path, "姓名", "号码")
    now = dt.datetime(2026, 11, 22, tzinfo=dt.UTC)
    with Repair(tmp_path / "jobs" / order.job_id, order) as repair:
        replay = Replay(repair, tmp_path, source)
        repair.fix("0-5", {"姓名": "钱七"}, "补录", now)
        repair.fix("0-6", {"号码": "8"}, "补录", now)
        done = replay.run(now)
        assert (done.written, done.still_wrong) == (1, (("0-6", "姓名", "file-no-text"),))
        repair.fix("0-6", {"姓名": "孙八"}, "核对原件", now)
        assert replay.run(now).written == 1
    rows = {row["姓名"]: row["号码"] for row in landed(tmp_path).to_pylist()}
    assert (len(rows), rows["钱七"], rows["孙八"]) == (6, None, "8")


def test_parquet_travels_in_its_own_types(tmp_path: Path) -> None:
    source = drops(tmp_path / "in", pattern="*.parquet", format="parquet")
    table = pa.table({
        "id": pa.array([1, 2**32 - 1], pa.uint32()), "kind": pa.array(["a", None]).dictionary_encode(),
        "at": pa.array([1, 2], pa.timestamp("ms", tz="Asia/Shanghai")), "tags": pa.array([[1], [2]]),
    })  # fmt: skip
    pq.write_table(table, source.file / "a.parquet")
    moved(source, tmp_path, "id", "kind", "at")
    schema = landed(tmp_path).schema
    assert schema.types == [pa.int64(), pa.string(), pa.timestamp("us", tz="UTC")]
    assert landed(tmp_path).to_pydict()["id"] == [1, 2**32 - 1]
    with pytest.raises(JutongError) as caught:
        moved(source, tmp_path, "tags")
    assert caught.value.code == "node.exchange.type-unsupported"


def cut_gzip() -> bytes:
    return gzip.compress(HAN.encode() * 500)[:-20]


def bomb() -> bytes:
    return gzip.compress(b"a" * (80 << 20), 9)


def wide_bomb(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b" " * (80 << 20))


Make = Callable[[Path], object]
REFUSED: list[tuple[str, str, dict[str, Any], Make]] = [
    ("node.files.none", "a.csv", {"pattern": "*.txt"}, lambda path: path.write_bytes(HAN.encode())),
    ("node.files.none", "a.csv", {"marker": ".ok"}, lambda path: path.write_bytes(HAN.encode())),
    ("node.files.encoding", "a.csv", {"encoding": "utf-8"}, lambda path: path.write_bytes(HAN.encode("gbk"))),
    ("node.files.encoding", "a.csv", {"encoding": "gb18030"}, lambda path: path.write_bytes(HAN.encode())),
    ("node.files.encoding", "a.csv", {}, lambda path: path.write_bytes(b"\x81\xff\xfe\x80" * 50)),
    ("node.files.headings", "a.csv", {"columns": {"姓名": "名字"}}, lambda path: path.write_bytes(HAN.encode())),
    (
        "node.files.lines",
        "a.csv",
        {"delimiter": "\t", "columns": {"姓名": "x"}},
        lambda path: path.write_bytes(b"x\ty\n" + b"1,2\n" * 50),
    ),
    ("node.files.broken", "a.csv.gz", {"pattern": "*"}, lambda path: path.write_bytes(cut_gzip())),
    ("node.files.too-large", "a.csv.gz", {"pattern": "*"}, lambda path: path.write_bytes(bomb())),
    ("node.files.broken", "a.zip", {"pattern": "*"}, lambda path: path.write_bytes(b"PK\3\4 cut off")),
    ("node.files.broken", "a.parquet", {"pattern": "*", "format": "parquet"}, lambda path: path.write_bytes(b"PAR1x")),
    ("node.files.broken", "a.xlsx", {"pattern": "*", "format": "xlsx"}, lambda path: path.write_bytes(b"PK\3\4x")),
    ("node.files.too-large", "a.xlsx", {"pattern": "*", "format": "xlsx"}, wide_bomb),
]


@pytest.mark.parametrize(("code", "name", "table", "make"), REFUSED)
def test_what_cannot_be_right_is_refused_by_name_and_moves_nothing(
    tmp_path: Path, code: str, name: str, table: dict[str, Any], make: Make
) -> None:
    source = drops(tmp_path / "in", **table)
    make(source.file / name)
    with pytest.raises(JutongError) as caught:
        moved(source, tmp_path, "姓名")
    assert caught.value.code == code
    assert not (landed_path(tmp_path) / "_delta_log").exists()


def test_a_file_is_waited_for_and_one_that_changes_is_not_believed(tmp_path: Path) -> None:
    from jutong.node.files.arrival import arrived
    from jutong.node.files.errors import FileArrivingError

    source = drops(tmp_path / "in", settle_seconds=30)
    assert source.files is not None
    table = source.files.tables["t"]
    (source.file / "a.csv").write_bytes(HAN.encode())
    written = dt.datetime.fromtimestamp((source.file / "a.csv").stat().st_mtime, dt.UTC)
    waited: list[float] = []
    found = arrived(source, table, clock=lambda: written + dt.timedelta(seconds=10 + sum(waited)), pause=waited.append)
    assert 19 < sum(waited) < 22
    with pytest.raises(FileArrivingError):
        arrived(source, table, clock=lambda: written, pause=lambda _: None)
    found[0].open().close()
    (source.file / "a.csv").rename(tmp_path / "elsewhere.csv")
    (source.file / "a.csv").symlink_to(tmp_path / "elsewhere.csv")  # behind our back, and the same file
    with pytest.raises(FileArrivingError):
        found[0].open()
    (source.file / "a.csv").unlink()
    (source.file / "a.csv").write_bytes(HAN.encode() * 2)
    with pytest.raises(FileArrivingError):
        found[0].check_unchanged()
    source = drops(tmp_path / "in", marker=".ok")
    (source.file / "a.csv.ok").touch()
    assert moved(source, tmp_path, "姓名")[1].rows_read == 7


def test_the_newest_file_replaces_and_unseen_ones_are_moved_once(tmp_path: Path) -> None:
    source = drops(tmp_path / "in")
    for number, name in enumerate(("b.csv", "a.csv")):
        (source.file / name).write_text(f"id,v\n{number},x\n", encoding="utf-8")
        os.utime(source.file / name, (LATER + number, LATER + number))
    assert told(tmp_path, moved(source, tmp_path, "id", "v")[0]) == {"a.csv": "read"}
    assert landed(tmp_path).to_pylist() == [{"id": "1", "v": "x"}]
    source = drops(tmp_path / "in", arrival="unseen")
    with pytest.raises(JutongError) as caught:
        moved(source, tmp_path, "id")
    assert caught.value.code == "node.exchange.order-unfit"
    home = tmp_path / "home"
    mode = {"mode": MergeMode(keys=("id",))}

    def run() -> dict[str, str]:
        order = order_for(source, "files", "t", "id", "v").model_copy(update=mode)
        folder = home / "node" / "jobs" / order.job_id
        folder.mkdir(parents=True)
        with reader_for(source, folder)(source, order) as read:
            chunks.cut(read, 0)
        finished = MovedReceipt(job_id=order.job_id, state="done")
        (folder / "result.json").write_text(finished.model_dump_json(), encoding="utf-8")
        files = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["files"]
        return {file["name"]: file["state"] for file in files}

    assert run() == {"a.csv": "read", "b.csv": "read"}
    (source.file / "c.csv").write_text("id,v\n9,x\n", encoding="utf-8")
    assert run() == {"a.csv": "earlier", "b.csv": "earlier", "c.csv": "read"}
    for unfinished in home.glob("node/jobs/*/result.json"):
        unfinished.unlink()
    with pytest.raises(JutongError) as caught:
        run()
    assert caught.value.code == "node.files.busy"


def test_a_large_file_is_cut_at_lines_and_no_line_is_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scanning, "BLOCK", 4096)
    monkeypatch.setattr(scanning, "PIECE_BYTES", 20_000)
    source = drops(tmp_path / "in")
    lines = [f"{number},姓名{number}" if number % 997 else "" if number % 2 else "x" for number in range(1, 10_000)]
    (source.file / "a.csv").write_bytes(("id,v\r\n" + "\r\n".join(lines)).encode("gb18030"))
    order, receipt = moved(source, tmp_path, "id", "v")
    assert receipt.chunks > 5
    assert (receipt.rows_written, receipt.rows_quarantined) == (len(lines) - 10, 5)
    assert sorted(int(str(number)) for number in landed(tmp_path)["id"].to_pylist()) == [
        n for n in range(1, 10_000) if n % 997
    ]
    said = [row["(position)"] for chunk in range(receipt.chunks) for row in _aside(tmp_path, order, chunk)]
    assert said == [number + 1 for number in range(1, 10_000) if number % 997 == 0 and number % 2 == 0]


def _aside(home: Path, order: JobOrder, chunk: int) -> list[dict[str, Any]]:
    path = home / "jobs" / order.job_id / "quarantine" / f"{chunk:05d}.findings.parquet"
    return aside(home, order, chunk) if path.exists() else []


def test_a_table_of_files_can_be_looked_at_and_a_wrong_mapping_says_where(tmp_path: Path) -> None:
    source = drops(tmp_path / "in")
    assert inventory(source)[0].columns == ()  # nothing has arrived
    (source.file / "a.csv").write_bytes(HAN.encode("gb18030"))
    with opened(source, "files", "t") as table:
        assert dict(table.columns) == {"姓名": "text", "号码": "text"}
        assert table.sample(2) == [[("张三", 2), ("1", 1)], [("李四", 2), ("2", 1)]]
    for wrong in (
        {"pattern": "../x"}, {"pattern": "/etc/*"}, {"format": "fixed"}, {"format": "fixed", "columns": {"a": "9-3"}},
        {"header": 0}, {"columns": {"a b": "x"}}, {"quote": ","}, {"columns": {"a": "x", "A": "y"}},
        {"format": "jsonl", "columns": {"a": "x"}},
    ):  # fmt: skip
        with pytest.raises(ValueError, match="validation error"):
            drops(tmp_path / "in", **wrong)


def test_numbers_of_a_sheet_read_alike_one_by_one_and_all_at_once() -> None:
    columns = (
        [1.5, -0.25, 0.0, 1e9, 123456.789],
        [3.0, -4.0, 999999999999999.0],
        [0.1 + 0.2, 1.0],
        [1e-5, 2.0],
        [1e15, 1.0],
    )
    for cells in columns:
        texts, lost = workbook._column(cells)
        one_by_one = [workbook.text_of(cell) for cell in cells]
        assert texts.to_pylist() == [None if place in lost else text for place, text in enumerate(one_by_one)]
    assert lost == [0]
    assert workbook.text_of(0.1 + 0.2) == "0.3"
