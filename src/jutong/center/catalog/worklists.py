"""What waits for one step at a time, to be taken for many: lists to choose from, and the runs that take it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from django.db.models import Prefetch, Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from jutong.center.catalog.difference import diff
from jutong.center.catalog.enums import BatchStep, VersionKind, VersionState
from jutong.center.catalog.life import BatchOutcome, BatchRun
from jutong.center.catalog.models import EntryVersion, Item
from jutong.center.catalog.queries import PAGE_SIZE, clocks_of
from jutong.center.clocks.queries import ClockView
from jutong.center.org.actor import Actor
from jutong.center.org.permissions import Permission
from jutong.center.org.queries import NOBODY, as_uuid, require
from jutong.kernel.errors import NotFoundError


class Worklist(StrEnum):
    """Lists by what their versions wait for."""

    ASSESS = "assess"
    CONSENT = "consent"
    SUBMIT = "submit"
    REVIEW = "review"


@dataclass(frozen=True, slots=True)
class Kind:
    """What one list holds, whose it is, and which steps may be taken from it; the first one leads on."""

    title: str | Promise
    state: VersionState
    needs: Permission
    steps: tuple[BatchStep, ...]


KINDS: dict[Worklist, Kind] = {
    Worklist.ASSESS: Kind(
        _("等评估"), VersionState.DRAFT, Permission.CATALOG_ENTRY_EDIT, (BatchStep.ASSESS, BatchStep.DISCARD)
    ),
    Worklist.CONSENT: Kind(
        _("等部门负责人同意"),
        VersionState.ASSESSED,
        Permission.CATALOG_ENTRY_CONSENT,
        (BatchStep.CONSENT, BatchStep.DECLINE),
    ),
    Worklist.SUBMIT: Kind(
        _("等提交审核"), VersionState.CONSENTED, Permission.CATALOG_ENTRY_SUBMIT, (BatchStep.SUBMIT,)
    ),
    Worklist.REVIEW: Kind(
        _("等审核"), VersionState.SUBMITTED, Permission.CATALOG_ENTRY_REVIEW, (BatchStep.PUBLISH, BatchStep.RETURN)
    ),
}


class Sort(StrEnum):
    """What a version does to its entry."""

    FIRST = "first"
    UPDATE = "update"
    REMOVAL = "removal"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which versions of a list; empty fields leave everything in."""

    words: str = ""
    organisation: str = ""
    """Credit code of the department."""
    sort: str = ""
    share: str = ""


@dataclass(frozen=True, slots=True)
class WorkRow:
    """One version of a list. ``changes`` is how many differences it has from the published one; None without one."""

    version: EntryVersion
    clock: ClockView | None
    changes: int | None

    @property
    def sort(self) -> Sort:
        """What the version does to its entry."""
        if self.version.kind == VersionKind.REMOVAL:
            return Sort.REMOVAL
        return Sort.FIRST if self.changes is None else Sort.UPDATE


def worklist(actor: Actor, name: Worklist, wanted: Wanted | None = None) -> QuerySet[EntryVersion]:
    """Return the versions of a list, the oldest first: the own department's, for the authority its division's.

    Raises:
        ForbiddenError: if the post does not take the list's first step.
    """
    kind, wanted = KINDS[name], wanted or Wanted()
    require(actor, kind.needs)
    rows = EntryVersion.objects.filter(state=kind.state)
    if name == Worklist.REVIEW:
        rows = rows.filter(entry__organisation__division_code=actor.division_code).order_by("submitted_at", "id")
    else:
        rows = rows.filter(entry__organisation_id=actor.organisation_id or NOBODY).order_by("created_at", "id")
    if name == Worklist.ASSESS:
        rows = rows.filter(kind=VersionKind.CONTENT)
    return _narrow(rows, wanted)


def _narrow(rows: QuerySet[EntryVersion], wanted: Wanted) -> QuerySet[EntryVersion]:
    for word in wanted.words.split():
        rows = rows.filter(Q(name__icontains=word) | Q(entry__code__startswith=word))
    if wanted.organisation:
        rows = rows.filter(entry__organisation__code=wanted.organisation)
    if wanted.share:
        rows = rows.filter(share_attribute=wanted.share)
    if wanted.sort == Sort.REMOVAL:
        return rows.filter(kind=VersionKind.REMOVAL)
    if wanted.sort in {Sort.FIRST, Sort.UPDATE}:
        first = wanted.sort == Sort.FIRST
        return rows.filter(kind=VersionKind.CONTENT, entry__published__isnull=first)
    return rows


def work_rows(rows: QuerySet[EntryVersion], today: date, *, start: int = 0, size: int = PAGE_SIZE) -> list[WorkRow]:
    """Return some rows of a list with their clocks and how much they change; a constant number of queries."""
    page = list(
        rows.select_related("entry__organisation", "entry__published", "created_by").prefetch_related(
            Prefetch("items", Item.objects.order_by("position")), "entry__published__items"
        )[start : start + size]
    )
    clocks = clocks_of([version.id for version in page], today)
    return [WorkRow(version, clocks.get(str(version.id)), _changes(version)) for version in page]


def _changes(version: EntryVersion) -> int | None:
    published = version.entry.published
    return None if published is None else len(diff(published, version))


def departments(rows: QuerySet[EntryVersion]) -> list[tuple[str, str]]:
    """Return code and short name of the departments whose versions are in a list."""
    found = rows.order_by("entry__organisation__short_name")
    return list(found.values_list("entry__organisation__code", "entry__organisation__short_name").distinct())


def ids_of(rows: QuerySet[EntryVersion], *, most: int) -> list[UUID]:
    """Return the ids of a list in its order, one more than ``most`` at most."""
    return list(rows.values_list("id", flat=True)[: most + 1])


def ids_of_codes(actor: Actor, name: Worklist, codes: Sequence[str]) -> list[UUID]:
    """Return the ids of a list's versions by their entries' codes, in the order of the codes.

    Raises:
        NotFoundError: for a code that is not in the list.
        ForbiddenError: if the post does not take the list's first step.
    """
    found = dict(worklist(actor, name).filter(entry__code__in=codes).values_list("entry__code", "id"))
    for code in codes:
        if code not in found:
            raise NotFoundError(what=code)
    return [found[code] for code in codes]


def list_of(step: str) -> Worklist:
    """Return the list a step is taken from."""
    return next(name for name, kind in KINDS.items() if step in kind.steps)


def run(actor: Actor, run_id: UUID | str) -> BatchRun:
    """Return a run of the actor's own organisation.

    Raises:
        NotFoundError: if there is none.
    """
    require(actor, Permission.CATALOG_DRAFT_VIEW)
    found = (
        BatchRun.objects.filter(id=as_uuid(run_id), organisation_id=actor.organisation_id or NOBODY)
        .select_related("post__user")
        .first()
    )
    if found is None:
        raise NotFoundError(what=str(run_id))
    return found


def runs(actor: Actor) -> QuerySet[BatchRun]:
    """Return the runs of the actor's own organisation, the newest first."""
    require(actor, Permission.CATALOG_DRAFT_VIEW)
    return BatchRun.objects.filter(organisation_id=actor.organisation_id or NOBODY).select_related("post__user")


def outcomes(found: BatchRun, *, failed: bool | None = None) -> QuerySet[BatchOutcome]:
    """Return what became of a run's versions in their order, of all or only of those that failed or went well."""
    rows = found.outcomes.all()
    return rows if failed is None else rows.filter(is_done=not failed)
