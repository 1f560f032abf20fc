"""A job at a worker, followed from the node."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from jutong.contracts.orders import JobOrder
from jutong.contracts.receipts import MovedReceipt
from jutong.node.exchange.jobs import JobFolder, write_whole
from jutong.node.exchange.workers.roster import Given, Member, Roster, given_path, jobs_folder, read_given

HOLD_SECONDS = 8.0
"""How long a worker may take to let go of a job when it is asked to."""
_LOOK = 0.1


@dataclass
class Assigned:
    """A job one worker has. It goes on while the node is away.

    Attributes:
        folder: the job's files, which both see.
        home: the instance's data folder.
        worker: its name.
        roster: tells whether it lives.
        lost: it let go of the job, or is silent: somebody else is to take it.
    """

    folder: JobFolder
    home: Path
    worker: str
    roster: Roster
    lost: bool = False
    _told: tuple[object, ...] = ()

    @property
    def _path(self) -> Path:
        return given_path(self.home, self.worker, self.folder.job_id)

    def poll(self) -> MovedReceipt | None:
        """Return the final receipt, one that tells progress or why it waits, or None. Never waits."""
        if (final := self.folder.result()) is not None:
            return final
        here = self._path.exists()
        if not here and (final := self.folder.result()) is not None:
            return final
        if not here or not self.roster.lives(self.worker):
            self.close()
            self.lost = True
            return self.folder.waiting() if not here and self.folder.tries().number else None
        progress = self.folder.progress()
        telling = (progress.rows_read, progress.chunks_done, progress.phase)
        if telling == self._told:
            return None
        self._told = telling
        return progress

    def cancel(self) -> None:
        """End the job: go on polling until the final receipt."""
        self._say("cancel")

    def hold(self) -> MovedReceipt | None:
        """Have the worker end the process with the finished chunks kept; return the final receipt if there is one."""
        self._say("hold")
        until = time.monotonic() + HOLD_SECONDS
        while self._path.exists() and self.roster.lives(self.worker) and time.monotonic() < until:
            time.sleep(_LOOK)
        self.close()
        return self.folder.result()

    def close(self) -> None:
        """Take the job from the worker, which ends its process when it sees that."""
        self._path.unlink(missing_ok=True)

    def _say(self, word: str) -> None:
        found = read_given(self._path)
        if found is not None:
            write_whole(self._path, found.model_copy(update={"word": word}).model_dump_json(), durable=True)


def assign(order: JobOrder, *, home: Path, roster: Roster, free_here: int, most_tries: int) -> Assigned | None:
    """Give a job to the worker that has it already, or to the one with the most room; None: it is done here.

    Args:
        order: the job's.
        home: the instance's data folder.
        roster: who is there.
        free_here: how many jobs this machine could take itself; with as much room it goes first.
        most_tries: how often the job may be tried between two chunks.

    Raises:
        OrderUnfitError: when the id is no UUID or stands for another order.
    """
    members = roster.living()
    folder = JobFolder(home, order.job_id)
    chosen = next((one for one in members if given_path(home, one.name, order.job_id).exists()), None)
    if chosen is None:
        chosen = max(members, key=lambda one: one.free, default=None)
        if chosen is None or chosen.free <= max(free_here, 0):
            return None
        folder.accept(order)
        _give(home, chosen, Given(job_id=order.job_id, most_tries=most_tries))
    return Assigned(folder, home, chosen.name, roster)


def _give(home: Path, member: Member, what: Given) -> None:
    jobs_folder(home, member.name).mkdir(mode=0o700, parents=True, exist_ok=True)
    write_whole(given_path(home, member.name, what.job_id), what.model_dump_json(), durable=True)
