"""Which records are of the same entity: what fusion asks of a linkage, and the one that needs no model.

A linkage is told what changed and answers for whole entities: every record of an entity that it says something about.
"""

# ruff: noqa: S608 - names are quoted and values literals, by engine.sql

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from jutong.contracts.library import Feed, TableDefinition
from jutong.library.engine import Engine
from jutong.library.engine.sql import literal, name
from jutong.library.works import Tell


@dataclass(frozen=True)
class Question:
    """What a linkage is asked. Names are those of tables of the engine.

    Attributes:
        definition: of the fused table.
        feeds: the registers.
        records: for each feed's name the table of its standardised rows.
        changed: ``feed``, ``key`` of rows that are new, changed or gone, or whose decisions are; empty to ask for all.
        links: ``entity_id``, ``feed``, ``key`` as they held before, gone rows too.
        decisions: ``left_feed``, ``left_key``, ``right_feed``, ``right_key``, ``verdict``: the newest of each pair.
        versions: for each feed's name the version of its table.
        beside: where what the linkage keeps for the next time lies, and in which version; -1 for none.
        spec: the linkage's own document; empty to go by the identity fields.
        train: whether a new model is to be learnt even if there is one.
        now: the present instant.
        tell: is told phase, done and total.
    """

    definition: TableDefinition
    feeds: Sequence[Feed]
    records: Mapping[str, str]
    changed: str
    links: str
    decisions: str
    versions: Mapping[str, int]
    beside: Mapping[str, tuple[Path, int]]
    spec: Mapping[str, Any]
    now: datetime
    tell: Tell
    train: bool = False


@dataclass(frozen=True)
class Kept:
    """A table the next linkage wants to find: what is written, by which keys, which rows go; or all of it anew."""

    sql: str
    keys: tuple[str, ...]
    gone: str = ""
    whole: bool = False


@dataclass(frozen=True)
class Answer:
    """What a linkage found.

    Attributes:
        clusters: ``feed``, ``key``, ``cluster`` (text), ``how``. Where it was asked about changes: every record that
            changed, every record of an entity one of them was in, every record of an entity one of them is in now.
        review: ``left_feed``, ``left_key``, ``right_feed``, ``right_key``, ``weight``, ``cause``, ``waterfall`` for
            pairs of which a record is in ``clusters``.
        card: the model card.
        kept: what is to be stored beside the fused table.
    """

    clusters: str
    review: str
    card: Mapping[str, Any] = field(default_factory=dict)
    kept: Mapping[str, Kept] = field(default_factory=dict)


def link_records(engine: Engine, question: Question) -> Answer:
    """Return which records belong together, by a trained model; by identity alone without rules for one.

    Where there is no model yet and nothing to learn one from, as with a first register by itself, identity decides too.
    """
    if not question.spec:
        return by_identity(engine, question)
    # A linkage by model brings packages of tens of megabytes with it.
    from jutong.library.fusion.modelled import by_model  # noqa: PLC0415 - see above
    from jutong.library.linkage.errors import LinkUntrainableError  # noqa: PLC0415 - see above

    try:
        return by_model(engine, question)
    except LinkUntrainableError:
        return by_identity(engine, question)


def by_identity(engine: Engine, question: Question) -> Answer:
    """Bring records together whose identity fields (the definition's keys) are the same, and those a person joined.

    A record without one stands alone. Records a person said to be different stay apart only where their fields do not
    say the same; a decision against the same number is told as a contradiction.
    """
    engine.keep("li_all", " UNION ALL ".join(_identified(feed, question) for feed in question.feeds))
    engine.keep("li_scope", _scope(question))
    # A record's own name, or that of the identity it has; then the smallest name of all it is joined with.
    engine.keep(
        "li_label",
        "SELECT s.feed, s.key, a.identity, COALESCE(a.identity, s.feed || ':' || s.key) AS cluster "
        "FROM li_scope AS s JOIN li_all AS a ON a.feed = s.feed AND a.key = s.key",
    )
    engine.keep(
        "li_edges",
        "SELECT l.cluster AS one, r.cluster AS other FROM "
        f"{question.decisions} AS d JOIN li_label AS l ON l.feed = d.left_feed AND l.key = d.left_key "
        "JOIN li_label AS r ON r.feed = d.right_feed AND r.key = d.right_key "
        "WHERE d.verdict = 'same' AND l.cluster <> r.cluster",
    )
    _join_labels(engine)
    engine.keep(
        "li_clusters",
        "SELECT l.feed, l.key, COALESCE(j.root, l.cluster) AS cluster, "
        "CASE WHEN j.root IS NOT NULL AND j.root <> l.cluster THEN 'decided' "
        "WHEN count(*) OVER (PARTITION BY COALESCE(j.root, l.cluster)) = 1 THEN 'alone' ELSE 'certain' END AS how "
        "FROM li_label AS l LEFT JOIN li_joined AS j ON j.label = l.cluster",
    )
    engine.keep(
        "li_review",
        "SELECT d.left_feed, d.left_key, d.right_feed, d.right_key, CAST(0 AS DOUBLE) AS weight, "
        "CAST('contradiction' AS VARCHAR) AS cause, CAST('' AS VARCHAR) AS waterfall "
        f"FROM {question.decisions} AS d JOIN li_clusters AS l ON l.feed = d.left_feed AND l.key = d.left_key "
        "JOIN li_clusters AS r ON r.feed = d.right_feed AND r.key = d.right_key "
        "WHERE d.verdict = 'different' AND l.cluster = r.cluster",
    )
    return Answer("li_clusters", "li_review")


def _identified(feed: Feed, question: Question) -> str:
    has = {field_ for field_, _ in feed.columns}
    parts = [key for key in question.definition.keys if key in has]
    texts = [f"CAST({name(part)} AS VARCHAR)" for part in parts]
    whole = " || '|' || ".join(texts) if len(parts) == len(question.definition.keys) else "CAST(NULL AS VARCHAR)"
    records = name(question.records[feed.name])
    return f"SELECT {literal(feed.name)} AS feed, _key AS key, {whole} AS identity FROM {records}"


def _scope(question: Question) -> str:
    if not question.changed:
        return "SELECT feed, key FROM li_all"
    changed, links, decisions = question.changed, question.links, question.decisions
    # What changed, who has the same identity now, whom a decision ties to them, and all of their entities as they were.
    near = (
        f"SELECT a.feed, a.key FROM li_all AS a JOIN {changed} AS c ON c.feed = a.feed AND c.key = a.key "
        f"UNION SELECT o.feed, o.key FROM li_all AS a JOIN {changed} AS c ON c.feed = a.feed AND c.key = a.key "
        "JOIN li_all AS o ON o.identity = a.identity"
    )
    tied = (
        f"SELECT feed, key FROM ({near}) AS n0 "
        f"UNION SELECT d.right_feed, d.right_key FROM {decisions} AS d JOIN ({near}) AS n1 "
        "ON n1.feed = d.left_feed AND n1.key = d.left_key WHERE d.verdict = 'same' "
        f"UNION SELECT d.left_feed, d.left_key FROM {decisions} AS d JOIN ({near}) AS n2 "
        "ON n2.feed = d.right_feed AND n2.key = d.right_key WHERE d.verdict = 'same'"
    )
    whole = (
        f"SELECT l.feed, l.key FROM {links} AS l WHERE l.entity_id IN "
        f"(SELECT m.entity_id FROM {links} AS m JOIN ({tied}) AS t ON t.feed = m.feed AND t.key = m.key "
        f"UNION SELECT g.entity_id FROM {links} AS g JOIN {changed} AS x ON x.feed = g.feed AND x.key = g.key)"
    )
    return (
        f"SELECT DISTINCT w.feed, w.key FROM ({tied} UNION {whole}) AS w "
        "JOIN li_all AS there ON there.feed = w.feed AND there.key = w.key"
    )


def _join_labels(engine: Engine) -> None:
    """Make ``li_joined``: for each label that a decision ties to another, the smallest label it is tied to."""
    pairs = engine.rows("SELECT DISTINCT one, other FROM li_edges")
    parent: dict[str, str] = {}

    def root(label: str) -> str:
        while parent.setdefault(label, label) != label:
            parent[label] = parent[parent[label]]
            label = parent[label]
        return label

    for one, other in pairs:
        first, second = sorted((root(one), root(other)))
        parent[second] = first
    labels = sorted(parent)
    engine.attach_rows(
        "li_joined",
        pa.table(
            {"label": pa.array(labels, pa.string()), "root": pa.array([root(one) for one in labels], pa.string())}
        ),
    )
