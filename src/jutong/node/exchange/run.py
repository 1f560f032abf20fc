"""The process of one job: ``python -m jutong.node.exchange.run HOME JOB``.

The source, password included, comes as one line on standard input, so that it is in no argument list, environment
or second file. The same pipe tells when the node is gone: its end ends this process, and the next start of the node
begins the job anew. Whatever the moment, nothing half done can be seen.
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
from dataclasses import asdict
from pathlib import Path
from typing import Any

from jutong.contracts.orders import JobOrder
from jutong.contracts.receipts import MovedReceipt
from jutong.kernel.clock import Clock, utc_now
from jutong.kernel.errors import JutongError
from jutong.kernel.logs import JsonLineFormatter
from jutong.node import sources
from jutong.node.exchange.jobs import JobFolder, failed
from jutong.node.exchange.progress import SoFar
from jutong.node.sources import SourceConfig

LOGGER = logging.getLogger(__name__)
EXIT_DONE = 0
EXIT_NODE_GONE = 70
EXIT_NO_RESULT = 71
"""The result could not be written: most likely the disk is full."""

EXIT_BUSY = 72
"""Another process is at work on the job."""

PROGRESS_SECONDS = 0.5
LONGEST_LINE = 65_536


def pack(source: SourceConfig) -> bytes:
    """Return a source as the line a job's process reads."""
    row = {**asdict(source), "path": str(source.path) if source.path else None}
    return json.dumps(row, ensure_ascii=True).encode() + b"\n"


def unpack(line: bytes) -> SourceConfig:
    """Return the source of a line that ``pack`` made."""
    row: dict[str, Any] = json.loads(line)
    path = Path(row.pop("path")) if row["path"] else row.pop("path")
    listed = {name: tuple(row[name]) for name in ("schemas", "hosts", "writes")}
    return SourceConfig(**{**row, **listed}, path=path)


class Worker:
    """Carries out the job of a folder and leaves its result there."""

    def __init__(self, home: Path, folder: JobFolder, source: SourceConfig, clock: Clock) -> None:
        self._home = home
        self._folder = folder
        self._source = source
        self._clock = clock
        self._rows = 0
        self._noted = 0.0
        self._started_ms = self._now_ms()

    def run(self) -> int:
        """Return the status to end with."""
        with self._folder.at_work() as ours:
            if not ours:
                return EXIT_BUSY
            if self._folder.result() is not None:
                return EXIT_DONE
            receipt = self._receipt(self._folder.order())
            try:
                self._folder.finish(receipt)
            except OSError as error:
                LOGGER.error("the result could not be kept: %s", error.strerror)  # noqa: TRY400 - no trace is needed
                return EXIT_NO_RESULT
        LOGGER.info("%s: %d rows read, %d written", receipt.state, receipt.rows_read, receipt.rows_written)
        return EXIT_DONE

    def _receipt(self, order: JobOrder) -> MovedReceipt:
        # The drivers are imported here, when the folder is already ours.
        from jutong.node.exchange.move import Workplace, move  # noqa: PLC0415

        self._folder.note(0, self._started_ms)
        try:
            configured = sources.load(self._home / sources.FILE) if order.into else {}
            into = sources.pick(configured, order.into.source) if order.into else None
            place = Workplace(self._home / "library", self._folder.path, into)
            return move(order, self._source, place=place, clock=self._clock, progress=self._progress)
        except JutongError as error:
            LOGGER.warning("failed: %s", error)
            return self._failed(error)
        except Exception as error:  # noqa: BLE001 - a job always ends with a receipt
            # Only places, no message: a driver's message may repeat a value.
            LOGGER.error("%s\n%s", type(error).__name__, "".join(traceback.format_tb(error.__traceback__)))  # noqa: TRY400
            return self._failed(JutongError(kind=type(error).__name__))

    def _failed(self, error: JutongError) -> MovedReceipt:
        receipt = failed(
            self._folder.job_id, error, rows=self._rows, started_ms=self._started_ms, finished_ms=self._now_ms()
        )
        return receipt.model_copy(update={"rules": getattr(error, "counted", ())})

    def _progress(self, so_far: SoFar) -> None:
        self._rows = so_far.rows
        if time.monotonic() - self._noted >= PROGRESS_SECONDS:
            several = (so_far.chunks_done, so_far.chunks) if so_far.chunks > 1 else (0, 0)
            self._folder.note(so_far.rows, self._started_ms, *several)
            self._noted = time.monotonic()

    def _now_ms(self) -> int:
        return int(self._clock().timestamp() * 1000)


def _read_line(descriptor: int) -> bytes:
    line = b""
    while not line.endswith(b"\n") and len(line) < LONGEST_LINE and (chunk := os.read(descriptor, LONGEST_LINE)):
        line += chunk
    return line


def _end_with_the_node(descriptor: int, end: Callable[[int], object]) -> None:
    while os.read(descriptor, 1):
        pass
    end(EXIT_NODE_GONE)


def main(arguments: list[str] | None = None, end: Callable[[int], object] = os._exit) -> int:
    """Run the job named by home and id; return the status to end with.

    Args:
        arguments: home and job id; the command line's when None.
        end: ends the process at once when the node is gone.
    """
    home, job_id = sys.argv[1:] if arguments is None else arguments
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLineFormatter())
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    descriptor = sys.stdin.fileno()
    line = _read_line(descriptor)
    if not line.endswith(b"\n"):
        return EXIT_NODE_GONE
    threading.Thread(target=_end_with_the_node, args=(descriptor, end), daemon=True).start()
    return Worker(Path(home), JobFolder(Path(home), job_id), unpack(line), utc_now).run()


if __name__ == "__main__":
    sys.exit(main())
