"""The rules of statistics that are data: which cells are too small to be shown, from which day on."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import Any

from jutong.standards.shipped import read_json


@lru_cache(maxsize=1)
def _content() -> dict[str, Any]:
    found: dict[str, Any] = read_json("statistics.json")
    return found


def suppression(on: date) -> dict[str, Any]:
    """Return the rules in force on a day.

    Raises:
        ValueError: for a day before the first rules.
    """
    rows = [row for row in _content()["suppression"] if date.fromisoformat(row["effective_from"]) <= on]
    if not rows:
        raise ValueError(f"no rules of suppression for {on}")
    newest: dict[str, Any] = max(rows, key=lambda row: str(row["effective_from"]))
    return newest


def bands() -> tuple[int, ...]:
    """Return the widths numbers may be grouped by."""
    return tuple(_content()["bands"])
