"""The authority publishes the libraries that ship with the platform."""

from __future__ import annotations

from django.http import HttpResponse, HttpResponseBase
from django.utils.translation import gettext as _

from jutong.center.library import definitions
from jutong.center.library.models import Library
from jutong.center.org.permissions import Permission
from jutong.kernel.errors import JutongError
from jutong.library.definitions import library, shipped
from jutong.web.door import Visit, form_page


@form_page(Permission.LIBRARY_LIBRARY_PUBLISH)
def publish(visit: Visit) -> HttpResponseBase:
    """Show what could be published, and publish one."""
    if not visit.is_post:
        return _show(visit)
    try:
        found = library(visit.request.POST.get("code", ""))
        definitions.publish(definition=found, by=visit.actor, now=visit.now)
    except JutongError as problem:
        return _show(visit, problem)
    return visit.done(_("已发布：%(title)s") % {"title": found.title}, "/library/publish")


def _show(visit: Visit, problem: JutongError | None = None) -> HttpResponse:
    there = {row.code: row.version for row in Library.objects.all()}
    rows = [(one, there.get(one.code, ""), there.get(one.code) == one.version) for one in shipped()]
    status = problem.http_status if problem else 200
    return visit.render("library/publish.html", {"rows": rows, "problem": problem}, status=status)
