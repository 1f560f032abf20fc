"""回流: a lower area is given back its own data, without conditions, and what came is compared (条例 24)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from ninja import Path, Query, Router
from pydantic import Field

from jutong.api import listing
from jutong.api.door import ApiRequest, Caller, asks
from jutong.api.shapes import returns as shapes
from jutong.api.shapes.common import PageOut
from jutong.api.types import Asked, Cursor
from jutong.center.catalog.queries import published_entry
from jutong.center.org.permissions import Permission as May
from jutong.center.returns import actions, queries
from jutong.center.returns.enums import ReturnState

router = Router(tags=["数据回流 returns"])
PAGE_SIZE = 50
RETURNS = "returns"
Number = Annotated[shapes.ReturnNumber, Path(description="回流编号 · number of the return")]
_STEP = (404, 409, 415, 422)
_BARE = (404, 409, 422)


class ReturnsAsked(Asked):
    """Which returns."""

    state: list[ReturnState] = Field(default=[], max_length=6)
    side: shapes.Side = ""
    cursor: Cursor = ""


def _told(caller: Caller, number: str) -> shapes.ReturnOut:
    return shapes.return_out(queries.view(caller.actor, number, caller.now))


def _take(request: ApiRequest, number: str, action: Callable[..., Any], **more: Any) -> shapes.ReturnOut:
    """Take a step on a return and tell how it stands then."""
    caller = request.auth
    action(flow=queries.return_flow(caller.actor, number), by=caller.actor, now=caller.now, **more)
    return _told(caller, number)


@router.get(
    "",
    operation_id="listReturns",
    summary="数据回流 · returns the caller may see",
    **asks(May.SHARING_RETURN_VIEW, PageOut[shapes.ReturnRowOut], 422),
)
def list_returns(request: ApiRequest, asked: Query[ReturnsAsked]) -> PageOut[shapes.ReturnRowOut]:
    """Return a page of 50 returns, the newest first."""
    caller = request.auth
    number = listing.page_number(RETURNS, asked.cursor)
    start = (number - 1) * PAGE_SIZE
    found = queries.returns(caller.actor, states=[state.value for state in asked.state], side=asked.side)
    rows = list(found[start : start + PAGE_SIZE + 1])
    clocks = queries.clocks_of(rows, caller.now)
    return PageOut(
        rows=[shapes.return_row_out(row, clocks.get(str(row.id))) for row in rows[:PAGE_SIZE]],
        next=listing.next_page(RETURNS, number, more=len(rows) > PAGE_SIZE),
    )


@router.post(
    "",
    operation_id="askReturn",
    summary="登记回流 · ask for the own area's data",
    **asks(May.SHARING_RETURN_ASK, shapes.ReturnOut, *_STEP, status=201),
)
def ask(request: ApiRequest, body: shapes.ReturnAskIn) -> shapes.ReturnOut:
    """Ask an upper department for what its entry says about the own area; its division chooses the rows."""
    caller = request.auth
    made = actions.ask_return(
        entry=published_entry(caller.actor, body.entry), items=body.items, system_id=body.system_id, basis=body.basis,
        scenario=body.scenario, share_way=body.share_way, frequency=body.frequency, by=caller.actor, now=caller.now,
    )  # fmt: skip
    return _told(caller, made.number)


@router.get(
    "/{number}",
    operation_id="getReturn",
    summary="一项回流 · one return",
    **asks(May.SHARING_RETURN_VIEW, shapes.ReturnOut, 404, 422),
)
def one(request: ApiRequest, number: Number) -> shapes.ReturnOut:
    """Return one with its items, comparisons and what the caller may do now."""
    return _told(request.auth, number)


@router.post(
    "/{number}/terms",
    operation_id="confirmReturn",
    summary="确认口径 · confirm the terms",
    **asks(May.SHARING_RETURN_ANSWER, shapes.ReturnOut, *_STEP),
)
def confirm(request: ApiRequest, number: Number, body: shapes.ReturnTermsIn) -> shapes.ReturnOut:
    """Confirm the terms as the upper department; the period to dock starts."""
    left_out = {row.item_id: row.reason for row in body.left_out}
    return _take(request, number, actions.confirm_return, frequency=body.frequency, note=body.note, left_out=left_out)


@router.post(
    "/{number}/count",
    operation_id="countReturn",
    summary="报告应回流条数 · say how many rows lie in the area",
    **asks(May.SHARING_RETURN_ANSWER, shapes.ReturnOut, *_STEP),
)
def count(request: ApiRequest, number: Number, body: shapes.ReturnCountIn) -> shapes.ReturnOut:
    """Say as the upper department how many rows lie in the area now."""
    return _take(request, number, actions.count_return, counted=body.counted)


@router.post(
    "/{number}/comparison",
    operation_id="compareReturn",
    summary="核对完整性 · compare what came",
    **asks(May.SHARING_RETURN_ASK, shapes.ReturnOut, *_STEP),
)
def compare(request: ApiRequest, number: Number, body: shapes.ReturnHeldIn) -> shapes.ReturnOut:
    """Say as the lower department how many rows are held; fewer than counted is a gap."""
    return _take(request, number, actions.compare_return, held=body.held)


@router.post(
    "/{number}/withdrawal",
    operation_id="withdrawReturn",
    summary="撤回 · take a return back",
    **asks(May.SHARING_RETURN_VIEW, shapes.ReturnOut, *_BARE),
)
def withdraw(request: ApiRequest, number: Number) -> shapes.ReturnOut:
    """Take it back before data comes; once it is ordered this is the head's step."""
    return _take(request, number, actions.withdraw_return)


@router.post(
    "/{number}/end",
    operation_id="endReturn",
    summary="结束回流 · end a return",
    **asks(May.SHARING_GRANT_REVOKE, shapes.ReturnOut, *_BARE),
)
def end(request: ApiRequest, number: Number) -> shapes.ReturnOut:
    """End it as the lower department's 工作机构负责人; its grant is given up."""
    return _take(request, number, actions.end_return)
