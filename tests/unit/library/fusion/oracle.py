"""Survivorship once more, record by record in plain Python: what the SQL is held against."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tests.unit.library.fusion.registers import SPEC, TABLE, City


@dataclass(frozen=True)
class Record:
    feed: str
    key: str
    changed: datetime | None
    values: Mapping[str, Any]


Golden = dict[str, Any]


def golden(  # noqa: C901 - one rule after the other, as they are written
    city: City, records: Sequence[Record], before: Mapping[str, Any]
) -> tuple[Golden, dict[str, str | None]]:
    """Return the golden record of one entity and where each value is from."""
    feeds = [one.name for one in city.feeds]
    per_feed: dict[str, int] = defaultdict(int)
    for record in records:
        per_feed[record.feed] += 1
    several = any(count > 1 for count in per_feed.values())
    values: Golden = {}
    told: dict[str, str | None] = {}
    for field in TABLE.fields:
        said = [one for one in records if one.values.get(field.name) is not None]
        values[field.name] = told[field.name] = None
        if not said:
            continue
        rule = {one.field: one for one in SPEC.rules}.get(field.name) or SPEC.rules[0]

        def rank(one: Record, field: Any = field, rule: Any = rule) -> int:
            role = next(feed.role for feed in city.feeds if feed.name == one.feed)
            if field.source and role == field.source:
                return 0
            return 1 + rule.roles.index(role) if role in rule.roles else 99

        def voices(value: Any, field: Any = field, said: Any = said) -> int:
            return len({one.feed for one in said if one.values[field.name] == value})

        def criteria(
            one: Record, rule: Any = rule, field: Any = field, rank: Any = rank, voices: Any = voices
        ) -> list[Any]:
            kinds = {
                "source": rank(one),
                "fresh": (0, -one.changed.timestamp()) if one.changed else (1, 0),
                "complete": -sum(value is not None for value in one.values.values()),
                "agreement": -voices(one.values[field.name]),
            }
            return [kinds[kind] for kind in rule.order]

        different = len({one.values[field.name] for one in said}) > 1
        if not different and not several:
            first = min((rank(one), feeds.index(one.feed), number) for number, one in enumerate(said))
            best = said[first[2]]
            values[field.name] = best.values[field.name]
            told[field.name] = f"{best.feed} {'only' if len(said) == 1 else 'agreed'}"
            continue

        def place(one: Record, field: Any = field, criteria: Any = criteria) -> Any:
            value = one.values[field.name]
            old = 0 if value == before.get(field.name) else 1
            age = (0, one.changed.timestamp()) if one.changed else (1, 0)
            return criteria(one), old, age, str(value), feeds.index(one.feed), one.key

        ordered = sorted(said, key=place)
        won = ordered[0]
        values[field.name] = won.values[field.name]
        rivals = [one for one in ordered if one.values[field.name] != won.values[field.name]]
        if not rivals:
            basis = "only" if len(said) == 1 else "agreed"
        else:
            pairs = zip(rule.order, criteria(won), criteria(rivals[0]), strict=True)
            basis = next((kind for kind, ours, theirs in pairs if ours != theirs), "kept")
        told[field.name] = f"{won.feed} {basis}" + (f" {won.key}" if several else "")
    return values, told
