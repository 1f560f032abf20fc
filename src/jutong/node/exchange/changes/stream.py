"""A connection that reads a server's log: PostgreSQL's replication protocol, spoken through psycopg's own libpq."""

from __future__ import annotations

import select
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
from psycopg import pq, sql
from psycopg.conninfo import make_conninfo

from jutong.node.connectors.errors import SourceUnreachableError
from jutong.node.connectors.limits import CONNECT_SECONDS
from jutong.node.connectors.postgresql import reason
from jutong.node.exchange.changes import pgoutput
from jutong.node.exchange.changes.errors import LogForbiddenError, LogOffError, SlotBusyError, SlotsUsedUpError
from jutong.node.exchange.changes.texts import SETTINGS
from jutong.node.exchange.errors import SourceLostError
from jutong.node.sources import SourceConfig

PATIENCE_SECONDS = 600.0
"""How long a command may take: a new slot waits for every transaction that is open."""

ASK_SECONDS = 0.1
ALIVE_SECONDS = 10.0
LOST_SECONDS = 60.0
_HEAD = 25
"""Of a message with log in it: a letter, where it is, how far the server is, and its time."""

_ALIVE = struct.Struct(">cQQQQc")
_SAID = struct.Struct(">cQQc")
_XLOG, _KEEPALIVE = ord("w"), ord("k")


@dataclass(frozen=True)
class Identity:
    """Who a server is, and how far its log is on the disk."""

    system: str
    reached: int


@dataclass(frozen=True)
class Exported:
    """A slot of this connection only, and the snapshot of everything before it."""

    slot: str
    begins: int
    snapshot: str


class Refused(Exception):  # noqa: N818 - named by whoever asked
    """The server refused a command; ``sqlstate`` says why, ``text`` is its first line."""

    def __init__(self, sqlstate: str, text: str) -> None:
        self.sqlstate = sqlstate
        self.text = text
        super().__init__(sqlstate)


class LogConnection:
    """See ``connect``.

    Args:
        connection: open, for replication.
        source: whose it is.
        tick: called while waiting; may raise.
    """

    def __init__(self, connection: pq.abc.PGconn, source: SourceConfig, tick: Callable[[], None]) -> None:
        self._connection = connection
        self._source = source
        self._tick = tick
        self._heard = time.monotonic()

    def identify(self) -> Identity:
        """Return who the server is."""
        system, _, reached, *_ = self._row("IDENTIFY_SYSTEM")
        return Identity(system, to_number(reached))

    def export(self, slot: str) -> Exported:
        """Make a slot that ends with this connection, and hold the snapshot in which it begins."""
        command = sql.SQL("CREATE_REPLICATION_SLOT {} TEMPORARY LOGICAL pgoutput EXPORT_SNAPSHOT")
        name, begins, snapshot, *_ = self._row(command.format(sql.Identifier(slot)).as_string(None))
        return Exported(name, to_number(begins), snapshot)

    def settle(self) -> None:
        """Let go of the snapshot: whoever wanted it has it."""
        self._row("SELECT 1")

    def copy_slot(self, slot: str, to: str) -> None:
        """Make a lasting slot of one of this connection."""
        command = sql.SQL("SELECT pg_copy_logical_replication_slot({}, {}, false)")
        self._row(command.format(sql.Literal(slot), sql.Literal(to)).as_string(None))

    def messages(self, slot: str, publication: str, after: int, upto: int) -> Iterator[bytes]:
        """Yield what a slot's log says of transactions committed from one place on and before another.

        Nothing is confirmed to the server.

        Raises:
            Refused: when the slot cannot be read.
            SourceLostError: when the server breaks off.
        """
        self._start(slot, publication, after)
        connection, asked = self._connection, 0.0
        while True:
            size, data = connection.get_copy_data(1)
            if size > 0:
                letter = data[0]
                if letter == _XLOG:
                    message = bytes(data[_HEAD:])
                    if message[0] == pgoutput.BEGIN and pgoutput.committed_at(message) >= upto:
                        return
                    yield message
                elif letter == _KEEPALIVE:
                    _, reached, _, wants = _SAID.unpack(data)
                    if reached >= upto:
                        return
                    if wants == b"\1":
                        self._say(ask=False)
                continue
            if size < 0:
                self._result()
                raise self._lost()
            if time.monotonic() - asked > ASK_SECONDS:
                self._say(ask=True)
                asked = time.monotonic()
            self._hear()

    def alive(self) -> None:
        """Say that we are there, if it was long ago that we did."""
        if time.monotonic() - self._heard > ALIVE_SECONDS:
            self._say(ask=False)
            self._heard = time.monotonic()

    def close(self) -> None:
        """End the connection."""
        self._connection.finish()

    def _start(self, slot: str, publication: str, after: int) -> None:
        names = sql.Literal(sql.Identifier(publication).as_string(None)).as_string(None)
        command = f"START_REPLICATION SLOT {sql.Identifier(slot).as_string(None)} LOGICAL {to_text(after)} "
        self._connection.send_query(f"{command}(proto_version '1', publication_names {names})".encode())
        if (found := self._result()) is None or found.status != pq.ExecStatus.COPY_BOTH:
            raise self._lost()

    def _row(self, command: str) -> list[str]:
        self._connection.send_query(command.encode())
        found = self._result()
        if found is None or found.ntuples != 1:
            raise self._lost()
        row = [(found.get_value(0, place) or b"").decode() for place in range(found.nfields)]
        while self._result() is not None:
            pass
        return row

    def _result(self) -> pq.abc.PGresult | None:
        """Wait for the next result of a command.

        Raises:
            Refused: when it is an error.
            SourceLostError: when it does not come.
        """
        deadline = time.monotonic() + PATIENCE_SECONDS
        self._connection.flush()
        while self._connection.is_busy():
            if time.monotonic() > deadline:
                raise self._lost("timed out")
            self._hear(patience=PATIENCE_SECONDS)
        found = self._connection.get_result()
        if found is not None and found.status == pq.ExecStatus.FATAL_ERROR:
            state = (found.error_field(pq.DiagnosticField.SQLSTATE) or b"").decode()
            text = (found.error_field(pq.DiagnosticField.MESSAGE_PRIMARY) or b"").decode(errors="replace")
            if not state or state.startswith(("08", "57")):
                raise self._lost()
            raise Refused(state, text)
        return found

    def _hear(self, patience: float = LOST_SECONDS) -> None:
        self._tick()
        ready, _, _ = select.select([self._connection.socket], [], [], ASK_SECONDS)
        if ready:
            self._heard = time.monotonic()
            try:
                self._connection.consume_input()
            except psycopg.OperationalError as error:
                raise self._lost() from error
        elif time.monotonic() - self._heard > patience:
            raise self._lost("timed out")

    def _say(self, *, ask: bool) -> None:
        # Places of 0 confirm nothing: the server keeps its log until the rows are committed.
        try:
            self._connection.put_copy_data(_ALIVE.pack(b"r", 0, 0, 0, 0, b"\1" if ask else b"\0"))
            self._connection.flush()
        except psycopg.OperationalError as error:
            raise self._lost() from error

    def _lost(self, why: str = "connection broken") -> SourceLostError:
        return SourceLostError(source=self._source.name, rows=0, reason=why)


@contextmanager
def connect(source: SourceConfig, tick: Callable[[], None] = lambda: None) -> Iterator[LogConnection]:
    """Open a connection for replication.

    Args:
        source: the server.
        tick: called while waiting; may raise.

    Raises:
        SourceUnreachableError, LogForbiddenError, LogOffError, SlotsUsedUpError: when the server does not let us in.
        SourceLostError: when it breaks off.
    """
    options = " ".join(f"-c {name}={value.replace(' ', '')}" for name, value in SETTINGS.items())
    address = make_conninfo(
        source.dsn, replication="database", application_name="jutong", connect_timeout=CONNECT_SECONDS,
        options=options, keepalives_idle=30, keepalives_interval=10, keepalives_count=3, tcp_user_timeout=60_000,
    )  # fmt: skip
    connection = pq.PGconn.connect(address.encode())
    try:
        if connection.status != pq.ConnStatus.OK:
            raise _named(source, connection.get_error_message())
        connection.nonblocking = 1
        yield LogConnection(connection, source, tick)
    finally:
        connection.finish()


def _named(source: SourceConfig, text: str) -> Exception:
    if "max_wal_senders" in text:
        if "currently 0" in text:
            return LogOffError(source=source.name, setting="max_wal_senders", found="0", wanted="10")
        return SlotsUsedUpError(source=source.name, setting="max_wal_senders")
    if "walsender" in text or "WAL sender" in text:
        role = psycopg.conninfo.conninfo_to_dict(source.dsn).get("user", "?")
        return LogForbiddenError(source=source.name, role=role)
    return SourceUnreachableError(source=source.name, reason=reason(psycopg.OperationalError(text)))


def named_refusal(error: Refused, source: SourceConfig, slot: str) -> Exception:
    """Return what a refused command about a slot means."""
    if error.sqlstate == "42501":
        role = psycopg.conninfo.conninfo_to_dict(source.dsn).get("user", "?")
        return LogForbiddenError(source=source.name, role=role)
    if error.sqlstate == "53400":
        return SlotsUsedUpError(source=source.name, setting="max_replication_slots")
    if error.sqlstate == "55006":
        return SlotBusyError(source=source.name, slot=slot)
    return SourceLostError(source=source.name, rows=0, reason=f"SQLSTATE {error.sqlstate}")


def to_number(text: str) -> int:
    """Return a place in the log as a number.

    Raises:
        ValueError: for a text that is none.
    """
    high, low = text.split("/")
    return (int(high, 16) << 32) | int(low, 16)


def to_text(place: int) -> str:
    """Return a place in the log as PostgreSQL writes it."""
    return f"{place >> 32:X}/{place & 0xFFFFFFFF:X}"
