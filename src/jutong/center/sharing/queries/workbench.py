"""工作台: what a person sees first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from jutong.center.catalog.models import Entry
from jutong.center.org import queries as org
from jutong.center.org.actor import Actor
from jutong.center.org.permissions import Permission
from jutong.center.sharing.enums import ApplicationState, Side
from jutong.center.sharing.queries import reading
from jutong.center.sharing.queries.inbox import Tally, inbox, tally
from jutong.center.sharing.queries.reading import ApplicationRow, NoticeView
from jutong.center.sharing.queries.tasks import Task
from jutong.center.usage import queries as usage
from jutong.kernel.clock import civil_date

SHOWN_TASKS = 5
SHOWN_APPLICATIONS = 5
SHOWN_NOTICES = 6
DAYS = 30
OPEN_STATES = (
    ApplicationState.DRAFT,
    ApplicationState.AWAITING_CONSENT,
    ApplicationState.SUBMITTED,
    ApplicationState.SUPPLEMENTING,
    ApplicationState.REPLY_PREPARED,
    ApplicationState.SUPPLYING,
    ApplicationState.SUSPENDED,
)
"""An application in one of these is on its way; the others run or are over."""


@dataclass(frozen=True, slots=True)
class Usage:
    """How the department's own data was used in the last days; one number for each day."""

    total: int
    departments: int
    daily: list[tuple[date, int]]


@dataclass(frozen=True, slots=True)
class Holdings:
    """The department's published entries, and how many of them have no table behind them (VC-12)."""

    entries: int
    unbound: int


@dataclass(frozen=True, slots=True)
class Workbench:
    """Everything on the first page. A part is ``None`` or empty when the post may not see it."""

    today: date
    tally: Tally
    tasks: list[Task]
    applications: list[ApplicationRow]
    usage: Usage | None
    holdings: Holdings
    notices: list[NoticeView]


def workbench(actor: Actor, now: datetime, tasks: list[Task] | None = None) -> Workbench:
    """Return the first page of an actor; ``tasks`` is the inbox where the caller has asked for it already."""
    tasks = inbox(actor, now) if tasks is None else tasks
    return Workbench(
        today=civil_date(now),
        tally=tally(tasks),
        tasks=tasks[:SHOWN_TASKS],
        applications=_applications(actor, now),
        usage=_usage(actor, now),
        holdings=_holdings(actor),
        notices=reading.notices(actor, limit=SHOWN_NOTICES).rows,
    )


def _applications(actor: Actor, now: datetime) -> list[ApplicationRow]:
    if not org.has(actor, Permission.SHARING_APPLICATION_VIEW):
        return []
    page = reading.applications_of(
        actor, side=Side.REQUESTER, states=OPEN_STATES, now=now, limit=SHOWN_APPLICATIONS
    )  # fmt: skip
    return page.rows


def _usage(actor: Actor, now: datetime) -> Usage | None:
    if not org.has(actor, Permission.USAGE_ACCESS_VIEW):
        return None
    daily = usage.daily(actor, now=now, days=DAYS)
    return Usage(sum(count for _, count in daily), usage.consumer_count(actor, now=now, days=DAYS), daily)


def _holdings(actor: Actor) -> Holdings:
    own = Entry.objects.filter(organisation_id=actor.organisation_id or org.NOBODY, published__isnull=False)
    return Holdings(own.count(), own.filter(is_bound=False).count())
