from __future__ import annotations

import base64

from django.http import HttpResponseBase

from jutong.center.org.permissions import Permission
from jutong.center.sharing import queries
from jutong.center.sharing.actions import profiling
from jutong.kernel.errors import JutongError
from jutong.web.door import Visit, form_page
from jutong.web.middleware import policy


@form_page(Permission.SHARING_GRANT_CALL)
def profiles(visit: Visit, number: str) -> HttpResponseBase:
    """Give the ticket with which profiles for the Delta Sharing protocol are made and ended at the node itself."""
    view = queries.grant(visit.actor, number)
    context: dict[str, object] = {"grant": view.grant}
    if not visit.is_post:
        return visit.render("sharing/shares.html", context)
    try:
        given = profiling.open_profiles(grant=view.grant, by=visit.actor, now=visit.now)
    except JutongError as problem:
        return visit.render("sharing/shares.html", {**context, "problem": problem}, status=problem.http_status)
    ticket = base64.urlsafe_b64encode(given.ticket.model_dump_json().encode()).decode()
    response = visit.render("sharing/shares.html", {**context, "gateway": given.gateway_url, "ticket": ticket})
    response.headers["Content-Security-Policy"] = policy(given.gateway_url)
    return response
