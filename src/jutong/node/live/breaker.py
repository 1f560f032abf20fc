"""Leaves a source alone that keeps failing, and tries it again with one call after a while."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from jutong.node.live.errors import SourceRestingError

FAILURES = 5
"""How many calls in a row have to fail."""

FIRST_REST_SECONDS = 5.0
LONGEST_REST_SECONDS = 60.0


class Breaker:
    """Whether a source may be asked.

    Args:
        source: the source's name.
        monotonic: the clock, in seconds.
    """

    def __init__(self, source: str, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._source = source
        self._monotonic = monotonic
        self._until = 0.0
        self._rest = FIRST_REST_SECONDS
        self._trying = False
        self.failures = 0
        """Calls in a row that failed."""

    @property
    def open(self) -> bool:
        """Whether calls are turned away."""
        return self.failures >= FAILURES

    def check(self) -> bool:
        """Let a call pass: any while the source answers, one at a time when its rest is over.

        Returns:
            Whether the call is such a try; then ``end_try`` follows, whatever becomes of it.

        Raises:
            SourceRestingError: if the source is left alone, or already being tried.
        """
        if self.failures < FAILURES:
            return False
        left = self._until - self._monotonic()
        if left > 0 or self._trying:
            raise SourceRestingError(source=self._source, failures=self.failures, seconds=max(math.ceil(left), 1))
        self._trying = True
        return True

    def good(self) -> None:
        """Note that the source answered."""
        if self.failures:
            self.failures = 0
            self._rest = FIRST_REST_SECONDS

    def bad(self, *, tried: bool) -> None:
        """Note that the source did not answer. A failed try doubles the rest."""
        self.failures += 1
        if tried:
            self._rest = min(self._rest * 2, LONGEST_REST_SECONDS)
        if tried or self.failures == FAILURES:  # beyond that: calls that were under way when the rest began
            self._until = self._monotonic() + self._rest

    def end_try(self) -> None:
        """Note that the one try is over."""
        self._trying = False
