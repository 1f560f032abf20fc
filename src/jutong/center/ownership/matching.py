"""Whether a field a plan asks people for is shared already: by name, synonym, data element or meaning (条例 19(1))."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from uuid import UUID

from django.db.models import Exists, F, OuterRef, Window
from django.db.models.functions import RowNumber

from jutong.center.catalog.tokens import normalise, same_name_key
from jutong.center.norms.queries import matcher
from jutong.center.ownership.elements import keys_of, likely_element
from jutong.center.ownership.enums import DesignationState, HitWay
from jutong.center.ownership.meaning import ABOUT, element_key, is_contextual, is_trivial, one_name, subject_key
from jutong.center.ownership.models import Holding, ItemSubject, SourceDesignation
from jutong.standards.elements import Matcher

SAME_NAME = 100
SYNONYM = 95
NAMED_IN_MEANING = 80
"""The field's explanation names the item, as in 证件（公民身份号码）."""
LEAST = 60
"""A resemblance below this is not told."""
MOST_LIKE = 90
"""Resemblance alone is never surer than this."""
MOST_SUBJECTS = 6
MOST_ENTRIES = 3
CANDIDATES = 500
_BEST_FIRST = (F("is_source").desc(), F("entry__is_bound").desc(), F("entry__use_count").desc(), F("entry__code").asc())
_SHORTEST = 3
"""Characters a name needs to be looked for inside an explanation or to resemble another."""


@dataclass(frozen=True, slots=True)
class Hit:
    """An item that is shared already."""

    entry_id: UUID
    item_name: str
    way: HitWay
    confidence: int
    is_source: bool


@dataclass(frozen=True, slots=True)
class _Candidate:
    subject_id: UUID
    way: HitWay
    confidence: int


def hits_for(division_code: str, name: str, meaning: str = "", *, library: Matcher | None = None) -> list[Hit]:
    """Return what is shared already that a field asks for, the surest first, designated sources before the others.

    Looked for in the division and those above it, whose published entries everybody may apply for.

    Args:
        division_code: of the department that makes the plan.
        name: of the field.
        meaning: what the field means, if the plan says so.
        library: the data elements, for whoever asks about many fields.
    """
    divisions, words = upward(division_code), library or matcher()
    best: dict[UUID, _Candidate] = {}
    for found in (
        *_named(divisions, name, words),
        *_by_element(divisions, name, meaning, words),
        *_alike(divisions, name, meaning),
    ):
        if found.subject_id not in best or found.confidence > best[found.subject_id].confidence:
            best[found.subject_id] = found
    least = NAMED_IN_MEANING if any(row.way == HitWay.NAME for row in best.values()) else LEAST
    rows = [row for row in best.values() if row.confidence >= least]
    ranked = sorted(rows, key=lambda row: -row.confidence)[:MOST_SUBJECTS]
    return _entries(ranked, name)


def upward(division_code: str) -> tuple[str, ...]:
    """Return a division's code and those of the city, the province and the state above it."""
    code = division_code.ljust(6, "0")
    return tuple(dict.fromkeys((division_code, f"{code[:4]}00", f"{code[:2]}0000", "000000")))


def _named(divisions: Sequence[str], name: str, library: Matcher) -> list[_Candidate]:
    rows = ItemSubject.objects.filter(division_code__in=divisions, key__in=keys_of(name, library=library))
    return [_Candidate(subject_id, HitWay.NAME, SAME_NAME) for subject_id in rows.values_list("id", flat=True)]


def _by_element(divisions: Sequence[str], name: str, meaning: str, library: Matcher) -> list[_Candidate]:
    likely = None if is_trivial(name) else likely_element(name, meaning, library)
    if likely is None or likely.confidence < LEAST:
        return []
    keys = {element_key(likely.code), subject_key(likely.name)} - {""}
    rows = ItemSubject.objects.filter(division_code__in=divisions, key__in=keys)
    return [_Candidate(row, HitWay.ELEMENT, likely.confidence) for row in rows.values_list("id", flat=True)]


def _alike(divisions: Sequence[str], name: str, meaning: str) -> list[_Candidate]:
    """Return subjects that resemble the field's name, or that its explanation names."""
    if is_trivial(name):
        return []
    plain, told = one_name(name), normalise(meaning).replace(" ", "")
    wanted = {*_grams(plain), *_grams(told)}
    if not wanted:
        return []
    rows = ItemSubject.objects.filter(division_code__in=divisions, tokens__overlap=sorted(wanted))
    rows = (
        rows.filter(entry_count__gt=0)
        .exclude(key__contains=ABOUT)
        .order_by("-organisation_count", "-entry_count", "key")
    )
    found = []
    for subject_id, other in rows.values_list("id", "name")[:CANDIDATES]:
        confidence = _resemblance(plain, told, one_name(other), contextual=is_contextual(name) or is_contextual(other))
        if confidence >= LEAST:
            found.append(_Candidate(subject_id, HitWay.MEANING, confidence))
    return found


def _resemblance(plain: str, told: str, other: str, *, contextual: bool) -> int:
    if contextual or len(other) < _SHORTEST:
        return 0
    if other in told:
        return NAMED_IN_MEANING
    mine, theirs = set(_grams(plain)), set(_grams(other))
    if len(plain) < _SHORTEST or not mine or not theirs:
        return 0
    return round(MOST_LIKE * 2 * len(mine & theirs) / (len(mine) + len(theirs)))


def _grams(text: str) -> Iterable[str]:
    return map("".join, pairwise(text))


def _entries(rows: Sequence[_Candidate], name: str) -> list[Hit]:
    """Return the shared entries that hold the subjects: a designated source's first, then what is bound and used."""
    subjects = [row.subject_id for row in rows]
    designated = SourceDesignation.objects.filter(subject__in=subjects, state=DesignationState.DESIGNATED)
    sources = set(designated.values_list("subject_id", "entry_id"))
    held = (
        Holding.objects.filter(subject__in=subjects, is_shared=True, entry__published__isnull=False)
        .annotate(is_source=Exists(designated.filter(subject=OuterRef("subject"), entry=OuterRef("entry"))))
        .annotate(rank=Window(RowNumber(), partition_by="subject_id", order_by=_BEST_FIRST))
        .filter(rank__lte=MOST_ENTRIES)
        .order_by("rank")
    )
    by_subject: dict[UUID, list[Holding]] = {}
    for holding in held:
        by_subject.setdefault(holding.subject_id, []).append(holding)
    return [
        Hit(holding.entry_id, holding.item_name, *_way(row, name, holding.item_name), _is_source(holding, sources))
        for row in rows
        for holding in by_subject.get(row.subject_id, ())
    ]


def _is_source(holding: Holding, sources: set[tuple[UUID, UUID]]) -> bool:
    return (holding.subject_id, holding.entry_id) in sources


def _way(row: _Candidate, name: str, item_name: str) -> tuple[HitWay, int]:
    if row.way == HitWay.NAME and same_name_key(name) != same_name_key(item_name):
        return HitWay.SYNONYM, SYNONYM
    return row.way, row.confidence
