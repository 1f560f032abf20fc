"""Measures every duty of every agreement in force, day by day, and writes down what was not kept.

A day is measured anew until it is over and its receipts have come in; then it is final. A scan that was missed, or
killed half-way, is made up by the next one.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import transaction

from jutong.center.agreement import figures, judging
from jutong.center.agreement.actions._common import LIVING
from jutong.center.agreement.actions.breaching import find_breach
from jutong.center.agreement.enums import ObligationKind
from jutong.center.agreement.figures import Figures
from jutong.center.agreement.limits import ordered_rows
from jutong.center.agreement.models import Agreement, Measurement, Obligation
from jutong.center.org.actor import Actor, platform_actor
from jutong.kernel.clock import civil_date

GRACE = timedelta(hours=1)
"""How long after midnight receipts of the day before may still come in."""
MOST_DAYS = 31
"""Days that are made up at most; what is older stays without measurement."""
BATCH = 200


def measure(*, now: datetime) -> int:
    """Measure what is in force up to now. Returns how many days of agreements became final."""
    final = 0
    by = platform_actor("agreement measurement")
    ids = list(Agreement.objects.filter(state__in=LIVING).order_by("id").values_list("id", flat=True))
    for start in range(0, len(ids), BATCH):
        final += _batch(ids[start : start + BATCH], by, now)
    return final


@transaction.atomic
def _batch(ids: Sequence[UUID], by: Actor, now: datetime) -> int:
    rows = (
        Agreement.objects.select_for_update(of=("self",), skip_locked=True)
        .filter(id__in=ids, state__in=LIVING)
        .select_related("grant", "application", "provider", "requester")
        .prefetch_related("obligations")
    )
    agreements = list(rows.order_by("id"))
    closed, today = civil_date(now - GRACE) - timedelta(days=1), civil_date(now)
    wanted: dict[date, list[Agreement]] = {}
    for agreement in agreements:
        for day in _days(agreement, today):
            wanted.setdefault(day, []).append(agreement)
    final = 0
    for day in sorted(wanted):
        _measure_day(wanted[day], day, is_final=day <= closed, by=by, now=now)
        if day <= closed:
            final += len(wanted[day])
            Agreement.objects.filter(id__in=[row.id for row in wanted[day]]).update(measured_until=day)
    return final


def _days(agreement: Agreement, today: date) -> list[date]:
    assert agreement.in_force_at is not None  # noqa: S101 - the states say so
    done = agreement.measured_until
    first = done + timedelta(days=1) if done else civil_date(agreement.in_force_at)
    first = max(first, today - timedelta(days=MOST_DAYS))
    return [first + timedelta(days=n) for n in range((today - first).days + 1)]


def _measure_day(agreements: list[Agreement], day: date, *, is_final: bool, by: Actor, now: datetime) -> None:
    grants = {row.grant.id: row.grant.entry_id for row in agreements if row.grant}
    found = figures.of_day(grants, day)
    _add_limits(agreements, found)
    duties = [duty for row in agreements for duty in row.obligations.all() if duty.kind not in judging.BY_CLOCKS]
    earlier = {row.obligation_id: row for row in Measurement.objects.filter(obligation__in=duties, day=day)}
    rows = []
    for agreement in agreements:
        assert agreement.grant is not None  # noqa: S101 - the registry keeps no agreement in force without one
        seen = judging.Day(agreement.grant.id, day, now)
        for duty in agreement.obligations.all():
            if duty.kind in judging.BY_CLOCKS:
                continue
            figure = found[seen.grant_id]
            row = _reading(duty, figure, earlier.get(duty.id), seen)
            row.is_final = is_final
            rows.append(row)
            if is_final and row.met is False and row.value is not None:
                find_breach(
                    agreement=agreement, duty=duty, day=day, value=row.value,
                    evidence=judging.evidence(duty, figure, seen), party=judging.answers_for(duty, figure), by=by,
                    now=now,
                )  # fmt: skip
    Measurement.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["obligation", "day"],
        update_fields=["value", "samples", "met", "is_final"],
    )


def _add_limits(agreements: list[Agreement], found: dict[UUID, Figures]) -> None:
    """Tell the figures of the grants with an agreed condition on rows which of them reached the node."""
    for agreement in agreements:
        figure = found[agreement.grant_id] if agreement.grant_id else None
        if figure is not None and any(duty.kind == ObligationKind.ROWS for duty in agreement.obligations.all()):
            figure.limits = ordered_rows(agreement, figure.binding)


def _reading(duty: Obligation, figure: Figures, before: Measurement | None, day: judging.Day) -> Measurement:
    """Measure a duty; what is read from the present state keeps the worst the day saw, and is not made up later."""
    reading = judging.read(duty, figure, day)
    if duty.kind in judging.WORST_OF_DAY:
        over = civil_date(day.now) > day.on
        kept = before.value if before else None
        value = kept if over else max((one for one in (kept, reading.value) if one is not None), default=None)
        samples = (before.samples if before else 0) + (0 if over else reading.samples)
        reading = judging.Reading(value, samples)
    return Measurement(
        obligation=duty, day=day.on, value=reading.value, samples=reading.samples, met=reading.met(duty)
    )  # fmt: skip
