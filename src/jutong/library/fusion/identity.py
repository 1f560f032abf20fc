"""Which entity a group of records is: identifiers that stay, and what is told when groups change.

An entity goes where most of its records went. Of several that went to one group the one with most records there
names it, and the others were merged into it. A group no entity went to gets a new identifier, and if its records came
from an entity, that one was split. A record that comes back finds its entity again if nobody is it now.

New identifiers are a digest of the fusion's salt, the group's first record and how many entities that record was of
before: the same changes give the same identifiers, whether all records were looked at or only those that changed.
"""

# ruff: noqa: S608 - names are quoted and values literals, by engine.sql

from __future__ import annotations

from jutong.contracts.library import Entity
from jutong.library.engine import Engine
from jutong.library.engine.sql import literal, name
from jutong.library.fusion.errors import MergeCycleError
from jutong.library.fusion.survivorship import Plan

PREFIX: dict[Entity, str] = {
    "person": "P", "organisation": "O", "household": "H", "place": "L", "certificate": "C", "": "E",
}  # fmt: skip
DIGITS = 20


def assign(engine: Engine, plan: Plan, *, clusters: str, links: str, salt: str) -> None:
    """Give each group of records its entity.

    Leaves in the engine ``fu_assigned`` (``feed``, ``key``, ``entity_id``, ``how``), ``fu_before`` (``entity_id`` for
    each record of ``clusters`` or gone, as it was) and ``fu_fates`` (``entity_id``, ``event``, ``other_id``).

    Args:
        engine: where.
        plan: the rules.
        clusters: ``feed``, ``key``, ``cluster``, ``how``.
        links: the table of links as it stands, ended ones too.
        salt: of this fusion.
    """
    engine.keep(
        "fu_mine",
        f"SELECT l.* FROM {links} AS l JOIN (SELECT feed, key FROM {clusters} UNION ALL "
        "SELECT feed, key FROM fu_gone) AS c ON c.feed = l.feed AND c.key = l.key",
    )
    engine.keep(
        "id_alive",
        f"SELECT DISTINCT entity_id FROM {links} WHERE until IS NULL AND entity_id IN "
        "(SELECT entity_id FROM fu_mine WHERE until IS NOT NULL)",
    )
    # Each record's entity: the one it is of, else the last it was of if that one has no record now.
    engine.keep(
        "id_was",
        "SELECT feed, key, entity_id, since, alive FROM ("
        "SELECT l.feed, l.key, l.entity_id, l.since, CASE WHEN l.until IS NULL THEN 1 ELSE 0 END AS alive, "
        "row_number() OVER (PARTITION BY l.feed, l.key ORDER BY CASE WHEN l.until IS NULL THEN 0 ELSE 1 END, "
        "l.since DESC) AS nth, a.entity_id AS living "
        "FROM fu_mine AS l LEFT JOIN id_alive AS a ON a.entity_id = l.entity_id) AS w "
        "WHERE nth = 1 AND (alive = 1 OR living IS NULL)",
    )
    engine.keep(
        "id_meets",
        "SELECT w.entity_id, c.cluster, count(*) AS records, min(c.feed || ':' || c.key) AS first, "
        "min(w.since) AS since, max(w.alive) AS alive FROM "
        f"{clusters} AS c JOIN id_was AS w ON w.feed = c.feed AND w.key = c.key GROUP BY w.entity_id, c.cluster",
    )
    engine.keep(
        "id_goes",
        "SELECT * FROM (SELECT *, row_number() OVER (PARTITION BY entity_id ORDER BY records DESC, first) AS nth "
        "FROM id_meets) AS m WHERE nth = 1",
    )
    engine.keep(
        "id_names",
        "SELECT cluster, entity_id, alive FROM (SELECT *, row_number() OVER (PARTITION BY cluster "
        "ORDER BY alive DESC, records DESC, since, entity_id) AS best FROM id_goes) AS g WHERE best = 1",
    )
    engine.keep("id_new", _new(plan, clusters, salt))
    engine.keep(
        "fu_assigned",
        "SELECT c.feed, c.key, COALESCE(n.entity_id, w.entity_id) AS entity_id, c.how "
        f"FROM {clusters} AS c LEFT JOIN id_names AS n ON n.cluster = c.cluster "
        "LEFT JOIN id_new AS w ON w.cluster = c.cluster",
    )
    engine.keep("fu_fates", _fates())


def _new(plan: Plan, clusters: str, salt: str) -> str:
    prefix = literal(PREFIX[plan.definition.entity])
    first = (
        "SELECT cluster, feed, key FROM (SELECT c.cluster, c.feed, c.key, row_number() OVER "
        "(PARTITION BY c.cluster ORDER BY c.feed, c.key) AS nth "
        f"FROM {clusters} AS c LEFT JOIN id_names AS n ON n.cluster = c.cluster WHERE n.cluster IS NULL) AS f "
        "WHERE nth = 1"
    )
    earlier = "SELECT feed, key, count(DISTINCT entity_id) AS times FROM fu_mine GROUP BY feed, key"
    named = f"{literal(salt)} || ':' || f.feed || ':' || f.key || ':' || CAST(COALESCE(e.times, 0) AS VARCHAR)"
    return (
        f"SELECT f.cluster, {prefix} || upper(substr(md5({named}), 1, {DIGITS})) AS entity_id "
        f"FROM ({first}) AS f LEFT JOIN ({earlier}) AS e ON e.feed = f.feed AND e.key = f.key"
    )


def _fates() -> str:
    """Return what became of entities: merged, split, gone, returned."""
    touched = "SELECT DISTINCT entity_id FROM fu_mine WHERE until IS NULL"
    merged = (
        "SELECT g.entity_id, 'merged' AS event, n.entity_id AS other_id FROM id_goes AS g "
        "JOIN id_names AS n ON n.cluster = g.cluster WHERE g.alive = 1 AND n.entity_id <> g.entity_id"
    )
    split = (
        "SELECT w.entity_id, 'split' AS event, m.entity_id AS other_id FROM id_new AS w JOIN "
        "(SELECT *, row_number() OVER (PARTITION BY cluster ORDER BY records DESC, entity_id) AS most "
        "FROM id_meets WHERE alive = 1) AS m ON m.cluster = w.cluster AND m.most = 1"
    )
    gone = (
        f"SELECT t.entity_id, 'gone' AS event, '' AS other_id FROM ({touched}) AS t "
        "LEFT JOIN id_goes AS g ON g.entity_id = t.entity_id WHERE g.entity_id IS NULL"
    )
    returned = "SELECT entity_id, 'returned' AS event, '' AS other_id FROM id_names WHERE alive = 0"
    return f"{merged} UNION ALL {split} UNION ALL {gone} UNION ALL {returned}"


def links_sql(now: str) -> str:
    """Return the rows of links that are new or other than before: those that end, begin, or are held otherwise."""
    columns = "entity_id, feed, key, since, until, how"
    ended = (
        f"SELECT l.entity_id, l.feed, l.key, l.since, {now} AS until, l.how FROM fu_mine AS l "
        "LEFT JOIN fu_assigned AS a ON a.feed = l.feed AND a.key = l.key AND a.entity_id = l.entity_id "
        "WHERE l.until IS NULL AND a.key IS NULL"
    )
    begun = (
        f"SELECT a.entity_id, a.feed, a.key, COALESCE(l.since, {now}) AS since, "
        "CAST(NULL AS TIMESTAMPTZ) AS until, a.how FROM fu_assigned AS a "
        "LEFT JOIN (SELECT * FROM fu_mine WHERE until IS NULL) AS l "
        "ON l.feed = a.feed AND l.key = a.key AND l.entity_id = a.entity_id WHERE l.key IS NULL OR l.how <> a.how"
    )
    return f"SELECT {columns} FROM ({ended} UNION ALL {begun}) AS changed"


def followed(engine: Engine, history: str, entity_id: str) -> str:
    """Return who an entity is now: itself, or what it was merged into, and that into what, to the end.

    Args:
        engine: where the history is attached.
        history: its name.
        entity_id: as it was known once.

    Raises:
        MergeCycleError: the history leads back to where it began.
    """
    seen = [entity_id]
    while into := engine.rows(
        f"SELECT other_id FROM {name(history)} WHERE event = 'merged' AND entity_id = {literal(seen[-1])} "
        f'ORDER BY "at" DESC LIMIT 1'
    ):
        if into[0][0] in seen:
            raise MergeCycleError(entity=entity_id[:64])
        seen.append(into[0][0])
    return seen[-1]


def code_changes(plan: Plan, before: str) -> str:
    """Return the entities whose identity fields or state are others than before: columns of the history."""
    parts = []
    for field in plan.spec.identity:
        column = name(field)
        parts.append(
            f"SELECT n.entity_id, 'code-changed' AS event, '' AS other_id, {literal(field)} AS field, "
            f"CAST(o.{column} AS VARCHAR) AS was, CAST(n.{column} AS VARCHAR) AS became FROM fu_golden AS n "
            f"JOIN {before} AS o ON o.entity_id = n.entity_id WHERE o.{column} <> n.{column}"
        )
    parts.append(
        "SELECT n.entity_id, 'state' AS event, '' AS other_id, '_state' AS field, o._state AS was, "
        f"n._state AS became FROM fu_golden AS n JOIN {before} AS o ON o.entity_id = n.entity_id "
        "WHERE o._state <> n._state"
    )
    return " UNION ALL ".join(parts)
