"""One connection to a MariaDB or MySQL that is written to: strict, in UTC, and with errors that repeat no value."""

from __future__ import annotations

import contextlib
import re
import socket
import struct
from collections.abc import Collection, Iterator, Sequence
from typing import Any

import pymysql
from pymysql.constants import CLIENT, COMMAND, CR, ER
from pymysql.cursors import SSCursor
from pymysql.protocol import OKPacketWrapper

from jutong.node.connectors import mysql as connector
from jutong.node.connectors.errors import SourceUnreachableError
from jutong.node.connectors.limits import CONNECT_SECONDS
from jutong.node.exchange.targets.errors import TargetLostError, TargetRefusedError
from jutong.node.sources import SourceConfig

LOCK_SECONDS = 30
"""How long to wait for others at the same rows or the same table."""

PACKET_BYTES = 512 * 1024
BROKEN = (pymysql.err.MySQLError, struct.error, OSError, AssertionError)
"""What the driver raises, also for a connection that ended in the midst of a packet."""

_SETTINGS = (
    # Values are refused and never adjusted, zero is a value of an AUTO_INCREMENT column, a backslash escapes.
    "SET SESSION sql_mode = 'STRICT_ALL_TABLES,STRICT_TRANS_TABLES,NO_AUTO_VALUE_ON_ZERO,NO_ENGINE_SUBSTITUTION'",
    "SET SESSION time_zone = '+00:00'",
    "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",
    f"SET SESSION innodb_lock_wait_timeout = {LOCK_SECONDS}",
    f"SET SESSION lock_wait_timeout = {LOCK_SECONDS}",
    "SET SESSION wait_timeout = 86400, net_read_timeout = 600, net_write_timeout = 600",
    "SET SESSION foreign_key_checks = 1, unique_checks = 1, sql_safe_updates = 0, group_concat_max_len = 1073741824",
)
_WHERE_KNOWN = (
    "SET SESSION max_statement_time = 0",  # MariaDB's own
    "SET SESSION information_schema_stats_expiry = 0",  # MySQL's own: it would tell AUTO_INCREMENT of yesterday
)
_WATCHED = {"TCP_KEEPIDLE": 30, "TCP_KEEPINTVL": 10, "TCP_KEEPCNT": 3, "TCP_USER_TIMEOUT": 60_000}
_BUSY = {ER.LOCK_WAIT_TIMEOUT}
_CLIENT = 2000
_LOST = {
    ER.LOCK_DEADLOCK, ER.CHECKREAD, ER.SERVER_SHUTDOWN, ER.DISK_FULL, ER.RECORD_FILE_FULL, ER.CON_COUNT_ERROR,
    ER.QUERY_INTERRUPTED, ER.TABLE_DEF_CHANGED, ER.OUTOFMEMORY, ER.OUT_OF_RESOURCES, ER.ERROR_ON_WRITE,
    ER.ERROR_ON_READ, ER.LOCK_TABLE_FULL, ER.NET_READ_ERROR, ER.NET_READ_INTERRUPTED, ER.NET_ERROR_ON_WRITE,
    ER.NET_WRITE_INTERRUPTED, ER.OPTION_PREVENTS_STATEMENT, 1927, 1969, 3024, 3169,
}  # fmt: skip
"""What may be gone later; the last ones are a killed connection and a statement that took too long."""

_NAMED = re.compile(r"[`'.]([^`'.]{1,64})[`']")
NO_LOCAL = {ER.NOT_ALLOWED_COMMAND, ER.UNKNOWN_COM_ERROR, 3948, 4166}
"""The server takes no LOAD DATA LOCAL."""


def quoted(*names: str) -> str:
    """Return names as one identifier."""
    return ".".join("`" + name.replace("`", "``") + "`" for name in names)


class Session:
    """A connection to the target. Use as a context manager.

    Args:
        source: the database.
        table: schema and table, for messages.

    Raises:
        SourceUnreachableError: when the server does not let us in.
    """

    def __init__(self, source: SourceConfig, table: str) -> None:
        self._table = table
        self.known: Collection[str] = ()
        """Names of columns, keys and constraints; of what the server says only these are passed on."""
        self.warned = False
        """Whether the server warned of something when it answered the last query."""
        try:
            connection: Any = pymysql.connect(
                **source.mysql_options(), charset="utf8mb4", connect_timeout=CONNECT_SECONDS, autocommit=True,
                client_flag=CLIENT.LOCAL_FILES, program_name="jutong",
            )  # fmt: skip
            self._connection = connection
            _watch(connection._sock)  # noqa: SLF001 - it has no other way to its socket
            for statement in _SETTINGS:
                self.do(statement)
            for statement in _WHERE_KNOWN:
                with contextlib.suppress(pymysql.err.OperationalError, pymysql.err.InternalError):
                    self.do(statement)
        except BROKEN as error:
            raise SourceUnreachableError(source=source.name, reason=connector.reason(error)) from error

    def close(self) -> None:
        """End the connection; what was not committed is gone."""
        with contextlib.suppress(*BROKEN):
            self._connection.close()

    @property
    def version(self) -> str:
        """The server's own word on its version."""
        return str(self._connection.get_server_info())

    def rows(self, query: str) -> Sequence[tuple[Any, ...]]:
        """Return what a query answers. No parameters are filled in: ``literal`` makes values safe."""
        with self._connection.cursor() as cursor:
            cursor.execute(query)
            self.warned = bool(cursor.warning_count)
            found: Sequence[tuple[Any, ...]] = cursor.fetchall()
            return found

    def stream(self, query: str, many: int) -> Iterator[list[str]]:
        """Yield the first column of what a query answers, so many rows at once; none is kept."""
        with self._connection.cursor(SSCursor) as cursor:
            cursor.execute(query)
            while found := cursor.fetchmany(many):
                yield [row[0] if isinstance(row[0], str) else bytes(row[0]).decode() for row in found]

    def one(self, query: str) -> tuple[Any, ...]:
        """Return the only row a query answers."""
        (row,) = self.rows(query)
        return row

    def do(self, statement: str | bytes) -> int:
        """Carry out a statement; return how many rows it changed."""
        changed: int = self._connection.query(statement)
        return changed

    def literal(self, value: str) -> str:
        """Return a text as SQL has it."""
        return str(self._connection.escape(value))

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit what is done inside, or nothing of it."""
        self.begin()
        try:
            yield
        except BaseException:
            self.rollback()
            raise
        self.commit()

    def begin(self) -> None:
        """Begin a transaction."""
        self._connection.begin()

    def commit(self) -> None:
        """Commit."""
        self._connection.commit()

    def rollback(self) -> None:
        """Give up what was done since ``begin``; a broken connection has done so."""
        with contextlib.suppress(*BROKEN):
            self._connection.rollback()

    def load(self, statement: str, content: memoryview) -> int:
        """Carry out a LOAD DATA LOCAL with bytes of our own; return how many rows the server took.

        The driver's own way opens whatever file the server asks for. This one never opens a file.

        Raises:
            TargetRefusedError: when it left out or adjusted anything, which LOCAL does without an error.
        """
        inner = self._connection
        inner._execute_command(COMMAND.COM_QUERY, statement)  # noqa: SLF001
        packet = inner._read_packet()  # noqa: SLF001
        if not packet.is_load_local_packet():
            raise pymysql.err.InternalError(CR.CR_MALFORMED_PACKET, "LOAD DATA asks for no data")
        for start in range(0, len(content), PACKET_BYTES):
            inner.write_packet(bytes(content[start : start + PACKET_BYTES]))
        inner.write_packet(b"")
        done = OKPacketWrapper(inner._read_packet())  # noqa: SLF001
        if done.warning_count:
            raise self._refused(self.rows("SHOW WARNINGS LIMIT 1"))
        return int(done.affected_rows)

    def _refused(self, warnings: Sequence[tuple[Any, ...]]) -> TargetRefusedError:
        _, code, message = warnings[0] if warnings else ("", 0, "")
        return TargetRefusedError(table=self._table, reason=self._told(int(code), str(message)))

    def _told(self, code: int, message: str) -> str:
        names = [name for name in _NAMED.findall(message) if name in self.known]
        return " ".join((f"error {code}", *names[-1:]))[:200]

    @contextlib.contextmanager
    def named_problems(self) -> Iterator[None]:
        """Name what the server or the driver says. A message may repeat a value and is not passed on."""
        try:
            yield
        except BROKEN as error:
            code = error.args[0] if error.args and isinstance(error.args[0], int) else 0
            if code in _BUSY:
                raise TargetLostError(table=self._table, reason="others hold the table") from error
            if not isinstance(error, pymysql.err.MySQLError) or not code or (code >= _CLIENT and code < _CLIENT + 100):
                raise TargetLostError(table=self._table, reason="connection broken") from error
            if code in _LOST:
                raise TargetLostError(table=self._table, reason=f"error {code}") from error
            message = str(error.args[1]) if len(error.args) > 1 else ""
            raise TargetRefusedError(table=self._table, reason=self._told(code, message)) from error


def _watch(connection: socket.socket) -> None:
    """Let the operating system find out when the server has vanished: a statement may take long and say nothing."""
    if connection.family == socket.AF_UNIX:
        return
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in _WATCHED.items():
        if hasattr(socket, option):
            connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)
