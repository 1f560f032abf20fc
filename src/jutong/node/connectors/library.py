"""The library's tables of one department: the folders below each zone that are Delta tables."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from deltalake.exceptions import DeltaError

from jutong.contracts.receipts import ColumnInfo, TableInfo
from jutong.kernel.errors import JutongError
from jutong.library.tables import ZONES, TableState, describe, table_path
from jutong.node.connectors.errors import SourceTooLargeError, SourceUnreachableError
from jutong.node.connectors.limits import MAX_TABLES
from jutong.node.sources import SourceConfig


def probe(source: SourceConfig) -> None:
    """Look into the library's folder.

    Raises:
        SourceUnreachableError: when it is not there or not to be read.
    """
    try:
        next(source.file.iterdir(), None)
    except OSError as error:
        raise SourceUnreachableError(source=source.name, reason=error.strerror or "unreadable") from error


def _places(source: SourceConfig) -> Iterator[tuple[str, Path]]:
    for zone in ZONES:
        folder = source.file / zone / source.organisation_code
        if folder.is_dir():
            yield from ((zone, place) for place in sorted(folder.iterdir()) if (place / "_delta_log").is_dir())


def state(source: SourceConfig, zone: str, table: str) -> TableState:
    """Return a table as its log describes it.

    Raises:
        TableNameError: when a part of the name cannot be one.
        TableUnknownError: when there is none.
        SourceUnreachableError: when its files cannot be read.
    """
    try:
        return describe(table_path(source.file, zone, source.organisation_code, table))
    except (DeltaError, OSError) as error:
        raise SourceUnreachableError(source=source.name, reason=type(error).__name__) from error


def inventory(source: SourceConfig) -> tuple[TableInfo, ...]:
    """Return the tables of the source's department.

    Raises:
        SourceUnreachableError: when the folder cannot be read.
        SourceTooLargeError: when there are more than fit.
    """
    probe(source)
    places = list(_places(source))
    if len(places) > MAX_TABLES:
        raise SourceTooLargeError(source=source.name, what="表", limit=MAX_TABLES)
    return tuple(_info(source, zone, place.name) for zone, place in places)


def _info(source: SourceConfig, zone: str, table: str) -> TableInfo:
    try:
        found = state(source, zone, table)
    except JutongError:
        return TableInfo(schema_name=zone, name=table, row_estimate=-1, columns=())
    described = tuple(ColumnInfo(name=name, type=kind, nullable=True) for name, kind in found.columns)
    return TableInfo(schema_name=zone, name=table, row_estimate=found.rows, columns=described)
