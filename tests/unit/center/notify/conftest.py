from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.sharing_world import World, build


@pytest.fixture
def world(db, settings: Any, tmp_path: Path) -> World:
    settings.JUTONG = replace(settings.JUTONG, home=tmp_path / "home", center_url="https://share.example.gov.cn")
    return build()
