from __future__ import annotations

from django.http import HttpResponseBase

from jutong.center.jobs import queries
from jutong.center.org.permissions import Permission
from jutong.web.door import Visit, page


@page(Permission.JOBS_JOB_VIEW)
def listing(visit: Visit) -> HttpResponseBase:
    """Show the moves of tables into the library; every figure comes from a receipt."""
    found = queries.jobs(visit.actor, after=visit.request.GET.get("after", ""))
    older = visit.query(after=found.next) if found.next else ""
    return visit.render("jobs/listing.html", {"rows": found.rows, "older": older})
