"""One linkage from standardised tables to clusters, whole or for what changed."""

# ruff: noqa: S608 - names are this package's own

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

from jutong.contracts.linkage import LinkCard, LinkModel, LinkSpec
from jutong.library.engine import Engine
from jutong.library.engine.sql import name
from jutong.library.linkage.card import card
from jutong.library.linkage.certain import find_strays
from jutong.library.linkage.changes import now_prepared, scope, weigh_changes
from jutong.library.linkage.clusters import resolve
from jutong.library.linkage.explain import waterfall_sql
from jutong.library.linkage.pairs import Compared, find_pairs
from jutong.library.linkage.prepare import FREQUENT_MOST, frequent_values, prepare, union
from jutong.library.linkage.spec import check
from jutong.library.linkage.train import START, train

GROWN = 4
"""A model is learnt anew when there are so many times the records it was learnt from."""
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
        model: what an earlier run learnt; it is passed over, and all is done anew, once it is outgrown.
        before: what the last run left; without it, all records are looked at.
        decisions: the name in the engine of what people decided, empty for none.
        trained_at: the instant a new model is marked with.
        tell: is told phase, done and total.

    Raises:
        LinkSpecError: when the rules name fields or columns that are not there.
        EngineRefusedError: when the engine refuses a statement.
    """
    check(spec, model)
    if model is not None and outgrown(engine, spec, feeds, model):
        model = None
    began, told = monotonic(), tell or _silent
    decided = _decisions(engine, decisions)
    told("prepare", 0, 0)
    if before is None or model is None:
        trained = _prepared(engine, spec, feeds, model, trained_at=trained_at, told=told)
        told("certain", 0, 0)
        find_strays(engine, spec, "link_prepared", decided)
        told("pairs", 0, 0)
        compared = find_pairs(engine, spec, trained, "link_prepared")
        told("clusters", 0, 0)
        resolve(engine, spec, "link_prepared", decided)
    else:
        trained = model
        compared = _changes(engine, spec, feeds, trained, before=before, decided=decided, told=told)
    found = card(engine, spec, trained, compared, round(monotonic() - began, 3))
    _publish(engine, spec, trained)
    return Linked(trained, found, before is None or model is None)


def outgrown(engine: Engine, spec: LinkSpec, feeds: tuple[LinkFeed, ...], model: LinkModel) -> bool:
    """Tell whether there is so much more to learn from now that a model is to be learnt anew."""
    records = sum(int(engine.rows(f"SELECT count(*) FROM {name(feed.table)}")[0][0]) for feed in feeds)
    return records >= spec.enough and (model.tool == START or records >= GROWN * max(model.records, 1))


def _silent(phase: str, done: int, total: int) -> None:
    """Nobody asked."""


def _decisions(engine: Engine, decisions: str) -> str:
    """Keep what people decided with the smaller uid first; return its name, empty where there is nothing."""
    if not decisions:
        return ""
    left, right = "left_feed || '/' || left_key", "right_feed || '/' || right_key"
    engine.keep(
        "link_decided",
        f"SELECT least({left}, {right}) AS l, greatest({left}, {right}) AS r, verdict FROM {name(decisions)} "
        "WHERE verdict IN ('same', 'different')",
    )
    return "link_decided" if engine.rows("SELECT count(*) FROM link_decided")[0][0] else ""


def _prepared(
    engine: Engine, spec: LinkSpec, feeds: tuple[LinkFeed, ...], model: LinkModel | None, *, trained_at: str, told: Tell
) -> LinkModel:
    """Keep ``link_prepared`` of all records; return the model, learnt from them where there is none."""
    rows = union(feeds, spec)
    prepare(engine, spec, rows, "link_prepared", None if model is None else model.frequent)
    if model is not None:
        return model
    frequent = frequent_values(engine, spec)
    if any(len(one) >= FREQUENT_MOST for one in frequent.values()):
        prepare(engine, spec, rows, "link_prepared", frequent)
    told("train", 0, 0)
    on = tuple((feed.feed, feed.version) for feed in feeds)
    learnt = train(engine, spec, "link_prepared", trained_at=trained_at, trained_on=on)
    return learnt.model_copy(update={"frequent": frequent})


def _changes(
    engine: Engine,
    spec: LinkSpec,
    feeds: tuple[LinkFeed, ...],
    model: LinkModel,
    *,
    before: Before,
    decided: str,
    told: Tell,
) -> Compared:
    """Do as :func:`link` for what changed."""
    prepare(engine, spec, union(feeds, spec, before.changed), "link_prepared", model.frequent)
    everybody = now_prepared(before)
    told("pairs", 0, 0)
    compared = weigh_changes(engine, spec, model, before, prepared=everybody, decisions=decided)
    told("clusters", 0, 0)
    scope(engine, spec, before, everybody)
    find_strays(engine, spec, "link_scope", decided)
    resolve(engine, spec, "link_scope", decided, "link_scope_pairs")
    engine.keep("link_clusters", "SELECT C.* FROM link_clusters C JOIN link_answered A ON A.uid = C.uid")
    engine.keep(
        "link_asked",
        "SELECT K.* FROM link_asked K LEFT JOIN link_answered L ON L.uid = K.l "
        "LEFT JOIN link_answered R ON R.uid = K.r "
        "WHERE L.uid IS NOT NULL OR R.uid IS NOT NULL",
    )
    return compared


def _publish(engine: Engine, spec: LinkSpec, model: LinkModel) -> None:
    """Give ``link_review`` and ``link_pairs`` the columns of the package's docstring."""
    ends = ", ".join(
        f"substr({uid}, 1, strpos({uid}, '/') - 1) AS {side}_feed, substr({uid}, strpos({uid}, '/') + 1) AS {side}_key"
        for side, uid in (("left", "l"), ("right", "r"))
    )
    story = waterfall_sql(spec, model, "levels")
    engine.keep("link_review", f"SELECT {ends}, weight, cause, {story} AS waterfall FROM link_asked")
    engine.keep("link_pairs", f"SELECT {ends}, weight, levels FROM link_pairs")
