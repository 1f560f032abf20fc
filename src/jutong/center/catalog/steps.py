"""What every step of a version shares: finding and locking it, asking the table, writing the audit event."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from jutong.center.audit.actions import Subject, record_all
from jutong.center.catalog.enums import Event, VersionKind
from jutong.center.catalog.errors import RemovalContentError, WriterDecidesError
from jutong.center.catalog.fields import EntryFields, ItemFields
from jutong.center.catalog.models import EntryVersion, Item
from jutong.center.catalog.rules import Transition, permission_for, transition
from jutong.center.org.actor import Actor
from jutong.center.org.queries import authority_for, require
from jutong.kernel.errors import NotFoundError

CLOCK_SUBJECT = "catalog-version"
"""``subject_kind`` of the authority's review clocks; the id is the version's."""
UPDATE_SUBJECT = "catalog-entry"
"""``subject_kind`` of the department's update clocks (条例 17); the id is the entry's."""
_ITEM_FIELDS = (
    "name",
    "data_type",
    "length",
    "column",
    "is_key",
    "is_personal",
    "is_sensitive",
    "grade",
    "widest_mode",
    "mask",
    "note",
    "english_name",
    "element",
    "code_table",
    "source_code",
    "share_attribute",
    "is_open",
)
_REVIEW_EVENTS = frozenset({Event.PUBLISH, Event.RETURN, Event.REMOVE})
FIELD_NAMES = tuple(EntryFields.__dataclass_fields__)


def open_step(version: EntryVersion, event: Event, by: Actor) -> tuple[EntryVersion, Transition]:
    """Return the locked version and the table's row for a step the actor may take on it.

    Raises:
        ForbiddenError: if the post does not carry the step's permission.
        NotFoundError: if the version is another department's, or for the authority another division's.
        StepNotAllowedError: if the table has no such step.
    """
    require(by, permission_for(event))
    locked = lock([version.id]).get(version.id)
    return admit(locked, event, by, what=version.name)


def lock(ids: Iterable[UUID]) -> dict[UUID, EntryVersion]:
    """Return versions by their id, their rows locked in one order, so that two batches only ever wait."""
    rows = (
        EntryVersion.objects.select_for_update(of=("self",))
        .select_related("entry__organisation", "entry__published")
        .filter(id__in=set(ids))
        .order_by("id")
    )
    return {row.id: row for row in rows}


def admit(
    version: EntryVersion | None, event: Event, by: Actor, *, what: str, authorities: dict[str, UUID] | None = None
) -> tuple[EntryVersion, Transition]:
    """Return a locked version and the table's row, if the actor is a party to it.

    Args:
        version: locked, or None where it is gone.
        event: the step.
        by: who takes it.
        what: what an absent version is called.
        authorities: the divisions' authorities as far as they were asked for, for whoever admits many.

    Raises:
        NotFoundError: if it is absent, another department's, or for the authority another division's.
        StepNotAllowedError: if the table has no such step.
    """
    if version is None or not _is_party(version, event, by, {} if authorities is None else authorities):
        raise NotFoundError(what=what)
    return version, transition(version.state, event, name=version.name)


def deciding_event(version: EntryVersion) -> Event:
    """Return the step by which the authority lets a version through."""
    return Event.REMOVE if version.kind == VersionKind.REMOVAL else Event.PUBLISH


def require_content(version: EntryVersion, event: Event) -> None:
    """Let only versions that say something be written and assessed.

    Raises:
        RemovalContentError: for one that takes its entry down.
    """
    if version.kind == VersionKind.REMOVAL:
        raise RemovalContentError(name=version.name, step=event.label)


def _is_party(version: EntryVersion, event: Event, by: Actor, authorities: dict[str, UUID]) -> bool:
    organisation = version.entry.organisation
    if event in _REVIEW_EVENTS:
        division = organisation.division_code
        if division not in authorities:
            authorities[division] = authority_for(division).id
        return authorities[division] == by.organisation_id
    return organisation.id == by.organisation_id


def require_other_hands(version: EntryVersion, event: Event, by: Actor) -> None:
    """Let nobody decide on what they wrote or consented to.

    Raises:
        WriterDecidesError: for a writer, or whoever consented.
    """
    if by.user_id in version.writers or by.user_id == version.consented_by_id:
        raise WriterDecidesError(person=by.name, name=version.name, step=event.label)


def written(version: EntryVersion) -> tuple[EntryFields, list[ItemFields]]:
    """Return what stands in a version as plain data."""
    fields = EntryFields(**{name: _plain(getattr(version, name)) for name in FIELD_NAMES})
    return fields, [ItemFields(**{name: getattr(item, name) for name in _ITEM_FIELDS}) for item in version.items.all()]


def write(version: EntryVersion, fields: EntryFields) -> None:
    """Put what was written into a version; blanks around text are dropped. Nothing is saved."""
    for name in FIELD_NAMES:
        setattr(version, name, _stored(getattr(fields, name)))


def _plain(value: Any) -> Any:
    """Return a column's value as the frozen data has it."""
    return tuple(value) if isinstance(value, list) else value


def _stored(value: Any) -> Any:
    """Return a value of the frozen data as its column takes it."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, tuple):
        return list(value)
    return dict(value) if isinstance(value, Mapping) else value


def items_for(version: EntryVersion, items: list[ItemFields]) -> list[Item]:
    """Return the rows of a version's items, numbered from 1; nothing is saved."""
    return [
        Item(
            version=version,
            position=position,
            **{name: getattr(item, name) for name in _ITEM_FIELDS if name != "name"},
            name=item.name.strip(),
        )
        for position, item in enumerate(items, start=1)
    ]


def note(
    verb: str,
    versions: EntryVersion | Iterable[EntryVersion],
    by: Actor,
    now: datetime,
    *,
    each: Mapping[UUID, Mapping[str, object]] | None = None,
    **details: object,
) -> None:
    """Record an audit event per version; ``each`` holds what is kept of single ones, by the version's id."""
    rows = [versions] if isinstance(versions, EntryVersion) else versions
    subjects = [
        Subject(
            "entry",
            row.entry.code,
            row.name,
            {"version": row.number, "state": str(row.state), **details, **(each or {}).get(row.id, {})},
        )
        for row in rows
    ]
    record_all(event=f"catalog:version:{verb}", by=by, now=now, subjects=subjects)
