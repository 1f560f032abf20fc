from __future__ import annotations

from django.http import HttpResponseBase

from jutong.center.audit import queries
from jutong.center.org.permissions import Permission
from jutong.web.door import Visit, page
from jutong.web.paging import paged

FILTERS = ("event", "username", "subject", "organisation")


@page(Permission.AUDIT_TRAIL_VIEW)
def listing(visit: Visit) -> HttpResponseBase:
    """Show what people did on the platform, newest first."""
    chosen = {name: visit.request.GET.get(name, "").strip() for name in FILTERS}
    return visit.render("admin/trail.html", {"page": paged(visit, queries.trail(visit.actor, **chosen)), **chosen})
