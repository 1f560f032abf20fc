from __future__ import annotations

from django.http import HttpResponseBase

from jutong.center.fleet import queries
from jutong.center.org.permissions import Permission
from jutong.web.door import Visit, page


@page(Permission.FLEET_NODE_VIEW)
def listing(visit: Visit) -> HttpResponseBase:
    """Show the nodes, when each was last heard, and the sources it reports."""
    return visit.render("admin/nodes.html", {"nodes": queries.nodes(visit.actor)})
