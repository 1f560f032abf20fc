from __future__ import annotations

from django.http import HttpResponseBase
from django.utils.translation import gettext as _

from jutong.center.fleet import queries as fleet
from jutong.center.fleet.actions import order_inventory
from jutong.center.fleet.connecting import WITH_PASSWORD
from jutong.center.org.permissions import Permission
from jutong.center.org.queries import has
from jutong.kernel.errors import NotFoundError
from jutong.web.door import Visit, page, step


@page(Permission.FLEET_SOURCE_VIEW)
def listing(visit: Visit) -> HttpResponseBase:
    """Show the department's databases and what is in them, as their node reports it."""
    may_connect = has(visit.actor, Permission.FLEET_SOURCE_CONNECT)
    context = {"sources": fleet.sources(visit.actor), "may_connect": may_connect, "with_password": WITH_PASSWORD}
    return visit.render("manage/sources.html", context)


@step(Permission.FLEET_SOURCE_INTROSPECT)
def inventory(visit: Visit, name: str) -> HttpResponseBase:
    """Ask the node to list a source's tables again."""
    source = next((row for row in fleet.sources(visit.actor) if row.name == name), None)
    if source is None:
        raise NotFoundError(what=name)
    order_inventory(source=source, by=visit.actor, now=visit.now)
    return visit.done(_("已请节点重新列出表，几秒后刷新可见"), "/manage/sources")
