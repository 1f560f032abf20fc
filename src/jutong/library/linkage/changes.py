"""What a change can reach: which pairs must be weighed anew, and whose cluster may be another than before."""

# ruff: noqa: S608 - names are this package's own

from __future__ import annotations

from typing import TYPE_CHECKING

from jutong.contracts.linkage import LinkModel, LinkSpec
from jutong.library.engine import Engine
from jutong.library.engine.sql import name
from jutong.library.linkage.certain import find_strays
from jutong.library.linkage.levels import identity_column
from jutong.library.linkage.pairs import PAIRS, Compared, find_pairs

if TYPE_CHECKING:
    from jutong.library.linkage.run import Before

ROUNDS = 40


def now_prepared(before: Before) -> str:
    """Return the SQL, in brackets, of all records as they stand now: those of before, and ``link_prepared`` anew."""
    return (
        f"(SELECT B.* FROM {name(before.prepared)} B LEFT JOIN {name(before.changed)} C "
        "ON C.feed = B.feed AND C.key = B.key WHERE C.key IS NULL UNION ALL SELECT * FROM link_prepared)"
    )


def weigh_changes(
    engine: Engine, spec: LinkSpec, model: LinkModel, before: Before, *, prepared: str, decisions: str
) -> Compared:
    """Keep ``link_touched`` (``feed``, ``key``, ``uid``) and ``link_pairs`` of what is touched.

    Touched is what changed or is gone, and whoever shares a number or a cluster with it, now or before: a number's
    records may stand for it or not by what the others say.
    """
    number = identity_column(spec)
    changed, clusters = name(before.changed), name(before.clusters)
    engine.keep(
        "link_old",
        f"SELECT DISTINCT K.cluster FROM {clusters} K JOIN {changed} C ON C.feed = K.feed AND C.key = K.key",
    )
    mates = (
        f"SELECT K.feed, K.key FROM {clusters} K JOIN link_old O ON O.cluster = K.cluster "
        f"UNION SELECT feed, key FROM {changed}"
    )
    if number:
        mates += (
            f" UNION SELECT P.feed, P.key FROM {prepared} P "
            f"JOIN (SELECT DISTINCT {number} AS number FROM link_prepared "
            f"WHERE {number} IS NOT NULL) N ON N.number = P.{number}"
        )
    if decisions:
        # what was decided since the last time touches both records
        mates += (
            f" UNION SELECT P.feed, P.key FROM {prepared} P JOIN (SELECT l AS uid FROM {decisions} "
            f"UNION SELECT r FROM {decisions}) D ON D.uid = P.uid"
        )
    engine.keep("link_touched", f"SELECT feed, key, feed || '/' || key AS uid FROM ({mates}) M")
    engine.keep("link_mine", f"SELECT P.* FROM {prepared} P JOIN link_touched T ON T.uid = P.uid")
    find_strays(engine, spec, "link_mine", decisions)
    _candidates(engine, spec, prepared)
    return find_pairs(engine, spec, model, "link_candidates", "link_mine")


def _candidates(engine: Engine, spec: LinkSpec, prepared: str) -> None:
    """Keep ``link_candidates``: whoever agrees with a touched record in a block or a number, in one pass over all."""
    asked = [block.columns for block in spec.blocks]
    if number := identity_column(spec):
        asked.append((number,))
    joins, found = [], []
    for at, columns in enumerate(asked):
        there = " AND ".join(f"{one} IS NOT NULL" for one in columns)
        agree = " AND ".join(f"K{at}.{one} = P.{one}" for one in columns)
        joins.append(f"LEFT JOIN (SELECT DISTINCT {', '.join(columns)} FROM link_mine WHERE {there}) K{at} ON {agree}")
        found.append(f"K{at}.{columns[0]} IS NOT NULL")
    engine.keep("link_candidates", f"SELECT P.* FROM {prepared} P {' '.join(joins)} WHERE {' OR '.join(found)}")


def scope(engine: Engine, spec: LinkSpec, before: Before, prepared: str) -> None:
    """Keep what :func:`jutong.library.linkage.clusters.resolve` is to work on, and whose answer counts.

    ``link_answered`` (``uid``): records whose cluster may be another. ``link_scope``: these and whoever their questions
    are about, prepared; ``link_scope_pairs``: all pairs among them.
    """
    number = identity_column(spec)
    engine.keep("link_before", f"SELECT feed || '/' || key AS uid, cluster FROM {name(before.clusters)}")
    ends = "left_feed || '/' || left_key AS l, right_feed || '/' || right_key AS r, weight, levels"
    engine.keep(
        "link_all_pairs",
        f"SELECT B.* FROM (SELECT {ends} FROM {name(before.pairs)}) B LEFT JOIN link_touched L ON L.uid = B.l "
        "LEFT JOIN link_touched R ON R.uid = B.r WHERE L.uid IS NULL AND R.uid IS NULL "
        f"UNION ALL SELECT l, r, weight, levels FROM {PAIRS}",
    )
    # before: whoever had a pair with what is touched; now: whoever has
    engine.keep(
        "link_answered",
        f"SELECT uid FROM link_touched UNION SELECT B.r AS uid FROM (SELECT {ends} FROM {name(before.pairs)}) B "
        f"JOIN link_touched T ON T.uid = B.l UNION SELECT B.l FROM (SELECT {ends} FROM {name(before.pairs)}) B "
        f"JOIN link_touched T ON T.uid = B.r UNION SELECT l FROM {PAIRS} UNION SELECT r FROM {PAIRS}",
    )
    _close(engine, "link_answered", spec.match)
    engine.keep("link_near", f"SELECT uid FROM link_answered UNION {_neighbours('link_answered', None)}")
    _close(engine, "link_near", spec.match)
    engine.keep("link_scope", f"SELECT P.* FROM {prepared} P JOIN link_near N ON N.uid = P.uid")
    numbers = f"L.{number} AS l_number, R.{number} AS r_number" if number else "NULL AS l_number, NULL AS r_number"
    engine.keep(
        "link_scope_pairs",
        f"SELECT A.l, A.r, {numbers}, A.weight, A.levels FROM link_all_pairs A JOIN link_scope L ON L.uid = A.l "
        "JOIN link_scope R ON R.uid = A.r",
    )


def _neighbours(of: str, least: float | None) -> str:
    limit = f" WHERE A.weight >= {least}" if least is not None else ""
    return (
        f"SELECT A.r AS uid FROM link_all_pairs A JOIN {of} S ON S.uid = A.l{limit} UNION "
        f"SELECT A.l AS uid FROM link_all_pairs A JOIN {of} S ON S.uid = A.r{limit}"
    )


def _close(engine: Engine, table: str, least: float) -> None:
    """Add to records all that hang together with them by a matching pair or by their cluster of before."""
    engine.keep("link_frontier", f"SELECT uid FROM {table}")
    for _ in range(ROUNDS):
        engine.keep(
            "link_reached",
            f"{_neighbours('link_frontier', least)} UNION SELECT M.uid FROM link_before M "
            "JOIN (SELECT DISTINCT B.cluster "
            "FROM link_before B JOIN link_frontier F ON F.uid = B.uid) K ON K.cluster = M.cluster",
        )
        engine.keep(
            "link_frontier",
            f"SELECT R.uid FROM link_reached R LEFT JOIN {table} T ON T.uid = R.uid WHERE T.uid IS NULL",
        )
        if not engine.rows("SELECT count(*) FROM link_frontier")[0][0]:
            return
        engine.keep(table, f"SELECT uid FROM {table} UNION SELECT uid FROM link_frontier")
