"""数据需求: the pool of needs on a page, and 需求清单 on a page and as files."""

from __future__ import annotations

from django.db.models import Prefetch
from django.http import HttpResponseBase
from django.utils.translation import gettext as _

from jutong.center.demand import queries
from jutong.center.demand.enums import DemandState
from jutong.center.demand.models import Joiner
from jutong.center.org.permissions import Permission
from jutong.center.org.queries import has, visible_organisations
from jutong.web.door import Visit, page
from jutong.web.ownership.files import sent
from jutong.web.paging import paged


@page(Permission.DEMAND_DEMAND_VIEW)
def listing(visit: Visit) -> HttpResponseBase:
    """Show the needs of all departments, the newest first."""
    asked = visit.request.GET
    state, mine, q = asked.get("state", ""), asked.get("mine", ""), asked.get("q", "")
    states = [state] if state in DemandState.values else []
    found = queries.demands(visit.actor, q=q, states=states, mine=mine, scope=asked.get("scope", ""))
    shown = paged(visit, found)
    clocks = queries.clocks_of(list(shown.rows), visit.now)
    context = {
        "page": shown,
        "rows": [(row, clocks.get(str(row.id))) for row in shown.rows],
        "q": q,
        "state": state,
        "mine": mine,
        "states": [("", _("全部状态")), *DemandState.choices],
        "scopes": [("", _("全部需求")), ("asked", _("本部门提出和参加的")), ("assigned", _("派给本部门的"))],
        "may_state": has(visit.actor, Permission.DEMAND_DEMAND_STATE),
    }
    return visit.render("demand/listing.html", context)


@page(Permission.DEMAND_DEMAND_VIEW)
def inventory(visit: Visit) -> HttpResponseBase:
    """Show 需求清单 of the division, or send it as a file."""
    asked = visit.request.GET
    organisation, q = asked.get("organisation", ""), asked.get("q", "")
    found = queries.demands(visit.actor, q=q, requester=organisation, scope="division")
    file = sent(visit, _("需求清单"), queries.headers(), lambda: queries.lines(found))
    if file is not None:
        return file
    joined = Prefetch("joiners", Joiner.objects.select_related("organisation"))
    departments = visible_organisations(visit.actor).filter(division_code=visit.actor.division_code)
    context = {
        "page": paged(visit, found.prefetch_related("items", joined)),
        "organisation": organisation,
        "q": q,
        "departments": [("", _("全部部门")), *((row.code, row.short_name) for row in departments.order_by("code"))],
        "query": visit.query(page=None),
    }
    return visit.render("demand/inventory.html", context)
