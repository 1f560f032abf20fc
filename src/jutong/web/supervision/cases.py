"""违规: what was found, on what evidence, what was said to it and what follows (条例 39-41)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpResponse, HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from jutong.center.org.permissions import Permission
from jutong.center.org.queries import has
from jutong.center.supervision import actions, queries
from jutong.center.supervision.models import Case
from jutong.center.supervision.rules import HEARING_DAYS, LONGEST_LIMIT
from jutong.center.supervision.waiting import name_of
from jutong.kernel.errors import JutongError
from jutong.web.door import Visit, page, step
from jutong.web.paging import paged

TABS = (
    ("open", gettext_lazy("办理中")),
    ("closed", gettext_lazy("已办结")),
    ("", gettext_lazy("全部")),
)
_DAYS = "10"


@page()
def listing(visit: Visit) -> HttpResponseBase:
    """Show the violations a person may know of, with how many of each kind are open."""
    asked = visit.request.GET
    state, code, q = asked.get("state", "open"), asked.get("code", ""), asked.get("q", "").strip()
    shown = paged(visit, queries.cases(visit.actor, state=state, code=code, q=q))
    context = {
        "page": shown,
        "rows": [(row, name_of(row.code), queries.what_was_found(row)) for row in shown.rows],
        "tabs": [(name, label, visit.query(state=name, page=None)) for name, label in TABS],
        "tally": [(one, name, n, visit.query(code=one, page=None)) for one, name, n in queries.tally(visit.actor)],
        "state": state,
        "code": code,
        "q": q,
        "may_report": has(visit.actor, Permission.SUPERVISION_VIOLATION_REPORT),
    }
    return visit.render("supervision/cases.html", context)


@page()
def detail(visit: Visit, number: str) -> HttpResponseBase:
    """Show one violation to its two sides and to whoever supervises."""
    return _show(visit, number)


@page()
def paper(visit: Visit, number: str) -> HttpResponseBase:
    """Show the order as it was served, ready to print."""
    view, served = queries.paper(visit.actor, number, visit.now)
    return visit.render("supervision/paper.html", {"view": view, "paper": served, "content": served.content})


def _show(visit: Visit, number: str, problem: JutongError | None = None) -> HttpResponse:
    view = queries.case(visit.actor, number, visit.now)
    context = {
        "view": view,
        "case": view.case,
        "clock_verb": _("改正") if view.case.state == "noticed" else _("核实"),
        "hearing_days": HEARING_DAYS,
        "longest": LONGEST_LIMIT,
        "days": visit.request.POST.get("days", _DAYS),
        "typed": visit.request.POST,
        "problem": problem,
    }
    return visit.render("supervision/case.html", context, status=problem.http_status if problem else 200)


def _take(visit: Visit, number: str, said: str, act: Callable[[Case], object]) -> HttpResponse:
    try:
        act(queries.case(visit.actor, number, visit.now).case)
    except JutongError as problem:
        return _show(visit, number, problem)
    return visit.done(said, f"/violations/{number}")


def _text(visit: Visit) -> str:
    return visit.request.POST.get("text", "")


def _whole(visit: Visit) -> int:
    """Return the days somebody typed; 0, which no limit allows, where that is no number."""
    typed = visit.request.POST.get("days", "")
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < len("1000") else 0


@step(Permission.SUPERVISION_VIOLATION_ANSWER)
def state(visit: Visit, number: str) -> HttpResponseBase:
    """Put the organisation's account on record."""
    words: dict[str, Any] = {"text": _text(visit), "by": visit.actor, "now": visit.now}
    return _take(visit, number, _("陈述已记录并送达"), lambda case: actions.state(case=case, **words))


@step(Permission.SUPERVISION_VIOLATION_DECIDE)
def dismiss(visit: Visit, number: str) -> HttpResponseBase:
    """Find that there is no violation."""
    words: dict[str, Any] = {"text": _text(visit), "by": visit.actor, "now": visit.now}
    return _take(visit, number, _("已认定不成立并告知对方"), lambda case: actions.dismiss(case=case, **words))


@step(Permission.SUPERVISION_VIOLATION_DECIDE)
def order(visit: Visit, number: str) -> HttpResponseBase:
    """Order that it is put right."""
    words: dict[str, Any] = {"text": _text(visit), "days": _whole(visit), "by": visit.actor, "now": visit.now}
    return _take(visit, number, _("责令改正通知书已送达"), lambda case: actions.notice(case=case, **words))


@step(Permission.SUPERVISION_VIOLATION_ANSWER)
def fix(visit: Visit, number: str) -> HttpResponseBase:
    """Report that it was put right."""
    words: dict[str, Any] = {"text": _text(visit), "by": visit.actor, "now": visit.now}
    return _take(visit, number, _("已报告改正，等待验收"), lambda case: actions.report(case=case, **words))


@step(Permission.SUPERVISION_VIOLATION_DECIDE)
def accept(visit: Visit, number: str) -> HttpResponseBase:
    """Find that it was put right."""
    words: dict[str, Any] = {"text": _text(visit), "by": visit.actor, "now": visit.now}
    return _take(visit, number, _("已验收"), lambda case: actions.accept(case=case, **words))


@step(Permission.SUPERVISION_VIOLATION_DECIDE)
def reject(visit: Visit, number: str) -> HttpResponseBase:
    """Find that it was not put right."""
    words: dict[str, Any] = {"text": _text(visit), "days": _whole(visit), "by": visit.actor, "now": visit.now}
    return _take(visit, number, _("已退回，重新限期改正"), lambda case: actions.reject(case=case, **words))


@step(Permission.SUPERVISION_VIOLATION_DECIDE)
def refer(visit: Visit, number: str) -> HttpResponseBase:
    """Hand it on for sanctions."""
    words: dict[str, Any] = {"text": _text(visit), "by": visit.actor, "now": visit.now}
    return _take(visit, number, _("已移送处理"), lambda case: actions.refer(case=case, **words))
