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
    """Return the shipped rules of a table, or those of any: the source department first, then the newest record."""
    found = _shipped().get(f"{library}/{table.name}")
    if found is not None:
        return found[0]
    common = _shipped()[ANY][0]
    return common.model_copy(update={"identity": table.keys})


def linkage_for(library: str, table: TableDefinition, feeds: Sequence[Feed]) -> dict[str, Any]:
    """Return the document by which records are brought together; empty where the identity fields alone decide.

    One register has nothing to be brought together with, and a register without any field the linkage compares could
    only ever stand alone.
    """
    kind = _shipped().get(f"{library}/{table.name}", (None, ""))[1]
    if not kind or len(feeds) < 2:  # noqa: PLR2004 - see above
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
        linkage=linkage_for(library, table, feeds),
    )  # fmt: skip
