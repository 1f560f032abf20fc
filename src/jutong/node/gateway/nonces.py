"""Remembers which signed requests came already, in bounded memory.

A request is known by a keyed hash of its key id and nonce. The same mark stands in the access record, so after a
restart the memory is filled again from the log: what the log does not hold was never answered.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b

from jutong.node.errors import NonceStoreFullError, ReplayedError
from jutong.node.gateway.signatures import WINDOW_SECONDS

KEEP_SECONDS = 2 * WINDOW_SECONDS
"""A mark outlives the window of its signature on both sides: ten minutes."""

BUCKET_SECONDS = 60
LARGEST = 3_000_000
MARK_BYTES = 8


class NonceMemory:
    """Marks of accepted requests by the minute they were created in.

    Args:
        secret: key of the marks, the same at every start of the node.
        largest: how many marks are kept before further calls are refused.
    """

    def __init__(self, secret: bytes, *, largest: int = LARGEST) -> None:
        self._secret = secret
        self._largest = largest
        self._buckets: dict[int, set[int]] = {}
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def mark(self, key_id: str, nonce: str) -> int:
        """Return the 64-bit mark of a request."""
        text = f"{key_id}\n{nonce}".encode()
        found = blake2b(text, key=self._secret, digest_size=MARK_BYTES, person=b"replay")
        return int.from_bytes(found.digest(), "big")

    def take(self, mark: int, created: int, now: float) -> None:
        """Remember a request as come.

        Raises:
            ReplayedError: it came before.
            NonceStoreFullError: there is no more room to remember.
        """
        number = created // BUCKET_SECONDS
        bucket = self._buckets.get(number)
        if bucket is None:
            self._forget(now)
            bucket = self._buckets.setdefault(number, set())
        if mark in bucket:
            raise ReplayedError
        if self._count >= self._largest:
            raise NonceStoreFullError(limit=self._largest)
        bucket.add(mark)
        self._count += 1

    def restore(self, marks: Iterable[tuple[int, int]]) -> None:
        """Fill the memory from (mark, created) pairs found in the log."""
        for mark, created in marks:
            bucket = self._buckets.setdefault(created // BUCKET_SECONDS, set())
            if mark not in bucket:
                bucket.add(mark)
                self._count += 1

    def _forget(self, now: float) -> None:
        oldest = int(now - KEEP_SECONDS) // BUCKET_SECONDS
        for number in [number for number in self._buckets if number < oldest]:
            self._count -= len(self._buckets.pop(number))
