from __future__ import annotations

import csv
from dataclasses import replace
from io import StringIO

import orjson

from jutong.center.catalog.out import HEADERS, entry_document, to_csv, to_json, to_sheet_rows
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
