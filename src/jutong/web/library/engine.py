"""The operator tries the engine the libraries are computed with, or a Spark cluster before it is set."""

from __future__ import annotations

from django.http import HttpResponse, HttpResponseBase
from django.utils.translation import gettext as _

from jutong.center.library import ordering, queries
from jutong.center.org.permissions import Permission
from jutong.kernel.errors import JutongError
from jutong.web.door import Visit, form_page
from jutong.web.library.lines import lines


@form_page(Permission.LIBRARY_ENGINE_TRY)
def page_of_engine(visit: Visit) -> HttpResponseBase:
    """Show trials, and order one."""
    if not visit.is_post:
        return _show(visit)
    try:
        work = ordering.try_engine(address=visit.request.POST.get("address", ""), by=visit.actor, now=visit.now)
    except JutongError as problem:
        return _show(visit, problem)
    return visit.done(_("已请节点试算"), f"/library/works/{work.id}")


def _show(visit: Visit, problem: JutongError | None = None) -> HttpResponse:
    context = {
        "lines": lines(queries.works(visit.actor, kind=ordering.TRY).rows),
        "address": visit.request.POST.get("address", ""),
        "problem": problem,
    }
    return visit.render("library/engine.html", context, status=problem.http_status if problem else 200)
