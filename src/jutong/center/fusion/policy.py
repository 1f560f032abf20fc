"""How much of fused records people see, and how many conflicts a department is asked about at once: rules as data."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources


@dataclass(frozen=True, slots=True)
class Policy:
    """One edition of the rules.

    Attributes:
        version: of the edition.
        effective_from: its first day.
        clause: what it rests on.
        shown: the highest grade that is on a page at the node.
        revealed: the highest grade that is seen there once the person has said why.
        batch_most: conflicts that are sent at once.
        open_most: conflicts a department may be asked about at the same time.
    """

    version: str
    effective_from: str
    clause: str
    shown: str
    revealed: str
    batch_most: int
    open_most: int


@lru_cache(maxsize=1)
def policy() -> Policy:
    """Return the edition in force."""
    return Policy(**json.loads(resources.files("jutong.center.fusion").joinpath("policy.json").read_bytes()))
