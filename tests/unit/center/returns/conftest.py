from __future__ import annotations

import pytest

from tests.return_steps import Upper, province
from tests.sharing_world import World, build


@pytest.fixture
def world(db) -> World:
    return build()


@pytest.fixture
def upper(world: World) -> Upper:
    return province(world)
