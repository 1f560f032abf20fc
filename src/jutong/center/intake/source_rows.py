"""The rows of a batch's file, whichever sheets it is made of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from jutong.center.catalog.enums import ShareAttribute
from jutong.center.catalog.fields import EntryFields
from jutong.center.intake import storage
from jutong.center.intake.accept import CellFinding, Defaults, ProposedEntry, propose_entries
from jutong.center.intake.columns import ITEMS, label_of
from jutong.center.intake.errors import FileGoneError
from jutong.center.intake.mapping import ColumnMapping, Layout, propose, samples_of
from jutong.center.intake.models import Batch
from jutong.center.intake.own_sheets import IGNORED_SHEETS, OwnSheets
from jutong.center.intake.reading import Listing, Sheet, letters, read_bytes
from jutong.center.intake.row import Row, without_conditions
from jutong.standards.template import TemplateEdition


@dataclass(frozen=True, slots=True)
class Understood:
    """What a file seems to be. ``own`` says that it was made from our template, so nothing has to be asked."""

    mapping: dict[str, Any]
    edition: str
    own: bool


def understood(listing: Listing, *, edition: TemplateEdition) -> Understood:
    """Return which sheet holds the entries and which column is which field.

    Raises:
        TemplateOutdatedError: for our own workbook in another edition than ``edition``.
    """
    ours = OwnSheets(listing, edition=edition)
    if ours.is_ours:
        ours.require_edition(edition.key)
        return Understood(ours.mapping(), edition.key, own=True)
    candidates = [sheet for sheet in listing.sheets if not sheet.hidden and sheet.name not in IGNORED_SHEETS]
    best: tuple[tuple[int, int], Sheet, ColumnMapping] | None = None
    for sheet in candidates or listing.sheets:
        found = propose(sheet.headers, samples_of(sheet))
        weight = ("name" in found.fields, len(found.fields))
        if best is None or weight > best[0]:
            best = (weight, sheet, found)
    assert best is not None  # noqa: S101 - a listing has a sheet
    return Understood(as_json(best[1].name, best[2]), "", own=False)


def as_json(sheet: str, mapping: ColumnMapping) -> dict[str, Any]:
    """Return a mapping as batches keep it."""
    return {"sheet": sheet, "own": False, "columns": mapping.as_rows()}


def sheet_of(listing: Listing, name: str) -> Sheet:
    """Return the sheet a batch was mapped on, the first where it has none of that name."""
    return next((sheet for sheet in listing.sheets if sheet.name == name), listing.sheets[0])


def listing_of(batch: Batch) -> Listing:
    """Read a batch's file again.

    Raises:
        FileGoneError: if it is no longer kept.
    """
    content = storage.content_of(batch.id)
    if content is None:
        raise FileGoneError(name=batch.name, days=storage.KEPT.days)
    return read_bytes(content, name=batch.name)


def rows_of(batch: Batch, listing: Listing, *, edition: TemplateEdition) -> Iterator[Row]:
    """Yield the rows of a batch's file in its order."""
    if batch.mapping.get("own"):
        for row in OwnSheets(listing, edition=edition).rows():
            yield with_defaults(row, batch.defaults)
        return
    mapping = ColumnMapping.from_rows(batch.mapping["columns"])
    sheet = sheet_of(listing, batch.mapping["sheet"])
    for proposed in propose_entries(sheet.rows(), mapping, Defaults(fields=batch.defaults)):
        yield without_conditions(row_of(proposed, mapping))


def with_defaults(row: Row, defaults: Mapping[str, Any]) -> Row:
    """Fill what a row of our own sheet leaves empty with what holds for every row."""
    missing = {name: value for name, value in defaults.items() if not getattr(row.fields, name, "")}
    if missing.get("share_scope") or missing.get("share_purpose"):
        attribute = missing.get("share_attribute") or row.fields.share_attribute
        if attribute == ShareAttribute.UNCONDITIONAL:
            missing = {name: value for name, value in missing.items() if name not in {"share_scope", "share_purpose"}}
    row.fields = replace(row.fields, **missing)
    return row


def row_of(proposed: ProposedEntry, mapping: ColumnMapping | None) -> Row:
    """Return what a foreign listing's row proposes as batches judge it.

    Items that were only read out of a text never take the place of those an entry has.
    """
    named = set(mapping.fields) if mapping else set()
    told = {name for name in named if name in EntryFields.__dataclass_fields__}
    if mapping is not None and mapping.layout is Layout.ITEMS:
        told.add(ITEMS)
    return Row(
        line=proposed.line,
        fields=proposed.fields,
        items=proposed.items,
        code=proposed.code[:64],
        provider=proposed.provider[:256],
        told=frozenset(told),
        raw=dict(proposed.raw),
        findings=[_finding(found) for found in proposed.findings],
        origin={"leftovers": dict(proposed.leftovers)} if proposed.leftovers else {},
    )


def _finding(found: CellFinding) -> dict[str, Any]:
    told = {
        "rule": found.rule,
        "place": found.field,
        "field": label_of(found.field) if found.field else found.column,
        "clause": found.clause,
        "message": found.message,
        "way_out": found.way_out,
        "found": found.found[:100],
        "severity": str(found.severity),
        "column": found.column,
        "letter": found.letter,
        "line": found.line,
        "read": True,
    }
    return {name: value for name, value in told.items() if value}


def letters_by_field(mapping: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """Return the column letters and header of each field of a batch's mapping."""
    found: dict[str, tuple[str, str]] = {}
    for column in mapping.get("columns", ()):
        if column["field"]:
            found.setdefault(column["field"], (letters(column["column"]), column["header"]))
    return found
