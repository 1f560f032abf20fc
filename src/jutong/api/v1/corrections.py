"""Corrections (条例 26): raising a doubt, verifying it, and everybody's confirmation of the corrected value."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

from ninja import Path, Query, Router
from pydantic import Field

from jutong.api import listing
from jutong.api.door import ApiRequest, Caller, asks
from jutong.api.shapes import corrections as shapes
from jutong.api.shapes.common import PageOut
from jutong.api.types import Asked, Cursor, Limit, Short
from jutong.center.catalog.queries import published_entry
from jutong.center.complaint import actions as complaint_actions
from jutong.center.complaint import queries as complaints
from jutong.center.correction import actions, queries
from jutong.center.correction.actions import About
from jutong.center.correction.enums import UPHELD, CorrectionState, Origin
from jutong.center.correction.models import Correction
from jutong.center.org.permissions import Permission
from jutong.center.sharing import queries as sharing
from jutong.center.usage import queries as usage
from jutong.kernel.errors import InvalidInputError
from jutong.kernel.i18n import gettext_noop

router = Router(tags=["校核 corrections"])
LIST = "corrections"
Number = Annotated[str, Path(max_length=32, description="校核申请编号 · number of the correction")]
_STEP = (404, 409, 422)
_WRITE = (404, 409, 415, 422)


class CorrectionsAsked(Asked):
    """Which corrections."""

    side: Annotated[
        Literal["", "requester", "provider"],
        Field(description="提出方或责任方 · raised by or answered by the department"),
    ] = ""
    state: Annotated[CorrectionState | Literal[""], Field(description="状态 · only in this state")] = ""
    entry: Annotated[Short, Field(description="目录代码 · only of this entry")] = ""
    cursor: Cursor = ""
    limit: Limit = 50


@router.get(
    "",
    operation_id="listCorrections",
    summary="校核申请 · corrections",
    **asks(Permission.CORRECTION_CASE_VIEW, PageOut[shapes.CorrectionOut], 422),
)
def corrections(request: ApiRequest, asked: Query[CorrectionsAsked]) -> PageOut[shapes.CorrectionOut]:
    """Return corrections the caller may read, the newest first; no value of a person is in the list."""
    caller = request.auth
    found = queries.corrections(
        caller.actor, side=asked.side, states=(asked.state,) if asked.state else (), entry_code=asked.entry,
        after=listing.opened(LIST, asked.cursor), limit=asked.limit,
    )  # fmt: skip
    clocks = queries.clocks_of(found.rows, caller.now)
    rows = [shapes.correction_out(row, clocks.get(row.id)) for row in found.rows]
    return PageOut(rows=rows, next=listing.sealed(LIST, found.next))


def _wrong(field: str, message: str) -> InvalidInputError:
    row = {"field": field, "found": "", "allowed": message, "message": message, "clause": "条例 26"}
    return InvalidInputError(problems=[row])


def _about(caller: Caller, body: shapes.ClaimIn) -> About:
    named = [name for name in ("grant", "record", "complaint") if getattr(body, name)]
    if len(named) > 1 or not (named or body.entry):
        raise _wrong("entry", gettext_noop("grant、record、complaint、entry里填一个"))
    if body.grant:
        grant = sharing.grant(caller.actor, body.grant).grant
        return About(Origin.FILE if body.from_file else Origin.GRANT, grant.entry, grant)
    if body.record:
        call = usage.access(caller.actor, body.record)
        grant = sharing.grant(caller.actor, call.grant_number).grant
        return About(Origin.RECORD, grant.entry, grant, record_id=call.record_id)
    return About(Origin.COMPARISON, published_entry(caller.actor, body.entry))


@router.post(
    "",
    operation_id="raiseCorrection",
    summary="提出校核 · raise a doubt about a row",
    **asks(Permission.CORRECTION_CASE_RAISE, shapes.CorrectionDetailOut, *_WRITE, status=201),
)
def raise_correction(request: ApiRequest, body: shapes.ClaimIn) -> shapes.CorrectionDetailOut:
    """Raise a doubt about one row, from a call, a grant, a file, a complaint or a comparison (条例 26)."""
    caller = request.auth
    if body.complaint:
        complaint = complaints.complaint_of(caller.actor, body.complaint)
        entry = published_entry(caller.actor, body.entry) if body.entry else complaint.entry
        if entry is None:
            raise _wrong("entry", gettext_noop("投诉没有写明目录，请填目录代码"))
        made = complaint_actions.correct(
            complaint=complaint, entry=entry, claim=body.claim(), by=caller.actor, now=caller.now
        )
    else:
        about = _about(caller, body)
        made = actions.raise_correction(about=about, claim=body.claim(), by=caller.actor, now=caller.now)
    return _told(caller, made)


def _told(caller: Caller, made: Correction) -> shapes.CorrectionDetailOut:
    return shapes.correction_detail_out(queries.correction(caller.actor, made.number, now=caller.now))


def _take(caller: Caller, number: str, act: Callable[..., Correction], **more: Any) -> shapes.CorrectionDetailOut:
    found = queries.correction_of(caller.actor, number)
    return _told(caller, act(correction=found, by=caller.actor, now=caller.now, **more))


@router.get(
    "/{number}",
    operation_id="getCorrection",
    summary="一件校核申请 · one correction",
    **asks(Permission.CORRECTION_CASE_VIEW, shapes.CorrectionDetailOut, 404, 422),
)
def correction(request: ApiRequest, number: Number) -> shapes.CorrectionDetailOut:
    """Return one correction with its trail; the values are masked."""
    caller = request.auth
    return shapes.correction_detail_out(queries.correction(caller.actor, number, now=caller.now))


@router.post(
    "/{number}/reveal",
    operation_id="revealCorrection",
    summary="显示内容 · show the values to one of the two sides",
    **asks(Permission.CORRECTION_CASE_VIEW, shapes.CorrectionDetailOut, 404, 422),
)
def reveal(request: ApiRequest, number: Number) -> shapes.CorrectionDetailOut:
    """Return one correction with its values; that somebody looked is recorded."""
    caller = request.auth
    return shapes.correction_detail_out(actions.reveal(number=number, by=caller.actor, now=caller.now))


@router.post(
    "/{number}/accept",
    operation_id="acceptCorrection",
    summary="受理核实 · take the case up",
    **asks(Permission.CORRECTION_CASE_ANSWER, shapes.CorrectionDetailOut, *_STEP),
)
def accept(request: ApiRequest, number: Number) -> shapes.CorrectionDetailOut:
    """Take a case up for verification."""
    return _take(request.auth, number, actions.accept)


@router.post(
    "/{number}/answer",
    operation_id="answerCorrection",
    summary="核实反馈 · correct, or feed back why not",
    **asks(Permission.CORRECTION_CASE_ANSWER, shapes.CorrectionDetailOut, *_WRITE),
)
def answer(request: ApiRequest, number: Number, body: shapes.CorrectionAnswerIn) -> shapes.CorrectionDetailOut:
    """Feed back: an upheld claim carries the corrected values, which travel to everybody who received the row."""
    if body.finding in UPHELD:
        return _take(
            request.auth, number, actions.uphold, finding=body.finding, corrected=body.corrected, text=body.text
        )
    return _take(request.auth, number, actions.refuse, finding=body.finding, text=body.text)


@router.post(
    "/{number}/withdrawal",
    operation_id="withdrawCorrection",
    summary="撤回 · take the doubt back",
    **asks(Permission.CORRECTION_CASE_RAISE, shapes.CorrectionDetailOut, *_STEP),
)
def withdraw(request: ApiRequest, number: Number) -> shapes.CorrectionDetailOut:
    """Take a doubt back before it is answered; the mark goes."""
    return _take(request.auth, number, actions.withdraw)


@router.post(
    "/{number}/confirmation",
    operation_id="confirmCorrection",
    summary="确认反馈 · take the answer",
    **asks(Permission.CORRECTION_CASE_CONFIRM, shapes.CorrectionDetailOut, *_STEP),
)
def confirm(request: ApiRequest, number: Number) -> shapes.CorrectionDetailOut:
    """Take the answer for the raising department."""
    return _take(request.auth, number, actions.confirm)


@router.post(
    "/{number}/receipt",
    operation_id="receiveCorrection",
    summary="确认收到更正 · the corrected value arrived",
    **asks(Permission.CORRECTION_CASE_CONFIRM, shapes.CorrectionDetailOut, *_STEP),
)
def receive(request: ApiRequest, number: Number) -> shapes.CorrectionDetailOut:
    """Say for the own department that the corrected value arrived and was taken over."""
    return _take(request.auth, number, actions.receive)


@router.post(
    "/{number}/dispute",
    operation_id="disputeCorrection",
    summary="转争议 · carry the answer into a dispute",
    **asks(Permission.DISPUTE_CASE_RAISE, shapes.CorrectionDetailOut, *_WRITE),
)
def dispute(request: ApiRequest, number: Number, body: shapes.CorrectionDisputeIn) -> shapes.CorrectionDetailOut:
    """Carry an answer that did not uphold the claim whole into a dispute (条例 28)."""
    return _take(request.auth, number, actions.dispute, claim=body.claim, facts=body.facts)


@router.post(
    "/{number}/mark",
    operation_id="retryMark",
    summary="重新下达标注 · order a failed mark again",
    **asks(Permission.CORRECTION_CASE_ANSWER, shapes.CorrectionDetailOut, *_STEP),
)
def retry(request: ApiRequest, number: Number) -> shapes.CorrectionDetailOut:
    """Order a mark again that the node could not make."""
    return _take(request.auth, number, actions.retry_mark)
