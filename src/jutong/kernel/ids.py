"""Identifiers: UUIDv7 (RFC 9562), so that rows sort by the time they were made and cannot be guessed."""

from __future__ import annotations

import secrets
import time
from uuid import UUID


def uuid7(unix_ms: int | None = None) -> UUID:
    """Return a UUIDv7. ``unix_ms`` is milliseconds since 1970 UTC and defaults to now; 74 bits are random."""
    stamp = time.time_ns() // 1_000_000 if unix_ms is None else unix_ms
    value = (stamp & 0xFFFF_FFFF_FFFF) << 80 | 0x7 << 76 | secrets.randbits(12) << 64
    value |= 0b10 << 62 | secrets.randbits(62)
    return UUID(int=value)
