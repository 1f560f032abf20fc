"""One step for many versions: lists to choose from, and the run that takes it.

What is chosen is kept in the session, so that it survives paging and another filter; "all that match" keeps the filter
and what was taken out of it again.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from django.http import HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.utils.translation import gettext as _

from jutong.center.catalog import worklists
from jutong.center.catalog.actions import runs
from jutong.center.catalog.enums import AssessmentKind, BatchStep, RunState, ShareAttribute
from jutong.center.catalog.worklists import KINDS, Sort, Wanted, Worklist
from jutong.center.org.permissions import Permission
from jutong.center.org.queries import has
from jutong.kernel.clock import civil_date
from jutong.kernel.errors import JutongError, NotFoundError
from jutong.standards.return_reasons import return_reasons
from jutong.web.door import Visit, form_page, page
from jutong.web.paging import page_number, paged

SIZE = 50
_KEY = "picked-"


@dataclass
class Picked:
    """What is chosen: ids, or everything a filter matches but these ids."""

    everything: bool = False
    ids: list[str] = field(default_factory=list)
    wanted: dict[str, str] = field(default_factory=dict)

    def has(self, version_id: UUID) -> bool:
        """Whether a version is chosen."""
        return (str(version_id) in self.ids) != self.everything

    def put(self, version_id: str, *, chosen: bool) -> None:
        """Choose a version, or not."""
        listed = chosen != self.everything
        if listed and version_id not in self.ids:
            self.ids.append(version_id)
        elif not listed and version_id in self.ids:
            self.ids.remove(version_id)


def _load(visit: Visit, name: Worklist, wanted: Wanted) -> Picked:
    kept = visit.request.session.get(_KEY + name)
    picked = Picked(**kept) if isinstance(kept, dict) else Picked()
    if picked.everything and picked.wanted != asdict(wanted):
        return Picked()
    return picked


def _keep(visit: Visit, name: Worklist, picked: Picked) -> None:
    visit.request.session[_KEY + name] = asdict(picked)


def _wanted(visit: Visit) -> Wanted:
    asked = visit.request.GET
    return Wanted(
        words=asked.get("q", "")[:100],
        organisation=asked.get("organisation", "")[:18],
        sort=asked.get("sort", "")[:16],
        share=asked.get("share", "")[:16],
    )


@form_page(Permission.CATALOG_ENTRY_REVIEW)
def review(visit: Visit) -> HttpResponseBase:
    """The authority's list: publish or return one or many (条例 16, 17)."""
    return _work(visit, Worklist.REVIEW)


@page(Permission.CATALOG_DRAFT_VIEW)
def first(visit: Visit) -> HttpResponseBase:
    """Lead to the first of the post's lists that has something in it."""
    mine = [name for name, kind in KINDS.items() if name != Worklist.REVIEW and has(visit.actor, kind.needs)]
    if not mine:
        return HttpResponseRedirect("/review")
    full = [name for name in mine if worklists.worklist(visit.actor, name).exists()]
    return HttpResponseRedirect(f"/manage/work/{(full or mine)[0]}")


@form_page(Permission.CATALOG_DRAFT_VIEW)
def own(visit: Visit, name: str) -> HttpResponseBase:
    """A department's lists: assess, consent, submit many (条例 13, 16)."""
    if name not in {Worklist.ASSESS, Worklist.CONSENT, Worklist.SUBMIT}:
        raise NotFoundError(what=name)
    return _work(visit, Worklist(name))


def _work(visit: Visit, name: Worklist) -> HttpResponseBase:
    wanted = _wanted(visit)
    picked = _load(visit, name, wanted)
    if not visit.is_post:
        return _show(visit, name, wanted, picked)
    typed = visit.request.POST
    marked = set(typed.getlist("pick"))
    for version_id in typed.getlist("shown")[:SIZE]:
        picked.put(version_id, chosen=version_id in marked)
    to, what = "", typed.get("do", "")
    if what == "all":
        picked = Picked(everything=True, wanted=asdict(wanted))
    elif what == "none":
        picked = Picked()
    elif what == "page":
        for version_id in typed.getlist("shown")[:SIZE]:
            picked.put(version_id, chosen=True)
    elif what in KINDS[name].steps:
        return _take(visit, name, wanted, picked, BatchStep(what))
    elif what.startswith("go:"):
        to = what.removeprefix("go:")
    _keep(visit, name, picked)
    return HttpResponseRedirect(visit.request.path + visit.query(page=to if to.isdigit() else page_number(visit)))


def _take(visit: Visit, name: Worklist, wanted: Wanted, picked: Picked, step: BatchStep) -> HttpResponse:
    _keep(visit, name, picked)
    try:
        ids = _chosen(visit, name, wanted, picked)
        run = runs.start_run(step=step, ids=ids, terms=_terms(visit, step), by=visit.actor, now=visit.now)
    except JutongError as problem:
        return _show(visit, name, wanted, picked, problem)
    runs.finish_small(run=run, now=visit.now)
    _keep(visit, name, Picked())
    return HttpResponseRedirect(f"/manage/batches/{run.id}")


def _chosen(visit: Visit, name: Worklist, wanted: Wanted, picked: Picked) -> list[UUID]:
    """Return what is chosen and still in the list, in the list's order."""
    if picked.everything:
        found = worklists.worklist(visit.actor, name, wanted).exclude(id__in=_uuids(picked.ids))
    else:
        found = worklists.worklist(visit.actor, name).filter(id__in=_uuids(picked.ids))
    return worklists.ids_of(found, most=runs.MOST)


def _uuids(texts: list[str]) -> list[UUID]:
    found = []
    for text in texts:
        try:
            found.append(UUID(text))
        except ValueError:
            continue
    return found


def _terms(visit: Visit, step: BatchStep) -> dict[str, Any]:
    typed = visit.request.POST
    if step == BatchStep.ASSESS:
        return {"found": [_assessed(visit, kind) for kind in AssessmentKind.values]}
    if step == BatchStep.RETURN:
        return {"code": typed.get("code", ""), "reason": typed.get("reason", "")}
    return {"reason": typed.get("reason", "")} if step == BatchStep.DECLINE else {}


def _assessed(visit: Visit, kind: str) -> dict[str, Any]:
    typed = visit.request.POST
    return {
        "kind": kind,
        "passed": True,
        "conclusion": typed.get(f"conclusion_{kind}", ""),
        "assessed_by": typed.get("assessed_by", ""),
        "assessed_on": _day(typed.get("assessed_on", ""), visit),
    }


def _day(text: str, visit: Visit) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        return civil_date(visit.now).isoformat()


def _show(
    visit: Visit, name: Worklist, wanted: Wanted, picked: Picked, problem: JutongError | None = None
) -> HttpResponse:
    found = worklists.worklist(visit.actor, name, wanted)
    every = worklists.worklist(visit.actor, name)
    number, total = page_number(visit), found.count()
    rows = worklists.work_rows(found, civil_date(visit.now), start=(number - 1) * SIZE, size=SIZE)
    chosen = max(total - len(picked.ids), 0) if picked.everything else len(picked.ids)
    language = getattr(visit.request, "LANGUAGE_CODE", "zh")
    context = {
        "here": visit.request.path,
        "name": name,
        "kind": KINDS[name],
        "tabs": [
            (f"/manage/work/{key}", kind.title, worklists.worklist(visit.actor, key).count(), key == name)
            for key, kind in KINDS.items()
            if key != Worklist.REVIEW and has(visit.actor, kind.needs)
        ],
        "rows": [(row, picked.has(row.version.id)) for row in rows],
        "total": total,
        "chosen": chosen,
        "everything": picked.everything,
        "wanted": wanted,
        "is_filtered": wanted != Wanted(),
        "departments": worklists.departments(every) if name == Worklist.REVIEW else [],
        "sorts": [
            (Sort.FIRST, _("首次登记")),
            (Sort.UPDATE, _("更新")),
            (Sort.REMOVAL, _("下线")),
        ],
        "shares": ShareAttribute.choices,
        "reasons": [("", _("请选择")), *((row.id, row.label(language)) for row in return_reasons().values())],
        "assessments": AssessmentKind.choices,
        "today": civil_date(visit.now),
        "first": (number - 1) * SIZE + 1 if rows else 0,
        "last": (number - 1) * SIZE + len(rows),
        "previous": number - 1 if number > 1 else 0,
        "following": number + 1 if number * SIZE < total else 0,
        "problem": problem,
        "typed": visit.request.POST,
    }
    return visit.render("manage/worklist.html", context, status=problem.http_status if problem else 200)


@page(Permission.CATALOG_DRAFT_VIEW)
def batch(visit: Visit, run_id: UUID) -> HttpResponseBase:
    """Show how far a run is and what became of each version, those that failed first."""
    run = worklists.run(visit.actor, run_id)
    only = {"failed": True, "done": False}.get(visit.request.GET.get("only", ""))
    rows = worklists.outcomes(run, failed=only).order_by("is_done", "position")
    language = getattr(visit.request, "LANGUAGE_CODE", "zh")
    context = {
        "here": visit.request.path,
        "run": run,
        "is_running": run.state != RunState.DONE,
        "page": paged(visit, rows, SIZE),
        "only": visit.request.GET.get("only", ""),
        "said": "en" if language.startswith("en") else "zh",
        "back": "/review"
        if run.step in KINDS[Worklist.REVIEW].steps
        else f"/manage/work/{worklists.list_of(run.step)}",
    }
    return visit.render("manage/batch_part.html" if visit.is_partial else "manage/batch.html", context)


@page(Permission.CATALOG_DRAFT_VIEW)
def batches(visit: Visit) -> HttpResponseBase:
    """Show the organisation's runs, the newest first."""
    return visit.render("manage/batches.html", {"page": paged(visit, worklists.runs(visit.actor))})
