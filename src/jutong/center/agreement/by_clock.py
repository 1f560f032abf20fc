"""Periods of the law that ran out and break an agreement too: a correction not answered, data not disposed of."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.apps import apps

from jutong.center.agreement.actions.breaching import find_breach
from jutong.center.agreement.enums import ObligationKind, Party
from jutong.center.agreement.models import Agreement
from jutong.center.clocks.models import StatutoryClock
from jutong.center.org.actor import Actor
from jutong.kernel.clock import civil_date

_CASES = {
    "SLA-COR": ("correction", "Correction", ObligationKind.CORRECTION),
    "SLA-DISPOSE": ("remedy", "Disposal", ObligationKind.DISPOSAL),
}
"""By period: where its case is kept, and the duty it breaks."""


def on_breached(clock: StatutoryClock, *, by: Actor, now: datetime) -> None:
    """Write down the breach of the agreement the late case belongs to, if it belongs to one."""
    if clock.period not in _CASES:
        return
    app, name, kind = _CASES[clock.period]
    case: Any = apps.get_model(app, name).objects.filter(id=clock.subject_id).first()
    if case is None or case.grant_id is None:
        return
    agreement = (
        Agreement.objects.filter(grant_id=case.grant_id)
        .exclude(in_force_at=None)
        .select_related("application__provider", "provider", "requester")
        .order_by("-version")
        .first()
    )
    duty = agreement.obligations.filter(kind=kind).first() if agreement else None
    if agreement is None or duty is None:
        return
    evidence = {"clock": str(clock.id), "period": clock.period, "case": case.number, "due_on": clock.due_on.isoformat()}
    find_breach(
        agreement=agreement, duty=duty, day=civil_date(now), value=1, evidence=evidence, party=Party(duty.side), by=by,
        now=now,
    )  # fmt: skip
