"""整改 (条例 27(2))."""

from __future__ import annotations

from typing import Annotated

from ninja import Path, Query, Router

from jutong.api import listing
from jutong.api.door import ApiRequest, Caller, asks
from jutong.api.shapes import remedy as shapes
from jutong.api.shapes.common import PageOut
from jutong.api.types import Asked, Cursor
from jutong.center.org.permissions import Permission
from jutong.center.remedy import actions, queries
from jutong.center.remedy.models import Rectification
from jutong.center.sharing import queries as sharing

router = Router(tags=["整改 rectifications"])
LIST, PAGE_SIZE = "rectifications", 50
Number = Annotated[
    str, Path(pattern=r"^ZG[0-9]{8}-[0-9]{4,9}$", description="整改单编号 · number of the rectification")
]
_BODY = (404, 409, 415, 422)


class RectificationsAsked(Asked):
    """Which rectifications."""

    is_open: bool | None = None
    cursor: Cursor = ""


def _case(caller: Caller, number: str) -> Rectification:
    return queries.rectification(caller.actor, number, now=caller.now).case


def _shown(caller: Caller, number: str) -> shapes.RectificationOut:
    return shapes.rectification_out(queries.rectification(caller.actor, number, now=caller.now))


@router.get(
    "/rectifications",
    operation_id="listRectifications",
    summary="整改列表 · rectifications the caller may see",
    **asks(Permission.REMEDY_RECTIFICATION_VIEW, PageOut[shapes.RectificationRowOut], 422),
)
def list_rectifications(request: ApiRequest, asked: Query[RectificationsAsked]) -> PageOut[shapes.RectificationRowOut]:
    """Return a page of 50, the newest first."""
    number = listing.page_number(LIST, asked.cursor)
    start = (number - 1) * PAGE_SIZE
    rows = list(queries.rectifications(request.auth.actor, is_open=asked.is_open)[start : start + PAGE_SIZE + 1])
    following = listing.next_page(LIST, number, more=len(rows) > PAGE_SIZE)
    return PageOut(rows=[shapes.rectification_row(row) for row in rows[:PAGE_SIZE]], next=following)


@router.post(
    "/rectifications",
    operation_id="orderRectification",
    summary="暂停并责令整改 · suspend and order a rectification",
    **asks(Permission.REMEDY_RECTIFICATION_ORDER, shapes.RectificationOut, *_BODY, status=201),
)
def order(request: ApiRequest, body: shapes.RectifyIn) -> shapes.RectificationOut:
    """Suspend a grant at once and order the requester to put things right, as the provider or the authority."""
    caller = request.auth
    made = actions.order_rectification(
        grant=sharing.grant(caller.actor, body.grant).grant, finding=body.finding, demands=body.demands,
        days=body.days, records=body.records, by=caller.actor, now=caller.now,
    )  # fmt: skip
    return _shown(caller, made.number)


@router.get(
    "/rectifications/{number}",
    operation_id="getRectification",
    summary="一件整改 · one rectification",
    **asks(Permission.REMEDY_RECTIFICATION_VIEW, shapes.RectificationOut, 404, 422),
)
def get_rectification(request: ApiRequest, number: Number) -> shapes.RectificationOut:
    """Return one rectification with its rounds."""
    return _shown(request.auth, number)


@router.post(
    "/rectifications/{number}/report",
    operation_id="reportRectification",
    summary="报送整改结果 · report what was put right",
    **asks(Permission.REMEDY_RECTIFICATION_ANSWER, shapes.RectificationOut, *_BODY),
)
def report(request: ApiRequest, number: Number, body: shapes.RectifiedIn) -> shapes.RectificationOut:
    """Report the result as the requester; the clock stops."""
    caller = request.auth
    actions.report_rectification(rectification=_case(caller, number), text=body.text, by=caller.actor, now=caller.now)
    return _shown(caller, number)


@router.post(
    "/rectifications/{number}/acceptance",
    operation_id="acceptRectification",
    summary="验收通过并恢复 · accept the result and lift the suspension",
    **asks(Permission.SHARING_SUSPENSION_LIFT, shapes.RectificationOut, *_BODY),
)
def accept(request: ApiRequest, number: Number, body: shapes.AcceptedIn) -> shapes.RectificationOut:
    """Accept the result; another person than the one who suspended the grant decides."""
    caller = request.auth
    actions.accept_rectification(rectification=_case(caller, number), note=body.note, by=caller.actor, now=caller.now)
    return _shown(caller, number)


@router.post(
    "/rectifications/{number}/rejection",
    operation_id="rejectRectification",
    summary="认定整改不到位 · say that the result is not enough",
    **asks(Permission.REMEDY_RECTIFICATION_ORDER, shapes.RectificationOut, *_BODY),
)
def reject(request: ApiRequest, number: Number, body: shapes.JudgedIn) -> shapes.RectificationOut:
    """Say what is not enough about the result."""
    caller = request.auth
    actions.reject_rectification(rectification=_case(caller, number), note=body.note, by=caller.actor, now=caller.now)
    return _shown(caller, number)


@router.post(
    "/rectifications/{number}/refusal",
    operation_id="callRectificationRefused",
    summary="认定拒不整改 · say that nothing came in time",
    **asks(Permission.REMEDY_RECTIFICATION_ORDER, shapes.RectificationOut, *_BODY),
)
def refused(request: ApiRequest, number: Number, body: shapes.JudgedIn) -> shapes.RectificationOut:
    """Say that the department refuses, once the limit is over and nothing was reported."""
    caller = request.auth
    actions.call_refused(rectification=_case(caller, number), note=body.note, by=caller.actor, now=caller.now)
    return _shown(caller, number)


@router.post(
    "/rectifications/{number}/order",
    operation_id="orderRectificationAgain",
    summary="再次责令整改 · give another limit",
    **asks(Permission.REMEDY_RECTIFICATION_ORDER, shapes.RectificationOut, *_BODY),
)
def again(request: ApiRequest, number: Number, body: shapes.RectifyAgainIn) -> shapes.RectificationOut:
    """Order it again after a result that was not enough."""
    caller = request.auth
    actions.order_again(
        rectification=_case(caller, number), demands=body.demands, days=body.days, by=caller.actor, now=caller.now
    )
    return _shown(caller, number)


@router.post(
    "/rectifications/{number}/termination",
    operation_id="terminateRectified",
    summary="终止共享 · end the share after a failed rectification",
    **asks(Permission.REMEDY_RECTIFICATION_ORDER, shapes.RectificationOut, *_BODY),
)
def terminate(request: ApiRequest, number: Number, body: shapes.JudgedIn) -> shapes.RectificationOut:
    """End the share; the disposal of what was received begins with it (条例 27)."""
    caller = request.auth
    actions.terminate(rectification=_case(caller, number), note=body.note, by=caller.actor, now=caller.now)
    return _shown(caller, number)


@router.post(
    "/rectifications/{number}/withdrawal",
    operation_id="withdrawRectification",
    summary="撤销整改要求 · take an order back",
    **asks(Permission.SHARING_SUSPENSION_LIFT, shapes.RectificationOut, *_BODY),
)
def withdraw(request: ApiRequest, number: Number, body: shapes.JudgedIn) -> shapes.RectificationOut:
    """Take back an order that was given by mistake, and lift the suspension."""
    caller = request.auth
    actions.withdraw_rectification(rectification=_case(caller, number), note=body.note, by=caller.actor, now=caller.now)
    return _shown(caller, number)
