"""Starting, pausing, extending and ending the law's clocks. Each happens inside the action that causes it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext

from jutong.center.audit.actions import record_all
from jutong.center.clocks.calendars import load_calendar_year, override_day, recount, settle_provisional
from jutong.center.clocks.enums import ClockState
from jutong.center.clocks.errors import (
    ClockNotRunningError,
    ClockRanOutError,
    ClockRunningError,
    ExtensionTooLongError,
)
from jutong.center.clocks.many import told
from jutong.center.clocks.models import StatutoryClock
from jutong.center.clocks.queries import OPEN, calendar, days_to_keep, period_name
from jutong.center.clocks.rules import cap_of, period_for
from jutong.center.constraints import constraint_errors
from jutong.center.org.actor import Actor
from jutong.center.org.models import Organisation
from jutong.kernel.clock import civil_date
from jutong.kernel.deadlines import compute
from jutong.standards import periods

__all__ = [
    "cancel",
    "extend",
    "load_calendar_year",
    "override_day",
    "pause",
    "resume",
    "scan_breaches",
    "settle_provisional",
    "start",
    "stop",
]
SCAN_BATCH = 500


@transaction.atomic
def start(
    *,
    period: str,
    subject_kind: str,
    subject_id: object,
    subject_label: str,
    organisation: Organisation,
    by: Actor,
    now: datetime,
    started_on: date | None = None,
    length: int | None = None,
) -> StatutoryClock:
    """Start a clock of the law; the day of receipt is day 0.

    Args:
        period: the id of the period in ``standards.periods``, such as ``SLA-REP-C``.
        subject_kind: what the clock is about, such as ``application``.
        subject_id: its id.
        subject_label: what people call it.
        organisation: who must act.
        by: who caused it.
        now: when.
        started_on: the day of the event, where it is not the day of ``now`` (a change of law, 条例 17).
        length: working days set for this one case, where the law leaves them to it (条例 27(2)).

    Raises:
        PeriodLooserError: for a length looser than a statutory period.
        CalendarYearMissingError: if the due date lies in a year without calendar; then nothing is started.
        PeriodUnknownError: if no such period is in force on that day.
        ClockRunningError: if the subject has a running clock of this period.
    """
    day = started_on or civil_date(now)
    ruled = period_for(period, organisation.division_code, on=day)
    law = ruled.period
    if length is not None:
        law = periods.localise(law, length)
    due = compute(day, law.length, calendar())
    clock = StatutoryClock(
        period=period,
        clause=ruled.clause,
        subject_kind=subject_kind,
        subject_id=str(subject_id),
        subject_label=subject_label[:200],
        organisation=organisation,
        started_on=day,
        length=law.length,
        law_version=ruled.law.version,
        rule_set=ruled.rule_set,
        extension_cap=law.extension_cap,
        due_on=due.due_on,
        is_provisional=due.provisional,
    )
    with constraint_errors(
        one_running_clock_per_subject=ClockRunningError(subject=subject_label, period=period_name(period, day))
    ):
        clock.save(force_insert=True)
    _record("start", clock, by, now)
    return clock


@transaction.atomic
def pause(*, subject_kind: str, subject_id: object, period: str, by: Actor, now: datetime) -> StatutoryClock:
    """Let a clock stand still from today on (补正, rulebook 1.7#1).

    Raises:
        ClockNotRunningError: if there is none, or it stands still.
        ClockRanOutError: if its last day has passed.
    """
    clock = _locked(subject_kind, subject_id, period, step=gettext("暂停计时"), now=now, states={ClockState.RUNNING})
    today = civil_date(now)
    if today > clock.due_on:
        raise ClockRanOutError(subject=clock.subject_label, due=clock.due_on, step=gettext("暂停计时"))
    clock.pauses = [*clock.pauses, [today.isoformat(), None]]
    clock.state = ClockState.PAUSED
    clock.save(update_fields=["pauses", "state"])
    _record("pause", clock, by, now)
    return clock


@transaction.atomic
def resume(*, subject_kind: str, subject_id: object, period: str, by: Actor, now: datetime) -> StatutoryClock:
    """Let a paused clock go on: the days it had left are counted from the day after today.

    Raises:
        ClockNotRunningError: if there is no paused one.
        CalendarYearMissingError: if the new due date lies in a year without calendar.
    """
    clock = _locked(subject_kind, subject_id, period, step=gettext("恢复计时"), now=now, states={ClockState.PAUSED})
    _close_pause(clock, civil_date(now))
    recount(clock, calendar())
    clock.state = ClockState.RUNNING
    clock.save(update_fields=["pauses", "state", "due_on", "is_provisional"])
    _record("resume", clock, by, now)
    return clock


@transaction.atomic
def extend(
    *, subject_kind: str, subject_id: object, period: str, days: int, by: Actor, now: datetime
) -> StatutoryClock:
    """Extend an open clock by working days; consent and notice are the caller's steps (条例 17, 21).

    Raises:
        ExtensionTooLongError: past what the law allows in all, or for less than one day.
        ClockRanOutError: if the last day has passed.
        ClockNotRunningError: if there is no open one.
    """
    step = gettext("延长期限")
    clock = _locked(subject_kind, subject_id, period, step=step, now=now, states=OPEN)
    if clock.state == ClockState.RUNNING and civil_date(now) > clock.due_on:
        raise ClockRanOutError(subject=clock.subject_label, due=clock.due_on, step=step)
    allowed = cap_of(clock) - clock.extension
    if not 1 <= days <= allowed:
        raise ExtensionTooLongError(found=days, allowed=allowed, clause=clock.clause)
    clock.extension += days
    recount(clock, calendar())
    clock.save(update_fields=["extension", "due_on", "is_provisional"])
    _record("extend", clock, by, now, days=days)
    return clock


@transaction.atomic
def stop(*, subject_kind: str, subject_id: object, period: str, by: Actor, now: datetime) -> StatutoryClock:
    """End a clock because the duty was met, on time or late; the days it took are kept, gross and net.

    Raises:
        ClockNotRunningError: if there is no open one.
    """
    clock = _locked(subject_kind, subject_id, period, step=gettext("停止计时"), now=now, states=OPEN)
    late = clock.state == ClockState.RUNNING and civil_date(now) > clock.due_on
    return _end(clock, ClockState.LATE if late else ClockState.MET, by, now)


@transaction.atomic
def cancel(*, subject_kind: str, subject_id: object, by: Actor, now: datetime) -> int:
    """Call off every open clock of a subject, because the duty fell away. Returns how many."""
    found = StatutoryClock.objects.filter(
        subject_kind=subject_kind, subject_id=str(subject_id), state__in=OPEN
    ).select_for_update(of=("self",))
    for clock in found:
        _end(clock, ClockState.CANCELLED, by, now)
    return len(found)


@transaction.atomic
def scan_breaches(*, by: Actor, now: datetime) -> list[StatutoryClock]:
    """Mark the clocks whose last day passed unmet, each once, and return them; late is never implied consent.

    A clock met late between two scans is found too. At most ``SCAN_BATCH`` come back; scan again until none does.
    """
    settle_provisional(by=by, now=now)
    today = civil_date(now)
    overdue = StatutoryClock.objects.filter(breached_at=None).filter(
        state=ClockState.RUNNING, due_on__lt=today
    ) | StatutoryClock.objects.filter(breached_at=None, state=ClockState.LATE)
    found = list(overdue.select_for_update(of=("self",), skip_locked=True).select_related("organisation")[:SCAN_BATCH])
    for clock in found:
        clock.breached_at = now
    StatutoryClock.objects.filter(id__in=[clock.id for clock in found]).update(breached_at=now)
    record_all(event="clocks:clock:breach", by=by, now=now, subjects=map(told, found))
    return found


def _locked(
    subject_kind: str, subject_id: object, period: str, *, step: str, now: datetime, states: Collection[str]
) -> StatutoryClock:
    found = (
        StatutoryClock.objects.select_for_update(of=("self",))
        .select_related("organisation")
        .filter(subject_kind=subject_kind, subject_id=str(subject_id), period=period, state__in=states)
        .first()
    )
    if found is None:
        raise ClockNotRunningError(subject=str(subject_id), period=period_name(period, civil_date(now)), step=step)
    return found


def _close_pause(clock: StatutoryClock, today: date) -> None:
    first, last = clock.pauses[-1]
    if last is None:
        clock.pauses = [*clock.pauses[:-1], [first, max(today.isoformat(), first)]]


def _end(clock: StatutoryClock, state: ClockState, by: Actor, now: datetime) -> StatutoryClock:
    if clock.state == ClockState.PAUSED:
        _close_pause(clock, civil_date(now))
        recount(clock, calendar())
    clock.state = state
    clock.stopped_at = now
    took = days_to_keep(clock, civil_date(now), calendar())
    clock.gross_days, clock.net_days = (took.gross, took.net) if took else (None, None)
    fields = ["pauses", "state", "stopped_at", "due_on", "is_provisional", "gross_days", "net_days"]
    clock.save(update_fields=fields)
    _record("cancel" if state == ClockState.CANCELLED else "stop", clock, by, now, outcome=state.value)
    return clock


def _record(verb: str, clock: StatutoryClock, by: Actor, now: datetime, **details: object) -> None:
    record_all(event=f"clocks:clock:{verb}", by=by, now=now, subjects=(told(clock, **details),))
