from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from jutong.standards.shipped import read_json


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is read of a file; the values are data (``standards/data/intake/limits.json``)."""

    file_bytes: int
    unpacked_bytes: int
    """All that a zip or an xlsx unpacks to."""
    ratio: int
    """Unpacked over packed bytes of one member, looked at from ``ratio_from_bytes`` unpacked."""
    ratio_from_bytes: int
    members: int
    sheets: int
    rows: int
    columns: int
    cell_characters: int
    depth: int
    """Levels of nesting of a JSON document."""
    header_search_rows: int
    """The header stands in one of the first filled rows, this many."""


@lru_cache(maxsize=1)
def shipped_limits() -> Limits:
    """Return the limits that travel with the platform."""
    return Limits(**read_json("intake/limits.json"))
