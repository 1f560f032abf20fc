from __future__ import annotations

from django.http import HttpResponseBase

from jutong.center.catalog import queries
from jutong.center.catalog.enums import ShareAttribute
from jutong.center.org.permissions import Permission
from jutong.center.org.queries import has
from jutong.center.ownership.queries import sources_of
from jutong.center.usage import queries as usage
from jutong.web.door import Visit, page


@page(Permission.CATALOG_ENTRY_VIEW)
def detail(visit: Visit, code: str) -> HttpResponseBase:
    """Decide whether the data fits: fields, terms, what stands behind it, its changes."""
    entry = queries.published_entry(visit.actor, code)
    version = entry.published
    own = entry.organisation_id == visit.actor.organisation_id
    may_apply = has(visit.actor, Permission.SHARING_APPLICATION_DRAFT)
    shareable = version is not None and version.share_attribute != ShareAttribute.NONE
    context = {
        "entry": entry,
        "version": version,
        "binding": queries.open_binding(entry),
        "history": queries.history(visit.actor, code),
        "own": own,
        "sources": sources_of(entry, version) if version is not None else {},
        "may_apply": may_apply and shareable and not own,
        "may_edit": own and has(visit.actor, Permission.CATALOG_ENTRY_EDIT),
        "used": usage.who_used(visit.actor, code, now=visit.now),
    }
    return visit.render("catalog/entry.html", context)


@page(Permission.CATALOG_ENTRY_VIEW)
def used(visit: Visit, code: str) -> HttpResponseBase:
    """Who used this data: by organisation and call by call."""
    entry = queries.published_entry(visit.actor, code)
    calls = usage.accesses(visit.actor, usage.AccessFilters(entry_code=code), after=visit.request.GET.get("after", ""))
    context = {
        "entry": entry,
        "used": usage.who_used(visit.actor, code, now=visit.now),
        "calls": calls.rows,
        "older": visit.query(after=calls.next) if calls.next else "",
    }
    return visit.render("catalog/used.html", context)
