"""What a server and a table must be like for changes to be read from the row log, and where the log is now."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pymysql
from pymysql.constants import ER

from jutong.contracts.modes import ChangesMode
from jutong.contracts.orders import JobOrder
from jutong.node.connectors import mysql as connector
from jutong.node.connectors.errors import TableMissingError
from jutong.node.exchange.changes.row_log.charsets import Charset, charset
from jutong.node.exchange.changes.row_log.errors import RowLogOffError, TableUnfitError
from jutong.node.exchange.changes.row_log.events import Place
from jutong.node.exchange.changes.row_log.stream import forbidden
from jutong.node.exchange.errors import SourceLostError
from jutong.node.exchange.readers.mysql import Ask, quoted
from jutong.node.sources import SourceConfig

_WANTED: dict[str, tuple[tuple[str, ...], str]] = {
    "log_bin": (("ON",), "log_bin = ON"),
    "binlog_format": (("ROW",), "SET GLOBAL binlog_format = 'ROW'"),
    "binlog_row_image": (("FULL", "FULL_NODUP"), "SET GLOBAL binlog_row_image = 'FULL'"),
    "binlog_row_value_options": (("",), "SET GLOBAL binlog_row_value_options = ''"),
}
"""Which settings a server must have, as far as it knows them, and what sets them."""

_SETTINGS = """
SHOW GLOBAL VARIABLES WHERE Variable_name IN ('log_bin', 'binlog_format', 'binlog_row_image',
 'binlog_row_value_options', 'log_slave_updates', 'log_replica_updates', 'version', 'binlog_expire_logs_seconds',
 'expire_logs_days')
"""
_TABLE = """
SELECT TABLE_SCHEMA, TABLE_NAME, TABLE_TYPE, coalesce(ENGINE, '') FROM information_schema.TABLES
 WHERE TABLE_SCHEMA = DATABASE() AND %s IN ('', TABLE_SCHEMA) AND TABLE_NAME = %s
"""
_COLUMNS = """
SELECT COLUMN_NAME, ORDINAL_POSITION, coalesce(CHARACTER_SET_NAME, ''), DATA_TYPE, COLUMN_KEY = 'PRI'
  FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = %s AND TABLE_NAME = %s ORDER BY ORDINAL_POSITION
"""
_ENGINES = {"innodb", "rocksdb"}
"""Engines that hold a table still for a reader."""

_CASCADE = re.compile(
    r"^\s*CONSTRAINT .* FOREIGN KEY .* ON (?:DELETE|UPDATE) (?:CASCADE|SET NULL|SET DEFAULT)", re.MULTILINE
)
_OPEN = {"json", "inet6", "geometry"}
_BRIEFLY = 10
"""How many seconds a lock on the table may be waited for."""


@dataclass(frozen=True)
class Table:
    """A table whose log is read: its real name, where its columns stand, their charsets, what tells rows apart.

    ``keeps_seconds`` is how long the server keeps its log, 0 for ever.
    """

    schema: str
    name: str
    places: dict[str, int]
    charsets: dict[str, Charset] = field(repr=False)
    identity: tuple[str, ...]
    maria: bool
    keeps_seconds: int = 0


def check(source: SourceConfig, order: JobOrder, mode: ChangesMode) -> Table:
    """See that a table's changes can be read.

    Raises:
        RowLogOffError, RowLogForbiddenError, TableUnfitError: naming what is missing and who can mend it.
        TableMissingError: when there is no such table.
        SourceUnreachableError: when the server does not let us in.
    """
    with connector.session(source) as connection, connection.cursor() as cursor:
        settings = _settings(cursor, source)
        maria = "mariadb" in settings.get("version", "").lower()
        where(cursor, source, ours=source.mysql_options()["database"])
        _check_replica(cursor, source, settings, maria=maria)
        cursor.execute(_TABLE, (order.schema_name, order.table))
        found = cursor.fetchone()
        if found is None:
            raise TableMissingError(source=source.name, table=f"{order.schema_name}.{order.table}")
        schema, name, kind, engine = (str(one) for one in found)
        _check_table(cursor, schema, name, kind, engine)
        cursor.execute(_COLUMNS, (schema, name))
        followed = _table(cursor, (schema, name), order, mode, maria=maria)
        return replace(followed, keeps_seconds=_keeps(settings))


def _settings(cursor: Any, source: SourceConfig) -> dict[str, str]:
    cursor.execute(_SETTINGS)
    found = {str(name).lower(): str(value) for name, value in cursor.fetchall()}
    for setting, (wanted, remedy) in _WANTED.items():
        value = found.get(setting, wanted[0])
        if value.upper() not in wanted:
            raise RowLogOffError(source=source.name, setting=setting, found=value, remedy=remedy)
    return found


def _keeps(settings: dict[str, str]) -> int:
    """Return for how many seconds the server keeps its log, 0 for ever."""
    seconds = float(settings.get("binlog_expire_logs_seconds") or 0)
    return int(seconds or float(settings.get("expire_logs_days") or 0) * 86_400)


def where(cursor: Any, source: SourceConfig, ours: str = "") -> Place:
    """Return where the log is now: behind everything that is committed.

    Raises:
        RowLogForbiddenError: when the account may not ask.
        RowLogOffError: when nothing is logged, or ``ours`` is not.
    """
    for statement in ("SHOW MASTER STATUS", "SHOW BINARY LOG STATUS"):
        try:
            cursor.execute(statement)
            break
        except pymysql.err.ProgrammingError:
            continue  # the word for it was changed with MySQL 8.4
        except pymysql.err.OperationalError as error:
            if error.args[0] == ER.SPECIFIC_ACCESS_DENIED_ERROR:
                raise forbidden(source) from error
            raise
    found = cursor.fetchone()
    if found is None:
        raise RowLogOffError(source=source.name, setting="log_bin", found="OFF", remedy="log_bin = ON")
    only, without = ({name.strip() for name in str(names or "").split(",") if name.strip()} for names in found[2:4])
    for setting, out in (("binlog_do_db", only and ours not in only), ("binlog_ignore_db", ours in without)):
        if ours and out:
            listed = ",".join(sorted(only or without))
            raise RowLogOffError(source=source.name, setting=setting, found=listed, remedy=f"{setting} ({ours})")
    return Place.of(str(found[0]), int(found[1]))


def _check_replica(cursor: Any, source: SourceConfig, settings: dict[str, str], *, maria: bool) -> None:
    """See that a server which follows another one logs what it gets from there."""
    name = next((one for one in ("log_replica_updates", "log_slave_updates") if one in settings), "")
    if not name or settings[name] == "ON":
        return
    if maria:
        cursor.execute("SHOW GLOBAL STATUS LIKE 'Slaves_running'")
        follows = any(int(value) for _, value in cursor.fetchall())
    else:
        try:
            cursor.execute("SHOW SLAVE STATUS" if name == "log_slave_updates" else "SHOW REPLICA STATUS")
        except pymysql.err.OperationalError as error:
            raise forbidden(source) from error
        follows = cursor.fetchone() is not None
    if follows:
        raise RowLogOffError(source=source.name, setting=name, found="OFF", remedy=f"{name} = ON")


def _check_table(cursor: Any, schema: str, name: str, kind: str, engine: str) -> None:
    shown = f"{quoted(schema)}.{quoted(name)}"
    problem = ""
    if kind != "BASE TABLE":
        problem = kind
    elif engine.lower() not in _ENGINES:
        problem = f"ENGINE = {engine}"
    else:
        cursor.execute(f"SHOW CREATE TABLE {shown}")
        if (found := _CASCADE.search(str(cursor.fetchone()[1]))) is not None:
            problem = found[0].strip().rpartition(" ON ")[2].join(("FOREIGN KEY ... ON ", ""))
    if problem:
        raise TableUnfitError(table=shown, problem=problem)


def _table(cursor: Any, named: tuple[str, str], order: JobOrder, mode: ChangesMode, *, maria: bool) -> Table:
    rows = cursor.fetchall()
    ours = set(order.columns)
    primary = tuple(name for name, _, _, _, key in rows if key)
    kinds = {str(name): (str(chars), str(kind).lower()) for name, _, chars, kind, _ in rows}

    def ask(statement: str) -> str:
        cursor.execute(statement)
        return str(cursor.fetchone()[0])

    known: dict[str, Charset] = {}
    for name in order.columns:
        chars = kinds.get(name, ("", ""))[0]
        if chars and chars not in known:
            known[chars] = charset(chars, ask)
    charsets = {name: known[kinds[name][0]] for name in order.columns if kinds.get(name, ("", ""))[0]}
    if set(mode.keys) <= ours:
        identity = tuple(mode.keys)
    else:
        identity = primary if primary and set(primary) <= ours else tuple(order.columns)
    for name in identity:
        chars, kind = kinds.get(name, ("", ""))
        if (kind in _OPEN and not (maria and kind == "json")) or (chars and not _readable(known[chars])):
            raise TableUnfitError(table=quoted(named[1]), problem=f"{name}: {kind} {chars}".strip())
    return Table(*named, {str(name): int(place) - 1 for name, place, *_ in rows}, charsets, identity, maria)


def _readable(found: Charset) -> bool:
    return found.plain or bool(found.agreed)


class Snapshot:
    """Finds the place in the log at which a reader's snapshot begins."""

    def __init__(self, source: SourceConfig, table: Table) -> None:
        self.place: Place | None = None
        self._source = source
        self._table = table

    @contextmanager
    def around(self, ask: Ask) -> Iterator[None]:
        """Stand around the beginning of a snapshot.

        Args:
            ask: runs a statement in the session that holds it.

        Raises:
            SourceLostError: when others hold the table for too long.
        """
        if self._table.maria:
            yield
            told = {str(name).lower(): str(value) for name, value in ask("SHOW STATUS LIKE 'binlog_snapshot_%'")}
            if told.get("binlog_snapshot_file"):
                self.place = Place.of(told["binlog_snapshot_file"], int(told["binlog_snapshot_position"]))
                return
            raise SourceLostError(source=self._source.name, rows=0, reason="binlog_snapshot_file")
        with self._held() as place:
            self.place = place
            yield

    @contextmanager
    def _held(self) -> Iterator[Place]:
        """Keep everybody from writing the table for a moment: whoever wrote it has committed, in log and table."""
        name = f"{quoted(self._table.schema)}.{quoted(self._table.name)}"
        with connector.session(self._source, 2 * _BRIEFLY) as connection, connection.cursor() as cursor:
            cursor.execute(f"SET SESSION lock_wait_timeout = {_BRIEFLY:d}")
            try:
                cursor.execute(f"LOCK TABLES {name} READ")
            except pymysql.err.OperationalError as error:
                if error.args[0] in {ER.LOCK_WAIT_TIMEOUT, ER.LOCK_DEADLOCK}:
                    raise SourceLostError(source=self._source.name, rows=0, reason="lock timeout") from error
                role = f"'{self._source.mysql_options()['user']}'@'%'"
                more = f"; GRANT SELECT, LOCK TABLES ON {quoted(self._table.schema)}.* TO {role}"
                raise forbidden(self._source, more) from error
            try:
                yield where(cursor, self._source)
            finally:
                cursor.execute("UNLOCK TABLES")


def now(source: SourceConfig) -> Place:
    """Return where the log is now."""
    with connector.session(source) as connection, connection.cursor() as cursor:
        return where(cursor, source)


def behind(source: SourceConfig, place: Place) -> int:
    """Return how many bytes the log is ahead of a place."""
    with connector.session(source) as connection, connection.cursor() as cursor:
        try:
            cursor.execute("SHOW BINARY LOGS")
        except pymysql.err.OperationalError as error:
            raise forbidden(source) from error
        sizes = [(Place.of(str(row[0]), 0).number, int(row[1])) for row in cursor.fetchall()]
    return max(0, sum(size for number, size in sizes if number >= place.number) - place.offset)
