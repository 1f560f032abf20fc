from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import pytest
from django.test import Client

from jutong.center.org.models import User
from tests import center_world, sharing_world
from tests.center_world import City
from tests.sharing_world import World

SignIn = Callable[[str], Client]


class Watch:
    """What the pages read the time from."""

    now: datetime = sharing_world.NOW

    def read(self) -> datetime:
        return self.now


@pytest.fixture(autouse=True)
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    made = Watch()
    for module in ("door", "context", "accounts", "entrance"):
        monkeypatch.setattr(f"jutong.web.{module}.utc_now", made.read)
    return made


@pytest.fixture(autouse=True)
def quick(settings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.JUTONG = replace(settings.JUTONG, demo=True)


@pytest.fixture
def world(db) -> World:
    return sharing_world.build()


@pytest.fixture
def city(db) -> City:
    made = center_world.build()
    User.objects.update(must_change_password=False)
    return made


def signed_in(username: str) -> Client:
    client = Client()
    client.force_login(User.objects.get(username=username))
    return client


@pytest.fixture
def enter(db) -> SignIn:
    """Sign in somebody of the world by the short name, as in ``world.requester_head``."""
    return lambda key: signed_in(key.replace("_", "-"))
