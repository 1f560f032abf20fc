"""How long ago the center last confirmed that this node knows every order. Too long ago means: deny."""

from __future__ import annotations

import time
from collections.abc import Callable

from jutong.node.errors import CenterStaleError

LIMIT_SECONDS = 10


class Freshness:
    """The end of the present lease, on the monotonic clock, which no change of the wall clock moves.

    Args:
        monotonic: the clock, in seconds.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._until = float("-inf")
        self._issued_ms = 0

    def confirm(self, *, issued_ms: int, now_ms: int, asked_at: float) -> bool:
        """Take a heartbeat that says the feed is complete; tell whether it renewed the lease.

        The lease counts from when the node asked, less the heartbeat's own age. A heartbeat not newer than the last
        one, or from more than ten seconds away on the wall clock, renews nothing: it may be a copy.

        Args:
            issued_ms: when the center made the heartbeat, milliseconds since 1970 UTC.
            now_ms: the node's wall clock at its arrival.
            asked_at: the monotonic clock when the node asked.
        """
        age = (now_ms - issued_ms) / 1000
        if issued_ms <= self._issued_ms or abs(age) > LIMIT_SECONDS:
            return False
        self._issued_ms = issued_ms
        self._until = max(self._until, min(asked_at, self._monotonic() - max(age, 0.0)) + LIMIT_SECONDS)
        return True

    @property
    def fresh(self) -> bool:
        """Whether the lease runs."""
        return self._monotonic() < self._until

    def check(self) -> None:
        """Refuse when the lease is over.

        Raises:
            CenterStaleError: if it is.
        """
        if self._monotonic() >= self._until:
            raise CenterStaleError(limit=LIMIT_SECONDS)
