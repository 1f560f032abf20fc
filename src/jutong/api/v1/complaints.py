"""Complaints (条例 37), inquiries at the counter (个人信息保护法 45) and legal bases of secrecy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

from ninja import Path, Query, Router
from pydantic import Field

from jutong.api import listing
from jutong.api.door import ApiRequest, Caller, asks
from jutong.api.shapes import corrections as shapes
from jutong.api.shapes.common import PageOut
from jutong.api.types import Asked, Cursor, Limit
from jutong.center.complaint import actions, queries
from jutong.center.complaint.actions import Identity
from jutong.center.complaint.enums import ComplaintState
from jutong.center.complaint.models import Complaint, Inquiry
from jutong.center.org import queries as org
from jutong.center.org.permissions import Permission
from jutong.center.sharing import queries as sharing

router = Router(tags=["投诉与本人查询 complaints"])
COMPLAINTS, INQUIRIES, SECRECIES = "complaints", "inquiries", "secrecies"
PAGE_SIZE = 50
ComplaintNumber = Annotated[str, Path(max_length=32, description="投诉编号 · number of the complaint")]
InquiryNumber = Annotated[str, Path(max_length=32, description="本人查询编号 · number of the inquiry")]
_STEP = (404, 409, 422)
_WRITE = (404, 409, 415, 422)


class ComplaintsAsked(Asked):
    """Which complaints."""

    state: Annotated[ComplaintState | Literal[""], Field(description="状态 · only in this state")] = ""
    cursor: Cursor = ""
    limit: Limit = 50


class InquiriesAsked(Asked):
    """Where to go on."""

    cursor: Cursor = ""
    limit: Limit = 50


class SecreciesAsked(Asked):
    """Where to go on."""

    cursor: Cursor = ""


@router.get(
    "/complaints",
    operation_id="listComplaints",
    summary="投诉举报 · complaints",
    **asks(Permission.COMPLAINT_CASE_VIEW, PageOut[shapes.ComplaintOut], 422),
)
def complaints(request: ApiRequest, asked: Query[ComplaintsAsked]) -> PageOut[shapes.ComplaintOut]:
    """Return complaints the caller may read, the newest first; no word of a person is in the list."""
    caller = request.auth
    found = queries.complaints(
        caller.actor, states=(asked.state,) if asked.state else (), after=listing.opened(COMPLAINTS, asked.cursor),
        limit=asked.limit,
    )  # fmt: skip
    clocks = queries.clocks_of("complaint", "SLA-CMP", [row.id for row in found.rows], caller.now)
    rows = [shapes.complaint_out(row, clocks.get(str(row.id))) for row in found.rows]
    return PageOut(rows=rows, next=listing.sealed(COMPLAINTS, found.next))


def _told(caller: Caller, number: str) -> shapes.ComplaintDetailOut:
    return shapes.complaint_detail_out(queries.complaint(caller.actor, number, now=caller.now))


@router.get(
    "/complaints/{number}",
    operation_id="getComplaint",
    summary="一件投诉举报 · one complaint",
    **asks(Permission.COMPLAINT_CASE_VIEW, shapes.ComplaintDetailOut, 404, 422),
)
def complaint(request: ApiRequest, number: ComplaintNumber) -> shapes.ComplaintDetailOut:
    """Return one complaint with its trail and without its words."""
    return _told(request.auth, number)


@router.post(
    "/complaints/{number}/reveal",
    operation_id="revealComplaint",
    summary="显示内容 · show the words to the receiving department",
    **asks(Permission.COMPLAINT_CASE_VIEW, shapes.ComplaintDetailOut, 404, 422),
)
def reveal(request: ApiRequest, number: ComplaintNumber) -> shapes.ComplaintDetailOut:
    """Return one complaint with its words; that somebody looked is recorded."""
    caller = request.auth
    return shapes.complaint_detail_out(actions.reveal(number=number, by=caller.actor, now=caller.now))


def _take(caller: Caller, number: str, act: Callable[..., Complaint], **more: Any) -> shapes.ComplaintDetailOut:
    found = queries.complaint_of(caller.actor, number)
    act(complaint=found, by=caller.actor, now=caller.now, **more)
    return _told(caller, number)


@router.post(
    "/complaints/{number}/accept",
    operation_id="acceptComplaint",
    summary="受理 · take the complaint up",
    **asks(Permission.COMPLAINT_CASE_HANDLE, shapes.ComplaintDetailOut, *_STEP),
)
def accept(request: ApiRequest, number: ComplaintNumber) -> shapes.ComplaintDetailOut:
    """Take a complaint up."""
    return _take(request.auth, number, actions.accept)


@router.post(
    "/complaints/{number}/transfer",
    operation_id="transferComplaint",
    summary="转其他部门 · hand the complaint on",
    **asks(Permission.COMPLAINT_CASE_HANDLE, shapes.ComplaintOut, *_WRITE),
)
def transfer(request: ApiRequest, number: ComplaintNumber, body: shapes.TransferIn) -> shapes.ComplaintOut:
    """Hand a complaint on to the department it belongs to; the days it lay here count."""
    caller = request.auth
    found = queries.complaint_of(caller.actor, number)
    to = org.organisation(caller.actor, body.to)
    return shapes.complaint_out(actions.transfer(complaint=found, to=to, by=caller.actor, now=caller.now), None)


@router.post(
    "/complaints/{number}/answer",
    operation_id="answerComplaint",
    summary="答复 · answer the complaint or its review",
    **asks(Permission.COMPLAINT_CASE_HANDLE, shapes.ComplaintDetailOut, *_WRITE),
)
def answer(request: ApiRequest, number: ComplaintNumber, body: shapes.ComplaintAnswerIn) -> shapes.ComplaintDetailOut:
    """Answer; whoever holds the code can read it."""
    return _take(request.auth, number, actions.answer, text=body.text)


@router.get(
    "/inquiries",
    operation_id="listInquiries",
    summary="本人查询 · inquiries taken at the own counter",
    **asks(Permission.COMPLAINT_INQUIRY_CHECK, PageOut[shapes.InquiryOut], 422),
)
def inquiries(request: ApiRequest, asked: Query[InquiriesAsked]) -> PageOut[shapes.InquiryOut]:
    """Return the inquiries the own department took; who asked is not in them."""
    caller = request.auth
    found = queries.inquiries(caller.actor, after=listing.opened(INQUIRIES, asked.cursor), limit=asked.limit)
    clocks = queries.clocks_of(queries.INQUIRY, "SLA-WHO", [row.id for row in found.rows], caller.now)
    rows = [shapes.inquiry_out(row, clocks.get(str(row.id))) for row in found.rows]
    return PageOut(rows=rows, next=listing.sealed(INQUIRIES, found.next))


@router.post(
    "/inquiries",
    operation_id="openInquiry",
    summary="登记本人查询 · register an inquiry after checking the identity",
    **asks(Permission.COMPLAINT_INQUIRY_CHECK, shapes.InquiryCodeOut, *_WRITE, status=201),
)
def open_inquiry(request: ApiRequest, body: shapes.IdentityIn) -> shapes.InquiryCodeOut:
    """Register an inquiry, ask every node, and return number and code for the person."""
    caller = request.auth
    identity = Identity(
        document=body.document, number=body.number, name=body.name, is_agent=body.is_agent, checked=body.checked
    )
    made, code = actions.open_inquiry(identity=identity, by=caller.actor, now=caller.now)
    return shapes.InquiryCodeOut(number=made.number, code=code, valid_until=made.valid_until)


def _inquiry(caller: Caller, number: str) -> shapes.InquiryDetailOut:
    return shapes.inquiry_detail_out(queries.inquiry(caller.actor, number, now=caller.now))


def _ask(caller: Caller, number: str, act: Callable[..., Inquiry]) -> shapes.InquiryDetailOut:
    act(inquiry=queries.inquiry_of(caller.actor, number), by=caller.actor, now=caller.now)
    return _inquiry(caller, number)


@router.get(
    "/inquiries/{number}",
    operation_id="getInquiry",
    summary="一件本人查询 · one inquiry",
    **asks(Permission.COMPLAINT_INQUIRY_CHECK, shapes.InquiryDetailOut, 404, 422),
)
def inquiry(request: ApiRequest, number: InquiryNumber) -> shapes.InquiryDetailOut:
    """Return one inquiry with what the nodes have answered."""
    return _inquiry(request.auth, number)


@router.post(
    "/inquiries/{number}/retry",
    operation_id="retryInquiry",
    summary="重新查询 · ask the silent nodes again",
    **asks(Permission.COMPLAINT_INQUIRY_CHECK, shapes.InquiryDetailOut, *_STEP),
)
def retry(request: ApiRequest, number: InquiryNumber) -> shapes.InquiryDetailOut:
    """Ask the nodes again that have not answered whole."""
    return _ask(request.auth, number, actions.retry)


@router.post(
    "/inquiries/{number}/delivery",
    operation_id="deliverInquiry",
    summary="先行提供 · let the person see what is known",
    **asks(Permission.COMPLAINT_INQUIRY_CHECK, shapes.InquiryDetailOut, *_STEP),
)
def deliver(request: ApiRequest, number: InquiryNumber) -> shapes.InquiryDetailOut:
    """Let the person see what is known although nodes are silent."""
    return _ask(request.auth, number, actions.deliver)


@router.post(
    "/inquiries/{number}/code",
    operation_id="renewInquiryCode",
    summary="换发查看码 · hand out a new code",
    **asks(Permission.COMPLAINT_INQUIRY_CHECK, shapes.InquiryCodeOut, *_STEP),
)
def renew(request: ApiRequest, number: InquiryNumber) -> shapes.InquiryCodeOut:
    """Hand out a new code to the person at the counter; the former one is void."""
    caller = request.auth
    found = queries.inquiry_of(caller.actor, number)
    made, code = actions.renew_code(inquiry=found, by=caller.actor, now=caller.now)
    return shapes.InquiryCodeOut(number=made.number, code=code, valid_until=made.valid_until)


@router.get(
    "/secrecies",
    operation_id="listSecrecies",
    summary="依法暂不告知 · legal bases of secrecy",
    **asks(Permission.COMPLAINT_CASE_VIEW, PageOut[shapes.SecrecyOut], 422),
)
def secrecies(request: ApiRequest, asked: Query[SecreciesAsked]) -> PageOut[shapes.SecrecyOut]:
    """Return a page of 50 bases the caller may read, the newest first."""
    number = listing.page_number(SECRECIES, asked.cursor)
    start = (number - 1) * PAGE_SIZE
    rows = list(queries.secrecies(request.auth.actor)[start : start + PAGE_SIZE + 1])
    following = listing.next_page(SECRECIES, number, more=len(rows) > PAGE_SIZE)
    return PageOut(rows=[shapes.secrecy_out(row) for row in rows[:PAGE_SIZE]], next=following)


@router.post(
    "/secrecies",
    operation_id="stateSecrecy",
    summary="登记保密依据 · state a legal basis of secrecy",
    **asks(Permission.COMPLAINT_CASE_HANDLE, shapes.SecrecyOut, *_WRITE, status=201),
)
def state_secrecy(request: ApiRequest, body: shapes.SecrecyIn) -> shapes.SecrecyOut:
    """State the law under which uses of a grant are not told before a day; afterwards they are."""
    caller = request.auth
    made = actions.state_secrecy(
        grant=sharing.grant(caller.actor, body.grant).grant, basis_title=body.basis_title,
        basis_article=body.basis_article, until=body.until, by=caller.actor, now=caller.now,
    )  # fmt: skip
    return shapes.secrecy_out(made)
