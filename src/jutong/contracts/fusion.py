"""Fusion as the center orders it: which registers meet in which table, and who is right where they differ.

Everything that decides is data here: the order in which a field's sources are believed, which differences are
conflicts, which values mean that an entity has ended. A result has counts only; rows stay at the node.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from jutong.contracts.envelope import Document
from jutong.contracts.library import NAME, Feed, TableDefinition

Criterion = Literal["source", "fresh", "complete", "agreement"]
"""``source``: the 数源部门 of the field's data element, then the other roles as the rule lists them (条例 19);
``fresh``: the record that was changed last; ``complete``: the record that says most; ``agreement``: the value that
most registers give."""

Basis = Literal["only", "agreed", "source", "fresh", "complete", "agreement", "kept", "decided"]
"""Why a field has its value: ``only`` one record says something; all records that do are ``agreed``; a criterion
decided; nothing decided between equals and the older value was ``kept``."""

Cause = Literal["differs", "equal-authority"]
Clue = Literal["older", "newer", "same-age", "spelling"]
"""How a record that says something else stands to the one that was believed."""
Suggestion = Literal["correct-record", "ask-source", "decide"]
"""What is to be done: put the record right, ask the believed source because it is older, let the authority decide."""


class SurvivorshipRule(Document):
    """Who is right about a field. The rule with an empty ``field`` is for all that have none of their own.

    ``roles`` are believed in this order where ``source`` counts; the field's own source role goes before them all.
    Where ``differs`` is false several values may stand beside each other (a person has two phones).
    """

    field: str = ""
    order: tuple[Criterion, ...] = ("source", "fresh", "complete", "agreement")
    roles: tuple[str, ...] = ()
    differs: bool = True
    clause: str = ""


class StateRule(Document):
    """An entity is in ``state`` when ``field`` has a value, or one of ``values`` where any are listed."""

    state: str = Field(pattern=r"^[a-z][a-z-]{0,31}$")
    field: str = Field(pattern=NAME)
    values: tuple[str, ...] = ()


class FusionSpec(Document):
    """All rules of one table in one version."""

    version: str
    effective_from: str
    clause: str = ""
    rules: tuple[SurvivorshipRule, ...] = (SurvivorshipRule(),)
    states: tuple[StateRule, ...] = ()
    identity: tuple[str, ...] = ()
    """Fields that name the entity; a change of one is told in its history as a change of code."""


class FuseOrder(Document):
    """Body of work ``fuse``: make one row of each entity from what the feeds say of it.

    ``linkage`` is the document of how records are brought together; empty for a table whose records meet by their
    identity fields alone. With ``mode`` ``changes`` only what changed since the last time is looked at, as far as that
    can be told; the outcome is the same. ``train`` asks for a new model of the linkage.
    """

    library: str
    table: TableDefinition
    feeds: tuple[Feed, ...]
    spec: FusionSpec
    linkage: dict[str, Any] = Field(default_factory=dict)
    mode: Literal["changes", "full"] = "changes"
    train: bool = False


class FedCount(Document):
    """What one feed brought: its rows, how many are new or changed or gone since the last time."""

    feed: str
    organisation_code: str
    version: int
    rows: int
    changed: int
    gone: int


class ConflictCount(Document):
    """Conflicts of one field between a department and the one that was believed."""

    field: str
    organisation_code: str
    believed_code: str
    cause: str
    open: int
    opened: int
    closed: int


class FuseResult(Document):
    """What a fusion did. ``version`` is the fused table's; ``changed`` rows of it are new or other than before."""

    version: int
    full: bool
    records: int
    entities: int
    changed: int
    created: int
    merged: int
    split: int
    gone: int
    ended: int
    """Entities that died or were deregistered, by a state of the spec."""
    reviews: int
    """Pairs that wait for a person."""
    feeds: tuple[FedCount, ...]
    conflicts: tuple[ConflictCount, ...]
    filled: tuple[tuple[str, int], ...]
    """How many entities have a value in each field."""
    basis: tuple[tuple[str, str, int], ...]
    """How many values of a field have each basis."""
    card: dict[str, Any] = Field(default_factory=dict)
    """The linkage's model card."""
    seconds: float = 0.0
