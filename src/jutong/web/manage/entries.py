from __future__ import annotations

from django.http import HttpResponse, HttpResponseBase

from jutong.center.catalog import queries
from jutong.center.catalog.enums import AssessmentKind, UpdateTrigger
from jutong.center.catalog.models import Entry
from jutong.center.catalog.rules import events_from
from jutong.center.org.permissions import Permission
from jutong.center.org.queries import has
from jutong.kernel.clock import civil_date
from jutong.kernel.errors import JutongError
from jutong.web.door import Visit, page
from jutong.web.manage.standing import context_of
from jutong.web.paging import SIZE, page_number


@page(Permission.CATALOG_DRAFT_VIEW)
def listing(visit: Visit) -> HttpResponseBase:
    """Show the department's entries, those being made first."""
    number = page_number(visit)
    rows = queries.my_entries(visit.actor, civil_date(visit.now), page=number)
    context = {
        "rows": rows,
        "may_edit": has(visit.actor, Permission.CATALOG_ENTRY_EDIT),
        "newer": visit.query(page=number - 1) if number > 1 else "",
        "older": visit.query(page=number + 1) if len(rows) == SIZE else "",
    }
    return visit.render("manage/entries.html", context)


@page(Permission.CATALOG_DRAFT_VIEW)
def detail(visit: Visit, code: str) -> HttpResponseBase:
    """Show one of the department's entries and what is to be done on it."""
    return show(visit, queries.entry_for_steward(visit.actor, code))


def show(visit: Visit, entry: Entry, problem: JutongError | None = None) -> HttpResponse:
    """Render the page of an own entry, with the error of a refused step."""
    version = queries.open_version(entry)
    assessed = {row.kind: row for row in version.assessments.all()} if version else {}
    context = {
        "here": f"/manage/entries/{entry.code}",
        "entry": entry,
        "version": version,
        "published": entry.published,
        "binding": queries.open_binding(entry),
        "history": entry.versions.all(),
        "findings": queries.findings(visit.actor, version, civil_date(visit.now)) if version else [],
        "events": {event.value for event in events_from(version.state)} if version else set(),
        "assessments": [(kind.value, kind.label, assessed.get(kind.value)) for kind in AssessmentKind],
        "triggers": UpdateTrigger.choices,
        "today": civil_date(visit.now),
        "may_edit": has(visit.actor, Permission.CATALOG_ENTRY_EDIT),
        "may_submit": has(visit.actor, Permission.CATALOG_ENTRY_SUBMIT),
        "may_bind": has(visit.actor, Permission.CATALOG_ENTRY_BIND),
        "may_move": has(visit.actor, Permission.JOBS_JOB_ORDER),
        "problem": problem,
        "typed": visit.request.POST,
        **context_of(visit, entry, version),
    }
    return visit.render("manage/entry.html", context, status=problem.http_status if problem else 200)
