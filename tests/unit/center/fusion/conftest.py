from __future__ import annotations

import pytest

from tests.fusion_steps import Fused
from tests.fusion_steps import build as build_fused
from tests.sharing_world import build


@pytest.fixture
def fused(db: None) -> Fused:
    return build_fused(build())
