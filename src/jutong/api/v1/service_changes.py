"""服务变更 (条例 27(3))."""

from __future__ import annotations

from typing import Annotated

from ninja import Path, Query, Router

from jutong.api import listing
from jutong.api.door import ApiRequest, Caller, asks
from jutong.api.shapes import service_change as shapes
from jutong.api.shapes.common import PageOut
from jutong.api.types import Asked, Cursor
from jutong.center.catalog.queries import published_entry
from jutong.center.org.permissions import Permission
from jutong.center.remedy import actions, queries
from jutong.center.remedy.models import ServiceChange

router = Router(tags=["服务变更 service changes"])
LIST, PAGE_SIZE = "service-changes", 50
Number = Annotated[str, Path(pattern=r"^BG[0-9]{8}-[0-9]{4,9}$", description="服务变更编号 · number of the change")]
_BODY = (404, 409, 415, 422)


class ServiceChangesAsked(Asked):
    """Where to go on."""

    cursor: Cursor = ""


def _change(caller: Caller, number: str) -> ServiceChange:
    return queries.service_change(caller.actor, number, now=caller.now).change


def _shown(caller: Caller, number: str) -> shapes.ServiceChangeOut:
    return shapes.service_change_out(queries.service_change(caller.actor, number, now=caller.now))


@router.get(
    "/service-changes",
    operation_id="listServiceChanges",
    summary="服务变更列表 · service changes the caller may see",
    **asks(Permission.SHARING_GRANT_VIEW, PageOut[shapes.ServiceChangeRowOut], 422),
)
def list_changes(request: ApiRequest, asked: Query[ServiceChangesAsked]) -> PageOut[shapes.ServiceChangeRowOut]:
    """Return a page of 50, the newest first."""
    number = listing.page_number(LIST, asked.cursor)
    start = (number - 1) * PAGE_SIZE
    rows = list(queries.service_changes(request.auth.actor)[start : start + PAGE_SIZE + 1])
    following = listing.next_page(LIST, number, more=len(rows) > PAGE_SIZE)
    return PageOut(rows=[shapes.service_change_row(row) for row in rows[:PAGE_SIZE]], next=following)


@router.post(
    "/service-changes",
    operation_id="proposeServiceChange",
    summary="提出服务变更 · propose a change of an interface in use",
    **asks(Permission.REMEDY_CHANGE_PROPOSE, shapes.ServiceChangeOut, *_BODY, status=201),
)
def propose(request: ApiRequest, body: shapes.ServiceChangeIn) -> shapes.ServiceChangeOut:
    """Propose a change as the provider; every department that uses the interface is asked."""
    caller = request.auth
    made = actions.propose_change(
        entry=published_entry(caller.actor, body.entry), kind=body.kind, reason=body.reason, plan=body.plan,
        items=body.items, effective_on=body.effective_on, by=caller.actor, now=caller.now,
    )  # fmt: skip
    return _shown(caller, made.number)


@router.get(
    "/service-changes/{number}",
    operation_id="getServiceChange",
    summary="一件服务变更 · one service change",
    **asks(Permission.SHARING_GRANT_VIEW, shapes.ServiceChangeOut, 404, 422),
)
def get_change(request: ApiRequest, number: Number) -> shapes.ServiceChangeOut:
    """Return one change with everybody's answers."""
    return _shown(request.auth, number)


@router.post(
    "/service-changes/{number}/answer",
    operation_id="answerConsultation",
    summary="答复协商 · answer the consultation",
    **asks(Permission.REMEDY_CHANGE_CONSULT, shapes.ServiceChangeOut, *_BODY),
)
def answer(request: ApiRequest, number: Number, body: shapes.ConsultationIn) -> shapes.ServiceChangeOut:
    """Say what the caller's department thinks of the change, once."""
    caller = request.auth
    actions.answer_consultation(
        change=_change(caller, number), stance=body.stance, text=body.text, by=caller.actor, now=caller.now
    )
    return _shown(caller, number)


@router.post(
    "/service-changes/{number}/filing",
    operation_id="fileServiceChange",
    summary="向主管部门备案 · file with the authority",
    **asks(Permission.REMEDY_CHANGE_PROPOSE, shapes.ServiceChangeOut, 404, 409, 422),
)
def file(request: ApiRequest, number: Number) -> shapes.ServiceChangeOut:
    """File the change once everybody answered or the period is over."""
    caller = request.auth
    actions.file_change(change=_change(caller, number), by=caller.actor, now=caller.now)
    return _shown(caller, number)


@router.post(
    "/service-changes/{number}/decision",
    operation_id="decideServiceChange",
    summary="处理备案 · accept the filing or not",
    **asks(Permission.REMEDY_CHANGE_DECIDE, shapes.ServiceChangeOut, *_BODY),
)
def decide(request: ApiRequest, number: Number, body: shapes.ChangeDecisionIn) -> shapes.ServiceChangeOut:
    """Accept the filing or not, as the authority of the division."""
    caller = request.auth
    actions.decide_change(
        change=_change(caller, number), accepted=body.accepted, note=body.note, by=caller.actor, now=caller.now
    )
    return _shown(caller, number)


@router.post(
    "/service-changes/{number}/withdrawal",
    operation_id="withdrawServiceChange",
    summary="撤回变更 · give a change up",
    **asks(Permission.REMEDY_CHANGE_PROPOSE, shapes.ServiceChangeOut, 404, 409, 422),
)
def withdraw(request: ApiRequest, number: Number) -> shapes.ServiceChangeOut:
    """Give a change up before it is filed."""
    caller = request.auth
    actions.withdraw_change(change=_change(caller, number), by=caller.actor, now=caller.now)
    return _shown(caller, number)
