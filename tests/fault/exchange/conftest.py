"""Databases beside a node: one is read, one of either kind may be written."""

from __future__ import annotations

from pathlib import Path

import pytest

from jutong.runtime.postgres import Postgres
from tests.fault.exchange.city import MARIA, City, run
from tests.plugins.mariadb import MariaDB

PASSWORD = "fault-password"


@pytest.fixture
def city(registry_server: Postgres, mariadb: MariaDB, tmp_path: Path) -> City:
    dsns = [registry_server.ensure_database(name, "fault_owner", PASSWORD) for name in ("fault_source", "fault_target")]
    for dsn in dsns:
        run(dsn, "DROP SCHEMA IF EXISTS jutong_exchange CASCADE", "DROP SCHEMA IF EXISTS public CASCADE",
            "CREATE SCHEMA public")  # fmt: skip
    mariadb.create_database(MARIA)
    with mariadb.connect() as connection, connection.cursor() as cursor:
        cursor.execute("DROP DATABASE IF EXISTS jutong_exchange")
    maria = f"mysql://{mariadb.user}:{mariadb.password}@{mariadb.host}:{mariadb.port}/{MARIA}"
    return City.make(tmp_path, dsns[0], dsns[1], maria)
