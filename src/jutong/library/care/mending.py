"""A table is brought back to its last good version, by one more commit; and columns are added to one, by approval."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path

import pyarrow as pa
from deltalake import DeltaTable

from jutong.contracts.library_care import NewColumn, TableCared
from jutong.library.care.errors import ColumnTakenError, TableDamagedError
from jutong.library.care.examine import FEATURE, GAP, HALF, REWRITTEN, Examined, examine, remember, whole_of
from jutong.library.care.log import LOG, commit_files, said_at
from jutong.library.care.names import name_of
from jutong.library.care.rewriting import NOT_CARRIED, Rewriting, newest_said, rows_of
from jutong.library.care.whole import sync
from jutong.library.digest import ContentDigest
from jutong.library.drift import shaped
from jutong.library.engine.delta import files_of
from jutong.library.errors import MergeDiffersError

ASIDE = ".aside"


def mend(path: Path, *, work_id: str, now: datetime) -> TableCared:
    """Bring a table back to its last good version; one that is good stays as it is.

    A commit that is cut off was never one: its file is put aside. What came after the last good version is not deleted
    from the disk, so that somebody can look at it.

    Raises:
        TableDamagedError: no version is good; a backup is needed.
        TableBusyError, DiskFullError, WriteError: as for any writing; the table is as it was.
    """
    with Rewriting(path, work_id, "mend") as target:
        found = examine(path, content=True)
        if not found.findings:
            return _mended(path)
        if found.good < 0 or {one.code for one in found.findings} == {REWRITTEN}:
            raise TableDamagedError(table=name_of(path).text, finding="、".join(_codes(found)))
        _put_aside(path, found)
        _return_to(path, found, target, now)
    return _mended(path)


def _mended(path: Path) -> TableCared:
    table = DeltaTable(str(path))
    rows, digest = whole_of(newest_said(table))
    remember(path, table.version())
    return TableCared(table=name_of(path), version=table.version(), good=table.version(), rows=max(rows, 0),
                      digest=digest)  # fmt: skip


def _codes(found: Examined) -> list[str]:
    return sorted({one.code for one in found.findings})


def _put_aside(path: Path, found: Examined) -> None:
    """Take a commit that is cut off, and whatever stands behind it, out of the log."""
    half = min((one.version for one in found.findings if one.code == HALF), default=-1)
    if half < 0:
        return
    aside = path.parents[2] / ASIDE
    aside.mkdir(mode=0o700, exist_ok=True)
    for version, file in sorted(commit_files(path).items(), reverse=True):
        if version >= half:
            file.rename(aside / f"{'.'.join(path.parts[-3:])}.{file.name}")
    sync(path / LOG)


def _return_to(path: Path, found: Examined, target: Rewriting, now: datetime) -> None:
    """Write the rows of the last good version as the newest one; its files may be gone before those of this one are."""
    usable = not {FEATURE, GAP} & {one.code for one in found.findings}
    if usable and DeltaTable(str(path)).version() == found.good:
        return
    files = files_of(path, found.good)
    target.begin(files.schema)
    target.write_rows(rows_of(files))
    digest = target.read_back()
    if digest.text() != found.digest:
        raise MergeDiffersError(table=target.name, expected=found.digest, found=digest.text())
    told = {"table_rows": digest.rows, "table_digest": digest.text(), "mended": found.good}
    said = {name: one for name, one in said_at(path, found.good)[0].items() if name not in NOT_CARRIED} | told
    if usable:
        target.put(files.schema, [], said, now=now, whole=True)
    else:  # a log that asks for what we do not read, or misses a commit, cannot be written on
        target.found_anew(files.schema, said, aside=path.parents[2] / ASIDE)


def evolve(path: Path, add: Sequence[NewColumn], *, work_id: str, now: datetime) -> TableCared:
    """Add columns to a table; rows that are there have no value in them.

    Columns it has already, of the same type, stay as they are; so the same order twice has one effect.

    Raises:
        ColumnTakenError: a column is there with another type.
        TableBusyError, DiskFullError, WriteError: as for any writing; the table is as it was.
    """
    with Rewriting(path, work_id, "evolve") as target:
        if target.done() is None:
            files = files_of(path)
            schema = _wider(files.schema, add, name_of(path).text)
            if not schema.equals(files.schema):
                target.begin(schema)
                digest = ContentDigest(schema)
                target.write_rows(_reshaped(rows_of(files), schema, digest))
                found = target.read_back()
                if found.text() != digest.text():
                    raise MergeDiffersError(table=target.name, expected=digest.text(), found=found.text())
                told = {"table_rows": found.rows, "table_digest": found.text()}
                target.put(schema, [], told, now=now, whole=True)
    table = DeltaTable(str(path))
    return TableCared(table=name_of(path), version=table.version(), good=table.version(), files_written=len(add))


def _reshaped(rows: Iterable[pa.RecordBatch], schema: pa.Schema, digest: ContentDigest) -> Iterator[pa.RecordBatch]:
    for batch in rows:
        shape = shaped(batch, schema)
        digest.update(shape)
        yield shape


def _wider(schema: pa.Schema, add: Sequence[NewColumn], name: str) -> pa.Schema:
    had = {field.name.lower(): field.type for field in schema}
    new = [pa.field(one.name, type_of(one)) for one in add if one.name not in had]
    if taken := [one.name for one in add if one.name in had and had[one.name] != type_of(one)]:
        raise ColumnTakenError(table=name, columns="、".join(taken))
    return pa.schema([*schema, *new])


def type_of(column: NewColumn) -> pa.DataType:
    """Return the type a field has in files; the same as standardising gives it."""
    if column.type == "decimal":
        return pa.decimal128(column.length or 38, column.scale)
    types: dict[str, pa.DataType] = {
        "text": pa.string(),
        "integer": pa.int64(),
        "date": pa.date32(),
        "instant": pa.timestamp("us", tz="UTC"),
        "boolean": pa.bool_(),
    }
    return types[column.type]
