"""Gives the tests a registry of their own and keeps them away from the developer's.

Loaded with ``-p`` before Django reads its settings: the address of the temporary PostgreSQL is known from here on,
the server itself starts with the first test that asks for a database. Nothing of the platform is imported yet,
because what is imported before the coverage measurement begins would count as never run.
"""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

if TYPE_CHECKING:
    from jutong.runtime.postgres import Postgres

ROOM = Path(tempfile.mkdtemp(prefix="jutong-test-", dir="/tmp"))  # short, because a socket's path is
SERVER_HOME = ROOM / "server"


def _isolate() -> None:
    for name in [name for name in os.environ if name.startswith("JUTONG_")]:
        del os.environ[name]
    password = secrets.token_urlsafe(16)
    keys = SERVER_HOME / "keys"
    keys.mkdir(parents=True, mode=0o700)
    (SERVER_HOME / "JUTONG_HOME").touch()
    (keys / "registry.password").touch(mode=0o600)
    (keys / "registry.password").write_text(password, encoding="ascii")
    socket = quote(str(SERVER_HOME / "registry" / "socket"), safe="")
    os.environ["JUTONG_HOME"] = str(ROOM / "home")
    os.environ["JUTONG_DATABASE_URL"] = f"postgresql://jutong:{password}@/jutong?host={socket}&port=5432"


_isolate()


@pytest.fixture(scope="session")
def registry_server() -> Iterator[Postgres]:
    """A running temporary PostgreSQL; ``ensure_database`` gives a test databases of its own."""
    from jutong.runtime.postgres import OWNER, Postgres

    server = Postgres(SERVER_HOME, durable=False)
    assert server.start() == os.environ["JUTONG_DATABASE_URL"]
    server.ensure_role(OWNER, server.home.secret("registry.password"), create_databases=True)
    yield server
    server.stop()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(registry_server: Postgres) -> None:
    """Pytest-django asks for this right before it creates the test database."""


def pytest_unconfigure() -> None:
    shutil.rmtree(ROOM, ignore_errors=True)
