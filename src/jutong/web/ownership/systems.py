"""信息系统清单: which entries come from which system, and which systems nobody has catalogued."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse, HttpResponseBase
from django.utils.translation import gettext as _

from jutong.center.org.models import InformationSystem
from jutong.center.org.permissions import Permission
from jutong.center.org.queries import has
from jutong.center.ownership import actions, inventories
from jutong.kernel.errors import JutongError
from jutong.web.door import Visit, form_page, page
from jutong.web.ownership.files import sent
from jutong.web.paging import paged

MOST_ENTRIES = 300
"""Entries of a department that are listed for choosing; a word finds the others."""


@page(Permission.CATALOG_ENTRY_VIEW)
def listing(visit: Visit) -> HttpResponseBase:
    """Show the systems, those without any entry first."""
    q, missing = visit.request.GET.get("q", "").strip(), visit.request.GET.get("missing") == "1"
    found = inventories.systems(visit.actor, q=q, only_missing=missing)
    headers = (_("部门"), _("信息系统"), _("等级保护级别"), _("目录条数"))
    context = {"page": paged(visit, found), "q": q, "missing": missing, "query": visit.query(page=None)}
    file = sent(visit, _("信息系统清单"), headers, lambda: map(_cells, found.iterator()))
    return file or visit.render("inventories/systems.html", context)


def _cells(system: InformationSystem) -> tuple[str, ...]:
    counted = getattr(system, "entry_count", 0)
    return system.organisation.name, system.name, str(system.protection_level), str(counted)


@form_page(Permission.CATALOG_ENTRY_VIEW)
def detail(visit: Visit, system_id: UUID) -> HttpResponseBase:
    """Show one system with its entries; its department's steward chooses them."""
    system = inventories.system(visit.actor, system_id)
    if visit.is_post:
        codes = visit.request.POST.getlist("code")
        try:
            actions.link_system(system=system, codes=codes, by=visit.actor, now=visit.now)
        except JutongError as problem:
            return _show(visit, system_id, problem)
        return visit.done(_("已登记目录来自哪个系统"), f"/inventories/systems/{system_id}")
    return _show(visit, system_id)


def _show(visit: Visit, system_id: UUID, problem: JutongError | None = None) -> HttpResponse:
    system = inventories.system(visit.actor, system_id)
    own = system.organisation_id == visit.actor.organisation_id
    may_link = own and has(visit.actor, Permission.CATALOG_ENTRY_EDIT)
    context = {
        "system": system,
        "links": system.entry_links.all(),
        "may_link": may_link,
        "entries": inventories.linkable(visit.actor, system)[:MOST_ENTRIES] if may_link else [],
        "problem": problem,
    }
    return visit.render("inventories/system.html", context, status=problem.http_status if problem else 200)
