from __future__ import annotations

from collections.abc import Callable

import pytest
from django.utils import timezone

from jutong.center.org.actor import Actor
from jutong.center.org.models import User
from tests import center_world, sharing_world
from tests.api_client import Caller

As = Callable[[Actor], Caller]


@pytest.fixture
def city(db, settings) -> center_world.City:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    built = center_world.build()
    User.objects.update(must_change_password=False)
    return built


@pytest.fixture
def world(db) -> sharing_world.World:
    return sharing_world.build()


@pytest.fixture
def as_() -> As:
    callers: dict[str, Caller] = {}

    def sign_in(actor: Actor) -> Caller:
        if actor.username not in callers:
            callers[actor.username] = Caller(actor, timezone.now())
        return callers[actor.username]

    return sign_in
