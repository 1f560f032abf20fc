"""Rows of works for templates: each with its words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from django.utils.functional import Promise

from jutong.center.library.models import Work
from jutong.web.jobs.live import length_told
from jutong.web.library import words


@dataclass(frozen=True)
class WorkLine:
    """A work and what is said of it."""

    work: Work

    @property
    def title(self) -> Promise | str:
        """What it is called."""
        return words.title_of(self.work)

    @property
    def tone(self) -> str:
        """The colour of its state."""
        return words.tone_of(self.work)

    @property
    def phase(self) -> Promise | str:
        """What it does now."""
        return words.phase_of(self.work)

    @property
    def percent(self) -> int | None:
        """How far it is."""
        return words.percent_of(self.work)

    @property
    def took(self) -> str:
        """How long it took so far, in words."""
        length: timedelta | None = words.took(self.work)
        return length_told(length)

    @property
    def is_open(self) -> bool:
        """Whether it has not ended."""
        return words.is_open(self.work)

    @property
    def figures(self) -> list[tuple[Promise | str, int]]:
        """The plain figures of its result."""
        return words.figures_of(self.work)

    @property
    def mark(self) -> str:
        """What changes whenever the page would."""
        heard = self.work.heard_at.timestamp() if self.work.heard_at else 0
        return f"{self.work.state}-{heard:.3f}"


def lines(works: Iterable[Work]) -> list[WorkLine]:
    """Return works with their words."""
    return [WorkLine(work) for work in works]
