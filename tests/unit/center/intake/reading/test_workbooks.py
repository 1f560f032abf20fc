from __future__ import annotations

import zipfile
from dataclasses import replace
from datetime import date, datetime, time
from io import BytesIO

import openpyxl
import pytest

from jutong.center.intake.reading import Format, RemarkKind, read_bytes, shipped_limits
from jutong.center.intake.reading.errors import (
    ArchiveBombError,
    FileEmptyError,
    FileProtectedError,
    FileTooBigError,
    FileUnreadableError,
)
from tests.unit.center.intake.reading.files import workbook, zipped


def only(content: bytes, **limits: int):
    found = read_bytes(content, name="表.xlsx", limits=replace(shipped_limits(), **limits))
    assert found.format is Format.XLSX
    return found.sheets[0]


def rows(sheet) -> list[tuple[int, tuple[str, ...]]]:
    return [(row.line, row.cells) for row in sheet.rows()]


def test_values_become_the_text_a_person_sees():
    moment = datetime.fromisoformat("2018-03-01 18:19:41")
    row = (12.0, 3.5, date(2018, 3, 1), moment, True, time(8, 30))
    sheet = only(workbook([("整数", "小数", "日期", "时刻", "是非", "时间"), row]))
    assert sheet.headers == ("整数", "小数", "日期", "时刻", "是非", "时间")
    assert rows(sheet) == [(2, ("12", "3.5", "2018-03-01", "2018-03-01 18:19:41", "是", "08:30:00"))]


def test_empty_rows_titles_and_empty_columns_are_passed_over():
    sheet = only(
        workbook(
            [(), ("市直部门目录汇总表",), (), ("名称", "单位"), (), ("甲", "民政局"), (None, None), ("乙", "教育局")]
        )
    )
    assert sheet.header_line == 4
    assert rows(sheet) == [(6, ("甲", "民政局")), (8, ("乙", "教育局"))]


def test_a_merged_title_is_no_header():
    content = workbook([("目录清单", None, None), ("名称", "单位", "频率"), ("甲", "民政局", "每年")],
                       lambda sheet: sheet.merge_cells("A1:C1"))  # fmt: skip
    sheet = only(content)
    assert (sheet.headers, sheet.header_line) == (("名称", "单位", "频率"), 2)


def test_a_header_over_two_lines_is_joined():
    def merge(sheet):
        sheet.merge_cells("A1:A2")
        sheet.merge_cells("B1:C1")

    sheet = only(
        workbook([("名称", "共享属性", None), (None, "共享类型", "共享方式"), ("甲", "无条件", "接口")], merge)
    )
    assert sheet.headers == ("名称", "共享属性/共享类型", "共享属性/共享方式")
    assert rows(sheet) == [(3, ("甲", "无条件", "接口"))]


def test_cells_merged_downwards_give_every_row_the_value_and_are_named():
    content = workbook([("单位", "名称"), ("民政局", "甲"), (None, "乙"), (None, "丙")],
                       lambda sheet: sheet.merge_cells("A2:A4"))  # fmt: skip
    found = list(only(content).rows())
    assert [row.cells for row in found] == [("民政局", "甲"), ("民政局", "乙"), ("民政局", "丙")]
    assert {(remark.kind, remark.text) for row in found for remark in row.remarks} == {(RemarkKind.MERGED, "A2:A4")}


def test_formulas_without_a_result_and_errors_are_named_with_their_cell():
    content = workbook([("名称", "数"), ("甲", "=1+1"), ("乙", "#N/A"), ("丙", 3)],
                       lambda sheet: setattr(sheet["B3"], "data_type", "e"))  # fmt: skip
    found = list(only(content).rows())
    assert [[remark.text for remark in row.remarks] for row in found] == [["B2"], ["B3"], []]
    assert {remark.kind for row in found for remark in row.remarks} == {RemarkKind.NO_VALUE}


def test_a_formula_with_a_result_is_its_result():
    parts = zipfile.ZipFile(BytesIO(workbook([("名称", "数"), ("甲", "=1+1")])))
    members = {name: parts.read(name) for name in parts.namelist()}
    page = "xl/worksheets/sheet1.xml"
    members[page] = members[page].replace(b"<f>1+1</f><v></v>", b"<f>1+1</f><v>2</v>").replace(
        b"<f>1+1</f><v />", b"<f>1+1</f><v>2</v>")  # fmt: skip
    (row,) = only(zipped(members)).rows()
    assert (row.cells, row.remarks) == (("甲", "2"), ())


def test_headers_without_a_name_and_with_one_twice_get_one():
    sheet = only(workbook([("名称", None, "说明", "说明"), ("甲", "x", "y", "z")]))
    assert sheet.headers == ("名称", "B", "说明", "说明 (2)")
    assert [remark.kind for remark in sheet.remarks] == [RemarkKind.BLANK_HEADER, RemarkKind.REPEATED_HEADER]


def test_a_hidden_sheet_is_marked_and_an_empty_one_skipped():
    book = openpyxl.Workbook()
    shown = book.active
    assert shown is not None
    for row in (("名称", "单位"), ("甲", "乙")):
        shown.append(row)
    hidden = book.create_sheet("标记")
    hidden.sheet_state = "hidden"
    hidden.append(("cn-2025",))
    hidden.append(("x",))
    book.create_sheet("空")
    made = BytesIO()
    book.save(made)
    found = read_bytes(made.getvalue(), name="a.xlsx")
    assert [(sheet.name, sheet.hidden) for sheet in found.sheets] == [("Sheet", False), ("标记", True)]
    assert found.skipped == ("空",)


def test_a_workbook_of_nothing_says_so():
    with pytest.raises(FileEmptyError):
        read_bytes(workbook([]), name="空.xlsx")


@pytest.mark.parametrize(
    ("change", "limits"),
    [
        (lambda sheet: sheet.cell(5000, 1, "x"), {"rows": 100}),
        (lambda sheet: sheet.cell(1, 400, "x"), {"columns": 300}),
        (lambda sheet: sheet.cell(4, 1, "长" * 200), {"cell_characters": 100}),
    ],
)
def test_what_is_bigger_than_is_read_is_refused_by_name(change, limits):
    with pytest.raises(FileTooBigError) as refused:
        rows(only(workbook(change=change), **limits))
    assert "表.xlsx" in refused.value.explain()
    assert refused.value.fields["most"] == next(iter(limits.values()))


def test_more_rows_than_are_read_are_refused_when_they_come():
    with pytest.raises(FileTooBigError):
        rows(only(workbook([("名称", "数"), *([("甲", 1)] * 15)]), rows=10))


def test_a_workbook_that_unpacks_to_far_more_is_refused_before_it_is_read():
    parts = zipfile.ZipFile(BytesIO(workbook()))
    members = {name: parts.read(name) for name in parts.namelist()}
    members["xl/media/image1.png"] = b"\0" * 30_000_000
    with pytest.raises(ArchiveBombError) as refused:
        read_bytes(zipped(members, level=9), name="炸.xlsx")
    assert "炸.xlsx" in refused.value.explain()


def test_a_broken_workbook_is_refused_by_name():
    good = workbook()
    for broken in (good[: len(good) // 2], b"PK\x03\x04[Content_Types].xml" + b"x" * 100):
        with pytest.raises(FileUnreadableError):
            read_bytes(broken, name="坏.xlsx")


def test_a_workbook_without_its_parts_is_broken():
    with pytest.raises(FileUnreadableError):
        read_bytes(zipped({"[Content_Types].xml": b"<Types/>"}), name="坏.xlsx")


def test_an_old_workbook_that_is_none_is_broken():
    with pytest.raises(FileUnreadableError):
        read_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, name="旧.xls")


def test_a_title_over_part_of_the_width_is_no_header():
    assert only(workbook([("一、目录", None), ("名称", "单位"), ("甲", "乙")])).header_line == 2


def test_a_title_merged_over_the_table_with_a_date_beside_it():
    sheet = only(workbook([("清单", None, "2018-03-01"), ("名称", "单位", "频率"), ("甲", "乙", "每年")],
                          lambda found: found.merge_cells("A1:B1")))  # fmt: skip
    assert sheet.header_line == 2


def test_a_sheet_of_charts_is_skipped():
    book = openpyxl.Workbook()
    shown = book.active
    assert shown is not None
    for row in (("名称", "单位"), ("甲", "乙")):
        shown.append(row)
    book.create_chartsheet("图")
    made = BytesIO()
    book.save(made)
    found = read_bytes(made.getvalue(), name="a.xlsx")
    assert ([sheet.name for sheet in found.sheets], found.skipped) == (["Sheet"], ("图",))


def test_cells_merged_across_are_named():
    content = workbook([("名称", "单位", "频率"), ("甲", "民政局", None)], lambda sheet: sheet.merge_cells("B2:C2"))
    (row,) = only(content).rows()
    assert row.cells == ("甲", "民政局", "")
    assert (row.remarks[0].text, row.remarks[0].until) == ("B2:C2", 2)


def test_an_empty_merged_cell_is_nothing():
    content = workbook([("名称", "单位"), ("甲", "乙"), ("丙", "丁")], lambda sheet: sheet.merge_cells("D2:E9"))
    assert [row.remarks for row in only(content).rows()] == [(), ()]


def test_a_zip_with_a_password_is_refused():
    content = bytearray(zipped({"a.csv": b"a,b\n1,2\n"}))
    content[6] |= 1
    directory = content.index(b"PK\x01\x02")
    content[directory + 8] |= 1
    with pytest.raises(FileProtectedError):
        read_bytes(bytes(content), name="密.zip")
