"""The pace of a move: it reads no faster than its order allows, and listens while it waits."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Literal

from jutong.contracts.care import Care
from jutong.node.exchange.progress import SoFar

Word = Literal["", "hold", "cancel"]
WORDS: dict[bytes, Word] = {b"hold": "hold", b"cancel": "cancel"}


class Wish:
    """What the node wants of a job's process; told by one thread, read by another."""

    def __init__(self) -> None:
        self.word: Word = ""
        self._said = threading.Event()

    def say(self, word: Word) -> None:
        """Tell it, if it is anything. A cancel is not taken back."""
        if not word:
            return
        if self.word != "cancel":
            self.word = word
        self._said.set()

    def wait(self, seconds: float) -> None:
        """Sleep, but not longer than until something is said."""
        self._said.wait(seconds)


class Pace:
    """Slows a move down to the rows and bytes a second it may take; what it did not take is not saved up.

    Args:
        care: of the order; None for no limit.
        wait: sleeps.
        now: seconds on a clock that never goes back.
    """

    def __init__(
        self, care: Care | None, wait: Callable[[float], None], now: Callable[[], float] = time.monotonic
    ) -> None:
        self._rows_per_second = care.rows_per_second if care else 0
        self._bytes_per_second = care.bytes_per_second if care else 0
        self._wait = wait
        self._now = now
        self._rows = self._bytes = 0
        self._free_at = now()

    def keep(self, so_far: SoFar) -> None:
        """Wait until what was read since the last call may have been read."""
        rows, size = so_far.rows - self._rows, so_far.bytes - self._bytes
        self._rows, self._bytes = so_far.rows, so_far.bytes
        if size <= 0:  # rows of an earlier run are told without bytes
            return
        cost = max(
            rows / self._rows_per_second if self._rows_per_second else 0.0,
            size / self._bytes_per_second if self._bytes_per_second else 0.0,
        )
        if cost:
            now = self._now()
            self._free_at = max(now, self._free_at) + cost
            self._wait(self._free_at - now)
