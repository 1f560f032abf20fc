"""How bindings are watched: how often, when late, when shrunk, and after how many days nothing bound is a fault.

The figures are the platform's own defaults, kept as data; the law asks that what is published can be had (条例 16,
22), not in how many days.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from types import MappingProxyType

from jutong.standards.lists import closed_list
from jutong.standards.shipped import read_json

RULE = "VC-12"
"""The validation rule behind a published entry with nothing bound."""


@dataclass(frozen=True, slots=True)
class WatchRules:
    """The figures in force.

    Attributes:
        every_minutes: minutes between two checks of a binding.
        unbound_days: civil days a published entry may stand with nothing behind it.
        collapse_share: share of the usual rows below which a table counts as shrunk.
        collapse_least_rows: usual rows below which shrinking is not judged.
        future_slack: how far ahead of now a newest value may lie.
        late_after: by update cycle, how old the newest value may be, its tolerance included.
    """

    every_minutes: int
    unbound_days: int
    collapse_share: float
    collapse_least_rows: int
    future_slack: timedelta
    late_after: Mapping[str, timedelta]


@lru_cache(maxsize=1)
def watch_rules() -> WatchRules:
    """Return the figures in force."""
    found = read_json("binding.json")
    tolerance = {value.code: value.details.get("tolerance_minutes", 0) for value in closed_list("update-cycle").values}
    return WatchRules(
        every_minutes=found["watch_every_minutes"],
        unbound_days=found["unbound_days"],
        collapse_share=found["collapse_share"],
        collapse_least_rows=found["collapse_least_rows"],
        future_slack=timedelta(minutes=found["future_slack_minutes"]),
        late_after=MappingProxyType(
            {
                cycle: timedelta(minutes=minutes + tolerance.get(cycle, 0))
                for cycle, minutes in found["cycle_minutes"].items()
            }
        ),
    )
