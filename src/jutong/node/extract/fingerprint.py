"""Whose file it is, told from the order of its rows alone: no value is changed and nothing is added.

Rows go out in blocks, and inside a block they stand in the order of a keyed hash of one column, the carrier. Under the
key of the right recipient nearly every row of a leaked file stands behind the one before it; under any other key half
of them do. That survives another format, renamed columns, left-out rows and left-out columns but the carrier; it does
not survive sorting.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from jutong.node.gateway.leaves import hmac_sha256
from jutong.node.gateway.verification import as_text, normalised

BLOCK = 2_000
"""Rows ordered together; all that has to be in memory at once."""
CERTAIN = 6.0
"""How many standard deviations above chance an order has to be; one in a thousand million files gets there by luck."""
_KEY_BYTES = 32


def key_of(secret: bytes, record_id: str) -> bytes:
    """Return the key one file's rows are ordered by."""
    info = b"jutong-fingerprint-1\n" + record_id.encode()
    return HKDF(algorithm=SHA256(), length=_KEY_BYTES, salt=None, info=info).derive(secret)


def cell(value: Any) -> str:
    """Return a value as it stands in a file: text, dates as 2026-01-31, nothing where there is none."""
    if value is None:
        return ""
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value).hex()
    return as_text(value)


def carrier(rows: Sequence[Sequence[str]]) -> int:
    """Return the column that tells the most rows apart."""
    width = len(rows[0]) if rows else 0
    distinct = [len({normalised(row[at]) for row in rows}) for at in range(width)]
    return max(range(width), key=lambda at: distinct[at]) if width else 0


def _rank(key: bytes, text: str) -> bytes:
    return hmac_sha256(key, normalised(text).encode())


def arranged(rows: Sequence[Sequence[str]], column: int, key: bytes) -> list[int]:
    """Return the numbers of a block's rows in the recipient's order."""
    ranks = [_rank(key, row[column]) for row in rows]
    return sorted(range(len(rows)), key=lambda at: (ranks[at], at))


@dataclass(frozen=True)
class Match:
    """How well an order fits a key: rows compared, those that stand right, and the distance from chance."""

    compared: int
    right: int
    score: float

    @property
    def certain(self) -> bool:
        """Whether chance is out of the question."""
        return self.score >= CERTAIN


def match(texts: Sequence[str], key: bytes) -> Match:
    """Compare the order of a column's texts with the order a key gives."""
    ranks = [_rank(key, text) for text in texts]
    pairs = [(one, two) for one, two in itertools.pairwise(ranks) if one != two]
    right = sum(one < two for one, two in pairs)
    # In a random order each neighbour stands right with one half, and the sum has a variance of a twelfth a pair.
    score = (right - len(pairs) / 2) / math.sqrt((len(pairs) + 2) / 12) if pairs else 0.0
    return Match(len(pairs), right, score)
