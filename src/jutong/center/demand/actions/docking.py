"""The authority's steps: match, merge, refer, assign, close; and the requester's word on a match."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from jutong.center.catalog.models import Entry
from jutong.center.demand.actions import _common as common
from jutong.center.demand.actions.matching import look
from jutong.center.demand.enums import DemandEvent
from jutong.center.demand.errors import (
    AlreadyReliedOnError,
    HolderIsRequesterError,
    HolderUnknownError,
    MergeTargetError,
    NoSuperiorError,
    OwnDemandDataError,
)
from jutong.center.demand.models import Assignment, Demand, DemandApplication, Joiner
from jutong.center.demand.need import CLAUSE
from jutong.center.demand.parties import participants, superior_of
from jutong.center.demand.rules import ANSWER_PERIOD, ASSIGN_PERIOD, OPEN
from jutong.center.org.actor import Actor
from jutong.center.org.enums import Role
from jutong.center.org.lineage import is_at_or_below
from jutong.center.org.models import Organisation
from jutong.center.org.queries import authority_for
from jutong.center.ownership.texts import required
from jutong.center.sharing.errors import EntryUnpublishedError
from jutong.kernel.i18n import gettext_noop

_REASON = gettext_noop("理由")


def published(entry: Entry, demand: Demand) -> Entry:
    """Return an entry that may stand for a need, read anew.

    Raises:
        EntryUnpublishedError: if it is not published.
        OwnDemandDataError: if it is the requester's own.
    """
    found = Entry.objects.select_related("organisation", "published").get(id=entry.id)
    if found.published is None:
        raise EntryUnpublishedError(entry=str(found))
    if found.organisation_id == demand.requester_id:
        raise OwnDemandDataError(entry=str(found), organisation=demand.requester.short_name)
    return found


@transaction.atomic
def match_demand(*, demand: Demand, entry: Entry, by: Actor, now: datetime) -> Demand:
    """Say that a published entry is what is asked for; whoever has the need may apply now.

    An entry that is 不予共享 can be matched too: then the way on is a dispute and not an application.

    Raises:
        EntryUnpublishedError: if the entry is not published.
        OwnDemandDataError: if it is the requester's own.
        StepNotAllowedError: if a holder is at work already, or the need has ended.
    """
    locked, row = common.begin(demand, DemandEvent.MATCH, by)
    found = published(entry, locked)
    former = locked.holder
    _call_off(locked, now)
    common.stop_clock(ASSIGN_PERIOD, locked, by, now)
    common.cancel_clocks(locked, by, now)
    locked.entry, locked.holder = found, None
    common.moved(locked, row, now, "entry", "holder")
    common.record("match", locked, by, now, entry=found.code)
    text = gettext_noop("需求{number}“{title}”对应到目录“{entry}”，可以申请。")
    common.tell_participants(text, locked, now, entry=str(found))
    if former is not None:
        text = gettext_noop("需求{number}“{title}”已对应到别的目录，不用再答复。")
        common.tell(former, Role.STEWARD, text, locked, now)
    return locked


def _call_off(demand: Demand, now: datetime) -> None:
    Assignment.objects.filter(demand=demand, ended_at=None).update(ended_at=now)


@transaction.atomic
def unmatch_demand(*, demand: Demand, reason: str, by: Actor, now: datetime) -> Demand:
    """Say that the entry is not what is needed; the authority's clock to dock it starts again.

    Raises:
        AlreadyReliedOnError: if somebody applied on it.
        InvalidInputError: without a reason.
    """
    locked, row = common.begin(demand, DemandEvent.UNMATCH, by)
    clean = required(reason, "reason", _REASON, CLAUSE)
    if DemandApplication.objects.filter(demand=locked).exists():
        raise AlreadyReliedOnError(number=locked.number)
    entry = locked.entry
    locked.entry = locked.draft = locked.holder = None
    common.moved(locked, row, now, "entry", "draft", "holder")
    authority = authority_for(locked.division_code)
    common.start_clock(ASSIGN_PERIOD, locked, authority, by, now)
    common.record("unmatch", locked, by, now, entry=entry.code if entry else "", reason=clean)
    text = gettext_noop("需求{number}“{title}”对应的目录不合用：{reason}")
    common.tell(authority, Role.AUTHORITY, text, locked, now, reason=clean[:100])
    return locked


@transaction.atomic
def merge_demand(*, demand: Demand, into: Demand, by: Actor, now: datetime) -> Demand:
    """Merge a need into another open one: who stated or joined it has that one from now on.

    Raises:
        MergeTargetError: if the other one has ended or is the same.
    """
    first, second = sorted((demand.id, into.id))
    list(Demand.objects.select_for_update(of=("self",)).filter(id__in=(first, second)).order_by("id"))
    locked, row = common.begin(demand, DemandEvent.MERGE, by)
    target = Demand.objects.select_related("requester", "holder").get(id=into.id)
    movers = participants(locked)
    if target.id == locked.id or target.state not in OPEN or target.holder_id in movers:
        raise MergeTargetError(number=locked.number, other=into.number)
    _bring_over(locked, target, now)
    _call_off(locked, now)
    common.stop_clock(ASSIGN_PERIOD, locked, by, now)
    common.cancel_clocks(locked, by, now)
    text = gettext_noop("需求{number}“{title}”并入{other}，进展看那一条。")
    common.tell_participants(text, locked, now, other=target.number)
    locked.merged_into, locked.holder = target, None
    common.ended(locked, row, now, "merged_into", "holder")
    common.record("merge", locked, by, now, into=target.number)
    return locked


def _bring_over(demand: Demand, target: Demand, now: datetime) -> None:
    there = participants(target)
    rows = [(demand.requester_id, demand.scenario, demand.created_by_id)]
    rows += list(demand.joiners.values_list("organisation_id", "scenario", "by_id"))
    Joiner.objects.bulk_create(
        Joiner(demand=target, organisation_id=organisation_id, scenario=scenario, by_id=by_id, at=now)
        for organisation_id, scenario, by_id in rows
        if organisation_id not in there
    )


@transaction.atomic
def refer_demand(*, demand: Demand, reason: str, by: Actor, now: datetime) -> Demand:
    """Hand a need to the authority above, whose clock starts: the data is with an upper department.

    Raises:
        NoSuperiorError: if none is registered above.
        InvalidInputError: without a reason.
    """
    locked, row = common.begin(demand, DemandEvent.REFER, by)
    clean = required(reason, "reason", _REASON, CLAUSE)
    superior = superior_of(locked.division_code)
    if superior is None:
        raise NoSuperiorError(division=locked.division_code, number=locked.number)
    common.stop_clock(ASSIGN_PERIOD, locked, by, now)
    former, locked.division_code, locked.holder = locked.division_code, superior.division_code, None
    common.moved(locked, row, now, "division_code", "holder")
    common.start_clock(ASSIGN_PERIOD, locked, superior, by, now)
    common.record("refer", locked, by, now, former=former, division=superior.division_code, reason=clean)
    text = gettext_noop("下级主管部门转报数据需求{number}“{title}”，请对接：{reason}")
    common.tell(superior, Role.AUTHORITY, text, locked, now, reason=clean[:100])
    return locked


@transaction.atomic
def assign_demand(*, demand: Demand, holder: str, note: str = "", by: Actor, now: datetime) -> Demand:
    """Ask a presumed holder; its 5 working days to answer start. Asked before it answered, the former one is let go.

    Args:
        demand: one nobody works on yet.
        holder: credit code of a department of the authority's division or below.
        note: why it is thought to hold the data.
        by: the authority.
        now: when.

    Raises:
        HolderUnknownError: for a department the authority may not ask.
        HolderIsRequesterError: for one that has the need itself.
    """
    locked, row = common.begin(demand, DemandEvent.ASSIGN, by)
    found = Organisation.objects.filter(code=holder, closed_at=None).first()
    if found is None or not is_at_or_below(found.division_code, locked.division_code):
        raise HolderUnknownError(code=holder[:20])
    if found.id in participants(locked):
        raise HolderIsRequesterError(number=locked.number, organisation=found.short_name)
    _call_off(locked, now)
    common.stop_clock(ASSIGN_PERIOD, locked, by, now)
    common.cancel_clocks(locked, by, now)
    Assignment.objects.create(demand=locked, holder=found, note=note.strip()[:500], by_id=common.user_id(by), at=now)
    locked.holder = found
    common.moved(locked, row, now, "holder")
    common.start_clock(ANSWER_PERIOD, locked, found, by, now)
    common.record("assign", locked, by, now, holder=found.code)
    text = gettext_noop("主管部门派发数据需求{number}“{title}”，请答复是否持有。")
    common.tell(found, Role.STEWARD, text, locked, now)
    text = gettext_noop("需求{number}“{title}”已派发给{holder}。")
    common.tell_participants(text, locked, now, holder=found.short_name)
    return locked


@transaction.atomic
def close_demand(*, demand: Demand, reason: str, by: Actor, now: datetime) -> Demand:
    """End a need that cannot be met, with the reason everybody reads.

    Raises:
        InvalidInputError: without a reason.
    """
    locked, row = common.begin(demand, DemandEvent.CLOSE, by)
    locked.close_reason = required(reason, "reason", _REASON, CLAUSE)
    _call_off(locked, now)
    common.stop_clock(ASSIGN_PERIOD, locked, by, now)
    common.cancel_clocks(locked, by, now)
    common.ended(locked, row, now, "close_reason")
    common.record("close", locked, by, now, reason=locked.close_reason)
    text = gettext_noop("需求{number}“{title}”已办结：{reason}")
    common.tell_participants(text, locked, now, reason=locked.close_reason[:100])
    return locked


def back_to_authority(demand: Demand, by: Actor, now: datetime) -> None:
    """Start the authority's clock again after a holder could not help, and look once more."""
    common.start_clock(ASSIGN_PERIOD, demand, authority_for(demand.division_code), by, now)
    look(demand, now)
