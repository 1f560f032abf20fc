from __future__ import annotations

from django.http import HttpResponseBase, HttpResponseRedirect
from django.utils.translation import gettext_lazy as _

from jutong.center.catalog.search import FACETS, search
from jutong.center.org.permissions import Permission
from jutong.kernel.errors import InvalidInputError
from jutong.web.door import Visit, page
from jutong.web.paging import page_number

LEGENDS = {
    "share_attribute": _("共享属性"),
    "bound": _("有没有数据"),
    "organisation": _("提供部门"),
    "domain": _("领域"),
    "cycle": _("更新"),
}
MOST_VALUES = 12
APPLICATION_PREFIX = "SQ"


@page(Permission.CATALOG_ENTRY_VIEW)
def listing(visit: Visit) -> HttpResponseBase:
    """Find data by word, field or department; facets stay in the address."""
    words = visit.request.GET.get("q", "").strip()
    if words.startswith(APPLICATION_PREFIX) and words[len(APPLICATION_PREFIX) : len(APPLICATION_PREFIX) + 8].isdigit():
        return HttpResponseRedirect(f"/applications/{words}")
    chosen = {name: visit.request.GET.getlist(name) for name in FACETS}
    try:
        found = search(visit.actor, words, chosen, page_number(visit))
    except InvalidInputError:
        return HttpResponseRedirect("/catalog")
    context = {
        "found": found,
        "facets": [(name, label, found.facets[name][:MOST_VALUES]) for name, label in LEGENDS.items()],
        "chosen": any(chosen.values()),
        "without_facets": visit.query(**dict.fromkeys((*FACETS, "page"))),
        "newer": visit.query(page=found.page - 1) if found.page > 1 else "",
        "older": visit.query(page=found.page + 1) if found.page < found.pages else "",
    }
    return visit.render("catalog/results.html" if visit.is_partial else "catalog/search.html", context)
