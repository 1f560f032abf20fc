"""Works of the library: the list, and one with its progress."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse, HttpResponseBase
from django.utils.translation import gettext as _

from jutong.center.library import ordering, queries
from jutong.center.library.models import Work, WorkState
from jutong.center.library.works import KINDS
from jutong.center.org.permissions import Permission
from jutong.kernel.errors import JutongError
from jutong.web.door import Visit, page, step
from jutong.web.library.lines import WorkLine, lines


@page(Permission.LIBRARY_LIBRARY_VIEW)
def listing(visit: Visit) -> HttpResponseBase:
    """Show all works, the newest first."""
    asked = visit.request.GET
    state, kind = asked.get("state", ""), asked.get("kind", "")
    found = queries.works(visit.actor, state=state, kind=kind, after=asked.get("after", ""))
    context = {
        "lines": lines(found.rows),
        "older": visit.query(after=found.next) if found.next else "",
        "state": state,
        "kind": kind,
        "states": WorkState.choices,
        "kinds": sorted(KINDS.items()),
    }
    return visit.render("library/works.html", context)


@page(Permission.LIBRARY_LIBRARY_VIEW)
def detail(visit: Visit, work_id: UUID) -> HttpResponseBase:
    """Show one work."""
    return _show(visit, queries.work(visit.actor, work_id))


@page(Permission.LIBRARY_LIBRARY_VIEW)
def progress(visit: Visit, work_id: UUID) -> HttpResponseBase:
    """Return the part that moves; nothing where nothing has changed since ``seen``."""
    work = queries.work(visit.actor, work_id)
    if not visit.is_partial:
        return _show(visit, work)
    if visit.request.GET.get("seen") == WorkLine(work).mark:
        return HttpResponse(status=204)
    return visit.render("library/progress.html", _context(visit, work))


@step(Permission.LIBRARY_WORK_ORDER)
def cancel(visit: Visit, work_id: UUID) -> HttpResponseBase:
    """Ask the node to end a work."""
    work = queries.work(visit.actor, work_id)
    try:
        ordering.cancel(work=work, by=visit.actor, now=visit.now)
    except JutongError as problem:
        return _show(visit, work, problem)
    return visit.done(_("已请节点取消，资源库保持原样"), f"/library/works/{work.id}")


def _show(visit: Visit, work: Work, problem: JutongError | None = None) -> HttpResponse:
    context = {**_context(visit, work), "problem": problem}
    return visit.render("library/work.html", context, status=problem.http_status if problem else 200)


def _context(visit: Visit, work: Work) -> dict[str, object]:
    line = WorkLine(work)
    return {"work": work, "line": line, "may_cancel": line.is_open and ordering.may_cancel(visit.actor, work)}
