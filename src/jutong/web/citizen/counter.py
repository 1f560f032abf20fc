"""What departments do: handle complaints, take inquiries at the counter, state legal bases of secrecy."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from django.http import HttpResponse, HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from jutong.center.complaint import actions, queries
from jutong.center.complaint.actions import Identity
from jutong.center.complaint.enums import ComplaintState, DocumentKind
from jutong.center.complaint.models import Complaint, Inquiry
from jutong.center.complaint.queries import ComplaintView
from jutong.center.org import queries as org
from jutong.center.org.permissions import Permission
from jutong.center.org.queries import has
from jutong.center.sharing import queries as sharing
from jutong.kernel.errors import JutongError
from jutong.web.door import Visit, form_page, page, step
from jutong.web.paging import paged

OPEN = (ComplaintState.RECEIVED, ComplaintState.HANDLING, ComplaintState.REVIEWING)
TABS = (("", gettext_lazy("全部")), ("open", gettext_lazy("在办")))


@page(Permission.COMPLAINT_CASE_VIEW)
def complaints(visit: Visit) -> HttpResponseBase:
    """Show the complaints of the department, or of the division."""
    tab = visit.request.GET.get("tab", "")
    found = queries.complaints(
        visit.actor, states=OPEN if tab == "open" else (), after=visit.request.GET.get("after", "")
    )
    clocks = queries.clocks_of("complaint", "SLA-CMP", [row.id for row in found.rows], visit.now)
    context = {
        "rows": [(row, clocks.get(str(row.id))) for row in found.rows],
        "older": visit.query(after=found.next) if found.next else "",
        "tabs": [(name, label, visit.query(tab=name, after=None)) for name, label in TABS],
        "tab": tab,
    }
    return visit.render("complaint/listing.html", context)


@page(Permission.COMPLAINT_CASE_VIEW)
def complaint(visit: Visit, number: str) -> HttpResponseBase:
    """Show one complaint; its words wait until somebody asks to see them."""
    return _show(visit, queries.complaint(visit.actor, number, now=visit.now))


@step(Permission.COMPLAINT_CASE_VIEW)
def reveal(visit: Visit, number: str) -> HttpResponseBase:
    """Show the words; that somebody looked is recorded."""
    return _show(visit, actions.reveal(number=number, by=visit.actor, now=visit.now))


def _show(visit: Visit, view: ComplaintView, problem: JutongError | None = None) -> HttpResponse:
    others = org.visible_organisations(visit.actor) if "transfer" in view.events else None
    context = {
        "here": f"/manage/complaints/{view.complaint.number}",
        "case": view.complaint,
        "view": view,
        "can": view.events,
        "receivers": [("", _("请选择")), *others.order_by("code").values_list("code", "name")] if others else [],
        "problem": problem,
        "typed": visit.request.POST,
    }
    return visit.render("complaint/case.html", context, status=problem.http_status if problem else 200)


def _take(visit: Visit, number: str, said: str, act: Callable[[Complaint], object]) -> HttpResponse:
    try:
        act(queries.complaint_of(visit.actor, number))
    except JutongError as problem:
        return _show(visit, queries.complaint(visit.actor, number, now=visit.now), problem)
    return visit.done(said, f"/manage/complaints/{number}")


@step(Permission.COMPLAINT_CASE_HANDLE)
def accept(visit: Visit, number: str) -> HttpResponseBase:
    """Take the case up."""
    return _take(
        visit, number, _("已受理"), lambda found: actions.accept(complaint=found, by=visit.actor, now=visit.now)
    )  # fmt: skip


@step(Permission.COMPLAINT_CASE_HANDLE)
def transfer(visit: Visit, number: str) -> HttpResponseBase:
    """Hand the case on; afterwards it is no longer the department's to see."""
    try:
        found = queries.complaint_of(visit.actor, number)
        to = org.organisation(visit.actor, visit.request.POST.get("to", ""))
        actions.transfer(complaint=found, to=to, by=visit.actor, now=visit.now)
    except JutongError as problem:
        return _show(visit, queries.complaint(visit.actor, number, now=visit.now), problem)
    return visit.done(_("已转%(name)s") % {"name": to.short_name}, "/manage/complaints")


@step(Permission.COMPLAINT_CASE_HANDLE)
def answer(visit: Visit, number: str) -> HttpResponseBase:
    """Answer, or answer a review."""
    text = visit.request.POST.get("text", "")
    return _take(
        visit, number, _("已答复，提出人凭查看码可以看到"),
        lambda found: actions.answer(complaint=found, text=text, by=visit.actor, now=visit.now),
    )  # fmt: skip


@page(Permission.COMPLAINT_INQUIRY_CHECK)
def inquiries(visit: Visit) -> HttpResponseBase:
    """Show what was asked at the own counter; who asked is not listed."""
    found = queries.inquiries(visit.actor, after=visit.request.GET.get("after", ""))
    clocks = queries.clocks_of(queries.INQUIRY, "SLA-WHO", [row.id for row in found.rows], visit.now)
    context = {
        "rows": [(row, clocks.get(str(row.id))) for row in found.rows],
        "older": visit.query(after=found.next) if found.next else "",
    }
    return visit.render("complaint/inquiries.html", context)


@form_page(Permission.COMPLAINT_INQUIRY_CHECK)
def open_inquiry(visit: Visit) -> HttpResponseBase:
    """Register who asks after the document was compared, and hand out number and code."""
    typed, problem = visit.request.POST, None
    if visit.is_post:
        identity = Identity(
            document=typed.get("document", ""),
            number=typed.get("number", ""),
            name=typed.get("name", ""),
            is_agent=bool(typed.get("is_agent")),
            checked=bool(typed.get("checked")),
        )
        try:
            made, code = actions.open_inquiry(identity=identity, by=visit.actor, now=visit.now)
        except JutongError as refused:
            problem = refused
        else:
            return visit.render("complaint/code.html", {"inquiry": made, "code": code}, status=201)
    context = {"documents": [("", _("请选择")), *DocumentKind.choices], "typed": typed, "problem": problem}
    return visit.render("complaint/inquiry_form.html", context, status=problem.http_status if problem else 200)


@page(Permission.COMPLAINT_INQUIRY_CHECK)
def inquiry(visit: Visit, number: str) -> HttpResponseBase:
    """Show which nodes have answered."""
    return _inquiry(visit, number)


def _inquiry(visit: Visit, number: str, problem: JutongError | None = None) -> HttpResponse:
    view = queries.inquiry(visit.actor, number, now=visit.now)
    context = {
        "here": f"/inquiries/{number}",
        "view": view,
        "inquiry": view.inquiry,
        "can": view.events,
        "problem": problem,
    }
    return visit.render("complaint/inquiry.html", context, status=problem.http_status if problem else 200)


def _ask(visit: Visit, number: str, said: str, act: Callable[[Inquiry], object]) -> HttpResponse:
    try:
        act(queries.inquiry_of(visit.actor, number))
    except JutongError as problem:
        return _inquiry(visit, number, problem)
    return visit.done(said, f"/inquiries/{number}")


@step(Permission.COMPLAINT_INQUIRY_CHECK)
def retry(visit: Visit, number: str) -> HttpResponseBase:
    """Ask the silent nodes again."""
    return _ask(
        visit, number, _("已重新查询"), lambda found: actions.retry(inquiry=found, by=visit.actor, now=visit.now)
    )  # fmt: skip


@step(Permission.COMPLAINT_INQUIRY_CHECK)
def deliver(visit: Visit, number: str) -> HttpResponseBase:
    """Let the person see what is known."""
    return _ask(
        visit, number, _("本人可以先查看已有的结果"),
        lambda found: actions.deliver(inquiry=found, by=visit.actor, now=visit.now),
    )  # fmt: skip


@step(Permission.COMPLAINT_INQUIRY_CHECK)
def renew(visit: Visit, number: str) -> HttpResponseBase:
    """Hand out a new code."""
    found = queries.inquiry_of(visit.actor, number)
    try:
        made, code = actions.renew_code(inquiry=found, by=visit.actor, now=visit.now)
    except JutongError as problem:
        return _inquiry(visit, number, problem)
    return visit.render("complaint/code.html", {"inquiry": made, "code": code})


@form_page(Permission.COMPLAINT_CASE_VIEW)
def secrecies(visit: Visit) -> HttpResponseBase:
    """Show the legal bases under which uses are not told yet, and take a new one."""
    typed, problem = visit.request.POST, None
    if visit.is_post:
        try:
            actions.state_secrecy(
                grant=sharing.grant(visit.actor, typed.get("grant", "")).grant,
                basis_title=typed.get("basis_title", ""),
                basis_article=typed.get("basis_article", ""),
                until=_day(typed.get("until", "")),
                by=visit.actor,
                now=visit.now,
            )
        except JutongError as refused:
            problem = refused
        else:
            return visit.done(_("已登记，到期后自动向本人显示"), "/secrecies")
    context = {
        "page": paged(visit, queries.secrecies(visit.actor)),
        "may_state": has(visit.actor, Permission.COMPLAINT_CASE_HANDLE),
        "typed": typed,
        "problem": problem,
    }
    return visit.render("complaint/secrecies.html", context, status=problem.http_status if problem else 200)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        return None
