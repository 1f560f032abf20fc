"""What is exported and imported unchanged is no difference, whatever the format."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from io import BytesIO

import pytest
from openpyxl import load_workbook
from openpyxl.utils import get_column_letter

from jutong.center.catalog.fields import ItemFields
from jutong.center.intake import queries
from jutong.center.intake.enums import BatchState, Outcome
from jutong.center.intake.workbook import own
from jutong.center.intake.workbook.content import Content
from jutong.standards import template_document
from tests.center_world import FIELDS, ITEMS, City
from tests.unit.center.intake.conftest import Receive

Write = Callable[..., bytes]
EDITION = template_document.core()
RISKY = (
    replace(ITEMS[0], note="=1+1"),
    replace(ITEMS[1], note="'-已加引号", english_name="name", column="xm"),
    ItemFields(name="@备注", data_type="M", length=None, mask="name", widest_mode="masked"),
)


def written(city: City, write: Write) -> bytes:
    contents = queries.own_contents(city["steward"])
    return write(contents, edition=EDITION, provider=city.civil.name)


@pytest.mark.parametrize(("write", "name"), [(own.workbook, "a.xlsx"), (own.zipped_csv, "a.zip"), (own.json, "a.json")])
def test_exported_and_imported_again_nothing_differs(city: City, receive: Receive, write: Write, name: str) -> None:
    city.published()
    city.draft(name="+离婚登记信息", summary="第一行\n第二行", items=RISKY, related_codes=("307010/00001",))
    batch = receive(written(city, write), name)
    assert batch.state == BatchState.READY, batch.problem
    rows = list(batch.proposals.all())
    assert [(row.outcome, row.findings) for row in rows if row.outcome != Outcome.SAME] == []
    assert len(rows) == 2


def test_text_that_looks_like_a_formula_is_never_one(city: City) -> None:
    city.draft(name="=cmd|' /C calc'!A0", items=RISKY)
    book = load_workbook(filename=BytesIO(written(city, own.workbook)))
    values = [cell for sheet in book.worksheets for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert all(cell.data_type != "f" for cell in values)
    assert not any(str(cell.value).startswith(("=", "+", "-", "@")) for cell in values)


def test_the_template_is_an_empty_workbook_with_lists_to_choose_from() -> None:
    book = load_workbook(filename=BytesIO(own.workbook([], edition=EDITION)))
    assert book.sheetnames[:4] == ["目录", "信息项", "代码", "填写说明"]
    assert book["_jutong"].sheet_state == "hidden"
    assert book["_jutong"]["A2"].value == EDITION.key
    headers = [cell.value for cell in book["目录"][1]]
    assert headers[:3] == ["信息资源代码", "提供单位", "数据目录名称"]
    assert book["目录"].max_row == 1
    rules = book["目录"].data_validations.dataValidation
    assert any("代码" in str(rule.formula1) for rule in rules)
    chosen = headers.index("共享属性") + 1
    letter = get_column_letter(chosen)
    assert any(str(rule.sqref).startswith(f"{letter}2:") for rule in rules)
    labels = [cell.value for cell in book["代码"][1]]
    at = labels.index("共享属性") + 1
    assert [book["代码"].cell(row, at).value for row in (2, 3, 4)] == ["无条件共享", "有条件共享", "不予共享"]


def test_a_changed_cell_is_a_change_and_the_rest_stays(city: City, receive: Receive) -> None:
    city.published()
    contents = queries.own_contents(city["steward"])
    changed = Content(contents[0].code, replace(contents[0].fields, update_cycle="weekly"), contents[0].items)
    batch = receive(own.workbook([changed], edition=EDITION))
    row = batch.proposals.get()
    assert row.outcome == Outcome.CHANGED
    differences = queries.differences_of(row, queries.before([row]).get(row.id))
    assert [(change.field, change.before, change.after) for change in differences] == [("update_cycle", "每日", "每周")]


def test_columns_a_file_does_not_have_leave_the_entry_as_it_is(city: City, receive: Receive) -> None:
    city.published()
    content = "数据目录名称,信息资源分类,数据更新频率\n婚姻登记信息,307010,每月\n".encode("gb18030")
    batch = receive(content, "目录.csv")
    row = batch.proposals.get()
    assert row.outcome == Outcome.CHANGED, row.findings
    assert row.fields["summary"] == FIELDS.summary
    assert [item["name"] for item in row.items] == [item.name for item in ITEMS]
