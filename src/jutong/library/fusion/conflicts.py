"""Which conflicts begin, go on and end with a fusion, and how many there are."""

# ruff: noqa: S608 - names are quoted and values literals, by engine.sql

from __future__ import annotations

from datetime import datetime

from jutong.contracts.fusion import ConflictCount
from jutong.library.engine import Engine
from jutong.library.engine.sql import literal
from jutong.library.fusion.survivorship import Plan


def follow(engine: Engine, plan: Plan, *, salt: str, moment: datetime) -> None:
    """Make ``fu_conflicts_new``: rows of the conflicts' table that begin, go on otherwise, or end.

    A conflict is one record's about one field. It keeps its id until the record says the same as the golden record
    (``healed``), is gone (``gone``), or turns out to be another's (``settled``).
    """
    now = literal(moment)
    feeds = " ".join(f"WHEN {number} THEN {literal(feed.name)}" for number, feed in enumerate(plan.feeds))
    engine.keep(
        "co_found",
        f"SELECT entity_id, field, CASE fno {feeds} END AS feed, key, value, changed, "
        f"CASE b_fno {feeds} END AS believed_feed, b_key AS believed_key, b_value AS believed, "
        "b_changed AS believed_changed, cause, clue, suggestion FROM fu_conflicts_found",
    )
    engine.keep(
        "co_open",
        "SELECT o.*, a.entity_id AS entity_now, CASE WHEN g.key IS NULL THEN 0 ELSE 1 END AS gone "
        "FROM fu_conflicts AS o LEFT JOIN fu_assigned AS a ON a.feed = o.feed AND a.key = o.key "
        "LEFT JOIN fu_gone AS g ON g.feed = o.feed AND g.key = o.key "
        "WHERE o.until IS NULL AND (a.key IS NOT NULL OR g.key IS NOT NULL)",
    )
    begun = literal(f"{salt}:{int(moment.timestamp() * 1_000_000)}:")  # engines write instants differently
    named = f"md5({begun} || f.field || ':' || f.feed || ':' || f.key)"
    found = (
        f"SELECT COALESCE(o.conflict_id, {named}) AS conflict_id, f.entity_id, f.field, f.feed, f.key, f.value, "
        "f.changed, f.believed_feed, f.believed_key, f.believed, f.believed_changed, f.cause, f.clue, f.suggestion, "
        f"COALESCE(o.since, {now}) AS since, CAST(NULL AS TIMESTAMPTZ) AS until, '' AS closed FROM co_found AS f "
        "LEFT JOIN co_open AS o ON o.field = f.field AND o.feed = f.feed AND o.key = f.key"
    )
    ended = (
        "SELECT o.conflict_id, o.entity_id, o.field, o.feed, o.key, o.value, o.changed, o.believed_feed, "
        "o.believed_key, o.believed, o.believed_changed, o.cause, o.clue, o.suggestion, o.since, "
        f"{now} AS until, CASE WHEN o.gone = 1 THEN 'gone' WHEN o.entity_now <> o.entity_id THEN 'settled' "
        "ELSE 'healed' END AS closed FROM co_open AS o "
        "LEFT JOIN co_found AS f ON f.field = o.field AND f.feed = o.feed AND f.key = o.key WHERE f.key IS NULL"
    )
    engine.keep("fu_conflicts_new", f"{found} UNION ALL {ended}")


def count(engine: Engine, plan: Plan, *, now: str) -> tuple[ConflictCount, ...]:
    """Return how many conflicts there are after this fusion, by field, department and whom was believed."""
    whose = {feed.name: feed.organisation_code for feed in plan.feeds}
    columns = "field, feed, believed_feed, cause"
    rows = engine.rows(
        f"SELECT {columns}, sum(CASE WHEN until IS NULL THEN 1 ELSE 0 END), "
        f"sum(CASE WHEN since = {now} THEN 1 ELSE 0 END), sum(CASE WHEN until = {now} THEN 1 ELSE 0 END) "
        f"FROM (SELECT {columns}, since, until FROM fu_conflicts_new UNION ALL "
        f"SELECT {columns}, since, until FROM fu_conflicts WHERE until IS NULL "
        f"AND conflict_id NOT IN (SELECT conflict_id FROM fu_conflicts_new)) AS c GROUP BY {columns}"
    )
    counts: dict[tuple[str, str, str, str], tuple[int, int, int]] = {}
    for field, feed, believed, cause, *told in rows:
        key = (field, whose.get(feed, feed), whose.get(believed, believed), cause)
        was = counts.get(key, (0, 0, 0))
        counts[key] = (was[0] + int(told[0]), was[1] + int(told[1]), was[2] + int(told[2]))
    return tuple(
        ConflictCount(
            field=field, organisation_code=code, believed_code=believed, cause=cause, open=left, opened=opened,
            closed=closed,
        )
        for (field, code, believed, cause), (left, opened, closed) in sorted(counts.items())
    )  # fmt: skip
