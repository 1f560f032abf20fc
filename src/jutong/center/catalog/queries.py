"""The only way to get hold of entries: published ones for everybody who reads, drafts for their own department."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db.models import Prefetch, Q, QuerySet

from jutong.center.catalog.checks import findings_of
from jutong.center.catalog.difference import Change, diff
from jutong.center.catalog.enums import VersionState
from jutong.center.catalog.findings import Finding
from jutong.center.catalog.models import Binding, Entry, EntryVersion
from jutong.center.catalog.rules import OPEN_STATES
from jutong.center.catalog.search import SearchHit, SearchPage, search
from jutong.center.catalog.steps import CLOCK_SUBJECT, UPDATE_SUBJECT
from jutong.center.clocks.models import StatutoryClock
from jutong.center.clocks.queries import OPEN, ClockView, calendar, clock_view
from jutong.center.org.actor import Actor
from jutong.center.org.enums import Role
from jutong.center.org.permissions import Permission
from jutong.center.org.queries import NOBODY, as_uuid, require
from jutong.kernel.errors import NotFoundError

__all__ = [
    "Change",
    "Comparison",
    "EntryRow",
    "SearchHit",
    "SearchPage",
    "VersionTask",
    "clocks_of",
    "compare",
    "consent_queue",
    "diff",
    "entry_for_steward",
    "findings",
    "history",
    "my_entries",
    "open_binding",
    "open_version",
    "published_entry",
    "review_queue",
    "search",
    "version",
]
PAGE_SIZE = 20
_SHOWN = (VersionState.PUBLISHED, VersionState.SUPERSEDED, VersionState.REMOVED)


@dataclass(frozen=True, slots=True)
class VersionTask:
    """A version that waits for somebody, with the clock that runs on it."""

    version: EntryVersion
    clock: ClockView | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two versions of an entry and what changed from one to the other."""

    before: EntryVersion
    after: EntryVersion
    changes: list[Change]


@dataclass(frozen=True, slots=True)
class EntryRow:
    """One entry in the department's own list: what is published and what is being made."""

    entry: Entry
    open_version: EntryVersion | None
    clock: ClockView | None


def published_entry(actor: Actor, code: str) -> Entry:
    """Return a published entry with its published version, items, provider and open binding (``open_binding``).

    Raises:
        NotFoundError: if there is none; a draft reads as none.
        ForbiddenError: if the post does not read the catalog.
    """
    require(actor, Permission.CATALOG_ENTRY_VIEW)
    found = (
        Entry.objects.filter(code=code, published__isnull=False)
        .select_related("organisation", "published")
        .prefetch_related("published__items", _open_bindings())
        .first()
    )
    if found is None:
        raise NotFoundError(what=code)
    return found


def entry_for_steward(actor: Actor, code: str) -> Entry:
    """Return an entry of the actor's own department, published or not, with all its versions.

    Raises:
        NotFoundError: if there is none in the department.
        ForbiddenError: if the post does not see drafts.
    """
    require(actor, Permission.CATALOG_DRAFT_VIEW)
    found = (
        Entry.objects.filter(code=code, organisation_id=actor.organisation_id or NOBODY)
        .select_related("organisation", "published")
        .prefetch_related(
            Prefetch("versions", EntryVersion.objects.order_by("-number").prefetch_related("items", "assessments")),
            _open_bindings(),
        )
        .first()
    )
    if found is None:
        raise NotFoundError(what=code)
    return found


def version(actor: Actor, version_id: UUID | str) -> EntryVersion:
    """Return one version: the department's own, for the authority what was submitted to it, for readers the published.

    Raises:
        NotFoundError: if there is none the actor may see.
    """
    found = _visible(actor).filter(id=as_uuid(version_id)).first()
    if found is None:
        raise NotFoundError(what=str(version_id))
    return found


def compare(actor: Actor, code: str, before: int, after: int) -> Comparison:
    """Return two versions of an entry, by their numbers, and what changed from the one to the other.

    Raises:
        NotFoundError: if the actor may not see one of them.
    """
    found = {row.number: row for row in _visible(actor).filter(entry__code=code, number__in={before, after})}
    for number in (before, after):
        if number not in found:
            raise NotFoundError(what=f"{code} v{number}")
    return Comparison(found[before], found[after], diff(found[before], found[after]))


def my_entries(actor: Actor, today: date, *, page: int = 1) -> list[EntryRow]:
    """Return a page of the department's entries, those being made first, then by time of change.

    Entries whose only versions were given up are not among them.

    Raises:
        ForbiddenError: if the post does not see drafts.
    """
    require(actor, Permission.CATALOG_DRAFT_VIEW)
    making = EntryVersion.objects.filter(state__in=OPEN_STATES)
    told = Q(published__isnull=False) | Q(removed_at__isnull=False) | Q(id__in=making.values("entry_id"))
    own = Entry.objects.filter(told, organisation_id=actor.organisation_id or NOBODY)
    rows = list(
        own.alias(making=Q(id__in=making.values("entry_id")))
        .order_by("-making", "-updated_at", "code")
        .select_related("published", "organisation")
        .prefetch_related(Prefetch("versions", making, to_attr="being_made"), _open_bindings())[
            (max(page, 1) - 1) * PAGE_SIZE : max(page, 1) * PAGE_SIZE
        ]
    )
    current = {entry.id: _first(entry.being_made) for entry in rows}
    clocks = clocks_of([*current, *(made.id for made in current.values() if made)], today)
    return [
        EntryRow(entry, made, clocks.get(str(made.id) if made else "") or clocks.get(str(entry.id)))
        for entry, made in ((entry, current[entry.id]) for entry in rows)
    ]


def consent_queue(actor: Actor) -> list[EntryVersion]:
    """Return the versions that wait for 部门负责人 of the actor's department, the oldest first.

    Raises:
        ForbiddenError: if the actor is not 部门负责人.
    """
    require(actor, Permission.CATALOG_ENTRY_CONSENT)
    waiting = EntryVersion.objects.filter(
        state=VersionState.ASSESSED, entry__organisation_id=actor.organisation_id or NOBODY
    )
    return list(waiting.select_related("entry__organisation", "created_by").order_by("created_at", "id"))


def review_queue(actor: Actor, today: date, *, page: int = 1) -> list[VersionTask]:
    """Return a page of the submitted versions of the authority's division, in the order in which they came in.

    All have the same days, so whatever came first is the most pressing.

    Raises:
        ForbiddenError: if the post does not review.
    """
    require(actor, Permission.CATALOG_ENTRY_REVIEW)
    waiting = EntryVersion.objects.filter(
        state=VersionState.SUBMITTED, entry__organisation__division_code=actor.division_code
    )
    rows = list(
        waiting.select_related("entry__organisation", "entry__published", "created_by", "consented_by")
        .prefetch_related("items", "assessments")
        .order_by("submitted_at", "id")[(max(page, 1) - 1) * PAGE_SIZE : max(page, 1) * PAGE_SIZE]
    )
    clocks = clocks_of([row.id for row in rows], today)
    return [VersionTask(row, clocks.get(str(row.id))) for row in rows]


def history(actor: Actor, code: str) -> list[EntryVersion]:
    """Return the versions of an entry the actor may see, the newest first.

    Raises:
        NotFoundError: if the actor may see none.
    """
    found = list(_visible(actor).filter(entry__code=code).order_by("-number"))
    if not found:
        raise NotFoundError(what=code)
    return found


def findings(actor: Actor, version_: EntryVersion, today: date | None = None) -> list[Finding]:
    """Return what still stands between a version and its submission, for the page that edits it.

    Judged by the template's edition in force ``today``, or on the day the version was begun.
    """
    return findings_of(version(actor, version_.id), actor.organisation_code, today)


def open_version(entry: Entry) -> EntryVersion | None:
    """Return the version being made of an entry that ``entry_for_steward`` returned."""
    return next((row for row in entry.versions.all() if row.state in OPEN_STATES), None)


def open_binding(entry: Entry) -> Binding | None:
    """Return the binding in force of an entry that this package's queries returned."""
    return next((row for row in entry.bindings.all() if row.ended_at is None), None)


def _visible(actor: Actor) -> QuerySet[EntryVersion]:
    require(actor, Permission.CATALOG_ENTRY_VIEW)
    seen = Q(state__in=_SHOWN)
    if actor.role in {Role.STEWARD, Role.OFFICE_HEAD, Role.DEPARTMENT_HEAD}:
        seen |= Q(entry__organisation_id=actor.organisation_id or NOBODY)
    if actor.role == Role.AUTHORITY:
        seen |= Q(state=VersionState.SUBMITTED, entry__organisation__division_code=actor.division_code)
    return (
        EntryVersion.objects.filter(seen)
        .select_related("entry__organisation", "entry__published", "created_by", "consented_by", "decided_by")
        .prefetch_related("items", "assessments")
    )


def _open_bindings() -> Prefetch[str]:
    return Prefetch("bindings", Binding.objects.filter(ended_at=None))


def _first(rows: list[EntryVersion]) -> EntryVersion | None:
    return rows[0] if rows else None


def clocks_of(ids: list[UUID], today: date) -> dict[str, ClockView]:
    """Return the open catalog clocks of entries and versions by their id, in one query."""
    if not ids:
        return {}
    found = StatutoryClock.objects.filter(
        subject_kind__in=(CLOCK_SUBJECT, UPDATE_SUBJECT), subject_id__in=[str(row) for row in ids], state__in=OPEN
    ).select_related("organisation")
    days = calendar()
    return {clock.subject_id: clock_view(clock, today, days=days) for clock in found}
