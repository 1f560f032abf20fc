"""Files of a folder, read as one table. A chunk is a file, or a piece of a large one.

What is no row, or holds a value no text can be, goes into the quarantine with its line. Too much of it, and the job
ends: a wrong delimiter must not empty a table.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any, TypeAlias

import pyarrow as pa

from jutong.contracts.orders import JobOrder
from jutong.contracts.receipts import FileTold
from jutong.node.exchange import convert
from jutong.node.exchange.errors import OrderUnfitError, ValueUnfitError
from jutong.node.exchange.plan import Array, CatalogColumn, Mapping, MovePlan, PlannedColumn, plan_move
from jutong.node.exchange.progress import Held
from jutong.node.exchange.readers import OpenRead, Span
from jutong.node.exchange.readers.manifest import Manifest, State, keep, marks_before, moved_before
from jutong.node.exchange.readers.parts import FILE_RULE, Part
from jutong.node.exchange.rules.sieve import FINDINGS, POSITION
from jutong.node.files import columnar
from jutong.node.files.errors import LinesUnreadableError
from jutong.node.files.fetching import SPOOL, files_of
from jutong.node.files.mapping import FileTable
from jutong.node.files.reading import OpenFile, Workbook, checked, columns_of, open_file
from jutong.node.files.rows import FileRows, Refusal
from jutong.node.files.tables import TYPE, mapped
from jutong.node.sources import SourceConfig

FEW = 20
"""Lines that may be no rows in any file, however short."""

_TEXT = Mapping("{}", pa.string(), pa.string(), convert.text)
Kinds: TypeAlias = dict[str, Mapping]


@dataclass(frozen=True)
class _Piece:
    file: OpenFile
    number: int


@contextmanager
def read(source: SourceConfig, order: JobOrder, folder: Path | None = None) -> Iterator[OpenRead]:
    """Open the files of a mapped table.

    Args:
        source: the folder.
        order: what to move.
        folder: the job's own, where the list of its files is kept.

    Raises:
        JutongError: naming the file and what is wrong with it.
    """
    table = mapped(source, order.schema_name, order.table)
    if table.arrival == "unseen" and (order.mode is None or order.mode.kind != "merge"):
        raise OrderUnfitError(what="方式", found="arrival unseen: merge")
    only_new = table.arrival == "unseen"
    spool = folder / SPOOL if folder else None
    try:
        with files_of(source, table, spool, moved=marks_before(order, folder) if only_new and folder else {}) as found:
            every = [_opened(one, table) for one in found]
            files = _chosen(
                every, order, folder, only_new=only_new, marks=tuple(dict.fromkeys(one.mark for one in found))
            )
            yield read_files(order, table, files, like=every[0])
    except Held:  # the copies are right still when it goes on
        raise
    except BaseException:
        _forget(spool)
        raise
    _forget(spool)


def _forget(spool: Path | None) -> None:
    if spool is not None and spool.is_dir():
        shutil.rmtree(spool)


def read_files(
    order: JobOrder, table: FileTable, files: Sequence[OpenFile], *, like: OpenFile, kinds: Kinds | None = None
) -> OpenRead:
    """Read files as one table.

    Args:
        order: what to move.
        table: their mapping.
        files: which.
        like: one of their form, that tells the columns when there is none to read.
        kinds: how columns of lines travel that are no text.

    Raises:
        JutongError: naming the file and what is wrong with it.
    """
    headings = columns_of(table, like)
    plan = plan_move(order, _catalog(table, headings, like), _mapping_of(table, like, kinds or {}))
    wanted = {column.name: headings[column.name] for column in plan.columns}
    for file in files:
        checked(file, wanted)
    pieces = [_Piece(file, number) for file in files for number in range(file.pieces)]

    def parts(span: Span) -> Iterator[Part]:
        if not pieces:
            return
        piece = pieces[span.after or 0]
        counted = _Counted(piece.file, table)
        for found in piece.file.rows(piece.number, wanted):
            yield counted.part(found, plan)
        counted.check()

    def records(span: Span) -> int:
        piece = pieces[span.after or 0] if pieces else None
        return piece.file.records(piece.number) if piece else 0

    return OpenRead(
        plan,
        sum(file.counted for file in files),
        f"files {hashlib.sha256('/'.join(file.sha256 for file in files).encode()).hexdigest()}",
        records,
        lambda _rows: tuple(range(1, len(pieces))),
        lambda span: (part.rows for part in parts(span)),
        parts,
    )


def _opened(one: Any, table: FileTable) -> OpenFile:
    file = open_file(one, table)
    if isinstance(file, Workbook):
        file.release()
    return file


def _catalog(table: FileTable, headings: dict[str, str], file: OpenFile) -> list[CatalogColumn]:
    kinds = file.headings() if table.format == "parquet" else {}
    return [CatalogColumn(name, str(kinds.get(heading, TYPE))) for name, heading in headings.items()]


def _mapping_of(table: FileTable, file: OpenFile, kinds: Kinds) -> Any:
    if table.format != "parquet":
        return lambda column: kinds.get(column.name, _TEXT)
    by_name = {str(kind): columnar.kind_of(kind) for kind in file.headings().values()}

    def mapping_of(column: CatalogColumn) -> Mapping | None:
        kind = by_name.get(column.type)
        if kind is None:
            return None
        same = kind.read_as == kind.lands_as
        plain = convert.text if kind.lands_as == pa.string() else convert.same
        return Mapping("{}", kind.read_as, kind.lands_as, plain if same else _cast)

    return mapping_of


def _cast(array: Array, column: PlannedColumn) -> Array:
    try:
        return array.cast(column.mapping.arrow, safe=True)
    except pa.ArrowInvalid as error:
        raise ValueUnfitError(
            column=column.name, kind=column.type, problem="finer or larger than it can land"
        ) from error


def _chosen(
    every: Sequence[OpenFile], order: JobOrder, folder: Path | None, *, only_new: bool, marks: tuple[str, ...]
) -> list[OpenFile]:
    """Return the files to read, each content once, and keep the list of them and of what is left out."""
    moved = moved_before(order, folder) if only_new and folder else {}
    chosen: dict[str, OpenFile] = {}
    told: list[FileTold] = []
    for file in every:
        earlier = moved.get(file.sha256, "")
        same = chosen.get(file.sha256)
        if not earlier and same is None:
            chosen[file.sha256] = file
        state: State = "earlier" if earlier else "same" if same else "read"
        told.append(
            FileTold(name=file.name, sha256=file.sha256, state=state, of=earlier or (same.name if same else ""))
        )
    if folder is not None:
        firsts = tuple(accumulate((file.pieces for file in chosen.values()), initial=0))[:-1]
        manifest = Manifest(
            source=order.source, table=order.table, files=tuple(told), chunks=firsts, marks=marks,
            is_dry=order.dry is not None,
        )  # fmt: skip
        keep(manifest, folder)
    return list(chosen.values())


class _Counted:
    """Turns what a file yields into parts, and knows when too much of it is no row."""

    def __init__(self, file: OpenFile, table: FileTable) -> None:
        self._file = file
        self._permille = table.most_bad_permille
        self._rows = 0
        self._bad = 0
        self._first: Refusal | None = None

    def part(self, found: FileRows, plan: MovePlan) -> Part:
        rows = plan.convert(found.rows)
        self._rows += rows.num_rows
        if not found.refused:
            return Part(rows, found.lines)
        self._first = self._first or found.refused[0]
        by_line = {one.line: one for one in sorted(found.refused, key=lambda one: one.line)}
        self._bad += len(by_line)
        aside = pa.RecordBatch.from_arrays(
            [pa.array(list(by_line), pa.int64()), *_cells(list(by_line.values()), plan.schema)],
            schema=pa.schema([pa.field(POSITION, pa.int64()), *plan.schema]),
        )  # fmt: skip
        said = sorted(found.refused, key=lambda one: one.line)
        findings = pa.table(
            [
                pa.array([one.line for one in said], pa.int64()), pa.repeat(pa.scalar(FILE_RULE), len(said)),
                pa.array([one.column for one in said], pa.string()), pa.array([one.reason for one in said]),
                pa.array([one.value for one in said], pa.string()),
            ],
            schema=FINDINGS,
        )  # fmt: skip
        return Part(rows, found.lines, aside, findings)

    def check(self) -> None:
        """Make sure that most of the piece could be read.

        Raises:
            LinesUnreadableError: when it could not.
        """
        allowed = max(FEW, (self._rows + self._bad) * self._permille // 1000)
        if self._first and (self._bad > allowed or not self._rows):
            raise LinesUnreadableError(
                name=self._file.name, rows=self._bad, line=self._first.line, reason=self._first.reason
            )


def _cells(refused: Sequence[Refusal], schema: pa.Schema) -> list[Any]:
    told = [[one.row[place] if one.row else None for one in refused] for place in range(len(schema))]
    return [
        # What lines hold is text until it has passed.
        pa.array(cells, pa.string()).cast(kind) if any(isinstance(cell, str) for cell in cells)
        else pa.array(cells, kind)
        for cells, kind in zip(told, schema.types, strict=True)
    ]  # fmt: skip
