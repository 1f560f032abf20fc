"""Time as an argument. Domain code never asks what time it is; a door does, once, and passes ``now`` on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone

BEIJING = timezone(timedelta(hours=8), "Asia/Shanghai")
"""The one civil time of the law's clocks; China keeps no summer time."""

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """Return the current instant, aware, in UTC. Only doors and process loops call this."""
    return datetime.now(UTC)


def civil_date(instant: datetime) -> date:
    """Return the Beijing calendar date of an aware instant; deadlines are counted in civil dates.

    Raises:
        ValueError: if the instant carries no time zone.
    """
    if instant.tzinfo is None:
        raise ValueError("a naive datetime has no civil date")
    return instant.astimezone(BEIJING).date()
