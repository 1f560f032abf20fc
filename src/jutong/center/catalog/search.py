"""Finding published entries by words of any length, with facets.

The index (GIN over tokens) finds the candidates; where tokens cannot decide, the text is checked again. Facet counts
come from one grouped query over what the words match, so that choosing one value never hides the others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import and_
from typing import Any

from django.db.models import Case, Count, IntegerField, Q, QuerySet, Value, When
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from jutong.center.catalog.enums import ShareAttribute, UpdateCycle
from jutong.center.catalog.models import Entry
from jutong.center.catalog.tokens import Phrase, normalise, phrases
from jutong.center.org.actor import Actor
from jutong.center.org.models import Organisation
from jutong.center.org.permissions import Permission
from jutong.center.org.queries import require
from jutong.kernel.errors import InvalidInputError

PAGE_SIZE = 20
LAST_PAGE = 500
"""Nobody reads further; a narrower search is the way on."""
COUNT_CAP = 10_000
"""Totals and facet counts are not counted past this."""
FACETS = ("share_attribute", "organisation", "domain", "cycle", "bound")
MOST_SHOWN_ITEMS = 8
_BOUND_LABELS = {"1": _("已挂接"), "0": _("还没挂接数据")}


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


_Combination = tuple[str, str, str, str, str]
"""Values of one entry in the order of ``FACETS``."""


def search(actor: Actor, q: str = "", facets: Mapping[str, Iterable[str]] | None = None, page: int = 1) -> SearchPage:
    """Return a page of published entries that hold every word of ``q`` and one chosen value of each facet.

    Args:
        actor: who asks.
        q: words, apart by blanks; Chinese of any length, Latin and numbers by prefix. Empty finds everything.
        facets: facet name (``FACETS``) to the chosen values; organisations by credit code, bound as ``1`` or ``0``.
        page: from 1, 20 entries each.

    Raises:
        InvalidInputError: for an unknown facet or a page outside 1 to ``LAST_PAGE``.
        ForbiddenError: if the post does not read the catalog.
    """
    require(actor, Permission.CATALOG_ENTRY_VIEW)
    chosen = {name: frozenset(values) for name, values in (facets or {}).items() if values}
    _check(chosen, page)
    words = phrases(q)
    found = _matching(words)
    if q.strip() and not words:
        found = Entry.objects.none()
    counts = _combinations(found)
    total = sum(count for values, count in counts.items() if _fits(values, chosen, but=""))
    shown = _order(_choose(found, chosen), words)[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]
    return SearchPage(
        query=q,
        results=tuple(_hit(entry, words) for entry in _with_details(shown)),
        total=min(total, COUNT_CAP),
        capped=total > COUNT_CAP,
        page=page,
        pages=min(-(-total // PAGE_SIZE), LAST_PAGE),
        facets=_facets(counts, chosen),
    )


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


def _matching(words: Sequence[Phrase]) -> QuerySet[Entry]:
    found = Entry.objects.filter(published__isnull=False)
    if not words:
        return found
    wanted = dict.fromkeys(token for phrase in words for token in phrase.tokens)
    found = found.filter(search_tokens__contains=list(wanted))
    for phrase in words:
        if phrase.needs_recheck:
            found = found.filter(**_recheck(phrase))
    return found


def _recheck(phrase: Phrase) -> dict[str, str]:
    if phrase.is_word:  # letters and digits only, so there is nothing to escape
        return {"search_text__regex": rf"(^|[^0-9a-z]){phrase.text}"}
    return {"search_text__contains": phrase.text}


def _choose(found: QuerySet[Entry], chosen: Mapping[str, frozenset[str]]) -> QuerySet[Entry]:
    columns = {
        "share_attribute": "share_attribute__in",
        "organisation": "organisation__code__in",
        "domain": "domain__in",
        "cycle": "update_cycle__in",
    }
    for name, column in columns.items():
        if name in chosen:
            found = found.filter(**{column: sorted(chosen[name])})
    if "bound" in chosen:
        found = found.filter(is_bound__in=[value == "1" for value in chosen["bound"] & {"1", "0"}])
    return found


def _order(found: QuerySet[Entry], words: Sequence[Phrase]) -> QuerySet[Entry]:
    by_use = ("-is_bound", "-use_count", "code")
    if not words:
        return found.order_by(*by_use)
    whole = " ".join(phrase.text for phrase in words)
    in_title = reduce(and_, (Q(search_name__contains=phrase.text) for phrase in words))
    rank = Case(
        When(search_name=whole, then=Value(0)),
        When(search_name__startswith=whole, then=Value(1)),
        When(in_title, then=Value(2)),
        default=Value(3),
        output_field=IntegerField(),
    )
    return found.alias(rank=rank).order_by("rank", *by_use)


def _with_details(shown: QuerySet[Entry]) -> Iterable[Entry]:
    narrow = shown.defer("search_text", "search_tokens")  # they are most of a row and sorting carries rows about
    return narrow.select_related("organisation", "published").prefetch_related("published__items")


def _hit(entry: Entry, words: Sequence[Phrase]) -> SearchHit:
    version = entry.published
    if version is None:
        raise AssertionError("only published entries are searched")
    names = tuple(item.name for item in version.items.all())
    matched = tuple(name for name in names if any(phrase.text in normalise(name) for phrase in words))
    return SearchHit(
        code=entry.code,
        name=version.name,
        summary=version.summary,
        organisation_code=entry.organisation.code,
        organisation_name=entry.organisation.short_name,
        share_attribute=entry.share_attribute,
        share_attribute_label=str(version.get_share_attribute_display()),
        update_cycle_label=str(version.get_update_cycle_display()),
        domain=entry.domain,
        grade_label=str(version.get_grade_display()),
        is_bound=entry.is_bound,
        use_count=entry.use_count,
        item_count=len(names),
        items=names[:MOST_SHOWN_ITEMS],
        matched_items=matched[:MOST_SHOWN_ITEMS],
        published_at=version.published_at,
    )


def _combinations(found: QuerySet[Entry]) -> Counter[_Combination]:
    """Count entries by the values of all facets at once; there are few combinations however many entries."""
    rows = found.order_by().values_list("share_attribute", "organisation_id", "domain", "update_cycle", "is_bound")
    grouped: Any = rows.annotate(count=Count("id"))
    listed = list(grouped)
    names = Organisation.objects.in_bulk({row[1] for row in listed})
    counts: Counter[_Combination] = Counter()
    for attribute, organisation_id, domain, cycle, bound, count in listed:
        counts[attribute, names[organisation_id].code, domain, cycle, "1" if bound else "0"] += count
    return counts


def _fits(values: _Combination, chosen: Mapping[str, frozenset[str]], *, but: str) -> bool:
    return all(
        name == but or name not in chosen or value in chosen[name] for name, value in zip(FACETS, values, strict=True)
    )


def _facets(counts: Counter[_Combination], chosen: Mapping[str, frozenset[str]]) -> dict[str, tuple[FacetValue, ...]]:
    return {name: _facet(at, name, counts, chosen) for at, name in enumerate(FACETS)}


def _facet(
    at: int, name: str, counts: Counter[_Combination], chosen: Mapping[str, frozenset[str]]
) -> tuple[FacetValue, ...]:
    numbers: Counter[str] = Counter(dict.fromkeys(chosen.get(name, ()), 0))
    for values, count in counts.items():
        if _fits(values, chosen, but=name):
            numbers[values[at]] += count
    labels = _labels(name, numbers)
    return tuple(
        FacetValue(value, labels[value], min(count, COUNT_CAP), count > COUNT_CAP, value in chosen.get(name, ()))
        for value, count in sorted(numbers.items(), key=lambda pair: (-pair[1], pair[0]))
        if value
    )


def _labels(name: str, values: Iterable[str]) -> dict[str, str]:
    known: dict[str, Any] = {"share_attribute": dict(ShareAttribute.choices), "cycle": dict(UpdateCycle.choices)}.get(
        name, {}
    )
    if name == "organisation":
        known = dict(Organisation.objects.filter(code__in=list(values)).values_list("code", "short_name"))
    elif name == "bound":
        known = dict(_BOUND_LABELS)
    return {value: str(known.get(value, value)) for value in values}
