"""Here, and not in a plugin, because pytest-django's own fixture of this name would win over a plugin's."""

from __future__ import annotations

import pytest

from jutong.runtime.postgres import Postgres


@pytest.fixture(scope="session")
def django_db_modify_db_settings(registry_server: Postgres) -> None:
    """Pytest-django asks for this right before it creates the test database."""
