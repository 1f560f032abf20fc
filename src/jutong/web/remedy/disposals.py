"""处置: both sides' pages, the certificate of destruction and the proof of silence (条例 27(1))."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime

from django.http import HttpResponse, HttpResponseBase, QueryDict
from django.utils.translation import gettext as _

from jutong.center.org.permissions import Permission
from jutong.center.remedy import actions, queries
from jutong.center.remedy.actions import Copy, Handling
from jutong.center.remedy.enums import CopyKind, DisposalMethod
from jutong.center.remedy.models import Certificate, Disposal
from jutong.kernel.canonical import canonical_json
from jutong.kernel.errors import JutongError, NotFoundError
from jutong.web.door import Visit, page, step
from jutong.web.paging import paged


@page(Permission.SHARING_GRANT_VIEW)
def listing(visit: Visit) -> HttpResponseBase:
    """Show the disposals the person may read, the open ones or all."""
    every = visit.request.GET.get("all") == "1"
    rows = queries.disposals(visit.actor, is_open=None if every else True)
    return visit.render("remedy/disposals.html", {"page": paged(visit, rows), "every": every})


@page(Permission.SHARING_GRANT_VIEW)
def detail(visit: Visit, number: str) -> HttpResponseBase:
    """Show one disposal, copy by copy, and what this person may do on it."""
    return _show(visit, number)


def _show(visit: Visit, number: str, problem: JutongError | None = None) -> HttpResponse:
    view = queries.disposal(visit.actor, number, now=visit.now)
    context = {
        "case": view.case,
        "grant": view.case.grant,
        "copies": view.copies,
        "certificates": view.certificates,
        "clock": view.clock,
        "silence": view.silence,
        "can": {event.value for event in view.events},
        "kinds": CopyKind.choices,
        "methods": [("", _("请选择")), *DisposalMethod.choices],
        "problem": problem,
        "typed": visit.request.POST,
    }
    return visit.render("remedy/disposal.html", context, status=problem.http_status if problem else 200)


def _take(visit: Visit, number: str, said: str, act: Callable[[Disposal], object]) -> HttpResponse:
    try:
        act(queries.disposal(visit.actor, number, now=visit.now).case)
    except JutongError as problem:
        visit.keep(problem)
        return _show(visit, number, problem)
    return visit.done(said, f"/disposals/{number}")


@step(Permission.REMEDY_DISPOSAL_REPORT)
def declare(visit: Visit, number: str) -> HttpResponseBase:
    """Add a copy that is kept."""
    typed = visit.request.POST
    copy = Copy(typed.get("kind", ""), typed.get("place", ""))
    return _take(
        visit,
        number,
        _("已登记"),
        lambda case: actions.declare_copies(disposal=case, copies=[copy], by=visit.actor, now=visit.now),
    )


@step(Permission.REMEDY_DISPOSAL_REPORT)
def report(visit: Visit, number: str) -> HttpResponseBase:
    """Report what was done with every copy."""
    typed = visit.request.POST

    def act(case: Disposal) -> object:
        handled = {copy.pk: _handling(typed, copy.pk) for copy in case.copies.all()}
        nothing = typed.get("nothing_kept") == "1"
        return actions.report_disposal(
            disposal=case, handled=handled, nothing_kept=nothing, by=visit.actor, now=visit.now
        )

    return _take(visit, number, _("已报送处置结果，销毁证明已生成"), act)


def _handling(typed: QueryDict, key: int) -> Handling:
    return Handling(
        typed.get(f"method-{key}", ""),
        _day(typed.get(f"done-{key}", "")),
        typed.get(f"witness-{key}", ""),
        typed.get(f"basis-{key}", ""),
    )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


@step(Permission.REMEDY_DISPOSAL_VERIFY)
def verify(visit: Visit, number: str) -> HttpResponseBase:
    """Accept a report as the provider, or send it back."""
    note = visit.request.POST.get("note", "")
    if visit.request.POST.get("verdict") == "return":
        return _take(
            visit,
            number,
            _("已退回并说明原因"),
            lambda case: actions.return_disposal(disposal=case, note=note, by=visit.actor, now=visit.now),
        )
    return _take(
        visit,
        number,
        _("已核验通过，等平台证明不再调用"),
        lambda case: actions.verify_disposal(disposal=case, note=note, by=visit.actor, now=visit.now),
    )


@page(Permission.SHARING_GRANT_VIEW)
def certificate(visit: Visit, number: str) -> HttpResponseBase:
    """Show the certificate of the last report, for the screen and for paper."""
    view = queries.disposal(visit.actor, number, now=visit.now)
    made = _certificate(view.certificates, number)
    labels = {
        "kinds": dict(CopyKind.choices),
        "methods": dict(DisposalMethod.choices),
    }
    times = {name: _moment(made.document[name]) for name in ("ended_at", "reported_at")}
    context = {"case": view.case, "made": made, "document": made.document, **times, **labels}
    return visit.render("remedy/certificate.html", context)


@page(Permission.SHARING_GRANT_VIEW)
def certificate_file(visit: Visit, number: str) -> HttpResponseBase:
    """Send the canonical text whose digest the certificate states."""
    view = queries.disposal(visit.actor, number, now=visit.now)
    made = _certificate(view.certificates, number)
    response = HttpResponse(canonical_json(made.document), content_type="application/json")
    response["Content-Disposition"] = f'attachment; filename="{view.case.number}-{made.round}.json"'
    response["X-Document-Digest"] = made.digest
    return response


def _moment(text: str) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _certificate(found: list[Certificate], number: str) -> Certificate:
    if not found:
        raise NotFoundError(what=number)
    return found[0]
