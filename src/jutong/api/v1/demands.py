"""Needs and how they are docked (条例 20(1))."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from ninja import Path, Query, Router
from pydantic import Field

from jutong.api import listing
from jutong.api.door import ApiRequest, Caller, asks
from jutong.api.shapes import demand as shapes
from jutong.api.shapes.common import PageOut
from jutong.api.types import Asked, Cursor
from jutong.center.catalog.queries import published_entry
from jutong.center.demand import actions, queries
from jutong.center.demand.models import Demand
from jutong.center.org.permissions import Permission as May

router = Router(tags=["数据需求 demands"])
PAGE_SIZE = 50
DEMANDS = "demands"
Number = Annotated[shapes.DemandNumber, Path(description="需求编号 · number of the need")]
_STEP = (404, 409, 415, 422)
_BARE = (404, 409, 422)


class DemandsAsked(Asked):
    """Which needs."""

    q: Annotated[str, Field(max_length=100, description="名称、信息项或编号 · a word of name or item")] = ""
    state: Annotated[str, Field(max_length=16)] = ""
    mine: Annotated[str, Field(pattern=r"^(asked|assigned)?$")] = ""
    cursor: Cursor = ""


def _told(caller: Caller, number: str) -> shapes.DemandOut:
    return shapes.demand_out(queries.view(caller.actor, number, caller.now))


def _take(request: ApiRequest, number: str, action: Callable[..., Any], **more: Any) -> shapes.DemandOut:
    """Take a step on a need and return how it stands then."""
    caller = request.auth
    found: Demand = queries.demand(caller.actor, number)
    action(demand=found, by=caller.actor, now=caller.now, **more)
    return _told(caller, number)


@router.get(
    "",
    operation_id="listDemands",
    summary="数据需求 · needs of all departments",
    **asks(May.DEMAND_DEMAND_VIEW, PageOut[shapes.DemandRowOut], 422),
)
def list_demands(request: ApiRequest, asked: Query[DemandsAsked]) -> PageOut[shapes.DemandRowOut]:
    """Return a page of 50 needs, the newest first; their state is public to departments."""
    caller = request.auth
    number = listing.page_number(DEMANDS, asked.cursor)
    start = (number - 1) * PAGE_SIZE
    states = [asked.state] if asked.state else []
    found = queries.demands(caller.actor, q=asked.q, states=states, mine=asked.mine)
    rows = list(found[start : start + PAGE_SIZE + 1])
    clocks = queries.clocks_of(rows, caller.now)
    return PageOut(
        rows=[shapes.demand_row_out(row, clocks.get(str(row.id))) for row in rows[:PAGE_SIZE]],
        next=listing.next_page(DEMANDS, number, more=len(rows) > PAGE_SIZE),
    )


@router.post(
    "",
    operation_id="stateDemand",
    summary="提数据需求 · state a need",
    **asks(May.DEMAND_DEMAND_STATE, shapes.DemandOut, 404, 409, 415, 422, status=201),
)
def state(request: ApiRequest, body: shapes.DemandIn) -> shapes.DemandOut:
    """State a need; the authority's period to dock it starts, and the catalog is looked through."""
    caller = request.auth
    return _told(caller, actions.state_demand(fields=body.fields(), by=caller.actor, now=caller.now).number)


@router.get(
    "/{number}",
    operation_id="getDemand",
    summary="一条需求 · one need",
    **asks(May.DEMAND_DEMAND_VIEW, shapes.DemandOut, 404, 422),
)
def one(request: ApiRequest, number: Number) -> shapes.DemandOut:
    """Return a need with what is proposed and how it came along."""
    return _told(request.auth, number)


@router.put(
    "/{number}",
    operation_id="editDemand",
    summary="修改需求 · write a need anew",
    **asks(May.DEMAND_DEMAND_STATE, shapes.DemandOut, *_STEP),
)
def edit(request: ApiRequest, number: Number, body: shapes.DemandIn) -> shapes.DemandOut:
    """Write a need anew while nothing was done about it."""
    return _take(request, number, actions.edit_demand, fields=body.fields())


@router.post(
    "/{number}/joiners",
    operation_id="joinDemand",
    summary="我也要 · have the same need",
    **asks(May.DEMAND_DEMAND_STATE, shapes.DemandOut, *_STEP),
)
def join(request: ApiRequest, number: Number, body: shapes.JoinIn) -> shapes.DemandOut:
    """Have the same need, be told of what follows, and apply with one click."""
    return _take(request, number, actions.join_demand, scenario=body.scenario)


@router.post(
    "/{number}/leave",
    operation_id="leaveDemand",
    summary="不再需要 · no longer have the need",
    **asks(May.DEMAND_DEMAND_STATE, shapes.DemandOut, *_BARE),
)
def leave(request: ApiRequest, number: Number) -> shapes.DemandOut:
    """No longer have a need the department joined."""
    return _take(request, number, actions.leave_demand)


@router.post(
    "/{number}/comparison",
    operation_id="compareDemand",
    summary="重新比对目录 · compare with the catalog again",
    **asks(May.DEMAND_DEMAND_VIEW, shapes.DemandOut, *_BARE),
)
def compare(request: ApiRequest, number: Number) -> shapes.DemandOut:
    """Look again whether the catalog has it by now."""
    return _take(request, number, actions.look_again)


@router.post(
    "/{number}/match",
    operation_id="matchDemand",
    summary="对应到目录 · say which entry it is",
    **asks(None, shapes.DemandOut, *_STEP),
)
def match(request: ApiRequest, number: Number, body: shapes.DemandEntryIn) -> shapes.DemandOut:
    """Say which published entry it is: the department that stated it, or the authority."""
    entry = published_entry(request.auth.actor, body.entry)
    return _take(request, number, actions.match_demand, entry=entry)


@router.post(
    "/{number}/unmatch",
    operation_id="unmatchDemand",
    summary="目录不合用 · the entry is not what is needed",
    **asks(May.DEMAND_DEMAND_STATE, shapes.DemandOut, *_STEP),
)
def unmatch(request: ApiRequest, number: Number, body: shapes.DemandReasonIn) -> shapes.DemandOut:
    """Say that the entry is not what is needed; it is docked anew."""
    return _take(request, number, actions.unmatch_demand, reason=body.reason)


@router.post(
    "/{number}/merge",
    operation_id="mergeDemand",
    summary="并入同类需求 · merge into another need",
    **asks(May.DEMAND_DEMAND_ASSIGN, shapes.DemandOut, *_STEP),
)
def merge(request: ApiRequest, number: Number, body: shapes.MergeIn) -> shapes.DemandOut:
    """Merge a need into another open one; everybody who has it has that one."""
    return _take(request, number, actions.merge_demand, into=queries.demand(request.auth.actor, body.into))


@router.post(
    "/{number}/refer",
    operation_id="referDemand",
    summary="转报上级主管部门 · hand to the authority above",
    **asks(May.DEMAND_DEMAND_ASSIGN, shapes.DemandOut, *_STEP),
)
def refer(request: ApiRequest, number: Number, body: shapes.DemandReasonIn) -> shapes.DemandOut:
    """Hand a need to the authority above."""
    return _take(request, number, actions.refer_demand, reason=body.reason)


@router.post(
    "/{number}/assign",
    operation_id="assignDemand",
    summary="派发 · ask a presumed holder",
    **asks(May.DEMAND_DEMAND_ASSIGN, shapes.DemandOut, *_STEP),
)
def assign(request: ApiRequest, number: Number, body: shapes.AssignIn) -> shapes.DemandOut:
    """Ask the department thought to hold the data; its period to answer starts."""
    return _take(request, number, actions.assign_demand, holder=body.holder, note=body.note)


@router.post(
    "/{number}/close",
    operation_id="closeDemand",
    summary="办结 · end a need that cannot be met",
    **asks(May.DEMAND_DEMAND_ASSIGN, shapes.DemandOut, *_STEP),
)
def close(request: ApiRequest, number: Number, body: shapes.DemandReasonIn) -> shapes.DemandOut:
    """End a need that cannot be met, with a reason everybody reads."""
    return _take(request, number, actions.close_demand, reason=body.reason)


@router.post(
    "/{number}/answer",
    operation_id="answerDemand",
    summary="认领答复 · say whether the data is held",
    **asks(May.DEMAND_DEMAND_ANSWER, shapes.DemandOut, *_STEP),
)
def answer(request: ApiRequest, number: Number, body: shapes.HolderAnswerIn) -> shapes.DemandOut:
    """Answer as the presumed holder: 持有, 不持有 or 未采集, with the basis."""
    return _take(request, number, actions.answer_demand, answer=body.answer, basis=body.basis)


@router.post(
    "/{number}/catalog",
    operation_id="beginDemandCatalog",
    summary="按需求起草目录 · start the entry",
    **asks(May.DEMAND_DEMAND_ANSWER, shapes.DemandMadeOut, *_STEP),
)
def begin_catalog(request: ApiRequest, number: Number, body: shapes.BeginCatalogIn) -> shapes.DemandMadeOut:
    """Start an entry from what the need says; the answer names its code."""
    caller = request.auth
    made = actions.begin_catalog(
        demand=queries.demand(caller.actor, number), classification=body.classification, by=caller.actor,
        now=caller.now,
    )  # fmt: skip
    return shapes.DemandMadeOut(number=made.entry.code)


@router.post(
    "/{number}/entry",
    operation_id="nameDemandEntry",
    summary="已有目录 · name the published entry that has it",
    **asks(May.DEMAND_DEMAND_ANSWER, shapes.DemandOut, *_STEP),
)
def name_entry(request: ApiRequest, number: Number, body: shapes.DemandEntryIn) -> shapes.DemandOut:
    """Say as the holder which of its published entries has the data."""
    return _take(request, number, actions.name_entry, entry=published_entry(request.auth.actor, body.entry))


@router.post(
    "/{number}/application",
    operation_id="applyForDemand",
    summary="申请使用 · draft the application",
    **asks(May.DEMAND_DEMAND_STATE, shapes.DemandMadeOut, *_BARE, status=201),
)
def apply(request: ApiRequest, number: Number) -> shapes.DemandMadeOut:
    """Draft an application filled from the need; the answer names its number."""
    caller = request.auth
    found = queries.demand(caller.actor, number)
    return shapes.DemandMadeOut(number=actions.apply_for_demand(demand=found, by=caller.actor, now=caller.now).number)


@router.post(
    "/{number}/withdraw",
    operation_id="withdrawDemand",
    summary="撤回需求 · take a need back",
    **asks(May.DEMAND_DEMAND_STATE, shapes.DemandOut, *_BARE),
)
def withdraw(request: ApiRequest, number: Number) -> shapes.DemandOut:
    """Take a need back; where others joined it, it goes on as theirs."""
    return _take(request, number, actions.withdraw_demand)
