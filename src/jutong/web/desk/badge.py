"""How many tasks the frame says are waiting: counted anew only when something has happened since.

Every write leaves an audit event, so a count stands until there is a newer one. While others are busy it may be some
seconds old; after something the person did it never is.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from threading import Lock
from uuid import UUID

from django.http import HttpRequest

from jutong.center.audit.queries import has_acted, newest
from jutong.center.org.actor import Actor
from jutong.web.desk.tasks import asked, waiting

OTHERS_BUSY = timedelta(seconds=10)
"""How old a count may be while others act."""
NOBODY_BUSY = timedelta(seconds=60)
"""How old it may be while nobody does: days end, and calendars are loaded."""
MOST = 10_000
"""Posts whose count is kept, some bytes each."""


@dataclass(frozen=True, slots=True)
class Counted:
    """A count, when it was made, the newest event looked at, and how long it stands if the person does nothing."""

    tasks: int
    at: datetime
    newest: UUID | None
    stands: timedelta


class Badge:
    """The counts of one process."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[object, str], Counted] = OrderedDict()
        self._lock = Lock()

    def count(self, request: HttpRequest, actor: Actor, now: datetime) -> int:
        """Return how many tasks wait for the actor's post."""
        key = (actor.post_id, actor.username)
        last = newest()
        with self._lock:
            kept = self._kept.get(key)
        if kept is None or asked(request) or (found := _still(kept, last, actor, now)) is None:
            found = Counted(len(waiting(request, actor, now)), now, last, NOBODY_BUSY)
        with self._lock:
            self._kept[key] = found
            self._kept.move_to_end(key)
            while len(self._kept) > MOST:
                self._kept.popitem(last=False)
        return found.tasks


def _still(kept: Counted, last: UUID | None, actor: Actor, now: datetime) -> Counted | None:
    """Return a count that still stands, with what has been looked at since."""
    if kept.newest != last:
        if has_acted(actor, kept.newest):
            return None
        kept = replace(kept, newest=last, stands=OTHERS_BUSY)
    return kept if abs(now - kept.at) < kept.stands else None


badge = Badge()
