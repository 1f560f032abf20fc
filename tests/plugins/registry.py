"""Gives the tests a registry of their own and keeps them away from the developer's.

Loaded with ``-p`` before Django reads its settings: the address of the temporary PostgreSQL is known from here on,
the server itself starts with the first test that asks for a database.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from jutong.runtime.postgres import OWNER, Postgres

ROOM = Path(tempfile.mkdtemp(prefix="jutong-test-", dir="/tmp"))  # short, because a socket's path is
SERVER = Postgres(ROOM / "server", durable=False)


def _isolate() -> None:
    for name in [name for name in os.environ if name.startswith("JUTONG_")]:
        del os.environ[name]
    SERVER.home.prepare()
    os.environ["JUTONG_HOME"] = str(ROOM / "home")
    os.environ["JUTONG_DATABASE_URL"] = SERVER.dsn


_isolate()


@pytest.fixture(scope="session")
def registry_server() -> Iterator[Postgres]:
    """A running temporary PostgreSQL; ``ensure_database`` gives a test databases of its own."""
    SERVER.start()
    SERVER.ensure_role(OWNER, SERVER.home.secret("registry.password"), create_databases=True)
    yield SERVER
    SERVER.stop()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(registry_server: Postgres) -> None:
    """Pytest-django asks for this right before it creates the test database."""


def pytest_unconfigure() -> None:
    SERVER.stop()
    shutil.rmtree(ROOM, ignore_errors=True)
