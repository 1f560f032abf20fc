"""A table's changes from a row log as something a move reads: first a snapshot with a place, then what followed.

The place stands in the commit of the rows and nowhere else. Nothing is kept at the source for us: it throws its log
away when it has kept it as long as it was told to, and a place that is no longer there ends the job.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pymysql

from jutong.contracts.modes import ChangesMode
from jutong.kernel.clock import utc_now
from jutong.kernel.errors import JutongError
from jutong.library.proof import Proof
from jutong.node.exchange.changes.errors import LogUnreadableError
from jutong.node.exchange.changes.row_log import server
from jutong.node.exchange.changes.row_log.events import Event, Place, UnreadableError
from jutong.node.exchange.changes.row_log.server import Snapshot, Table
from jutong.node.exchange.changes.row_log.stream import LogDump, connect, gone, inner_events, is_payload
from jutong.node.exchange.changes.row_log.window import RowsWindow
from jutong.node.exchange.changes.told import GONE_FILE, Told, keep, told
from jutong.node.exchange.errors import OrderUnfitError
from jutong.node.exchange.lanes import Work
from jutong.node.exchange.modes.since import Since
from jutong.node.exchange.plan import MovePlan
from jutong.node.exchange.progress import READING
from jutong.node.exchange.readers import OpenRead
from jutong.node.exchange.readers import mysql as table
from jutong.node.sources import SourceConfig

SCHEME = "row-log"
FIRST = 4
"""Where the first event of a log file begins."""

_READER = 0x4A000000
"""Numbers of our readers begin here, far above those that replicas are usually given."""

_FROM_SNAPSHOT = "snapshot"


def _reader_number(name: str) -> int:
    """Return a reader's number: the same for a target, so that a job taken up again ends the one that was killed."""
    return _READER | (zlib.crc32(name.encode()) & 0xFFFFFF)


@contextmanager
def read(work: Work, name: str, earlier: Since | None) -> Iterator[OpenRead]:
    """Open what changed since the last job of a target, or the whole table where there was none.

    Args:
        work: the job.
        name: of the target, this node's only.
        earlier: what an earlier run of this job read.

    Raises:
        JutongError: naming why nothing can be read, and who can mend it.
    """
    order, source, mode = work.order, work.source, work.order.mode
    assert isinstance(mode, ChangesMode)  # noqa: S101 - nobody else comes here
    if order.into is not None:
        raise OrderUnfitError(what="写入方式", found="changes × into")
    number = _reader_number(name)
    followed = server.check(source, order, mode)
    since = Since(column=f"{SCHEME}:{name}:{order.source}:{order.schema_name}.{order.table}")
    reached, _ = work.target.position(since.column) if not mode.afresh else ("", 0)
    try:
        if not reached:
            with _first(work, followed, number, since) as opened:
                yield opened
            return
        since = since.model_copy(update={"after": reached})
        if earlier is not None and (earlier.column, earlier.after) == (since.column, reached):
            since = earlier
        with _following(work, followed, number, since) as opened:
            yield opened
    except UnreadableError as error:
        raise LogUnreadableError(source=source.name, problem=str(error)) from error


@contextmanager
def _first(work: Work, followed: Table, number: int, since: Since) -> Iterator[OpenRead]:
    """Read the whole table in a snapshot whose place in the log is known."""
    source = work.source
    _born(source, server.now(source), number)  # an account that may not read the log is told before the table is read
    snapshot = Snapshot(source, followed)
    with table.read(source, work.order, around=snapshot.around) as opened:
        place = snapshot.place
        assert place is not None  # noqa: S101 - the snapshot has begun
        since = since.model_copy(update={"upto": f"{place} {_born(source, place, number)} {_FROM_SNAPSHOT}"})
        keep(work.folder, Told())
        yield replace(opened, since=since)


def _born(source: SourceConfig, place: Place, number: int) -> str:
    """Return by what a log file can be told from another one of its name."""
    with connect(source) as dump:
        with closing(dump.events(Place(place.number, FIRST, place.file), number)) as found:
            next(found, None)
        return dump.born


@contextmanager
def _following(work: Work, followed: Table, number: int, since: Since) -> Iterator[OpenRead]:
    order, source = work.order, work.source
    place, born, *more = since.after.split(" ")
    after = _place(source, place)
    plan = table.plan_of(source, order)
    # The catalog was read just now: from here on nothing may have moved its columns, up to where the log is now.
    watch = max(server.now(source), after)
    upto = _place(source, since.upto.split(" ")[0]) if since.upto else watch
    with RowsWindow(work.folder / "changes", plan, followed, from_snapshot=_FROM_SNAPSHOT in more) as window:
        with connect(source, work.teller.tell) as dump:
            ended = _Drain(work, dump, window, number).run(after, born, upto, watch)
        window.end()
        if not since.upto:
            since = since.model_copy(update={"upto": f"{upto} {ended}"})
        with closing(Again(source, plan, followed.identity)) as again:
            rows = window.settle(again.rows)
        used = _used(dump.first_at, followed.keeps_seconds)
        keep(work.folder, Told(changes=window.changes, only=not window.emptied, log_permille=used))
        yield OpenRead(
            plan,
            rows,
            "",
            lambda _: rows,
            lambda _: (),
            lambda _: window.there(),
            since=since,
            gone=window.gone,
        )


def _used(first_at: int, keeps_seconds: int) -> int:
    """Return how many thousandths of the time that the server keeps its log have passed since a moment."""
    if not first_at or not keeps_seconds:
        return 0
    return min(1000, max(0, 1000 * int(utc_now().timestamp() - first_at) // keeps_seconds))


def _place(source: SourceConfig, text: str) -> Place:
    try:
        return Place.read(text)
    except ValueError as error:
        raise gone(source, Place(0, 0, text[:64]), "position") from error


class _Drain:
    """Hands a log's events to a window, up to a place."""

    def __init__(self, work: Work, dump: LogDump, window: RowsWindow, number: int) -> None:
        self._work = work
        self._dump = dump
        self._window = window
        self._number = number

    def run(self, after: Place, born: str, upto: Place, watch: Place) -> str:
        """Read from one place to another, and look at what lies behind it as far as ``watch``.

        Args:
            after: where to begin.
            born: by what the file that begins there is known.
            upto: where the job ends.
            watch: where the log was when the catalog had been read.

        Returns:
            By what the file in which the job ends is known.

        Raises:
            RowLogGoneError: when the log is not the one that was read before, or shorter than it was.
        """
        dump, window = self._dump, self._window
        reached, ended, looked = after, "", False
        for event in dump.events(after, self._number):
            if not looked:
                self._recognise(after, born, reached.number)
                looked = True
            beyond = event.ends > upto
            if event.ends > watch or (beyond and not window.unnamed):
                break
            for one in self._unfolded(event):
                if window.take(one, beyond=beyond):
                    self._work.teller.tell(phase=READING)
            reached = event.ends
            ended = ended if beyond else dump.born
            if reached >= watch or (reached >= upto and not window.unnamed):
                break
        if not looked:
            self._recognise(after, born, after.number)
        if max(reached, dump.place) < upto:
            raise gone(self._work.source, reached, "position")
        return ended or dump.born

    def _recognise(self, after: Place, born: str, number: int) -> None:
        if number == after.number and self._dump.first_born != born:
            raise gone(self._work.source, after, f"{born} → {self._dump.first_born or '-'}")

    @staticmethod
    def _unfolded(event: Event) -> Iterator[Event]:
        if is_payload(event):
            yield from inner_events(event.body, event.ends)
        else:
            yield event


class Again:
    """Reads rows of the table once more by their keys; connects when it is first asked."""

    def __init__(self, source: SourceConfig, plan: MovePlan, identity: Sequence[str]) -> None:
        self._source = source
        self._plan = plan
        self._identity = identity
        self._connection: Any = None

    def rows(self, keys: pa.RecordBatch) -> pa.RecordBatch:
        """Return the rows that have these keys now."""
        columns = ", ".join(
            column.mapping.expression.format(table.quoted(column.name)) for column in self._plan.columns
        )
        try:
            if self._connection is None:
                self._connection = table.connect(self._source)
                with self._connection.cursor() as cursor:
                    cursor.execute(table.IN_UTC)
                    cursor.execute("SET SESSION TRANSACTION READ ONLY")
            with self._connection.cursor() as cursor:
                cursor.execute(
                    f"SELECT {columns} FROM {table.quoted(self._plan.table)} WHERE {self._where(keys)}"  # noqa: S608
                )
                found = list(cursor.fetchall())
        except (*table.LOST, pymysql.err.ProgrammingError) as error:
            raise table.lost(self._source, error, 0) from error
        if not found:
            return pa.RecordBatch.from_pylist([], schema=self._plan.schema)
        return self._plan.convert(table.gather(found, self._plan))

    def _where(self, keys: pa.RecordBatch) -> str:
        """Return the condition for some keys; the values are quoted by the driver, the names are the catalog's."""
        names = [table.quoted(name) for name in self._identity]
        rows = [[_literal(row[name]) for name in self._identity] for row in keys.to_pylist()]
        if any(column.null_count for column in keys.columns):
            return " OR ".join(
                "(" + " AND ".join(f"{name} <=> {value}" for name, value in zip(names, row, strict=True)) + ")"
                for row in rows
            )
        return f"({', '.join(names)}) IN ({', '.join('(' + ', '.join(row) + ')' for row in rows)})"

    def close(self) -> None:
        """End the connection."""
        if self._connection is not None:
            table.drop(self._connection)


def _literal(value: Any) -> str:
    if isinstance(value, bytes):
        return f"X'{value.hex()}'"
    if hasattr(value, "tzinfo") and value.tzinfo is not None:
        value = value.replace(tzinfo=None)  # the session is in UTC, as instants are here
    return str(pymysql.converters.escape_item(value, "utf8mb4"))


def confirm(source: SourceConfig, proof: Proof, folder: Path) -> None:
    """Take away what a job needed no more behind its commit, and note how far the log has gone on since.

    Args:
        source: the server.
        proof: of the commit.
        folder: the job's own.
    """
    (folder / GONE_FILE).unlink(missing_ok=True)  # it has keys of people's rows, and its work is done
    with suppress(JutongError, ValueError):
        lag = server.behind(source, Place.read(proof.position.split(" ")[0]))
        keep(folder, told(folder).model_copy(update={"lag_bytes": lag}))
