"""Starts jobs as processes of their own, watches them, and takes them up again after any crash.

A job can be killed at any moment and goes on behind its last finished chunk: rows that were not committed are not seen
by anybody, and a commit that was made is found by the job's id, so that it is reported and not repeated.
"""

from __future__ import annotations

import contextlib
import math
import os
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path

from jutong.contracts.orders import JobOrder
from jutong.contracts.receipts import MovedReceipt
from jutong.kernel.clock import Clock, utc_now
from jutong.kernel.errors import JutongError
from jutong.library.errors import DiskFullError
from jutong.node import sources
from jutong.node.exchange.errors import JobUnknownError, OrderUnfitError, WorkerLostError
from jutong.node.exchange.jobs import JobFolder, all_jobs, chunks_finished, failed
from jutong.node.exchange.run import EXIT_BUSY, EXIT_HELD, EXIT_NO_RESULT, EXIT_TRY_LATER, pack
from jutong.node.sources import SourceConfig

MAX_ATTEMPTS = 3
FRUGAL = {"ARROW_DEFAULT_MEMORY_POOL": "system", "OPENBLAS_NUM_THREADS": "1"}
"""Arrow's own pool keeps up to 70 MB of what was freed, and no job multiplies matrices."""

GRACE_SECONDS = 5.0
CANCEL_SECONDS = 10.0
"""How long a process may take to hear that its job is cancelled; it may wait for a server that says nothing more."""


class JobHandle:
    """A job under way. ``poll`` it now and then; ``close`` it when the node stops.

    Args:
        folder: the job's files.
        home: the instance's data folder.
        source: from where; None for a job that has ended already.
        clock: tells the time for receipts the process itself could not write.
        most_tries: how often the job may be tried between two chunks.
    """

    def __init__(
        self,
        folder: JobFolder,
        home: Path,
        source: SourceConfig | None,
        clock: Clock = utc_now,
        most_tries: int = 1,
    ) -> None:
        self.job_id = folder.job_id
        self._folder = folder
        self._home = home
        self._source = source
        self._clock = clock
        self._process: subprocess.Popen[bytes] | None = None
        self._attempts = 0
        self._told: tuple[object, ...] = ()
        self._chunks_kept = 0
        self._most_tries = most_tries
        self._cancelling = False
        self._hears_until = math.inf

    @property
    def pid(self) -> int | None:
        """The process at work for this handle."""
        return self._process.pid if self._process else None

    def poll(self) -> MovedReceipt | None:
        """Return the final receipt, or one in state ``running`` when there is progress to tell, or None.

        One in state ``waiting`` says that a try failed: whoever holds the handle starts the job again, not before
        ``retry_ms``. Never waits. A process that died without a result is started again, at most three times for one
        chunk.
        """
        if (final := self._folder.result()) is not None:
            self.close()
            return final
        if self._process is not None and (status := self._process.poll()) is not None:
            self.close()
            # It may have written its result between the first look and its end.
            final = self._folder.result() or self._ended_without_result(status)
            if final is not None:
                return final
        if self._cancelling and self._process is not None and time.monotonic() > self._hears_until:
            self.close()  # begun anew it ends before it asks the source for anything
        if self._process is None and not self._folder.is_busy():
            self._spawn()
        return self._news()

    def cancel(self) -> None:
        """End the job: go on polling until the final receipt. It says ``done`` when the rows were committed by now."""
        self._cancelling = True
        self._hears_until = time.monotonic() + CANCEL_SECONDS
        self._say(b"cancel\n")

    def hold(self) -> MovedReceipt | None:
        """End the process with the finished chunks kept; return the final receipt if the job ended meanwhile."""
        self._say(b"hold\n")
        if self._process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(GRACE_SECONDS)
        self.close()
        return self._folder.result()

    def _say(self, word: bytes) -> None:
        if self._process is not None and self._process.stdin is not None:
            with contextlib.suppress(OSError, ValueError):  # it has ended by now
                self._process.stdin.write(word)
                self._process.stdin.flush()

    def close(self) -> None:
        """End the process. What it had not committed is gone; the next ``start`` does it again."""
        process, self._process = self._process, None
        if process is None:
            return
        assert process.stdin is not None  # noqa: S101 - opened in _spawn
        with contextlib.suppress(OSError):
            process.stdin.close()
        try:
            process.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _news(self) -> MovedReceipt | None:
        progress = self._folder.progress()
        telling = (progress.rows_read, progress.chunks_done, progress.phase)
        if telling == self._told:
            return None
        self._told = telling
        return progress

    def _spawn(self) -> None:
        assert self._source is not None  # noqa: S101 - only an ended job has none, and that is not started
        # -P: what lies in the working directory must not be imported in the place of ours.
        command = [sys.executable, "-P", "-m", "jutong.node.exchange.run", str(self._home), self.job_id]
        command.append(str(self._most_tries))
        self._hears_until = math.inf  # what was said before is the first thing it hears
        with self._folder.log.open("ab") as log:
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=log, stderr=log, start_new_session=True,
                env={**FRUGAL, **os.environ},
            )  # fmt: skip
        assert self._process.stdin is not None  # noqa: S101 - asked for above
        with contextlib.suppress(BrokenPipeError):  # it died already; the next poll sees that
            self._process.stdin.write(pack(self._source) + (b"cancel\n" if self._cancelling else b""))
            self._process.stdin.flush()

    def _ended_without_result(self, status: int) -> MovedReceipt | None:
        if status in {EXIT_BUSY, EXIT_HELD}:
            return None
        if status == EXIT_TRY_LATER:
            return self._folder.waiting()
        kept = chunks_finished(self._folder.path)
        self._attempts = self._attempts + 1 if kept == self._chunks_kept else 1
        self._chunks_kept = kept
        error: JutongError
        if status == EXIT_NO_RESULT:
            error = DiskFullError(rows=self._folder.progress().rows_read)
        elif self._attempts < MAX_ATTEMPTS:
            return None
        else:
            error = WorkerLostError(attempts=self._attempts, status=status)
        return conclude(self._folder, error, self._clock())


def conclude(folder: JobFolder, error: JutongError, now: datetime) -> MovedReceipt:
    """End a job from outside of its process, and return its receipt."""
    so_far, now_ms = folder.progress(), int(now.timestamp() * 1000)
    receipt = failed(
        folder.job_id, error, rows=so_far.rows_read, started_ms=so_far.started_ms or now_ms, finished_ms=now_ms
    )
    with contextlib.suppress(OSError):  # a full disk; the caller has the receipt
        folder.finish(receipt)
    return receipt


def start(
    order: JobOrder, *, home: Path, source: SourceConfig, most_tries: int = 1, cancelling: bool = False
) -> JobHandle:
    """Begin a job, go on with it, or find it done: the same order always has one effect.

    Args:
        order: the job's.
        home: the instance's data folder.
        source: from where.
        most_tries: how often it may be tried between two chunks.
        cancelling: whether it is only taken up to be ended.

    Raises:
        OrderUnfitError: when the id is no UUID, stands for another order, or the source is not the ordered one.
    """
    if source.name != order.source:
        raise OrderUnfitError(what="数据源", found=order.source)
    folder = JobFolder(home, order.job_id)
    folder.accept(order)
    handle = JobHandle(folder, home, source, most_tries=most_tries)
    if cancelling:
        handle.cancel()
    handle.poll()
    return handle


def resume_all(home: Path) -> list[JobHandle]:
    """Take up every job that has no result, after a restart of the node.

    A job whose source is no longer configured ends here with a failed receipt.

    Raises:
        SourcesFileError, SourcesExposedError: the sources are not configured as they must be.
    """
    configured = sources.load(home / sources.FILE)
    handles = []
    for folder in reversed(all_jobs(home)):
        if folder.result() is not None:
            continue
        try:
            order = folder.order()
            handles.append(start(order, home=home, source=sources.pick(configured, order.source)))
        except JobUnknownError:
            continue  # killed before the order was kept: the center's feed brings it again
        except JutongError as error:
            conclude(folder, error, utc_now())
            handles.append(JobHandle(folder, home, None))
    return handles
