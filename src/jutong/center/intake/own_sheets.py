"""Our own workbook, zip of CSV files or JSON, read back: one sheet of entries, one of their items."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from jutong.center.catalog.fields import EntryFields, ItemFields
from jutong.center.catalog.findings import GUIDE, Finding
from jutong.center.intake import codec
from jutong.center.intake.columns import (
    CODE,
    ENTRY_SHEET,
    EXTENSION,
    ITEM_NAME,
    ITEM_SHEET,
    ITEMS,
    LIST_SHEET,
    MARK_SHEET,
    PROVIDER,
    SUMMARY_SHEET,
    Column,
    entry_columns,
    item_columns,
    label_of,
)
from jutong.center.intake.errors import TemplateOutdatedError
from jutong.center.intake.mapping import MatchReason
from jutong.center.intake.reading.listing import Format, Listing, Sheet, SourceRow, letters
from jutong.center.intake.row import Row, told_finding
from jutong.kernel.i18n import gettext_noop
from jutong.standards.template import TemplateEdition

NOT_READ = gettext_noop("写的内容认不出来")
YES_OR_NO = gettext_noop("请写“是”或“否”")
WHOLE_NUMBER = gettext_noop("请写正整数，或留空")
NO_SUCH_ENTRY = gettext_noop("“信息项”表里有些行找不到对应的目录")
SAME_NAME = gettext_noop("请让两张表里的数据目录名称（或信息资源代码）写得一样")
ORPHANS = 10_000_000
"""Lines of rows that stand for items without an entry begin above any line a file may have."""
_NEEDED = ("name", "classification")


class OwnSheets:
    """A listing made from our own template."""

    def __init__(self, listing: Listing, *, edition: TemplateEdition | None = None) -> None:
        self.listing = listing
        self.columns = entry_columns(edition)
        self.entries = _named(listing, ENTRY_SHEET)
        self.items = _named(listing, ITEM_SHEET)

    @property
    def is_ours(self) -> bool:
        """Whether the sheet of entries has our headers."""
        return self.entries is not None and set(_headers(self.columns, _NEEDED)) <= set(self.entries.headers)

    @property
    def edition(self) -> str:
        """Id of the edition the workbook says it was made from; empty where it says none."""
        mark = _named(self.listing, MARK_SHEET)
        first = next(mark.rows(), None) if mark else None
        return first.cells[0].strip() if first and first.cells else ""

    def require_edition(self, wanted: str) -> None:
        """Let only workbooks of the edition in force pass.

        Raises:
            TemplateOutdatedError: for another edition.
        """
        found = self.edition
        if found and found != wanted:
            raise TemplateOutdatedError(name=self.listing.name, found=found, wanted=wanted)

    def mapping(self) -> dict[str, Any]:
        """Return which column of the sheet of entries is which field."""
        sheet = self._sheet()
        known = {column.header: column.field for column in self.columns}
        columns = [
            {
                "header": header,
                "column": at,
                "field": known.get(header, ""),
                "confidence": 1.0 if header in known else 0.0,
                "reason": MatchReason.OWN if header in known else MatchReason.NONE,
                "agree": None,
            }
            for at, header in enumerate(sheet.headers)
        ]
        return {"sheet": sheet.name, "own": True, "columns": columns}

    def _sheet(self) -> Sheet:
        if self.entries is None:
            raise TemplateOutdatedError(name=self.listing.name, found="", wanted=ENTRY_SHEET)
        return self.entries

    def rows(self) -> Iterator[Row]:
        """Yield the rows of the sheet of entries, each with its items."""
        sheet = self._sheet()
        by_owner = self._items()
        places = [(at, column) for at, column in _placed(sheet, self.columns)]
        waiting = self._names(sheet, places)
        for source in sheet.rows():
            row = _entry(self._unquoted(source), sheet.headers, places)
            waiting[row.fields.name] -= 1
            own = by_owner.pop(row.code, []) if row.code else []
            own += _share(by_owner, row.fields.name, more=waiting[row.fields.name] > 0)
            yield _with_items(row, own) if own else row
        if by_owner and self.items is not None:
            yield from _orphans(by_owner)

    def _names(self, sheet: Sheet, places: Sequence[tuple[int, Column]]) -> Counter[str]:
        """Count the names of entries: items of entries with the same name have to be told apart by their order."""
        at = next((at for at, column in places if column.field == "name"), -1)
        return Counter(self._unquoted(source).cells[at].strip() for source in sheet.rows()) if at >= 0 else Counter()

    def _unquoted(self, source: SourceRow) -> SourceRow:
        """Give back what was quoted against formulas; JSON has none."""
        if self.listing.format is Format.JSON:
            return source
        return SourceRow(source.line, tuple(map(codec.plain, source.cells)), source.remarks)

    def _items(self) -> dict[str, _Items]:
        found: dict[str, _Items] = {}
        if self.items is None:
            return found
        places = list(_placed(self.items, item_columns()))
        for source in map(self._unquoted, self.items.rows()):
            cells = {column.field: source.cells[at].strip() for at, column in places}
            owner = cells.pop(CODE, "") or cells.pop("name", "")
            cells.pop("name", None)
            values, findings = _item_values(cells, places, source.line)
            found.setdefault(owner, []).append((source.line, ItemFields(**values), findings))
        return found


_Items = list[tuple[int, ItemFields, list[dict[str, Any]]]]
"""Items with their lines and what reading found."""


def _share(by_owner: dict[str, _Items], name: str, *, more: bool) -> _Items:
    """Take the items of an entry; where ``more`` entries of the name follow, only up to an item that comes again."""
    found = by_owner.pop(name, [])
    seen: set[str] = set()
    for at, (_, item, _findings) in enumerate(found):
        if more and item.name in seen:
            by_owner[name] = found[at:]
            return found[:at]
        seen.add(item.name)
    return found


def _named(listing: Listing, name: str) -> Sheet | None:
    return next((sheet for sheet in listing.sheets if _stem(sheet.name) == name), None)


def _stem(name: str) -> str:
    return name.rpartition("/")[2].removesuffix(".csv")


def _headers(columns: Sequence[Column], fields: Sequence[str]) -> list[str]:
    return [column.header for column in columns if column.field in fields]


def _placed(sheet: Sheet, columns: Sequence[Column]) -> Iterator[tuple[int, Column]]:
    known = {column.header: column for column in columns}
    for at, header in enumerate(sheet.headers):
        if header in known:
            yield at, known[header]


def _entry(source: SourceRow, headers: Sequence[str], places: Sequence[tuple[int, Column]]) -> Row:
    values: dict[str, Any] = {}
    extensions: dict[str, Any] = {}
    findings: list[dict[str, Any]] = []
    row = Row(source.line, EntryFields("", ""), raw=_raw(source, headers))
    for at, column in places:
        text = source.cells[at].strip()
        if column.field == CODE:
            row.code = text[:64]
        elif column.field == PROVIDER:
            row.provider = text[:256]
        elif column.field.startswith(EXTENSION):
            extensions[column.field.removeprefix(EXTENSION)] = codec.read_extension(column, text)
        else:
            try:
                values[column.field] = codec.read(column.field, text)
            except codec.UnreadableError:
                findings.append(_unread(column.field, column, at, text, YES_OR_NO))
    told = frozenset(values)
    lists = {name: tuple(value) for name, value in values.items() if isinstance(value, list)}
    if extensions:
        values["extensions"] = {key: value for key, value in extensions.items() if value not in ("", [])}
        told |= {"extensions"}
    row.fields = EntryFields(**{"name": "", "classification": "", **values, **lists})
    row.told, row.findings = told, findings
    return row


def _raw(source: SourceRow, headers: Sequence[str]) -> dict[str, str]:
    return {header: cell for header, cell in zip(headers, source.cells, strict=False) if cell}


def _unread(place: str, column: Column, at: int, text: str, way_out: str) -> dict[str, Any]:
    found = told_finding(Finding("VC-00", place, column.header, GUIDE, NOT_READ, way_out, text[:100]), at_reading=True)
    return {**found, "column": column.header, "letter": letters(at)}


def _item_values(
    cells: Mapping[str, str], places: Sequence[tuple[int, Column]], line: int
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    letter_of = {column.field: (at, column) for at, column in places}
    values: dict[str, Any] = {"name": cells.get(ITEM_NAME, "")}
    findings = []
    for field, text in cells.items():
        if field == ITEM_NAME:
            continue
        if not text and field in _KEEP_DEFAULT:
            continue
        try:
            values[field] = codec.read(field, text, of_item=True)
        except codec.UnreadableError:
            at, column = letter_of[field]
            way_out = WHOLE_NUMBER if field == "length" else YES_OR_NO
            findings.append({**_unread(field, column, at, text, way_out), "line": line, "sheet": ITEM_SHEET})
    return values, findings


_KEEP_DEFAULT = frozenset({"grade", "widest_mode", "mask"})
"""Left empty they mean the least, not nothing."""


def _with_items(row: Row, own: _Items) -> Row:
    row.items = tuple(item for _, item, _ in own)
    row.told |= {ITEMS}
    row.origin = {**row.origin, "item_lines": [line for line, _, _ in own]}
    for at, (_, _, findings) in enumerate(own):
        row.findings.extend({**found, "place": f"{ITEMS}.{at}.{found['place']}"} for found in findings)
    return row


def _orphans(by_owner: Mapping[str, _Items]) -> Iterator[Row]:
    """Items whose entry is in no row come as rows to be changed, so that nothing is dropped silently."""
    for owner, rows in by_owner.items():
        line = rows[0][0]
        found = told_finding(
            Finding("VC-00", "name", label_of("name"), GUIDE, NO_SUCH_ENTRY, SAME_NAME, owner[:100]), at_reading=True
        )
        row = Row(
            ORPHANS + line,
            EntryFields(owner[:128], ""),
            raw={},
            findings=[{**found, "line": line, "sheet": ITEM_SHEET}],
        )
        row.origin = {"orphan": True}
        yield _with_items(row, rows)


IGNORED_SHEETS = frozenset({ITEM_SHEET, LIST_SHEET, MARK_SHEET, SUMMARY_SHEET})
