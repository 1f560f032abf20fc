"""Jobs beside the turns of a transfer: a dry run, which writes nothing, and a back-fill of a period."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from jutong.center.catalog.enums import FieldMode, Grade
from jutong.center.catalog.models import Binding, Entry, Item
from jutong.center.jobs.errors import BackfillUnfitError, TransferUnreadyError
from jutong.center.jobs.extra import Extra
from jutong.center.jobs.models import Job, JobCause
from jutong.center.jobs.ordering import checked, issue_job
from jutong.center.jobs.transfer import Transfer, TransferState
from jutong.center.jobs.transfers import to_run
from jutong.center.jobs.work import Work
from jutong.center.org.actor import Actor
from jutong.contracts.dry import MOST_ROWS, MOST_SHOWN, Dry
from jutong.contracts.lineage import landed
from jutong.contracts.modes import MergeMode, Period
from jutong.kernel.errors import InvalidInputError

SAMPLE = 10_000
"""Rows a dry run looks at unless more are asked for."""
WRITTEN = gettext_lazy("请写成2026-01-01、2026-01-01T08:00:00或数字")
"""How the ends of a period are written."""
_HARMLESS = (Grade.G1, Grade.G2)


def shown_columns(entry: Entry, binding: Binding, columns: Sequence[str], work: Work) -> tuple[str, ...]:
    """Return the columns, as the steps leave them, of which a dry run may tell values.

    Those made only of items that are neither personal nor sensitive nor a key, are graded one or two, and may be given
    out plain.

    Args:
        entry: whose table it is.
        binding: of its items to columns.
        columns: that are read.
        work: done with them.
    """
    harmless: dict[str, bool] = {}
    for item in Item.objects.filter(version_id=entry.published_id):
        plain = item.grade in _HARMLESS and item.widest_mode == FieldMode.PLAIN
        telling = item.is_personal or item.is_sensitive or item.is_key
        column = str(binding.columns.get(item.name, ""))
        harmless[column] = harmless.get(column, True) and plain and not telling
    ways = landed(columns, work.steps, work.rules, work.masks)
    return tuple(way.column for way in ways if all(harmless.get(name, False) for name in way.origins))[:MOST_SHOWN]


@transaction.atomic
def try_transfer(*, transfer: Transfer, rows: int = SAMPLE, by: Actor, now: datetime) -> Job:
    """Order a dry run of a transfer as it stands, of a draft too. Nothing is written.

    Args:
        transfer: of the own department.
        rows: how many are read, spread over the table; 0 reads all.
        by: a steward.
        now: when.

    Raises:
        NotFoundError: for another department's.
        JobRunningError: if a job of the entry is under way.
        RuleColumnError, TargetUnfitError, EntryUnboundError: if its work does not fit the table as it is bound now.
    """
    locked = to_run(transfer, by)
    work = Work.read(locked.work)
    binding, _source, columns = checked(locked.entry, work)
    dry = Dry(rows=min(rows, MOST_ROWS), shown=shown_columns(locked.entry, binding, columns, work))
    return issue_job(
        entry=locked.entry, work=work, by=by, now=now, extra=Extra(beside=locked, cause=JobCause.TRIAL, dry=dry)
    )


@transaction.atomic
def backfill(*, transfer: Transfer, period: Period, by: Actor, now: datetime) -> Job:
    """Order the rows of a period to be brought in again. How far the watermark was read stays as it was.

    Raises:
        NotFoundError: for another department's.
        TransferUnreadyError: for a draft.
        BackfillUnfitError: if the transfer does not merge by key behind a watermark.
        InvalidInputError: if the period ends before it begins, or its ends are of two kinds.
        JobRunningError: if a job of the entry is under way.
        RuleColumnError, TargetUnfitError, EntryUnboundError: if its work does not fit the table as it is bound now.
    """
    locked = to_run(transfer, by)
    if locked.state == TransferState.DRAFT:
        raise TransferUnreadyError(name=locked.name)
    work = Work.read(locked.work)
    if not can_backfill(work):
        raise BackfillUnfitError(name=locked.name)
    if not _in_order(period):
        found = f"{period.first} – {period.until}"[:80]
        row = {"field": "until", "found": found, "message": _("止要在起之后，两头写法一样"), "clause": ""}
        raise InvalidInputError(problems=[row])
    extra = Extra(beside=locked, cause=JobCause.BACKFILL, period=period)
    return issue_job(entry=locked.entry, work=work, by=by, now=now, extra=extra)


def can_backfill(work: Work) -> bool:
    """Tell whether a period can be brought in again without doubling a row."""
    return isinstance(work.mode, MergeMode) and work.mode.watermark is not None


def _in_order(period: Period) -> bool:
    try:
        dated = [datetime.fromisoformat(end) if "-" in end[1:] else None for end in (period.first, period.until)]
    except ValueError:  # no such day
        return False
    first, until = dated
    if first is None and until is None:
        return Decimal(period.first) < Decimal(period.until)
    return first is not None and until is not None and first < until
