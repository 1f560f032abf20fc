"""Secrets of channels and addresses of people, closed at rest under a key of the instance of their own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from django.conf import settings

from jutong.center.notify.errors import SecretUnreadableError
from jutong.kernel.sealing import Chest, UnreadableBoxError, load_or_create_chest


@lru_cache(maxsize=4)
def _load(path: Path) -> Chest:
    return load_or_create_chest(path)


def _chest() -> Chest:
    path: Path = settings.JUTONG.path("keys", "notify.key")
    return _load(path)


def closed(content: Mapping[str, str], *, about: object) -> bytes:
    """Return values closed together with the id of what they belong to."""
    return _chest().close(json.dumps(dict(content), ensure_ascii=False).encode(), about=str(about))


def opened(box: bytes | memoryview | None, *, about: object, name: str) -> dict[str, str]:
    """Return what is in a box; nothing for none. ``name`` is what the error calls it.

    Raises:
        SecretUnreadableError: if it was closed under another key or for something else.
    """
    if box is None:
        return {}
    try:
        found: dict[str, str] = json.loads(_chest().open(bytes(box), about=str(about)))
    except UnreadableBoxError as error:
        raise SecretUnreadableError(name=name) from error
    return found
