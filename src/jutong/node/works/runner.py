"""Starts works as processes of their own, watches them, and begins them anew after any crash."""

from __future__ import annotations

import contextlib
import math
import os
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path

from jutong.contracts.works import WorkOrder, WorkReceipt
from jutong.kernel.clock import Clock, utc_now
from jutong.kernel.errors import JutongError
from jutong.library.errors import DiskFullError
from jutong.node.works.errors import WorkLostError
from jutong.node.works.folder import WorkFolder, ended
from jutong.node.works.run import CANCEL, EXIT_BUSY, EXIT_NO_RESULT

MAX_ATTEMPTS = 3
FRUGAL = {"ARROW_DEFAULT_MEMORY_POOL": "system", "OPENBLAS_NUM_THREADS": "1"}
"""Arrow's own pool keeps up to 70 MB of what was freed, and no work multiplies matrices."""
GRACE_SECONDS = 5.0
CANCEL_SECONDS = 10.0
"""How long a process may take to hear that its work is cancelled; then it is ended, begun anew and hears it first."""


class WorkHandle:
    """A work under way. ``poll`` it now and then; ``close`` it when the node stops.

    Args:
        folder: the work's files.
        home: the instance's data folder.
        order: the work's.
        clock: tells the time for receipts the process itself could not write.
        module: what is run as the process.
    """

    def __init__(
        self,
        folder: WorkFolder,
        home: Path,
        order: WorkOrder,
        clock: Clock = utc_now,
        module: str = "jutong.node.works.run",
    ) -> None:
        self._folder = folder
        self._home = home
        self._order = order
        self._clock = clock
        self._module = module
        self._process: subprocess.Popen[bytes] | None = None
        self._attempts = 0
        self._told: WorkReceipt | None = None
        self._cancelling = False
        self._hears_until = math.inf

    @property
    def pid(self) -> int | None:
        """The process at work for this handle."""
        return self._process.pid if self._process else None

    def poll(self) -> WorkReceipt | None:
        """Return the final receipt, or one in state ``running`` when there is progress to tell, or None.

        Never waits. A process that died without a result is started again, three times at the most.
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
            self.close()
        if self._process is None and not self._folder.is_busy():
            self._spawn()
        return self._news()

    def cancel(self) -> None:
        """End the work: go on polling until the final receipt. It says ``done`` when it was committed by now."""
        self._cancelling = True
        self._hears_until = time.monotonic() + CANCEL_SECONDS
        if self._process is not None:
            self._say(self._process)

    def _say(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdin is not None  # noqa: S101 - opened in _spawn
        with contextlib.suppress(OSError, ValueError):  # it has ended by now
            process.stdin.write(CANCEL)
            process.stdin.flush()

    def close(self) -> None:
        """End the process. What it had not committed is done again by the next one."""
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

    def _news(self) -> WorkReceipt | None:
        progress = self._folder.progress(self._order.kind)
        if progress == self._told:
            return None
        self._told = progress
        return progress

    def _spawn(self) -> None:
        # -P: what lies in the working directory must not be imported in the place of ours.
        command = [sys.executable, "-P", "-m", self._module, str(self._home), self._folder.work_id]
        self._hears_until = math.inf  # what was said before is the first thing it hears
        with self._folder.log.open("ab") as log:
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=log, stderr=log, start_new_session=True,
                env={**FRUGAL, **os.environ},
            )  # fmt: skip
        if self._cancelling:
            self._say(self._process)

    def _ended_without_result(self, status: int) -> WorkReceipt | None:
        if status == EXIT_BUSY:
            return None
        self._attempts += 1
        if status == EXIT_NO_RESULT:
            return conclude(self._folder, self._order, DiskFullError(rows=0), self._clock())
        if self._attempts < MAX_ATTEMPTS:
            return None
        return conclude(self._folder, self._order, WorkLostError(attempts=self._attempts, status=status), self._clock())


def conclude(
    folder: WorkFolder, order: WorkOrder, error: JutongError, now: datetime, *, cancelled: bool = False
) -> WorkReceipt:
    """End a work from outside of its process, and return its receipt."""
    started_ms, now_ms = folder.progress(order.kind).started_ms, int(now.timestamp() * 1000)
    receipt = ended(order, error, cancelled=cancelled, started_ms=started_ms or now_ms, finished_ms=now_ms)
    with contextlib.suppress(OSError):  # a full disk; the caller has the receipt
        folder.finish(receipt)
    return receipt


def start(order: WorkOrder, *, home: Path, module: str = "jutong.node.works.run") -> WorkHandle:
    """Begin a work, go on with it, or find it done: the same order always has one effect.

    Raises:
        WorkUnfitError: when the id is no UUID or stands for another order.
    """
    folder = WorkFolder(home, order.work_id)
    folder.accept(order)
    handle = WorkHandle(folder, home, order, module=module)
    handle.poll()
    return handle
