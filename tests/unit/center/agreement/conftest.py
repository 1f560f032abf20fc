from __future__ import annotations

import pytest

from tests.sharing_world import World, build


@pytest.fixture
def world(db) -> World:
    return build()


@pytest.fixture
def open_world(db) -> World:
    return build("unconditional")
