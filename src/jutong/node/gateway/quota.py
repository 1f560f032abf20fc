"""Calls per grant, day and minute, counted in memory; ``served`` rebuilds the day's count from the log at start."""

from __future__ import annotations

from jutong.node.errors import QuotaExhaustedError, RateExceededError
from jutong.node.grants import Grant

DAY_MS = 86_400_000
MINUTE_MS = 60_000
BEIJING_MS = 8 * 3_600_000


def day_of(ms: int) -> int:
    """Return the Beijing day a moment falls on, counted from 1970."""
    return (ms + BEIJING_MS) // DAY_MS


class Quotas:
    """How many calls each grant has answered today, and in this minute where that has a bound."""

    def __init__(self) -> None:
        self.day = 0
        self.minute = 0
        self._counts: dict[str, int] = {}
        self._minutes: dict[str, int] = {}

    def _turn(self, day: int) -> None:
        if day > self.day:
            self.day = day
            self._counts.clear()

    def take(self, grant: Grant, now_ms: int, calls: int = 1) -> None:
        """Count one call; a batch counts as so many of the day's calls as it has keys, and as one of the minute's.

        Raises:
            QuotaExhaustedError: if the day's calls are used up; ``retry_after`` leads past midnight.
            RateExceededError: if the minute's are; ``retry_after`` leads into the next one.
        """
        order = grant.order
        self._turn(day_of(now_ms))
        used = self._counts.get(order.grant_id, 0)
        if used + calls > order.daily_quota:
            seconds = (DAY_MS - (now_ms + BEIJING_MS) % DAY_MS) // 1000 + 1
            raise QuotaExhaustedError(grant=order.grant_number, limit=order.daily_quota, seconds=seconds)
        if order.per_minute:
            self._check_minute(grant, now_ms)
            self._minutes[order.grant_id] = self._minutes.get(order.grant_id, 0) + 1
        self._counts[order.grant_id] = used + calls

    def check(self, grant: Grant, now_ms: int, calls: int = 1) -> None:
        """Tell whether ``take`` would count a call; same errors, nothing counted."""
        order = grant.order
        self.take(grant, now_ms, calls)
        self._counts[order.grant_id] -= calls
        if order.per_minute:
            self._minutes[order.grant_id] -= 1

    def _check_minute(self, grant: Grant, now_ms: int) -> None:
        order, minute = grant.order, now_ms // MINUTE_MS
        if minute > self.minute:
            self.minute = minute
            self._minutes.clear()
        if self._minutes.get(order.grant_id, 0) >= order.per_minute:
            seconds = (MINUTE_MS - now_ms % MINUTE_MS) // 1000 + 1
            raise RateExceededError(grant=order.grant_number, limit=order.per_minute, seconds=seconds)

    def give_back(self, grant: Grant, calls: int = 1) -> None:
        """Uncount a call that did not get an answer. The minute's count stays: it guards the source, not a share."""
        used = self._counts.get(grant.order.grant_id, 0)
        if used:
            self._counts[grant.order.grant_id] = max(used - calls, 0)

    def restore(self, grant_id: str, time_ms: int, calls: int = 1) -> None:
        """Count calls that were answered before a restart."""
        self._turn(day_of(time_ms))
        if day_of(time_ms) == self.day:
            self._counts[grant_id] = self._counts.get(grant_id, 0) + calls

    def used(self, grant_id: str) -> int:
        """Return how many calls a grant has answered today."""
        return self._counts.get(grant_id, 0)
