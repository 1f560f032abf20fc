"""The folder of one job: what was ordered, how far it is, how it ended. It outlives every process.

``$JUTONG_HOME/node/jobs/<job id>/`` holds ``order.json``, ``progress.json``, ``result.json``, ``job.log`` and a lock
that only the process at work holds. A result is there whole or not at all.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError

from jutong.contracts.envelope import Document
from jutong.contracts.orders import JobOrder
from jutong.contracts.receipts import MovedReceipt
from jutong.kernel.errors import JutongError
from jutong.node.exchange.errors import JobUnknownError, OrderUnfitError
from jutong.node.exchange.progress import SoFar
from jutong.node.exchange.retry import pause_ms

FOLDER = "node/jobs"
REPLAYS = "node/replays"
"""Where a replay leaves its word until it is on record."""

LONGEST_PROBLEM = 480
LEDGER = "chunks.json"
_JOB = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Tries(Document):
    """Tries of a job that failed behind ``chunks`` finished chunks, and when the next one may be."""

    number: int = 0
    chunks: int = 0
    not_before_ms: int = 0
    problem: str = ""


class JobFolder:
    """One job's files.

    Raises:
        OrderUnfitError: for an id that is no UUID; it becomes the folder's name.
    """

    def __init__(self, home: Path, job_id: str) -> None:
        if not _JOB.fullmatch(job_id):
            raise OrderUnfitError(what="编号", found=repr(job_id[:64]))
        self.job_id = job_id
        self.path = home / FOLDER / job_id

    @property
    def log(self) -> Path:
        """What the job's process had to say."""
        return self.path / "job.log"

    def order(self) -> JobOrder:
        """Return what was ordered.

        Raises:
            JobUnknownError: when nothing was.
        """
        try:
            return JobOrder.model_validate_json((self.path / "order.json").read_bytes())
        except (FileNotFoundError, ValidationError) as error:
            raise JobUnknownError(job_id=self.job_id) from error

    def accept(self, order: JobOrder) -> None:
        """Keep the order, durable before return; the same order again changes nothing.

        Raises:
            OrderUnfitError: when the id already stands for another order.
        """
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        with contextlib.suppress(JobUnknownError):
            if self.order() != order:
                raise OrderUnfitError(what="编号", found=f"{self.job_id} ×2")
            return
        write_whole(self.path / "order.json", order.model_dump_json(), durable=True)

    def result(self) -> MovedReceipt | None:
        """Return the final receipt, once there is one."""
        try:
            return MovedReceipt.model_validate_json((self.path / "result.json").read_bytes())
        except FileNotFoundError:
            return None

    def finish(self, receipt: MovedReceipt) -> None:
        """Keep the final receipt, durable before return."""
        write_whole(self.path / "result.json", receipt.model_dump_json(), durable=True)

    def progress(self) -> MovedReceipt:
        """Return a receipt of a job under way: rows read so far and when it began."""
        try:
            found = json.loads((self.path / "progress.json").read_bytes())
            return MovedReceipt(job_id=self.job_id, state="running", **found)
        except (FileNotFoundError, ValueError, TypeError):  # none yet, torn, or of an earlier version
            return MovedReceipt(job_id=self.job_id, state="running")

    def note(self, so_far: SoFar, started_ms: int, rows_per_second: int = 0) -> None:
        """Keep how far it is. Worth nothing after a crash, so it is not forced to the disk and may fail."""
        several = so_far.chunks > 1
        told = {
            "rows_read": so_far.rows,
            "rows_quarantined": so_far.quarantined,
            "started_ms": started_ms,
            "chunks_done": so_far.chunks_done if several else 0,
            "chunks": so_far.chunks if several else 0,
            "phase": so_far.phase,
            "rows_per_second": rows_per_second,
        }
        with contextlib.suppress(OSError):
            write_whole(self.path / "progress.json", json.dumps(told), durable=False)

    def tries(self) -> Tries:
        """Return the tries that failed since the last chunk was finished."""
        try:
            found = Tries.model_validate_json((self.path / "tries.json").read_bytes())
        except (FileNotFoundError, ValidationError):
            return Tries()
        return found if found.chunks == chunks_finished(self.path) else Tries()

    def waiting(self) -> MovedReceipt:
        """Return a receipt of a job whose last try failed and that will be tried again."""
        tries = self.tries()
        return self.progress().model_copy(
            update={
                "state": "waiting", "phase": "retry", "tries": tries.number, "retry_ms": tries.not_before_ms,
                "problem": tries.problem, "rows_per_second": 0,
            }
        )  # fmt: skip

    def tried(self, error: JutongError, now_ms: int) -> None:
        """Keep that a try failed, and when the next one may be; durable before return."""
        number = self.tries().number + 1
        kept = Tries(
            number=number, chunks=chunks_finished(self.path), not_before_ms=now_ms + pause_ms(number),
            problem=_problem(error),
        )  # fmt: skip
        write_whole(self.path / "tries.json", kept.model_dump_json(), durable=True)

    @contextlib.contextmanager
    def at_work(self) -> Iterator[bool]:
        """Hold the job while working on it; yields False when another process does."""
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
        """Tell whether a process is at work on the job."""
        with self.at_work() as ours:
            return not ours


def all_jobs(home: Path) -> list[JobFolder]:
    """Return every job this node was ever ordered to do, newest first (their ids sort by time)."""
    folder = home / FOLDER
    if not folder.is_dir():
        return []
    names = sorted((path.name for path in folder.iterdir() if _JOB.fullmatch(path.name)), reverse=True)
    return [JobFolder(home, name) for name in names]


def chunks_finished(path: Path) -> int:
    """Return how many chunks of a job will not be done again. Read without Arrow: the node itself asks."""
    try:
        return len(json.loads((path / LEDGER).read_bytes())["done"])
    except (OSError, ValueError, KeyError):
        return 0


def chunks_total(path: Path) -> int:
    """Return how many rows the source counted when a job was cut into chunks; 0 before that."""
    try:
        return int(json.loads((path / LEDGER).read_bytes())["cut"]["total"])
    except (OSError, ValueError, KeyError, TypeError):
        return 0


def failed(job_id: str, error: JutongError, *, rows: int, started_ms: int, finished_ms: int) -> MovedReceipt:
    """Return the receipt of a job that did not move anything."""
    return MovedReceipt(
        job_id=job_id,
        state="failed",
        rows_read=rows,
        started_ms=started_ms,
        finished_ms=finished_ms,
        problem=_problem(error),
    )


def _problem(error: JutongError) -> str:
    return f"{error.code}: {error.explain()}{error.advise()}"[:LONGEST_PROBLEM]


def private(path: str, flags: int) -> int:
    """Open a file that only its owner may read; give it to ``open`` as ``opener``."""
    return os.open(path, flags | os.O_CLOEXEC, 0o600)


def write_whole(path: Path, content: str, *, durable: bool) -> None:
    """Put a file in the place of another, whole or not at all, for nobody else to read."""
    fresh = path.with_name(path.name + ".new")
    with open(fresh, "w", encoding="utf-8", opener=private) as stream:
        stream.write(content)
        if durable:
            stream.flush()
            os.fsync(stream.fileno())
    fresh.replace(path)
    if durable:
        folder = os.open(path.parent, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
