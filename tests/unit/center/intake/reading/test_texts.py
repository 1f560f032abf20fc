from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from jutong.center.intake.reading import Format, RemarkKind, letters, read, read_bytes, shipped_limits
from jutong.center.intake.reading.errors import (
    ArchiveBombError,
    EncodingUnknownError,
    FileEmptyError,
    FileTooBigError,
    FileUnreadableError,
    FormatUnknownError,
)
from tests.unit.center.intake.reading.files import gbk_named_zip, json_bytes, parquet, workbook, zipped

CSV = '名称,单位,说明\n婚姻登记,市民政局,"结婚,离婚"\n'
DATA = Path(__file__).parents[4] / "data" / "catalog"


def only(content: bytes, name: str = "表.csv", **limits: Any):
    return read_bytes(content, name=name, limits=replace(shipped_limits(), **limits)).sheets[0]


def cells(sheet) -> list[tuple[str, ...]]:
    return [row.cells for row in sheet.rows()]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16"])
def test_the_encodings_offices_save_in_open_right(encoding: str):
    sheet = only(CSV.encode(encoding))
    assert sheet.headers == ("名称", "单位", "说明")
    assert cells(sheet) == [("婚姻登记", "市民政局", "结婚,离婚")]


def test_characters_beyond_the_old_standard_open_right():
    assert cells(only("姓名,字\n𠮷野,㐂\n".encode("gb18030"))) == [("𠮷野", "㐂")]


@pytest.mark.parametrize("separator", [",", "\t", ";", "|", "，"])
def test_the_separator_is_found(separator: str):
    text = f"名称{separator}单位{separator}频率\n甲{separator}乙{separator}每年\n"
    assert cells(only(text.encode())) == [("甲", "乙", "每年")]


def test_a_line_is_counted_as_an_editor_counts_it():
    sheet = only('名称,说明\n甲,"两\n行"\n乙,一行\n'.encode())
    assert [(row.line, row.cells) for row in sheet.rows()] == [(2, ("甲", "两\n行")), (4, ("乙", "一行"))]


def test_a_row_with_more_cells_than_headers_is_remarked_on():
    (row,) = only("名称,单位\n甲,乙,丙,丁\n".encode()).rows()
    assert row.cells == ("甲", "乙")
    assert row.remarks[0].kind is RemarkKind.EXTRA_CELLS
    assert row.remarks[0].text == "C2: 丙、丁"


def test_an_encoding_nobody_knows_is_named_with_its_place():
    with pytest.raises(EncodingUnknownError) as refused:
        only("名称,单位\n".encode() + b"\xff\xfe\xff\xff\x80")
    assert refused.value.fields["place"] > 10
    with pytest.raises(EncodingUnknownError):
        only(b"\xef\xbb\xbf" + "名".encode() + b"\xff,\n")


def test_a_quotation_that_never_ends_is_refused_with_its_line():
    with pytest.raises(FileUnreadableError) as refused:
        cells(only('名称,单位\n甲,乙\n"丙,丁\n'.encode()))
    assert "表.csv:3" in refused.value.explain()
    assert "quotation" not in refused.value.explain()


def test_a_quotation_that_never_ends_at_the_top_is_refused():
    with pytest.raises(FileUnreadableError):
        only('"名称,单位\n甲,乙\n'.encode())


@pytest.mark.parametrize(
    "content",
    [b"%PDF-1.7 ...", b"\x89PNG\r\n\x1a\n", b"abc\0def", b"<html><table><tr><td>1</td></tr></table></html>"],
)
def test_what_is_no_table_is_refused(content: bytes):
    with pytest.raises(FormatUnknownError):
        only(content)


@pytest.mark.parametrize("content", [b"", b"  \n \n", b"\xef\xbb\xbf\n", b"[]", b"{}", b'{"a": [1, 2]}'])
def test_a_file_of_nothing_says_so(content: bytes):
    with pytest.raises(FileEmptyError):
        only(content)


def test_control_characters_never_get_in():
    assert cells(only("名称,单位\n甲\x07乙,\x1b丙\n".encode())) == [("甲乙", "丙")]


def test_json_objects_become_rows_with_all_their_fields():
    sheet = only(
        json_bytes([{"名称": "甲", "格式": ["xls", "json"], "量": 12}, {"名称": "乙", "网址": None, "其他": {"a": 1}}])
    )
    assert sheet.format is Format.JSON
    assert sheet.headers == ("名称", "格式", "量", "网址", "其他")
    assert cells(sheet) == [("甲", "xls、json", "12", "", ""), ("乙", "", "", "", '{"a": "1"}')]


def test_numbers_of_json_stay_as_they_are_written():
    sheet = only(b'[{"n": 1.10, "big": 123456789012345678901, "yes": true, "nan": NaN}]')
    assert cells(sheet) == [("1.10", "123456789012345678901", "是", "NaN")]


def test_lists_are_found_wherever_they_are():
    found = read_bytes(
        json_bytes({"code": 0, "data": {"上海": [{"标题": "甲"}], "江苏": [{"标题": "乙"}, "坏"]}}), name="a.json"
    )
    assert [sheet.name for sheet in found.sheets] == ["data.上海", "data.江苏"]
    last = list(found.sheets[1].rows())[-1]
    assert last.remarks[0].kind is RemarkKind.EXTRA_CELLS
    assert last.remarks[0].text == "坏"


def test_objects_line_by_line_are_read():
    assert cells(only(b'{"a": "1"}\n\n{"a": "2"}\n')) == [("1",), ("2",)]


def test_a_field_named_twice_is_remarked_on():
    (row,) = only(b'[{"a": "1", "a": "2"}]').rows()
    assert row.cells == ("2",)
    assert row.remarks[0].kind is RemarkKind.REPEATED_KEY


def test_broken_json_is_refused_with_its_place():
    with pytest.raises(FileUnreadableError) as refused:
        only(b'[{"a": 1},\n {"a": ]', name="坏.json")
    assert "坏.json:2:8" in refused.value.explain()


def test_json_nested_too_deep_is_refused():
    with pytest.raises(FileUnreadableError):
        only(b"[" * 200_000)
    deep: object = [{"a": 1}]
    for _ in range(20):
        deep = {"x": deep}
    with pytest.raises(FileUnreadableError):
        only(json_bytes(deep))


@pytest.mark.parametrize(
    ("content", "limits"),
    [
        (json_bytes([{"a": 1}] * 12), {"rows": 10}),
        (json_bytes([{str(at): 1 for at in range(12)}]), {"columns": 10}),
        (json_bytes([{"a": "长" * 20}]), {"cell_characters": 10}),
        (parquet({"a": list(range(12))}), {"rows": 10}),
        (parquet({str(at): [1] for at in range(12)}), {"columns": 10}),
        (parquet({"a": [1]}), {"unpacked_bytes": 1}),
        (zipped({f"{at}.csv": CSV.encode() for at in range(3)}), {"members": 2}),
        (zipped({f"{at}.csv": CSV.encode() for at in range(3)}), {"sheets": 2}),
        (",".join(str(at) + "列" for at in range(12)).encode() + b"\n", {"columns": 10}),
    ],
)
def test_limits_hold_for_every_format(content: bytes, limits: dict[str, Any]):
    with pytest.raises(FileTooBigError):
        cells(only(content, **limits))


def test_parquet_is_read_batch_by_batch():
    sheet = only(parquet({"标题": ["甲", None], "格式": [["xls", "csv"], None], "量": [1.0, None]}))
    assert (sheet.format, sheet.header_line) == (Format.PARQUET, 0)
    assert cells(sheet) == [("甲", "xls、csv", "1")]


def test_broken_parquet_is_refused():
    good = parquet({"a": ["x"] * 100})
    with pytest.raises(FileUnreadableError):
        only(good[: len(good) - 10])
    with pytest.raises(FileUnreadableError):
        cells(only(good[:4] + b"\xff" * 60 + good[64:]))


def test_a_zip_of_listings_is_read_and_the_rest_named():
    content = zipped({
        "a.csv": CSV.encode(), "b/": b"", "说明.pdf": b"%PDF",
        "b/c.json": json_bytes({"x": [{"标题": "甲"}], "y": [{"标题": "乙"}]}),
        "d.xlsx": workbook(), "__MACOSX/a.csv": b"x", "坏.json": b'[{"a":', "空.csv": b"",
    })  # fmt: skip
    found = read_bytes(content, name="包.zip")
    assert [sheet.name for sheet in found.sheets] == ["a.csv", "b/c.json/x", "b/c.json/y", "d.xlsx/目录"]
    assert found.skipped == ("说明.pdf", "空.csv")
    assert [(name, error.code) for name, error in found.broken] == [("坏.json", "intake.file.unreadable")]


def test_a_zip_with_nothing_but_a_broken_file_says_why():
    with pytest.raises(FileUnreadableError) as refused:
        read_bytes(zipped({"坏.json": b'[{"a":'}), name="包.zip")
    assert "坏.json" in refused.value.explain()


def test_names_old_programs_wrote_are_read():
    found = read_bytes(gbk_named_zip("目录清单.csv", CSV.encode("gbk")), name="包.zip")
    assert found.sheets[0].name == "目录清单.csv"


def test_a_zip_in_a_zip_is_refused():
    with pytest.raises(ArchiveBombError):
        read_bytes(zipped({"a.zip": zipped({"a.csv": CSV.encode()})}), name="包.zip")


@pytest.mark.parametrize("limits", [{"unpacked_bytes": 1000}, {"ratio": 10, "ratio_from_bytes": 100}])
def test_a_bomb_is_not_unpacked(limits: dict[str, Any]):
    with pytest.raises(ArchiveBombError):
        only(zipped({"a.csv": CSV.encode() + b"a,b,c\n" * 10_000}), name="包.zip", **limits)


def test_workbooks_in_a_zip_share_one_measure():
    one = workbook([("名称", "数"), *((f"目录{at}", at) for at in range(400))])
    content = zipped({f"{at}.xlsx": one for at in range(6)})
    read_bytes(content, name="包.zip")
    with pytest.raises(ArchiveBombError):
        only(content, name="包.zip", unpacked_bytes=150_000)


def test_a_size_that_lies_does_not_help_a_bomb():
    content = bytearray(zipped({"a.csv": b"a,b\n" * 500_000}))
    directory = content.index(b"PK\x01\x02")
    for at in (22, directory + 24):
        content[at : at + 4] = (100).to_bytes(4, "little")
    with pytest.raises(ArchiveBombError):
        read_bytes(bytes(content), name="谎.zip", limits=replace(shipped_limits(), unpacked_bytes=1_000_000))


@pytest.mark.parametrize("place", [0, 30, 60])
def test_a_zip_that_was_damaged_is_refused(place: int):
    content = bytearray(zipped({"a.csv": CSV.encode() * 200}))
    content[place + 4 : place + 34] = b"\xff" * 30
    with pytest.raises(FileUnreadableError):
        read_bytes(bytes(content), name="坏.zip")


def test_a_file_is_read_from_where_it_lies_and_measured_first(tmp_path):
    path = tmp_path / "0199"
    path.write_bytes(CSV.encode())
    assert cells(read(path, name="上传.csv").sheets[0]) == [("婚姻登记", "市民政局", "结婚,离婚")]
    with pytest.raises(FileTooBigError):
        read(path, name="上传.csv", limits=replace(shipped_limits(), file_bytes=10))


def test_the_real_excerpts_are_read_whole():
    portals = read(DATA / "portals_excerpt.json", name="portals.json")
    document = json.loads((DATA / "portals_excerpt.json").read_bytes())
    assert {sheet.name: len(list(sheet.rows())) for sheet in portals.sheets} == {
        name: len(rows) for name, rows in document.items()
    }
    plan = read(DATA / "baiyun_open_plan.csv", name="plan.csv").sheets[0]
    assert (len(plan.headers), len(list(plan.rows()))) == (9, 56)


def test_columns_are_called_as_spreadsheets_call_them():
    assert [letters(at) for at in (0, 25, 26, 701, 702)] == ["A", "Z", "AA", "ZZ", "AAA"]


def test_errors_speak_english_as_far_as_they_are_ours():
    with pytest.raises(FileTooBigError) as refused:
        only(json_bytes([{"a": 1}] * 12), rows=10)
    assert refused.value.explain("zh-hans").startswith("文件“表.csv”超过了上限：行数最多10，实际12")
