from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from jutong.center.intake import actions
from jutong.center.intake.models import Batch
from jutong.kernel.settings import Settings
from tests.center_world import NOW, PLATFORM, City

Receive = Callable[..., Batch]


@pytest.fixture
def uploads(settings, tmp_path: Path) -> Path:
    settings.JUTONG = Settings(home=tmp_path)
    return tmp_path / "uploads"


@pytest.fixture
def receive(city: City, uploads: Path) -> Receive:
    """Take a file in as the steward, and do what the worker would do next."""

    def take(content: bytes, name: str = "民政局目录.xlsx", who: str = "steward", **mapping: Any) -> Batch:
        batch = actions.receive(file=BytesIO(content), name=name, by=city[who], now=NOW)
        if mapping:
            batch = actions.set_mapping(batch=batch, by=city[who], now=NOW, **{"choices": {}, **mapping})
        actions.check_batch(batch_id=batch.id, by=PLATFORM, now=NOW)
        batch.refresh_from_db()
        return batch

    return take
