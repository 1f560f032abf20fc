"""The rules of fusion that ship, table by table; light, so that the center can read them and put its orders together.

Rules of one's own come in the order instead; nothing else in the platform knows whom to believe.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from jutong.contracts.fusion import FuseOrder, FusionSpec
from jutong.contracts.library import Feed, TableDefinition

ANY = "*"


@cache
def _shipped() -> dict[str, tuple[FusionSpec, str]]:
    """Return rules and kind of linkage by library and table."""
    text = (files("jutong.library.fusion") / "data" / "rules.json").read_text(encoding="utf-8")
    return {
        table: (FusionSpec.model_validate_json(json.dumps(one["spec"])), one["linkage"])
        for one in json.loads(text)
        for table in one["tables"]
    }


def spec_for(library: str, table: TableDefinition) -> FusionSpec:
    """Return the shipped rules of a table as far as it has their fields, or else those of any.

    Those say: the source department first, then the newest record.
    """
    found = _shipped().get(f"{library}/{table.name}")
    spec = found[0] if found is not None else _shipped()[ANY][0].model_copy(update={"identity": table.keys})
    there = {"", *(field.name for field in table.fields)}
    return spec.model_copy(
        update={
            "rules": tuple(rule for rule in spec.rules if rule.field in there),
            "states": tuple(state for state in spec.states if state.field in there),
            "identity": tuple(field for field in spec.identity if field in there),
        }
    )


def linkage_for(library: str, table: TableDefinition) -> dict[str, Any]:
    """Return the document by which records are brought together; empty where the identity fields alone decide."""
    kind = _shipped().get(f"{library}/{table.name}", (None, ""))[1]
    if not kind:
        return {}
    text = (files("jutong.library.linkage") / "specs" / f"{kind}.json").read_text(encoding="utf-8")
    document: dict[str, Any] = json.loads(text)
    return document


def order_for(library: str, table: TableDefinition, feeds: Sequence[Feed]) -> FuseOrder | None:
    """Return the order to fuse a table by the shipped rules; None where it has no feeds or is no table of entities."""
    if table.kind != "entity" or not feeds:
        return None
    return FuseOrder(
        library=library, table=table, feeds=tuple(feeds), spec=spec_for(library, table),
        linkage=linkage_for(library, table),
    )  # fmt: skip
