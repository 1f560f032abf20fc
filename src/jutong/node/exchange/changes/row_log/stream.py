"""A connection that reads a server's row log up to its end: the replication protocol, spoken on PyMySQL's socket.

The server is asked not to wait for more, so it says when there is nothing left. Nothing is confirmed to it: the log is
the server's own, and it throws it away when it has kept it as long as it was told to.
"""

from __future__ import annotations

import struct
import time
import zlib
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from typing import Any

import pyarrow as pa
import pymysql
from pymysql.constants import COMMAND, ER

from jutong.node.connectors.errors import SourceUnreachableError
from jutong.node.connectors.limits import CONNECT_SECONDS
from jutong.node.connectors.mysql import reason
from jutong.node.exchange.changes.row_log.errors import RowLogForbiddenError, RowLogGoneError
from jutong.node.exchange.changes.row_log.events import FORMAT, HEAD, PAYLOAD, ROTATE, Event, Place, UnreadableError
from jutong.node.exchange.errors import SourceLostError
from jutong.node.sources import SourceConfig

GRANT = "GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO {role}"
ASK_SECONDS = 0.5
LOST_SECONDS = 60.0
QUERY_SECONDS = 60
PIECE = 1 << 18
_HEAD = HEAD.size
_DO_NOT_WAIT = 1
_WHOLE_PACKET = 0xFFFFFF
_GTIDS_TOO = 4
"""Says to a MariaDB that it need not rewrite events for us."""

_DENIED = {
    ER.SPECIFIC_ACCESS_DENIED_ERROR,
    ER.ACCESS_DENIED_ERROR,
    ER.DBACCESS_DENIED_ERROR,
    ER.TABLEACCESS_DENIED_ERROR,
}
_CANNOT_READ = 1236
"""A server's answer for a place that its log does not have."""

BROKEN = (pymysql.err.OperationalError, pymysql.err.InterfaceError, struct.error, OSError)


class LogDump:
    """A server's log from one place on. Iterate over ``events`` once.

    ``born`` is by what the file at ``place`` can be told from others of its name, ``first_born`` the same of the first.
    ``first_at`` is when the first event was written, in seconds since 1970.
    """

    def __init__(self, connection: Any, source: SourceConfig, tick: Callable[[], None]) -> None:
        self._connection = connection
        self._source = source
        self._tick = tick
        self._buffer = bytearray()
        self.born = ""
        self.first_born = ""
        self.first_at = 0
        self.place = Place(0, 0, "")
        self._crc = 0

    def events(self, after: Place, number: int) -> Generator[Event]:
        """Yield what the log has from a place on, to its end as it is when it is reached.

        Args:
            after: where to begin.
            number: names this reader among the server's replicas; an earlier one of the same number is ended.

        Raises:
            RowLogGoneError: when the server no longer has that place.
            RowLogForbiddenError: when the account may not read it.
            SourceLostError: when the server breaks off.
            UnreadableError: when an event is not what it says.
        """
        self._prepare()
        self.place = after
        name = after.file.encode()
        inner = self._connection
        try:
            inner._execute_command(  # noqa: SLF001
                COMMAND.COM_BINLOG_DUMP, struct.pack("<IHI", after.offset, _DO_NOT_WAIT, number) + name
            )
            inner._sock.settimeout(ASK_SECONDS)  # noqa: SLF001
        except BROKEN as error:
            raise self._lost() from error
        for packet in self._packets():
            if packet[:1] == b"\xff":
                raise self._refused(packet)
            if packet[:1] == b"\xfe" and len(packet) < _HEAD:
                return
            if (event := self._event(packet)) is not None:
                yield event

    def _prepare(self) -> None:
        cursor = self._connection.cursor()
        try:
            cursor.execute("SHOW GLOBAL VARIABLES LIKE 'binlog_checksum'")
            if cursor.fetchall():  # servers before checksums have no such variable
                cursor.execute("SET @master_binlog_checksum = @@global.binlog_checksum")
                cursor.execute("SET @source_binlog_checksum = @@global.binlog_checksum")
            cursor.execute(f"SET @mariadb_slave_capability = {_GTIDS_TOO:d}")
        except BROKEN as error:
            raise self._lost() from error

    def _event(self, packet: bytes) -> Event | None:
        """Read a head; return None for what is only about the log itself."""
        if len(packet) <= _HEAD:
            raise UnreadableError("event")
        when, kind, server, size, ends, _ = HEAD.unpack_from(packet, 1)
        if size != len(packet) - 1:
            raise UnreadableError("length")
        if kind == FORMAT:
            self._meet(packet, when, server)
        elif self._crc and zlib.crc32(packet[1:-4]) != int.from_bytes(packet[-4:], "little"):
            raise UnreadableError("checksum")
        body = packet[1 + _HEAD : len(packet) - self._crc]
        if kind == ROTATE:
            self._rotate(body)
        elif ends:
            # A head has room for 32 bits only; a transaction may lie behind 4 GiB.
            offset = (self.place.offset & ~0xFFFFFFFF) | ends
            offset += (1 << 32) if offset < self.place.offset else 0
            self.place = Place(self.place.number, offset, self.place.file)
        if kind in {FORMAT, ROTATE}:
            return None
        self.first_at = self.first_at or when
        return Event(kind, body, self.place)

    def _meet(self, packet: bytes, when: int, server: int) -> None:
        # The moment it was begun tells a file from one of the same name on another server, or after a reset.
        self.born = f"{server}-{when}"
        self.first_born = self.first_born or self.born
        self._crc = 4 if packet[-5] == 1 else 0

    def _rotate(self, body: bytes) -> None:
        if not self.born:
            return  # names the file that was asked for; nobody knows yet whether a checksum follows
        try:
            self.place = Place.of(body[8:].decode(), int.from_bytes(body[:8], "little"))
        except ValueError as error:
            raise UnreadableError("rotate") from error

    def _packets(self) -> Iterator[bytes]:
        parts: list[bytes] = []
        while True:
            head = self._take(4)
            size = int.from_bytes(head[:3], "little")
            packet = self._take(size)
            if size == _WHOLE_PACKET or parts:
                parts.append(packet)
                if size == _WHOLE_PACKET:
                    continue
                packet, parts = b"".join(parts), []
            yield packet

    def _take(self, size: int) -> bytes:
        buffer = self._buffer
        while len(buffer) < size:
            buffer += self._hear()
        taken = bytes(memoryview(buffer)[:size])
        del buffer[:size]
        return taken

    def _hear(self) -> bytes:
        deadline = time.monotonic() + LOST_SECONDS
        sock = self._connection._sock  # noqa: SLF001
        while True:
            self._tick()
            try:
                piece: bytes = sock.recv(PIECE)
            except TimeoutError:
                if time.monotonic() > deadline:
                    raise self._lost("timed out") from None
                continue
            except OSError as error:
                raise self._lost() from error
            if not piece:
                raise self._lost()
            return piece

    def _refused(self, packet: bytes) -> Exception:
        number = int.from_bytes(packet[1:3], "little")
        if number in _DENIED:
            return forbidden(self._source)
        if number == _CANNOT_READ:
            text = packet[9:].decode(errors="replace")
            problem = "purged" if "find first log file" in text or "purged" in text else "position"
            return gone(self._source, self.place, problem)
        return SourceLostError(source=self._source.name, rows=0, reason=f"error {number}")

    def _lost(self, why: str = "connection broken") -> SourceLostError:
        return SourceLostError(source=self._source.name, rows=0, reason=why)


def inner_events(body: bytes, ends: Place) -> Iterator[Event]:
    """Yield the events of a transaction that a MySQL has compressed into one.

    Raises:
        UnreadableError: when it is not what it says.
    """
    place, told = 0, {}
    try:
        while (kind := _packed(body, place))[0]:
            size, place = _packed(body, kind[1])
            told[kind[0]] = _packed(body, place)[0]
            place += size
        packed = body[kind[1] :]
        data = packed
        if told.get(2, 0) == 0:
            data = bytes(pa.decompress(packed, decompressed_size=told[3], codec="zstd", asbytes=True))
        elif told[2] != 255:  # noqa: PLR2004 - nothing was compressed
            raise UnreadableError("compression")
        place = 0
        while place < len(data):
            _, event, _, size, _, _ = HEAD.unpack_from(data, place)
            if size < _HEAD or place + size > len(data):
                raise UnreadableError("payload")
            yield Event(event, data[place + _HEAD : place + size], ends)
            place += size
    except (IndexError, KeyError, struct.error, pa.ArrowInvalid, OSError) as error:
        raise UnreadableError("payload") from error


def _packed(body: bytes, place: int) -> tuple[int, int]:
    first = body[place]
    width = {0xFC: 2, 0xFD: 3, 0xFE: 8}.get(first, 0)
    if not width:
        return first, place + 1
    return int.from_bytes(body[place + 1 : place + 1 + width], "little"), place + 1 + width


@contextmanager
def connect(source: SourceConfig, tick: Callable[[], None] = lambda: None) -> Iterator[LogDump]:
    """Open a connection for reading the log.

    Args:
        source: the server.
        tick: called while waiting; may raise.

    Raises:
        SourceUnreachableError: when the server does not let us in.
    """
    try:
        connection: Any = pymysql.connect(
            **source.mysql_options(),
            charset="utf8mb4",
            connect_timeout=CONNECT_SECONDS,
            read_timeout=QUERY_SECONDS,
            write_timeout=QUERY_SECONDS,
            autocommit=True,
            program_name="jutong",
        )
    except BROKEN as error:
        raise SourceUnreachableError(source=source.name, reason=reason(error)) from error
    try:
        yield LogDump(connection, source, tick)
    finally:
        connection._force_close()  # noqa: SLF001 - the server may be in the middle of a long answer


def forbidden(source: SourceConfig, more: str = "") -> RowLogForbiddenError:
    """Return what it means that the account may not, with the statement that mends it."""
    role = f"'{source.mysql_options()['user']}'@'%'"
    return RowLogForbiddenError(source=source.name, role=role, remedy=GRANT.format(role=role) + more)


def gone(source: SourceConfig, place: Place, problem: str) -> RowLogGoneError:
    """Return what it means that the log from a place on is not there."""
    return RowLogGoneError(source=source.name, place=str(place), problem=problem, setting="binlog_expire_logs_seconds")


def is_payload(event: Event) -> bool:
    """Tell whether an event is a whole transaction, compressed."""
    return event.kind == PAYLOAD
