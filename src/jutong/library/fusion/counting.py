"""How many entities have a value in each field, and why it stands: of all of them, at the cost of what changed."""

# ruff: noqa: S608 - names are quoted and values literals, by engine.sql

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from jutong.library.engine import Engine
from jutong.library.engine.sql import name
from jutong.library.fusion.survivorship import Plan


@dataclass
class Counts:
    """``filled`` by field, all entities under the empty name; ``basis`` by field and basis."""

    filled: dict[str, int] = field(default_factory=dict)
    basis: dict[tuple[str, str], int] = field(default_factory=dict)

    def kept(self) -> dict[str, Any]:
        """Return them for a manifest."""
        return {"filled": self.filled, "basis": {" ".join(key): count for key, count in self.basis.items()}}

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> Counts:
        """Return the counts a manifest keeps."""
        basis = {(key.split(" ")[0], key.split(" ")[1]): count for key, count in kept["basis"].items()}
        return cls(dict(kept["filled"]), basis)

    def add(self, engine: Engine, plan: Plan, golden: str, provenance: str, sign: int) -> None:
        """Add the rows of golden records and their provenance, or take them away."""
        fields = [one.name for one in plan.fields]
        said = ", ".join(f"count({name(one)})" for one in fields)
        row = engine.rows(f"SELECT {said}, count(*) FROM {golden} AS g")[0]
        for one, count in zip([*fields, ""], row, strict=True):
            self.filled[one] = self.filled.get(one, 0) + sign * count
        for one in fields:
            told = f"split_part({name(one)}, ' ', 2)"
            for basis, count in engine.rows(
                f"SELECT {told}, count(*) FROM {provenance} AS p WHERE {name(one)} IS NOT NULL GROUP BY {told}"
            ):
                self.basis[one, basis] = self.basis.get((one, basis), 0) + sign * count
