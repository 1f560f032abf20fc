"""服务变更: proposed by the provider, answered by those who use it, filed with the authority (条例 27(3))."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from django.http import HttpResponse, HttpResponseBase
from django.utils.translation import gettext as _

from jutong.center.catalog.queries import published_entry
from jutong.center.org.permissions import Permission
from jutong.center.org.queries import has
from jutong.center.remedy import actions, queries
from jutong.center.remedy.enums import ConsultationStance, ServiceChangeKind
from jutong.center.remedy.models import ServiceChange
from jutong.kernel.errors import JutongError
from jutong.web.door import Visit, form_page, page, step
from jutong.web.paging import paged


@page(Permission.SHARING_GRANT_VIEW)
def listing(visit: Visit) -> HttpResponseBase:
    """Show the service changes the person may read."""
    return visit.render("remedy/changes.html", {"page": paged(visit, queries.service_changes(visit.actor))})


@form_page(Permission.REMEDY_CHANGE_PROPOSE)
def create(visit: Visit) -> HttpResponseBase:
    """Propose a change of an interface in use."""
    typed = visit.request.POST
    entry = published_entry(visit.actor, typed.get("entry") or visit.request.GET.get("entry", ""))
    problem: JutongError | None = None
    if visit.is_post:
        try:
            made = actions.propose_change(
                entry=entry,
                kind=typed.get("kind", ""),
                reason=typed.get("reason", ""),
                plan=typed.get("plan", ""),
                items=typed.getlist("items"),
                effective_on=_day(typed.get("effective_on", "")),
                by=visit.actor,
                now=visit.now,
            )
        except JutongError as error:
            problem = error
        else:
            return visit.done(_("已送使用部门协商"), f"/service-changes/{made.number}")
    context = {
        "entry": entry,
        "items": [item.name for item in entry.published.items.all()] if entry.published else [],
        "chosen": typed.getlist("items"),
        "kinds": ServiceChangeKind.choices,
        "typed": typed,
        "problem": problem,
    }
    return visit.render("remedy/change_form.html", context, status=problem.http_status if problem else 200)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


@page(Permission.SHARING_GRANT_VIEW)
def detail(visit: Visit, number: str) -> HttpResponseBase:
    """Show one change, what everybody said, and what this person may do on it."""
    return _show(visit, number)


def _show(visit: Visit, number: str, problem: JutongError | None = None) -> HttpResponse:
    view = queries.service_change(visit.actor, number, now=visit.now)
    context = {
        "change": view.change,
        "entry": view.change.entry,
        "consultations": view.consultations,
        "clock": view.clock,
        "can": {event.value for event in view.events},
        "stances": [("", _("请选择")), *ConsultationStance.choices],
        "sees_filing": has(visit.actor, Permission.CATALOG_DRAFT_VIEW),
        "problem": problem,
        "typed": visit.request.POST,
    }
    return visit.render("remedy/change.html", context, status=problem.http_status if problem else 200)


def _take(visit: Visit, number: str, said: str, act: Callable[[ServiceChange], object]) -> HttpResponse:
    try:
        act(queries.service_change(visit.actor, number, now=visit.now).change)
    except JutongError as problem:
        visit.keep(problem)
        return _show(visit, number, problem)
    return visit.done(said, f"/service-changes/{number}")


@step(Permission.REMEDY_CHANGE_CONSULT)
def answer(visit: Visit, number: str) -> HttpResponseBase:
    """Say what the own department thinks of the change."""
    typed = visit.request.POST
    return _take(
        visit,
        number,
        _("已答复"),
        lambda change: actions.answer_consultation(
            change=change,
            stance=typed.get("stance", ""),
            text=typed.get("text", ""),
            by=visit.actor,
            now=visit.now,
        ),
    )


@step(Permission.REMEDY_CHANGE_PROPOSE)
def file(visit: Visit, number: str) -> HttpResponseBase:
    """File the change with the authority."""
    return _take(
        visit,
        number,
        _("已向主管部门备案"),
        lambda change: actions.file_change(change=change, by=visit.actor, now=visit.now),
    )


@step(Permission.REMEDY_CHANGE_PROPOSE)
def withdraw(visit: Visit, number: str) -> HttpResponseBase:
    """Give the change up."""
    return _take(
        visit,
        number,
        _("已撤回"),
        lambda change: actions.withdraw_change(change=change, by=visit.actor, now=visit.now),
    )


@step(Permission.REMEDY_CHANGE_DECIDE)
def decide(visit: Visit, number: str) -> HttpResponseBase:
    """Accept the filing or not."""
    accepted = visit.request.POST.get("accepted") == "1"
    note = visit.request.POST.get("note", "")
    return _take(
        visit,
        number,
        _("已接受备案") if accepted else _("已告知不接受备案"),
        lambda change: actions.decide_change(
            change=change, accepted=accepted, note=note, by=visit.actor, now=visit.now
        ),
    )
