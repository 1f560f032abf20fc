"""Calls per grant and day, counted in memory; ``served`` rebuilds the count from the log at start."""

from __future__ import annotations

from jutong.node.errors import QuotaExhaustedError
from jutong.node.grants import Grant

DAY_MS = 86_400_000
BEIJING_MS = 8 * 3_600_000


def day_of(ms: int) -> int:
    """Return the Beijing day a moment falls on, counted from 1970."""
    return (ms + BEIJING_MS) // DAY_MS


class Quotas:
    """How many calls each grant has answered today."""

    def __init__(self) -> None:
        self.day = 0
        self._counts: dict[str, int] = {}

    def _turn(self, day: int) -> None:
        if day > self.day:
            self.day = day
            self._counts.clear()

    def take(self, grant: Grant, now_ms: int) -> None:
        """Count one call.

        Raises:
            QuotaExhaustedError: if the day's calls are used up; ``retry_after`` leads past midnight.
        """
        self._turn(day_of(now_ms))
        used = self._counts.get(grant.order.grant_id, 0)
        if used >= grant.order.daily_quota:
            seconds = (DAY_MS - (now_ms + BEIJING_MS) % DAY_MS) // 1000 + 1
            raise QuotaExhaustedError(grant=grant.order.grant_number, limit=grant.order.daily_quota, seconds=seconds)
        self._counts[grant.order.grant_id] = used + 1

    def give_back(self, grant: Grant) -> None:
        """Uncount a call that did not get an answer."""
        used = self._counts.get(grant.order.grant_id, 0)
        if used:
            self._counts[grant.order.grant_id] = used - 1

    def restore(self, grant_id: str, time_ms: int, calls: int = 1) -> None:
        """Count calls that were answered before a restart."""
        self._turn(day_of(time_ms))
        if day_of(time_ms) == self.day:
            self._counts[grant_id] = self._counts.get(grant_id, 0) + calls

    def used(self, grant_id: str) -> int:
        """Return how many calls a grant has answered today."""
        return self._counts.get(grant_id, 0)
