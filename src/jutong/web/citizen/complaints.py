"""投诉举报 from outside: written once, followed with number and code (条例 37)."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _

from jutong.center.complaint import actions, codes, queries
from jutong.center.complaint.actions import Words
from jutong.center.complaint.enums import ComplaintKind
from jutong.center.complaint.models import Complaint
from jutong.center.complaint.parties import citizen
from jutong.center.org.models import Organisation
from jutong.kernel.clock import utc_now
from jutong.kernel.errors import JutongError
from jutong.web.citizen.door import citizen_page, forget, unlock, unlocked

STEPS: dict[str, Callable[..., Complaint]] = {
    "review": actions.ask_review,
    "settle": actions.settle,
    "withdraw": actions.withdraw,
}
OPEN_KINDS = [row for row in ComplaintKind.choices if row[0] != ComplaintKind.DOUBT]


@citizen_page
def create(request: HttpRequest) -> HttpResponseBase:
    """Take a complaint; the code is shown once, on the page that follows."""
    if request.method != "POST":
        return _form(request)
    typed = request.POST
    words = Words(
        kind=typed.get("kind", ""),
        receiver_code=typed.get("receiver", ""),
        text=typed.get("text", ""),
        name=typed.get("name", ""),
        contact=typed.get("contact", ""),
        entry_code=typed.get("entry", ""),
    )
    try:
        made, code = actions.receive_complaint(words=words, now=utc_now())
    except JutongError as problem:
        return _form(request, problem)
    return receipt(request, made, code)


def receipt(request: HttpRequest, made: Complaint, code: str) -> HttpResponse:
    """Show number and code, once."""
    return render(request, "citizen/receipt.html", {"case": made, "code": code}, status=201)


def _form(request: HttpRequest, problem: JutongError | None = None) -> HttpResponse:
    receivers = Organisation.objects.filter(closed_at=None).order_by("division_code", "code")
    context = {
        "kinds": [("", _("请选择")), *OPEN_KINDS],
        "receivers": [("", _("请选择")), *receivers.values_list("code", "name")],
        "typed": request.POST or request.GET,
        "problem": problem,
    }
    return render(request, "citizen/complaint_form.html", context, status=problem.http_status if problem else 200)


@citizen_page
def follow(request: HttpRequest, number: str = "") -> HttpResponseBase:
    """Show a case to whoever gives its code."""
    now = utc_now()
    if request.method == "POST":
        found = codes.check(Complaint, request.POST.get("number", number), request.POST.get("code", ""), now=now)
        unlock(request, found.number, now)
        return HttpResponseRedirect(f"/complaints/{found.number}")
    if number and unlocked(request, now) == number:
        return _case(request, Complaint.objects.select_related("receiver", "entry").get(number=number))
    return render(request, "citizen/code.html", {"number": number, "here": "/complaints/follow", "what": "complaint"})


def _case(request: HttpRequest, found: Complaint) -> HttpResponse:
    view = queries.of_citizen(found, citizen(found.number), utc_now())
    return render(request, "citizen/complaint.html", {"view": view, "case": found, "can": view.events})


@citizen_page
def take(request: HttpRequest, number: str, name: str) -> HttpResponseBase:
    """Take one of the steps open to the author: review, settle, withdraw."""
    now = utc_now()
    if request.method != "POST" or name not in STEPS or unlocked(request, now) != number:
        return HttpResponseRedirect(f"/complaints/{number}")
    STEPS[name](complaint=Complaint.objects.get(number=number), now=now)
    said = {"review": _("已申请复核，由另一人办理"), "settle": _("已办结"), "withdraw": _("已撤回")}
    messages.success(request, said[name])
    return HttpResponseRedirect(f"/complaints/{number}")


@citizen_page
def leave(request: HttpRequest) -> HttpResponseBase:
    """Forget the code in this browser."""
    forget(request)
    return HttpResponseRedirect("/complaints/follow")
