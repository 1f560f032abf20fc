from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponseBase, HttpResponseRedirect
from django.utils.functional import Promise
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from jutong.center.catalog import actions, advice
from jutong.center.catalog.search import FACETS, FacetValue, SearchPage, search
from jutong.center.org.permissions import Permission
from jutong.center.org.queries import has
from jutong.kernel.errors import InvalidInputError, JutongError
from jutong.web.door import Visit, page, step
from jutong.web.paging import page_number

LEGENDS = {
    "bound": _("有没有数据"),
    "share_attribute": _("共享属性"),
    "organisation": _("提供部门"),
    "level": _("层级"),
    "domain": _("领域"),
    "form": _("格式"),
    "cycle": _("更新"),
    "grade": _("分级"),
    "quality": _("质量"),
    "open": _("开放"),
}
MOST_VALUES = 12
APPLICATION_PREFIX = "SQ"
EVERYTHING = "all"
"""Set in the address where entries without data are wanted too; without it only bound ones are shown."""
BOUND = {"bound": ["1"]}


@dataclass(frozen=True)
class Way:
    """A way out of an empty result as the page shows it."""

    text: str
    address: str


@page(Permission.CATALOG_ENTRY_VIEW)
def listing(visit: Visit) -> HttpResponseBase:
    """Find data by word, field or department; facets stay in the address."""
    words = visit.request.GET.get("q", "").strip()
    if words.startswith(APPLICATION_PREFIX) and words[len(APPLICATION_PREFIX) : len(APPLICATION_PREFIX) + 8].isdigit():
        return HttpResponseRedirect(f"/applications/{words}")
    chosen = {name: visit.request.GET.getlist(name) for name in FACETS}
    try:
        found, narrowed = _search(visit, words, chosen)
    except InvalidInputError:
        return HttpResponseRedirect("/catalog")
    return visit.render(
        "catalog/results.html" if visit.is_partial else "catalog/search.html", _shown(visit, found, chosen, narrowed)
    )


def _search(visit: Visit, words: str, chosen: dict[str, list[str]]) -> tuple[SearchPage, bool]:
    """Return what is found, and whether only what has data behind it is shown.

    That is so unless the person said otherwise, or what fits best has no data: it would be hidden behind the rest.
    """
    number = page_number(visit)
    everything = search(visit.actor, words, chosen, number)
    if EVERYTHING in visit.request.GET or chosen["bound"] or not everything.total:
        return everything, False
    best = everything if number == 1 else search(visit.actor, words, chosen)
    if not best.results or not best.results[0].is_bound:
        return everything, False
    return search(visit.actor, words, chosen | BOUND, number), True


def _shown(visit: Visit, found: SearchPage, chosen: dict[str, list[str]], narrowed: bool) -> dict[str, Any]:  # noqa: FBT001 - a page's state
    values = {value.value: value for value in found.facets["bound"]}
    without = values["0"].count if narrowed and "0" in values else 0
    effective = visit.query(page=None, bound=1) if narrowed else visit.query(page=None)
    something = bool(found.query or any(chosen.values()))
    return {
        "found": found,
        "facets": [(name, label, _first(found.facets[name])) for name, label in LEGENDS.items()],
        "chosen": any(chosen.values()),
        "narrowed": narrowed,
        "without_data": without,
        "with_everything": visit.query(all=1, page=None),
        "asked": effective.removeprefix("?"),
        "without_facets": visit.query(**dict.fromkeys((*FACETS, "page"))),
        "newer": visit.query(page=found.page - 1) if found.page > 1 else "",
        "older": visit.query(page=found.page + 1) if found.page < found.pages else "",
        "ways": () if found.total or not something else _ways(visit, found.query, chosen),
        "may_state_demand": has(visit.actor, Permission.DEMAND_DEMAND_STATE),
        "may_keep": has(visit.actor, Permission.CATALOG_SEARCH_SAVE),
        "may_save": something and has(visit.actor, Permission.CATALOG_SEARCH_SAVE),
    }


def _first(values: Sequence[FacetValue]) -> list[FacetValue]:
    """Return the most frequent values, and the chosen ones wherever they stand."""
    return [value for at, value in enumerate(values) if at < MOST_VALUES or value.selected]


def _ways(visit: Visit, words: str, chosen: dict[str, list[str]]) -> list[Way]:
    return [_way(visit, one) for one in advice.ways_out(visit.actor, words, chosen)]


def _way(visit: Visit, one: advice.WayOut) -> Way:
    legend: str | Promise = LEGENDS.get(one.label, one.label)
    texts = {
        "facet": _now("去掉筛选“%(label)s”，有%(count)s条"),
        "word": _now("去掉“%(label)s”，有%(count)s条"),
        "instead": _now("改搜“%(label)s”，有%(count)s条"),
    }
    changes: dict[str, str | int | None] = {"q": one.q, "page": None}
    if one.kind == "facet":
        changes[one.label] = None
    return Way(texts[one.kind] % {"label": legend, "count": one.count}, f"/catalog{visit.query(**changes)}")


@page(Permission.CATALOG_ENTRY_VIEW)
def suggest(visit: Visit) -> HttpResponseBase:
    """Offer titles and departments for what was typed so far, as the options of a list."""
    offered = advice.suggest(visit.actor, visit.request.GET.get("q", ""))
    return visit.render("catalog/suggested.html", {"offered": offered})


@page(Permission.CATALOG_SEARCH_SAVE)
def saved(visit: Visit) -> HttpResponseBase:
    """List the searches the department keeps."""
    rows = [(row, _address(row.q, row.facets)) for row in advice.saved_searches(visit.actor)]
    return visit.render("catalog/saved.html", {"rows": rows})


def _address(words: str, facets: dict[str, list[str]]) -> str:
    return f"/catalog?{actions.address_of(words, facets)}"


@step(Permission.CATALOG_SEARCH_SAVE)
def save(visit: Visit) -> HttpResponseBase:
    """Keep a search for the department."""
    form = visit.request.POST
    chosen = {name: form.getlist(name) for name in FACETS}
    words = form.get("q", "")
    try:
        kept = actions.save_search(q=words, facets=chosen, by=visit.actor, now=visit.now)
    except JutongError as problem:
        return visit.refuse(problem, back="/catalog")
    return visit.done(_now("已关注“%(name)s”，有新的会通知本部门。") % {"name": kept.name}, "/catalog/saved")


@step(Permission.CATALOG_SEARCH_SAVE)
def drop(visit: Visit, search_id: str) -> HttpResponseBase:
    """End a saved search."""
    try:
        actions.drop_search(search_id=search_id, by=visit.actor, now=visit.now)
    except JutongError as problem:
        return visit.refuse(problem, back="/catalog/saved")
    return visit.done(_now("已取消关注。"), "/catalog/saved")
