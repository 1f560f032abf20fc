"""How the orders of standardising and fusing are made from definitions and feeds."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any

from jutong.center.library import feeds, steps
from jutong.center.library.definitions import definition_of
from jutong.center.library.models import FeedRow, FeedState, LibraryTable, TableKind
from jutong.contracts.fusion import FuseOrder, FusionSpec
from jutong.contracts.library import TableDefinition
from jutong.contracts.standardising import StandardiseOrder
from jutong.kernel.canonical import canonical_json
from jutong.library.linkage.spec import shipped

LINKED = ("person", "organisation")
"""Entities whose records are brought together by more than their number."""


def standardise(table: LibraryTable, feed: FeedRow | None) -> StandardiseOrder | None:
    """Return the order to standardise a feed that has landed."""
    if feed is None or feed.state != FeedState.ON or feed.moved_at is None:
        return None
    return StandardiseOrder(table=definition_of(table), feed=feeds.feed_of(feed))


def fuse(table: LibraryTable, feed: FeedRow | None) -> FuseOrder | None:
    """Return the order to fuse the feeds of an entity's table that are standardised."""
    if feed is not None or table.kind != TableKind.ENTITY:
        return None
    rows = table.feeds.select_related("organisation", "entry", "table__library")
    fed = rows.filter(state=FeedState.ON, standardised_at__isnull=False)
    definition = definition_of(table)
    told = tuple(feeds.feed_of(row) for row in fed)
    if not told:
        return None
    return FuseOrder(
        library=table.library.code, table=definition, feeds=told, spec=fusion_rules(table.library.code, definition),
        linkage=linkage_rules(definition),
    )  # fmt: skip


@cache
def _rules() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(files("jutong.center.library").joinpath("fusion_rules.json").read_text("utf-8"))
    return found


def fusion_rules(code: str, definition: TableDefinition) -> FusionSpec:
    """Return who is right where registers of a table differ, as far as it has the fields."""
    found = _rules()
    own = found["tables"].get(f"{code}/{definition.name}", {})
    there = {field.name for field in definition.fields}
    body = {
        "version": found["version"], "effective_from": found["effective_from"], "clause": found["clause"],
        "rules": [rule for rule in own.get("rules", found["default"]["rules"]) if rule["field"] in there | {""}],
        "states": own.get("states", []), "identity": own.get("identity", list(definition.keys)),
    }  # fmt: skip
    return FusionSpec.model_validate_json(canonical_json(body))


def linkage_rules(definition: TableDefinition) -> dict[str, Any]:
    """Return how records of a table are brought together; nothing where they meet by their numbers alone."""
    if definition.entity not in LINKED:
        return {}
    spec = shipped(definition.entity)
    there = {field.name for field in definition.fields}
    return spec.model_dump(mode="json") if {field.name for field in spec.fields} <= there else {}


def define_all() -> None:
    """Say how the orders of these steps are made."""
    steps.define("standardise", standardise)
    steps.define("fuse", fuse)
