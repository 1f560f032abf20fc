"""Our own workbook: empty as a template, or filled with entries so that it can be changed and imported again."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator, Sequence

import orjson
from openpyxl import Workbook

from jutong.center.catalog.fields import EntryFields, ItemFields
from jutong.center.intake import codec
from jutong.center.intake.columns import (
    CODE,
    ENTRY_SHEET,
    EXTENSION,
    GUIDE_SHEET,
    ITEM_NAME,
    ITEM_SHEET,
    LIST_SHEET,
    MARK_SHEET,
    PROVIDER,
    Column,
    entry_columns,
    item_columns,
)
from jutong.center.intake.workbook import sheets
from jutong.center.intake.workbook.content import Content
from jutong.standards.template import TemplateEdition

_ENTRY_FLAGS = frozenset({"is_open", "not_secret"})
_ITEM_FLAGS = frozenset({"is_key", "is_personal", "is_sensitive", "is_open"})
_GUIDE = (
    "一行写一条目录；一条目录的数据项写在“信息项”表里，一行一项，用数据目录名称（或信息资源代码）对上。",
    "新增的目录不填信息资源代码；带着代码的行是更新已有目录。没有出现的列和目录不会改动。",
    "带下拉列表的列请从列表中选，列表在“代码”表里。是否类的列写“是”或“否”。",
    "以等号、加号、减号、@开头的文字前面有一个单引号，导入时会去掉，请保留。",
    "条例第十三条要求写明九项：名称、数据项、提供单位、数据格式、数据更新频率、共享属性、共享方式、使用条件、数据分类分级。",
    "导入只生成草稿，不会改动已发布的版本，也不会动正在办理的版本。",
    "请不要改第一行的表头和隐藏的工作表。",
)


def workbook(contents: Iterable[Content], *, edition: TemplateEdition, provider: str = "") -> bytes:
    """Return a workbook of entries; without entries it is the template."""
    book = Workbook(write_only=True)
    columns, further = entry_columns(edition), item_columns()
    kept = list(contents)
    known = sheets.lists((*columns, *further))
    entry_rows = (_entry_cells(content, columns, provider) for content in kept)
    sheet = sheets.add(book, ENTRY_SHEET, columns, entry_rows)
    sheets.choose(sheet, columns, _ENTRY_FLAGS, known)
    sheet = sheets.add(book, ITEM_SHEET, further, _item_rows(kept, further))
    sheets.choose(sheet, further, _ITEM_FLAGS, known)
    deepest = max(map(len, known.values()))
    code_rows = ([values[at] if at < len(values) else "" for values in known.values()] for at in range(deepest))
    sheets.add(book, LIST_SHEET, [Column("", header, {}) for header in known], code_rows)
    sheets.add(book, GUIDE_SHEET, [Column("note", GUIDE_SHEET, {})], ([line] for line in _GUIDE))
    mark = sheets.add(book, MARK_SHEET, [Column("", "template", {})], [[edition.key]])
    mark.sheet_state = "hidden"
    return sheets.content(book)


def zipped_csv(contents: Iterable[Content], *, edition: TemplateEdition, provider: str = "") -> bytes:
    """Return the two sheets as CSV files in a zip, with the mark spreadsheets need to see that they are UTF-8."""
    columns, further = entry_columns(edition), item_columns()
    kept = list(contents)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as parts:
        rows = (_entry_cells(content, columns, provider) for content in kept)
        parts.writestr(f"{ENTRY_SHEET}.csv", _csv(columns, rows))
        parts.writestr(f"{ITEM_SHEET}.csv", _csv(further, _item_rows(kept, further)))
    return out.getvalue()


def _csv(columns: Sequence[Column], rows: Iterable[Sequence[str]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([column.header for column in columns])
    writer.writerows([sheets.cell_text(cell) for cell in row] for row in rows)
    return text.getvalue().encode("utf-8-sig")


def json(contents: Iterable[Content], *, edition: TemplateEdition, provider: str = "") -> bytes:
    """Return the two sheets as lists of objects, headers as names."""
    columns, further = entry_columns(edition), item_columns()
    kept = list(contents)
    headers, item_headers = ([column.header for column in some] for some in (columns, further))
    entries = [dict(zip(headers, _entry_cells(content, columns, provider), strict=True)) for content in kept]
    items = [dict(zip(item_headers, row, strict=True)) for row in _item_rows(kept, further)]
    return orjson.dumps({ENTRY_SHEET: entries, ITEM_SHEET: items}, option=orjson.OPT_INDENT_2)


def _entry_cells(content: Content, columns: Sequence[Column], provider: str) -> list[str]:
    named = {CODE: content.code, PROVIDER: provider}
    return [named[row.field] if row.field in named else _of_entry(content.fields, row) for row in columns]


def _of_entry(fields: EntryFields, column: Column) -> str:
    if column.field.startswith(EXTENSION):
        return codec.shown_extension(column, fields.extensions.get(column.field.removeprefix(EXTENSION), ""))
    return codec.shown(column.field, getattr(fields, column.field))


def _item_rows(contents: Sequence[Content], columns: Sequence[Column]) -> Iterator[list[str]]:
    for content in contents:
        for item in content.items:
            yield [_of_item(content, item, column) for column in columns]


def _of_item(content: Content, item: ItemFields, column: Column) -> str:
    if column.field == CODE:
        return content.code
    if column.field in {"name", ITEM_NAME}:
        return content.fields.name if column.field == "name" else item.name
    return codec.shown(column.field, getattr(item, column.field), of_item=True)
