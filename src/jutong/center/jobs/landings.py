"""Who is told that a table of the library has been moved anew, in the transaction of the receipt that says so."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from jutong.center.jobs.models import Job, JobState
from jutong.center.org.actor import Actor

Listener = Callable[[Job, Actor, datetime], None]
listeners: list[Listener] = []


def tell(job: Job, *, by: Actor, now: datetime) -> None:
    """Tell of a move that is done and has landed in the library."""
    if job.state != JobState.DONE or job.is_dry or job.work.get("into"):
        return
    for listener in listeners:
        listener(job, by, now)
