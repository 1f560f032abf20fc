"""Violations (条例 39-41): what was found, what is said to it, what follows; and platforms (条例 31)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from ninja import Path, Query, Router
from pydantic import Field

from jutong.api import listing
from jutong.api.door import ApiRequest, asks
from jutong.api.shapes import violations as shapes
from jutong.api.shapes.common import PageOut
from jutong.api.types import Asked, Cursor, Ident
from jutong.center.org import queries as org
from jutong.center.org.permissions import Permission
from jutong.center.supervision import actions, queries
from jutong.center.supervision.models import Case

router = Router(tags=["违规核实 violations"])
PAGE_SIZE = 50
CASES, PLATFORMS = "violations", "exchange-platforms"
Number = Annotated[str, Path(max_length=32, description="违规编号 · number of the violation")]
PlatformId = Annotated[Ident, Path(description="平台编号 · id of the platform")]
_STEP = (404, 409, 415, 422, 503)


class ViolationsAsked(Asked):
    """Which violations."""

    state: Annotated[
        str,
        Field(
            pattern=r"^(open|closed|found|offered|noticed|reported|rectified|dismissed|referred)?$",
            description="状态 · state",
        ),
    ] = ""
    code: Annotated[str, Field(max_length=4, description="情形代码，如P4 · kind")] = ""
    q: Annotated[str, Field(max_length=64, description="单位或编号里的词 · a word of organisation or number")] = ""
    cursor: Cursor = ""


class PlatformsAsked(Asked):
    """Where to go on."""

    cursor: Cursor = ""


def _take(request: ApiRequest, number: str, act: Callable[[Case], object]) -> shapes.ViolationDetailOut:
    caller = request.auth
    act(queries.case(caller.actor, number, caller.now).case)
    return shapes.detail_out(queries.case(caller.actor, number, caller.now))


@router.get(
    "",
    operation_id="listViolations",
    summary="违规 · violations",
    **asks(None, PageOut[shapes.ViolationOut], 422),
)
def violations(request: ApiRequest, asked: Query[ViolationsAsked]) -> PageOut[shapes.ViolationOut]:
    """Return a page of 50 violations the caller may know of, the newest first."""
    number = listing.page_number(CASES, asked.cursor)
    start = (number - 1) * PAGE_SIZE
    found = queries.cases(request.auth.actor, state=asked.state, code=asked.code, q=asked.q)
    rows = list(found[start : start + PAGE_SIZE + 1])
    following = listing.next_page(CASES, number, more=len(rows) > PAGE_SIZE)
    return PageOut(rows=[shapes.violation_out(row) for row in rows[:PAGE_SIZE]], next=following)


@router.post(
    "",
    operation_id="reportViolation",
    summary="举报违规 · report a violation",
    **asks(Permission.SUPERVISION_VIOLATION_REPORT, shapes.ViolationDetailOut, *_STEP, status=201),
)
def report(request: ApiRequest, body: shapes.ViolationReportIn) -> shapes.ViolationDetailOut:
    """Report to the authority what no scan can see; the one it is about is not told by whom."""
    caller = request.auth
    about = org.organisation(caller.actor, body.organisation)
    made = actions.report_violation(
        code=body.code, organisation=about, text=body.text, link=body.link, by=caller.actor, now=caller.now
    )
    return shapes.detail_out(queries.case(caller.actor, made.number, caller.now))


@router.post(
    "/leaks",
    operation_id="reportLeak",
    summary="举报文件外传 · report a file told by its fingerprint",
    **asks(Permission.SUPERVISION_VIOLATION_REPORT, shapes.ViolationDetailOut, *_STEP, status=201),
)
def report_leak(request: ApiRequest, body: shapes.LeakIn) -> shapes.ViolationDetailOut:
    """Report, with what the node told of the file, that a recipient may have given it on (条例 40(3))."""
    caller = request.auth
    told = body.model_dump()
    made = actions.report_leak(where=told.pop("where"), leak=actions.Leak(**told), by=caller.actor, now=caller.now)
    return shapes.detail_out(queries.case(caller.actor, made.number, caller.now))


@router.get(
    "/platforms",
    operation_id="listExchangePlatforms",
    summary="平台登记 · platforms departments run",
    **asks(Permission.CATALOG_ENTRY_VIEW, PageOut[shapes.ExchangePlatformOut], 422),
)
def platforms(request: ApiRequest, asked: Query[PlatformsAsked]) -> PageOut[shapes.ExchangePlatformOut]:
    """Return a page of 50 platforms: the own ones, for the authority its division's."""
    number = listing.page_number(PLATFORMS, asked.cursor)
    start = (number - 1) * PAGE_SIZE
    rows = list(queries.platforms(request.auth.actor)[start : start + PAGE_SIZE + 1])
    following = listing.next_page(PLATFORMS, number, more=len(rows) > PAGE_SIZE)
    return PageOut(rows=[shapes.platform_out(row) for row in rows[:PAGE_SIZE]], next=following)


@router.post(
    "/platforms",
    operation_id="registerExchangePlatform",
    summary="登记平台 · register a platform",
    **asks(Permission.CATALOG_ENTRY_BIND, shapes.ExchangePlatformOut, 409, 415, 422, status=201),
)
def register(request: ApiRequest, body: shapes.ExchangePlatformIn) -> shapes.ExchangePlatformOut:
    """Register a platform the department runs for sharing (条例 31)."""
    caller = request.auth
    made = actions.register_platform(
        name=body.name, joined_on=body.joined_on, document=body.document, by=caller.actor, now=caller.now
    )
    return shapes.platform_out(made)


@router.post(
    "/platforms/{platform_id}/joining",
    operation_id="joinExchangePlatform",
    summary="登记纳入全国体系 · say that a platform was brought in",
    **asks(Permission.CATALOG_ENTRY_BIND, shapes.ExchangePlatformOut, 404, 415, 422),
)
def join(request: ApiRequest, platform_id: PlatformId, body: shapes.PlatformJoiningIn) -> shapes.ExchangePlatformOut:
    """Say on what day and by what document an own platform was brought into the national system."""
    caller = request.auth
    own = queries.own_platform(caller.actor, platform_id)
    actions.join_platform(
        platform=own, joined_on=body.joined_on, document=body.document, by=caller.actor, now=caller.now
    )  # fmt: skip
    return shapes.platform_out(queries.platforms(caller.actor).get(id=platform_id))


@router.get(
    "/{number}",
    operation_id="getViolation",
    summary="一件违规 · one violation",
    **asks(None, shapes.ViolationDetailOut, 404, 422),
)
def violation(request: ApiRequest, number: Number) -> shapes.ViolationDetailOut:
    """Return one violation to its two sides and to whoever supervises."""
    return shapes.detail_out(queries.case(request.auth.actor, number, request.auth.now))


@router.post(
    "/{number}/statements",
    operation_id="stateOnViolation",
    summary="陈述情况 · put the own account on record",
    **asks(Permission.SUPERVISION_VIOLATION_ANSWER, shapes.ViolationDetailOut, *_STEP),
)
def state(request: ApiRequest, number: Number, body: shapes.ViolationTextIn) -> shapes.ViolationDetailOut:
    """Put the organisation's own account on record."""
    by, now = request.auth.actor, request.auth.now
    return _take(request, number, lambda case: actions.state(case=case, text=body.text, by=by, now=now))


@router.post(
    "/{number}/dismissal",
    operation_id="dismissViolation",
    summary="认定不成立 · find that there is none",
    **asks(Permission.SUPERVISION_VIOLATION_DECIDE, shapes.ViolationDetailOut, *_STEP),
)
def dismiss(request: ApiRequest, number: Number, body: shapes.ViolationTextIn) -> shapes.ViolationDetailOut:
    """Find, with reasons, that there is no violation."""
    by, now = request.auth.actor, request.auth.now
    return _take(request, number, lambda case: actions.dismiss(case=case, text=body.text, by=by, now=now))


@router.post(
    "/{number}/order",
    operation_id="orderViolation",
    summary="责令改正 · order that it is put right",
    **asks(Permission.SUPERVISION_VIOLATION_DECIDE, shapes.ViolationDetailOut, *_STEP),
)
def order(request: ApiRequest, number: Number, body: shapes.ViolationOrderIn) -> shapes.ViolationDetailOut:
    """Order that it is put right, after the organisation was heard; the order is a paper with a digest."""
    by, now = request.auth.actor, request.auth.now
    return _take(
        request, number, lambda case: actions.notice(case=case, text=body.text, days=body.days, by=by, now=now)
    )  # fmt: skip


@router.post(
    "/{number}/report",
    operation_id="reportViolationRectified",
    summary="报告改正 · report that it was put right",
    **asks(Permission.SUPERVISION_VIOLATION_ANSWER, shapes.ViolationDetailOut, *_STEP),
)
def fix(request: ApiRequest, number: Number, body: shapes.ViolationTextIn) -> shapes.ViolationDetailOut:
    """Report what was done to put it right."""
    by, now = request.auth.actor, request.auth.now
    return _take(request, number, lambda case: actions.report(case=case, text=body.text, by=by, now=now))


@router.post(
    "/{number}/acceptance",
    operation_id="acceptViolationRectified",
    summary="验收通过 · accept what was done",
    **asks(Permission.SUPERVISION_VIOLATION_DECIDE, shapes.ViolationDetailOut, *_STEP),
)
def accept(request: ApiRequest, number: Number, body: shapes.ViolationNoteIn) -> shapes.ViolationDetailOut:
    """Find that it was put right."""
    by, now = request.auth.actor, request.auth.now
    return _take(request, number, lambda case: actions.accept(case=case, text=body.text, by=by, now=now))


@router.post(
    "/{number}/rejection",
    operation_id="rejectViolationRectified",
    summary="退回改正 · set new days",
    **asks(Permission.SUPERVISION_VIOLATION_DECIDE, shapes.ViolationDetailOut, *_STEP),
)
def reject(request: ApiRequest, number: Number, body: shapes.ViolationOrderIn) -> shapes.ViolationDetailOut:
    """Find that it was not put right, and set new days."""
    by, now = request.auth.actor, request.auth.now
    return _take(
        request, number, lambda case: actions.reject(case=case, text=body.text, days=body.days, by=by, now=now)
    )  # fmt: skip


@router.post(
    "/{number}/referral",
    operation_id="referViolation",
    summary="移送处理 · hand it on for sanctions",
    **asks(Permission.SUPERVISION_VIOLATION_DECIDE, shapes.ViolationDetailOut, *_STEP),
)
def refer(request: ApiRequest, number: Number, body: shapes.ViolationTextIn) -> shapes.ViolationDetailOut:
    """Hand it on, after its limit passed or what was reported did not do."""
    by, now = request.auth.actor, request.auth.now
    return _take(request, number, lambda case: actions.refer(case=case, text=body.text, by=by, now=now))
