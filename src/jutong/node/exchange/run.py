"""The process of one job: ``python -m jutong.node.exchange.run HOME JOB [TRIES]``.

The source, password included, comes as one line on standard input, so that it is in no argument list, environment
or second file. Further lines are ``hold``, which ends the process with the finished chunks kept, and ``cancel``, which
ends the job. The same pipe tells when the node is gone: its end ends this process, and the next start of the node
goes on with the job. Whatever the moment, nothing half done can be seen.

``TRIES`` is how often the job may be tried between two chunks; by default a failure is final.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path

from jutong.contracts.orders import JobOrder
from jutong.contracts.receipts import MovedReceipt
from jutong.kernel.clock import Clock, utc_now
from jutong.kernel.errors import JutongError
from jutong.kernel.logs import JsonLineFormatter
from jutong.node import sources
from jutong.node.exchange.errors import JobCancelledError
from jutong.node.exchange.jobs import JobFolder, failed
from jutong.node.exchange.pacing import WORDS, Pace, Wish
from jutong.node.exchange.progress import PLANNING, Held, SoFar
from jutong.node.exchange.retry import transient
from jutong.node.sources import SourceConfig

LOGGER = logging.getLogger(__name__)
EXIT_DONE = 0
EXIT_NODE_GONE = 70
EXIT_NO_RESULT = 71
"""The result could not be written: most likely the disk is full."""

EXIT_BUSY = 72
"""Another process is at work on the job."""

EXIT_HELD = 73
"""The node asked for a break; what is finished is kept."""

EXIT_TRY_LATER = 74
"""The source failed in a way that may be gone later; what is finished is kept."""

PROGRESS_SECONDS = 0.5
LONGEST_LINE = 4 * 1024 * 1024
"""A folder or a service comes with the mapping of its tables."""


def pack(source: SourceConfig) -> bytes:
    """Return a source as the line a job's process reads."""
    return json.dumps(sources.as_row(source), ensure_ascii=True).encode() + b"\n"


def unpack(line: bytes) -> SourceConfig:
    """Return the source of a line that ``pack`` made."""
    return sources.from_row(json.loads(line))


class Worker:
    """Carries out the job of a folder and leaves its result there.

    Args:
        home: the instance's data folder.
        folder: the job's.
        source: from where.
        clock: the present instant.
        wish: what the node wants of this process.
        most_tries: how often the job may be tried between two chunks.
    """

    def __init__(
        self,
        home: Path,
        folder: JobFolder,
        source: SourceConfig,
        clock: Clock,
        *,
        wish: Wish | None = None,
        most_tries: int = 1,
    ) -> None:
        self._home = home
        self._folder = folder
        self._source = source
        self._clock = clock
        self._wish = wish or Wish()
        self._most_tries = most_tries
        self._pace = Pace(None, self._wish.wait)
        self._so_far = SoFar(phase=PLANNING)
        self._noted = (time.monotonic(), 0)
        self._later: bool | None = None
        self._started_ms = self._now_ms()

    def run(self) -> int:
        """Return the status to end with."""
        with self._folder.at_work() as ours:
            if not ours:
                return EXIT_BUSY
            if self._folder.result() is not None:
                return EXIT_DONE
            receipt = self._receipt(self._folder.order())
            if isinstance(receipt, int):
                return receipt
            try:
                self._folder.finish(receipt)
            except OSError as error:
                LOGGER.error("the result could not be kept: %s", error.strerror)  # noqa: TRY400 - no trace is needed
                return EXIT_NO_RESULT
        LOGGER.info("%s: %d rows read, %d written", receipt.state, receipt.rows_read, receipt.rows_written)
        return EXIT_DONE

    def _receipt(self, order: JobOrder) -> MovedReceipt | int:
        # The drivers are imported here, when the folder is already ours.
        from jutong.node.exchange.move import Workplace, move  # noqa: PLC0415

        carry_out = move
        if order.dry:
            from jutong.node.exchange.dry import rehearse as carry_out  # noqa: PLC0415

        self._pace = Pace(order.care, self._wish.wait)
        self._folder.note(self._so_far, self._started_ms)
        try:
            configured = sources.load(self._home / sources.FILE) if order.into else {}
            into = sources.pick(configured, order.into.source) if order.into else None
            place = Workplace(
                self._home / "library", self._folder.path, into, self._may_try_later, self._home / "keys/node.secret"
            )
            return carry_out(order, self._source, place=place, clock=self._clock, progress=self._progress)
        except Held:
            LOGGER.info("held")
            return EXIT_HELD
        except JutongError as error:
            LOGGER.warning("failed: %s", error)
            return self._ended(error)
        except Exception as error:  # noqa: BLE001 - a job always ends with a receipt
            # Only places, no message: a driver's message may repeat a value.
            LOGGER.error("%s\n%s", type(error).__name__, "".join(traceback.format_tb(error.__traceback__)))  # noqa: TRY400
            return self._ended(JutongError(kind=type(error).__name__))

    def _may_try_later(self, error: Exception) -> bool:
        if self._later is None:  # said once: a move that will not go on forgets the chunks the tries are counted by
            self._later = (
                isinstance(error, JutongError)
                and self._wish.word != "cancel"
                and transient(error, first=self._folder.tries().number == 0)
                and self._folder.tries().number + 1 < self._most_tries
            )
        return self._later

    def _ended(self, error: JutongError) -> MovedReceipt | int:
        if self._wish.word == "cancel":
            error = error if isinstance(error, JobCancelledError) else JobCancelledError()
        elif self._may_try_later(error):
            self._folder.tried(error, self._now_ms())
            return EXIT_TRY_LATER
        receipt = failed(
            self._folder.job_id, error, rows=self._so_far.rows, started_ms=self._started_ms, finished_ms=self._now_ms()
        )
        state = "cancelled" if isinstance(error, JobCancelledError) else "failed"
        rules = getattr(error, "counted", ())
        return receipt.model_copy(update={"rules": rules, "state": state, "transient": transient(error)})

    def _progress(self, so_far: SoFar) -> None:
        changed = (so_far.phase, so_far.chunks_done) != (self._so_far.phase, self._so_far.chunks_done)
        self._so_far = so_far
        at, rows = self._noted
        took = time.monotonic() - at
        if took >= PROGRESS_SECONDS or changed:
            self._folder.note(so_far, self._started_ms, int((so_far.rows - rows) / took) if took and rows else 0)
        if took >= PROGRESS_SECONDS:
            self._noted = (time.monotonic(), so_far.rows)
        self._pace.keep(so_far)
        if self._wish.word == "cancel":
            raise JobCancelledError
        if self._wish.word == "hold":
            raise Held

    def _now_ms(self) -> int:
        return int(self._clock().timestamp() * 1000)


def _read_line(descriptor: int) -> bytes:
    line = b""
    while not line.endswith(b"\n") and len(line) < LONGEST_LINE and (chunk := os.read(descriptor, LONGEST_LINE)):
        line += chunk
    return line


def _listen(descriptor: int, wish: Wish, end: Callable[[int], object]) -> None:
    """Take over what the node says, and end with it."""
    said = b""
    while found := os.read(descriptor, LONGEST_LINE):
        *lines, said = (said + found).split(b"\n")
        for line in lines:
            wish.say(WORDS.get(line, ""))
    end(EXIT_NODE_GONE)


def main(arguments: list[str] | None = None, end: Callable[[int], object] = os._exit) -> int:
    """Run the job named by home and id; return the status to end with.

    Args:
        arguments: home and job id; the command line's when None.
        end: ends the process at once when the node is gone.
    """
    home, job_id, *rest = sys.argv[1:] if arguments is None else arguments
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLineFormatter())
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    logging.getLogger("httpx").setLevel(logging.WARNING)  # it repeats addresses, and some are good for a while
    descriptor = sys.stdin.fileno()
    line = _read_line(descriptor)
    if not line.endswith(b"\n"):
        return EXIT_NODE_GONE
    first, _, said = line.partition(b"\n")
    wish = Wish()
    for word in said.split(b"\n"):
        wish.say(WORDS.get(word, ""))
    threading.Thread(target=_listen, args=(descriptor, wish, end), daemon=True).start()
    most_tries = int(rest[0]) if rest else 1
    folder = JobFolder(Path(home), job_id)
    return Worker(Path(home), folder, unpack(first), utc_now, wish=wish, most_tries=most_tries).run()


if __name__ == "__main__":
    sys.exit(main())
