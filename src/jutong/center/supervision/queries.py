"""Violations as the two sides see them; whoever is no party and does not supervise knows of none."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext

from jutong.center.clocks import queries as clocks
from jutong.center.clocks.queries import ClockView
from jutong.center.org.actor import Actor
from jutong.center.org.permissions import Permission
from jutong.center.org.queries import NOBODY, has, require
from jutong.center.process.sides import Side
from jutong.center.supervision.actions._common import SUBJECT
from jutong.center.supervision.enums import CaseEvent, CaseState
from jutong.center.supervision.models import Case, CaseStep, ExchangePlatform, OrderPaper
from jutong.center.supervision.parties import SEEING, sides_of, visible
from jutong.center.supervision.rules import CASES, JUDGE_PERIOD, OPEN, RECTIFY_PERIOD
from jutong.center.supervision.waiting import name_of
from jutong.kernel.clock import civil_date
from jutong.kernel.errors import NotFoundError
from jutong.standards.violations import Offence, offences


@dataclass(frozen=True, slots=True)
class CaseView:
    """A case with what was said and served, the clock that runs, and what the actor may do now."""

    case: Case
    offence: Offence
    name: str
    found: str
    steps: list[CaseStep]
    papers: list[OrderPaper]
    clock: ClockView | None
    can: list[str] = field(default_factory=list)
    sees_reporter: bool = False
    is_heard: bool = False
    is_limit_over: bool = False


def may_see(actor: Actor) -> bool:
    """Tell whether the actor's post sees violations at all."""
    return any(has(actor, permission) for permission in SEEING)


def cases(actor: Actor, *, state: str = "", code: str = "", q: str = "") -> QuerySet[Case]:
    """Return the cases an actor may know of, the newest first.

    Args:
        actor: who asks.
        state: ``open``, ``closed`` or a state; empty for all.
        code: of the violation.
        q: a word of the organisation's name or the case's number.

    Raises:
        ForbiddenError: for a post that has nothing to do with violations.
    """
    if not may_see(actor):
        require(actor, Permission.SHARING_VIOLATION_VIEW)
    rows = Case.objects.filter(visible(actor)).select_related("concerned", "judge", "violation")
    if state in {"open", "closed"}:
        rows = rows.filter(state__in=OPEN) if state == "open" else rows.exclude(state__in=OPEN)
    elif state:
        rows = rows.filter(state=state)
    if code:
        rows = rows.filter(code=code)
    if q:
        rows = rows.filter(
            Q(number__icontains=q) | Q(concerned__name__icontains=q) | Q(concerned__short_name__icontains=q)
        )
    return rows.order_by("-opened_at", "-id")


def tally(actor: Actor) -> list[tuple[str, str, int]]:
    """Return code, name and number of the open cases the actor may know of, by kind."""
    counted = dict(cases(actor, state="open").order_by().values_list("code").annotate(n=Count("pk")))
    return [(code, name_of(code), counted[code]) for code in offences() if code in counted]


def case(actor: Actor, number: str, now: datetime) -> CaseView:
    """Return one case.

    Raises:
        NotFoundError: if there is none the actor may know of.
        ForbiddenError: for a post that has nothing to do with violations.
    """
    found = cases(actor).filter(number=number).select_related("reporter", "decided_by").first()
    if found is None:
        raise NotFoundError(what=number)
    sides, today = sides_of(found, actor), civil_date(now)
    is_party = bool(sides) or found.reporter_id != (actor.organisation_id or NOBODY)
    steps = list(found.steps.select_related("by", "organisation")) if is_party else []
    return CaseView(
        case=found,
        offence=offences()[found.code],
        name=name_of(found.code),
        found=what_was_found(found),
        steps=steps,
        papers=list(found.papers.all()) if is_party else [],
        clock=_clock(found, today),
        can=[event.value for event in _allowed(found, sides, actor, today)],
        sees_reporter=bool(sides - {Side.CONCERNED}) and found.reporter_id is not None,
        is_heard=found.stated_at is not None or (found.hear_until is not None and today > found.hear_until),
        is_limit_over=found.rectify_until is not None and today > found.rectify_until,
    )


def what_was_found(found: Case) -> str:
    """Return the sentence of a case in the reader's language."""
    return gettext(found.text).format(**found.fields)


def paper(actor: Actor, number: str, now: datetime) -> tuple[CaseView, OrderPaper]:
    """Return the newest order that was served in a case.

    Raises:
        NotFoundError: where none was, or for whoever may not know of the case.
    """
    view = case(actor, number, now)
    if not view.papers:
        raise NotFoundError(what=number)
    return view, view.papers[-1]


def platforms(actor: Actor) -> QuerySet[ExchangePlatform]:
    """Return the registered platforms: a department's own, for the authority its division's."""
    rows = ExchangePlatform.objects.filter(closed_at=None).select_related("organisation")
    rule = Q(organisation_id=actor.organisation_id or NOBODY)
    if has(actor, Permission.SUPERVISION_VIOLATION_DECIDE):
        rule |= Q(organisation__division_code=actor.division_code)
    return rows.filter(rule).order_by("organisation__code", "name")


def own_platform(actor: Actor, platform_id: UUID) -> ExchangePlatform:
    """Return a platform of the actor's own organisation.

    Raises:
        NotFoundError: if it has none of that id.
    """
    found = platforms(actor).filter(id=platform_id, organisation_id=actor.organisation_id or NOBODY).first()
    if found is None:
        raise NotFoundError(what=str(platform_id))
    return found


def _allowed(found: Case, sides: set[Side], actor: Actor, today: date) -> list[Any]:
    rows = [row for row in CASES.rows if row.state == found.state]
    allowed = [
        row.event
        for row in rows
        if any(who.side in sides and who.permission is not None and has(actor, who.permission) for who in row.who)
    ]
    heard = found.stated_at is not None or (found.hear_until is not None and today > found.hear_until)
    over = found.state == CaseState.REPORTED or (found.rectify_until is not None and today > found.rectify_until)
    held: dict[Any, bool] = {CaseEvent.NOTICE: heard, CaseEvent.REFER: over}
    return [event for event in allowed if held.get(event, True)]


def _clock(found: Case, today: date) -> ClockView | None:
    period = RECTIFY_PERIOD if found.state == CaseState.NOTICED else JUDGE_PERIOD
    known = clocks.for_subjects(SUBJECT, [found.id]).get((period, str(found.id)))
    return None if known is None else clocks.clock_view(known, today)
