from __future__ import annotations

import pytest

from tests.center_world import City, build


@pytest.fixture
def city(db, settings) -> City:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    return build()
