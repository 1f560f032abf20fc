from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

if TYPE_CHECKING:
    from jutong.demo.registers import Register
    from jutong.demo.stores import Stamp
    from jutong.demo.tables import Row, Table

_COMMENT = "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s"
_CONNECT_SECONDS = 10


@dataclass(frozen=True)
class PostgresStore:
    """A register in a database of its own, with a role that may read it and nothing else."""

    admin_dsn: str = field(repr=False)
    database: str
    reader: str
    password: str = field(repr=False)

    @property
    def dsn(self) -> str:
        """The address the node reads from."""
        admin = conninfo_to_dict(self.admin_dsn)
        host, port = str(admin.get("host") or "127.0.0.1"), str(admin.get("port") or 5432)
        user = f"{quote(self.reader)}:{quote(self.password, safe='')}"
        if host.startswith("/"):
            return f"postgresql://{user}@/{quote(self.database)}?{urlencode({'host': host, 'port': port})}"
        bare = f"[{host}]" if ":" in host else host
        return f"postgresql://{user}@{bare}:{port}/{quote(self.database)}"

    def stands(self, stamp: Stamp) -> bool:
        """Tell whether the database is there and of this stamp; the reader's password is renewed then."""
        with self._connect() as connection:
            row = connection.execute(_COMMENT, (self.database,)).fetchone()
            if row is None or row[0] != stamp.text:
                return False
            self._admit(connection)
        return True

    def load(self, register: Register, stamp: Stamp) -> None:
        """Fill the tables and set the stamp in one transaction."""
        with self._connect(autocommit=True) as connection:
            if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (self.database,)).fetchone() is None:
                connection.execute(
                    sql.SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'").format(
                        sql.Identifier(self.database)
                    )
                )
            self._admit(connection)
        with self._connect(self.database) as connection:
            for table, rows in register.contents:
                _fill(connection, table, rows)
            self._grant(connection, register)
            connection.execute(
                sql.SQL("COMMENT ON DATABASE {} IS {}").format(sql.Identifier(self.database), sql.Literal(stamp.text))
            )
        with self._connect(self.database, autocommit=True) as connection:
            connection.execute("ANALYZE")

    def _connect(self, database: str = "", *, autocommit: bool = False) -> psycopg.Connection[tuple[object, ...]]:
        dsn = make_conninfo(self.admin_dsn, dbname=database) if database else self.admin_dsn
        return psycopg.connect(dsn, autocommit=autocommit, connect_timeout=_CONNECT_SECONDS)

    def _admit(self, connection: psycopg.Connection[tuple[object, ...]]) -> None:
        """Make the reader or renew its password. Whatever it could do before, it signs in to read."""
        found = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (self.reader,)).fetchone()
        template = "ALTER ROLE {} PASSWORD {}" if found else "CREATE ROLE {} LOGIN NOINHERIT PASSWORD {}"
        connection.execute(sql.SQL(template).format(sql.Identifier(self.reader), sql.Literal(self.password)))
        connection.execute(
            sql.SQL("ALTER ROLE {} SET default_transaction_read_only = on").format(sql.Identifier(self.reader))
        )

    def _grant(self, connection: psycopg.Connection[tuple[object, ...]], register: Register) -> None:
        names = {"database": sql.Identifier(self.database), "reader": sql.Identifier(self.reader)}
        tables = sql.SQL(", ").join(sql.Identifier(table.name) for table, _ in register.contents)
        for template in (
            "REVOKE ALL ON DATABASE {database} FROM PUBLIC",
            "REVOKE ALL ON SCHEMA public FROM PUBLIC",
            "GRANT CONNECT ON DATABASE {database} TO {reader}",
            "GRANT USAGE ON SCHEMA public TO {reader}",
            "GRANT SELECT ON {tables} TO {reader}",
        ):
            connection.execute(sql.SQL(template).format(**names, tables=tables))


def _fill(connection: psycopg.Connection[tuple[object, ...]], table: Table, rows: list[Row]) -> None:
    connection.execute(sql.SQL("DROP TABLE IF EXISTS {} CASCADE").format(sql.Identifier(table.name)))
    for statement in table.create("postgresql"):
        connection.execute(statement.encode())
    with (
        connection.cursor() as cursor,
        cursor.copy(sql.SQL("COPY {} FROM STDIN").format(sql.Identifier(table.name))) as copy,
    ):
        for row in rows:
            copy.write_row(row)
    for statement in table.index():
        connection.execute(statement.encode())
