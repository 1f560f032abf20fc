"""What a grant shows of one version of a table, as Parquet files made once and kept while they are used.

Rows are chosen, columns left out and masks put on while the table is read in bounded batches. A view is made beside its
place and gets its name in one step, so that there is no half of one. Its name is a digest of everything it depends on:
the terms of the grant, the marks of rows in dispute, and the version.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import secrets
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
from deltalake.exceptions import DeltaError

from jutong.library.engine.delta import files_of
from jutong.library.engine.errors import TableTouchedError
from jutong.library.errors import DiskFullError
from jutong.library.tables import MADE_FOR_READERS, open_table
from jutong.node.errors import SourceUnavailableError
from jutong.node.exchange.rules.masks import MASKS
from jutong.node.exchange.rules.tokens import Tokens
from jutong.node.gateway.marks import TableMarks
from jutong.node.gateway.verification import as_text
from jutong.node.grants import Column, Grant
from jutong.node.live.library import filter_of
from jutong.node.masking import PSEUDONYM, Pseudonyms
from jutong.node.shares.errors import VersionGoneError
from jutong.node.shares.hints import Bounds

FOLDER = MADE_FOR_READERS
FILE_ROWS = 500_000
BATCH_ROWS = 65_536
KEEP_SECONDS = 6 * 3_600
"""A view nobody asked for this long is dropped; longer than any address to its files is good."""
FORM = 1
"""Goes up when views are made in another way, so that none made before is taken for one."""
DISPUTED = "校核标注"
"""The column that says which corrections a row is in dispute by (条例 26)."""
MANIFEST = "view.json"
_LONGEST_BOUND = 64
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_SPARK = {
    pa.string(): "string", pa.int64(): "long", pa.int32(): "integer", pa.int16(): "short", pa.int8(): "byte",
    pa.float64(): "double", pa.float32(): "float", pa.bool_(): "boolean", pa.date32(): "date", pa.binary(): "binary",
}  # fmt: skip


@dataclass(frozen=True)
class ViewFile:
    """One file of a view; ``bounds`` are of columns whose values have an order."""

    name: str
    size: int
    rows: int
    bounds: Mapping[str, Bounds]


@dataclass(frozen=True)
class View:
    """A view that is there."""

    name: str
    folder: Path
    files: tuple[ViewFile, ...]

    @property
    def rows(self) -> int:
        """Rows of all files."""
        return sum(file.rows for file in self.files)

    def paths(self) -> list[str]:
        """Return the files for another reader."""
        return [str(self.folder / file.name) for file in self.files]


@dataclass(frozen=True)
class Shape:
    """The columns of a view: item, the table's column, how it is shown, and the type it has then."""

    columns: tuple[Column, ...]
    schema: pa.Schema

    def spark(self) -> str:
        """Return the schema as the protocol tells it."""
        fields = [{"name": one.name, "type": _spark(one.type), "nullable": True, "metadata": {}} for one in self.schema]
        return orjson.dumps({"type": "struct", "fields": fields}).decode()


@dataclass
class Views:
    """Makes views and keeps them.

    Attributes:
        folder: where they lie; private.
        pseudonyms: keys of the tokens that grants show in place of values.
        file_rows: rows of one file.
    """

    folder: Path
    pseudonyms: Pseudonyms
    file_rows: int = FILE_ROWS
    _locks: dict[str, Lock] = field(default_factory=dict)
    _guard: Lock = field(default_factory=Lock)

    def get(self, grant: Grant, path: Path, version: int, marks: TableMarks | None) -> View:
        """Return a view, made if it is not there; blocking, and only once at a time for each.

        Raises:
            VersionGoneError: when the version's files are no longer there.
            SourceUnavailableError: when the table cannot be read.
            DiskFullError: when the view does not fit.
        """
        name = self.name_of(grant, version, marks)
        folder = self.folder / grant.order.grant_id / name
        with self._guard:
            lock = self._locks.setdefault(name, Lock())
        with lock:
            found = _read(name, folder)
            try:
                files_of(path, version)
            except TableTouchedError as error:  # cleared away, perhaps for somebody's sake: no copy may outlive that
                shutil.rmtree(folder, ignore_errors=True)
                raise VersionGoneError(version=version) from error
            if found is not None:
                os.utime(folder)
                return found
            self.sweep(time.time())
            return self._made(name, folder, lambda fresh: self._fill(fresh, grant, path, version, marks))

    def name_of(self, grant: Grant, version: int, marks: TableMarks | None) -> str:
        """Return the digest a view is known by."""
        order = grant.order
        told = [
            FORM, order.source, order.schema_name, order.table, version, self.file_rows,
            [[one.item, one.column, one.mode, one.mask] for one in order.fields],
            [[one.column, one.operator, one.values] for one in order.conditions],
            order.agreement_number or order.grant_number,
            [[mark.correction, mark.key] for mark in marks.every()] if marks is not None else [],
        ]  # fmt: skip
        return hashlib.sha256(orjson.dumps(told)).hexdigest()[:32]

    def derived(self, name: str, grant_id: str, fill: Callable[[Path], Sequence[ViewFile]]) -> View:
        """Return files made out of views, made if they are not there; blocking."""
        folder = self.folder / grant_id / name
        with self._guard:
            lock = self._locks.setdefault(name, Lock())
        with lock:
            return _read(name, folder) or self._made(name, folder, fill)

    def file(self, grant_id: str, view: str, name: str) -> Path:
        """Return where a file lies; the parts must be of their forms already."""
        return self.folder / grant_id / view / name

    def forget(self, grant_id: str) -> None:
        """Drop everything made for a grant; also what erasing a person from the library has to call."""
        shutil.rmtree(self.folder / grant_id, ignore_errors=True)

    def forget_all(self) -> None:
        """Drop every view; each is made anew from the table when it is asked for."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def sweep(self, now: float) -> None:
        """Drop views nobody asked for lately, and what was left half made."""
        for folder in self.folder.glob("*/*"):
            with contextlib.suppress(OSError):
                if folder.stat().st_mtime < now - KEEP_SECONDS:
                    shutil.rmtree(folder)

    def _made(self, name: str, folder: Path, fill: Callable[[Path], Sequence[ViewFile]]) -> View:
        fresh = folder.with_name(f".{name}-{secrets.token_hex(4)}")
        try:
            fresh.mkdir(mode=0o700, parents=True)
            files = fill(fresh)
            content = [[one.name, one.size, one.rows, one.bounds] for one in files]
            (fresh / MANIFEST).write_bytes(orjson.dumps(content))
            fresh.rename(folder)
        except OSError as error:
            if error.errno in _FULL:
                raise DiskFullError(rows=0) from error
            raise
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
        found = _read(name, folder)
        assert found is not None  # noqa: S101 - it was just put there
        return found

    def _fill(
        self, folder: Path, grant: Grant, path: Path, version: int, marks: TableMarks | None
    ) -> Sequence[ViewFile]:
        out = _Files(folder, self.shape(grant, path, version).schema, self.file_rows)
        try:
            for batch in self._batches(grant, path, version, marks):
                out.write(batch)
        except FileNotFoundError as error:
            raise VersionGoneError(version=version) from error
        except (DeltaError, pa.ArrowException) as error:
            raise SourceUnavailableError(source=grant.order.source) from error
        finally:
            out.close()
        return out.files

    def shape(self, grant: Grant, path: Path, version: int) -> Shape:
        """Return the columns a grant shows of a version; those the version does not have yet are left out.

        Raises:
            TableUnknownError: when there is no table.
        """
        there = _schema(path, version)
        columns = tuple(one for one in grant.visible.values() if one.column in there.names)
        fields = [pa.field(one.item, _shown_type(there.field(one.column).type, one)) for one in columns]
        return Shape(columns, pa.schema([*fields, pa.field(DISPUTED, pa.string())]))

    def _batches(self, grant: Grant, path: Path, version: int, marks: TableMarks | None) -> Iterator[pa.RecordBatch]:
        shape = self.shape(grant, path, version)
        shows = [self._show(grant, one) for one in shape.columns]
        extra = list(marks.columns) if marks is not None else []
        columns = list(dict.fromkeys([*(one.column for one in shape.columns), *extra]))
        dataset = open_table(path, version).to_pyarrow_dataset()
        wanted = filter_of(dataset.schema, grant.order.conditions, grant.order.source)
        scanner = dataset.scanner(
            columns=columns, filter=wanted, batch_size=BATCH_ROWS, batch_readahead=2, fragment_readahead=1,
            use_threads=False,
        )  # fmt: skip
        for batch in scanner.to_batches():
            if not batch.num_rows:
                continue
            arrays = [
                show(batch.column(one.column)).cast(kind)
                for one, show, kind in zip(shape.columns, shows, shape.schema.types, strict=False)
            ]
            yield pa.record_batch([*arrays, _disputed(batch, marks)], schema=shape.schema)

    def _show(self, grant: Grant, column: Column) -> Callable[[Any], Any]:
        if column.mask is None:
            return lambda array: array
        given = next(one for one in grant.order.fields if one.item == column.item)
        if given.mask == PSEUDONYM:
            tokens = Tokens(self.pseudonyms.key(grant.order.agreement_number or grant.order.grant_number))
            return lambda array: tokens(_texts(array))
        kernel = MASKS.get(given.mask, MASKS["all"])  # type: ignore[call-overload]
        return lambda array: kernel(_texts(array))


def _schema(path: Path, version: int) -> pa.Schema:
    schema: pa.Schema = open_table(path, version).to_pyarrow_dataset().schema
    return schema


def _shown_type(kind: pa.DataType, column: Column) -> pa.DataType:
    if column.mask is not None:
        return pa.string()
    if pa.types.is_timestamp(kind) and kind.tz is not None:
        return pa.timestamp("us", "UTC")
    return kind if kind in _SPARK or pa.types.is_decimal128(kind) else pa.string()


def _spark(kind: pa.DataType) -> str:
    if pa.types.is_timestamp(kind):
        return "timestamp"
    return f"decimal({kind.precision},{kind.scale})" if pa.types.is_decimal128(kind) else _SPARK[kind]


def _texts(array: pa.Array[Any]) -> pa.Array[Any]:
    """Return values as every other answer of the gateway has them before a mask is put on."""
    if pa.types.is_string(array.type):
        return array
    encoded = array.dictionary_encode()
    texts = [None if value is None else as_text(value) for value in encoded.dictionary.to_pylist()]
    return pa.array(texts, pa.string()).take(encoded.indices)


def _disputed(batch: pa.RecordBatch, marks: TableMarks | None) -> pa.Array[Any]:
    if marks is None:
        return pa.nulls(batch.num_rows, pa.string())
    rows = zip(*(batch.column(name).to_pylist() for name in marks.columns), strict=True)
    found = ["、".join(dict.fromkeys(mark.correction for mark in marks.of(row))) or None for row in rows]
    return pa.array(found, pa.string())


@dataclass
class _Files:
    """Writes batches into files of so many rows."""

    folder: Path
    schema: pa.Schema
    file_rows: int
    files: list[ViewFile] = field(default_factory=list)
    _writer: pq.ParquetWriter | None = None
    _rows: int = 0

    @property
    def _name(self) -> str:
        return f"part-{len(self.files):05d}.parquet"

    def write(self, batch: pa.RecordBatch) -> None:
        """Add rows."""
        while batch.num_rows:
            if self._writer is None:
                self._writer = pq.ParquetWriter(self.folder / self._name, self.schema, compression="snappy")
            room = self.file_rows - self._rows
            part, batch = batch.slice(0, room), batch.slice(room)
            self._writer.write_batch(part)
            self._rows += part.num_rows
            if self._rows >= self.file_rows:
                self.close()

    def close(self) -> None:
        """Finish the file at hand."""
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.close()
            self.files.append(described(self.folder / self._name))
        self._rows = 0


def described(path: Path) -> ViewFile:
    """Return a finished file as a view tells of it."""
    with pq.ParquetFile(path) as parquet:
        told = parquet.metadata
        bounds = {
            name: found
            for at, name in enumerate(parquet.schema_arrow.names)
            if (found := _bounds(told, at)) is not None
        }
        return ViewFile(path.name, path.stat().st_size, told.num_rows, bounds)


def _bounds(told: pq.FileMetaData, at: int) -> Bounds | None:
    groups: list[Any] = [told.row_group(number).column(at).statistics for number in range(told.num_row_groups)]
    if not groups or any(one is None or not one.has_min_max or one.null_count is None for one in groups):
        return None
    least, greatest = min(one.min for one in groups), max(one.max for one in groups)
    texts = [str(least), str(greatest)]
    if type(least) not in {int, str} or max(map(len, texts)) > _LONGEST_BOUND:
        return None
    return least, greatest, sum(one.null_count for one in groups)


def _read(name: str, folder: Path) -> View | None:
    try:
        content = orjson.loads((folder / MANIFEST).read_bytes())
    except FileNotFoundError:
        return None
    files = tuple(ViewFile(file, size, rows, {item: tuple(one) for item, one in bounds.items()})
                  for file, size, rows, bounds in content)  # fmt: skip
    return View(name, folder, files)
