"""Writing an entry in steps: each step saves on its own, and what is written is judged while it is typed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.utils.translation import gettext as _

from jutong.center.catalog import queries
from jutong.center.catalog.actions import draft
from jutong.center.catalog.checks import findings_of_writing
from jutong.center.catalog.extensions import PREFIX
from jutong.center.catalog.findings import Finding
from jutong.center.catalog.models import Entry
from jutong.center.catalog.obligations import is_blank, reader
from jutong.center.catalog.steps import written
from jutong.center.catalog.template import edition_in_force
from jutong.center.norms.queries.elements import matcher
from jutong.center.org.permissions import Permission
from jutong.center.org.queries import own_organisation
from jutong.kernel.clock import civil_date
from jutong.kernel.errors import JutongError, NotFoundError
from jutong.standards import classification
from jutong.standards.template import STEPS, TemplateEdition
from jutong.web.door import Visit, form_page, step
from jutong.web.manage import form

ALL_STEPS = (*STEPS, form.LAST_STEP)
_SURE = 0.8
"""How sure a data element must be to be offered."""


@dataclass(frozen=True)
class Stage:
    """One step in the list above the form: its place, and how much in it is still to be changed."""

    key: str
    label: Any
    url: str
    errors: int
    state: str


@form_page(Permission.CATALOG_ENTRY_EDIT)
def create(visit: Visit) -> HttpResponseBase:
    """Register an entry: its first step makes a draft with its code."""
    edition = _edition(visit)
    problem, typed = None, form.empty()
    if visit.is_post:
        typed = form.read(visit.request.POST, edition, typed)
        try:
            made = draft.create_entry(fields=typed.fields, items=typed.items, by=visit.actor, now=visit.now)
        except JutongError as error:
            problem = error
        else:
            return _saved(visit, made.entry.code, "basic")
    return _form(visit, typed, problem, edition=edition, at="basic")


@form_page(Permission.CATALOG_ENTRY_EDIT)
def edit(visit: Visit, code: str, at: str = "basic") -> HttpResponseBase:
    """Change the version being made, one step at a time; savable at any point."""
    if at not in ALL_STEPS:
        raise NotFoundError(what=at)
    entry = queries.entry_for_steward(visit.actor, code)
    version = queries.open_version(entry)
    if version is None:
        return HttpResponseRedirect(f"/manage/entries/{code}")
    edition = _edition(visit)
    problem, typed = None, form.Written(*written(version))
    if visit.is_post and at != form.LAST_STEP:
        typed = form.read(visit.request.POST, edition, typed)
        try:
            draft.edit_version(version=version, fields=typed.fields, items=typed.items, by=visit.actor, now=visit.now)
        except JutongError as error:
            problem = error
        else:
            return _saved(visit, code, at)
    return _form(visit, typed, problem, edition=edition, at=at, entry=entry)


@step(Permission.CATALOG_ENTRY_EDIT)
def check(visit: Visit) -> HttpResponseBase:
    """Judge what stands in the form now; nothing is stored."""
    edition, typed = _edition(visit), visit.request.POST
    entry = queries.entry_for_steward(visit.actor, typed["code"]) if typed.get("code") else None
    version = queries.open_version(entry) if entry else None
    base = form.Written(*written(version)) if version else form.empty()
    now_written = form.read(typed, edition, base)
    found = _judged(visit, now_written, entry)
    steps = form.steps_of(typed)
    here = [row for row in found if _step_of(row, edition) in steps]
    context = _told(here, now_written) | {"places": _places(typed, edition, steps)}
    return visit.render("manage/live.html", context)


def _edition(visit: Visit) -> TemplateEdition:
    return edition_in_force(civil_date(visit.now), visit.actor.division_code)


def _judged(visit: Visit, typed: form.Written, entry: Entry | None) -> list[Finding]:
    organisation = entry.organisation if entry else own_organisation(visit.actor)
    return findings_of_writing(organisation, typed.fields, typed.items, on=civil_date(visit.now), entry=entry)


def _saved(visit: Visit, code: str, at: str) -> HttpResponse:
    then = visit.request.POST.get("then")
    here = f"/manage/entries/{code}/edit"
    if then == "more":
        return HttpResponseRedirect(f"{here}/items#items")
    if then == "next":
        return HttpResponseRedirect(f"{here}/{ALL_STEPS[ALL_STEPS.index(at) + 1]}")
    return visit.done(_("草稿已存"), f"/manage/entries/{code}")


def _step_of(row: Finding, edition: TemplateEdition) -> str:
    """Return the step in which a finding is put right."""
    place = row.place.removeprefix(PREFIX)
    if place == "organisation":
        return "basic"
    return "items" if place.startswith("items") else edition.step_of(place)


def _told(found: Sequence[Finding], typed: form.Written) -> dict[str, Any]:
    """Part findings into what is not filled in yet, and what is wrong where something stands."""
    beside: defaultdict[str, list[Finding]] = defaultdict(list)
    blank = []
    for row in found:
        if _is_empty(row.place, typed):
            blank.append(row)
        else:
            beside[form.live_id(row.place)].append(row)
    wrong = [row for rows in beside.values() for row in rows]
    return {
        "beside": dict(beside),
        "blank": [row for row in blank if row.is_error],
        "wrong": [row for row in wrong if row.is_error],
        "hints": [row for row in (*wrong, *blank) if not row.is_error],
    }


def _is_empty(place: str, typed: form.Written) -> bool:
    parts = place.split(".")
    if len(parts) > 1 and parts[0] == "items":
        at = int(parts[1])
        return at < len(typed.items) and is_blank(getattr(typed.items[at], parts[2], ""))
    value = reader(typed.fields, typed.items)(place.removeprefix(PREFIX))
    return value is False or is_blank(value)


def _places(typed: Any, edition: TemplateEdition, steps: Sequence[str]) -> list[str]:
    """Return the ids beside every control of the form, so that what was put right is cleared."""
    fields = [row for row in edition.entry_fields if not row.is_filled and edition.step_of(row.id) in steps]
    found = [form.live_id(form.name_of(row)) for row in fields if row.kind != "items"]
    if "items" in steps:
        count = typed.get("rows", "0")
        rows = min(int(count), form.MOST_ROWS) if count.isdecimal() and len(count) < len("10000") else 0
        found += [f"v-items_{at}" for at in range(rows)]
    return found


def _form(
    visit: Visit,
    typed: form.Written,
    problem: JutongError | None,
    *,
    edition: TemplateEdition,
    at: str,
    entry: Entry | None = None,
) -> HttpResponse:
    found = _judged(visit, typed, entry) if entry else []
    code = entry.code if entry else ""
    counts: defaultdict[str, int] = defaultdict(int)
    for row in found:
        counts[_step_of(row, edition)] += row.is_error
    context = {
        "problem": problem,
        "code": code,
        "at": at,
        "edition": edition,
        "edition_title": form.told(edition.title, edition.title_en),
        "stages": _stages(code, at, counts),
        "groups": form.groups(typed, edition, at) if at in STEPS else [],
        "classes": _classes(edition) if at in {"basic", "grading"} else [],
        **_told([row for row in found if _step_of(row, edition) == at], typed),
    }
    if at == "items":
        context |= form.item_context(typed, edition) | {"elements": _elements(typed)}
    if at == form.LAST_STEP:
        context |= {"summary": _summary(typed, edition, found), "items": typed.items}
    return visit.render("manage/entry_form.html", context, status=422 if problem else 200)


def _stages(code: str, at: str, counts: dict[str, int]) -> list[Stage]:
    return [
        Stage(
            key,
            form.STEP_LABELS[key],
            f"/manage/entries/{code}/edit/{key}" if code else "",
            counts.get(key, 0),
            "done" if code and key != form.LAST_STEP and not counts.get(key) else "",
        )
        for key in ALL_STEPS
    ]


def _classes(edition: TemplateEdition) -> list[tuple[str, str]]:
    """Return the classes to choose from, each with the names it stands under."""
    tree = classification.with_local(edition.classes)
    return [(code, tree.label(code)) for code in sorted(tree.nodes)]


def _elements(typed: form.Written) -> list[tuple[str, str]]:
    """Return the data elements the items may be instances of, to choose from."""
    match = matcher().match
    found = {
        row.code: row.name
        for item in typed.items
        for row in match(item.name, data_type=item.data_type)[:2]
        if row.confidence >= _SURE
    }
    return sorted(found.items())


def _summary(
    typed: form.Written, edition: TemplateEdition, found: Sequence[Finding]
) -> list[tuple[str, Any, list[tuple[str, Any]], list[Finding]]]:
    """Return for each step its fields as they stand and what is found there."""
    rows = []
    for key in STEPS:
        shown = [
            (form.told(field.label, field.label_en), form.shown(field, typed))
            for _group, fields in edition.in_step(key)
            for field in fields
            if field.kind != "items" and not is_blank(form.value_of(field, typed))
        ]
        here = [row for row in found if _step_of(row, edition) == key]
        rows.append((key, form.STEP_LABELS[key], shown, here))
    return rows
