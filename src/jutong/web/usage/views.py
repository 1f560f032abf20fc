from __future__ import annotations

from django.http import HttpResponseBase

from jutong.center.org.permissions import Permission
from jutong.center.org.queries import has
from jutong.center.usage import queries
from jutong.web.door import Visit, page


@page(Permission.USAGE_ACCESS_VIEW)
def listing(visit: Visit) -> HttpResponseBase:
    """使用留痕: every call the person may see, newest first."""
    asked = visit.request.GET
    filters = queries.AccessFilters(
        grant_number=asked.get("grant", "").strip(),
        case_number=asked.get("case", "").strip(),
        official=asked.get("official", "").strip(),
        side=asked.get("side", ""),
    )
    calls = queries.accesses(visit.actor, filters, after=asked.get("after", ""))
    context = {
        "calls": calls.rows,
        "older": visit.query(after=calls.next) if calls.next else "",
        "filters": filters,
    }
    return visit.render("usage/listing.html", context)


@page(Permission.USAGE_ACCESS_VIEW)
def detail(visit: Visit, record_id: str) -> HttpResponseBase:
    """One call and where its proof is."""
    may_prove = has(visit.actor, Permission.USAGE_EVIDENCE_VIEW)
    evidence = queries.evidence(visit.actor, record_id) if may_prove else None
    access = evidence.access if evidence else queries.access(visit.actor, record_id)
    may_doubt = (
        has(visit.actor, Permission.CORRECTION_CASE_RAISE) and access.requester_code == visit.actor.organisation_code
    )
    return visit.render("usage/detail.html", {"access": access, "evidence": evidence, "may_doubt": may_doubt})
