"""What a move will read and as what, decided from the source's catalog before the first row is touched."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import pyarrow as pa

from jutong.contracts.orders import JobOrder
from jutong.node.connectors.errors import TableMissingError
from jutong.node.exchange.errors import ColumnsChangedError, OrderUnfitError, TypeUnsupportedError

MAX_COLUMNS = 300
_UNFIT_IN_NAMES = set(" ,;{}()\n\t=")
"""Characters that Delta tables do not take in the name of a column."""

Array: TypeAlias = "pa.Array[Any]"


@dataclass(frozen=True)
class CatalogColumn:
    """A column as the source's catalog has it; ``kind`` is the type's family where the name does not tell."""

    name: str
    type: str
    kind: str = ""


@dataclass(frozen=True)
class Mapping:
    """How a type travels.

    ``expression`` is the SQL that reads it, with ``{}`` for the quoted column; ``read_as`` is the Arrow type the
    driver must deliver, ``arrow`` the type it has in the library, ``convert`` the step between the two.
    """

    expression: str
    read_as: pa.DataType
    arrow: pa.DataType
    convert: Callable[[Array, PlannedColumn], Array]


@dataclass(frozen=True)
class PlannedColumn:
    """A column of the move."""

    name: str
    type: str
    mapping: Mapping


@dataclass(frozen=True)
class MovePlan:
    """A whole move: from where, which columns, into which schema."""

    source: str
    schema_name: str
    table: str
    columns: tuple[PlannedColumn, ...]

    @property
    def schema(self) -> pa.Schema:
        """The Arrow schema of the table in the library; every column may be null there."""
        return pa.schema([pa.field(column.name, column.mapping.arrow) for column in self.columns])

    def convert(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Bring a batch as the driver delivered it to the library's types.

        Raises:
            ColumnsChangedError: when the driver delivers another type than the catalog promised.
            ValueUnfitError: when a value has no faithful form.
        """
        arrays = []
        for array, column in zip(batch.columns, self.columns, strict=True):
            plain = array.storage if isinstance(array, pa.ExtensionArray) else array
            if plain.type != column.mapping.read_as:
                change = f"{column.name}: {column.mapping.read_as} -> {plain.type}"
                raise ColumnsChangedError(source=self.source, table=self.table, change=change)
            arrays.append(column.mapping.convert(plain, column))
        return pa.RecordBatch.from_arrays(arrays, schema=self.schema)


def plan_move(
    order: JobOrder, catalog: Sequence[CatalogColumn], mapping_of: Callable[[CatalogColumn], Mapping | None]
) -> MovePlan:
    """Match the order with what the source's catalog has.

    Args:
        order: what to move.
        catalog: the table's readable columns; empty when there is no such table.
        mapping_of: the dialect's types; None for a type that cannot travel.

    Raises:
        TableMissingError: when the catalog knows no column.
        OrderUnfitError: when the order names no column, one twice, or one the library cannot hold.
        ColumnsChangedError: when an ordered column is gone.
        TypeUnsupportedError: naming every column whose type cannot travel.
    """
    table = f"{order.schema_name}.{order.table}" if order.schema_name else order.table
    if not catalog:
        raise TableMissingError(source=order.source, table=table)
    check_names(order.columns)
    known = {column.name: column for column in catalog}
    if gone := [name for name in order.columns if name not in known]:
        raise ColumnsChangedError(source=order.source, table=table, change=f"-{', -'.join(gone)}")
    found = [(known[name], mapping_of(known[name])) for name in order.columns]
    if unfit := [f"{column.name}（{column.type}）" for column, mapping in found if mapping is None]:
        raise TypeUnsupportedError(table=table, columns="、".join(unfit))
    columns = tuple(
        PlannedColumn(column.name, column.type, mapping) for column, mapping in found if mapping is not None
    )
    return MovePlan(order.source, order.schema_name, order.table, columns)


def check_names(names: Sequence[str]) -> None:
    """Check names of columns a table of the library is to have.

    Raises:
        OrderUnfitError: when there is none, one twice, or one the library cannot hold.
    """
    if not names or len(names) > MAX_COLUMNS:
        raise OrderUnfitError(what="字段", found=f"{len(names)}（1–{MAX_COLUMNS}）")
    seen: set[str] = set()
    for name in names:
        if not name or _UNFIT_IN_NAMES & set(name):
            raise OrderUnfitError(what="字段名", found=repr(name))
        if name.lower() in seen:  # Delta tells columns apart without regard to case
            raise OrderUnfitError(what="字段名", found=f"{name} ×2")
        seen.add(name.lower())
