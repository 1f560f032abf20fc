"""The change feed as others follow it: each line with what the entry said then, or that it is gone."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Prefetch

from jutong.center.catalog.enums import VersionState
from jutong.center.catalog.models import EntryChange, EntryVersion
from jutong.center.org.actor import Actor
from jutong.center.org.permissions import Permission
from jutong.center.org.queries import require

_READABLE = (VersionState.PUBLISHED, VersionState.SUPERSEDED)


@dataclass(frozen=True, slots=True)
class FeedLine:
    """One change. ``version`` is None where the entry is taken down: whoever follows drops it."""

    change: EntryChange
    version: EntryVersion | None


def lines(actor: Actor, *, after: int = 0, limit: int = 100) -> list[FeedLine]:
    """Return the changes after a number, in the order in which they became visible.

    What an entry said in a version never changes, so a line reads the same whenever it is asked for, until the entry
    is taken down; from then on all its lines say so, and nothing of it is handed out any more.

    Raises:
        ForbiddenError: if the post does not read the catalog.
    """
    require(actor, Permission.CATALOG_ENTRY_VIEW)
    found = list(
        EntryChange.objects.filter(sequence__gt=after)
        .select_related("entry__organisation", "entry__published")
        .order_by("sequence")[:limit]
    )
    versions = _versions(found)
    return [FeedLine(row, versions.get((row.entry_id, row.version)) or _current(row, versions)) for row in found]


def _versions(changes: list[EntryChange]) -> dict[tuple[object, int], EntryVersion]:
    """Return the readable versions the lines name, and the published ones, of entries that are not taken down."""
    alive = {row.entry_id for row in changes if row.entry.published_id is not None}
    wanted = {(row.entry_id, number) for row in changes for number in (row.version, _published(row))}
    rows = (
        EntryVersion.objects.filter(
            entry_id__in=alive, number__in={number for _, number in wanted}, state__in=_READABLE
        )
        .select_related("entry__organisation", "created_by", "consented_by", "decided_by")
        .prefetch_related("items", Prefetch("assessments"))
    )
    return {(row.entry_id, row.number): row for row in rows if (row.entry_id, row.number) in wanted}


def _published(row: EntryChange) -> int:
    return row.entry.published.number if row.entry.published else 0


def _current(row: EntryChange, versions: dict[tuple[object, int], EntryVersion]) -> EntryVersion | None:
    return versions.get((row.entry_id, _published(row)))
