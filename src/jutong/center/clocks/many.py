"""Clocks of many subjects at once: one reading of the calendar, one statement, one audit event per clock."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext

from jutong.center.audit.actions import Subject, record_all
from jutong.center.clocks.enums import ClockState
from jutong.center.clocks.errors import ClockNotRunningError
from jutong.center.clocks.models import StatutoryClock
from jutong.center.clocks.queries import calendar, days_to_keep, period_name
from jutong.center.clocks.rules import Rules
from jutong.center.org.actor import Actor
from jutong.center.org.models import Organisation
from jutong.kernel.clock import civil_date
from jutong.kernel.deadlines import compute

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
    bound, rules, days = list(subjects), Rules(day), calendar()
    found = {division: rules.period(period, division) for division in {one.organisation.division_code for one in bound}}
    dues = {division: compute(day, ruled.period.length, days) for division, ruled in found.items()}
    clocks = [
        StatutoryClock(
            period=period,
            clause=(ruled := found[subject.organisation.division_code]).clause,
            subject_kind=subject_kind,
            subject_id=str(subject.id),
            subject_label=subject.label[:200],
            organisation=subject.organisation,
            started_on=day,
            length=ruled.period.length,
            law_version=ruled.law.version,
            rule_set=ruled.rule_set,
            extension_cap=ruled.period.extension_cap,
            due_on=(due := dues[subject.organisation.division_code]).due_on,
            is_provisional=due.provisional,
        )
        for subject in bound
    ]
    StatutoryClock.objects.bulk_create(clocks, batch_size=_BATCH)
    record_all(event="clocks:clock:start", by=by, now=now, subjects=map(told, clocks))
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
    today, days = civil_date(now), calendar()
    for clock in clocks:
        clock.state = ClockState.LATE if today > clock.due_on else ClockState.MET
        clock.stopped_at = now
        took = days_to_keep(clock, today, days)
        clock.gross_days, clock.net_days = (took.gross, took.net) if took else (None, None)
    _end(clocks, now)
    record_all(event="clocks:clock:stop", by=by, now=now, subjects=[told(row, outcome=row.state) for row in clocks])
    return clocks


def _end(clocks: Iterable[StatutoryClock], now: datetime) -> None:
    """Write the ends: one statement for all that ended alike, which is nearly always all of them."""
    alike: dict[tuple[str, int | None, int | None], list[UUID]] = {}
    for clock in clocks:
        alike.setdefault((clock.state, clock.gross_days, clock.net_days), []).append(clock.id)
    for (state, gross, net), ended in alike.items():
        StatutoryClock.objects.filter(id__in=ended).update(
            state=state, stopped_at=now, gross_days=gross, net_days=net
        )  # fmt: skip


def told(clock: StatutoryClock, **details: object) -> Subject:
    """Return what the audit trail says of a clock."""
    said = {"period": clock.period, "due_on": clock.due_on.isoformat(), "provisional": clock.is_provisional}
    return Subject(clock.subject_kind, clock.subject_id, clock.subject_label, {**said, **details})
