"""The table of rows to change: the same lines and column letters as in the person's file, a control at each problem."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext

from jutong.center.catalog.fields import EntryFields
from jutong.center.intake import codec
from jutong.center.intake.columns import CODE, EXTENSION, ITEMS, PROVIDER, choices_of, label_of
from jutong.center.intake.models import Batch, Proposal
from jutong.center.intake.own_sheets import ORPHANS
from jutong.center.intake.source_rows import letters_by_field

_ALWAYS = ("name", "summary", "update_cycle", "share_attribute")
_MOST_COLUMNS = 9
_WHOLE_ROW = "row"


@dataclass
class Control:
    """One place that can be changed, with what is said of it."""

    place: str
    name: str
    label: str
    value: str
    choices: list[tuple[str, str]]
    says: list[tuple[str, str]] = field(default_factory=list)
    """Tone (``error`` or ``tip``) and sentence."""
    editable: bool = True


@dataclass
class Cell:
    """One cell: plain text, or controls."""

    text: str
    controls: list[Control]

    @property
    def tone(self) -> str:
        """Class of the cell: ``e`` to be changed, ``w`` to be looked at."""
        tones = {tone for control in self.controls for tone, _ in control.says}
        return "e" if "error" in tones else "w" if tones else ""


@dataclass(frozen=True)
class Column:
    """One column as people know it from their file."""

    place: str
    letter: str
    label: str


@dataclass(frozen=True)
class Line:
    """One row of the file."""

    proposal: Proposal
    shown_line: str
    cells: list[Cell]


@dataclass(frozen=True)
class Grid:
    """The table."""

    columns: list[Column]
    lines: list[Line]


def grid(batch: Batch, rows: Sequence[Proposal]) -> Grid:
    """Return the table of some rows: columns with a problem, then those that tell the rows apart."""
    letters = letters_by_field(batch.mapping)
    wanted = ["name"]
    for row in rows:
        for finding in row.findings:
            place = _column_of(str(finding.get("place", "")))
            if place not in wanted:
                wanted.append(place)
    for place in _ALWAYS:
        if place not in wanted and len(wanted) < _MOST_COLUMNS:
            wanted.append(place)
    order = list(letters)
    wanted.sort(key=lambda place: (order.index(place) if place in order else len(order), place == _WHOLE_ROW))
    columns = [Column(place, letters.get(place, ("", ""))[0], _label(place)) for place in wanted]
    return Grid(columns, [_line(row, wanted) for row in rows])


def _label(place: str) -> str:
    return gettext("整行") if place == _WHOLE_ROW else gettext(label_of(place))


def _column_of(place: str) -> str:
    if place.startswith(EXTENSION):
        return place
    head = place.partition(".")[0]
    known = head in EntryFields.__dataclass_fields__ or head in {ITEMS, CODE, PROVIDER}
    return head if known else _WHOLE_ROW


def _line(row: Proposal, wanted: Sequence[str]) -> Line:
    controls: dict[str, dict[str, Control]] = {}
    for finding in row.findings:
        place = str(finding.get("place", ""))
        column = _column_of(place)
        control = controls.setdefault(column, {}).setdefault(place, _control(row, place))
        tone = "error" if finding["severity"] == "error" else "tip"
        control.says.append((tone, _sentence(finding)))
    cells = [Cell(text_of(row, place), list(controls.get(place, {}).values())) for place in wanted]
    shown = gettext("信息项%(line)s") % {"line": row.line - ORPHANS} if row.line >= ORPHANS else str(row.line)
    return Line(row, str(row.origin.get("line", shown)), cells)


def _sentence(finding: Mapping[str, Any]) -> str:
    found = gettext("填的是“%(found)s”，") % {"found": finding["found"]} if finding.get("found") else ""
    if "twin" in finding:
        found = gettext("和第%(line)s行，") % {"line": finding["twin"]}
    return f"{found}{gettext(finding['message'])}。{gettext(finding['way_out'])}"


def _control(row: Proposal, place: str) -> Control:
    choices = [(code, gettext(label)) for code, label in choices_of(place).items()]
    parts = place.split(".")
    label = gettext(label_of(place))
    if parts[0] == ITEMS and len(parts) > 1:
        number = int(parts[1]) + 1 if parts[1].isdigit() else 0
        label = gettext("第%(n)s项%(label)s") % {"n": number, "label": label}
    editable = _column_of(place) != _WHOLE_ROW and (place != ITEMS or not row.items)
    return Control(place, f"c_{row.line}_{place}", label, value_of(row, place), choices, editable=editable)


def value_of(row: Proposal, place: str) -> str:
    """Return what a control shows for a place: the code of a coded field, the text of another."""
    parts = place.split(".")
    if place in {CODE, PROVIDER}:
        return str(getattr(row, place))
    if parts[0] == ITEMS:
        return _item_value(row, parts) if len(parts) > 1 else ""
    value = row.fields.get("extensions", {}).get(parts[-1]) if place.startswith(EXTENSION) else row.fields.get(place)
    if value is None:
        value = getattr(EntryFields("", ""), place, "")
    return _shown(value)


def _item_value(row: Proposal, parts: Sequence[str]) -> str:
    if len(parts) < len(("items", "0", "name")) or not parts[1].isdigit() or int(parts[1]) >= len(row.items):
        return ""
    item = codec.as_items([row.items[int(parts[1])]])[0]
    return _shown(getattr(item, parts[2], ""))


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"
    return codec.shown("", value) if isinstance(value, list | tuple) else "" if value is None else str(value)


def text_of(row: Proposal, place: str) -> str:
    """Return what a plain cell shows for a field."""
    if place == _WHOLE_ROW:
        return ""
    if place == ITEMS:
        return gettext("%(n)s项") % {"n": len(row.items)}
    value = value_of(row, place)
    return gettext(choices_of(place).get(value, value))


def edits(row: Proposal, typed: Mapping[str, str]) -> dict[str, str]:
    """Return what a person changed in a row: place to text. A list nobody chose from is no change."""
    found = {}
    for place, text in typed.items():
        current = value_of(row, place)
        if text != current and not (choices_of(place) and not text):
            found[place] = text
    return found
