"""The process of one work: ``python -m jutong.node.works.run HOME WORK``.

Standard input says ``cancel`` when the work is to end. The end of that pipe tells that the node is gone and ends this
process at once; the next start of the node begins the work anew, and what had been committed by then is found.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from jutong.contracts.envelope import Document
from jutong.contracts.works import WorkOrder, WorkReceipt
from jutong.kernel.canonical import canonical_json
from jutong.kernel.clock import Clock, utc_now
from jutong.kernel.errors import JutongError
from jutong.kernel.logs import JsonLineFormatter
from jutong.library.works import Place, WorkCancelledError, engine_setting
from jutong.node.works import KINDS, Kind
from jutong.node.works.errors import WorkBrokenError, WorkResultError, WorkUnfitError
from jutong.node.works.folder import WorkFolder, ended

if TYPE_CHECKING:  # brings Arrow with it, and the runner in the gateway's process needs none
    from jutong.library.engine import Engine

LOGGER = logging.getLogger(__name__)
EXIT_DONE = 0
EXIT_NODE_GONE = 70
EXIT_NO_RESULT = 71
"""The result could not be written: most likely the disk is full."""
EXIT_BUSY = 72
"""Another process is at work on it."""
CANCEL = b"cancel\n"
PROGRESS_SECONDS = 0.5
LARGEST_RESULT = 1_500_000
"""Bytes a result may have; the center reads documents of 2 MiB."""


class Worker:
    """Carries out the work of a folder and leaves its result there.

    Args:
        home: the instance's data folder.
        folder: the work's.
        clock: the present instant.
        cancelled: set when the work is to end.
        kinds: what there is.
    """

    def __init__(
        self,
        home: Path,
        folder: WorkFolder,
        clock: Clock,
        *,
        cancelled: threading.Event,
        kinds: Mapping[str, Kind] = KINDS,
    ) -> None:
        self._home = home
        self._folder = folder
        self._clock = clock
        self._cancelled = cancelled
        self._kinds = kinds
        self._noted = 0.0
        self._phase = ""
        self._kind = ""
        self._started_ms = 0

    def run(self) -> int:
        """Return the status to end with."""
        with self._folder.at_work() as ours:
            if not ours:
                return EXIT_BUSY
            if self._folder.result() is not None:
                return EXIT_DONE
            order = self._folder.order()
            try:
                receipt = self._receipt(order)
                self._folder.finish(receipt)
            except OSError as error:
                LOGGER.error("the result could not be kept: %s", error.strerror)  # noqa: TRY400 - no trace is needed
                return EXIT_NO_RESULT
        LOGGER.info("%s: %s", receipt.kind, receipt.state)
        return EXIT_DONE

    def _receipt(self, order: WorkOrder) -> WorkReceipt:
        begun = self._folder.begun(self._clock())
        self._kind, self._started_ms = order.kind, int(begun.timestamp() * 1000)
        try:
            kind = _known(self._kinds, order)
            body = _read(kind, order)
            scratch = self._folder.scratch
            scratch.mkdir(mode=0o700, exist_ok=True)
            place = Place(
                self._home, self._home / "library", scratch, order.work_id, begun, lambda: self._engine(scratch)
            )
            result = kind.function()(body, place, self._tell)
            return self._done(order, kind, result)
        except JutongError as error:
            LOGGER.warning("ended: %s %s", error.code, error)
            return self._ended(order, error)
        except Exception as error:  # noqa: BLE001 - a work always ends with a receipt
            # Only places, no message: an engine's message may repeat a value.
            LOGGER.error("%s\n%s", type(error).__name__, "".join(traceback.format_tb(error.__traceback__)))  # noqa: TRY400
            return self._ended(order, WorkBrokenError(kind=type(error).__name__))

    def _engine(self, scratch: Path) -> Engine:
        from jutong.library.engine import open_engine  # noqa: PLC0415 - engines are heavy

        return open_engine(engine_setting(), scratch)

    def _done(self, order: WorkOrder, kind: Kind, result: Document) -> WorkReceipt:
        told = kind.result.model_validate(result).model_dump(mode="json")
        size = len(canonical_json(told))
        if size > LARGEST_RESULT:
            raise WorkResultError(size=size, limit=LARGEST_RESULT)
        return WorkReceipt(
            work_id=order.work_id, kind=order.kind, state="done", result=told, started_ms=self._started_ms,
            finished_ms=self._now_ms(),
        )  # fmt: skip

    def _ended(self, order: WorkOrder, error: JutongError) -> WorkReceipt:
        cancelled = isinstance(error, WorkCancelledError)
        return ended(order, error, cancelled=cancelled, started_ms=self._started_ms, finished_ms=self._now_ms())

    def _tell(self, phase: str, done: int, total: int) -> None:
        at = time.monotonic()
        if phase != self._phase or at - self._noted >= PROGRESS_SECONDS:
            self._phase, self._noted = phase, at
            self._folder.note(
                WorkReceipt(
                    work_id=self._folder.work_id, kind=self._kind, state="running", phase=phase[:32], done=done,
                    total=total, started_ms=self._started_ms,
                )
            )  # fmt: skip
        if self._cancelled.is_set():
            raise WorkCancelledError

    def _now_ms(self) -> int:
        return int(self._clock().timestamp() * 1000)


def _known(kinds: Mapping[str, Kind], order: WorkOrder) -> Kind:
    kind = kinds.get(order.kind)
    if kind is None:
        raise WorkUnfitError(what="种类", found=order.kind[:64])
    return kind


def _read(kind: Kind, order: WorkOrder) -> Document:
    try:
        return kind.order.model_validate_json(canonical_json(order.body))
    except ValidationError as error:
        where = "; ".join(".".join(map(str, row["loc"])) for row in error.errors()[:3])
        raise WorkUnfitError(what="内容", found=where) from error


def _listen(descriptor: int, cancelled: threading.Event, end: Callable[[int], object]) -> None:
    """Take over what the node says, and end with it."""
    while found := os.read(descriptor, 64):
        if CANCEL in found:
            cancelled.set()
    end(EXIT_NODE_GONE)


def main(arguments: list[str] | None = None, end: Callable[[int], object] = os._exit) -> int:
    """Carry out the work named by home and id; return the status to end with.

    Args:
        arguments: home and work id; the command line's when None.
        end: ends the process at once when the node is gone.
    """
    home, work_id = sys.argv[1:] if arguments is None else arguments
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLineFormatter())
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    cancelled = threading.Event()
    threading.Thread(target=_listen, args=(sys.stdin.fileno(), cancelled, end), daemon=True).start()
    folder = WorkFolder(Path(home), work_id)
    return Worker(Path(home), folder, utc_now, cancelled=cancelled).run()


if __name__ == "__main__":
    sys.exit(main())
