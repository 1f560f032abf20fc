"""The steps of whoever needs the data: state it, write it anew, join, leave, take back."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from jutong.center.catalog.tokens import same_name_key
from jutong.center.constraints import constraint_errors
from jutong.center.demand.actions import _common as common
from jutong.center.demand.actions.matching import look
from jutong.center.demand.enums import DemandEvent, DemandState
from jutong.center.demand.errors import DemandJoinedError, DemandNotJoinedError, HolderIsRequesterError
from jutong.center.demand.models import Assignment, Demand, DemandItem, Joiner
from jutong.center.demand.need import CLAUSE, DemandFields, demand_problems, item_key
from jutong.center.demand.rules import ASSIGN_PERIOD
from jutong.center.org import queries as org
from jutong.center.org.actor import Actor
from jutong.center.org.enums import Role
from jutong.center.org.models import Organisation
from jutong.center.org.permissions import Permission
from jutong.center.ownership.texts import problem, required
from jutong.center.sharing.numbers import next_number
from jutong.kernel.clock import civil_date
from jutong.kernel.errors import InvalidInputError
from jutong.kernel.i18n import gettext_noop

NUMBER = "XQ"
_UNKNOWN = gettext_noop("没有这个在用的部门")
_OWN = gettext_noop("期望提供部门不能是本部门")


@transaction.atomic
def state_demand(*, fields: DemandFields, by: Actor, now: datetime) -> Demand:
    """State a need of the actor's department; the authority's 5 working days to dock it start (条例 20(1)).

    What the catalog may already have is looked for at once.

    Raises:
        InvalidInputError: with everything that is wrong at once.
        NoAuthorityError: if nobody docks needs in the division.
        CalendarYearMissingError: if the clock cannot be counted; then nothing is stated.
        ForbiddenError: if the post states no needs.
    """
    org.require(by, Permission.DEMAND_DEMAND_STATE)
    requester = org.own_organisation(by)
    authority = org.authority_for(requester.division_code)
    demand = Demand(
        number=next_number(NUMBER, now), state=DemandState.STATED, requester=requester,
        division_code=requester.division_code, created_by_id=by.user_id, stated_at=now, changed_at=now,
    )  # fmt: skip
    _write(demand, fields, now)
    common.record("state", demand, by, now, items=len(fields.items))
    common.start_clock(ASSIGN_PERIOD, demand, authority, by, now)
    look(demand, now)
    text = gettext_noop("{requester}提出数据需求{number}“{title}”，请对接。")
    common.tell(authority, Role.AUTHORITY, text, demand, now, requester=requester.short_name)
    if demand.expected_holder is not None:
        text = gettext_noop("{requester}提出的数据需求{number}“{title}”期望由您部门提供。")
        common.tell(demand.expected_holder, Role.STEWARD, text, demand, now, requester=requester.short_name)
    return demand


def _write(demand: Demand, fields: DemandFields, now: datetime) -> None:
    """Put what was written on a need, its items included.

    Raises:
        InvalidInputError: with everything that is wrong at once.
    """
    problems = demand_problems(fields, civil_date(now))
    expected = Organisation.objects.filter(code=fields.expected_holder, closed_at=None).first()
    name = gettext_noop("期望提供部门")
    if fields.expected_holder and expected is None:
        problems.append(problem("expected_holder", name, "", _UNKNOWN, found=fields.expected_holder[:20]))
    elif expected is not None and expected.id == demand.requester_id:
        problems.append(problem("expected_holder", name, "", _OWN, found=expected.short_name))
    if problems:
        raise InvalidInputError(problems=problems)
    for field in ("title", "basis", "scenario", "matter"):
        setattr(demand, field, getattr(fields, field).strip())
    for field in (
        "frequency", "share_way", "urgency", "wanted_on", "division_filter", "is_true", "is_lawful", "is_secured",
    ):  # fmt: skip
        setattr(demand, field, getattr(fields, field))
    demand.name_key, demand.expected_holder = same_name_key(demand.title)[:128], expected
    demand.save()
    demand.items.all().delete()
    DemandItem.objects.bulk_create(
        DemandItem(
            demand=demand, position=at, name=item.name.strip(), meaning=item.meaning.strip(), key=item_key(item.name)
        )
        for at, item in enumerate(fields.items, start=1)
    )


@transaction.atomic
def edit_demand(*, demand: Demand, fields: DemandFields, by: Actor, now: datetime) -> Demand:
    """Write a need anew while nothing was done about it yet; matches are looked for again.

    Raises:
        StepNotAllowedError: once it is on its way.
        InvalidInputError: with everything that is wrong at once.
    """
    locked, row = common.begin(demand, DemandEvent.EDIT, by)
    locked.changed_at = now
    _write(locked, fields, now)
    common.moved(locked, row, now)
    common.record("edit", locked, by, now, items=len(fields.items))
    look(locked, now)
    return locked


@transaction.atomic
def join_demand(*, demand: Demand, scenario: str, by: Actor, now: datetime) -> Joiner:
    """Have the same need: the department is told of everything that follows and may apply with one click.

    Raises:
        DemandJoinedError: if the department stated it or joined before.
        HolderIsRequesterError: for the department that was asked for the data.
        InvalidInputError: without what it is needed for.
    """
    locked, row = common.begin(demand, DemandEvent.JOIN, by)
    organisation = org.own_organisation(by)
    again = DemandJoinedError(organisation=organisation.short_name, number=locked.number)
    if organisation.id == locked.requester_id:
        raise again
    if organisation.id == locked.holder_id:
        raise HolderIsRequesterError(number=locked.number, organisation=organisation.short_name)
    clean = required(scenario, "scenario", gettext_noop("应用场景"), CLAUSE)
    with constraint_errors(demand_joined_once=again):
        joiner = Joiner.objects.create(
            demand=locked, organisation=organisation, scenario=clean, by_id=by.user_id, at=now
        )
    common.moved(locked, row, now)
    common.record("join", locked, by, now, organisation=organisation.code)
    text = gettext_noop("{who}也需要{number}“{title}”。")
    common.tell(locked.requester, None, text, locked, now, who=organisation.short_name)
    return joiner


@transaction.atomic
def leave_demand(*, demand: Demand, by: Actor, now: datetime) -> Demand:
    """No longer have a need the department joined.

    Raises:
        DemandNotJoinedError: if it never joined.
    """
    locked, row = common.begin(demand, DemandEvent.LEAVE, by)
    organisation = org.own_organisation(by)
    gone, _ = Joiner.objects.filter(demand=locked, organisation=organisation).delete()
    if not gone:
        raise DemandNotJoinedError(organisation=organisation.short_name, number=locked.number)
    common.moved(locked, row, now)
    common.record("leave", locked, by, now, organisation=organisation.code)
    return locked


@transaction.atomic
def withdraw_demand(*, demand: Demand, by: Actor, now: datetime) -> Demand:
    """Take a need back. Where others joined it, it goes on as the first joiner's.

    Raises:
        StepNotAllowedError: once it has ended.
    """
    locked, row = common.begin(demand, DemandEvent.WITHDRAW, by)
    heir = locked.joiners.select_related("organisation").exclude(organisation_id=locked.holder_id or org.NOBODY).first()
    if heir is not None:
        return _hand_over(locked, heir, by, now)
    Assignment.objects.filter(demand=locked, ended_at=None).update(ended_at=now)
    common.cancel_clocks(locked, by, now)
    common.ended(locked, row, now)
    common.record("withdraw", locked, by, now)
    if locked.holder is not None:
        text = gettext_noop("需求{number}“{title}”已撤回，不用再办。")
        common.tell(locked.holder, Role.STEWARD, text, locked, now)
    return locked


def _hand_over(demand: Demand, heir: Joiner, by: Actor, now: datetime) -> Demand:
    """Let the first joiner be the requester, so that a need others have does not fall with the one who wrote it."""
    former = demand.requester
    demand.requester, demand.created_by, demand.changed_at = heir.organisation, heir.by, now
    if demand.expected_holder_id == heir.organisation_id:
        demand.expected_holder = None
    demand.save(update_fields=["requester", "created_by", "expected_holder", "changed_at"])
    heir.delete()
    common.record("hand-over", demand, by, now, former=former.code, requester=demand.requester.code)
    text = gettext_noop("{former}不再需要{number}“{title}”，这条需求现在由您部门牵头。")
    common.tell(demand.requester, None, text, demand, now, former=former.short_name)
    return demand
