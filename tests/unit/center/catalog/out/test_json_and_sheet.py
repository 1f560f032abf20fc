from __future__ import annotations

import csv
from dataclasses import replace
from io import BytesIO, StringIO

import openpyxl
import orjson
import pytest

from jutong.center.catalog.out import (
    HEADERS,
    as_workbook,
    entry_document,
    to_csv,
    to_json,
    to_sheet_rows,
    to_workbook,
)
from tests.unit.center.catalog.out.conftest import RECORD, WRITTEN_AT


def test_json_holds_every_entry_and_only_what_is_said(written):
    document = orjson.loads(b"".join(to_json(written, now=WRITTEN_AT)))
    assert document["format"] == "jutong-catalog"
    assert document["written_at"] == "2026-11-09T01:12:00+00:00"
    assert [row["code"] for row in document["entries"]] == [row.code for row in written]
    first = document["entries"][0]
    assert first["organisation"] == {"code": "11620000MB1234567X", "name": "金河市民政局"}
    assert first["effective_from"] == "2026-11-01"
    assert first["items"][1] == {
        "name": "婚姻状况", "data_type": "C", "is_open": True, "is_key": False, "is_personal": False,
        "is_sensitive": False,
    }  # fmt: skip
    assert "refusal_reason" not in first


def test_json_of_nothing_is_json():
    assert orjson.loads(b"".join(to_json([], now=WRITTEN_AT)))["entries"] == []


def test_an_entry_document_keeps_a_score_of_nought():
    assert entry_document(replace(RECORD, quality=0))["quality"] == 0


def test_csv_opens_right_in_a_spreadsheet_and_runs_nothing():
    evil = replace(RECORD, name="=cmd|' /C calc'!A0", summary='说"好",\n再见')
    content = b"".join(to_csv([evil])).decode("utf-8-sig")
    rows = list(csv.reader(StringIO(content, newline="")))
    assert tuple(rows[0]) == HEADERS
    assert rows[1][1] == "'=cmd|' /C calc'!A0"
    assert rows[1][4] == '说"好",\n再见'
    assert content.startswith("信息资源代码")


def test_a_row_speaks_chinese_and_is_as_wide_as_its_headers(written):
    rows = list(to_sheet_rows(written))
    assert {len(row) for row in rows} == {len(HEADERS)}
    said = dict(zip(HEADERS, rows[0], strict=True))
    assert said["共享属性"] == "有条件共享"
    assert said["数据项"] == "公民身份号码、婚姻状况"
    assert said["发布日期"] == "2026-11-09"


def test_a_workbook_holds_entries_and_items_and_no_formula(written):
    evil = replace(RECORD, name="=1+1\x01", code="307010/00009")
    book = openpyxl.load_workbook(BytesIO(b"".join(to_workbook([*written, evil]))))
    entries, items = book["目录"], book["信息项"]
    assert [cell.value for cell in entries["B"]] == [
        "数据目录名称",
        "婚姻登记信息",
        "婚姻登记信息",
        "婚姻登记信息",
        "=1+1",
    ]
    assert {cell.data_type for cell in entries["B"]} == {"s"}
    assert [cell.value for cell in items[2]][:6] == [
        "307010/00001", "婚姻登记信息", "公民身份号码", "identity number", "字符型", "18",
    ]  # fmt: skip
    assert items.max_row == 1 + 2 + 0 + 2 + 2


@pytest.mark.parametrize(("most", "entries"), [(2, 1), (3, 1), (4, 2)])
def test_a_workbook_ends_before_a_sheet_is_full(monkeypatch, most: int, entries: int):
    monkeypatch.setattr(as_workbook, "MOST_ROWS", most)
    book = openpyxl.load_workbook(BytesIO(b"".join(to_workbook([RECORD] * 4))))
    assert book["目录"].max_row == 1 + entries
