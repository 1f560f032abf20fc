"""质量报告: scores that open to their formula and counts; rows are looked at in the node's own pages."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse, HttpResponseBase
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from jutong.center.norms.queries import matcher
from jutong.center.org.permissions import Permission
from jutong.center.quality import actions, queries
from jutong.center.quality.models import CheckedTable
from jutong.kernel.errors import JutongError
from jutong.standards.quality import scheme
from jutong.web.door import Visit, form_page, page, step
from jutong.web.jobs.quarantine import encoded
from jutong.web.middleware import policy
from jutong.web.paging import paged

BEST = 9_000
"""From this score on nothing stands out; below the pass mark it warns."""


@page(Permission.QUALITY_REPORT_VIEW)
def overview(visit: Visit) -> HttpResponseBase:
    """Show the scores of tables, departments and elements, and what recurs."""
    shown = paged(visit, queries.tables(visit.actor))
    known = matcher()
    rated = queries.elements(visit.actor, {})
    names = {part.code: element.name for part in rated if (element := known.element(part.code))}
    whole, open_ = queries.overall(visit.actor)
    context = {
        "page": shown,
        "departments": queries.departments(visit.actor),
        "elements": [(part, names.get(part.code, part.code)) for part in rated],
        "causes": queries.causes(visit.actor),
        "whole": whole,
        "open": open_,
        "pass_mark": scheme().pass_mark,
    }
    return visit.render("quality/overview.html", context)


@page(Permission.QUALITY_REPORT_VIEW)
def way(visit: Visit) -> HttpResponseBase:
    """Show how is scored: every dimension, indicator and formula with its weight and clause."""
    found = scheme()
    grouped = [
        (dimension, [row for row in found.indicators if row.dimension == dimension.code])
        for dimension in found.dimensions
    ]
    return visit.render("quality/scheme.html", {"scheme": found, "dimensions": grouped, "english": _english()})


@page(Permission.QUALITY_REPORT_VIEW)
def report(visit: Visit, checked_id: UUID) -> HttpResponseBase:
    """Show the quality report of one table."""
    return _show(visit, queries.table(visit.actor, checked_id))


def _show(visit: Visit, checked: CheckedTable, problem: JutongError | None = None) -> HttpResponse:
    found = queries.report(visit.actor, checked, visit.now, visit.request.GET.get("run", ""))
    context = {
        "report": found,
        "checked": checked,
        "problem": problem,
        "pass_mark": scheme().pass_mark,
        "best": BEST,
        "english": _english(),
    }
    return visit.render("quality/report.html", context, status=problem.http_status if problem else 200)


def _english() -> bool:
    return (get_language() or "").startswith("en")


@step(Permission.QUALITY_TABLE_CHECK)
def check(visit: Visit, checked_id: UUID) -> HttpResponseBase:
    """Have a table checked again."""
    checked = queries.table(visit.actor, checked_id)
    try:
        actions.check_again(checked=checked, by=visit.actor, now=visit.now)
    except JutongError as problem:
        return _show(visit, checked, problem)
    return visit.done(_("已下达检查，完成后报告会更新"), f"/quality/{checked.id}")


@form_page(Permission.QUALITY_ROWS_OPEN)
def rows(visit: Visit, checked_id: UUID) -> HttpResponseBase:
    """Show a rule's count, and give the ticket with which its rows are looked at in the node's pages."""
    checked = queries.table(visit.actor, checked_id)
    asked = (visit.request.POST or visit.request.GET).get("rule", "")
    found = queries.report(visit.actor, checked, visit.now)
    rule = next((one for one in found.rules if one.figure.rule == asked), None)
    context = {"report": found, "checked": checked, "rule": rule, "asked": asked}
    if not visit.is_post or found.run is None:
        return visit.render("quality/rows.html", context, status=200 if rule else 404)
    try:
        given = actions.open_rows(run=found.run, rule=asked, by=visit.actor, now=visit.now)
    except JutongError as problem:
        return visit.render("quality/rows.html", {**context, "problem": problem}, status=problem.http_status)
    context |= {"gateway": given.gateway_url, "ticket": encoded(given.ticket)}
    response = visit.render("quality/rows.html", context)
    response.headers["Content-Security-Policy"] = policy(given.gateway_url)
    return response
