"""Turns rows of a foreign listing into proposed entries, with a finding for everything a person should know of.

A row is accepted when nothing in it stands against a draft. What an entry has no place for, and what could not be
understood, is kept in ``leftovers`` under its header; nothing is dropped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Any

from jutong.center.catalog.fields import EntryFields, ItemFields
from jutong.center.catalog.tokens import same_name_key
from jutong.center.intake import items as texts
from jutong.center.intake import normalise, notices
from jutong.center.intake.mapping import ITEM_PREFIX, KEPT_FIELDS, ColumnMapping, ColumnMatch, Layout
from jutong.center.intake.proposed import CellFinding, Defaults, ProposedEntry, Reading, Severity
from jutong.center.intake.reading import Remark, RemarkKind, SourceRow
from jutong.center.intake.taking import take
from jutong.standards.lists import closed_list

__all__ = [
    "CellFinding",
    "Defaults",
    "ProposedEntry",
    "Reading",
    "Severity",
    "propose_entries",
    "propose_entry",
    "propose_item",
    "with_repeats",
]
EXTENSION_PREFIX = "extensions."
_ENTRY_FIELDS = frozenset(EntryFields.__dataclass_fields__)
_REMARKS = {
    RemarkKind.MERGED: notices.MERGED,
    RemarkKind.NO_VALUE: notices.NO_VALUE,
    RemarkKind.EXTRA_CELLS: notices.EXTRA_CELLS,
    RemarkKind.REPEATED_KEY: notices.REPEATED_KEY,
}
_TABLE_WAY = "batch"
_UNCOUNTED = frozenset({"number", "statistics"})
"""Columns in which rows that say the same may differ: running numbers and counters of clicks."""


def propose_entry(row: SourceRow, mapping: ColumnMapping, defaults: Defaults | None = None) -> ProposedEntry:
    """Return what a row proposes."""
    return _proposed([row], mapping, defaults or Defaults())


def propose_entries(
    rows: Iterable[SourceRow], mapping: ColumnMapping, defaults: Defaults | None = None
) -> Iterator[ProposedEntry]:
    """Yield what the rows propose; where a row is one 信息项, the rows of an entry are taken together."""
    known = defaults or Defaults()
    if mapping.layout is Layout.ENTRIES:
        for row in rows:
            yield _proposed([row], mapping, known)
        return
    for _, group in groupby(rows, key=_entry_key(mapping)):
        yield _proposed(list(group), mapping, known)


def propose_item(
    row: SourceRow, mapping: ColumnMapping, position: int
) -> tuple[ItemFields | None, tuple[CellFinding, ...], dict[str, str]]:
    """Return the 信息项 of a row with the findings about its cells and what no field took; None without a name."""
    draft = _Draft()
    for match in mapping.columns:
        text = row.cells[match.column] if match.column < len(row.cells) else ""
        if match.field.startswith(ITEM_PREFIX) and not normalise.is_blank(text):
            _take(draft, match, row.line, text, f"items.{position}.")
    if not draft.values.get("name"):
        return None, tuple(draft.findings), draft.leftovers
    return ItemFields(**draft.values), tuple(draft.findings), draft.leftovers


def with_repeats(proposals: Iterable[ProposedEntry], mapping: ColumnMapping) -> Iterator[ProposedEntry]:
    """Yield proposals, those marked that say the same as an earlier one or bear an earlier one's name.

    A row that is the same in every column but running numbers and counters ``repeats`` the earlier one; one of the
    same department and name (VC-06) gets a finding.
    """
    rows: dict[int, int] = {}
    names: dict[tuple[str, str], int] = {}
    skipped = {match.header for match in mapping.columns if match.field in _UNCOUNTED}
    for proposal in proposals:
        said = (*(pair for pair in proposal.raw.items() if pair[0] not in skipped), proposal.items)
        same = rows.setdefault(hash(said), proposal.line)
        name = (proposal.provider, same_name_key(proposal.fields.name))
        earlier = names.setdefault(name, proposal.line) if proposal.fields.name else proposal.line
        if same != proposal.line:
            yield replace(proposal, repeats=same)
        elif earlier != proposal.line:
            match = mapping.fields.get("name")
            column, header = (match.column, match.header) if match else (-1, "")
            finding = notices.SAME_NAME.at(proposal.line, column, header, f"{proposal.fields.name} ({earlier})", "name")
            yield replace(proposal, findings=(*proposal.findings, finding))
        else:
            yield proposal


@dataclass(slots=True)
class _Draft:
    """What is gathered of a proposal while its cells are read."""

    values: dict[str, Any] = field(default_factory=dict)
    findings: list[CellFinding] = field(default_factory=list)
    leftovers: dict[str, str] = field(default_factory=dict)
    readings: dict[str, Reading] = field(default_factory=dict)


def _entry_key(mapping: ColumnMapping) -> Callable[[SourceRow], int]:
    """Return what rows of one entry share: its code, else its name and department; blank means as above."""
    columns = [mapping.fields[name].column for name in ("code", "name", "provider") if name in mapping.fields]
    last: list[Any] = [0, ()]

    def key(row: SourceRow) -> int:
        said = tuple(row.cells[column] for column in columns)
        if any(said) and said != last[1]:
            last[0], last[1] = last[0] + 1, said
        number: int = last[0]
        return number

    return key


def _proposed(rows: Sequence[SourceRow], mapping: ColumnMapping, defaults: Defaults) -> ProposedEntry:
    head, draft = rows[0], _Draft()
    for match in mapping.columns:
        if match.field.startswith(ITEM_PREFIX):
            continue
        line, text = _first_said(rows, match.column)
        if not normalise.is_blank(text):
            _take_entry(draft, match, line, text)
        elif text:
            draft.leftovers[match.header] = text
    made = _items(rows, mapping, draft)
    for row in rows:
        draft.findings += _remarked(row, mapping)
    _derive(draft, mapping, head.line)
    for name, value in defaults.fields.items():
        if draft.values.get(name) in {None, "", ()}:
            draft.values[name] = value
    if not draft.values.get("name"):
        draft.findings.append(_nameless(head, mapping))
    if defaults.needs_provider and not draft.values.get("provider"):
        draft.findings.append(_homeless(head, mapping))
    return _finished(head, made, draft, mapping, defaults)


def _finished(
    head: SourceRow, made: tuple[ItemFields, ...], draft: _Draft, mapping: ColumnMapping, defaults: Defaults
) -> ProposedEntry:
    values = draft.values
    extensions = {
        name.removeprefix(EXTENSION_PREFIX): value
        for name, value in values.items()
        if name.startswith(EXTENSION_PREFIX)
    }
    given = {name: value for name, value in values.items() if name in _ENTRY_FIELDS}
    given["extensions"] = {**given.get("extensions", {}), **extensions}
    return ProposedEntry(
        line=head.line,
        fields=EntryFields(**{"name": "", "classification": "", **given}),
        items=made,
        provider=values.get("provider", "") or defaults.provider,
        leftovers=draft.leftovers,
        findings=tuple(draft.findings),
        provider_code=values.get("provider_code", ""),
        code=values.get("code", ""),
        raw={match.header: head.cells[match.column] for match in mapping.columns if head.cells[match.column]},
        readings=draft.readings,
    )


def _first_said(rows: Sequence[SourceRow], column: int) -> tuple[int, str]:
    return next(((row.line, row.cells[column]) for row in rows if row.cells[column]), (rows[0].line, ""))


def _take_entry(draft: _Draft, match: ColumnMatch, line: int, text: str) -> None:
    if not match.field or match.field in KEPT_FIELDS:
        draft.leftovers[match.header] = text
    elif match.field != "items":
        _take(draft, match, line, text, "")


def _take(draft: _Draft, match: ColumnMatch, line: int, text: str, prefix: str) -> None:
    taken = take(match.field, text)
    name = match.field.removeprefix(ITEM_PREFIX)
    for field_, value in taken.values.items():
        if field_ == name or not draft.values.get(field_):  # another column's own word goes before what this implies
            draft.values[field_] = value
    if taken.how:
        draft.readings[prefix + name] = Reading(text, str(taken.values.get(name, "")), taken.how)
    if taken.kept:
        draft.leftovers[match.header] = text
    if taken.notice:
        draft.findings.append(taken.notice.at(line, match.column, match.header, text, prefix + name))


def _items(rows: Sequence[SourceRow], mapping: ColumnMapping, draft: _Draft) -> tuple[ItemFields, ...]:
    if mapping.layout is Layout.ITEMS:
        return _item_rows(rows, mapping, draft)
    title = draft.values.get("name", "")
    for name in ("items", "summary"):
        match = mapping.fields.get(name)
        text = rows[0].cells[match.column] if match else ""
        if normalise.is_blank(text):
            continue
        found = texts.listed(text) if name == "items" else texts.named_in(text, title)
        if match and found:
            if any(len(item) > texts.LONGEST_NAME for item in found):
                draft.leftovers[match.header] = text
                draft.findings.append(notices.TOO_LONG.at(rows[0].line, match.column, match.header, text, "items"))
                return ()
            finding = notices.ITEMS_READ.at(rows[0].line, match.column, match.header, "、".join(found), "items")
            draft.findings.append(finding)
            return tuple(ItemFields(name=item, data_type=texts.type_of(item)) for item in found)
    return ()


def _item_rows(rows: Sequence[SourceRow], mapping: ColumnMapping, draft: _Draft) -> tuple[ItemFields, ...]:
    made: list[ItemFields] = []
    seen: set[str] = set()
    match = mapping.fields["item.name"]
    for row in rows:
        item, findings, leftovers = propose_item(row, mapping, len(made))
        draft.findings += findings
        for header, text in leftovers.items():
            draft.leftovers[header] = "；".join(filter(None, (draft.leftovers.get(header, ""), text)))
        if item is None:
            continue
        key = "".join(item.name.split())
        if key in seen:
            place = f"items.{len(made)}.name"
            draft.findings.append(notices.REPEATED_ITEM.at(row.line, match.column, match.header, item.name, place))
        seen.add(key)
        made.append(item)
    return tuple(made)


def _remarked(row: SourceRow, mapping: ColumnMapping) -> Iterator[CellFinding]:
    for remark in row.remarks:
        header = mapping.columns[remark.column].header if 0 <= remark.column < len(mapping.columns) else ""
        if remark.kind is RemarkKind.MERGED and mapping.layout is Layout.ITEMS:
            continue  # that is how such a table is written
        notice = notices.NOT_A_ROW if _is_no_row(remark, row) else _REMARKS[remark.kind]
        if remark.kind is RemarkKind.MERGED and remark.until == remark.line:
            notice = notices.ACROSS
        yield notice.at(remark.line, remark.column, header, remark.text)


def _is_no_row(remark: Remark, row: SourceRow) -> bool:
    return remark.kind is RemarkKind.EXTRA_CELLS and not any(row.cells)


def _derive(draft: _Draft, mapping: ColumnMapping, line: int) -> None:
    """Fill in what follows from other columns, saying so: open to all is shared with all; a format has its way."""
    values = draft.values
    if values.get("opening") == "unconditional" and "share_attribute" not in mapping.fields:
        _derived(draft, mapping, line, ("is_open", "open_condition"), {"share_attribute": "unconditional"})
    if values.get("data_format") and not values.get("share_way") and "share_way" not in mapping.fields:
        way = _way_of(values["data_format"])
        if way:
            _derived(draft, mapping, line, ("data_format",), {"share_way": way})


def _way_of(data_format: str) -> str:
    """Return the way data of a format is usually shared: 库表 in batches, others by the only way the guide allows."""
    value = closed_list("data-format").value(data_format)
    ways: Sequence[str] = value.details.get("ways", ()) if value else ()
    if _TABLE_WAY in ways:
        return _TABLE_WAY
    return ways[0] if len(ways) == 1 else ""


def _derived(
    draft: _Draft, mapping: ColumnMapping, line: int, columns: Sequence[str], values: Mapping[str, str]
) -> None:
    source = next(mapping.fields[name] for name in columns if name in mapping.fields)
    for name, value in values.items():
        draft.values[name] = value
        draft.findings.append(notices.DERIVED.at(line, source.column, source.header, value, name))


def _nameless(head: SourceRow, mapping: ColumnMapping) -> CellFinding:
    match = mapping.fields.get("name")
    if match is None:
        return notices.NAME_COLUMN.at(head.line, -1, "", "", "name")
    return notices.NO_NAME.at(head.line, match.column, match.header, head.cells[match.column], "name")


def _homeless(head: SourceRow, mapping: ColumnMapping) -> CellFinding:
    match = mapping.fields.get("provider")
    column, header = (match.column, match.header) if match else (-1, "")
    found = head.cells[column] if match else ""
    return notices.NO_PROVIDER.at(head.line, column, header, found, "organisation")
