"""What every step of a need shares: the lock, the door, the audit event, the notices, the clocks."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from jutong.center.audit import actions as audit
from jutong.center.clocks import actions as clocks
from jutong.center.clocks.models import StatutoryClock
from jutong.center.clocks.queries import OPEN
from jutong.center.demand.enums import DemandEvent
from jutong.center.demand.models import Demand
from jutong.center.demand.parties import participants, sides_of
from jutong.center.demand.rules import DEMANDS
from jutong.center.org import queries as org
from jutong.center.org.actor import Actor
from jutong.center.org.enums import Role
from jutong.center.org.models import Organisation
from jutong.center.process import admission
from jutong.center.process.table import Row
from jutong.center.sharing.actions._common import notify

SUBJECT = "demand"
"""The subject kind of a need's clocks and audit events."""


def begin(demand: Demand, event: DemandEvent, by: Actor) -> tuple[Demand, Row]:
    """Lock a need and return it with the row of a step the actor may take now.

    Raises:
        StepNotAllowedError: if the state does not allow the event.
        WrongSideError: if it belongs to other parties.
        ForbiddenError: if the post does not carry the permission.
    """
    locked = (
        Demand.objects.select_for_update(of=("self",))
        .select_related("requester", "holder", "entry__published", "draft", "created_by")
        .get(id=demand.id)
    )
    return locked, admission.admit(DEMANDS, locked.state, event, sides=sides_of(locked, by), label=locked.number, by=by)


def moved(demand: Demand, row: Row, now: datetime, *fields: str) -> None:
    """Write a need in its new state."""
    demand.state, demand.changed_at = row.next, now
    demand.save(update_fields=["state", "changed_at", *fields])


def ended(demand: Demand, row: Row, now: datetime, *fields: str) -> None:
    """Write a need in its last state."""
    demand.ended_at = now
    moved(demand, row, now, "ended_at", *fields)


def user_id(by: Actor) -> UUID:
    """Return who acts; the table admits people only where a person's name is written down."""
    return by.user_id or org.NOBODY


def record(verb: str, demand: Demand, by: Actor, now: datetime, **details: object) -> None:
    """Write the audit event of a step."""
    audit.record(
        event=f"demand:demand:{verb}", by=by, now=now, subject_kind=SUBJECT, subject_id=demand.id,
        subject_label=str(demand), state=str(demand.state), **details,
    )  # fmt: skip


def link(demand: Demand) -> str:
    """Return where a need's page is."""
    return f"/demands/{demand.number}"


def tell(organisation: Organisation, role: Role | None, text: str, demand: Demand, now: datetime, **more: str) -> None:
    """Leave a notice about a need."""
    notify(organisation, role, text, link(demand), now, number=demand.number, title=demand.title, **more)


def tell_participants(text: str, demand: Demand, now: datetime, **more: str) -> None:
    """Leave a notice for everybody who stated or joined a need."""
    for organisation in Organisation.objects.filter(id__in=participants(demand)).order_by("code"):
        tell(organisation, None, text, demand, now, **more)


def start_clock(period: str, demand: Demand, organisation: Organisation, by: Actor, now: datetime) -> None:
    """Start a clock of a need against whoever has to act."""
    clocks.start(
        period=period, subject_kind=SUBJECT, subject_id=demand.id, subject_label=str(demand)[:200],
        organisation=organisation, by=by, now=now,
    )  # fmt: skip


def stop_clock(period: str, demand: Demand, by: Actor, now: datetime) -> None:
    """Stop a clock of a need where it runs, on time or late."""
    running = StatutoryClock.objects.filter(
        period=period, subject_kind=SUBJECT, subject_id=str(demand.id), state__in=OPEN
    )
    if running.exists():
        clocks.stop(subject_kind=SUBJECT, subject_id=demand.id, period=period, by=by, now=now)


def cancel_clocks(demand: Demand, by: Actor, now: datetime) -> None:
    """Call off every clock of a need, because the duty fell away."""
    clocks.cancel(subject_kind=SUBJECT, subject_id=demand.id, by=by, now=now)
