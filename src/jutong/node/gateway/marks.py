"""Rows in dispute as the gateway knows them: by keyed tags of their key, never by the values (条例 26).

A call under a grant whose table has no mark pays one look into a dictionary. Where there is one, the key's columns
are read beside the granted ones and compared tag by tag.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from jutong.kernel.clock import BEIJING
from jutong.node.gateway.verification import as_text
from jutong.node.grants import Grant

Place = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Mark:
    """One row in dispute.

    Attributes:
        correction: the number of the case.
        place: source, schema and table.
        key: the columns that find the row, in order, and the tags of their values.
        columns: what is in dispute about it.
        since_ms: since when, milliseconds since 1970 UTC.
    """

    correction: str
    place: Place
    key: tuple[tuple[str, str], ...]
    columns: tuple[str, ...]
    since_ms: int


@dataclass
class TableMarks:
    """The open marks of one table.

    Attributes:
        columns: what has to be read of a row to tell whether it is marked.
    """

    tag: Callable[[str], str]
    columns: tuple[str, ...] = ()
    _groups: dict[tuple[int, ...], dict[tuple[str, ...], list[Mark]]] = field(default_factory=dict)

    def fill(self, marks: Sequence[Mark]) -> None:
        """Take in the marks of the table."""
        self.columns = tuple(sorted({column for mark in marks for column, _ in mark.key}))
        for mark in marks:
            places = tuple(self.columns.index(column) for column, _ in mark.key)
            tags = tuple(tag for _, tag in mark.key)
            self._groups.setdefault(places, {}).setdefault(tags, []).append(mark)

    def every(self) -> list[Mark]:
        """Return all of them, in an order of their own."""
        found = [mark for marks in self._groups.values() for ones in marks.values() for mark in ones]
        return sorted(found, key=lambda mark: mark.correction)

    def of(self, values: Sequence[Any]) -> list[Mark]:
        """Return the marks of a row, given its values in ``columns``."""
        tags = ["" if value is None else self.tag(as_text(value)) for value in values]
        found: list[Mark] = []
        for places, marks in self._groups.items():
            found += marks.get(tuple(tags[place] for place in places), ())
        return found


class MarkBook:
    """All open marks of this node by table.

    Args:
        tag: returns the keyed tag of a value.
    """

    def __init__(self, tag: Callable[[str], str]) -> None:
        self._tag = tag
        self._marks: dict[str, Mark] = {}
        self._tables: dict[Place, TableMarks] = {}

    def __len__(self) -> int:
        return len(self._marks)

    def at(self, place: Place) -> TableMarks | None:
        """Return the marks of a table, None where it has none."""
        return self._tables.get(place)

    def put(self, mark: Mark) -> None:
        """Mark a row."""
        self.drop(mark.correction)
        self._marks[mark.correction] = mark
        self._fill(mark.place)

    def drop(self, correction: str) -> None:
        """Take a mark away, if there is one."""
        mark = self._marks.pop(correction, None)
        if mark is not None:
            self._fill(mark.place)

    def _fill(self, place: Place) -> None:
        marks = [mark for mark in self._marks.values() if mark.place == place]
        if not marks:
            self._tables.pop(place, None)
            return
        table = TableMarks(self._tag)
        table.fill(marks)
        self._tables[place] = table


def mark_of(
    correction: str,
    place: Place,
    key: Mapping[str, str],
    columns: Iterable[str],
    *,
    since_ms: int,
    tag: Callable[[str], str],
) -> Mark:
    """Return the mark of a row whose key is known."""
    tagged = tuple((column, tag(value)) for column, value in sorted(key.items()))
    return Mark(correction, place, tagged, tuple(sorted(set(columns))), since_ms)


def told(found: Iterable[tuple[int, Mark]], grant: Grant) -> list[dict[str, Any]]:
    """Return marks as an answer carries them, each once with the numbers of its rows.

    Of what is in dispute only the grant's own items are named; another item of the row makes an empty list.
    """
    rows: dict[str, tuple[Mark, list[int]]] = {}
    for number, mark in found:
        rows.setdefault(mark.correction, (mark, []))[1].append(number)
    return [
        {
            "correction": mark.correction,
            "items": [one.item for one in grant.order.fields if one.column in mark.columns],
            "since": datetime.fromtimestamp(mark.since_ms / 1000, UTC)
            .astimezone(BEIJING)
            .isoformat(timespec="seconds"),
            "rows": numbers,
        }
        for mark, numbers in rows.values()
    ]
