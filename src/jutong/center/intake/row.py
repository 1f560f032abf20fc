"""One proposed entry on its way from a file to the database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from jutong.center.catalog.enums import ShareAttribute
from jutong.center.catalog.fields import EntryFields, ItemFields
from jutong.center.catalog.findings import Finding
from jutong.center.intake.columns import ITEMS


@dataclass(slots=True)
class Row:
    """What a row proposes. ``told`` names the fields the row speaks of; an entry it matches keeps the others."""

    line: int
    fields: EntryFields
    items: tuple[ItemFields, ...] = ()
    code: str = ""
    provider: str = ""
    told: frozenset[str] = frozenset()
    raw: Mapping[str, str] = field(default_factory=dict)
    findings: list[dict[str, Any]] = field(default_factory=list)
    """What reading found, as :func:`told_finding` writes it; kept by every later check."""
    origin: dict[str, Any] = field(default_factory=dict)
    fixes: dict[str, Any] = field(default_factory=dict)


_CONDITIONS = ("share_scope", "share_purpose", "use_conditions")


def without_conditions(row: Row) -> Row:
    """Drop what holds for every row where it may not stand: what is shared with all has no conditions (条例 15)."""
    if row.fields.share_attribute == ShareAttribute.UNCONDITIONAL:
        nothing: dict[str, Any] = {name: "" for name in _CONDITIONS if name not in row.told}
        row.fields = replace(row.fields, **nothing)
    return row


def told_finding(finding: Finding, *, at_reading: bool = False) -> dict[str, Any]:
    """Return a finding as proposals keep it. ``read`` marks what a check of the values alone would not find again."""
    kept = {name: value for name, value in asdict(finding).items() if value}
    return {**kept, "severity": finding.severity, **({"read": True} if at_reading else {})}


def problem_key(finding: Mapping[str, Any]) -> str:
    """Return what findings of the same problem share: the rule, the field whichever item's, and what is said."""
    parts = str(finding.get("place", "")).split(".")
    place = f"{ITEMS}.*.{parts[-1]}" if parts[0] == ITEMS and len(parts) > 1 else ".".join(parts)
    return "|".join((finding["rule"], place, finding["message"]))
