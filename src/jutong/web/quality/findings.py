"""质量问题: who puts what right until when, and what became of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpResponse, HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from jutong.center.org.permissions import Permission
from jutong.center.quality import actions, queries
from jutong.center.quality.models import Finding
from jutong.kernel.errors import JutongError
from jutong.web.door import Visit, page, step

TABS = (
    ("open", gettext_lazy("没解决的")),
    ("closed", gettext_lazy("已复查通过")),
    ("", gettext_lazy("全部")),
)


@page(Permission.QUALITY_REPORT_VIEW)
def listing(visit: Visit) -> HttpResponseBase:
    """Show findings with their clocks."""
    state = visit.request.GET.get("state", "open")
    context = {
        "findings": queries.findings(visit.actor, visit.now, state=state),
        "tabs": [(name, label, visit.query(state=name)) for name, label in TABS],
        "state": state,
    }
    return visit.render("quality/findings.html", context)


@page(Permission.QUALITY_REPORT_VIEW)
def detail(visit: Visit, number: str) -> HttpResponseBase:
    """Show one finding."""
    return _show(visit, number)


def _show(visit: Visit, number: str, problem: JutongError | None = None) -> HttpResponse:
    view, can = queries.finding(visit.actor, number, visit.now)
    context = {
        "view": view,
        "finding": view.finding,
        "steps": view.finding.steps.select_related("by"),
        "can": can,
        "typed": visit.request.POST,
        "problem": problem,
        "clock_verb": _("改正"),
    }
    return visit.render("quality/finding.html", context, status=problem.http_status if problem else 200)


def _take(visit: Visit, number: str, said: str, act: Callable[..., Finding]) -> HttpResponse:
    words: dict[str, Any] = {"text": visit.request.POST.get("text", ""), "by": visit.actor, "now": visit.now}
    try:
        view, _can = queries.finding(visit.actor, number, visit.now)
        act(finding=view.finding, **words)
    except JutongError as problem:
        return _show(visit, number, problem)
    return visit.done(said, f"/quality/findings/{number}")


@step(Permission.QUALITY_FINDING_ANSWER)
def report(visit: Visit, number: str) -> HttpResponseBase:
    """Report that it was put right, and have it checked."""
    return _take(visit, number, _("已记录，并已下达复查"), actions.report_finding)


@step(Permission.QUALITY_FINDING_ACCEPT)
def accept(visit: Visit, number: str) -> HttpResponseBase:
    """Let it stand as it is."""
    return _take(visit, number, _("已同意保留"), actions.accept_finding)
