"""Clocks of many subjects at once: one reading of the calendar, one statement, one audit event per clock."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext

from jutong.center.audit.actions import Subject, record_all
from jutong.center.clocks.enums import ClockState
from jutong.center.clocks.errors import ClockNotRunningError
from jutong.center.clocks.models import StatutoryClock
from jutong.center.clocks.queries import calendar, period_name
from jutong.center.org.actor import Actor
from jutong.center.org.models import Organisation
from jutong.kernel.clock import civil_date
from jutong.kernel.deadlines import compute
from jutong.standards import periods

_BATCH = 500


@dataclass(frozen=True, slots=True)
class Bound:
    """What a clock is about, and who must act."""

    id: object
    label: str
    organisation: Organisation


@transaction.atomic
def start_all(
    *,
    period: str,
    subject_kind: str,
    subjects: Iterable[Bound],
    by: Actor,
    now: datetime,
    started_on: date | None = None,
) -> list[StatutoryClock]:
    """Start a clock per subject, as ``actions.start`` does for one.

    Raises:
        CalendarYearMissingError: if the due date lies in a year without calendar; then none is started.
        PeriodUnknownError: if no such period is in force on that day.
        IntegrityError: if a subject has a running clock of this period.
    """
    day = started_on or civil_date(now)
    law = periods.period(period, on=day)
    due = compute(day, law.length, calendar())
    clocks = [
        StatutoryClock(
            period=period,
            clause=f"{law.source}{law.clause}",
            subject_kind=subject_kind,
            subject_id=str(subject.id),
            subject_label=subject.label[:200],
            organisation=subject.organisation,
            started_on=day,
            length=law.length,
            due_on=due.due_on,
            is_provisional=due.provisional,
        )
        for subject in subjects
    ]
    StatutoryClock.objects.bulk_create(clocks, batch_size=_BATCH)
    record_all(event="clocks:clock:start", by=by, now=now, subjects=map(_told, clocks))
    return clocks


@transaction.atomic
def stop_all(
    *, period: str, subject_kind: str, subject_ids: Sequence[object], by: Actor, now: datetime
) -> list[StatutoryClock]:
    """End the running clock of each subject because the duty was met, on time or late.

    Raises:
        ClockNotRunningError: if one has none; then none is ended.
    """
    wanted = {str(subject) for subject in subject_ids}
    clocks = list(
        StatutoryClock.objects.select_for_update(of=("self",))
        .filter(subject_kind=subject_kind, subject_id__in=wanted, period=period, state=ClockState.RUNNING)
        .order_by("id")
    )
    missing = wanted - {clock.subject_id for clock in clocks}
    if missing:
        name = period_name(period, civil_date(now))
        raise ClockNotRunningError(subject=min(missing), period=name, step=gettext("停止计时"))
    for clock in clocks:
        clock.state = ClockState.LATE if civil_date(now) > clock.due_on else ClockState.MET
        clock.stopped_at = now
    for state in (ClockState.LATE, ClockState.MET):
        ended = [clock.id for clock in clocks if clock.state == state]
        StatutoryClock.objects.filter(id__in=ended).update(state=state, stopped_at=now)
    record_all(event="clocks:clock:stop", by=by, now=now, subjects=[_told(row, outcome=row.state) for row in clocks])
    return clocks


def _told(clock: StatutoryClock, **details: object) -> Subject:
    told = {"period": clock.period, "due_on": clock.due_on.isoformat(), "provisional": clock.is_provisional}
    return Subject(clock.subject_kind, clock.subject_id, clock.subject_label, {**told, **details})
