"""核验: whether everything claimed about one person or thing is so. Yes, no or unknown, and nothing else."""

from __future__ import annotations

import hmac
import unicodedata
from collections.abc import Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from hashlib import sha256
from typing import Any, Literal

Outcome = Literal["yes", "no", "unknown"]
_ABSENT = sha256(b"absent").digest()


def normalised(text: str) -> str:
    """Return a text as it is compared: full and half width, letter case and outer blanks make no difference."""
    return unicodedata.normalize("NFKC", text).strip().upper()


def as_text(value: Any) -> str:
    """Return a database value as the text a claim is compared with; dates as 2026-01-31."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date):
        return value.isoformat()
    return str(value)


def _fingerprints(value: Any, claim: str) -> tuple[bytes, bytes]:
    found, said = normalised(as_text(value)), normalised(claim)
    if isinstance(value, int | Decimal | float) and not isinstance(value, bool):
        found, said = _number(found), _number(said)
    return sha256(found.encode()).digest(), sha256(said.encode()).digest()


def _number(text: str) -> str:
    try:
        return str(Decimal(text).normalize())
    except InvalidOperation:
        return text


def compare(rows: Sequence[Sequence[Any]], claims: Sequence[str]) -> Outcome:
    """Compare all claims with the one row that was found.

    Every claim is compared in constant time and none is skipped after a failure, so neither the answer nor its time
    tells which one failed. No row, more than one, or a value the department does not have make ``unknown``.

    Args:
        rows: what the key found; columns in the order of ``claims``.
        claims: the claimed values.
    """
    certain = len(rows) == 1
    row = rows[0] if certain else [None] * len(claims)
    same = True
    for value, claim in zip(row, claims, strict=True):
        found, said = _fingerprints("" if value is None else value, claim)
        same &= hmac.compare_digest(_ABSENT if value is None else found, said)
        certain &= value is not None
    if not certain:
        return "unknown"
    return "yes" if same else "no"
