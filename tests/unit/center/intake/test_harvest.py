from __future__ import annotations

import json
from pathlib import Path

from jutong.center.intake.accept import Defaults
from jutong.center.intake.harvest import harvests, reasons, totals
from jutong.center.intake.reading import read_bytes
from tests.unit.center.intake.reading.files import json_bytes

DATA = Path(__file__).parents[3] / "data" / "catalog"
ROWS = [
    {"序号": "1", "标题": "甲", "提供单位": "民政局", "更新频率": "每天", "怪": "x", "数据格式": "xls"},
    {"序号": "2", "标题": "甲", "提供单位": "民政局", "更新频率": "每天", "怪": "x", "数据格式": "xls"},
    {"序号": "3", "标题": "", "提供单位": "民政局", "更新频率": "其他", "怪": "", "数据格式": "xls"},
    {"序号": "4", "标题": "乙", "提供单位": "", "更新频率": "其他", "怪": "", "数据格式": "xls"},
    {"序号": "5", "标题": "丙", "提供单位": "民政局", "更新频率": "其他", "怪": "y", "数据格式": "xls"},
]


def harvested(rows: object = ROWS, choices: dict[str, str] | None = None):
    listing = read_bytes(json_bytes(rows), name="a.json")
    found = list(harvests(listing, defaults=Defaults(needs_provider=True), choices=choices))
    return found, [list(row.proposals()) for row in found]


def test_every_row_is_accounted_for():
    found, stored = harvested()
    assert [proposal.fields.name for proposal in stored[0]] == ["甲", "丙"]
    counts = totals(found)
    assert counts == {
        "rows": 5, "read": 5, "accepted": 3, "rejected": 2, "repeated": 1, "warned": 3, "accepted_share": 0.6,
    }  # fmt: skip
    assert counts["read"] == counts["accepted"] + counts["rejected"]


def test_the_report_tells_what_became_of_rows_columns_and_spellings():
    (found,), _ = harvested()
    report = json.loads(json.dumps(found.report(lambda text: f"<{text}>")))
    assert [(row["line"], [why["rule"] for why in row["reasons"]]) for row in report["rejected_rows"]] == [
        (3, ["IN-01"]), (4, ["IN-12"]),
    ]  # fmt: skip
    first = report["rejected_rows"][0]["reasons"][0]
    assert (first["cell"], first["column"], first["message"]) == ("B3", "标题", "<没有数据目录名称>")
    assert report["rejected_rows"][0]["row"]["更新频率"] == "其他"
    assert report["repeated_rows"] == [{"line": 2, "same_as": 1}]
    assert report["unmapped"] == [{"header": "怪", "letter": "E", "reason": "<没有对应的字段>", "cells": 3}]
    assert report["readings"]["update_cycle"] == [
        {"found": "其他", "became": "irregular", "how": "guess", "rows": 3},
        {"found": "每天", "became": "daily", "how": "synonym", "rows": 2},
    ]
    nearest = next(row for row in report["warnings"] if row["rule"] == "IN-04")
    assert (nearest["rows"], nearest["lines"], nearest["found"]) == (3, "3-5", {"其他": 3})
    assert {row["header"]: row["field"] for row in report["mapping"]}["更新频率"] == "update_cycle"
    assert report["leftovers"]["序号"] == 5


def test_reasons_are_counted_over_all_sheets():
    found, _ = harvested({"甲": ROWS, "乙": ROWS})
    assert [(row["rule"], row["rows"]) for row in reasons(found, str)] == [("IN-01", 2), ("IN-12", 2)]


def test_a_person_who_knows_better_is_heard():
    found, stored = harvested(choices={"怪": "summary"})
    assert stored[0][0].fields.summary == "x"
    assert found[0].mapping.fields["summary"].confidence == 1.0


def test_a_sheet_that_breaks_off_keeps_what_came_before():
    rows = "".join(f"甲{at}号,民政局\n" for at in range(30))
    listing = read_bytes(f'标题,提供单位\n{rows}"乙,民政局\n'.encode(), name="a.csv")
    (found,) = harvests(listing, defaults=Defaults())
    assert len(list(found.proposals())) == 30
    report = found.report(str)
    assert "a.csv:32" in report["problem"]
    assert report["read"] == 30


def test_an_empty_harvest_has_no_share():
    assert totals([])["accepted_share"] == 0.0
