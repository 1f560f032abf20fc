"""What a table takes when rows come with other columns than it has."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
from deltalake import DeltaTable

from jutong.contracts.modes import DELETED, FROM, TO, DifferenceMode, MergeMode, Mode
from jutong.library.errors import KeyUnfitError, ModeUnfitError, SchemaDriftError

OWN = (FROM, TO, DELETED)
_MOMENT = pa.timestamp("us", tz="UTC")


@dataclass(frozen=True)
class Agreed:
    """What a table will be: the source's columns in it, our own behind them, and which columns drifted.

    ``told`` has a sign before each column: ``+`` is new, ``-`` is missing, ``~`` has another type.
    """

    columns: pa.Schema
    own: tuple[str, ...]
    told: tuple[str, ...] = ()

    @property
    def schema(self) -> pa.Schema:
        """The schema of the table's files."""
        return pa.schema([*self.columns, *(pa.field(name, _MOMENT) for name in self.own)])


def agree(table: pa.Schema | None, arriving: pa.Schema, mode: Mode, name: str) -> Agreed:
    """Decide what a table becomes when rows arrive.

    Args:
        table: what it is, None when there is none yet.
        arriving: what the rows are.
        mode: what the order says about drift, keys and history.
        name: of the table, for messages.

    Raises:
        SchemaDriftError: when the columns differ and the order does not allow it.
        ModeUnfitError: when the table has history and the mode keeps none, or the other way about.
        KeyUnfitError: when a key cannot be one.
    """
    if taken := [column for column in arriving.names if column in OWN]:
        raise SchemaDriftError(table=name, columns="、".join(taken))
    had = tuple(column for column in OWN if table is not None and column in table.names)
    own = _own(had, mode, name)
    if table is None:
        agreed = Agreed(arriving, own)
    else:
        agreed = _drifted(pa.schema([field for field in table if field.name not in OWN]), arriving, mode, name, own)
    for key in mode.keys if isinstance(mode, MergeMode | DifferenceMode) else ():
        if key not in agreed.columns.names or key not in arriving.names:
            raise KeyUnfitError(column=key, kind="-")
        kind = agreed.columns.field(key).type
        if pa.types.is_floating(kind):
            raise KeyUnfitError(column=key, kind=str(kind))
    return agreed


def check_replaced(path: Path) -> None:
    """Refuse to replace a table that keeps history by an order that does not speak of it.

    Raises:
        ModeUnfitError: naming what would be lost.
    """
    if not DeltaTable.is_deltatable(str(path)):
        return
    had = [field.name for field in DeltaTable(str(path)).schema().fields if field.name in OWN]
    if had:
        raise ModeUnfitError(table="/".join(path.parts[-2:]), had="、".join(had))


def _own(had: tuple[str, ...], mode: Mode, name: str) -> tuple[str, ...]:
    keeps = isinstance(mode, MergeMode | DifferenceMode) and mode.history
    if (TO in had) != keeps and had:
        raise ModeUnfitError(table=name, had="、".join(had))
    if keeps:
        return (FROM, TO)
    if isinstance(mode, DifferenceMode) and mode.deletes == "soft":
        return (DELETED,)
    return had


def _drifted(table: pa.Schema, arriving: pa.Schema, mode: Mode, name: str, own: tuple[str, ...]) -> Agreed:
    new = [field for field in arriving if field.name not in table.names]
    gone = [field.name for field in table if field.name not in arriving.names]
    other = [field for field in table if field.name in arriving.names and arriving.field(field.name).type != field.type]
    told = (*(f"+{field.name}" for field in new), *(f"-{one}" for one in gone), *(f"~{field.name}" for field in other))
    if not told:
        return Agreed(table, own)
    wide = {field.name: _widest(field.type, arriving.field(field.name).type) for field in other}
    unfit = [column for column, kind in wide.items() if kind is None]
    lower = {column.lower() for column in table.names}
    unfit += [field.name for field in new if field.name.lower() in lower]
    # A type the table can hold anyway is no drift of the table, but the contract was about both.
    allowed = set(mode.approved) if mode.drift == "evolve" else set(gone) | {field.name for field in new}
    drifted = {field.name for field in new} | set(gone) | set(wide)
    if unfit or mode.drift == "freeze" or drifted - allowed:
        raise SchemaDriftError(table=name, columns="、".join(told))
    fields = [pa.field(field.name, wide.get(field.name) or field.type) for field in table]
    return Agreed(pa.schema([*fields, *(new if mode.drift == "evolve" else [])]), own, told)


def _widest(one: pa.DataType, other: pa.DataType) -> pa.DataType | None:
    """Return the type that holds every value of two types unchanged, or None."""
    if pa.types.is_signed_integer(one) and pa.types.is_signed_integer(other):
        return max(one, other, key=lambda kind: kind.bit_width)
    if pa.types.is_decimal128(one) and pa.types.is_decimal128(other):
        scale = max(one.scale, other.scale)
        whole = max(one.precision - one.scale, other.precision - other.scale)
        return pa.decimal128(whole + scale, scale) if whole + scale <= 38 else None  # noqa: PLR2004 - Delta's most
    if {one, other} == {pa.float32(), pa.float64()}:
        return pa.float64()
    return None


def shaped(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """Return rows in another shape: columns by name, missing ones null, wider ones cast, others left out."""
    if batch.schema.equals(schema):
        return batch
    arrays = [
        batch.column(field.name).cast(field.type)
        if field.name in batch.schema.names
        else pa.nulls(batch.num_rows, field.type)
        for field in schema
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)
