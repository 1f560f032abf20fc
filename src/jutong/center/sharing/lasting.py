"""How long a grant may lie idle, when its holder is warned, and in which states it still runs."""

from __future__ import annotations

from datetime import timedelta

from jutong.center.sharing import rules
from jutong.center.sharing.enums import Event

QUOTA_PERCENT = 80
"""Share of a day's quota after which the holder is told."""
IDLE = timedelta(days=30)
MONTH, WEEK = timedelta(days=30), timedelta(days=7)
RENEWABLE = frozenset(row.state for row in rules.GRANT if row.event == Event.RELINQUISH)
"""States in which a grant still runs, and can be followed by another."""
