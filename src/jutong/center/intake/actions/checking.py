"""Checking a batch's rows: read, judged and stored in small transactions, so that it may be killed at any moment."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice
from uuid import UUID

from django.db import transaction

from jutong.center.intake.actions.receiving import note
from jutong.center.intake.actions.storing import (
    CHUNK,
    SETTLED,
    WRITTEN,
    chunks,
    judged,
    proposal_of,
    put,
    recount,
    row_of_proposal,
    save_new,
    take_names,
)
from jutong.center.intake.enums import BatchState
from jutong.center.intake.models import Batch, Proposal
from jutong.center.intake.row import Row
from jutong.center.intake.source_rows import listing_of, rows_of, sheet_of
from jutong.center.intake.surroundings import Department, department
from jutong.center.org.actor import Actor
from jutong.center.org.models import Organisation
from jutong.kernel.clock import civil_date
from jutong.kernel.errors import JutongError

logger = logging.getLogger(__name__)


def check_batch(*, batch_id: UUID, by: Actor, now: datetime) -> Batch | None:
    """Check a batch to its end, from where an earlier run was cut off. Returns None when there is nothing to do.

    A file that cannot be read ends the batch as failed, with the error; whatever else goes wrong does so too and is
    raised again.
    """
    batch = Batch.objects.select_related("organisation").filter(id=batch_id, state=BatchState.CHECKING).first()
    if batch is None:
        return None
    try:
        if batch.counts:
            _again(batch, now)
        elif batch.organisation is not None:
            _read(batch, department(batch.organisation, civil_date(now)))
    except JutongError as problem:
        return _failed(batch_id, problem, by, now)
    except Exception:
        _failed(batch_id, JutongError(), by, now)
        raise
    return _finished(batch_id, by, now)


def _read(batch: Batch, around: Department) -> None:
    """Read the rows of the file that were not stored yet."""
    assert around.base.edition is not None  # noqa: S101 - department sets it
    listing = listing_of(batch)
    sheet = sheet_of(listing, batch.mapping["sheet"])
    total = sum(1 for _ in sheet.rows())
    Batch.objects.filter(id=batch.id).update(total=total)
    rows = rows_of(batch, listing, edition=around.base.edition)
    if batch.done:
        take_names(around, batch)
    _store(batch, around, _with_fixes(batch, islice(rows, batch.done, None)))


def _with_fixes(batch: Batch, rows: Iterable[Row]) -> Iterator[Row]:
    """Keep what a person put in the places of a row when its file is read again."""
    fixes = dict(batch.proposals.exclude(fixes={}).values_list("line", "fixes"))
    for row in rows:
        row.fixes = fixes.get(row.line, {})
        yield row


def _store(batch: Batch, around: Department, rows: Iterable[Row]) -> None:
    settled = set(batch.proposals.filter(outcome__in=SETTLED).values_list("line", flat=True))
    for some in chunks(rows):
        open_rows = [row for row in some if row.line not in settled]
        made = [proposal_of(batch, row, found, around.organisation) for row, found in judged(open_rows, around)]
        with transaction.atomic():
            if not _goes_on(batch.id, len(some)):
                return
            save_new(made)


def _again(batch: Batch, now: datetime) -> None:
    """Judge what is stored once more, each department's against the catalog as it is now."""
    rows = batch.proposals.exclude(outcome__in=SETTLED).exclude(organisation=None)
    Batch.objects.filter(id=batch.id).update(total=rows.count(), done=0)
    for organisation in Organisation.objects.filter(id__in=rows.values("organisation")):
        around = department(organisation, civil_date(now))
        open_ids = list(rows.filter(organisation=organisation).order_by("line").values_list("id", flat=True))
        take_names(around, batch)
        for some in chunks(open_ids):
            with transaction.atomic():
                if not _goes_on(batch.id, len(some)):
                    return
                judge_again(list(batch.proposals.select_for_update().filter(id__in=some).order_by("line")), around)


def judge_again(proposals: list[Proposal], around: Department) -> None:
    """Judge stored proposals and write what they are now."""
    by_line = {proposal.line: proposal for proposal in proposals}
    for row, found in judged([row_of_proposal(proposal) for proposal in proposals], around):
        put(by_line[row.line], row, found, by_line[row.line].organisation)
    Proposal.objects.bulk_update(proposals, WRITTEN, batch_size=CHUNK)


def _goes_on(batch_id: UUID, count: int) -> bool:
    """Count rows as done, unless somebody cancelled the batch meanwhile."""
    locked = Batch.objects.select_for_update().get(id=batch_id)
    if locked.state != BatchState.CHECKING:
        return False
    locked.done += count
    locked.save(update_fields=["done"])
    return True


def _failed(batch_id: UUID, problem: JutongError, by: Actor, now: datetime) -> Batch:
    with transaction.atomic():
        batch = Batch.objects.select_for_update().get(id=batch_id)
        batch.state, batch.finished_at, batch.problem = BatchState.FAILED, now, told(problem)
        batch.save(update_fields=["state", "finished_at", "problem"])
        note("fail", batch, by, now, code=problem.code, done=batch.done)
    return batch


def told(problem: JutongError) -> dict[str, object]:
    """Return an error as the database keeps it, so that each reader gets it in the own language."""
    fields = problem.envelope()["error"]["fields"]
    return {"code": problem.code, "message": problem.message, "next_step": problem.next_step, "fields": fields}


@transaction.atomic
def _finished(batch_id: UUID, by: Actor, now: datetime) -> Batch:
    batch = Batch.objects.select_for_update().get(id=batch_id)
    if batch.state == BatchState.CHECKING:
        recount(batch)
        batch.state, batch.finished_at = BatchState.READY, now
        batch.save(update_fields=["state", "finished_at", "counts"])
        note("check", batch, by, now, rows=batch.done, counts=batch.counts)
    return batch
