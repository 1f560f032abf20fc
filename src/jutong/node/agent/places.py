"""Which of the jobs that wait may begin: bounded for the node and for each source, the more urgent first."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

from jutong.contracts.care import USUAL_PRIORITY

AT_ONE_SOURCE = 2
"""Moves that read from one department's database at the same time."""


def at_once() -> int:
    """Return how many moves this machine carries out at the same time."""
    return max(2, min(os.cpu_count() or 1, 8))


@dataclass
class Places:
    """Places for moves at work.

    Attributes:
        most: on this node.
        most_at_source: at one source.
    """

    most: int = field(default_factory=at_once)
    most_at_source: int = AT_ONE_SOURCE
    _working: dict[str, str] = field(default_factory=dict)
    _waiting: dict[str, tuple[int, int, str]] = field(default_factory=dict)
    _arrivals: int = 0

    def enter(self, job_id: str, source: str, priority: int) -> bool:
        """Take a place, or wait for one: ask again later. The first to ask of two equals is the first to go."""
        if job_id in self._working:
            return True
        if job_id not in self._waiting:
            self._arrivals += 1
            self._waiting[job_id] = (-(priority or USUAL_PRIORITY), self._arrivals, source)
        free = self.most - len(self._working)
        for waiting, (_, _, wanted) in sorted(self._waiting.items(), key=lambda item: item[1]):
            if free <= 0:
                return False
            if list(self._working.values()).count(wanted) >= self.most_at_source:
                continue
            if waiting == job_id:
                del self._waiting[job_id]
                self._working[job_id] = source
                return True
            free -= 1  # kept for the one in front, who asks in a moment
        return False

    def leave(self, job_id: str) -> None:
        """Give the place back, or stop waiting."""
        self._working.pop(job_id, None)
        self._waiting.pop(job_id, None)
