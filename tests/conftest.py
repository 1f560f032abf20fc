"""Here, and not in a plugin, because pytest-django's own fixture of this name would win over a plugin's."""

from __future__ import annotations

import os

import pytest

from jutong.runtime.postgres import Postgres

LONG = ("e2e", "fault", "fuzz")
"""Tests of one of these kinds share a platform or the machine's attention: one process takes them in turn."""


def pytest_itemcollected(item: pytest.Item) -> None:
    """Say what stays together where several processes share the suite: a kind, or else a module.

    As soon as the test is known, because the groups are read when the collection is modified.
    """
    kind = next((kind for kind in LONG if item.get_closest_marker(kind) is not None), None)
    item.add_marker(pytest.mark.xdist_group(kind or item.nodeid.partition("::")[0]))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin with the longest where several processes share the suite, so that none is left with them at the end.

    In a single process the browser's tests come last, because their driver keeps an event loop running and no other
    can start beside it.
    """
    shared = config.pluginmanager.hasplugin("dsession") or "PYTEST_XDIST_WORKER" in os.environ
    items.sort(key=lambda item: _rank(item) if shared else item.get_closest_marker("e2e") is not None)


def _rank(item: pytest.Item) -> int:
    return next((at for at, kind in enumerate(LONG) if item.get_closest_marker(kind) is not None), len(LONG))


@pytest.fixture(scope="session")
def django_db_modify_db_settings(registry_server: Postgres) -> None:
    """Pytest-django asks for this right before it creates the test database."""
