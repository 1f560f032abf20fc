from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urlsplit

import pymysql

if TYPE_CHECKING:
    from jutong.demo.registers import Register
    from jutong.demo.stores import Stamp
    from jutong.demo.tables import Row, Table

_STAMP_TABLE = "demo_stamp"
_CONNECT_SECONDS = 10
_DEFAULT_PORT = 3306


@dataclass(frozen=True)
class MysqlStore:
    """A register in a MariaDB database of its own, with an account that may read its tables and nothing else."""

    admin_dsn: str = field(repr=False)
    database: str
    reader: str
    password: str = field(repr=False)

    @property
    def dsn(self) -> str:
        """The address the node reads from."""
        parts = urlsplit(self.admin_dsn)
        host = f"{parts.hostname or '127.0.0.1'}:{parts.port or _DEFAULT_PORT}"
        return f"mysql://{quote(self.reader)}:{quote(self.password, safe='')}@{host}/{quote(self.database)}"

    def stands(self, stamp: Stamp) -> bool:
        """Tell whether the database is there and of this stamp; the reader's password is renewed then."""
        with self._connect() as connection, connection.cursor() as cursor:
            cursor.execute(
                "SELECT 1 FROM information_schema.tables WHERE table_schema = %s AND table_name = %s",
                (self.database, _STAMP_TABLE),
            )
            if cursor.fetchone() is None:
                return False
            cursor.execute(f"SELECT stamp FROM {_name(self.database)}.{_STAMP_TABLE}")  # noqa: S608 - our own names
            row = cursor.fetchone()
            if row is None or row[0] != stamp.number:
                return False
            self._admit(cursor)
        return True

    def load(self, register: Register, stamp: Stamp) -> None:
        """Drop what stands there, fill the tables, and set the stamp last: DDL ends transactions in MariaDB."""
        database = _name(self.database)
        with self._connect() as connection, connection.cursor() as cursor:
            cursor.execute(f"DROP DATABASE IF EXISTS {database}")
            cursor.execute(f"CREATE DATABASE {database} CHARACTER SET utf8mb4")
            cursor.execute(f"USE {database}")
            for table, rows in register.contents:
                _fill(cursor, table, rows)
                connection.commit()
            self._admit(cursor)
            for table, _ in register.contents:
                cursor.execute(f"GRANT SELECT ON {database}.{_name(table.name)} TO %s@'%%'", (self.reader,))
            cursor.execute(f"CREATE TABLE {_STAMP_TABLE} (stamp INT NOT NULL PRIMARY KEY)")
            cursor.execute(f"INSERT INTO {_STAMP_TABLE} VALUES (%s)", (stamp.number,))  # noqa: S608 - our own name
            connection.commit()

    def _connect(self) -> pymysql.Connection[Any]:
        parts = urlsplit(self.admin_dsn)
        return pymysql.connect(
            host=parts.hostname or "127.0.0.1",
            port=parts.port or _DEFAULT_PORT,
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            charset="utf8mb4",
            connect_timeout=_CONNECT_SECONDS,
        )

    def _admit(self, cursor: pymysql.cursors.Cursor) -> None:
        cursor.execute("CREATE USER IF NOT EXISTS %s@'%%' IDENTIFIED BY %s", (self.reader, self.password))
        cursor.execute("ALTER USER %s@'%%' IDENTIFIED BY %s", (self.reader, self.password))


def _fill(cursor: pymysql.cursors.Cursor, table: Table, rows: list[Row]) -> None:
    for statement in table.create("mysql"):
        cursor.execute(statement)
    marks = ", ".join(["%s"] * len(table.columns))
    cursor.executemany(f"INSERT INTO {_name(table.name)} VALUES ({marks})", rows)  # noqa: S608 - our own name
    for statement in table.index():
        cursor.execute(statement)


def _name(identifier: str) -> str:
    return "`" + identifier.replace("`", "``") + "`"
