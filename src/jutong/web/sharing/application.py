from __future__ import annotations

from typing import Any

from django.http import HttpResponse, HttpResponseBase
from django.utils.translation import gettext as _

from jutong.center.catalog.enums import FieldMode
from jutong.center.org.permissions import Permission
from jutong.center.sharing import queries
from jutong.center.sharing.actions.answering import REFUSE
from jutong.center.sharing.enums import RefusalReason
from jutong.center.sharing.models import Application, ApplicationItem
from jutong.center.sharing.need import WIDTH
from jutong.kernel.errors import JutongError
from jutong.web.door import Visit, page
from jutong.web.paging import paged


@page(Permission.SHARING_APPLICATION_VIEW)
def listing(visit: Visit) -> HttpResponseBase:
    """Show the applications either side may see, newest first."""
    state = visit.request.GET.get("state", "")
    found = queries.applications_of(visit.actor)
    if state:
        found = found.filter(state=state)
    cut = paged(visit, found)
    return visit.render(
        "sharing/applications.html",
        {"page": cut, "rows": queries.with_clocks(cut.rows, visit.now), "state": state, "states": queries.STATES},
    )


@page(Permission.SHARING_APPLICATION_VIEW)
def detail(visit: Visit, number: str) -> HttpResponseBase:
    """Show one application and what this person may do on it now."""
    return show(visit, queries.application(visit.actor, number))


def show(visit: Visit, application: Application, problem: JutongError | None = None) -> HttpResponse:
    """Render the page of an application, with the error of a step that was refused and what was typed."""
    context: dict[str, Any] = {
        "application": application,
        "timeline": queries.timeline(application, visit.now),
        "can": {event.value.replace("-", "_") for event in queries.allowed(visit.actor, application)},
        "items": [{"row": row, "choices": _decisions(row)} for row in application.items.all()],
        "refusals": [("", _("请选择")), *RefusalReason.choices],
        "modes": dict(FieldMode.choices),
        "messages_": application.messages.select_related("by", "organisation"),
        "grant": queries.grant_of(application),
        "problem": problem,
        "typed": visit.request.POST,
    }
    return visit.render("sharing/application.html", context, status=problem.http_status if problem else 200)


def _decisions(row: ApplicationItem) -> list[tuple[str, str]]:
    """Return what may be answered on one item: as asked, less, or not."""
    asked = FieldMode(row.asked)
    first = (asked.value, _("同意%(mode)s") % {"mode": asked.label})
    less = [
        (mode.value, _("改为%(mode)s") % {"mode": mode.label}) for mode, width in WIDTH.items() if width < WIDTH[asked]
    ]
    return [first, *less, (REFUSE, _("不同意"))]
