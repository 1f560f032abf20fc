from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import QuerySet

from jutong.center.clocks import queries as clocks
from jutong.center.clocks.models import StatutoryClock
from jutong.center.clocks.queries import OPEN, ClockView
from jutong.center.org import queries as org
from jutong.center.org.actor import Actor
from jutong.center.org.permissions import Permission
from jutong.center.remedy.actions.disposal import SUBJECT, Silence, silence
from jutong.center.remedy.enums import DisposalEvent
from jutong.center.remedy.models import Certificate, Disposal, DisposalCopy
from jutong.center.remedy.queries.steps import events
from jutong.center.remedy.rules import DISPOSALS, DISPOSE_PERIOD
from jutong.center.sharing.models import Grant
from jutong.center.sharing.parties import visible
from jutong.kernel.clock import civil_date
from jutong.kernel.errors import NotFoundError


@dataclass(frozen=True, slots=True)
class DisposalView:
    """A disposal with its copies, certificates, clock, the calls since the end and what the asker may do now."""

    case: Disposal
    copies: list[DisposalCopy]
    certificates: list[Certificate]
    clock: ClockView | None
    silence: Silence
    events: frozenset[DisposalEvent]


def disposals(actor: Actor, *, is_open: bool | None = None) -> QuerySet[Disposal]:
    """Return the disposals the actor may read, the newest first; whoever may read the grant may."""
    org.require(actor, Permission.SHARING_GRANT_VIEW)
    rows = Disposal.objects.filter(visible(actor, prefix="grant__application__")).select_related(
        "grant__application__provider", "grant__application__version", "grant__entry", "grant__requester",
        "grant__provider", "grant__system", "reported_by", "verified_by",
    )  # fmt: skip
    return rows if is_open is None else rows.filter(disposed_at__isnull=is_open)


def disposal(actor: Actor, number: str, *, now: datetime) -> DisposalView:
    """Return one disposal.

    Raises:
        NotFoundError: if there is none of this number the actor may see.
    """
    case = disposals(actor).filter(number=number).first()
    if case is None:
        raise NotFoundError(what=number)
    clock = clocks.for_subjects(SUBJECT, [case.id]).get((DISPOSE_PERIOD, str(case.id)))
    return DisposalView(
        case=case,
        copies=list(case.copies.all()),
        certificates=list(case.certificates.all()),
        clock=clocks.clock_view(clock, civil_date(now)) if clock else None,
        silence=silence(case.grant),
        events=frozenset(map(DisposalEvent, events(DISPOSALS, case.state, case.grant, actor))),
    )


def disposal_by_grant(grant: Grant) -> Disposal | None:
    """Return the disposal of a grant, if it has ended after being supplied."""
    return Disposal.objects.filter(grant=grant).first()


def overdue(today: date) -> QuerySet[Disposal]:
    """Return the disposals nobody reported although their last day passed (条例 40, R4)."""
    late = StatutoryClock.objects.filter(
        subject_kind=SUBJECT, period=DISPOSE_PERIOD, state__in=OPEN, due_on__lt=today
    ).values_list("subject_id", flat=True)
    return Disposal.objects.filter(id__in=list(late)).select_related("grant__requester", "grant__entry")
