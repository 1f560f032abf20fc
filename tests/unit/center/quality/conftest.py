from __future__ import annotations

import pytest

from tests import quality_world
from tests.quality_world import QualityWorld
from tests.sharing_world import build


@pytest.fixture
def city(db: None) -> QualityWorld:
    return quality_world.build(build())
