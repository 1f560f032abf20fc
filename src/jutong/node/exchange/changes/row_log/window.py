"""What a row log said of one table between two places: see ``changes.window``."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from pymysql.charset import charset_by_id
from typing_extensions import override

from jutong.node.exchange.changes.row_log import events, statements, values
from jutong.node.exchange.changes.row_log.errors import StatementLoggedError, TableAlteredError, UndecidedError
from jutong.node.exchange.changes.row_log.events import Event, RowsHead, Shape, UnreadableError
from jutong.node.exchange.changes.row_log.images import Bytes, Cells, Images, Places, cut
from jutong.node.exchange.changes.row_log.server import Table
from jutong.node.exchange.changes.row_log.values import Logged
from jutong.node.exchange.changes.window import Kept, Window
from jutong.node.exchange.errors import ColumnsChangedError
from jutong.node.exchange.plan import MovePlan

MOST_EVENTS = 16_384
MOST_BYTES = 4 * 1024 * 1024
"""So many events, or bytes of them, are cut into columns together."""

_IMAGES_BITS = 28
"""An event has fewer images than this many bits can number."""

_QUERIES = {events.QUERY, events.QUERY_COMPRESSED}
_MARIA_FLAGS = 12
_BEGINS = {33, 34, 42}
"""Events that begin a transaction of a MySQL."""


class _Taken(NamedTuple):
    """Rows of an event: what happened, which columns they have, their bytes, their turn, and whether to doubt them."""

    happened: str
    head: RowsHead
    rows: bytes
    turn: int
    doubtful: bool


class RowsWindow(Window):
    """Takes events in the order of the log.

    Args:
        folder: where to work.
        plan: which columns, as what.
        table: what is followed.
        from_snapshot: whether the log is read from where a snapshot of the whole table began.
    """

    def __init__(self, folder: Path, plan: MovePlan, table: Table, *, from_snapshot: bool) -> None:
        super().__init__(folder, plan, table.identity)
        self.unnamed = False
        self._table = table
        self._from_snapshot = from_snapshot
        names = [column.name for column in plan.columns]
        self._followed = statements.Followed(table.schema, table.name, names)
        self._mark = bytes([len(table.schema.encode())]) + table.schema.encode() + b"\0"
        self._mark += bytes([len(table.name.encode())]) + table.name.encode() + b"\0"
        self._shown = f"{table.schema}.{table.name}"
        self._number: int | None = None
        self._described = b""
        self._shape: Shape | None = None
        self._wanted: list[int] = []
        self._columns: list[Logged] = []
        self._batch: list[_Taken] = []
        self._bytes = self._turn = 0
        self._moved = self._touched = self._doubtful = False
        self._seen: set[str] = set()
        self._open: set[str] = set()

    def take(self, event: Event, *, beyond: bool = False) -> bool:
        """Take an event; return whether rows were decoded just now.

        Args:
            event: of the log.
            beyond: it lies behind the job's end: only statements count, which say that columns stood elsewhere.

        Raises:
            UnreadableError: when it is not what the protocol says.
            TableAlteredError, StatementLoggedError: when rows may have changed without being logged.
            ColumnsChangedError, ValueUnfitError: when the table no longer has a column, or a value no faithful form.
        """
        kind, body = event.kind, event.body
        if kind in _QUERIES:
            self._query(events.query_of(body), packed=kind == events.QUERY_COMPRESSED, beyond=beyond)
        elif kind == events.INCIDENT:
            raise self._altered("INCIDENT")
        elif beyond:
            return False
        elif kind == events.TABLE_MAP:
            self._meet(body)
        elif kind in events.ROWS:
            return events.table_of(body) == self._number and self._take_rows(kind, body)
        elif kind == events.PARTIAL_UPDATE and events.table_of(body) == self._number:
            raise UnreadableError("binlog_row_value_options")
        else:
            self._about_transactions(kind, body)
        return False

    def _about_transactions(self, kind: int, body: bytes) -> None:
        if kind == events.MARIA_GTID:
            self._touched, self._doubtful = False, bool(body[_MARIA_FLAGS] & events.PREPARED_XA)
        elif kind in _BEGINS:
            self._touched = self._doubtful = False
        elif kind == events.XA_PREPARE:
            self._prepared(body)

    def end(self) -> None:
        """See that every distributed transaction that touched the table is decided.

        Raises:
            UndecidedError: when one is not: what it did would be found neither now nor later.
        """
        for xid in self._open:
            raise UndecidedError(source=self._plan.source, xid=xid, table=self._shown)

    @override
    def flush(self) -> None:
        batch, self._batch, self._bytes = self._batch, [], 0
        if batch and self._shape is not None:
            self._later(self._cut, batch, self._shape, self._wanted, self._columns)

    def _take_rows(self, kind: int, body: bytes) -> bool:
        happened, extra, packed = events.ROWS[kind]
        head = events.head_of(body, happened, extra=extra)
        assert self._shape is not None  # noqa: S101 - a description came before the rows
        if head.columns != len(self._shape.types):
            raise UnreadableError("columns")
        rows = _unpacked(body[head.begins :]) if packed else body[head.begins :]
        head = head._replace(begins=0)
        self._batch.append(_Taken(happened, head, rows, self._turn, self._doubtful))
        self._bytes += len(rows)
        self._turn += 1
        self._touched = True
        if len(self._batch) < MOST_EVENTS and self._bytes < MOST_BYTES:
            return False
        self.flush()
        return True

    def _meet(self, body: bytes) -> None:
        """Take a description: the number by which rows call the table, and which column stands where."""
        number = events.table_of(body)
        if body[8 : 8 + len(self._mark)] != self._mark:
            self._number = None if number == self._number else self._number
            return
        self._number = number
        if body[8:] == self._described:
            return
        self.flush()
        shape = events.shape_of(body, 8 + len(self._mark))
        self._described, self._shape = body[8:], shape
        if not shape.names:
            self.unnamed = True
            if self._moved:
                raise self._altered("ALTER TABLE")
        places = {name: place for place, name in enumerate(shape.names)} or self._table.places
        missing = [name for name in self._followed.columns if places.get(name, len(shape.types)) >= len(shape.types)]
        if missing:
            change = f"-{', -'.join(missing)}"
            raise ColumnsChangedError(source=self._plan.source, table=self._shown, change=change)
        self._wanted = [places[column.name] for column in self._plan.columns]
        self._columns = [
            Logged(column, shape.types[place], shape.metas[place], self._table.charsets.get(column.name))
            for column, place in zip(self._plan.columns, self._wanted, strict=True)
        ]
        if not all(values.fits(logged) for logged in self._columns):
            raise self._altered("ALTER TABLE")

    def _query(self, query: events.Query, *, packed: bool, beyond: bool) -> None:
        raw = _unpacked(query.text) if packed else query.text
        text = _decoded(raw, query.charset)
        word = text[:4].upper()
        if word in {"XA E", "XA S", "XA C", "XA R"}:
            self._distributed(text)
            return
        found = statements.meaning(text, query.schema, self._followed)
        if beyond:
            if self.unnamed and found in {"places", "altered"}:
                raise self._altered(statements.told(text))
            return
        if found == "emptied":
            self._batch, self._bytes = [], 0
            self._empty()
        elif found == "statement":
            raise StatementLoggedError(source=self._plan.source, table=self._shown, statement=statements.told(text))
        elif found == "altered" or (found == "rollback" and self._touched):
            raise self._altered(statements.told(text))
        elif found == "places":
            self._moved = True
            if self.unnamed:
                raise self._altered(statements.told(text))

    def _distributed(self, text: str) -> None:
        """Follow a distributed transaction: its rows are logged when it is prepared, and decided later."""
        verb, _, rest = text[3:].partition(" ")
        if verb.upper() == "START":
            self._touched, self._doubtful = False, True
        elif verb.upper() in {"COMMIT", "ROLLBACK"}:
            xid = rest.strip().removesuffix("ONE PHASE").strip().replace(" ", "")
            self._open.discard(xid)
            if xid not in self._seen and self._from_snapshot and verb.upper() == "COMMIT":
                # Prepared before the table was read, so not seen there, and committed behind it.
                raise self._altered("XA COMMIT")
            self._seen.discard(xid)

    def _prepared(self, body: bytes) -> None:
        xid, once = events.prepared_xid(body)
        self._seen.add(xid)
        if self._touched and not once:
            self._open.add(xid)
        self._touched = self._doubtful = False

    def _altered(self, statement: str) -> TableAlteredError:
        return TableAlteredError(table=self._shown, statement=statement)

    def _cut(self, batch: list[_Taken], shape: Shape, wanted: list[int], columns: list[Logged]) -> None:
        groups: dict[tuple[str, bytes, bytes, bool], list[_Taken]] = {}
        for taken in batch:
            key = (taken.happened, taken.head.present, taken.head.present_after, taken.doubtful)
            groups.setdefault(key, []).append(taken)
        for (happened, present, after, doubtful), some in groups.items():
            data: Bytes = np.frombuffer(b"".join(taken.rows for taken in some), dtype=np.uint8)
            ends = np.cumsum(np.fromiter((len(taken.rows) for taken in some), np.int64, len(some)))
            starts = np.concatenate([[0], ends[:-1]])
            turns = np.fromiter((taken.turn for taken in some), np.int64, len(some))
            presents = (present, after) if happened == events.UPDATE else (present,)
            found = cut(data, (starts, ends), shape, presents, wanted)
            self.changes += found[0].events.size
            if happened != events.INSERT:
                self._keep_rows(data, found[0], turns, columns, there=False, doubtful=doubtful)
            if happened != events.DELETE:
                now = _filled(found[-1], found[0]) if happened == events.UPDATE else found[0]
                self._keep_rows(data, now, turns, columns, there=True, doubtful=doubtful)

    def _keep_rows(
        self, data: Bytes, rows: Images, turns: Places, columns: Sequence[Logged], *, there: bool, doubtful: bool
    ) -> None:
        partial = np.full(rows.events.size, doubtful, dtype=np.bool_)
        arrays = []
        for cells, logged in zip(rows.cells, columns, strict=True):
            made, unsure = values.array(data, cells, logged)
            if unsure.any() and logged.column.name in self._keys.names:
                raise UnreadableError(f"{logged.column.name}: key")
            partial |= unsure
            arrays.append(made)
        batch = pa.RecordBatch.from_arrays(arrays, schema=self._plan.schema)
        # What an update takes away comes before what it brings. Doubtful rows are looked at once more, gone or not.
        order = ((turns[rows.events] << _IMAGES_BITS) | rows.turns) * 2 + there
        kept: Kept = self._there if there or doubtful else self._gone
        self._keep(kept, batch, order, partial if there or doubtful else np.zeros(partial.size, dtype=np.bool_))


def _filled(after: Images, before: Images) -> Images:
    """Return rows with what is not told of them taken from what they were, where that is told."""
    cells = []
    for new, old in zip(after.cells, before.cells, strict=True):
        gaps = new.untold & ~old.untold
        pairs = ((new.nulls, old.nulls), (new.untold, old.untold), (new.starts, old.starts), (new.sizes, old.sizes))
        cells.append(Cells(*(np.where(gaps, theirs, ours) for ours, theirs in pairs)))
    return Images(after.events, after.turns, tuple(cells))


def _unpacked(packed: bytes) -> bytes:
    """Return what a MariaDB has compressed: a byte that says how, the length, and the rest.

    Raises:
        UnreadableError: when it is not what it says.
    """
    width = packed[0] & 7 if packed else 0
    size = int.from_bytes(packed[1 : 1 + width], "big")
    try:
        found = zlib.decompress(packed[1 + width :])
    except zlib.error as error:
        raise UnreadableError("compression") from error
    if len(found) != size:
        raise UnreadableError("compression")
    return found


def _decoded(raw: bytes, number: int) -> str:
    try:
        codec = charset_by_id(number).encoding if number else "utf-8"
    except KeyError:
        codec = "utf-8"
    try:
        return raw.decode(codec)
    except (UnicodeDecodeError, LookupError):
        return raw.decode("utf-8", errors="replace")
