"""The catalog as a workbook: a sheet of entries and a sheet of their 信息项."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from tempfile import TemporaryFile
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell

from jutong.center.catalog import enums
from jutong.center.catalog.out.as_sheet import HEADERS
from jutong.center.catalog.out.as_sheet import row as entry_row
from jutong.center.catalog.out.records import Record
from jutong.center.catalog.out.words import clean, label
from jutong.kernel.i18n import gettext_noop

ENTRIES, ITEMS = gettext_noop("目录"), gettext_noop("信息项")
ITEM_HEADERS = (
    gettext_noop("信息资源代码"), gettext_noop("数据目录名称"), gettext_noop("信息项名称"), gettext_noop("英文名称"),
    gettext_noop("数据类型"), gettext_noop("数据长度"), gettext_noop("数据元"), gettext_noop("代码表"),
    gettext_noop("信息项共享类型"), gettext_noop("信息项分级"), gettext_noop("是否主键"), gettext_noop("是否个人信息"),
    gettext_noop("是否敏感个人信息"), gettext_noop("信息项是否开放"), gettext_noop("备注"),
)  # fmt: skip
MOST_ROWS = 1_048_575
"""Rows a sheet holds below its header."""
_LONGEST_CELL = 32_767
_PIECE = 65_536


def to_workbook(found: Iterable[Record]) -> Iterator[bytes]:
    """Yield an xlsx file, put together on disk; what is past the rows a sheet holds is left to other forms."""
    book = Workbook(write_only=True)
    entries, items = book.create_sheet(ENTRIES), book.create_sheet(ITEMS)
    left = {ENTRIES: MOST_ROWS, ITEMS: MOST_ROWS}
    entries.append(_cells(entries, HEADERS))
    items.append(_cells(items, ITEM_HEADERS))
    for record in found:
        if left[ENTRIES] == 0 or left[ITEMS] < len(record.items):
            break
        left[ENTRIES] -= 1
        left[ITEMS] -= len(record.items)
        entries.append(_cells(entries, entry_row(record)))
        for said in _item_rows(record):
            items.append(_cells(items, said))
    with TemporaryFile() as made:
        book.save(made)
        made.seek(0)
        while piece := made.read(_PIECE):
            yield piece


def _item_rows(record: Record) -> Iterator[tuple[str, ...]]:
    for item in record.items:
        yield (
            record.code,
            record.name,
            item.name,
            item.english_name,
            label(enums.DataType, item.data_type),
            str(item.length or ""),
            item.element,
            item.code_table,
            label(enums.ShareAttribute, item.share_attribute),
            label(enums.Grade, item.grade),
            "是" if item.is_key else "否",
            "是" if item.is_personal else "否",
            "是" if item.is_sensitive else "否",
            "是" if item.is_open else "否",
            item.note,
        )


def _cells(sheet: Any, texts: Sequence[str]) -> list[Any]:
    """Return cells that hold text whatever it begins with, so that none is a formula."""
    made = []
    for text in texts:
        cell = WriteOnlyCell(sheet, value="")
        cell.value = clean(text)[:_LONGEST_CELL]
        cell.data_type = "s"
        made.append(cell)
    return made
