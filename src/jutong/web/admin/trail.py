from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.http import HttpResponseBase

from jutong.center.audit import queries
from jutong.center.org.permissions import Permission
from jutong.web.door import Visit, page

FILTERS = ("event", "username", "organisation_code", "subject_kind", "subject_id")


@page(Permission.AUDIT_TRAIL_VIEW)
def listing(visit: Visit) -> HttpResponseBase:
    """Show what people did on the platform, newest first."""
    chosen: dict[str, Any] = {name: visit.request.GET.get(name, "").strip() for name in FILTERS}
    wanted = replace(queries.TrailFilter(), **chosen)
    found = queries.trail(visit.actor, wanted, visit.request.GET.get("after", ""))
    older = visit.query(after=found.next_cursor) if found.next_cursor else ""
    return visit.render("admin/trail.html", {"events": found.events, "older": older, **chosen})
