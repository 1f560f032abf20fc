"""What changes from one version of a definition to the next, and what that asks of those who hold and use the rows.

``additive``: whoever read the table before reads it as before; ``approval``: the rows stay readable, but mean or
promise something else, so the authority agrees first; ``breaking``: readers of the table have to change.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from jutong.contracts.library import FieldDefinition, LibraryDefinition, TableDefinition

Effect = Literal["additive", "approval", "breaking"]
EFFECTS: tuple[Effect, ...] = ("additive", "approval", "breaking")

_FIELD: dict[str, Effect] = {
    "title": "additive", "element": "approval", "type": "breaking", "scale": "breaking", "codes": "approval",
    "grade": "approval", "personal": "approval", "source": "approval",
}  # fmt: skip
_TABLE: dict[str, Effect] = {
    "title": "additive", "kind": "breaking", "entity": "breaking", "keys": "breaking", "owner": "approval",
    "cycle": "approval", "retention_days": "approval", "basis": "additive",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that changes. ``what`` is ``added``, ``removed`` or what is other; ``field`` is empty for a table."""

    table: str
    field: str
    what: str
    before: str
    after: str
    effect: Effect


def differences(before: LibraryDefinition, after: LibraryDefinition) -> tuple[Difference, ...]:
    """Return what changes between two versions of a library, table by table."""
    return tuple(_differences(before, after))


def worst(found: Iterable[Difference]) -> Effect:
    """Return the effect that decides what is asked of a new version."""
    return max((one.effect for one in found), key=EFFECTS.index, default="additive")


def _differences(before: LibraryDefinition, after: LibraryDefinition) -> Iterator[Difference]:
    for name, old, new in _pairs(before.tables, after.tables):
        if old is None or new is None:
            yield _came_or_went(name, "", added=old is None, effect="additive" if old is None else "breaking")
        else:
            yield from _of_table(old, new)


def _of_table(before: TableDefinition, after: TableDefinition) -> Iterator[Difference]:
    yield from _changed(before.name, "", before, after, _TABLE)
    for name, old, new in _pairs(before.fields, after.fields):
        if new is None:
            yield _came_or_went(before.name, name, added=False, effect="breaking")
        elif old is None:
            yield _came_or_went(before.name, name, added=True, effect="approval" if new.required else "additive")
        else:
            yield from _of_field(before.name, old, new)


def _of_field(table: str, before: FieldDefinition, after: FieldDefinition) -> Iterator[Difference]:
    yield from _changed(table, after.name, before, after, _FIELD)
    if before.length != after.length:
        # 0 is a text of any length
        longer = not after.length or 0 < before.length < after.length
        yield Difference(
            table, after.name, "length", str(before.length), str(after.length), "additive" if longer else "approval"
        )
    if before.required != after.required:
        effect: Effect = "approval" if after.required else "additive"
        yield Difference(table, after.name, "required", str(before.required), str(after.required), effect)


def _changed(table: str, field: str, before: Any, after: Any, effects: dict[str, Effect]) -> Iterator[Difference]:
    for what, effect in effects.items():
        old, new = getattr(before, what), getattr(after, what)
        if old != new:
            yield Difference(table, field, what, _text(old), _text(new), effect)


def _came_or_went(table: str, field: str, *, added: bool, effect: Effect) -> Difference:
    name = field or table
    return Difference(
        table, field, "added" if added else "removed", "" if added else name, name if added else "", effect
    )


def _text(value: Any) -> str:
    return "、".join(value) if isinstance(value, tuple) else str(value)


One = TypeVar("One", TableDefinition, FieldDefinition)


def _pairs(before: Sequence[One], after: Sequence[One]) -> Iterator[tuple[str, One | None, One | None]]:
    old, new = {one.name: one for one in before}, {one.name: one for one in after}
    for name in {**new, **old}:
        yield name, old.get(name), new.get(name)
