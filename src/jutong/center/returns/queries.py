"""Reading returns: either side, authority and leaders of either, the auditor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from jutong.center.catalog.models import Entry
from jutong.center.clocks import queries as clocks
from jutong.center.clocks.models import StatutoryClock
from jutong.center.clocks.queries import ClockView
from jutong.center.org import queries as org
from jutong.center.org.actor import Actor
from jutong.center.org.lineage import above
from jutong.center.org.permissions import Permission
from jutong.center.process.sides import Side
from jutong.center.returns.actions._common import SUBJECT
from jutong.center.returns.enums import ReturnEvent, ReturnState
from jutong.center.returns.models import Cycle, ReturnFlow, ReturnItem
from jutong.center.returns.parties import sides_of, visible
from jutong.center.returns.rules import PERIOD, RETURNS
from jutong.center.sharing.models import Grant
from jutong.kernel.clock import civil_date
from jutong.kernel.errors import NotFoundError


@dataclass(frozen=True, slots=True)
class ReturnView:
    """A return with its items, comparisons, grant and what the asker may do."""

    flow: ReturnFlow
    events: frozenset[ReturnEvent]
    clock: ClockView | None
    items: list[ReturnItem]
    cycles: list[Cycle]
    grant: Grant | None

    @property
    def open_cycle(self) -> Cycle | None:
        """What the upper department counted and nobody compared yet."""
        return next((row for row in self.cycles if row.compared_at is None), None)


def returns(actor: Actor, *, states: Sequence[str] = (), side: str = "") -> QuerySet[ReturnFlow]:
    """Return the returns an actor may read, the newest first; ``side`` is ``requester``, ``provider`` or empty.

    Raises:
        ForbiddenError: if the post reads no returns.
    """
    org.require(actor, Permission.SHARING_RETURN_VIEW)
    rows = ReturnFlow.objects.filter(visible(actor)).select_related("requester", "provider", "entry", "version")
    if states:
        rows = rows.filter(state__in=states)
    if side in {Side.REQUESTER, Side.PROVIDER}:
        rows = rows.filter(**{f"{side}_id": actor.organisation_id or org.NOBODY})
    return rows.order_by("-asked_at", "-id")


def return_flow(actor: Actor, number: str) -> ReturnFlow:
    """Return one return.

    Raises:
        NotFoundError: if there is none of this number the actor may see.
    """
    found = returns(actor).filter(number=number).first()
    if found is None:
        raise NotFoundError(what=number)
    return found


def view(actor: Actor, number: str, now: datetime) -> ReturnView:
    """Return one return with everything its page shows.

    Raises:
        NotFoundError: if there is none of this number the actor may see.
    """
    found = return_flow(actor, number)
    sides = sides_of(found, actor)
    events = frozenset(
        ReturnEvent(row.event)
        for row in RETURNS.rows
        if row.state == found.state
        and any(who.side in sides and who.permission is not None and org.has(actor, who.permission) for who in row.who)
    )
    return ReturnView(
        flow=found,
        events=events,
        clock=clocks_of([found], now).get(str(found.id)),
        items=list(found.items.select_related("item")),
        cycles=list(found.cycles.select_related("counted_by", "compared_by")),
        grant=Grant.objects.filter(application_id=found.application_id).first() if found.application_id else None,
    )


def clocks_of(rows: Sequence[ReturnFlow], now: datetime) -> dict[str, ClockView]:
    """Return the clock of each return, by its id."""
    found = clocks.for_subjects(SUBJECT, [row.id for row in rows])
    days, today = (clocks.calendar(), civil_date(now)) if found else (None, civil_date(now))
    return {
        subject: clocks.clock_view(clock, today, days=days)
        for (period, subject), clock in found.items()
        if period == PERIOD
    }


def returnable(actor: Actor, *, q: str = "") -> QuerySet[Entry]:
    """Return the published entries of departments above the actor's, which may hold data of its area.

    Raises:
        ForbiddenError: if the post does not ask for returns.
    """
    org.require(actor, Permission.SHARING_RETURN_ASK)
    found = Entry.objects.filter(
        published__isnull=False, organisation__division_code__in=above(actor.division_code)
    ).exclude(share_attribute="none")
    if q.strip():
        found = found.filter(published_name__icontains=q.strip()[:100])
    return found.select_related("organisation", "published").order_by("published_name", "code")


def owed(now: datetime) -> QuerySet[ReturnFlow]:
    """Return the returns an upper department owes (条例 39(5), P5): not supplied in time, or with a gap.

    The platform's own scan reads them; nothing is asked of a person.
    """
    late = StatutoryClock.objects.filter(
        subject_kind=SUBJECT, period=PERIOD, state__in=clocks.OPEN, due_on__lt=civil_date(now)
    ).values_list("subject_id", flat=True)
    rows = ReturnFlow.objects.filter(state=ReturnState.SHORT) | ReturnFlow.objects.filter(
        state=ReturnState.DOCKING, id__in=list(late)
    )
    return rows.select_related("requester", "provider", "version").order_by("asked_at")
