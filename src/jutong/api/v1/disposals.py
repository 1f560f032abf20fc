"""处置 (条例 27(1))."""

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
from jutong.center.remedy.actions import Copy, Handling
from jutong.center.remedy.models import Disposal
from jutong.kernel.errors import NotFoundError

router = Router(tags=["处置 disposals"])
LIST, PAGE_SIZE = "disposals", 50
Number = Annotated[str, Path(pattern=r"^CZ[0-9]{8}-[0-9]{4,9}$", description="处置单编号 · number of the disposal")]
_BODY = (404, 409, 415, 422)


class DisposalsAsked(Asked):
    """Which disposals."""

    is_open: bool | None = None
    cursor: Cursor = ""


def _case(caller: Caller, number: str) -> Disposal:
    return queries.disposal(caller.actor, number, now=caller.now).case


def _shown(caller: Caller, number: str) -> shapes.DisposalOut:
    return shapes.disposal_out(queries.disposal(caller.actor, number, now=caller.now))


@router.get(
    "/disposals",
    operation_id="listDisposals",
    summary="处置列表 · disposals the caller may see",
    **asks(Permission.SHARING_GRANT_VIEW, PageOut[shapes.DisposalRowOut], 422),
)
def list_disposals(request: ApiRequest, asked: Query[DisposalsAsked]) -> PageOut[shapes.DisposalRowOut]:
    """Return a page of 50, the newest first."""
    number = listing.page_number(LIST, asked.cursor)
    start = (number - 1) * PAGE_SIZE
    rows = list(queries.disposals(request.auth.actor, is_open=asked.is_open)[start : start + PAGE_SIZE + 1])
    following = listing.next_page(LIST, number, more=len(rows) > PAGE_SIZE)
    return PageOut(rows=[shapes.disposal_row(row) for row in rows[:PAGE_SIZE]], next=following)


@router.get(
    "/disposals/{number}",
    operation_id="getDisposal",
    summary="一件处置 · one disposal",
    **asks(Permission.SHARING_GRANT_VIEW, shapes.DisposalOut, 404, 422),
)
def get_disposal(request: ApiRequest, number: Number) -> shapes.DisposalOut:
    """Return one disposal, copy by copy, with what the records say of calls after the end."""
    return _shown(request.auth, number)


@router.post(
    "/disposals/{number}/copies",
    operation_id="declareCopies",
    summary="登记留存的副本 · declare copies that are kept",
    **asks(Permission.REMEDY_DISPOSAL_REPORT, shapes.DisposalOut, *_BODY),
)
def declare(request: ApiRequest, number: Number, body: shapes.CopiesIn) -> shapes.DisposalOut:
    """Add copies the usage ledger does not tell of."""
    caller = request.auth
    copies = [Copy(row.kind, row.place) for row in body.copies]
    actions.declare_copies(disposal=_case(caller, number), copies=copies, by=caller.actor, now=caller.now)
    return _shown(caller, number)


@router.post(
    "/disposals/{number}/report",
    operation_id="reportDisposal",
    summary="报送处置结果 · report what was done with every copy",
    **asks(Permission.REMEDY_DISPOSAL_REPORT, shapes.DisposalOut, *_BODY),
)
def report(request: ApiRequest, number: Number, body: shapes.DisposalReportIn) -> shapes.DisposalOut:
    """Report as the requester; the certificate of destruction is made and the clock stops."""
    caller = request.auth
    handled = {row.copy_id: Handling(row.method, row.done_on, row.witness, row.basis) for row in body.handled}
    actions.report_disposal(
        disposal=_case(caller, number), handled=handled, nothing_kept=body.nothing_kept, by=caller.actor,
        now=caller.now,
    )  # fmt: skip
    return _shown(caller, number)


@router.post(
    "/disposals/{number}/return",
    operation_id="returnDisposal",
    summary="退回重新处置 · send a report back",
    **asks(Permission.REMEDY_DISPOSAL_VERIFY, shapes.DisposalOut, *_BODY),
)
def send_back(request: ApiRequest, number: Number, body: shapes.JudgedIn) -> shapes.DisposalOut:
    """Send a report back as the provider; a new period begins."""
    caller = request.auth
    actions.return_disposal(disposal=_case(caller, number), note=body.note, by=caller.actor, now=caller.now)
    return _shown(caller, number)


@router.post(
    "/disposals/{number}/verification",
    operation_id="verifyDisposal",
    summary="核验通过 · accept a report",
    **asks(Permission.REMEDY_DISPOSAL_VERIFY, shapes.DisposalOut, *_BODY),
)
def verify(request: ApiRequest, number: Number, body: shapes.AcceptedIn) -> shapes.DisposalOut:
    """Accept a report as the provider; the platform's own proof of silence closes the case."""
    caller = request.auth
    actions.verify_disposal(disposal=_case(caller, number), note=body.note, by=caller.actor, now=caller.now)
    return _shown(caller, number)


@router.get(
    "/disposals/{number}/certificate",
    operation_id="getCertificate",
    summary="销毁证明 · the certificate of destruction",
    **asks(Permission.SHARING_GRANT_VIEW, shapes.CertificateOut, 404, 422),
)
def certificate(request: ApiRequest, number: Number) -> shapes.CertificateOut:
    """Return the certificate of the last report with its digest."""
    caller = request.auth
    found = queries.disposal(caller.actor, number, now=caller.now).certificates
    if not found:
        raise NotFoundError(what=number)
    return shapes.certificate_out(found[0])
