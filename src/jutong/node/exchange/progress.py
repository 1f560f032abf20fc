"""How far a move is, and whoever is told so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

PLANNING, READING, CHECKING, COMMITTING = "planning", "reading", "checking", "committing"


@dataclass(frozen=True)
class SoFar:
    """How far a move is. ``rows`` and ``bytes`` are what this run read, refused rows among them."""

    phase: str = READING
    rows: int = 0
    quarantined: int = 0
    chunks_done: int = 0
    chunks: int = 0
    bytes: int = 0


Progress = Callable[[SoFar], None]
"""Told after every batch and at every step. It may take its time, and so slow the reading; it may raise ``Held`` to
end the move with its finished chunks kept, or anything else to end it with nothing moved."""


class Held(Exception):  # noqa: N818 - nothing went wrong
    """The move ends here, and what it has finished is kept for the next run."""


class Teller:
    """Keeps how far a move is, and tells it.

    Args:
        progress: is told.
    """

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self.so_far = SoFar()

    def tell(self, **changes: str | int) -> None:
        """Change what is known, and tell it."""
        self.so_far = replace(self.so_far, **changes)  # type: ignore[arg-type]
        self._progress(self.so_far)

    def batch(self, rows: int, size: int, refused: int) -> None:
        """Tell of another batch: its rows, its bytes, and how many rows of it were set aside."""
        before = self.so_far
        self.tell(
            phase=READING, rows=before.rows + rows, bytes=before.bytes + size, quarantined=before.quarantined + refused
        )
