"""Puts together the SELECTs over more than one row: a stretch of rows in an order, and many keys at once.

As in ``statement``: names are quoted and come from a signed order, values are parameters.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from jutong.node.live.source import PointQuery, RangeQuery
from jutong.node.live.statement import Builder, Dialect, Statement

ORDINAL = "jutong_o"
"""Names the number of a key inside a statement; no table has a column of this name."""
KEY = "jutong_k"


def columns_of(query: PointQuery | RangeQuery) -> set[str]:
    """Return every column a query names."""
    placed = query.lookup if isinstance(query, PointQuery) else query.order
    return {*query.columns, *placed, *(one.column for one in query.conditions)}


def table_of(query: PointQuery | RangeQuery, dialect: Dialect) -> str:
    """Return the quoted table of a query."""
    quote = dialect.quote
    return f"{quote(query.schema)}.{quote(query.table)}" if query.schema else quote(query.table)


def build_range(query: RangeQuery, dialect: Dialect) -> Statement:
    """Return the statement of a stretch of rows; all its parameters are constants.

    Raises:
        ValueError: if a condition does not make sense, or nothing orders the rows.
    """
    if not query.order or not query.columns:
        raise ValueError("a stretch of rows has an order and reads a column")
    builder = Builder(dialect)
    where = [builder.condition(condition) for condition in query.conditions]
    where += [f"{dialect.quote(column)} IS NOT NULL" for column in query.order]
    if query.after is not None:
        where.append(_behind(builder, query.order, query.after))
    columns = ", ".join(dialect.quote(column) for column in query.columns)
    order = ", ".join(dialect.quote(column) for column in query.order)
    table = table_of(query, dialect)
    sql = f"SELECT {columns} FROM {table} WHERE {' AND '.join(where)} ORDER BY {order} LIMIT {int(query.limit)}"  # noqa: S608 - quoted names
    return Statement(sql, tuple(builder.constants), dialect.repeats)


def _behind(builder: Builder, order: Sequence[str], place: Sequence[Any]) -> str:
    """Return the condition of what follows a place. Its first part lets the database begin in its index."""
    column, value = order[0], place[0]
    later = builder.compared(column, ">", value)
    if len(order) == 1:
        return later
    same = builder.compared(column, "=", value)
    rest = _behind(builder, order[1:], place[1:])
    begin = builder.compared(column, ">=", value)
    return f"(({later} OR ({same} AND {rest})) AND {begin})"


def _aliased(query: PointQuery, dialect: Dialect) -> tuple[str, str]:
    """Return the columns with a name each, for a table may be asked for one of them twice, and those names."""
    inner = ", ".join(f"{dialect.quote(column)} AS c{at}" for at, column in enumerate(query.columns))
    return inner, ", ".join(f"c{at}" for at in range(len(query.columns)))


def build_lateral(query: PointQuery, dialect: Dialect) -> Statement:
    """Return the statement for many keys as PostgreSQL reads it: one array of texts for each look-up column."""
    builder = Builder(dialect)
    arrays = ", ".join(f"{builder.next_mark()}::text[]" for _ in query.lookup)
    names = ", ".join(f"{KEY}{at}" for at in range(len(query.lookup)))
    where = [dialect.compare(column, "=", f"keys.{KEY}{at}") for at, column in enumerate(query.lookup)]
    where += [builder.condition(condition) for condition in query.conditions]
    inner, outer = _aliased(query, dialect)
    sql = (
        f"SELECT {ORDINAL} - 1, {outer} FROM unnest({arrays}) WITH ORDINALITY AS keys({names}, {ORDINAL})"  # noqa: S608 - quoted names
        f" CROSS JOIN LATERAL (SELECT {inner} FROM {table_of(query, dialect)}"
        f" WHERE {' AND '.join(where)} LIMIT {int(query.limit)}) AS found"
    )
    return Statement(sql, tuple(builder.constants))


def build_json(query: PointQuery, dialect: Dialect) -> Statement:
    """Return the statement for many keys as SQLite reads it: one JSON list of lists of texts."""
    builder = Builder(dialect)
    given = ", ".join(f"json_extract(value, '$[{at}]') AS {KEY}{at}" for at in range(len(query.lookup)))
    keys = f"(SELECT key AS {ORDINAL}, {given} FROM json_each({builder.next_mark()})) AS keys"  # noqa: S608 - names and marks only
    where = [dialect.compare(column, "=", f"keys.{KEY}{at}") for at, column in enumerate(query.lookup)]
    where += [builder.condition(condition) for condition in query.conditions]
    inner, outer = _aliased(query, dialect)
    sql = (
        f"SELECT {ORDINAL}, {outer} FROM (SELECT keys.{ORDINAL}, {inner},"  # noqa: S608 - quoted names
        f" row_number() OVER (PARTITION BY keys.{ORDINAL}) AS place"
        f" FROM {keys} CROSS JOIN {table_of(query, dialect)} WHERE {' AND '.join(where)})"
        f" WHERE place <= {int(query.limit)}"
    )
    return Statement(sql, tuple(builder.constants))


def build_cases(query: PointQuery, dialect: Dialect, keys: Sequence[Sequence[str]]) -> Statement:
    """Return the statement for many keys as MySQL reads it, the keys among its constants.

    A joined list of keys would have a collation of its own, which MySQL may refuse to compare with the column's.
    """
    builder = Builder(dialect)
    cases = " ".join(f"WHEN {_is(builder, query, key)} THEN {number}" for number, key in enumerate(keys))
    either = " OR ".join(_is(builder, query, key) for key in keys)
    where = [f"({either})", *(builder.condition(condition) for condition in query.conditions)]
    inner, outer = _aliased(query, dialect)
    sql = (
        f"SELECT {ORDINAL}, {outer} FROM (SELECT {ORDINAL}, {outer},"  # noqa: S608 - quoted names
        f" row_number() OVER (PARTITION BY {ORDINAL}) AS place FROM (SELECT CASE {cases} END AS {ORDINAL}, {inner}"
        f" FROM {table_of(query, dialect)} WHERE {' AND '.join(where)}) AS found) AS counted"
        f" WHERE place <= {int(query.limit)}"
    )
    return Statement(sql, tuple(builder.constants), dialect.repeats)


def _is(builder: Builder, query: PointQuery, key: Sequence[str]) -> str:
    parts = [builder.compared(column, "=", value) for column, value in zip(query.lookup, key, strict=True)]
    return "(" + " AND ".join(parts) + ")"
