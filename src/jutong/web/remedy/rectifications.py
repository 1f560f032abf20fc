"""整改: both sides' pages (条例 27(2))."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpResponse, HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from jutong.center.org.permissions import Permission
from jutong.center.org.queries import has
from jutong.center.remedy import actions, queries
from jutong.center.remedy.models import Rectification
from jutong.center.remedy.rules import LONGEST_LIMIT
from jutong.center.sharing import queries as sharing
from jutong.center.usage.queries import AccessFilters, accesses
from jutong.kernel.errors import JutongError
from jutong.web.door import Visit, form_page, page, step
from jutong.web.paging import paged

SHOWN_RECORDS = 20
"""Of the latest calls, to choose those that show what was found."""


@page(Permission.REMEDY_RECTIFICATION_VIEW)
def listing(visit: Visit) -> HttpResponseBase:
    """Show the rectifications the person may read, the open ones or all."""
    every = visit.request.GET.get("all") == "1"
    rows = queries.rectifications(visit.actor, is_open=None if every else True)
    context = {"page": paged(visit, rows), "every": every}
    return visit.render("remedy/rectifications.html", context)


@form_page(Permission.REMEDY_RECTIFICATION_ORDER)
def create(visit: Visit) -> HttpResponseBase:
    """Order a rectification on a grant; it is suspended with it."""
    typed = visit.request.POST
    view = sharing.grant(visit.actor, typed.get("grant") or visit.request.GET.get("grant", ""))
    problem: JutongError | None = None
    if visit.is_post:
        try:
            made = actions.order_rectification(
                grant=view.grant,
                finding=typed.get("finding", ""),
                demands=typed.get("demands", ""),
                days=whole(typed.get("days", "")),
                records=typed.getlist("records"),
                by=visit.actor,
                now=visit.now,
            )
        except JutongError as error:
            problem = error
        else:
            return visit.done(_("已暂停并责令整改"), f"/rectifications/{made.number}")
    context = {
        "grant": view.grant,
        "typed": typed or {"days": "10"},
        "chosen": typed.getlist("records"),
        "limit": LONGEST_LIMIT,
        "problem": problem,
        "calls": _calls(visit, view.grant.number),
    }
    return visit.render("remedy/rectification_form.html", context, status=problem.http_status if problem else 200)


def _calls(visit: Visit, number: str) -> list[object]:
    if not has(visit.actor, Permission.USAGE_ACCESS_VIEW):
        return []
    return list(accesses(visit.actor, AccessFilters(grant_number=number), limit=SHOWN_RECORDS).rows)


def whole(text: str) -> int:
    """Return the whole number somebody typed; 0, which no limit allows, where it is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < len("1000") else 0


@page(Permission.REMEDY_RECTIFICATION_VIEW)
def detail(visit: Visit, number: str) -> HttpResponseBase:
    """Show one rectification, its rounds, and what this person may do on it."""
    return _show(visit, number)


def _show(visit: Visit, number: str, problem: JutongError | None = None) -> HttpResponse:
    view = queries.rectification(visit.actor, number, now=visit.now)
    context = {
        "case": view.case,
        "grant": view.case.grant,
        "reports": view.reports,
        "clock": view.clock,
        "can": {event.value.replace("-", "_") for event in view.events},
        "over": view.clock is not None and view.clock.state == "over",
        "problem": problem,
        "typed": visit.request.POST,
    }
    return visit.render("remedy/rectification.html", context, status=problem.http_status if problem else 200)


def _take(visit: Visit, number: str, said: str, act: Callable[[Rectification], object]) -> HttpResponse:
    try:
        act(queries.rectification(visit.actor, number, now=visit.now).case)
    except JutongError as problem:
        visit.keep(problem)
        return _show(visit, number, problem)
    return visit.done(said, f"/rectifications/{number}")


@step(Permission.REMEDY_RECTIFICATION_ANSWER)
def report(visit: Visit, number: str) -> HttpResponseBase:
    """Say what was put right."""
    text = visit.request.POST.get("text", "")
    return _take(
        visit,
        number,
        _("已报送整改结果"),
        lambda case: actions.report_rectification(rectification=case, text=text, by=visit.actor, now=visit.now),
    )


_JUDGED: dict[str, tuple[str, Callable[..., Rectification]]] = {
    "accept": (gettext_noop("已验收通过，授权恢复，等节点确认"), actions.accept_rectification),
    "reject": (gettext_noop("已认定整改不到位"), actions.reject_rectification),
    "refused": (gettext_noop("已认定拒不整改"), actions.call_refused),
}


@step(Permission.REMEDY_RECTIFICATION_ORDER)
def judge(visit: Visit, number: str) -> HttpResponseBase:
    """Accept the result, say that it is not enough, or that nothing came in time."""
    said, action = _JUDGED.get(visit.request.POST.get("verdict", ""), _JUDGED["reject"])
    note = visit.request.POST.get("note", "")
    return _take(
        visit, number, _(said), lambda case: action(rectification=case, note=note, by=visit.actor, now=visit.now)
    )


@step(Permission.REMEDY_RECTIFICATION_ORDER)
def order_again(visit: Visit, number: str) -> HttpResponseBase:
    """Give another limit."""
    typed = visit.request.POST
    days = whole(typed.get("days", ""))
    return _take(
        visit,
        number,
        _("已再次责令整改"),
        lambda case: actions.order_again(
            rectification=case, demands=typed.get("demands", ""), days=days, by=visit.actor, now=visit.now
        ),
    )


@step(Permission.SHARING_GRANT_REVOKE)
def terminate(visit: Visit, number: str) -> HttpResponseBase:
    """End the share after a rectification that failed."""
    note = visit.request.POST.get("note", "")
    return _take(
        visit,
        number,
        _("已终止共享，对方要处置已取得的数据"),
        lambda case: actions.terminate(rectification=case, note=note, by=visit.actor, now=visit.now),
    )


@step(Permission.SHARING_SUSPENSION_LIFT)
def withdraw(visit: Visit, number: str) -> HttpResponseBase:
    """Take back an order given by mistake."""
    note = visit.request.POST.get("note", "")
    return _take(
        visit,
        number,
        _("已撤销整改要求，授权恢复"),
        lambda case: actions.withdraw_rectification(rectification=case, note=note, by=visit.actor, now=visit.now),
    )
