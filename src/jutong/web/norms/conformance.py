"""Conformance: how departments, entries and tables stand against the executable norms."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpResponseBase
from django.utils.translation import gettext as _

from jutong.center.catalog.models import Entry
from jutong.center.catalog.queries import published_entry
from jutong.center.fleet import queries as fleet
from jutong.center.norms import actions, queries
from jutong.center.norms.enums import RunKind
from jutong.center.norms.models import ConformanceRun
from jutong.center.org.permissions import Permission
from jutong.center.org.queries import has
from jutong.kernel.errors import JutongError, NotFoundError
from jutong.standards import norms
from jutong.web.door import Visit, page, step
from jutong.web.norms.rules import spoken
from jutong.web.paging import SIZE, page_number, paged


@page(Permission.NORMS_NORM_VIEW)
def listing(visit: Visit) -> HttpResponseBase:
    """Show how departments stand and the newest runs."""
    context = {
        "rows": queries.standing(visit.actor),
        "runs": queries.runs(visit.actor)[:10],
        "tables": _tables(visit),
        "may_run": has(visit.actor, Permission.NORMS_CONFORMANCE_RUN),
    }
    return visit.render("norms/conformance.html", context)


def _tables(visit: Visit) -> list[str]:
    if not has(visit.actor, Permission.FLEET_SOURCE_VIEW):
        return []
    return [
        "|".join((source.name, table.get("schema_name", ""), table["name"]))
        for source in fleet.sources(visit.actor)
        for table in source.tables
    ]


@page(Permission.NORMS_NORM_VIEW)
def organisation(visit: Visit, code: str) -> HttpResponseBase:
    """Show a department's entries, the lowest first."""
    found = queries.seen_organisation(visit.actor, code)
    entries = Entry.objects.filter(organisation=found, published__isnull=False).order_by("quality", "code")
    context = {
        "organisation": found,
        "page": paged(visit, entries),
        "run": queries.newest_run(visit.actor, RunKind.ORGANISATION, code),
        "may_run": has(visit.actor, Permission.NORMS_CONFORMANCE_RUN),
    }
    return visit.render("norms/organisation.html", context)


@page(Permission.NORMS_NORM_VIEW)
def detail(visit: Visit, run_id: UUID) -> HttpResponseBase:
    """Show one run: the score, how it came about, and every finding."""
    run = queries.run(visit.actor, run_id)
    rule_id = visit.request.GET.get("rule", "")
    findings = [row for row in run.findings if not rule_id or row["rule"] == rule_id]
    number = page_number(visit)
    shown = findings[(number - 1) * SIZE : number * SIZE]
    context = {
        "run": run,
        "rules": [_rule(row) for row in run.rules],
        "rule": norms.norms().get(rule_id),
        "findings": shown,
        "total": len(findings),
        "newer": visit.query(page=number - 1) if number > 1 else "",
        "older": visit.query(page=number + 1) if len(findings) > number * SIZE else "",
        "is_entry": run.kind == RunKind.ENTRY,
    }
    return visit.render("norms/run.html", context)


def _rule(row: dict[str, Any]) -> dict[str, Any]:
    rule = norms.norms().get(row["id"])
    share = 100 * (row["checked"] - row["failed"]) // row["checked"] if row["checked"] else 100
    title = spoken(rule.title, rule.title_en) if rule else row["id"]
    return {**row, "title": title, "clause": rule.clause if rule else "", "share": share}


@step(Permission.NORMS_CONFORMANCE_RUN)
def run_organisation(visit: Visit, code: str) -> HttpResponseBase:
    """Run the norms over a department now."""
    found = queries.seen_organisation(visit.actor, code)
    return _done(visit, actions.run_organisation(organisation=found, by=visit.actor, now=visit.now))


@step(Permission.NORMS_CONFORMANCE_RUN)
def run_entry(visit: Visit, code: str) -> HttpResponseBase:
    """Run the norms over one entry now."""
    try:
        run = actions.run_entry(entry=published_entry(visit.actor, code), by=visit.actor, now=visit.now)
    except JutongError as problem:
        return visit.refuse(problem, back=f"/catalog/{code}")
    return _done(visit, run)


@step(Permission.NORMS_CONFORMANCE_RUN)
def run_table(visit: Visit) -> HttpResponseBase:
    """Run the norms over one table of the department's databases."""
    name, _sep, rest = visit.request.POST.get("table", "").partition("|")
    schema_name, _sep, table = rest.partition("|")
    source = next((row for row in fleet.sources(visit.actor) if row.name == name), None)
    if source is None:
        raise NotFoundError(what=name)
    return _done(
        visit,
        actions.run_table(source=source, schema_name=schema_name, table=table, by=visit.actor, now=visit.now),
    )


def _done(visit: Visit, run: ConformanceRun) -> HttpResponseBase:
    said = _("已检查，得{score}分").format(score=run.score) if run.score is not None else _("没有可检查的内容")
    return visit.done(said, f"/norms/conformance/runs/{run.id}")
