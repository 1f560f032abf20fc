"""Making drafts of proposals: new entries, or working copies beside published ones. Nothing published is touched."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext

from jutong.center.catalog.actions import create_entry, edit_version, new_version
from jutong.center.catalog.enums import VersionKind, VersionState
from jutong.center.catalog.models import Entry, EntryVersion
from jutong.center.catalog.rules import OPEN_STATES
from jutong.center.intake import codec, queue
from jutong.center.intake.actions.checking import told
from jutong.center.intake.actions.receiving import note, open_batch, own_batch
from jutong.center.intake.actions.storing import recount
from jutong.center.intake.enums import IMPORTABLE, BatchState, Outcome
from jutong.center.intake.errors import BatchStateError, MovedOnError, UnderReviewError
from jutong.center.intake.models import Batch, Proposal
from jutong.center.intake.surroundings import mark
from jutong.center.org.actor import Actor
from jutong.center.org.permissions import Permission
from jutong.center.org.queries import NOBODY, require
from jutong.kernel.errors import JutongError

_FREE = frozenset({VersionState.DRAFT, VersionState.RETURNED})
"""States in which an import may write into a version: nobody has assessed it or decides on it."""
_AT_ONCE = 25
"""Rows drafted in one transaction; the counters of resource codes stay locked that long."""


@transaction.atomic
def ask_drafts(*, batch: Batch, by: Actor, now: datetime, only: Iterable[Outcome] = IMPORTABLE) -> Batch:
    """Have the worker make drafts of what may be imported, on behalf of ``by``.

    Raises:
        BatchStateError: if there is nothing to draft.
        BatchBusyError: while a job works on it.
        ForbiddenError: if ``by`` does not compile the catalog.
        NotFoundError: if it is another department's.
    """
    require(by, Permission.CATALOG_ENTRY_EDIT)
    locked = open_batch(batch.id, by, gettext("生成草稿"))
    wanted = [outcome for outcome in IMPORTABLE if outcome in set(only)]
    waiting = _waiting(locked, by, wanted)
    count = waiting.count()
    if locked.state not in {BatchState.READY, BatchState.DRAFTED} or not count:
        raise BatchStateError(name=locked.name, state=locked.get_state_display(), step=gettext("生成草稿"))
    waiting.exclude(left={}).update(left={})
    locked.state, locked.done, locked.total, locked.finished_at = BatchState.DRAFTING, 0, count, None
    locked.save(update_fields=["state", "done", "total", "finished_at"])
    note("ask-drafts", locked, by, now, rows=count)
    queue.ask_drafts(locked.id, post_id=by.post_id, outcomes=[outcome.value for outcome in wanted])
    return locked


def make_drafts(
    *,
    batch: Batch,
    by: Actor,
    now: datetime,
    only: Iterable[Outcome] = IMPORTABLE,
    lines: Sequence[int] | None = None,
) -> Batch:
    """Make drafts of proposals, a few in each transaction; a row that cannot be drafted says why and stays.

    A row that was drafted before is passed over, so doing it again after a crash makes nothing twice.

    Args:
        batch: the batch.
        by: the steward for whom it is done.
        now: when.
        only: which outcomes.
        lines: which rows, all where left out.

    Raises:
        ForbiddenError: if ``by`` does not compile the catalog.
        NotFoundError: if it is another department's.
    """
    require(by, Permission.CATALOG_ENTRY_EDIT)
    with transaction.atomic():
        was_asked = own_batch(batch.id, by).state == BatchState.DRAFTING
    waiting = _waiting(batch, by, only).filter(left={})
    if lines is not None:
        waiting = waiting.filter(line__in=list(lines))
    ids = list(waiting.order_by("line").values_list("id", flat=True))
    for at in range(0, len(ids), _AT_ONCE):
        with transaction.atomic():
            locked = own_batch(batch.id, by)
            if was_asked and locked.state != BatchState.DRAFTING:
                return locked
            _draft_some(locked, ids[at : at + _AT_ONCE], by, now)
    return _finished(batch, by, now)


def _waiting(batch: Batch, by: Actor, only: Iterable[Outcome]) -> QuerySet[Proposal]:
    return batch.proposals.filter(organisation_id=by.organisation_id or NOBODY, outcome__in=list(only))


def _draft_some(batch: Batch, ids: Sequence[UUID], by: Actor, now: datetime) -> None:
    rows = batch.proposals.select_for_update(of=("self",)).select_related("entry").filter(id__in=ids).order_by("line")
    codes = []
    for proposal in rows:
        try:
            with transaction.atomic():
                codes.append(_draft(proposal, by, now))
        except JutongError as problem:
            proposal.left = told(problem)
            proposal.save(update_fields=["left"])
    batch.done += len(ids)
    batch.save(update_fields=["done"])
    if codes:
        note("draft", batch, by, now, count=len(codes), codes=codes)


def _draft(proposal: Proposal, by: Actor, now: datetime) -> str:
    """Make one draft and return its entry's code."""
    fields, items = codec.as_entry(proposal.fields), codec.as_items(proposal.items)
    if proposal.entry is None:
        version = create_entry(fields=fields, items=items, by=by, now=now)
    else:
        version = edit_version(
            version=_copy(proposal, proposal.entry, by, now), fields=fields, items=items, by=by, now=now
        )
    proposal.entry, proposal.outcome, proposal.code = version.entry, Outcome.DRAFTED, version.entry.code
    proposal.save(update_fields=["entry", "outcome", "code"])
    return version.entry.code


def _copy(proposal: Proposal, entry: Entry, by: Actor, now: datetime) -> EntryVersion:
    """Return the version that may be written: one being made that nobody decides on, else a new one.

    Raises:
        UnderReviewError: if one is assessed, consented to or under review, or takes the entry down.
        MovedOnError: if the entry was changed after the row was compared with it.
    """
    open_version = entry.versions.select_for_update().filter(state__in=OPEN_STATES).first()
    if open_version is not None and (open_version.state not in _FREE or open_version.kind != VersionKind.CONTENT):
        raise UnderReviewError(name=proposal.name, state=open_version.get_state_display())
    newest = open_version or entry.versions.filter(state=VersionState.PUBLISHED).first()
    if newest is None or mark(newest) != proposal.origin.get("base"):
        raise MovedOnError(name=proposal.name)
    if open_version is not None:
        return open_version
    return new_version(entry=entry, by=by, now=now)


@transaction.atomic
def _finished(batch: Batch, by: Actor, now: datetime) -> Batch:
    locked = own_batch(batch.id, by)
    recount(locked)
    left = sum(locked.counts[outcome] for outcome in (Outcome.ERROR, *IMPORTABLE))
    locked.state, locked.finished_at = (BatchState.READY if left else BatchState.DRAFTED), now
    locked.save(update_fields=["state", "finished_at", "counts"])
    return locked
