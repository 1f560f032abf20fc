"""How a result gets into a table: in the place of all that is there, or by key.

A merge by key finds first which rows that are there have a key that arrives or goes, and which of them already are
what arrives. Only files that hold a row that changes are written anew, without those rows; what arrives goes into new
files beside them. Memory holds what arrives, not what is there.
"""

# ruff: noqa: S608 - names are quoted, by engine.sql

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa
from deltalake import DeltaTable

from jutong.library.engine.delta import Counted, EngineWrite, Files, files_of
from jutong.library.engine.sql import alike, name, names, same
from jutong.library.errors import KeyMissingError, KeyRepeatedError, SchemaDriftError
from jutong.library.merge import MOST_SMALL, SMALL_BYTES

NEW, GONE, THERE, HIT, KEPT = "_merge_new", "_merge_gone", "_merge_there", "_merge_hit", "_merge_kept"


class Writer(Protocol):
    """What a write asks of an engine."""

    def keep(self, name: str, sql: str, /) -> None:
        """Compute a query once and make it readable as ``name``."""

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Return the rows of a small result."""

    def attach_files(self, called: str, paths: tuple[Path, ...], schema: pa.Schema, *, filename: bool = False) -> None:
        """Make Parquet files readable as one table; ``filename`` adds the column ``_file``."""

    def shape(self, sql: str) -> tuple[str, pa.Schema]:
        """Return a query with its result in types that Delta has, and the schema of that."""

    def copy(self, sql: str, folder: Path) -> None:
        """Write a result as Parquet files into a folder that is there."""

    def drop(self, *called: str) -> None:
        """Forget tables; those that are not there are forgotten already."""


def replaced(engine: Writer, target: EngineWrite, sql: str, commit: Mapping[str, Any]) -> int:
    """Put a result in the place of a table's content; return the version."""
    shaped, schema = engine.shape(sql)
    rows = target.take(lambda folder: engine.copy(shaped, folder))
    return target.put(schema, Counted(rows, rows), commit)


def merged(
    engine: Writer, target: EngineWrite, sql: str, *, keys: tuple[str, ...], gone: str, commit: Mapping[str, Any]
) -> int:
    """Bring a result into a table by key; return the version.

    Raises:
        KeyMissingError, KeyRepeatedError: rows have no key, or one has several.
        SchemaDriftError: the result has other columns than the table.
    """
    shaped, schema = engine.shape(sql)
    try:
        engine.keep(NEW, shaped)
        _check_keys(engine, keys)
        if not DeltaTable.is_deltatable(str(target.path)):
            rows = target.take(lambda folder: engine.copy(f"SELECT * FROM {NEW}", folder))
            return target.put(schema, Counted(rows, rows, inserted=rows), commit)
        there = files_of(target.path)
        _check_columns(target, there.schema, schema)
        engine.keep(GONE, f"SELECT DISTINCT {names(keys)} FROM ({gone}) AS gone" if gone else _no_keys(keys))
        return _brought_in(engine, target, there, keys, commit)
    finally:
        engine.drop(NEW, GONE, THERE, HIT, KEPT)


def _no_keys(keys: Sequence[str]) -> str:
    return f"SELECT {names(keys)} FROM {NEW} LIMIT 0"


def _check_keys(engine: Writer, keys: Sequence[str]) -> None:
    missing = " OR ".join(f"{name(key)} IS NULL" for key in keys)
    told = "、".join(keys)
    if count := engine.rows(f"SELECT count(*) FROM {NEW} WHERE {missing}")[0][0]:
        raise KeyMissingError(rows=count, keys=told)
    repeated = f"SELECT {names(keys)} FROM {NEW} GROUP BY {names(keys)} HAVING count(*) > 1"
    if count := engine.rows(f"SELECT count(*) FROM ({repeated}) AS repeated")[0][0]:
        raise KeyRepeatedError(keys_repeated=count, keys=told)


def _check_columns(target: EngineWrite, there: pa.Schema, arriving: pa.Schema) -> None:
    if [(field.name, field.type) for field in there] == [(field.name, field.type) for field in arriving]:
        return
    ours, theirs = ({field.name: str(field.type) for field in schema} for schema in (there, arriving))
    differ = [one for one in {**ours, **theirs} if ours.get(one) != theirs.get(one)] or list(theirs)
    raise SchemaDriftError(table=target.name, columns="、".join(differ))


def _brought_in(
    engine: Writer, target: EngineWrite, there: Files, keys: tuple[str, ...], commit: Mapping[str, Any]
) -> int:
    columns = there.schema.names
    engine.attach_files(THERE, there.paths, there.schema, filename=True)
    # The key of a row that arrives as it stands already, of one that changes, and of one that goes; by file.
    engine.keep(
        HIT,
        f"SELECT {names(keys, '_t')}, _t._file AS _file, 'n' AS _side, {alike(columns, '_t', '_n')} AS _same "
        f"FROM {THERE} AS _t JOIN {NEW} AS _n ON {same(keys, '_t', '_n')} "
        f"UNION ALL SELECT {names(keys, '_t')}, _t._file, 'g', FALSE FROM {THERE} AS _t JOIN {GONE} AS _g "
        f"ON {same(keys, '_t', '_g')} WHERE NOT EXISTS (SELECT 1 FROM {NEW} AS _n WHERE {same(keys, '_n', '_g')})",
    )
    sides = dict.fromkeys(("same", "updated", "deleted"), 0)
    for side, alike_, count in engine.rows(f"SELECT _side, _same, count(*) FROM {HIT} GROUP BY _side, _same"):
        sides["deleted" if side == "g" else "same" if alike_ else "updated"] += count
    inserted = engine.rows(f"SELECT count(*) FROM {NEW}")[0][0] - sides["same"] - sides["updated"]
    touched = {Path(row[0]) for row in engine.rows(f"SELECT DISTINCT _file FROM {HIT} WHERE NOT _same")}
    touched |= _small(there.paths) if touched or inserted else set()
    rows = target.take(lambda folder: engine.copy(_result(engine, there, touched, keys), folder)) if (
        touched or inserted
    ) else 0  # fmt: skip
    total = there.rows + inserted - sides["deleted"]
    counted = Counted(rows, total, inserted, sides["updated"], sides["deleted"], sides["same"])
    return target.put(there.schema, counted, commit, removed=sorted(touched))


def _result(engine: Writer, there: Files, touched: set[Path], keys: Sequence[str]) -> str:
    """Return the query of what goes into new files: what stays of those written anew, and what arrives."""
    columns = names(there.schema.names)
    engine.attach_files(KEPT, tuple(sorted(touched)), there.schema)
    out = f"EXISTS (SELECT 1 FROM {HIT} AS _h WHERE NOT _h._same AND {same(keys, '_h', '_k')})"
    as_it_is = f"EXISTS (SELECT 1 FROM {HIT} AS _h WHERE _h._same AND {same(keys, '_h', '_n')})"
    return (
        f"SELECT {columns} FROM {KEPT} AS _k WHERE NOT {out} "
        f"UNION ALL SELECT {columns} FROM {NEW} AS _n WHERE NOT {as_it_is}"
    )


def _small(paths: Sequence[Path]) -> set[Path]:
    """Return the small files, once there are so many that they are better one."""
    small = {path for path in paths if path.stat().st_size < SMALL_BYTES}
    return small if len(small) >= MOST_SMALL else set()
