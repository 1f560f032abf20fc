"""Reading needs. Their state is public to departments, so whoever reads the catalog reads all of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Exists, OuterRef, Prefetch, Q, QuerySet
from django.utils.translation import gettext as _

from jutong.center.catalog.tokens import normalise
from jutong.center.clocks import queries as clocks
from jutong.center.clocks.queries import ClockView
from jutong.center.demand.actions._common import SUBJECT
from jutong.center.demand.enums import DemandEvent
from jutong.center.demand.matching import Alike, Presumed, alike, presumed_holders
from jutong.center.demand.models import Assignment, Demand, DemandApplication, DemandItem, Joiner, Match
from jutong.center.demand.parties import participants, sides_of
from jutong.center.demand.rules import ANSWER_PERIOD, ASSIGN_PERIOD, CATALOG_PERIOD, DEMANDS, UNROUTED
from jutong.center.org import queries as org
from jutong.center.org.actor import Actor
from jutong.center.org.lineage import above
from jutong.center.org.models import Organisation
from jutong.center.org.permissions import Permission
from jutong.center.org.queries import NOBODY
from jutong.kernel.clock import civil_date
from jutong.kernel.errors import NotFoundError

__all__ = [
    "DemandView",
    "alike",
    "assignable",
    "clocks_of",
    "demand",
    "demands",
    "headers",
    "lines",
    "view",
]
_JOIN = "、"
_CHUNK = 500
_NEEDS_JOIN = {DemandEvent.LEAVE, DemandEvent.APPLY}


@dataclass(frozen=True, slots=True)
class DemandView:
    """A need with what the asker may do on it, what is proposed and how it came along."""

    demand: Demand
    events: frozenset[DemandEvent]
    clock: ClockView | None
    joiners: list[Joiner]
    matches: list[Match]
    assignments: list[Assignment]
    applications: list[DemandApplication]
    alike: list[Alike]
    holders: list[Presumed]
    has_joined: bool

    @property
    def is_withheld(self) -> bool:
        """Whether the entry that stands for it is 不予共享, so that the way on is a dispute."""
        entry = self.demand.entry
        return entry is not None and entry.share_attribute == "none"


def demands(
    actor: Actor, *, q: str = "", states: Sequence[str] = (), mine: str = "", requester: str = "", scope: str = ""
) -> QuerySet[Demand]:
    """Return needs, the newest first, with ``joiner_count``.

    Args:
        actor: who asks.
        q: a part of the name, the number or an item.
        states: values of ``DemandState``; empty for all.
        mine: ``asked`` for those the own department stated or joined, ``assigned`` for those it was asked for.
        requester: credit code of the department that stated it.
        scope: ``division`` for those docked by the authority of the actor's division.

    Raises:
        ForbiddenError: if the post does not see needs.
    """
    org.require(actor, Permission.DEMAND_DEMAND_VIEW)
    own = actor.organisation_id or NOBODY
    found = Demand.objects.select_related("requester", "holder", "entry", "expected_holder")
    if q.strip():
        words = q.strip()[:100]
        named = Q(title__icontains=words) | Q(number=words.upper()) | Q(name_key__contains=normalise(words))
        items = DemandItem.objects.filter(demand=OuterRef("pk"), name__icontains=words)
        found = found.filter(named | Exists(items))
    if states:
        found = found.filter(state__in=states)
    if mine == "asked":
        found = found.filter(
            Q(requester_id=own) | Exists(Joiner.objects.filter(demand=OuterRef("pk"), organisation_id=own))
        )
    elif mine == "assigned":
        found = found.filter(Exists(Assignment.objects.filter(demand=OuterRef("pk"), holder_id=own)))
    if requester:
        found = found.filter(requester__code=requester)
    if scope == "division":
        found = found.filter(division_code=actor.division_code)
    return found.annotate(joiner_count=Count("joiners")).order_by("-stated_at", "-id")


def demand(actor: Actor, number: str) -> Demand:
    """Return one need.

    Raises:
        NotFoundError: if there is none of this number.
        ForbiddenError: if the post does not see needs.
    """
    org.require(actor, Permission.DEMAND_DEMAND_VIEW)
    found = (
        Demand.objects.filter(number=number)
        .select_related(
            "requester", "holder", "entry__organisation", "entry__published", "expected_holder", "merged_into",
            "created_by", "draft__entry",
        )
        .prefetch_related("items")
        .first()
    )  # fmt: skip
    if found is None:
        raise NotFoundError(what=number)
    return found


def view(actor: Actor, number: str, now: datetime) -> DemandView:
    """Return one need with everything its page shows.

    Raises:
        NotFoundError: if there is none of this number.
    """
    found = demand(actor, number)
    joined = actor.organisation_id in participants(found)
    seeking = found.state in UNROUTED
    events = _events(found, actor, joined=joined)
    return DemandView(
        demand=found,
        events=events,
        clock=clocks_of([found], now).get(str(found.id)),
        joiners=list(found.joiners.select_related("organisation", "by")),
        matches=list(found.matches.select_related("entry__organisation")) if DemandEvent.MATCH in events else [],
        assignments=list(found.assignments.select_related("holder", "by", "answered_by")),
        applications=list(found.applications.select_related("application", "organisation")),
        alike=alike(found.title, [row.key for row in found.items.all()], but=found.id) if seeking else [],
        holders=presumed_holders(found) if DemandEvent.ASSIGN in events else [],
        has_joined=joined,
    )


def _events(found: Demand, actor: Actor, *, joined: bool) -> frozenset[DemandEvent]:
    """Return the steps the actor's side and post may take now, as far as they make sense for a participant or not."""
    sides = sides_of(found, actor)
    allowed = {
        DemandEvent(row.event)
        for row in DEMANDS.rows
        if row.state == found.state
        and any(who.side in sides and who.permission is not None and org.has(actor, who.permission) for who in row.who)
    }
    if joined:
        allowed.discard(DemandEvent.JOIN)
    else:
        allowed -= _NEEDS_JOIN
    if actor.organisation_id in {found.requester_id, found.holder_id}:
        allowed -= {DemandEvent.LEAVE, DemandEvent.JOIN}
    if DemandEvent.APPLY in allowed and _is_running(found, actor):
        allowed.discard(DemandEvent.APPLY)
    return frozenset(allowed)


def _is_running(found: Demand, actor: Actor) -> bool:
    return found.applications.filter(
        organisation_id=actor.organisation_id or NOBODY, application__closed_at=None
    ).exists()


def clocks_of(rows: Sequence[Demand], now: datetime) -> dict[str, ClockView]:
    """Return the clock that counts for each need now, by its id: the one that was started last."""
    found = clocks.for_subjects(SUBJECT, [row.id for row in rows])
    if not found:
        return {}
    days, today = clocks.calendar(), civil_date(now)
    latest: dict[str, ClockView] = {}
    for period in (ASSIGN_PERIOD, ANSWER_PERIOD, CATALOG_PERIOD):
        for row in rows:
            clock = found.get((period, str(row.id)))
            if clock is not None:
                shown = clocks.clock_view(clock, today, days=days)
                if str(row.id) not in latest or shown.state != "done":
                    latest[str(row.id)] = shown
    return latest


def assignable(actor: Actor) -> QuerySet[Organisation]:
    """Return the departments an authority may ask: of its division and those below.

    Raises:
        ForbiddenError: if the post assigns no needs.
    """
    org.require(actor, Permission.DEMAND_DEMAND_ASSIGN)
    codes = Organisation.objects.filter(closed_at=None).values_list("division_code", flat=True).distinct()
    reach = [code for code in codes if code == actor.division_code or actor.division_code in above(code)]
    return Organisation.objects.filter(closed_at=None, division_code__in=reach).order_by("code")


def headers() -> tuple[str, ...]:
    """Return the columns of 需求清单 (rulebook 6.2)."""
    return (
        _("编号"), _("需求部门"), _("数据名称"), _("数据项"), _("期望提供部门"), _("应用场景"), _("法定依据"),
        _("关联事项"), _("更新频率"), _("共享方式"), _("紧急程度"), _("期望时间"), _("状态"), _("对应目录"),
        _("也需要的部门"), _("承诺"),
    )  # fmt: skip


def lines(rows: QuerySet[Demand]) -> Iterator[tuple[str, ...]]:
    """Yield the lines of 需求清单, five hundred needs in memory at a time."""
    joined = Prefetch("joiners", Joiner.objects.select_related("organisation"))
    yield from map(_line, rows.prefetch_related("items", joined).iterator(chunk_size=_CHUNK))


def _line(row: Demand) -> tuple[str, ...]:
    return (
        row.number,
        row.requester.name,
        row.title,
        _JOIN.join(item.name for item in row.items.all()),
        row.expected_holder.name if row.expected_holder else "",
        row.scenario,
        row.basis,
        row.matter,
        str(row.get_frequency_display()),
        str(row.get_share_way_display()),
        str(row.get_urgency_display()),
        row.wanted_on.isoformat() if row.wanted_on else "",
        str(row.get_state_display()),
        row.entry.code if row.entry else "",
        _JOIN.join(joiner.organisation.name for joiner in row.joiners.all()),
        _("真实、合规、安全"),
    )
