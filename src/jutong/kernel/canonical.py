"""Canonical JSON (RFC 8785): one byte string for one meaning, the thing that is hashed and signed."""

from __future__ import annotations

import hashlib
from typing import Any

import rfc8785


def canonical_json(value: Any) -> bytes:
    """Return the RFC 8785 encoding of a JSON value.

    Raises:
        rfc8785.CanonicalizationError: for values JSON cannot carry exactly (integers past 2^53, NaN).
    """
    return rfc8785.dumps(value)


def digest(value: Any) -> str:
    """Return ``sha256:<hex>`` of the canonical encoding."""
    return "sha256:" + hashlib.sha256(canonical_json(value)).hexdigest()
