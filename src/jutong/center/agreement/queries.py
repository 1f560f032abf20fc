"""Agreements, what was measured of them and breaches, as far as the asker may see them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Prefetch, Q, QuerySet

from jutong.center.agreement.actions._common import OPEN, SUBJECT
from jutong.center.agreement.enums import AgreementEvent, BreachEvent, Party
from jutong.center.agreement.models import Agreement, Breach, Measurement, Obligation, OrganisationKey, Signature
from jutong.center.agreement.rules import AGREEMENTS, BREACHES, SIGNING_PERIOD
from jutong.center.clocks import queries as clocks
from jutong.center.clocks.queries import ClockView
from jutong.center.org import queries as org
from jutong.center.org.actor import Actor
from jutong.center.org.permissions import Permission
from jutong.center.paging import Page, newest_first
from jutong.center.process.table import Machine
from jutong.center.sharing.enums import Side
from jutong.center.sharing.parties import sides_of, visible
from jutong.center.sharing.standing_in import as_head
from jutong.kernel.clock import civil_date
from jutong.kernel.errors import NotFoundError

LENT = frozenset({AgreementEvent.SIGN_PROVIDER, AgreementEvent.SIGN_REQUESTER, AgreementEvent.HAND_BACK})
"""Steps of a head that a delegation opens."""
SHOWN_DAYS = 31
"""Days of measurements a page shows."""


@dataclass(frozen=True, slots=True)
class AgreementView:
    """One version with what belongs to it and what the asker may do with it."""

    agreement: Agreement
    signatures: list[Signature]
    versions: list[Agreement]
    open_version: Agreement | None
    clock: ClockView | None
    events: frozenset[AgreementEvent]


@dataclass(frozen=True, slots=True)
class Kept:
    """One duty with its newest measurements, the newest first."""

    obligation: Obligation
    days: list[Measurement]

    @property
    def newest(self) -> Measurement | None:
        """The newest measurement that could be taken."""
        return next((day for day in self.days if day.met is not None), None)


def _readable(actor: Actor) -> QuerySet[Agreement]:
    org.require(actor, Permission.AGREEMENT_AGREEMENT_VIEW)
    rows = Agreement.objects.filter(visible(actor, prefix="application__"))
    return rows.select_related("application__version", "application__entry", "requester", "provider", "grant")


def agreements(
    actor: Actor, *, states: tuple[str, ...] = (), application: str = "", after: str = "", limit: int = 20
) -> Page[Agreement]:
    """Return the versions the actor may read, the newest first; void ones only where asked for."""
    rows = _readable(actor)
    if application:
        rows = rows.filter(application__number=application)
    rows = rows.filter(state__in=states) if states else rows.exclude(state="void")
    return newest_first(rows, "drafted_at", after=after, limit=limit)


def agreement(actor: Actor, number: str, *, version: int | None = None, now: datetime) -> AgreementView:
    """Return one version, or without ``version`` the one that counts: open for signature, else the newest not void.

    Raises:
        NotFoundError: if there is none of this number and version the actor may see.
    """
    rows = list(
        _readable(actor)
        .filter(number=number)
        .select_related("previous", "drafted_by")
        .prefetch_related(
            Prefetch("signatures", Signature.objects.select_related("by", "on_behalf_of", "organisation"))
        )
        .order_by("-version")
    )
    chosen = [row for row in rows if version is None or row.version == version]
    if not chosen:
        raise NotFoundError(what=number)
    found = chosen[0] if version is not None else _counting(chosen)
    return AgreementView(
        agreement=found,
        signatures=list(found.signatures.all()),
        versions=rows,
        open_version=next((row for row in rows if row.state in OPEN), None),
        clock=_clock(found, now),
        events=_events(found, actor, now),
    )


def _counting(rows: list[Agreement]) -> Agreement:
    opened = next((row for row in rows if row.state in OPEN), None)
    return opened or next((row for row in rows if row.state != "void"), rows[0])


def _clock(found: Agreement, now: datetime) -> ClockView | None:
    clock = clocks.for_subjects(SUBJECT, [found.id]).get((SIGNING_PERIOD, str(found.id)))
    return clocks.clock_view(clock, civil_date(now)) if clock else None


def _taken(machine: Machine, state: str, sides: frozenset[Side], actor: Actor) -> list[Any]:
    return [
        row.event
        for row in machine.rows
        if row.state == state
        and any(who.side in sides and who.permission is not None and org.has(actor, who.permission) for who in row.who)
    ]


def _events(found: Agreement, actor: Actor, now: datetime) -> frozenset[AgreementEvent]:
    sides = sides_of(found.application, actor)
    events = frozenset(_taken(AGREEMENTS, found.state, sides, actor))
    head, delegation = as_head(actor, Permission.AGREEMENT_AGREEMENT_SIGN, now)
    if delegation is not None:
        events |= LENT & frozenset(_taken(AGREEMENTS, found.state, sides, head))
    first = not Agreement.objects.filter(number=found.number, state__in=("in-force", "suspended")).exists()
    return events - {AgreementEvent.DISCARD} if first else events


def signing_keys(actor: Actor) -> list[OrganisationKey]:
    """Return every public key organisations sign with."""
    org.require(actor, Permission.AGREEMENT_AGREEMENT_VIEW)
    return list(OrganisationKey.objects.select_related("organisation"))


def number_of(actor: Actor, application_number: str) -> str:
    """Return the number of an application's agreement or undertaking as far as the actor may see it, else nothing."""
    if not org.has(actor, Permission.AGREEMENT_AGREEMENT_VIEW):
        return ""
    rows = _readable(actor).filter(application__number=application_number).exclude(state="void")
    return rows.order_by("-version").values_list("number", flat=True).first() or ""


def kept(actor: Actor, agreement_: Agreement) -> list[Kept]:
    """Return the duties of a version with the measurements of the last days; two queries."""
    if not _readable(actor).filter(id=agreement_.id).exists():
        raise NotFoundError(what=agreement_.number)
    duties = list(Obligation.objects.filter(agreement=agreement_))
    days: dict[int, list[Measurement]] = {duty.id: [] for duty in duties}
    taken = Measurement.objects.filter(obligation__in=duties).order_by("-day", "obligation_id")
    for row in taken[: SHOWN_DAYS * max(len(duties), 1)]:
        days[row.obligation_id].append(row)
    return [Kept(duty, days[duty.id]) for duty in duties]


def _breaches(actor: Actor) -> QuerySet[Breach]:
    org.require(actor, Permission.AGREEMENT_BREACH_VIEW)
    rule = visible(actor, prefix="agreement__application__") | Q(responsible_id=actor.organisation_id or org.NOBODY)
    return Breach.objects.filter(rule).select_related(
        "agreement__application", "agreement__provider", "agreement__requester", "obligation", "responsible",
        "answered_by", "settled_by",
    )  # fmt: skip


def breaches(
    actor: Actor, *, agreement_number: str = "", states: tuple[str, ...] = (), after: str = "", limit: int = 20
) -> Page[Breach]:
    """Return the breaches the actor may read, the newest first."""
    rows = _breaches(actor)
    if agreement_number:
        rows = rows.filter(agreement__number=agreement_number)
    if states:
        rows = rows.filter(state__in=states)
    return newest_first(rows, "found_at", after=after, limit=limit)


def breach(actor: Actor, number: str) -> tuple[Breach, frozenset[BreachEvent]]:
    """Return one breach and what the actor may do with it now.

    Raises:
        NotFoundError: if there is none of this number the actor may see.
    """
    found = _breaches(actor).filter(number=number).first()
    if found is None:
        raise NotFoundError(what=number)
    sides = sides_of(found.agreement.application, actor)
    events = frozenset(_taken(BREACHES, found.state, sides, actor))
    own = answers_for(found, actor)
    mine = {BreachEvent.ANSWER, BreachEvent.CONTEST}
    return found, frozenset(event for event in events if (event in mine) == own)


def answers_for(found: Breach, actor: Actor) -> bool:
    """Tell whether the actor's department is the one that answers for a breach."""
    if found.party == Party.PLATFORM:
        return Side.AUTHORITY in sides_of(found.agreement.application, actor)
    return found.responsible_id is not None and found.responsible_id == actor.organisation_id
