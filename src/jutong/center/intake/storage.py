"""The files people brought, kept apart from the registry: by the batch's id, readable to their owner alone."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from django.conf import settings

KEPT = timedelta(days=30)
"""How long a file stays after it came."""


def path_of(batch_id: UUID) -> Path:
    """Return where a batch's file lies."""
    found: Path = settings.JUTONG.path("uploads", str(batch_id))
    return found


def keep(batch_id: UUID, content: bytes) -> None:
    """Write a file that nobody else may read, whole or not at all."""
    path = path_of(batch_id)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    part.replace(path)


def content_of(batch_id: UUID) -> bytes | None:
    """Return a file's bytes, None once it is no longer kept."""
    path = path_of(batch_id)
    return path.read_bytes() if path.exists() else None


def forget(batch_id: UUID) -> None:
    """Remove a file."""
    path_of(batch_id).unlink(missing_ok=True)
