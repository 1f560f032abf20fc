"""Looks for files that came to folders, and tells the center once of each that no job has moved.

What was told is in the state, so that a restart tells nothing twice. A table is told of when all its files have come to
rest: a delivery of many files starts one job and not many.
"""

from __future__ import annotations

import asyncio
import logging
import time
from pathlib import Path

from jutong.contracts.orders import FilesPlace
from jutong.contracts.receipts import ArrivedReceipt
from jutong.kernel.clock import Clock
from jutong.kernel.errors import JutongError
from jutong.node.agent.center import Center
from jutong.node.exchange.jobs import FOLDER, JobFolder
from jutong.node.live.pool import Sources
from jutong.node.sources import pick
from jutong.node.state import State

LOGGER = logging.getLogger(__name__)
IDLE_SECONDS = 2.0
HERE_SECONDS = 5.0
"""Between two looks into a folder of this machine."""

ELSEWHERE_SECONDS = 60.0
"""Between two looks into a folder elsewhere, and into any that could not be looked at: each is a sign-in."""


class Arrivals:
    """Runs the looks that are due.

    Args:
        home: the instance's data folder.
        state: holds what is looked for and what was told, and takes receipts.
        center: seals receipts.
        sources: the configured sources.
        clock: the present instant.
    """

    def __init__(self, home: Path, state: State, center: Center, sources: Sources, clock: Clock) -> None:
        self._home = home
        self._state = state
        self._center = center
        self._sources = sources
        self._clock = clock
        self._due: dict[FilesPlace, float] = {}

    async def look_once(self) -> float:
        """Look where it is due; return the seconds until the next time."""
        places = await asyncio.to_thread(self._state.arriving)
        self._due = {place: self._due.get(place, 0.0) for place, _ in places}
        for place, told in places:
            if self._due[place] <= time.monotonic():
                pause = await asyncio.to_thread(self._look, place, told)
                self._due[place] = time.monotonic() + pause
        return IDLE_SECONDS

    def _look(self, place: FilesPlace, told: frozenset[str]) -> float:
        """Look at one table and tell of it; return the seconds until its next look."""
        # Reading files brings Arrow with it; a node that looks for none does without.
        from jutong.node.files.fetching import waiting_now  # noqa: PLC0415
        from jutong.node.files.tables import mapped  # noqa: PLC0415

        now = self._clock()
        try:
            source = pick(self._sources.configs, place.source)
            marks, calm = waiting_now(source, mapped(source, place.schema_name, place.table), now)
        except (JutongError, OSError) as error:
            LOGGER.warning("no look for files of %s.%s: %s", place.source, place.table, error)
            return ELSEWHERE_SECONDS
        pause = HERE_SECONDS if source.store is None else ELSEWHERE_SECONDS
        if not calm:
            return HERE_SECONDS
        new = set(marks) - told
        if not new:
            if told - set(marks):
                self._state.arrived(place, marks, None)  # what was taken away may come again
            return pause
        moved = self._moved(place)
        if moved is None:
            return HERE_SECONDS  # a job is at them; when it ends it is known which it has moved
        receipt = None
        if new - moved:
            body = ArrivedReceipt(
                source=place.source, schema_name=place.schema_name, table=place.table, files=len(new - moved),
                seen_ms=int(now.timestamp() * 1000),
            )  # fmt: skip
            receipt = self._center.seal("arrived", body, now)
        self._state.arrived(place, marks, receipt)
        return pause

    def _moved(self, place: FilesPlace) -> frozenset[str] | None:
        """Return the marks of files that done jobs have looked at; None while a job is under way."""
        from jutong.node.exchange.readers.manifest import FILE, load  # noqa: PLC0415 - its contracts are heavy

        moved: set[str] = set()
        for path in (self._home / FOLDER).glob(f"*/{FILE}"):
            found = load(path.parent)
            if found is None or found.is_dry or (found.source, found.table) != (place.source, place.table):
                continue
            result = JobFolder(self._home, path.parent.name).result()
            if result is None:
                return None
            if result.state == "done":
                moved.update(found.marks)
        return frozenset(moved)
