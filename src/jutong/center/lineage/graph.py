"""The picture of a lineage: places that hold fields, and ties of which each has a record it was read off."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from django.utils.functional import Promise

Text = str | Promise
PlaceKind = Literal["table", "entry", "library", "grant", "user", "hidden", "correction"]
EvidenceKind = Literal["binding", "job", "work", "grant", "use", "correction"]
Way = Literal["up", "down"]


@dataclass(frozen=True)
class Place:
    """Something fields stand in. ``id`` begins with its kind; ``address`` is its own page, empty where there is none.

    ``fields`` are the names of its fields with what people call them; where the asking person may not know them
    (``is_open`` is false) they are not shown. ``owner`` is the name of the department it is of.
    """

    id: str
    title: Text
    note: Text = ""
    owner: str = ""
    address: str = ""
    is_late: bool = False
    is_open: bool = True
    fields: Mapping[str, str] = field(default_factory=dict, hash=False)

    @property
    def kind(self) -> PlaceKind:
        """What it is."""
        return self.id.partition(":")[0]  # type: ignore[return-value]

    def called(self, name: str) -> str:
        """Return what people call one of its fields; empty where the asking person may not know."""
        return self.fields.get(name, name) if self.is_open else ""


@dataclass(frozen=True)
class Evidence:
    """The record a tie was read off: its name for people, its page, and when it was made."""

    kind: EvidenceKind
    label: Text
    address: str = ""
    at: datetime | None = None


@dataclass(frozen=True)
class Pair:
    """One field that becomes another; ``masked`` when the value itself can no longer be told from it."""

    before: str
    after: str
    is_changed: bool = False
    is_masked: bool = False


@dataclass(frozen=True)
class Tie:
    """Fields of one place become fields of another."""

    before: str
    after: str
    pairs: tuple[Pair, ...]
    evidence: Evidence

    def carried(self, names: frozenset[str], way: Way) -> frozenset[str]:
        """Return which fields of the far end some fields of the near end are tied to."""
        if way == "down":
            return frozenset(pair.after for pair in self.pairs if pair.before in names)
        return frozenset(pair.before for pair in self.pairs if pair.after in names)


@dataclass
class Reached:
    """A place on a walk: in how many steps, and with which of its fields."""

    steps: int
    names: frozenset[str]


@dataclass
class Graph:
    """Places and ties found so far, and what of them was reached from the start each way."""

    start: str
    places: dict[str, Place] = field(default_factory=dict)
    ties: dict[tuple[str, str, str], Tie] = field(default_factory=dict)
    up: dict[str, Reached] = field(default_factory=dict)
    down: dict[str, Reached] = field(default_factory=dict)
    is_cut: bool = False
    """There was more than is shown."""

    def column(self, way: Way, steps: int) -> list[Place]:
        """Return the places so many steps away, grouped by owner."""
        reached = self.up if way == "up" else self.down
        found = [self.places[name] for name, one in reached.items() if one.steps == steps]
        return sorted(found, key=lambda place: (place.kind, place.owner, str(place.title)))

    def depth(self, way: Way) -> int:
        """Return how far the walk came."""
        return max((one.steps for one in (self.up if way == "up" else self.down).values()), default=0)

    def within(self) -> list[Tie]:
        """Return the ties between places that were reached, with the pairs that were followed, from the left on."""
        found = []
        for tie in self.ties.values():
            followed = self._followed(tie)
            if followed:
                found.append(Tie(tie.before, tie.after, followed, tie.evidence))
        return sorted(found, key=lambda tie: (self._level(tie.before), self._level(tie.after), tie.before, tie.after))

    def _followed(self, tie: Tie) -> tuple[Pair, ...]:
        for reached, near, far in ((self.down, tie.before, tie.after), (self.up, tie.after, tie.before)):
            if near in reached and far in reached:
                before, after = reached[tie.before].names, reached[tie.after].names
                return tuple(pair for pair in tie.pairs if pair.before in before and pair.after in after)
        return ()

    def _level(self, name: str) -> int:
        return -self.up[name].steps if name in self.up else self.down[name].steps


def by_near(ties: Iterable[Tie], way: Way) -> dict[str, list[Tie]]:
    """Return ties by the end a walk comes from."""
    found: dict[str, list[Tie]] = defaultdict(list)
    for tie in ties:
        found[tie.before if way == "down" else tie.after].append(tie)
    return found
