"""The registry's own search: slower and without pinyin, but there whenever the index is not.

GIN over tokens finds the candidates; where tokens cannot decide, the text is checked again. Facet counts come from one
grouped query over what the words match, so that choosing one value never hides the others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from operator import and_, or_
from typing import Any

from django.db.models import Case, Count, IntegerField, Q, QuerySet, Value, When

from jutong.center.catalog.bands import BANDS, quality_band
from jutong.center.catalog.index.finder import Choices, Found
from jutong.center.catalog.index.schema import FACETS
from jutong.center.catalog.index.wanted import Word
from jutong.center.catalog.models import Entry
from jutong.center.catalog.tokens import Phrase, phrases
from jutong.center.org.models import Division, Organisation

_COLUMNS = {
    "share_attribute": "share_attribute",
    "organisation": "organisation__code",
    "domain": "domain",
    "form": "data_format",
    "cycle": "update_cycle",
    "grade": "grade",
}
_YES_OR_NO = {"open": "is_open", "bound": "is_bound"}
_Values = tuple[str, ...]
"""Values of one entry in the order of ``FACETS``."""


def find(words: Sequence[Word], chosen: Choices, *, public: bool, offset: int, limit: int) -> Found:
    """Return a page of what all words find under one chosen value of each facet, with the counts of all facets."""
    found = _matching(words, public=public)
    counts = _combinations(found)
    total = sum(count for values, count in counts.items() if _fits(values, chosen, but=""))
    facets = {name: _facet(at, name, counts, chosen) for at, name in enumerate(FACETS)}
    rows = _order(_choose(found, chosen), words).values_list("id", flat=True)[offset : offset + limit]
    return Found(tuple(map(str, rows)), total, facets)


def titled(words: Sequence[Word], limit: int) -> tuple[str, ...]:
    """Return the ids of entries whose titles hold the words."""
    found = _matching(words, public=False)
    for word in words:
        found = found.filter(search_name__contains=word.text)
    return tuple(map(str, _order(found, words).values_list("id", flat=True)[:limit]))


def _matching(words: Sequence[Word], *, public: bool) -> QuerySet[Entry]:
    found = Entry.objects.filter(published__isnull=False)
    if public:
        found = found.filter(is_open=True)
    for word in words:
        found = found.filter(reduce(or_, (_holds(text) for text in (word.text, *word.others))))
    return found


def _holds(text: str) -> Q:
    """Return the condition that a text stands somewhere; it may be several runs."""
    runs = phrases(text)
    wanted = Q(search_tokens__contains=list(dict.fromkeys(token for run in runs for token in run.tokens)))
    return reduce(and_, (_recheck(run) for run in runs if run.needs_recheck), wanted)


def _recheck(phrase: Phrase) -> Q:
    if phrase.is_word:  # letters and digits only, so there is nothing to escape
        return Q(search_text__regex=rf"(^|[^0-9a-z]){phrase.text}")
    return Q(search_text__contains=phrase.text)


def _choose(found: QuerySet[Entry], chosen: Choices) -> QuerySet[Entry]:
    for name, column in _COLUMNS.items():
        if name in chosen:
            found = found.filter(**{f"{column}__in": sorted(chosen[name])})
    for name, column in _YES_OR_NO.items():
        if name in chosen:
            found = found.filter(**{f"{column}__in": [value == "1" for value in chosen[name] & {"1", "0"}]})
    if "level" in chosen:
        of_level = Division.objects.filter(level__in=sorted(chosen["level"])).values("code")
        found = found.filter(organisation__division_code__in=of_level)
    if "quality" in chosen:
        found = found.filter(reduce(or_, (_in_band(value) for value in sorted(chosen["quality"])), Q(pk=None)))
    return found


def _in_band(wanted: str) -> Q:
    above = None
    for value, least, _label in BANDS:
        if value == wanted:
            found = Q(quality__gte=least)
            return found if above is None else found & Q(quality__lt=above)
        above = least
    return Q(pk=None)


def _order(found: QuerySet[Entry], words: Sequence[Word]) -> QuerySet[Entry]:
    by_use = ("-is_bound", "-use_count", "code")
    if not words:
        return found.order_by(*by_use)
    whole = " ".join(word.text for word in words)
    in_title = reduce(and_, (Q(search_name__contains=word.text) for word in words))
    rank = Case(
        When(search_name=whole, then=Value(0)),
        When(search_name__startswith=whole, then=Value(1)),
        When(in_title, then=Value(2)),
        default=Value(3),
        output_field=IntegerField(),
    )
    return found.alias(rank=rank).order_by("rank", *by_use)


def _combinations(found: QuerySet[Entry]) -> Counter[_Values]:
    """Count entries by the values of all facets at once; there are few combinations however many entries."""
    rows = found.order_by().values_list(
        "share_attribute", "organisation_id", "domain", "data_format", "update_cycle", "grade", "quality", "is_open",
        "is_bound",
    )  # fmt: skip
    grouped: Any = rows.annotate(count=Count("id"))
    listed = list(grouped)
    owners = Organisation.objects.in_bulk({row[1] for row in listed})
    places = {owner.division_code for owner in owners.values()}
    levels = dict(Division.objects.filter(code__in=places).order_by("valid_from").values_list("code", "level"))
    counts: Counter[_Values] = Counter()
    for attribute, owner_id, domain, form, cycle, grade, quality, is_open, is_bound, count in listed:
        owner = owners[owner_id]
        place = (attribute, owner.code, levels.get(owner.division_code, ""), domain, form, cycle, grade)
        counts[(*place, quality_band(quality), _digit(is_open), _digit(is_bound))] += count
    return counts


def _digit(value: object) -> str:
    return "1" if value else "0"


def _fits(values: _Values, chosen: Choices, *, but: str) -> bool:
    return all(
        name == but or name not in chosen or value in chosen[name] for name, value in zip(FACETS, values, strict=True)
    )


def _facet(at: int, name: str, counts: Mapping[_Values, int], chosen: Choices) -> Counter[str]:
    numbers: Counter[str] = Counter(_nothing(chosen.get(name, ())))
    for values, count in counts.items():
        if values[at] and _fits(values, chosen, but=name):
            numbers[values[at]] += count
    return numbers


def _nothing(values: Iterable[str]) -> dict[str, int]:
    return dict.fromkeys(values, 0)
