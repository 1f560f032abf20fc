"""What the catalog, other needs and the registry of holdings say about a need. Everything here is a proposal.

Entries are found twice: by the words of the name, through the catalog's search, and item by item, through who holds
what. A proposal says which of the two spoke for it, so that people can judge it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from django.db.models import Count, Q

from jutong.center.catalog.index.wanted import words_of
from jutong.center.catalog.models import Entry, Item
from jutong.center.catalog.search import ask
from jutong.center.catalog.tokens import normalise, same_name_key
from jutong.center.demand.enums import HolderAnswer, MatchWay
from jutong.center.demand.models import Assignment, Demand, DemandItem
from jutong.center.demand.need import WantedItem, item_key
from jutong.center.demand.parties import participants_of
from jutong.center.demand.rules import OPEN
from jutong.center.norms.queries import matcher
from jutong.center.org.lineage import above
from jutong.center.org.models import Organisation
from jutong.center.org.queries import NOBODY
from jutong.center.ownership.enums import HitWay
from jutong.center.ownership.matching import Hit, hits_for
from jutong.center.ownership.meaning import NAME
from jutong.center.ownership.models import Holding

MOST_MATCHES = 8
MOST_ALIKE = 8
MOST_HOLDERS = 8
MOST_LOOKED_UP = 20
"""Items that are looked for one by one."""
_FOR_NAME = {MatchWay.SAME_NAME: 50, MatchWay.NAME: 35, MatchWay.SYNONYM: 30}
_FOR_ITEMS = 50
_ENOUGH_SHARED = 0.5
"""Two needs that share so many of the items of the smaller one are told as alike."""
_LEAST = 15
_SAME_NAME = 100
_WAYS = {
    HitWay.NAME: MatchWay.ITEM_NAME,
    HitWay.SYNONYM: MatchWay.ITEM_SYNONYM,
    HitWay.ELEMENT: MatchWay.ELEMENT,
    HitWay.MEANING: MatchWay.MEANING,
}
Reason = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Proposal:
    """An entry that may be what is asked for."""

    entry: Entry
    score: int
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Alike:
    """Another open need that seems to be the same."""

    demand: Demand
    same_name: bool
    shared: tuple[str, ...]
    """Names of the items both ask for."""


@dataclass(frozen=True, slots=True)
class Presumed:
    """A department that may hold what is asked for, and why it is thought so."""

    organisation: Organisation
    items: tuple[str, ...]
    """Items asked for that it publishes, shared or not."""
    is_expected: bool = False
    answered: str = ""
    """What it answered to this need before."""


@dataclass
class _Found:
    name_way: MatchWay | None = None
    items: dict[str, Reason] = field(default_factory=dict)

    def score(self, wanted: int) -> int:
        sure: float = sum(int(row["confidence"]) for row in self.items.values()) / 100
        return round((_FOR_NAME[self.name_way] if self.name_way else 0) + _FOR_ITEMS * min(1.0, sure / max(wanted, 1)))

    def reasons(self) -> tuple[Reason, ...]:
        named: list[Reason] = [{"way": self.name_way.value}] if self.name_way else []
        return (*named, *self.items.values())


def proposals(
    division_code: str, title: str, items: Sequence[WantedItem], *, but: Iterable[UUID] = ()
) -> list[Proposal]:
    """Return the published entries that may be what is asked for, the likeliest first.

    Args:
        division_code: of the asking department; its division and those above it are looked through item by item.
        title: what the data is called.
        items: what is asked for.
        but: ids of organisations whose entries are left out: nobody asks for what is its own.
    """
    found: dict[UUID, _Found] = {}
    for entry_id, way in _by_name(title):
        found.setdefault(entry_id, _Found()).name_way = way
    library = matcher()
    for item in items[:MOST_LOOKED_UP]:
        for hit in hits_for(division_code, item.name, item.meaning, library=library):
            rows = found.setdefault(hit.entry_id, _Found()).items
            if item.name not in rows or rows[item.name]["confidence"] < hit.confidence:
                rows[item.name] = _reason(item, hit)
    _add_same_names(found, items)
    count = len(items[:MOST_LOOKED_UP])
    ranked = sorted(found.items(), key=lambda pair: -pair[1].score(count))
    likely = {entry_id: row for entry_id, row in ranked if row.score(count) >= _LEAST}
    entries = Entry.objects.filter(id__in=list(likely)[: 4 * MOST_MATCHES], published__isnull=False)
    kept = {row.id: row for row in entries.exclude(organisation_id__in=list(but)).select_related("organisation")}
    return [
        Proposal(kept[entry_id], min(row.score(count), 100), row.reasons())
        for entry_id, row in likely.items()
        if entry_id in kept
    ][:MOST_MATCHES]


def _add_same_names(found: dict[UUID, _Found], items: Sequence[WantedItem]) -> None:
    """Add the items the found entries have under the very names, which alone mean too little to look for, as 姓名."""
    wanted = {item_key(item.name): item.name for item in items}
    rows = Item.objects.filter(version__published_for__in=list(found)).values_list("version__published_for", "name")
    for entry_id, name in rows:
        asked = wanted.get(item_key(name))
        if asked is not None and asked not in found[entry_id].items:
            way = MatchWay.ITEM_NAME if asked == name else MatchWay.ITEM_SYNONYM
            found[entry_id].items[asked] = {
                "way": way.value, "asked": asked, "found": name, "confidence": _SAME_NAME, "is_source": False,
            }  # fmt: skip


def _reason(item: WantedItem, hit: Hit) -> Reason:
    return {
        "way": _WAYS[hit.way].value, "asked": item.name, "found": hit.item_name, "confidence": hit.confidence,
        "is_source": hit.is_source,
    }  # fmt: skip


def _by_name(title: str) -> list[tuple[UUID, MatchWay]]:
    words = words_of(title)
    if not words:
        return []
    ids = [UUID(one) for one in ask(words, {}, public=False, offset=0, limit=4 * MOST_MATCHES).ids]
    names = dict(Entry.objects.filter(id__in=ids).values_list("id", "published_name"))
    return [(one, way) for one in ids if one in names and (way := _name_way(title, names[one])) is not None]


def _name_way(title: str, name: str) -> MatchWay | None:
    """Return how a found entry's name answers; one found by its items or summary only is left to the items."""
    if same_name_key(title) == same_name_key(name):
        return MatchWay.SAME_NAME
    words, plain = words_of(title), normalise(name)
    if all(word.text in plain for word in words):
        return MatchWay.NAME
    if all(any(text in plain for text in (word.text, *word.others)) for word in words):
        return MatchWay.SYNONYM
    return None


def alike(title: str, keys: Iterable[str], *, but: UUID | None = None) -> list[Alike]:
    """Return open needs that look the same: the same name, or at least half of the items of the smaller one.

    Args:
        title: what the data is called.
        keys: the items asked for, as ``item_key`` writes them.
        but: the need itself, where it is stated already.
    """
    wanted = set(keys)
    others = Demand.objects.filter(state__in=OPEN).exclude(id=but or NOBODY)
    shared = (
        others.filter(items__key__in=wanted)
        .annotate(shared=Count("items", filter=Q(items__key__in=wanted)))
        .order_by("-shared", "stated_at")
    )
    name_key = same_name_key(title)
    named = list(others.filter(name_key=name_key).values_list("id", flat=True)[:MOST_ALIKE])
    rows: dict[UUID, int] = dict.fromkeys(named, 0) | dict(shared.values_list("id", "shared")[: 5 * MOST_ALIKE])
    found = {
        row.id: row
        for row in Demand.objects.filter(id__in=rows).select_related("requester").prefetch_related("items", "joiners")
    }
    kept = []
    for one in rows:
        demand = found[one]
        both = tuple(item.name for item in demand.items.all() if item.key in wanted)
        same = demand.name_key == name_key
        if same or (both and len(both) >= _ENOUGH_SHARED * min(len(wanted), len(demand.items.all()))):
            kept.append(Alike(demand, same, both))
    return sorted(kept, key=lambda row: (not row.same_name, -len(row.shared), row.demand.stated_at))[:MOST_ALIKE]


def presumed_holders(demand: Demand) -> list[Presumed]:
    """Return who may hold what a need asks for: whoever publishes such items, shared or not, and who is expected.

    Whoever answered 不持有 before stays in the list, with that answer, so that nobody is asked twice unawares.
    """
    return presumed_for([demand])[demand.id]


def presumed_for(demands: Sequence[Demand]) -> dict[UUID, list[Presumed]]:
    """Return who may hold what each of several needs asks for, as :func:`presumed_holders`; queries do not add up."""
    names = {row.id: [item.name for item in row.items.all()] for row in demands}
    every = {name for each in names.values() for name in each}
    held = {code: _publishing([code, *above(code)], every) for code in {row.division_code for row in demands}}
    answered: dict[UUID, dict[UUID, str]] = {row.id: {} for row in demands}
    asked = Assignment.objects.filter(demand__in=[row.id for row in demands]).exclude(answer="").order_by("answered_at")
    for demand_id, holder, answer in asked.values_list("demand_id", "holder_id", "answer"):
        answered[demand_id][holder] = str(HolderAnswer(answer).label)
    named = {holder for row in answered.values() for holder in row}
    expected = {row.expected_holder_id for row in demands if row.expected_holder_id}
    likely = {*named, *expected}.union(*held.values())
    known = list(Organisation.objects.filter(id__in=likely, closed_at=None).order_by("code"))
    taking_part = participants_of(demands)
    found: dict[UUID, list[Presumed]] = {}
    for row in demands:
        here, said = held[row.division_code], answered[row.id]
        rows = [
            Presumed(one, tuple(here.get(one.id, ())), one.id == row.expected_holder_id, said.get(one.id, ""))
            for one in known
            if one.id not in taking_part[row.id]
        ]
        asked_for = [replace(one, items=tuple(name for name in names[row.id] if name in one.items)) for one in rows]
        likely_ones = [one for one in asked_for if one.items or one.is_expected or one.answered]
        likely_ones.sort(key=lambda one: (bool(one.answered), not one.is_expected, -len(one.items)))
        found[row.id] = likely_ones[:MOST_HOLDERS]
    return found


def _publishing(divisions: Sequence[str], wanted: Collection[str]) -> dict[UUID, list[str]]:
    """Return which of the items each organisation of the divisions publishes, shared or not."""
    by_key = {item_key(name): name for name in wanted}
    rows = Holding.objects.filter(
        subject__division_code__in=divisions, subject__key__in=[f"{NAME}{key}" for key in by_key]
    ).values_list("organisation_id", "subject__key")
    named = Holding.objects.filter(subject__division_code__in=divisions, item_name__in=wanted).values_list(
        "organisation_id", "item_name"
    )
    found: dict[UUID, list[str]] = {}
    for organisation_id, name in (*((one, by_key[key.removeprefix(NAME)]) for one, key in rows), *named):
        names = found.setdefault(organisation_id, [])
        if name not in names:
            names.append(name)
    return found


def keys_of(demand: Demand) -> list[str]:
    """Return the items of a need as they are compared."""
    return list(DemandItem.objects.filter(demand=demand).values_list("key", flat=True))
