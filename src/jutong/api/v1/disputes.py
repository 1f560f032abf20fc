"""Disputes in three stages (条例 28)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from ninja import Path, Query, Router
from pydantic import Field

from jutong.api import listing
from jutong.api.door import ApiRequest, Caller, asks
from jutong.api.shapes import dispute as shapes
from jutong.api.shapes.common import PageOut
from jutong.api.types import Asked, Cursor
from jutong.center.dispute import actions, queries
from jutong.center.org.permissions import Permission as May

router = Router(tags=["争议 disputes"])
PAGE_SIZE = 50
DISPUTES = "disputes"
Number = Annotated[shapes.DisputeNumber, Path(description="争议编号 · number of the dispute")]
_STEP = (404, 409, 415, 422)


class DisputesAsked(Asked):
    """Which disputes."""

    state: Annotated[str, Field(max_length=16)] = ""
    role: Annotated[str, Field(pattern=r"^(raised|answered|coordinated)?$")] = ""
    cursor: Cursor = ""


def _told(caller: Caller, number: str) -> shapes.DisputeOut:
    return shapes.dispute_out(queries.view(caller.actor, number, caller.now))


def _take(request: ApiRequest, number: str, action: Callable[..., Any], **more: Any) -> shapes.DisputeOut:
    """Take a step on a dispute and return how it stands then."""
    caller = request.auth
    action(dispute=queries.dispute(caller.actor, number), by=caller.actor, now=caller.now, **more)
    return _told(caller, number)


@router.get(
    "",
    operation_id="listDisputes",
    summary="争议 · disputes",
    **asks(May.DISPUTE_CASE_VIEW, PageOut[shapes.DisputeRowOut], 422),
)
def list_disputes(request: ApiRequest, asked: Query[DisputesAsked]) -> PageOut[shapes.DisputeRowOut]:
    """Return a page of 50 disputes the caller may read, the newest first."""
    caller = request.auth
    number = listing.page_number(DISPUTES, asked.cursor)
    start = (number - 1) * PAGE_SIZE
    found = queries.disputes(caller.actor, states=[asked.state] if asked.state else [], role=asked.role)
    rows = list(found[start : start + PAGE_SIZE + 1])
    clocks = queries.clocks_of(rows, caller.now)
    return PageOut(
        rows=[shapes.dispute_row_out(row, clocks.get(str(row.id))) for row in rows[:PAGE_SIZE]],
        next=listing.next_page(DISPUTES, number, more=len(rows) > PAGE_SIZE),
    )


@router.post(
    "",
    operation_id="raiseDispute",
    summary="提出争议 · raise a dispute",
    **asks(May.DISPUTE_CASE_RAISE, shapes.DisputeOut, 404, 409, 415, 422, status=201),
)
def raise_dispute(request: ApiRequest, body: shapes.DisputeIn) -> shapes.DisputeOut:
    """Raise a dispute about a case the department has a stake in; negotiation begins."""
    caller = request.auth
    made = actions.raise_dispute(
        kind=body.kind, number=body.subject, claim=body.claim, facts=body.facts, by=caller.actor, now=caller.now
    )
    return _told(caller, made.number)


@router.get(
    "/{number}",
    operation_id="getDispute",
    summary="一件争议 · one dispute",
    **asks(May.DISPUTE_CASE_VIEW, shapes.DisputeOut, 404, 422),
)
def one(request: ApiRequest, number: Number) -> shapes.DisputeOut:
    """Return a dispute with both views."""
    return _told(request.auth, number)


@router.post(
    "/{number}/views",
    operation_id="stateDisputeView",
    summary="陈述意见 · state the own view",
    **asks(May.DISPUTE_CASE_VIEW, shapes.DisputeOut, *_STEP),
)
def state_view(request: ApiRequest, number: Number, body: shapes.ViewIn) -> shapes.DisputeOut:
    """State the own side's view; it is never changed."""
    return _take(request, number, actions.state_view, text=body.text)


@router.post(
    "/{number}/evidence",
    operation_id="addDisputeEvidence",
    summary="提交证据 · add evidence",
    **asks(May.DISPUTE_CASE_VIEW, shapes.DisputeOut, *_STEP),
)
def add_evidence(request: ApiRequest, number: Number, body: shapes.DisputeEvidenceIn) -> shapes.DisputeOut:
    """Add a piece of evidence."""
    return _take(request, number, actions.add_evidence, title=body.title, reference=body.reference, shows=body.shows)


@router.post(
    "/{number}/proposals",
    operation_id="proposeSettlement",
    summary="提出解决方案 · propose how to settle it",
    **asks(May.DISPUTE_CASE_VIEW, shapes.DisputeOut, *_STEP),
)
def propose(request: ApiRequest, number: Number, body: shapes.ProposalIn) -> shapes.DisputeOut:
    """Propose how to settle it: a party while they negotiate, the coordinator while it coordinates."""
    return _take(request, number, actions.propose, text=body.text, execute_by=body.execute_by)


@router.post(
    "/{number}/proposals/answer",
    operation_id="answerSettlement",
    summary="答复方案 · accept the latest proposal or not",
    **asks(May.DISPUTE_CASE_VIEW, shapes.DisputeOut, *_STEP),
)
def answer(request: ApiRequest, number: Number, body: shapes.ProposalAnswerIn) -> shapes.DisputeOut:
    """Accept the latest proposal or not; accepted by all it settles the dispute."""
    return _take(request, number, actions.answer_proposal, accepted=body.accepted, reason=body.reason)


@router.post(
    "/{number}/coordination",
    operation_id="escalateDispute",
    summary="申请协调 · ask the common authority",
    **asks(May.DISPUTE_CASE_VIEW, shapes.DisputeOut, *_STEP),
)
def escalate(request: ApiRequest, number: Number, body: shapes.DisputeReasonIn) -> shapes.DisputeOut:
    """Ask the lowest common authority to coordinate, because negotiation failed."""
    return _take(request, number, actions.escalate, reason=body.reason)


@router.post(
    "/{number}/referral",
    operation_id="referDispute",
    summary="报请本级人民政府 · put it before the government",
    **asks(May.DISPUTE_CASE_VIEW, shapes.DisputeOut, *_STEP),
)
def refer(request: ApiRequest, number: Number, body: shapes.DisputeReasonIn) -> shapes.DisputeOut:
    """Put it before the government of the level, because coordination failed or its time is over."""
    return _take(request, number, actions.refer, reason=body.reason)


@router.post(
    "/{number}/decision",
    operation_id="decideDispute",
    summary="决定 · decide",
    **asks(May.DISPUTE_CASE_DECIDE, shapes.DisputeOut, *_STEP),
)
def decide(request: ApiRequest, number: Number, body: shapes.GovernmentDecisionIn) -> shapes.DisputeOut:
    """Record the decision of the government of the level; it is final."""
    return _take(
        request, number, actions.decide_dispute, outcome=body.outcome, text=body.text, reasons=body.reasons,
        document_number=body.document_number, execute_by=body.execute_by,
    )  # fmt: skip


@router.post(
    "/{number}/execution",
    operation_id="executeDispute",
    summary="确认已执行 · say that it is done",
    **asks(May.DISPUTE_CASE_VIEW, shapes.DisputeOut, *_STEP),
)
def execute(request: ApiRequest, number: Number, body: shapes.ExecutionIn) -> shapes.DisputeOut:
    """Say as the claimant that what was agreed or decided is done."""
    return _take(request, number, actions.execute_dispute, note=body.note)


@router.post(
    "/{number}/withdraw",
    operation_id="withdrawDispute",
    summary="撤回争议 · take it back",
    **asks(May.DISPUTE_CASE_VIEW, shapes.DisputeOut, 404, 409, 422),
)
def withdraw(request: ApiRequest, number: Number) -> shapes.DisputeOut:
    """Take a dispute back before it is decided."""
    return _take(request, number, actions.withdraw_dispute)
