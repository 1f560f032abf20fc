"""The center's own key, under which every order leaves."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from django.conf import settings

from jutong.kernel.keys import Ed25519Signer, load_or_create_signer

CENTER = "center"
"""The center's name on the cover of a document."""


@lru_cache(maxsize=4)
def _load(path: Path) -> Ed25519Signer:
    return load_or_create_signer(path, CENTER)


def center_signer() -> Ed25519Signer:
    """Return the key of this instance's center; made at the first use."""
    path: Path = settings.JUTONG.path("keys", "center.key")
    return _load(path)
