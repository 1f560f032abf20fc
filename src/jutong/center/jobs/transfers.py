"""交换任务 are made, changed, switched on and off, and run."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.db import transaction

from jutong.center.audit import actions as audit
from jutong.center.catalog.enums import UpdateCycle
from jutong.center.catalog.models import Binding, Entry
from jutong.center.clocks.queries import calendar
from jutong.center.jobs.arriving import PLAN, check_plan
from jutong.center.jobs.errors import (
    EntryUnboundError,
    TransferFollowedError,
    TransferFollowsItselfError,
    TransferStateError,
    TransferUnreadyError,
)
from jutong.center.jobs.models import Job, JobCause
from jutong.center.jobs.ordering import checked, issue_job
from jutong.center.jobs.proposing import chosen, proposal_for
from jutong.center.jobs.releasing import release
from jutong.center.jobs.schedule import Schedule, fresh_until, next_turn
from jutong.center.jobs.transfer import Priority, Transfer, TransferState, TransferVersion
from jutong.center.jobs.work import Work
from jutong.center.org import queries as org
from jutong.center.org.actor import Actor
from jutong.center.org.permissions import Permission
from jutong.kernel.errors import NotFoundError

HOURS_OF_CYCLE = {
    UpdateCycle.REALTIME: 2,
    UpdateCycle.DAILY: 26,
    UpdateCycle.WEEKLY: 8 * 24,
    UpdateCycle.MONTHLY: 32 * 24,
    UpdateCycle.QUARTERLY: 93 * 24,
    UpdateCycle.YEARLY: 367 * 24,
}
"""How old moved data may become when its entry promises a cycle (1272号): the cycle and the time a run takes."""
LONGEST_CHAIN = 20
"""Transfers that wait for one another in a row."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What a transfer says: everything of a version."""

    name: str
    work: Work = field(default_factory=Work)
    schedule: Schedule = field(default_factory=Schedule)
    promised_hours: int | None = None
    priority: int = Priority.NORMAL


def terms_of(kept: Transfer | TransferVersion) -> Terms:
    """Return what a transfer, or one of its versions, says."""
    return Terms(
        name=kept.name,
        work=Work.read(kept.work),
        schedule=Schedule.model_validate(kept.schedule),
        promised_hours=kept.promised_hours,
        priority=kept.priority,
    )


def record(event: str, transfer: Transfer, by: Actor, now: datetime, **details: object) -> None:
    """Write down what happened to a transfer."""
    audit.record(
        event=event, by=by, now=now, subject_kind="transfer", subject_id=transfer.id, subject_label=transfer.name,
        state=transfer.state, version=transfer.version, **details,
    )  # fmt: skip


@transaction.atomic
def draft_transfer(*, entry: Entry, by: Actor, now: datetime) -> Transfer:
    """Begin a transfer of an own entry with what is proposed for it; it does not run before it is switched on.

    Raises:
        NotFoundError: if the entry is another organisation's.
        EntryUnboundError: if no table is bound.
    """
    org.require(by, Permission.JOBS_JOB_ORDER)
    if entry.organisation_id != by.organisation_id:
        raise NotFoundError(what=entry.code)
    binding = Binding.objects.filter(entry=entry, ended_at=None).first()
    if binding is None or not binding.is_table or entry.published is None:
        raise EntryUnboundError(entry=str(entry))
    terms = Terms(
        name=entry.published_name[:80],
        work=chosen(proposal_for(entry, binding)),
        promised_hours=HOURS_OF_CYCLE.get(UpdateCycle(entry.published.update_cycle)),
    )
    transfer = Transfer(entry=entry, created_by_id=by.user_id, created_at=now, state_by_id=by.user_id, state_at=now)
    _put(transfer, terms)
    transfer.save()
    record("jobs:transfer:draft", transfer, by, now, entry=entry.code)
    return transfer


def _put(transfer: Transfer, terms: Terms) -> None:
    transfer.name, transfer.priority, transfer.promised_hours = terms.name[:80], terms.priority, terms.promised_hours
    transfer.work, transfer.schedule = terms.work.kept(), terms.schedule.model_dump(mode="json")
    transfer.follows_id = terms.schedule.transfer or None


@transaction.atomic
def change_transfer(*, transfer: Transfer, by: Actor, now: datetime, **changes: Any) -> Transfer:
    """Change what a transfer says; anything but a draft gets a new version. Runs under way stay as ordered.

    Args:
        transfer: of the own department.
        by: a steward.
        now: when.
        **changes: fields of :class:`Terms`.

    Raises:
        NotFoundError: for another department's transfer, or one to wait for that is not there.
        TransferFollowsItselfError: if it would wait for itself.
        NoArrivalsError: if it would wait for files where none come.
        RuleColumnError, TargetUnfitError, EntryUnboundError: if the work does not fit the table as it is bound now.
    """
    locked = own(transfer, by)
    before = terms_of(locked)
    terms = replace(before, **changes)
    if terms == before:
        return locked
    checked(locked.entry, terms.work)
    check_plan(locked.entry, terms.schedule)
    _check_chain(locked, terms.schedule, by)
    _put(locked, terms)
    if locked.state != TransferState.DRAFT:
        _new_version(locked, by, now)
        locked.next_at = locked.next_at if before.schedule.kind == terms.schedule.kind else None
        plan(locked, now)
    locked.save()
    record("jobs:transfer:change", locked, by, now, changed=sorted(changes))
    release(locked, before.work, by=by, now=now)
    return locked


def own(transfer: Transfer, by: Actor) -> Transfer:
    """Return a transfer of the actor's own department, locked.

    Raises:
        NotFoundError: for another department's.
    """
    org.require(by, Permission.JOBS_JOB_ORDER)
    rows = Transfer.objects.select_for_update(of=("self",)).select_related("entry__organisation", "entry__published")
    locked = rows.filter(id=transfer.id, entry__organisation_id=by.organisation_id or org.NOBODY).first()
    if locked is None:
        raise NotFoundError(what=str(transfer.id))
    return locked


def to_run(transfer: Transfer, by: Actor) -> Transfer:
    """Return a transfer that the actor may run, locked.

    Besides its own department that is the operator at the machine, as the schedule does: only what is switched on,
    which was the department's decision.

    Raises:
        NotFoundError: for another department's, and to the operator for one that is not on.
    """
    if not by.is_platform:
        return own(transfer, by)
    rows = Transfer.objects.select_for_update(of=("self",)).select_related("entry__organisation", "entry__published")
    locked = rows.filter(id=transfer.id, state=TransferState.ON).first()
    if locked is None:
        raise NotFoundError(what=transfer.name)
    return locked


def _check_chain(transfer: Transfer, schedule: Schedule, by: Actor) -> None:
    """See that what is waited for is there, the own department's, and does not wait for this one in turn."""
    next_id: Any = schedule.transfer
    for _ in range(LONGEST_CHAIN):
        if not next_id:
            return
        before = Transfer.objects.filter(id=next_id, entry__organisation_id=by.organisation_id or org.NOBODY).first()
        if before is None:
            raise NotFoundError(what=str(next_id))
        if before.id == transfer.id:
            break
        next_id = before.follows_id
    raise TransferFollowsItselfError(name=transfer.name)


def _new_version(transfer: Transfer, by: Actor, now: datetime) -> None:
    transfer.version += 1
    TransferVersion.objects.create(
        transfer=transfer, number=transfer.version, name=transfer.name, work=transfer.work, schedule=transfer.schedule,
        promised_hours=transfer.promised_hours, priority=transfer.priority, made_by_id=by.user_id, made_at=now,
    )  # fmt: skip


def plan(transfer: Transfer, now: datetime) -> None:
    """Work out when a transfer runs next and until when its data is fresh; the caller saves it."""
    if transfer.state != TransferState.ON:
        transfer.next_at = transfer.due_at = transfer.late_at = None
        return
    known, schedule = calendar(), Schedule.model_validate(transfer.schedule)
    if schedule.kind != PLAN:  # files that came while it ran are not forgotten
        transfer.next_at = next_turn(schedule, after=now, calendar=known)
    since = transfer.fresh_at or transfer.state_at
    hours = transfer.promised_hours
    transfer.due_at = fresh_until(schedule, since=since, hours=hours, calendar=known) if hours else None
    if transfer.due_at is None or transfer.due_at > now:
        transfer.late_at = None


@transaction.atomic
def switch_on(*, transfer: Transfer, by: Actor, now: datetime) -> Transfer:
    """Let a transfer run: a draft becomes version 1, one that was switched off goes on.

    Raises:
        NotFoundError: for another department's.
        TransferStateError: if it is on.
        RuleColumnError, TargetUnfitError, EntryUnboundError: if its work does not fit the table as it is bound now.
    """
    locked = own(transfer, by)
    if locked.state == TransferState.ON:
        raise TransferStateError(name=locked.name, state=TransferState(locked.state).label)
    checked(locked.entry, Work.read(locked.work))
    if locked.state == TransferState.DRAFT:
        _new_version(locked, by, now)
    _set_state(locked, TransferState.ON, "", by, now)
    return locked


@transaction.atomic
def switch_off(*, transfer: Transfer, reason: str, by: Actor, now: datetime) -> Transfer:
    """Let a transfer run no more until it is switched on again; a run under way goes on.

    Raises:
        NotFoundError: for another department's.
        TransferStateError: if it is not on.
        TransferFollowedError: if others wait for it.
    """
    locked = own(transfer, by)
    if locked.state != TransferState.ON:
        raise TransferStateError(name=locked.name, state=TransferState(locked.state).label)
    waiting = locked.followers.filter(state=TransferState.ON).first()
    if waiting is not None:
        raise TransferFollowedError(name=locked.name, other=waiting.name)
    _set_state(locked, TransferState.OFF, reason, by, now)
    release(locked, Work.read(locked.work), by=by, now=now)
    return locked


def _set_state(transfer: Transfer, state: TransferState, reason: str, by: Actor, now: datetime) -> None:
    transfer.state, transfer.state_reason, transfer.problem = state, reason.strip()[:200], ""
    transfer.state_at, transfer.state_by_id = now, by.user_id
    plan(transfer, now)
    transfer.save()
    record("jobs:transfer:switch", transfer, by, now, reason=transfer.state_reason)


@transaction.atomic
def discard_draft(*, transfer: Transfer, by: Actor, now: datetime) -> None:
    """Throw a draft away.

    Raises:
        NotFoundError: for another department's.
        TransferStateError: if it is no draft.
    """
    locked = own(transfer, by)
    if locked.state != TransferState.DRAFT:
        raise TransferStateError(name=locked.name, state=TransferState(locked.state).label)
    record("jobs:transfer:discard", locked, by, now)
    locked.delete()


@transaction.atomic
def save_transfer(*, entry: Entry, terms: Terms, by: Actor, now: datetime) -> Transfer:
    """Make a transfer and switch it on in one step.

    Raises:
        JutongError: what :func:`draft_transfer`, :func:`change_transfer` and :func:`switch_on` refuse.
    """
    made = draft_transfer(entry=entry, by=by, now=now)
    changed = change_transfer(
        transfer=made, by=by, now=now, name=terms.name, work=terms.work, schedule=terms.schedule,
        promised_hours=terms.promised_hours, priority=terms.priority,
    )  # fmt: skip
    return switch_on(transfer=changed, by=by, now=now)


@transaction.atomic
def run_transfer(*, transfer: Transfer, by: Actor, now: datetime) -> Job:
    """Order a run now, whatever the plan says.

    Raises:
        NotFoundError: for another department's.
        TransferUnreadyError: for a draft.
        JobRunningError: if a job of the entry is under way.
        RuleColumnError, TargetUnfitError, EntryUnboundError: if its work does not fit the table as it is bound now.
    """
    locked = to_run(transfer, by)
    if locked.state == TransferState.DRAFT:
        raise TransferUnreadyError(name=locked.name)
    return issue_job(
        entry=locked.entry, work=Work.read(locked.work), by=by, now=now, transfer=locked, cause=JobCause.HAND
    )
