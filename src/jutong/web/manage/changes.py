"""条例 17: changes of law or duty, the entries they touch, and how far each is with its ten working days."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse, HttpResponseBase
from django.utils.translation import gettext as _

from jutong.center.catalog import actions, duty_queries
from jutong.center.catalog.life import CHANGE_KINDS
from jutong.center.org.permissions import Permission
from jutong.center.org.queries import has
from jutong.kernel.clock import civil_date
from jutong.kernel.errors import JutongError
from jutong.web.door import Visit, form_page, page
from jutong.web.manage.steps import day_of
from jutong.web.paging import paged

SIZE = 50
LONGEST = 200_000
"""Characters of the list of codes; two thousand codes are a fifth of that."""


@page(Permission.CATALOG_DRAFT_VIEW)
def listing(visit: Visit) -> HttpResponseBase:
    """Show the registered changes, the newest first."""
    context = {
        "page": paged(visit, duty_queries.change_events(visit.actor)),
        "may_register": has(visit.actor, Permission.CATALOG_CHANGE_REGISTER),
    }
    return visit.render("manage/changes.html", context)


@page(Permission.CATALOG_DRAFT_VIEW)
def detail(visit: Visit, event_id: UUID) -> HttpResponseBase:
    """Show one change with the entries it touches and their clocks."""
    event = duty_queries.change_event(visit.actor, event_id)
    shown = paged(visit, duty_queries.touches(visit.actor, event), SIZE)
    rows = duty_queries.touch_rows(event, shown.rows, civil_date(visit.now))
    return visit.render("manage/change.html", {"here": visit.request.path, "event": event, "page": shown, "rows": rows})


@form_page(Permission.CATALOG_CHANGE_REGISTER)
def create(visit: Visit) -> HttpResponseBase:
    """Register a change; the clock of every entry it touches starts."""
    problem = None
    if visit.is_post:
        try:
            return _register(visit)
        except JutongError as error:
            problem = error
    context = {
        "kinds": CHANGE_KINDS,
        "problem": problem,
        "typed": visit.request.POST,
        "codes": visit.request.GET.get("codes", ""),
        "today": civil_date(visit.now),
    }
    return visit.render("manage/change_form.html", context, status=problem.http_status if problem else 200)


def _register(visit: Visit) -> HttpResponse:
    typed = visit.request.POST
    event = actions.register_change(
        kind=typed.get("kind", ""),
        title=typed.get("title", ""),
        basis=typed.get("basis", ""),
        happened_on=day_of(typed.get("happened_on", "")) or civil_date(visit.now),
        codes=typed.get("entries", "")[:LONGEST].replace("，", " ").replace(",", " ").split(),
        by=visit.actor,
        now=visit.now,
    )
    return visit.done(_("已登记，涉及的目录开始计时"), f"/changes/{event.id}")
