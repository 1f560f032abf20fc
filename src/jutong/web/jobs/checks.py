from __future__ import annotations

from django.http import HttpResponseBase

from jutong.center.jobs import reconciling
from jutong.center.jobs.checks import CheckState
from jutong.center.org.permissions import Permission
from jutong.web.door import Visit, page


@page(Permission.JOBS_JOB_VIEW)
def listing(visit: Visit) -> HttpResponseBase:
    """Show the newest nightly look at every table of the library; every figure comes from a node's receipt."""
    state = visit.request.GET.get("state", "")
    state = state if state in CheckState.values else ""
    found = reconciling.checks(visit.actor, state=state, after=visit.request.GET.get("after", ""))
    older = visit.query(after=found.next) if found.next else ""
    context = {
        "rows": found.rows,
        "older": older,
        "tables": reconciling.tables(visit.actor),
        "state": state,
        "states": [("", ""), *CheckState.choices],
    }
    return visit.render("jobs/checks.html", context)
