"""Here, and not in a plugin, because pytest-django's own fixture of this name would win over a plugin's."""

from __future__ import annotations

import gc

import pytest

from jutong.runtime.postgres import Postgres


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the browser's tests last: its driver keeps an event loop running, and no other can start beside it."""
    items.sort(key=lambda item: item.get_closest_marker("e2e") is not None)


def pytest_collection_finish() -> None:
    """Look no more at what was imported and collected, nor so often at what is new: thousands of tests, one process."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(registry_server: Postgres) -> None:
    """Pytest-django asks for this right before it creates the test database."""
