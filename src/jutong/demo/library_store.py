"""A database of the data bureau in which the node keeps copies of library tables for calls that look up single rows."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from jutong.center.library.serving import SCHEMA
from jutong.demo.city import DEPARTMENTS
from jutong.demo.databases import PREFIX
from jutong.demo.stores.postgresql import PostgresStore
from jutong.runtime.home import write_private

NAME = "library-copies"
OWNER = "bigdata"
_CONNECT_SECONDS = 10


def source(admin_dsn: str, folder: Path, *, prefix: str = PREFIX) -> dict[str, Any]:
    """Make the database unless it is there, and return the row of the node's configuration for it.

    Args:
        admin_dsn: PostgreSQL account that may create databases and roles.
        folder: where the owner's password lies, for its owner only.
        prefix: what names of database and role begin with.
    """
    database = f"{prefix}_library_copies"
    role, password = f"{database}_owner", _password(folder / "library-copies.password")
    with psycopg.connect(admin_dsn, autocommit=True, connect_timeout=_CONNECT_SECONDS) as connection:
        there = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (role,)).fetchone()
        template = "ALTER ROLE {} PASSWORD {}" if there else "CREATE ROLE {} LOGIN PASSWORD {}"
        connection.execute(sql.SQL(template).format(sql.Identifier(role), sql.Literal(password)))
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (database,)).fetchone() is None:
            # Whoever may not act as the role may not give it a database either.
            user = str(conninfo_to_dict(admin_dsn).get("user") or "")
            if user:
                connection.execute(sql.SQL("GRANT {} TO {}").format(sql.Identifier(role), sql.Identifier(user)))
            connection.execute(
                sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE template0 ENCODING 'UTF8'").format(
                    sql.Identifier(database), sql.Identifier(role)
                )
            )
        connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(database)))
    codes = {row.key: row.code for row in DEPARTMENTS}
    return {
        "name": NAME,
        "dialect": "postgresql",
        "organisation_code": codes[OWNER],
        "dsn": PostgresStore(admin_dsn, database, role, password).dsn,
        "schemas": [SCHEMA],
        "writes": [SCHEMA],
    }


def _password(path: Path) -> str:
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        write_private(path, secrets.token_urlsafe(24))
    return path.read_text(encoding="ascii").strip()
