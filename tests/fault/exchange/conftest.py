"""Two databases beside a node: one is read, one may be written."""

from __future__ import annotations

from pathlib import Path

import pytest

from jutong.runtime.postgres import Postgres
from tests.fault.exchange.city import City, run

PASSWORD = "fault-password"


@pytest.fixture
def city(registry_server: Postgres, tmp_path: Path) -> City:
    dsns = [registry_server.ensure_database(name, "fault_owner", PASSWORD) for name in ("fault_source", "fault_target")]
    for dsn in dsns:
        run(dsn, "DROP SCHEMA IF EXISTS jutong_exchange CASCADE", "DROP SCHEMA IF EXISTS public CASCADE",
            "CREATE SCHEMA public")  # fmt: skip
    return City.make(tmp_path, *dsns)
