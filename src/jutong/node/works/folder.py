"""The folder of one work: what was ordered, how far it is, how it ended. It outlives every process.

``$JUTONG_HOME/node/works/<work id>/`` holds ``order.json``, ``begun``, ``progress.json``, ``result.json``,
``work.log``, the work's own ``scratch`` and a lock that only the process at work holds.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from pydantic import ValidationError

from jutong.contracts.works import WorkOrder, WorkReceipt
from jutong.kernel.errors import JutongError
from jutong.node.exchange.jobs import write_whole
from jutong.node.works.errors import WorkUnfitError, WorkUnknownError

FOLDER = "node/works"
LONGEST_PROBLEM = 480
_WORK = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class WorkFolder:
    """One work's files.

    Raises:
        WorkUnfitError: for an id that is no UUID; it becomes the folder's name.
    """

    def __init__(self, home: Path, work_id: str) -> None:
        if not _WORK.fullmatch(work_id):
            raise WorkUnfitError(what="编号", found=repr(work_id[:64]))
        self.work_id = work_id
        self.path = home / FOLDER / work_id

    @property
    def log(self) -> Path:
        """What the work's process had to say."""
        return self.path / "work.log"

    @property
    def scratch(self) -> Path:
        """The work's own files until it ends."""
        return self.path / "scratch"

    @property
    def has_ended(self) -> bool:
        """Whether there is a final receipt."""
        return (self.path / "result.json").exists()

    def order(self) -> WorkOrder:
        """Return what was ordered.

        Raises:
            WorkUnknownError: when nothing was.
        """
        try:
            return WorkOrder.model_validate_json((self.path / "order.json").read_bytes())
        except (FileNotFoundError, ValidationError) as error:
            raise WorkUnknownError(work_id=self.work_id) from error

    def accept(self, order: WorkOrder) -> None:
        """Keep the order, durable before return; the same order again changes nothing.

        Raises:
            WorkUnfitError: when the id already stands for another order.
        """
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        with contextlib.suppress(WorkUnknownError):
            if self.order() != order:
                raise WorkUnfitError(what="编号", found=f"{self.work_id} ×2")
            return
        write_whole(self.path / "order.json", order.model_dump_json(), durable=True)

    def begun(self, now: datetime) -> datetime:
        """Return when the work was first begun: now, unless it was before."""
        path = self.path / "begun"
        with contextlib.suppress(OSError, ValueError):
            return datetime.fromisoformat(path.read_text("ascii"))
        write_whole(path, now.astimezone(UTC).isoformat(), durable=True)
        return now

    def result(self) -> WorkReceipt | None:
        """Return the final receipt, once there is one."""
        try:
            return WorkReceipt.model_validate_json((self.path / "result.json").read_bytes())
        except FileNotFoundError:
            return None

    def finish(self, receipt: WorkReceipt) -> None:
        """Keep the final receipt, durable before return, and take the work's own files away."""
        write_whole(self.path / "result.json", receipt.model_dump_json(), durable=True)
        shutil.rmtree(self.scratch, ignore_errors=True)

    def progress(self, kind: str) -> WorkReceipt:
        """Return a receipt of a work under way."""
        try:
            return WorkReceipt.model_validate_json((self.path / "progress.json").read_bytes())
        except (FileNotFoundError, ValidationError):  # none yet, torn, or of another version
            return WorkReceipt(work_id=self.work_id, kind=kind, state="running")

    def note(self, receipt: WorkReceipt) -> None:
        """Keep how far it is. Worth nothing after a crash, so it is not forced to the disk and may fail."""
        with contextlib.suppress(OSError):
            write_whole(self.path / "progress.json", receipt.model_dump_json(), durable=False)

    @contextlib.contextmanager
    def at_work(self) -> Iterator[bool]:
        """Hold the work while carrying it out; yields False when another process does."""
        descriptor = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
            else:
                yield True
        finally:
            os.close(descriptor)

    def is_busy(self) -> bool:
        """Tell whether a process is at work on it."""
        with self.at_work() as ours:
            return not ours


def all_works(home: Path) -> list[WorkFolder]:
    """Return every work this node was ever ordered to do, newest first (their ids sort by time)."""
    folder = home / FOLDER
    if not folder.is_dir():
        return []
    names = sorted((path.name for path in folder.iterdir() if _WORK.fullmatch(path.name)), reverse=True)
    return [WorkFolder(home, name) for name in names]


def ended(order: WorkOrder, error: JutongError, *, cancelled: bool, started_ms: int, finished_ms: int) -> WorkReceipt:
    """Return the receipt of a work that was not done."""
    return WorkReceipt(
        work_id=order.work_id,
        kind=order.kind,
        state="cancelled" if cancelled else "failed",
        problem=f"{error.explain()}{error.advise()}"[:LONGEST_PROBLEM],
        problem_code=error.code,
        started_ms=started_ms,
        finished_ms=finished_ms,
    )
