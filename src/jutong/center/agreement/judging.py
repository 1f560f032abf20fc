"""From figures to a measurement, and from a measurement that falls short to its evidence and who answers for it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from jutong.center.agreement import figures as of
from jutong.center.agreement.enums import ObligationKind, Party
from jutong.center.agreement.figures import Figures
from jutong.center.agreement.models import Obligation
from jutong.center.catalog.enums import BindingHealth
from jutong.center.sharing.models import Violation

FEWEST = 20
"""Calls below which a day says nothing of availability or answer time."""
WHOLE = 10_000
"""Availability is counted in parts of ten thousand."""
HELD_BACK = 1.1
"""Calls tried beyond the quota count once they pass it by a tenth: the gateway refuses the first ones anyway."""
LEAKED = "R3"
"""The violation that data was given to a third party."""
WORST_OF_DAY = frozenset({ObligationKind.FRESHNESS, ObligationKind.QUALITY, ObligationKind.ROWS})
"""Read from the present state, so that a day keeps the worst it saw."""
BY_CLOCKS = frozenset({ObligationKind.CORRECTION, ObligationKind.DISPOSAL})
"""Broken by a period of the law that ran out; nothing but a breach is written of them."""


@dataclass(frozen=True, slots=True)
class Day:
    """Which grant's day is read, and when."""

    grant_id: UUID
    on: date
    now: datetime


@dataclass(frozen=True, slots=True)
class Reading:
    """What a day says of a duty; ``value`` is empty where it says nothing."""

    value: int | None
    samples: int

    def met(self, duty: Obligation) -> bool | None:
        """Tell whether the duty was kept."""
        if self.value is None:
            return None
        if duty.kind == ObligationKind.AVAILABILITY:
            return self.value >= duty.bound
        if duty.kind == ObligationKind.QUOTA:
            return self.value <= duty.bound * HELD_BACK
        return self.value <= duty.bound


def read(duty: Obligation, figures: Figures, day: Day) -> Reading:
    """Return what the figures say of a duty on a day."""
    reader = _READERS.get(ObligationKind(duty.kind))
    return reader(figures, day) if reader else Reading(None, 0)


def _availability(figures: Figures, _day: Day) -> Reading:
    answered = figures.count({of.OK})
    due = answered + figures.count(of.SOURCE_FAULTS) + figures.count(of.PLATFORM_FAULTS)
    return Reading(answered * WHOLE // due if due >= FEWEST else None, due)


def _response(figures: Figures, _day: Day) -> Reading:
    return Reading(figures.p95_ms if figures.timed >= FEWEST else None, figures.timed)


def _freshness(figures: Figures, day: Day) -> Reading:
    probed = figures.binding.newest_at if figures.binding else None
    newest = max(filter(None, (probed, figures.newest_at)), default=None)
    if newest is None:
        return Reading(None, 0)
    return Reading(max(math.ceil((day.now - newest) / timedelta(hours=1)), 0), 1)


def _quality(figures: Figures, _day: Day) -> Reading:
    binding, late = figures.binding, len(figures.defects)
    if binding is None or binding.health == BindingHealth.UNKNOWN:
        return Reading(late or None, late)
    return Reading(late + (0 if binding.health == BindingHealth.OK else max(len(binding.problems), 1)), 1 + late)


def _rows(figures: Figures, _day: Day) -> Reading:
    limits = figures.limits
    return Reading(None, 0) if limits is None else Reading(len(limits.missing), limits.agreed)


def _quota(figures: Figures, _day: Day) -> Reading:
    calls = figures.count({of.OK}) + figures.count(of.OVER_QUOTA)
    return Reading(calls, calls)


def _scope(figures: Figures, _day: Day) -> Reading:
    return Reading(figures.count(of.STRAY), sum(figures.outcomes.values()))


def _third_party(_figures: Figures, day: Day) -> Reading:
    return Reading(len(leaks(day.grant_id, day.on)), 1)


_READERS: dict[ObligationKind, Callable[[Figures, Day], Reading]] = {
    ObligationKind.AVAILABILITY: _availability,
    ObligationKind.RESPONSE: _response,
    ObligationKind.FRESHNESS: _freshness,
    ObligationKind.QUALITY: _quality,
    ObligationKind.ROWS: _rows,
    ObligationKind.QUOTA: _quota,
    ObligationKind.SCOPE: _scope,
    ObligationKind.THIRD_PARTY: _third_party,
}


def leaks(grant_id: UUID, day: date) -> list[str]:
    """Return the violations of a day that say data of a grant reached a third party."""
    first, last = of.span(day)
    rows = Violation.objects.filter(
        code=LEAKED, subject_kind="grant", subject_id__startswith=str(grant_id), found_at__gte=first, found_at__lt=last
    )
    return [str(found) for found in rows.values_list("id", flat=True)]


def evidence(duty: Obligation, figures: Figures, day: Day) -> dict[str, Any]:
    """Return what proves that a duty was not kept: records, probes, reports; never a value of a row."""
    kind = ObligationKind(duty.kind)
    if kind == ObligationKind.AVAILABILITY:
        faults = of.SOURCE_FAULTS | of.PLATFORM_FAULTS
        shown = {code: number for code, number in sorted(figures.outcomes.items()) if code in faults}
        return {
            "outcomes": {of.OK: figures.count({of.OK}), **shown},
            "records": of.records(day.grant_id, day.on, faults),
        }
    if kind == ObligationKind.RESPONSE:
        return {"p95_ms": figures.p95_ms, "records": of.slow_records(day.grant_id, day.on, duty.bound)}
    if kind == ObligationKind.ROWS and figures.limits is not None:
        return {"order": figures.limits.order, "missing": list(figures.limits.missing)}
    if kind in WORST_OF_DAY:
        late = figures.defects[: of.SHOWN_RECORDS] if kind == ObligationKind.QUALITY else ()
        return _probe(figures) | ({"findings": list(late)} if late else {})
    if kind == ObligationKind.THIRD_PARTY:
        return {"violations": leaks(day.grant_id, day.on)}
    codes = of.OVER_QUOTA if kind == ObligationKind.QUOTA else of.STRAY
    shown = {code: number for code, number in sorted(figures.outcomes.items()) if code in codes}
    return {"outcomes": shown, "records": of.records(day.grant_id, day.on, codes)}


def _probe(figures: Figures) -> dict[str, Any]:
    binding = figures.binding
    if binding is None:
        return {"binding": ""}
    return {
        "binding": str(binding.id),
        "source": binding.source,
        "health": binding.health,
        "problems": [str(problem)[:200] for problem in binding.problems][:10],
        "newest_at": binding.newest_at.isoformat() if binding.newest_at else "",
        "checked_at": binding.checked_at.isoformat() if binding.checked_at else "",
    }


def answers_for(duty: Obligation, figures: Figures) -> Party:
    """Return who answers for a duty that was not kept.

    The platform, where most answers failed for it or its order left out a condition on rows.
    """
    if duty.kind == ObligationKind.ROWS:
        return Party.PLATFORM
    if duty.kind == ObligationKind.AVAILABILITY and figures.count(of.PLATFORM_FAULTS) > figures.count(of.SOURCE_FAULTS):
        return Party.PLATFORM
    return Party(duty.side)
