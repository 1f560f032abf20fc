"""Departments' databases as their nodes report them: names of tables and columns, no address, no row."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from ninja import Path, Router

from jutong.api.door import ApiRequest, asks
from jutong.api.shapes.common import PageOut
from jutong.api.types import Out
from jutong.center.fleet import queries
from jutong.center.fleet.actions import order_inventory
from jutong.center.fleet.models import Source
from jutong.center.org.actor import Actor
from jutong.center.org.permissions import Permission
from jutong.kernel.errors import NotFoundError

router = Router(tags=["数据源 sources"])
Name = Annotated[str, Path(max_length=64, description="数据源名称 · name of the source")]


class SourceOut(Out):
    """A source and how it is."""

    name: str
    node: str
    dialect: str
    organisation_code: str
    is_ok: bool
    problem: str
    table_count: int
    inventoried_at: datetime | None
    seen_at: datetime


class ColumnOut(Out):
    """A column as the database names it."""

    name: str
    type: str


class TableOut(Out):
    """A table found by introspection."""

    schema_name: str
    name: str
    row_estimate: int
    columns: list[ColumnOut]


class InventoryOut(SourceOut):
    """A source with its tables."""

    tables: list[TableOut]


def source_out(row: Source) -> SourceOut:
    """Return a source as answers show it."""
    return SourceOut(
        name=row.name,
        node=row.node_id,
        dialect=row.dialect,
        organisation_code=row.organisation.code,
        is_ok=row.is_ok,
        problem=row.problem,
        table_count=len(row.tables),
        inventoried_at=row.inventoried_at,
        seen_at=row.seen_at,
    )


def _table(row: dict[str, Any]) -> TableOut:
    columns = [ColumnOut(name=column["name"], type=str(column.get("type", ""))) for column in row["columns"]]
    return TableOut(
        schema_name=row["schema_name"], name=row["name"], row_estimate=row.get("row_estimate", 0), columns=columns
    )


def _found(actor: Actor, name: str) -> Source:
    for row in queries.sources(actor):
        if row.name == name:
            return row
    raise NotFoundError(what=name)


@router.get(
    "",
    operation_id="listSources",
    summary="数据源列表 · sources",
    **asks(Permission.FLEET_SOURCE_VIEW, PageOut[SourceOut]),
)
def list_sources(request: ApiRequest) -> PageOut[SourceOut]:
    """Return the sources the caller may see: a department its own, the system administrator all."""
    return PageOut(rows=[source_out(row) for row in queries.sources(request.auth.actor)], next="")


@router.get(
    "/{name}",
    operation_id="getSource",
    summary="一个数据源的库表 · the tables of one source",
    **asks(Permission.FLEET_SOURCE_VIEW, InventoryOut, 404, 422),
)
def get_source(request: ApiRequest, name: Name) -> InventoryOut:
    """Return the tables and columns its node last reported."""
    row = _found(request.auth.actor, name)
    return InventoryOut(**dict(source_out(row)), tables=[_table(table) for table in row.tables])


@router.post(
    "/{name}/inventory",
    operation_id="orderInventory",
    summary="重新盘点 · order the node to look again",
    **asks(Permission.FLEET_SOURCE_INTROSPECT, SourceOut, 404, 422, status=202),
)
def inventory(request: ApiRequest, name: Name) -> SourceOut:
    """Order the node to list tables and columns again; ``inventoried_at`` moves on when its receipt is here."""
    caller = request.auth
    row = _found(caller.actor, name)
    order_inventory(source=row, by=caller.actor, now=caller.now)
    return source_out(row)
