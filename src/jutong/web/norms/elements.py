"""The library of data elements: reading it."""

from __future__ import annotations

from django.http import HttpResponseBase
from django.utils.translation import gettext as _

from jutong.center.catalog.enums import DataType
from jutong.center.norms import queries, rules
from jutong.center.norms.enums import ElementEvent, ElementState
from jutong.center.norms.models import ElementVersion
from jutong.center.org.permissions import Permission
from jutong.center.org.queries import has
from jutong.standards.elements import groups
from jutong.web.door import Visit, page
from jutong.web.paging import paged


@page(Permission.NORMS_NORM_VIEW)
def listing(visit: Visit) -> HttpResponseBase:
    """Show the elements in force, by name or group."""
    q, group = visit.request.GET.get("q", ""), visit.request.GET.get("group", "")
    likely = queries.match_element(q) if q.strip() else []
    context = {
        "page": paged(visit, queries.elements(visit.actor, q=q, group=group)),
        "q": q,
        "group": group,
        "groups": [("", _("全部分组")), *((f"DE{row.code}", row.name) for row in groups()), ("LE", _("本地"))],
        "likely": likely,
        "types": dict(DataType.choices),
        "may_propose": has(visit.actor, Permission.NORMS_ELEMENT_PROPOSE),
        "waiting": queries.proposals(visit.actor).count(),
    }
    return visit.render("norms/elements.html", context)


@page(Permission.NORMS_NORM_VIEW)
def waiting(visit: Visit) -> HttpResponseBase:
    """Show the proposals that wait for the actor, or that the department is writing."""
    return visit.render("norms/waiting.html", {"page": paged(visit, queries.proposals(visit.actor))})


@page(Permission.NORMS_NORM_VIEW)
def detail(visit: Visit, code: str) -> HttpResponseBase:
    """Show one element with all its versions and what can be done with them."""
    found = queries.element(visit.actor, code)
    history = queries.versions(visit.actor, found)
    made = next((row for row in history if row.state in rules.OPEN_STATES), None)
    shown = found.published or made or history[0]
    context = {
        "element": found,
        "shown": shown,
        "versions": history,
        "made": made,
        "steps": steps(visit, made) if made else [],
        "may_decide": made is not None
        and made.state == ElementState.SUBMITTED
        and has(visit.actor, Permission.NORMS_ELEMENT_REVIEW),
        "may_propose": made is None and has(visit.actor, Permission.NORMS_ELEMENT_PROPOSE),
        "may_retire": found.published is not None and has(visit.actor, Permission.NORMS_ELEMENT_REVIEW),
    }
    return visit.render("norms/element.html", context)


def steps(visit: Visit, version: ElementVersion) -> list[tuple[str, object]]:
    """Return the proposer's steps that the version's state allows."""
    own = (
        version.element.organisation_id == visit.actor.organisation_id or version.proposed_by_id == visit.actor.user_id
    )
    if not own or not has(visit.actor, Permission.NORMS_ELEMENT_PROPOSE):
        return []
    offered = (ElementEvent.EDIT, ElementEvent.SUBMIT, ElementEvent.RECALL, ElementEvent.DISCARD)
    return [(event.value, event.label) for event in offered if event in rules.events_from(version.state)]
