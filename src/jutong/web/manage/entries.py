from __future__ import annotations

from django.http import HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.utils.translation import gettext as _

from jutong.center.catalog import queries
from jutong.center.catalog.actions import draft
from jutong.center.catalog.enums import AssessmentKind, UpdateTrigger
from jutong.center.catalog.models import Entry
from jutong.center.catalog.rules import events_from
from jutong.center.catalog.steps import written
from jutong.center.org.permissions import Permission
from jutong.center.org.queries import has
from jutong.kernel.clock import civil_date
from jutong.kernel.errors import JutongError
from jutong.web.door import Visit, form_page, page
from jutong.web.manage import form
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


@form_page(Permission.CATALOG_ENTRY_EDIT)
def create(visit: Visit) -> HttpResponseBase:
    """Register an entry: a draft with its code."""
    problem, typed = None, form.empty()
    if visit.is_post:
        typed = form.read(visit.request.POST)
        try:
            made = draft.create_entry(fields=typed.fields, items=typed.items, by=visit.actor, now=visit.now)
        except JutongError as error:
            problem = error
        else:
            return _saved(visit, made.entry.code)
    return _form(visit, typed, problem, code="")


@form_page(Permission.CATALOG_ENTRY_EDIT)
def edit(visit: Visit, code: str) -> HttpResponseBase:
    """Change the version being made; savable at any point."""
    entry = queries.entry_for_steward(visit.actor, code)
    version = queries.open_version(entry)
    if version is None:
        return HttpResponseRedirect(f"/manage/entries/{code}")
    problem = None
    typed = form.Written(*written(version))
    if visit.is_post:
        typed = form.read(visit.request.POST)
        try:
            draft.edit_version(version=version, fields=typed.fields, items=typed.items, by=visit.actor, now=visit.now)
        except JutongError as error:
            problem = error
        else:
            return _saved(visit, code)
    return _form(visit, typed, problem, code=code)


def _saved(visit: Visit, code: str) -> HttpResponse:
    if visit.request.POST.get("then") == "more":
        return HttpResponseRedirect(f"/manage/entries/{code}/edit#items")
    return visit.done(_("草稿已存"), f"/manage/entries/{code}")


def _form(visit: Visit, typed: form.Written, problem: JutongError | None, *, code: str) -> HttpResponse:
    context = form.context(typed) | {"problem": problem, "code": code}
    return visit.render("manage/entry_form.html", context, status=422 if problem else 200)


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
        "findings": queries.findings(visit.actor, version) if version else [],
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
