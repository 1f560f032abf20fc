"""The departments' own databases of the invented city: made, filled and opened for reading only."""

from __future__ import annotations

import json
import os
import secrets
import sqlite3
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import psycopg
import pymysql

from jutong.demo import world
from jutong.demo.city import SEED, department
from jutong.demo.errors import DemoDatabaseError
from jutong.demo.registers import civil, education, labour, land, market, police
from jutong.demo.stores import Stamp
from jutong.demo.stores.mysql import MysqlStore
from jutong.demo.stores.postgresql import PostgresStore
from jutong.demo.stores.sqlite import SqliteStore

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from jutong.demo.registers import Register
    from jutong.demo.stores import Store
    from jutong.demo.tables import Dialect
    from jutong.demo.world import World

PREFIX = "jutong_demo"
_CREDENTIALS = "credentials.json"


@dataclass(frozen=True)
class SourceConfig:
    """How the node reads one department's database: ``dsn`` for a server, ``path`` for a SQLite file."""

    name: str
    organisation_key: str
    dialect: Dialect
    dsn: str = field(default="", repr=False)
    path: Path | None = None

    @property
    def organisation_code(self) -> str:
        """The unified social credit code of the department the database belongs to."""
        return department(self.organisation_key).code


@dataclass(frozen=True)
class _Plan:
    name: str
    organisation_key: str
    dialect: Dialect
    write: Callable[[World], Register]


_PLANS = (
    _Plan("police-population", "police", "postgresql", police.register),
    _Plan("civil-affairs", "civil", "postgresql", civil.register),
    _Plan("land-estate", "land", "mysql", land.register),
    _Plan("market-registration", "market", "sqlite", market.register),
    _Plan("education-roll", "education", "sqlite", education.register),
    _Plan("labour-insurance", "labour", "sqlite", labour.register),
)
"""Which department keeps its data where. ``mysql`` falls back to SQLite where no MariaDB server is configured."""


def build(
    admin_dsn: str,
    folder: Path,
    *,
    scale: float = 1.0,
    seed: int = SEED,
    mysql_dsn: str = "",
    prefix: str = PREFIX,
) -> list[SourceConfig]:
    """Make and fill the departments' databases, and leave those alone that already stand.

    Args:
        admin_dsn: PostgreSQL account that may create databases and roles; an address or libpq keywords.
        folder: where the SQLite files and the readers' passwords (mode 0600) lie.
        scale: 1.0 is about 20,000 people.
        seed: the same seed makes the same rows.
        mysql_dsn: ``mysql://user:password@host:port/`` of a MariaDB account that may create databases and users;
            empty puts that register into SQLite.
        prefix: what database and role names begin with, so that several instances share a server.

    Raises:
        DemoDatabaseError: when one cannot be made.
    """
    folder = folder.resolve()  # what is returned holds wherever the reader was started
    folder.mkdir(parents=True, exist_ok=True)
    passwords = _passwords(folder / _CREDENTIALS)
    stamp = Stamp(scale, seed)
    sources = []
    for plan in _PLANS:
        store, source = _store(plan, folder, {"postgresql": admin_dsn, "mysql": mysql_dsn}, (prefix, passwords))
        try:
            if not store.stands(stamp):
                store.load(plan.write(world.create(scale=scale, seed=seed)), stamp)
        except (psycopg.Error, pymysql.MySQLError, sqlite3.Error, OSError) as error:
            # the drivers' messages may hold addresses; the kind of error is enough to act on
            raise DemoDatabaseError(source=plan.name, reason=type(error).__name__) from error
        sources.append(source)
    world.create.cache_clear()
    return sources


def _store(
    plan: _Plan, folder: Path, servers: Mapping[str, str], naming: tuple[str, Mapping[str, str]]
) -> tuple[Store, SourceConfig]:
    prefix, passwords = naming
    database = f"{prefix}_{plan.name.replace('-', '_')}"
    reader, password = f"{database}_reader", passwords[plan.name]
    if plan.dialect == "postgresql":
        postgres = PostgresStore(servers["postgresql"], database, reader, password)
        return postgres, SourceConfig(plan.name, plan.organisation_key, "postgresql", dsn=postgres.dsn)
    if plan.dialect == "mysql" and servers["mysql"]:
        mysql = MysqlStore(servers["mysql"], database, reader, password)
        return mysql, SourceConfig(plan.name, plan.organisation_key, "mysql", dsn=mysql.dsn)
    path = folder / f"{plan.name}.db"
    return SqliteStore(path), SourceConfig(plan.name, plan.organisation_key, "sqlite", path=path)


def _passwords(path: Path) -> dict[str, str]:
    """Return the readers' passwords, drawn once and kept in a file only its owner reads."""
    try:
        kept: dict[str, str] = json.loads(path.read_bytes())
    except (FileNotFoundError, ValueError):
        kept = {}
    if missing := [plan.name for plan in _PLANS if plan.name not in kept]:
        kept |= {name: secrets.token_urlsafe(24) for name in missing}
        fresh = path.with_suffix(".new")
        fresh.unlink(missing_ok=True)
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            json.dump(kept, stream)
            stream.flush()
            os.fsync(stream.fileno())
        fresh.replace(path)
    return kept
