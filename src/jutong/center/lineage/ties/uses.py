"""Who may use an entry's fields, who did, and who doubted them: grants, calls on record, corrections."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Max, QuerySet, Sum
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from jutong.center.catalog.models import Entry
from jutong.center.correction.models import Correction
from jutong.center.correction.parties import visible as visible_cases
from jutong.center.lineage.graph import Evidence, Pair, Place, Text, Tie
from jutong.center.lineage.seen import Sight
from jutong.center.lineage.spots import bare, entry_place, place_id
from jutong.center.org.permissions import Permission
from jutong.center.org.queries import has
from jutong.center.sharing.enums import GrantState
from jutong.center.sharing.models import Grant
from jutong.center.sharing.queries import visible_grants
from jutong.center.usage.models import DailyUse

LIVE = (GrantState.ORDERED, GrantState.ACTIVE, GrantState.SUSPENDED)
DAYS = 30
MOST_CASES = 50
Found = tuple[Place, Tie]


@dataclass(frozen=True)
class Uses:
    """Grants that are in force and the departments that hold them; ``now`` ends the days calls are counted over."""

    sight: Sight
    now: datetime

    def down(self, places: Collection[Place]) -> Iterable[Found]:
        """Return the grants of entries, the holders of grants, and what holders doubted."""
        yield from self._granted(bare(places, "entry"))
        yield from self._holding(bare(places, "grant"))
        yield from self._doubted(bare(places, "user"))

    def up(self, places: Collection[Place]) -> Iterable[Found]:
        """Return the entries grants are of, and the grants departments hold."""
        numbers, codes = bare(places, "grant"), bare(places, "user")
        for grant in self._visible().filter(number__in=numbers) if numbers else ():
            entry = Entry.objects.select_related("organisation", "published").get(id=grant.entry_id)
            yield entry_place(entry), _of_grant(grant)
        for grant in self._visible().filter(requester__code__in=codes) if codes else ():
            yield _grant_place(grant), _held(grant, None)

    def _visible(self) -> QuerySet[Grant]:
        if not has(self.sight.actor, Permission.SHARING_GRANT_VIEW):
            return Grant.objects.none()
        return visible_grants(self.sight.actor).filter(state__in=LIVE).prefetch_related("items__item")

    def _granted(self, codes: Collection[str]) -> Iterator[Found]:
        if not codes:
            return
        shown = set()
        for grant in self._visible().filter(entry__code__in=codes).order_by("issued_at", "id"):
            shown.add(grant.id)
            yield _grant_place(grant), _of_grant(grant)
        others = Grant.objects.filter(entry__code__in=codes, state__in=LIVE).exclude(id__in=shown)
        rows = others.values_list("entry__code", "requester_id", "items__item__name")
        hidden: dict[str, tuple[set[Any], set[str]]] = defaultdict(lambda: (set(), set()))
        for code, requester, item in rows:
            hidden[code][0].add(requester)
            hidden[code][1].add(item or "")
        for code, (requesters, items) in sorted(hidden.items()):
            yield _hidden(code, len(requesters), items)

    def _holding(self, numbers: Collection[str]) -> Iterator[Found]:
        found = list(self._visible().filter(number__in=numbers)) if numbers else []
        calls = self._calls({grant.entry.code for grant in found})
        for grant in found:
            called = calls.get((grant.entry.code, grant.requester.code))
            yield _user_place(grant), _held(grant, called)

    def _calls(self, codes: set[str]) -> dict[tuple[str, str], tuple[int, datetime]]:
        since = self.now.date() - timedelta(days=DAYS)
        rows = DailyUse.objects.filter(entry_code__in=codes, day__gt=since).values("entry_code", "requester_code")
        return {
            (row["entry_code"], row["requester_code"]): (row["n"], row["last"])
            for row in rows.annotate(n=Sum("calls"), last=Max("last_at"))
        }

    def _doubted(self, codes: Collection[str]) -> Iterator[Found]:
        if not codes:
            return
        rows = Correction.objects.filter(visible_cases(self.sight.actor), raiser__code__in=codes)
        for case in rows.select_related("raiser", "entry", "responsible").order_by("-created_at", "-id")[:MOST_CASES]:
            pairs = tuple(Pair(_mark(case.entry, item), item) for item in case.items)
            place = Place(
                id=place_id("correction", case.number), title=case.number, note=_("校核"), owner=case.responsible.name,
                address=f"/corrections/{case.number}", is_late=False, fields={item: item for item in case.items},
            )  # fmt: skip
            evidence = Evidence("correction", case.get_state_display(), place.address, case.created_at)
            yield place, Tie(place_id("user", case.raiser.code), place.id, pairs, evidence)


def _mark(entry: Entry, item: str) -> str:
    """Return what an item is called at a department that holds items of many entries."""
    return f"{entry.code} {item}"


def _items(grant: Grant) -> list[str]:
    return [row.item.name for row in grant.items.all()]


def _grant_place(grant: Grant) -> Place:
    return Place(
        id=place_id("grant", grant.number),
        title=grant.number,
        note=grant.get_state_display(),
        owner=grant.requester.name,
        address=f"/grants/{grant.number}",
        is_late=grant.state == GrantState.SUSPENDED,
        fields={name: name for name in _items(grant)},
    )


def _of_grant(grant: Grant) -> Tie:
    pairs = tuple(Pair(row.item.name, row.item.name, is_masked=row.mode != "plain") for row in grant.items.all())
    evidence = Evidence("grant", _("授权"), f"/grants/{grant.number}", grant.supplied_at or grant.issued_at)
    return Tie(place_id("entry", grant.entry.code), place_id("grant", grant.number), pairs, evidence)


def _user_place(grant: Grant) -> Place:
    names = {_mark(grant.entry, name): name for name in _items(grant)}
    return Place(
        id=place_id("user", grant.requester.code), title=grant.requester.name, note=grant.system.name,
        owner=grant.requester.name, fields=names,
    )  # fmt: skip


def _held(grant: Grant, called: tuple[int, datetime] | None) -> Tie:
    pairs = tuple(Pair(name, _mark(grant.entry, name)) for name in _items(grant))
    label: Text = _("还没有调用")
    if called is not None:
        label = format_lazy(_("近30天调用{n}次"), n=f"{called[0]:,}")
    at = called[1] if called else None
    evidence = Evidence("use", label, f"/catalog/{grant.entry.code}/used", at)
    return Tie(place_id("grant", grant.number), place_id("user", grant.requester.code), pairs, evidence)


def _hidden(code: str, departments: int, items: set[str]) -> Found:
    named = sorted(items - {""})
    text = format_lazy(_("另有{n}个部门"), n=departments)
    place = Place(
        id=place_id("hidden", code),
        title=text,
        note=_("名称只有提供部门和主管部门可见"),
        fields=dict.fromkeys(named, ""),
    )
    evidence = Evidence("grant", _("授权"), f"/catalog/{code}")
    return place, Tie(place_id("entry", code), place.id, tuple(Pair(name, name) for name in named), evidence)
