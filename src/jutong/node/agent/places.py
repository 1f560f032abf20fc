"""Which of the jobs that wait may begin: bounded for the node and for each source, shared among departments.

A free place goes to the department that has the fewest jobs at work for its weight, then to the one whose turn is the
longest ago; within a department the more urgent job goes first. So no department, however many jobs it orders and
however urgent it calls them, keeps the others waiting for all of them.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from jutong.contracts.care import USUAL_PRIORITY
from jutong.node.exchange.jobs import write_whole

AT_ONE_SOURCE = 2
"""Moves that read from one department's database at the same time."""
WEIGHTS = "node/weights.json"
"""Departments that count for more than one, by their codes."""
LARGEST_WEIGHT = 100


def at_once() -> int:
    """Return how many moves this machine carries out at the same time."""
    return max(2, min(os.cpu_count() or 1, 8))


def load_weights(path: Path) -> dict[str, int]:
    """Return the departments' weights; a file that is missing or makes no sense gives everybody the same."""
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    if not isinstance(found, dict):
        return {}
    return {code: weight for code, weight in found.items() if type(weight) is int and 0 < weight <= LARGEST_WEIGHT}


def save_weights(path: Path, weights: Mapping[str, int]) -> None:
    """Put weights in the place of those there; durable before return."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_whole(path, json.dumps(dict(sorted(weights.items())), indent=1) + "\n", durable=True)


@dataclass(frozen=True, slots=True)
class _Asking:
    """A job that waits: its urgency, when it came, where it reads and whose it is."""

    urgency: int
    arrival: int
    source: str
    department: str


@dataclass
class Places:
    """Places for moves at work.

    Attributes:
        most: on this machine.
        more: returns how many machines beside this one take.
        most_at_source: at one source.
        weights: returns how much departments count for; 1 where nothing is said.
    """

    most: int = field(default_factory=at_once)
    most_at_source: int = AT_ONE_SOURCE
    weights: Callable[[], Mapping[str, int]] = dict
    more: Callable[[], int] = int
    _working: dict[str, tuple[str, str]] = field(default_factory=dict)
    _waiting: dict[str, _Asking] = field(default_factory=dict)
    _turns: dict[str, int] = field(default_factory=dict)
    _arrivals: int = 0
    _entered: int = 0

    def enter(self, job_id: str, source: str, priority: int, department: str = "") -> bool:
        """Take a place, or wait for one: ask again later. The first to ask of two equals is the first to go."""
        if job_id in self._working:
            return True
        if job_id not in self._waiting:
            self._arrivals += 1
            self._waiting[job_id] = _Asking(-(priority or USUAL_PRIORITY), self._arrivals, source, department)
        free, weights = self.most + self.more() - len(self._working), self.weights()
        at_work = list(self._working.values())
        waiting = dict(self._waiting)
        while free > 0 and waiting:
            chosen = min(waiting, key=lambda one: self._place(waiting[one], at_work, weights))
            asking = waiting.pop(chosen)
            if [at for at, _ in at_work].count(asking.source) >= self.most_at_source:
                continue
            if chosen == job_id:
                del self._waiting[job_id]
                self._working[job_id] = (source, asking.department)
                self._entered += 1
                self._turns[asking.department] = self._entered
                return True
            at_work.append((asking.source, asking.department))  # kept for the one in front, who asks in a moment
            free -= 1
        return False

    def _place(
        self, asking: _Asking, at_work: list[tuple[str, str]], weights: Mapping[str, int]
    ) -> tuple[float, int, int, int]:
        """Return what a waiting job stands in the row by."""
        department = asking.department
        share = [owner for _, owner in at_work].count(department) / weights.get(department, 1)
        return share, self._turns.get(department, 0), asking.urgency, asking.arrival

    def leave(self, job_id: str) -> None:
        """Give the place back, or stop waiting."""
        self._working.pop(job_id, None)
        self._waiting.pop(job_id, None)
