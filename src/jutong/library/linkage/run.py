"""One linkage from standardised tables to clusters, whole or for what changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from jutong.contracts.linkage import LinkCard, LinkModel, LinkSpec
from jutong.library.engine import Engine

Tell = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class LinkFeed:
    """A standardised table under its name in the engine, and which fields it has."""

    feed: str
    table: str
    fields: tuple[str, ...]
    version: int = 0


@dataclass(frozen=True, slots=True)
class Before:
    """Names in the engine of what the last run left, and of the records that changed since: ``feed``, ``key``.

    ``clusters`` has ``feed``, ``key`` and ``cluster`` of every record as it stands; ids of entities serve.
    """

    prepared: str
    pairs: str
    clusters: str
    changed: str


@dataclass(frozen=True, slots=True)
class Linked:
    """What :func:`link` left in the engine beside the tables of the package's docstring."""

    model: LinkModel
    card: LinkCard
    full: bool


def link(
    engine: Engine,
    spec: LinkSpec,
    feeds: tuple[LinkFeed, ...],
    *,
    model: LinkModel | None = None,
    before: Before | None = None,
    decisions: str = "",
    trained_at: str = "",
    tell: Tell | None = None,
) -> Linked:
    """Bring records together; train a model first where none is given.

    Args:
        engine: where the tables are attached.
        spec: the rules.
        feeds: the registers.
        model: what an earlier run learnt.
        before: what the last run left; without it, all records are looked at.
        decisions: the name in the engine of what people decided, empty for none.
        trained_at: the instant a new model is marked with.
        tell: is told phase, done and total.

    Raises:
        LinkSpecError: when the rules name fields or columns that are not there.
        EngineRefusedError: when the engine refuses a statement.
    """
    raise NotImplementedError
