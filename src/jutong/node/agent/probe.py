"""Tries a grant on its table before the first call: it must be there, hold every column, and be quick to look up."""

from __future__ import annotations

import asyncio

from jutong.kernel.errors import JutongError
from jutong.kernel.i18n import gettext_noop
from jutong.node.connectors.errors import FolderMissingError, PlaceUnreachableError
from jutong.node.errors import ExplainedError, SourceSlowError, SourceUnavailableError, WayUnservedError
from jutong.node.grants import Grant
from jutong.node.live.pool import Sources
from jutong.node.live.source import BulkSource, LiveSource, ProbedTable, RangeQuery

LARGEST_UNINDEXED = 100_000
"""Rows up to which a look-up column may do without an index; beyond, each call would read the whole table."""


_POINTED = frozenset({"query", "verify", "batch"})
_ORDERED = frozenset({"page", "changes", "file"})


class BindingUnfitError(ExplainedError):
    """The table a grant is bound to cannot serve it."""

    code = "node.binding.unfit"
    http_status = 422
    message = gettext_noop("挂接的表不能供数：{problem}。")
    next_step = gettext_noop("请数源部门修正表或挂接后，重新下达授权。")


def unfit(grant: Grant, table: ProbedTable) -> BindingUnfitError | None:
    """Return why a table cannot serve a grant, or None."""
    order = grant.order
    columns = [item.column for item in (*order.lookup, *order.fields)] + [one.column for one in order.conditions]
    columns += [*order.order_columns, *grant.fresh]
    missing = sorted({column for column in columns if column not in table.columns})
    if missing:
        return BindingUnfitError(problem=gettext_noop("没有列{columns}"), columns="、".join(missing))
    if not order.lookup and _POINTED & set(order.ways):
        return BindingUnfitError(problem=gettext_noop("授权没有查询条件"))
    if not grant.key_columns or ("changes" in order.ways and not grant.fresh):
        return BindingUnfitError(problem=gettext_noop("授权没有排序列或更新时间列，不能分页或订阅变化"))
    return _slow(grant, table)


def _slow(grant: Grant, table: ProbedTable) -> BindingUnfitError | None:
    """Return why looking rows up would take too long, or None."""
    order = grant.order
    if not order.lookup:
        return None
    leading = any(item.column in table.indexed for item in order.lookup)
    if not leading and not table.is_view and table.row_estimate > LARGEST_UNINDEXED:
        column = order.lookup[0].column
        return BindingUnfitError(
            problem=gettext_noop("查询列{column}没有索引，而表约有{rows}行"), column=column, rows=table.row_estimate
        )
    return None


async def probe(grant: Grant, sources: Sources) -> str:
    """Return what keeps a grant from being served, or an empty text when it is ready.

    Raises:
        SourceUnavailableError, SourceSlowError: the database does not answer; that says nothing about the grant.
    """
    order = grant.order
    if order.kind != "table":
        return await asyncio.to_thread(_place_problem, grant, sources)
    try:
        source = sources.get(order.source)
        problem = unfit(grant, await source.probe(order.schema_name, order.table))
        if problem is not None:
            return problem.explain()
        # The real statement, with keys that fit no row.
        nobody = (None,) * len(order.lookup)
        if "query" in order.ways and grant.visible:
            await source.fetch(grant.plan(tuple(grant.visible)), nobody)
        if "verify" in order.ways and grant.claimable:
            await source.fetch(grant.plan(tuple(grant.claimable), verify=True), nobody)
        # Whole tables of the library go out by the sharing face, which reads their files and not the source.
        if grant.visible and sources.configs[order.source].dialect != "library":
            await _try_bulk(source, grant)
    except (SourceUnavailableError, SourceSlowError):
        raise
    except JutongError as error:
        return error.explain()
    except ValueError as error:
        return BindingUnfitError(problem=gettext_noop("授权的条件不成立（{reason}）"), reason=str(error)).explain()
    return ""


async def _try_bulk(source: LiveSource, grant: Grant) -> None:
    """Try what many rows are read by, with as few rows as can be.

    Raises:
        WayUnservedError: if the source only answers for one key at a time, and more was granted.
    """
    order, columns = grant.order, tuple(column.column for column in grant.visible.values())
    if "batch" in order.ways and isinstance(source, BulkSource):
        await source.fetch_many(grant.plan(tuple(grant.visible)), [])
    ways = [way for way in order.ways if way in _ORDERED]
    if ways:
        if not isinstance(source, BulkSource):
            raise WayUnservedError(source=order.source, way="、".join(ways))
        placed = (*grant.fresh, *grant.key_columns) if "changes" in ways else grant.key_columns
        places = tuple(dict.fromkeys(placed))
        await source.scan(RangeQuery(order.schema_name, order.table, columns, order.conditions, places, None, 1))


def _place_problem(grant: Grant, sources: Sources) -> str:
    # The probes bring a network client with them; a node that only serves tables does without.
    from jutong.node.connectors.check import reach  # noqa: PLC0415
    from jutong.node.sources import pick  # noqa: PLC0415

    order = grant.order
    try:
        reach(pick(sources.configs, order.source), order.kind, order.place)
    except (PlaceUnreachableError, FolderMissingError) as error:
        raise SourceUnavailableError(source=order.source) from error
    except JutongError as error:
        return error.explain()
    return ""
