"""谁用过我的数据: opened with the number and code the counter gave, in plain sentences (个人信息保护法 45)."""

from __future__ import annotations

from itertools import groupby

from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render

from jutong.center.complaint import actions, codes, uses
from jutong.center.complaint.actions import Words
from jutong.center.complaint.enums import ComplaintKind, InquiryState
from jutong.center.complaint.models import Inquiry
from jutong.kernel.clock import utc_now
from jutong.kernel.errors import JutongError
from jutong.web.citizen.complaints import receipt
from jutong.web.citizen.door import citizen_page, forget, unlock, unlocked

PAGE = "/me/uses"


@citizen_page
def listing(request: HttpRequest) -> HttpResponseBase:
    """Ask for number and code, or show the uses."""
    now = utc_now()
    if request.method == "POST":
        found = codes.check(Inquiry, request.POST.get("number", ""), request.POST.get("code", ""), now=now)
        unlock(request, found.number, now)
        return HttpResponseRedirect(PAGE)
    inquiry = _inquiry(request)
    if inquiry is None:
        return render(request, "citizen/code.html", {"number": "", "here": PAGE, "what": "inquiry"})
    if inquiry.state != InquiryState.READY:
        return render(request, "citizen/waiting.html", {"inquiry": inquiry})
    found_ = uses.uses_of(inquiry, now=now)
    months = [(month, list(rows)) for month, rows in groupby(found_.rows, key=lambda row: row.month)]
    return render(request, "citizen/uses.html", {"inquiry": inquiry, "found": found_, "months": months})


def _inquiry(request: HttpRequest) -> Inquiry | None:
    number = unlocked(request, utc_now())
    return Inquiry.objects.filter(number=number).select_related("receiver").first() if number else None


@citizen_page
def question(request: HttpRequest, record_id: str) -> HttpResponseBase:
    """我有疑问: ask the department that used the data about one use."""
    inquiry, now = _inquiry(request), utc_now()
    if inquiry is None:
        return HttpResponseRedirect(PAGE)
    use = uses.use_of(inquiry, record_id, now=now)
    if request.method != "POST":
        return _form(request, use)
    words = Words(
        kind=ComplaintKind.ERROR if request.POST.get("wrong") else ComplaintKind.DOUBT,
        receiver_code=use.organisation_code,
        text=request.POST.get("text", ""),
        contact=request.POST.get("contact", ""),
        record_id=use.record_id,
    )
    try:
        made, code = actions.receive_complaint(words=words, now=now)
    except JutongError as problem:
        return _form(request, use, problem)
    return receipt(request, made, code)


def _form(request: HttpRequest, use: uses.Use, problem: JutongError | None = None) -> HttpResponse:
    context = {"use": use, "typed": request.POST, "problem": problem}
    return render(request, "citizen/question.html", context, status=problem.http_status if problem else 200)


@citizen_page
def leave(request: HttpRequest) -> HttpResponseBase:
    """Forget the code in this browser."""
    forget(request)
    return HttpResponseRedirect(PAGE)
