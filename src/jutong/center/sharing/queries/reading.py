"""Applications, grants and notices as far as the asker may see them; everybody else is told there is none."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Prefetch, Q, QuerySet
from django.utils.translation import gettext

from jutong.center.clocks import queries as clocks
from jutong.center.clocks.queries import ClockView
from jutong.center.fleet import queries as fleet
from jutong.center.org import queries as org
from jutong.center.org.actor import Actor
from jutong.center.org.enums import Role
from jutong.center.org.permissions import Permission
from jutong.center.paging import Page, newest_first
from jutong.center.sharing import rules
from jutong.center.sharing.enums import ApplicationState, Event, Side
from jutong.center.sharing.models import (
    Application,
    ApplicationCondition,
    ApplicationItem,
    Grant,
    GrantItem,
    Notice,
    Suspension,
    Violation,
)
from jutong.center.sharing.parties import sides_of, visible
from jutong.center.sharing.standing_in import CONSENTS, as_head
from jutong.kernel.clock import civil_date
from jutong.kernel.errors import NotFoundError

SUBJECT = "application"
_SUPPLY_STATES = {
    ApplicationState.SUPPLYING,
    ApplicationState.SHARING,
    ApplicationState.SUSPENDED,
    ApplicationState.EXPIRED,
    ApplicationState.TERMINATED,
}


@dataclass(frozen=True, slots=True)
class ApplicationRow:
    """One line of a list: the application and the clock that counts now, if one ever ran."""

    application: Application
    clock: ClockView | None


@dataclass(frozen=True, slots=True)
class GrantView:
    """A grant with what the asker may do with it, where it is called and the key that answers are signed with."""

    grant: Grant
    items: list[GrantItem]
    suspensions: list[Suspension]
    gateway_url: str
    node: str
    events: frozenset[Event]
    node_key_id: str = ""
    node_public_key: str = ""

    @property
    def open_suspension(self) -> Suspension | None:
        """The suspension that has not been lifted; unconfirmed while the node has not answered."""
        return next((row for row in self.suspensions if row.lifted_at is None), None)


@dataclass(frozen=True, slots=True)
class NoticeView:
    """A notice in the reader's language."""

    text: str
    link: str
    at: datetime


def _readable(actor: Actor) -> QuerySet[Application]:
    org.require(actor, Permission.SHARING_APPLICATION_VIEW)
    return Application.objects.filter(visible(actor)).select_related(
        "entry", "version", "requester", "provider", "system", "created_by", "duty", "renews"
    )


def application(actor: Actor, number: str) -> Application:
    """Return one application with its items, consents, messages, reply, supplement and extension at hand.

    Raises:
        NotFoundError: if there is none of this number the actor may see.
    """
    items = Prefetch("items", ApplicationItem.objects.select_related("item"))
    found = (
        _readable(actor)
        .filter(number=number)
        .select_related(
            "supplement__sent_by", "extension__asked_by", "extension__consented_by", "reply__prepared_by", "grant"
        )
        .prefetch_related(
            items,
            Prefetch("conditions", ApplicationCondition.objects.select_related("item")),
            "consents__by",
            "consents__on_behalf_of",
            "messages__by",
            "messages__organisation",
        )
        .first()
    )
    if found is None:
        raise NotFoundError(what=number)
    return found


def applications_of(
    actor: Actor,
    *,
    side: str = "",
    states: Collection[str] = (),
    now: datetime,
    after: str = "",
    limit: int = 20,
) -> Page[ApplicationRow]:
    """Return the applications the actor may read, the newest first.

    Args:
        actor: who asks.
        side: ``requester`` or ``provider`` for those where the own organisation is that side; empty for all.
        states: values of ``ApplicationState``; empty for all.
        now: for the clocks.
        after: the cursor of the page before.
        limit: rows of the page.
    """
    rows = _readable(actor)
    if side in {Side.REQUESTER, Side.PROVIDER}:
        rows = rows.filter(**{f"{side}_id": actor.organisation_id or org.NOBODY})
    if states:
        rows = rows.filter(state__in=list(states))
    page = newest_first(rows, "created_at", after=after, limit=limit)
    return Page(with_clocks(page.rows, now), page.next)


def patterns(actor: Actor, *, limit: int = 20) -> list[Application]:
    """Return the applications the own department sent last, for others to be written like them."""
    org.require(actor, Permission.SHARING_APPLICATION_VIEW)
    own = Application.objects.filter(requester_id=actor.organisation_id or org.NOBODY, submitted_at__isnull=False)
    return list(own.order_by("-submitted_at", "-id")[:limit])


def clock_period(application_: Application) -> str:
    """Return the period that tells how an application stands: the reply's, or once agreed the supply's."""
    if application_.state in _SUPPLY_STATES:
        return rules.SUPPLY_PERIOD
    return rules.reply_period(application_.share_attribute)


def with_clocks(applications: list[Application], now: datetime) -> list[ApplicationRow]:
    """Return applications with their present clocks, two queries for all of them."""
    found = clocks.for_subjects(SUBJECT, [row.id for row in applications])
    days = clocks.calendar() if found else None
    today = civil_date(now)
    rows = []
    for row in applications:
        clock = found.get((clock_period(row), str(row.id)))
        rows.append(ApplicationRow(row, clocks.clock_view(clock, today, days=days) if clock else None))
    return rows


def events_for(application_: Application, actor: Actor, now: datetime | None = None) -> frozenset[Event]:
    """Return the steps the actor's side and post may take on an application now; guards are asked on taking one.

    With the time, the consents somebody may give in a head's place are among them.
    """
    own = _events(rules.APPLICATIONS, application_.state, application_, actor)
    if now is None:
        return own
    head, delegation = as_head(actor, Permission.SHARING_APPLICATION_CONSENT, now)
    if delegation is None:
        return own
    return own | (_events(rules.APPLICATIONS, application_.state, application_, head) & CONSENTS)


def _events(machine: rules.Machine, state: str, application_: Application, actor: Actor) -> frozenset[Event]:
    sides = sides_of(application_, actor)
    return frozenset(
        Event(row.event)
        for row in machine.rows
        if row.state == state
        and any(who.side in sides and who.permission is not None and org.has(actor, who.permission) for who in row.who)
    )


def visible_grants(actor: Actor) -> QuerySet[Grant]:
    """Return the grants the actor may read, with what lists show of them."""
    org.require(actor, Permission.SHARING_GRANT_VIEW)
    return Grant.objects.filter(visible(actor, prefix="application__")).select_related(
        "application__version", "application__provider", "entry", "requester", "provider", "system"
    )


def grants(
    actor: Actor, *, side: str = "", states: Collection[str] = (), after: str = "", limit: int = 20
) -> Page[Grant]:
    """Return the grants the actor may read, the newest first; arguments as in :func:`applications_of`."""
    rows = visible_grants(actor)
    if side in {Side.REQUESTER, Side.PROVIDER}:
        rows = rows.filter(**{f"{side}_id": actor.organisation_id or org.NOBODY})
    if states:
        rows = rows.filter(state__in=list(states))
    return newest_first(rows, "issued_at", after=after, limit=limit)


def grant(actor: Actor, number: str) -> GrantView:
    """Return one grant with its items, suspensions, gateway and what the actor may do with it.

    Raises:
        NotFoundError: if there is none of this number the actor may see.
    """
    found = (
        visible_grants(actor)
        .filter(number=number)
        .prefetch_related(
            Prefetch("items", GrantItem.objects.select_related("item")),
            Prefetch("suspensions", Suspension.objects.select_related("by", "lifted_by")),
        )
        .first()
    )
    if found is None:
        raise NotFoundError(what=number)
    node = fleet.node_of_grant(found.id)
    return GrantView(
        grant=found,
        items=list(found.items.all()),
        suspensions=list(found.suspensions.all()),
        gateway_url=node.gateway_url if node else "",
        node=node.name if node else "",
        events=_events(rules.GRANTS, found.state, found.application, actor),
        node_key_id=node.key_id if node else "",
        node_public_key=node.public_key if node else "",
    )


def notices(actor: Actor, *, after: str = "", limit: int = 20) -> Page[NoticeView]:
    """Return what the actor's organisation was told, as far as it is meant for the actor's post."""
    org.require(actor, Permission.SHARING_NOTICE_VIEW)
    mine = Notice.objects.filter(organisation_id=actor.organisation_id or org.NOBODY, role__in=("", actor.role))
    page = newest_first(mine, "at", after=after, limit=limit)
    return Page([NoticeView(wording(row), row.link, row.at) for row in page.rows], page.next)


def wording(notice: Notice) -> str:
    """Return a notice in the language in use."""
    text = gettext(notice.text)
    try:
        return text.format(**notice.fields)
    except (KeyError, IndexError):
        return text


def violations(actor: Actor, *, after: str = "", limit: int = 20) -> Page[Violation]:
    """Return recorded violations: the own department's, for authority and leaders the division's."""
    org.require(actor, Permission.SHARING_VIOLATION_VIEW)
    rule = Q(organisation_id=actor.organisation_id or org.NOBODY)
    if actor.role in {Role.AUTHORITY, Role.LEADER}:
        rule |= Q(organisation__division_code=actor.division_code)
    rows = Violation.objects.filter(rule).select_related("organisation")
    return newest_first(rows, "found_at", after=after, limit=limit)
