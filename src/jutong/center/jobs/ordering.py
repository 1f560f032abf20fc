"""A move is ordered: by hand, or as a run of a saved transfer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from jutong.center.audit import actions as audit
from jutong.center.catalog.models import Binding, Entry, Item
from jutong.center.fleet import actions as fleet
from jutong.center.fleet import queries as fleet_queries
from jutong.center.fleet.models import Source
from jutong.center.jobs.delivery import check_file, file_name
from jutong.center.jobs.errors import EntryUnboundError, JobRunningError, RuleColumnError, TargetUnfitError
from jutong.center.jobs.extra import Extra
from jutong.center.jobs.models import Job, JobCause, JobState, Transfer
from jutong.center.jobs.recipients import check_seals, marked
from jutong.center.jobs.transfer import Priority
from jutong.center.jobs.work import Work
from jutong.center.org import queries as org
from jutong.center.org.actor import Actor
from jutong.center.org.models import Organisation
from jutong.center.org.permissions import Permission
from jutong.contracts.orders import JobOrder
from jutong.contracts.rules import ColumnMask, Rule
from jutong.contracts.steps import StepUnfit
from jutong.kernel.errors import NotFoundError

OPEN = (JobState.ORDERED, JobState.RUNNING, JobState.WAITING, JobState.PAUSED)
"""States of a job that has not ended."""
LANDING = ("postgresql", "mysql", "files", "nats")
"""What rows may land in besides the library."""


@transaction.atomic
def order_job(
    *,
    entry: Entry,
    by: Actor,
    now: datetime,
    target: str = "",
    rules: Sequence[Rule] = (),
    masks: Sequence[ColumnMask] = (),
    work: Work | None = None,
) -> Job:
    """Order the node of an entry's table to move it.

    Args:
        entry: an entry of the actor's own organisation with a bound table.
        by: a steward of the holder.
        now: when.
        target: name of the library's table; by default made from the entry's code.
        rules: asked of every row, by the names of the bound columns.
        masks: put on what passed.
        work: all of these and the rest, instead of them.

    Raises:
        NotFoundError: if the entry is another organisation's.
        EntryUnboundError: if no table is bound.
        RuleColumnError: if something names a column that is not there.
        TargetUnfitError: if it is to land where this department may not.
        JobRunningError: if a job of the entry is under way.
    """
    org.require(by, Permission.JOBS_JOB_ORDER)
    if entry.organisation_id != by.organisation_id:
        raise NotFoundError(what=entry.code)
    work = work or Work(target=target[:63], rules=tuple(rules), masks=tuple(masks))
    return issue_job(entry=entry, work=work, by=by, now=now)


@transaction.atomic
def issue_job(
    *,
    entry: Entry,
    work: Work,
    by: Actor,
    now: datetime,
    transfer: Transfer | None = None,
    cause: str = JobCause.HAND,
    extra: Extra | None = None,
) -> Job:
    """Order a move that somebody with the right to it decided, now or when the transfer was saved.

    With an ``extra`` it is a dry run or a back-fill.

    Raises:
        EntryUnboundError, RuleColumnError, TargetUnfitError, JobRunningError: as ``order_job``.
    """
    locked = Entry.objects.select_for_update().get(id=entry.id)
    running = Job.objects.filter(entry=locked, state__in=OPEN).first()
    if running is not None:
        raise JobRunningError(entry=str(locked), state=JobState(running.state).label)
    binding, source, columns = checked(locked, work)
    more = extra.of_job if extra else {"cause": cause}
    job = Job.objects.create(
        **more, entry=locked, target=where(locked, work)[:128], ordered_by_id=by.user_id, ordered_at=now,
        transfer=transfer, transfer_version=transfer.version if transfer else 0, expected_rows=expected_rows(binding),
        work=work.kept(), rules=[rule.model_dump(mode="json") for rule in work.rules],
        masks=[mask.model_dump(mode="json") for mask in work.masks],
    )  # fmt: skip
    body = JobOrder(
        job_id=str(job.id), source=binding.source, schema_name=binding.schema_name, table=binding.table,
        columns=columns, target=work.target or default_target(locked.code),
        priority=transfer.priority if transfer and transfer.priority != Priority.NORMAL else 0,
        **{**work.ordered, "fingerprint": marked(locked, work)}, **(extra.of_order if extra else {}),
    )  # fmt: skip
    fleet.issue_order(node=source.node, kind="job", body=body, subject_id=job.id, by=by, now=now)
    audit.record(
        event="jobs:job:order", by=by, now=now, subject_kind="job", subject_id=job.id, subject_label=job.target,
        state=job.state, entry=locked.code, node=source.node.name, rules=len(work.rules), masks=len(work.masks),
        **({"transfer": str(transfer.id), "cause": str(cause)} if transfer else {}),
        **(extra.of_event if extra else {}),
    )  # fmt: skip
    return job


def checked(entry: Entry, work: Work) -> tuple[Binding, Source, tuple[str, ...]]:
    """Return the binding of an entry, its source and its columns, if this work can be done on them.

    Raises:
        EntryUnboundError, SourceUnknownError, RuleColumnError, TargetUnfitError: as ``order_job``.
    """
    binding = Binding.objects.filter(entry=entry, ended_at=None).first()
    if binding is None or not binding.is_table:
        raise EntryUnboundError(entry=str(entry))
    source = fleet_queries.source(binding.source)
    columns = columns_of(entry, binding)
    try:
        unfit = work.unfit(columns)
    except StepUnfit as error:
        unfit = [error.column]
    if unfit:
        raise RuleColumnError(columns="、".join(unfit), allowed="、".join(columns))
    check_seals(entry, work, columns)
    marked(entry, work)
    if work.into is not None:
        there = next((row for row in landing_sources(entry, source) if row.name == work.into.source), None)
        if there is None:
            raise TargetUnfitError(source=work.into.source)
        check_file(there, work)
    return binding, source, columns


def landing_sources(entry: Entry, source: Source) -> list[Source]:
    """Return the databases of the same node that an entry's table may land in.

    Those of the holder and of the authority of its division; which schemas are written is the node's own decision.
    """
    owners = {entry.organisation_id}
    authorities = Organisation.objects.filter(division_code=entry.organisation.division_code, is_authority=True)
    owners |= set(authorities.values_list("id", flat=True))
    rows = Source.objects.filter(node=source.node, organisation_id__in=owners, dialect__in=LANDING)
    return list(rows.select_related("organisation").order_by("name"))


def columns_of(entry: Entry, binding: Binding) -> tuple[str, ...]:
    """Return the bound columns in the order of the entry's items, each once."""
    names = Item.objects.filter(version_id=entry.published_id).values_list("name", flat=True)
    return tuple(dict.fromkeys(str(binding.columns[name]) for name in names if binding.columns.get(name)))


def bound_columns(entry: Entry) -> tuple[str, ...]:
    """Return the columns of an entry's bound table, none where no table is bound."""
    binding = Binding.objects.filter(entry=entry, ended_at=None).first()
    return columns_of(entry, binding) if binding is not None and binding.is_table else ()


def item_names(entry: Entry) -> dict[str, str]:
    """Return what the bound columns are called in the entry, by column."""
    binding = Binding.objects.filter(entry=entry, ended_at=None).first()
    return {str(column): str(item) for item, column in binding.columns.items()} if binding is not None else {}


def where(entry: Entry, work: Work) -> str:
    """Return where a move lands, in one line."""
    if work.into is not None:
        between = "/" if file_name(work) else "."
        return f"{work.into.source}:{work.into.schema_name}{between}{work.into.table}"
    return work.target or default_target(entry.code)


def expected_rows(binding: Binding) -> int | None:
    """Return how many rows the table is known to have, None where nothing is."""
    return binding.rows if binding.rows is not None else binding.row_estimate or None


def default_target(code: str) -> str:
    """Return the library table's name of an entry: its code in small letters, digits and underscores."""
    return "t_" + "".join(char if char.isascii() and char.isalnum() else "_" for char in code.lower())
