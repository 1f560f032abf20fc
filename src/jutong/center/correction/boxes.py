"""What a case says of a person: closed at rest under a key of the instance, never in a log, a notice or an address."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.crypto import salted_hmac

from jutong.center.correction.errors import BoxClosedError
from jutong.kernel.sealing import Chest, UnreadableBoxError, load_or_create_chest

_SHOWN_WHOLE = 2
"""A value of up to so many characters shows none of them when masked."""
_LONG = 8


@lru_cache(maxsize=4)
def _load(path: Path) -> Chest:
    return load_or_create_chest(path)


def chest() -> Chest:
    """Return the instance's chest; its key is made at the first use."""
    path: Path = settings.JUTONG.path("keys", "cases.key")
    return _load(path)


def closed(content: Mapping[str, Any], *, about: str) -> bytes:
    """Return a JSON document closed together with what it is about."""
    return chest().close(json.dumps(content, ensure_ascii=False).encode(), about=about)


def opened(box: bytes | memoryview | None, *, about: str) -> dict[str, Any]:
    """Return what is in a box; nothing for none.

    Raises:
        BoxClosedError: if it was closed under another key or for another case.
    """
    if box is None:
        return {}
    try:
        found: dict[str, Any] = json.loads(chest().open(bytes(box), about=about))
    except UnreadableBoxError as error:
        raise BoxClosedError(number=about) from error
    return found


def masked(value: str) -> str:
    """Return a value as pages show it before somebody asks to see it: its ends at most, and its length."""
    if len(value) <= _SHOWN_WHOLE:
        return "*" * max(1, len(value))
    ends = 2 if len(value) >= _LONG else 1
    return value[:1] + "*" * (len(value) - 1 - ends) + value[-ends:] if len(value) > ends + 1 else value[:1] + "**"


def tag(purpose: str, parts: Mapping[str, str]) -> str:
    """Return a keyed digest of looked-up values, equal for equal ones and of no use without the instance's secret."""
    text = json.dumps(sorted((name, value.strip().upper()) for name, value in parts.items()), ensure_ascii=False)
    return salted_hmac(f"jutong.{purpose}", text, algorithm="sha256").hexdigest()


def code_digest(number: str, code: str) -> str:
    """Return what is kept of a code handed to a person; the code has 50 random bits and belongs to one number."""
    return hashlib.sha256(f"{number}:{code}".encode()).hexdigest()


def same_code(number: str, code: str, digest: str) -> bool:
    """Compare a typed code in constant time."""
    return hmac.compare_digest(code_digest(number, code.strip().upper()), digest)
