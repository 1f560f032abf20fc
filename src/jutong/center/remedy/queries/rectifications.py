from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from jutong.center.clocks import queries as clocks
from jutong.center.clocks.queries import ClockView
from jutong.center.org import queries as org
from jutong.center.org.actor import Actor
from jutong.center.org.permissions import Permission
from jutong.center.remedy.actions.rectification import SUBJECT
from jutong.center.remedy.enums import RectificationEvent
from jutong.center.remedy.models import Rectification, RectificationReport
from jutong.center.remedy.queries.steps import events
from jutong.center.remedy.rules import RECTIFICATIONS, RECTIFY_PERIOD
from jutong.center.sharing.models import Grant
from jutong.center.sharing.parties import visible
from jutong.kernel.clock import civil_date
from jutong.kernel.errors import NotFoundError

_JUDGING = frozenset(RectificationEvent) - {RectificationEvent.REPORT}


@dataclass(frozen=True, slots=True)
class RectificationView:
    """A rectification with its reports, its clock and what the asker may do now."""

    case: Rectification
    reports: list[RectificationReport]
    clock: ClockView | None
    events: frozenset[RectificationEvent]


def rectifications(actor: Actor, *, is_open: bool | None = None) -> QuerySet[Rectification]:
    """Return the rectifications the actor may read, the newest first."""
    org.require(actor, Permission.REMEDY_RECTIFICATION_VIEW)
    rows = Rectification.objects.filter(visible(actor, prefix="grant__application__")).select_related(
        "grant__application__provider", "grant__entry", "grant__requester", "grant__provider", "ordered_by_office",
        "ordered_by", "closed_by",
    )  # fmt: skip
    return rows if is_open is None else rows.filter(closed_at__isnull=is_open)


def rectification(actor: Actor, number: str, *, now: datetime) -> RectificationView:
    """Return one rectification.

    Raises:
        NotFoundError: if there is none of this number the actor may see.
    """
    case = rectifications(actor).filter(number=number).first()
    if case is None:
        raise NotFoundError(what=number)
    found = events(RECTIFICATIONS, case.state, case.grant, actor)
    if case.ordered_by_office_id != actor.organisation_id:
        found -= _JUDGING
    return RectificationView(
        case=case,
        reports=list(case.reports.select_related("by", "decided_by")),
        clock=clock_of(case, now),
        events=frozenset(map(RectificationEvent, found)),
    )


def clock_of(case: Rectification, now: datetime) -> ClockView | None:
    """Return the clock of the last limit."""
    clock = clocks.for_subjects(SUBJECT, [case.id]).get((RECTIFY_PERIOD, str(case.id)))
    return clocks.clock_view(clock, civil_date(now)) if clock else None


def open_rectification(grant: Grant) -> Rectification | None:
    """Return the rectification that keeps a grant suspended, if one does."""
    return Rectification.objects.filter(grant=grant, closed_at=None).first()
