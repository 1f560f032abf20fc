from __future__ import annotations

from django.http import HttpResponseBase

from jutong.center.fleet import connecting
from jutong.center.fleet import queries as fleet
from jutong.center.org.permissions import Permission
from jutong.kernel.errors import JutongError, NotFoundError
from jutong.web.door import Visit, form_page
from jutong.web.jobs.quarantine import encoded
from jutong.web.middleware import policy


@form_page(Permission.FLEET_SOURCE_CONNECT)
def connect(visit: Visit) -> HttpResponseBase:
    """Ask under which name and at which node, and give the ticket with which the rest is done at the node itself."""
    nodes = connecting.nodes_to_connect(visit.actor)
    typed = {"name": visit.request.POST.get("name", "").strip(), "node": visit.request.POST.get("node", "")}
    context = {"nodes": nodes, "typed": typed}
    if not visit.is_post:
        return visit.render("sources/connect.html", context)
    try:
        given = connecting.connect_source(node_name=typed["node"], name=typed["name"], by=visit.actor, now=visit.now)
    except JutongError as problem:
        return visit.render("sources/connect.html", {**context, "problem": problem}, status=problem.http_status)
    context |= {"gateway": given.gateway_url, "ticket": encoded(given.ticket)}
    response = visit.render("sources/connect.html", context)
    response.headers["Content-Security-Policy"] = policy(given.gateway_url)
    return response


@form_page(Permission.FLEET_SOURCE_CONNECT)
def password(visit: Visit, name: str) -> HttpResponseBase:
    """Give the ticket with which the password of a connected database is changed at the node itself."""
    if name not in {row.name for row in fleet.sources(visit.actor) if row.dialect in connecting.WITH_PASSWORD}:
        raise NotFoundError(what=name)
    if not visit.is_post:
        return visit.render("sources/password.html", {"name": name})
    try:
        given = connecting.change_password(source_name=name, by=visit.actor, now=visit.now)
    except JutongError as problem:
        return visit.render("sources/password.html", {"name": name, "problem": problem}, status=problem.http_status)
    context = {"name": name, "gateway": given.gateway_url, "ticket": encoded(given.ticket)}
    response = visit.render("sources/password.html", context)
    response.headers["Content-Security-Policy"] = policy(given.gateway_url)
    return response
