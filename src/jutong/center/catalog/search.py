"""Finding published entries by words of any length, with facets.

The index beside the registry answers; where it cannot, the registry does, by the same words and facets.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from jutong.center.catalog import registry_search
from jutong.center.catalog.bands import BANDS
from jutong.center.catalog.enums import DataFormat, Grade, ShareAttribute, UpdateCycle
from jutong.center.catalog.index.finder import Choices, Found
from jutong.center.catalog.index.reader import reader
from jutong.center.catalog.index.schema import EVERYBODY, FACETS, PUBLIC
from jutong.center.catalog.index.wanted import Word, words_of
from jutong.center.catalog.models import Entry, Item
from jutong.center.catalog.tokens import normalise
from jutong.center.org.actor import Actor
from jutong.center.org.enums import DivisionLevel
from jutong.center.org.models import Organisation
from jutong.center.org.permissions import Permission
from jutong.center.org.queries import require
from jutong.kernel.errors import InvalidInputError

__all__ = [
    "COUNT_CAP",
    "FACETS",
    "LAST_PAGE",
    "PAGE_SIZE",
    "FacetValue",
    "SearchHit",
    "SearchPage",
    "search",
    "search_open",
]
PAGE_SIZE = 20
LAST_PAGE = 500
"""Nobody reads further; a narrower search is the way on."""
COUNT_CAP = 10_000
"""Totals and facet counts are not told past this."""
MOST_SHOWN_ITEMS = 8
_LABELS: Mapping[str, Mapping[str, Any]] = {
    "share_attribute": dict(ShareAttribute.choices),
    "level": dict(DivisionLevel.choices),
    "form": dict(DataFormat.choices),
    "cycle": dict(UpdateCycle.choices),
    "grade": dict(Grade.choices),
    "quality": {value: label for value, _least, label in BANDS},
    "open": {"1": _("向社会开放"), "0": _("不向社会开放")},
    "bound": {"1": _("已挂接"), "0": _("还没挂接数据")},
}

_SHOWN = (
    "id",
    "code",
    "published_id",
    "published__name",
    "published__summary",
    "published__published_at",
    "organisation__code",
    "organisation__short_name",
    "share_attribute",
    "update_cycle",
    "domain",
    "grade",
    "is_bound",
    "use_count",
    "quality",
)


@dataclass(frozen=True, slots=True)
class SearchHit:
    """One entry of a result page. ``matched_items`` are the items whose names hold a word of the query."""

    code: str
    name: str
    summary: str
    organisation_code: str
    organisation_name: str
    share_attribute: str
    share_attribute_label: str
    update_cycle_label: str
    domain: str
    grade_label: str
    is_bound: bool
    use_count: int
    item_count: int
    items: tuple[str, ...]
    matched_items: tuple[str, ...]
    published_at: datetime | None
    quality: int | None = None


@dataclass(frozen=True, slots=True)
class FacetValue:
    """One value of a facet with how many entries have it under the other facets' choices."""

    value: str
    label: str
    count: int
    capped: bool
    selected: bool


@dataclass(frozen=True, slots=True)
class SearchPage:
    """One page of results. ``total`` stops at ``COUNT_CAP``, and ``capped`` says so."""

    query: str
    results: tuple[SearchHit, ...]
    total: int
    capped: bool
    page: int
    pages: int
    facets: Mapping[str, tuple[FacetValue, ...]]


def search(actor: Actor, q: str = "", facets: Mapping[str, Iterable[str]] | None = None, page: int = 1) -> SearchPage:
    """Return a page of published entries that hold every word of ``q`` and one chosen value of each facet.

    Args:
        actor: who asks.
        q: words, apart by blanks; Chinese of any length, Latin and numbers by prefix, letters also as pinyin of
            titles, and words that mean the same. Empty finds everything.
        facets: facet name (``FACETS``) to the chosen values; organisations by credit code, bound and open as ``1`` or
            ``0``, quality by the least score of its band.
        page: from 1, 20 entries each.

    Raises:
        InvalidInputError: for an unknown facet or a page outside 1 to ``LAST_PAGE``.
        ForbiddenError: if the post does not read the catalog.
    """
    require(actor, Permission.CATALOG_ENTRY_VIEW)
    return _search(q, facets, page, public=False)


def search_open(q: str = "", facets: Mapping[str, Iterable[str]] | None = None, page: int = 1) -> SearchPage:
    """Return a page of what is open to everyone, like ``search``, without asking who wants to know.

    Raises:
        InvalidInputError: for an unknown facet or a page outside 1 to ``LAST_PAGE``.
    """
    return _search(q, facets, page, public=True)


def _search(q: str, facets: Mapping[str, Iterable[str]] | None, page: int, *, public: bool) -> SearchPage:
    chosen = {name: frozenset(values) for name, values in (facets or {}).items() if values}
    _check(chosen, page)
    words = words_of(q)
    if q.strip() and not words:
        found = Found((), 0, {name: {} for name in FACETS})
    else:
        found = ask(words, chosen, public=public, offset=(page - 1) * PAGE_SIZE, limit=PAGE_SIZE)
    return SearchPage(
        query=q,
        results=_hits(found.ids, words),
        total=min(found.total, COUNT_CAP),
        capped=found.total > COUNT_CAP,
        page=page,
        pages=min(-(-found.total // PAGE_SIZE), LAST_PAGE),
        facets={name: _facet(name, found.facets[name], chosen) for name in FACETS},
    )


def ask(words: Sequence[Word], chosen: Choices, *, public: bool, offset: int, limit: int) -> Found:
    """Return what the index says, or the registry where the index cannot."""
    answer = reader().find(PUBLIC if public else EVERYBODY, words, chosen, offset=offset, limit=limit)
    if answer is None:
        answer = registry_search.find(words, chosen, public=public, offset=offset, limit=limit)
    return answer


def _check(chosen: Mapping[str, frozenset[str]], page: int) -> None:
    problems = []
    for name in chosen.keys() - set(FACETS):
        allowed = gettext("没有这个筛选项")
        problems.append({"field": name, "found": name, "allowed": "、".join(FACETS), "clause": "", "message": allowed})
    if not 1 <= page <= LAST_PAGE:
        allowed = gettext("页码应在1到500之间，请改用更具体的词")
        row = {"field": gettext("页码"), "found": str(page), "allowed": "1-500", "clause": "", "message": allowed}
        problems.append(row)
    if problems:
        raise InvalidInputError(problems=problems)


def _hits(ids: Sequence[str], words: Sequence[Word]) -> tuple[SearchHit, ...]:
    """Return the entries in the order of their ids; one that was taken down a moment ago is left out.

    Columns and not models are read: building models and their labels cost more than the search itself.
    """
    if not ids:
        return ()
    rows = {str(row["id"]): row for row in Entry.objects.filter(id__in=ids, published__isnull=False).values(*_SHOWN)}
    names: defaultdict[UUID, list[str]] = defaultdict(list)
    listed = Item.objects.filter(version_id__in=[row["published_id"] for row in rows.values()])
    for version, name in listed.order_by("version_id", "position").values_list("version_id", "name"):
        names[version].append(name)
    looked_for = [text for word in words for text in (word.text, *word.others)]
    return tuple(_hit(rows[one], names[rows[one]["published_id"]], looked_for) for one in ids if one in rows)


def _hit(row: Mapping[str, Any], names: Sequence[str], looked_for: Sequence[str]) -> SearchHit:
    matched = tuple(name for name in names if any(text in normalise(name) for text in looked_for))
    return SearchHit(
        code=row["code"],
        name=row["published__name"],
        summary=row["published__summary"],
        organisation_code=row["organisation__code"],
        organisation_name=row["organisation__short_name"],
        share_attribute=row["share_attribute"],
        share_attribute_label=_label("share_attribute", row["share_attribute"]),
        update_cycle_label=_label("cycle", row["update_cycle"]),
        domain=row["domain"],
        grade_label=_label("grade", row["grade"]),
        is_bound=row["is_bound"],
        use_count=row["use_count"],
        item_count=len(names),
        items=tuple(names[:MOST_SHOWN_ITEMS]),
        matched_items=matched[:MOST_SHOWN_ITEMS],
        published_at=row["published__published_at"],
        quality=row["quality"],
    )


def _label(facet: str, value: str) -> str:
    return str(_LABELS[facet].get(value, value))


def _facet(name: str, numbers: Mapping[str, int], chosen: Mapping[str, frozenset[str]]) -> tuple[FacetValue, ...]:
    labels = _labels(name, numbers)
    selected = chosen.get(name, frozenset())
    return tuple(
        FacetValue(value, labels[value], min(count, COUNT_CAP), count > COUNT_CAP, value in selected)
        for value, count in sorted(numbers.items(), key=lambda pair: (-pair[1], pair[0]))
        if count or value in selected
    )


def _labels(name: str, values: Iterable[str]) -> dict[str, str]:
    known: Mapping[str, Any] = _LABELS.get(name, {})
    if name == "organisation":
        known = dict(Organisation.objects.filter(code__in=list(values)).values_list("code", "short_name"))
    return {value: str(known.get(value, value)) for value in values}
