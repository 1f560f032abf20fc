"""The catalog as rows of text for a spreadsheet or CSV: one row per entry, one per item, under Chinese headers."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterable, Iterator
from io import StringIO

from jutong.center.catalog import enums
from jutong.center.catalog.out.records import Record
from jutong.center.catalog.out.words import label
from jutong.kernel.i18n import gettext_noop

HEADERS = (
    gettext_noop("信息资源代码"), gettext_noop("数据目录名称"), gettext_noop("提供单位"), gettext_noop("提供方代码"),
    gettext_noop("摘要"), gettext_noop("所属领域"), gettext_noop("数据项"), gettext_noop("数据格式"),
    gettext_noop("格式类型"), gettext_noop("数据更新频率"), gettext_noop("共享属性"), gettext_noop("共享方式"),
    gettext_noop("共享范围"), gettext_noop("使用用途"), gettext_noop("使用条件"), gettext_noop("不予共享理由"),
    gettext_noop("不予共享依据类型"), gettext_noop("不予共享依据名称"), gettext_noop("不予共享依据条款"),
    gettext_noop("数据分类分级"), gettext_noop("是否向社会开放"), gettext_noop("开放条件"), gettext_noop("是否挂接"),
    gettext_noop("版本号"), gettext_noop("发布日期"),
)  # fmt: skip
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet would take for the beginning of a formula."""


def to_sheet_rows(found: Iterable[Record]) -> Iterator[tuple[str, ...]]:
    """Yield a row of text per entry, in the order of ``HEADERS``; formulas are not defused."""
    return (row(record) for record in found)


def to_csv(found: Iterable[Record]) -> Iterator[bytes]:
    """Yield a CSV file that spreadsheets open right: UTF-8 with its mark, and nothing that runs as a formula."""
    yield codecs.BOM_UTF8 + _line(HEADERS)
    for cells in to_sheet_rows(found):
        yield _line(tuple(map(defused, cells)))


def defused(text: str) -> str:
    """Return a cell's text so that no spreadsheet runs it."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _line(cells: tuple[str, ...]) -> bytes:
    written = StringIO(newline="")
    csv.writer(written, lineterminator="\r\n").writerow(cells)
    return written.getvalue().encode()


def row(record: Record) -> tuple[str, ...]:
    """Return an entry's row of text."""
    return (
        record.code,
        record.name,
        record.organisation_name,
        record.organisation_code,
        record.summary,
        record.domain,
        "、".join(item.name for item in record.items),
        label(enums.DataFormat, record.data_format),
        record.format_type,
        label(enums.UpdateCycle, record.update_cycle),
        label(enums.ShareAttribute, record.share_attribute),
        label(enums.ShareWay, record.share_way),
        record.share_scope,
        record.share_purpose,
        record.use_conditions,
        record.refusal_reason,
        label(enums.BasisKind, record.basis_kind),
        record.basis_title,
        record.basis_article,
        label(enums.Grade, record.grade),
        "是" if record.is_open else "否",
        record.open_condition,
        "是" if record.is_bound else "否",
        str(record.version),
        record.published_on.isoformat(),
    )
