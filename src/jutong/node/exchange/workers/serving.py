"""The process of a worker: takes what the node gives it, carries it out as the node would, and lets go of it."""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import jutong
from jutong.contracts.receipts import MovedReceipt
from jutong.kernel.clock import utc_now
from jutong.kernel.errors import JutongError
from jutong.node import sources
from jutong.node.exchange import runner
from jutong.node.exchange.jobs import JobFolder, write_whole
from jutong.node.exchange.runner import JobHandle
from jutong.node.exchange.workers.errors import WorkerHomeError, WorkerNameError, WorkerTakenError
from jutong.node.exchange.workers.roster import (
    FOLDER,
    LOST_SECONDS,
    NAME,
    Beat,
    Given,
    given,
    given_path,
    jobs_folder,
    read_given,
)

LOGGER = logging.getLogger(__name__)
BEAT_SECONDS = 1.0
LOOK_SECONDS = 0.3
ALONE_SECONDS = LOST_SECONDS * 2 / 3
"""So long without having been able to beat, a worker ends what it does: the node is about to give it to others."""


@dataclass
class Serving:
    """One worker.

    Attributes:
        home: the node's data folder, on the file system all share.
        name: told apart from other workers by it.
        places: jobs at the same time.
    """

    home: Path
    name: str
    places: int
    _handles: dict[str, JobHandle] = field(default_factory=dict)
    _beats: int = 0
    _beaten_at: float = field(default_factory=time.monotonic)

    def run(self, stop: threading.Event) -> None:
        """Work until told to stop; then hold what runs, with the finished chunks kept.

        Raises:
            WorkerNameError: for a name that is none.
            WorkerHomeError: when there is no node in the folder.
            WorkerTakenError: when another process bears the name.
        """
        if not NAME.fullmatch(self.name):
            raise WorkerNameError(name=self.name)
        if not (self.home / sources.FILE).exists():
            raise WorkerHomeError(home=self.home)
        jobs_folder(self.home, self.name).mkdir(mode=0o700, parents=True, exist_ok=True)
        with self._alone():
            beating = threading.Thread(target=self._beat, args=(stop,), daemon=True)
            beating.start()
            try:
                while not stop.wait(LOOK_SECONDS):
                    self.look()
            finally:
                stop.set()
                beating.join()
                self._leave()

    def look(self) -> None:
        """Do what is due now: begin what was given, follow what runs, end what was taken back."""
        if time.monotonic() - self._beaten_at > ALONE_SECONDS:
            LOGGER.error("the common file system does not answer; every move here is ended")
            self._drop(list(self._handles))
            return
        wanted = {job_id: read_given(given_path(self.home, self.name, job_id)) for job_id in self._given()}
        self._drop([job_id for job_id in self._handles if job_id not in wanted])
        for job_id, what in wanted.items():
            if what is not None:
                self._follow(job_id, what)

    def _given(self) -> list[str]:
        return given(self.home, self.name)

    def _follow(self, job_id: str, what: Given) -> None:
        try:
            handle = self._handles.get(job_id) or self._begin(what)
        except JutongError as error:
            LOGGER.warning("job %s could not begin: %s", job_id, error)
            with contextlib.suppress(JutongError):
                runner.conclude(JobFolder(self.home, job_id), error, utc_now())
            self._let_go(job_id)
            return
        if what.word == "hold":
            handle.hold()
            self._let_go(job_id)
            return
        if what.word == "cancel":
            handle.cancel()
        news = handle.poll()
        if news is not None and news.state != "running":
            self._ended(job_id, news)

    def _begin(self, what: Given) -> JobHandle:
        order = JobFolder(self.home, what.job_id).order()
        source = sources.pick(sources.load(self.home / sources.FILE), order.source)
        LOGGER.info("job %s begins", what.job_id)
        handle = runner.start(
            order, home=self.home, source=source, most_tries=what.most_tries, cancelling=what.word == "cancel"
        )
        self._handles[what.job_id] = handle
        return handle

    def _ended(self, job_id: str, news: MovedReceipt) -> None:
        LOGGER.info("job %s: %s", job_id, news.state)
        self._let_go(job_id)

    def _let_go(self, job_id: str) -> None:
        self._drop([job_id])
        given_path(self.home, self.name, job_id).unlink(missing_ok=True)

    def _drop(self, job_ids: list[str]) -> None:
        for job_id in job_ids:
            handle = self._handles.pop(job_id, None)
            if handle is not None:
                handle.close()

    def _leave(self) -> None:
        for job_id, handle in list(self._handles.items()):
            handle.hold()
            self._let_go(job_id)
        (self.home / FOLDER / self.name / "beat.json").unlink(missing_ok=True)

    def _beat(self, stop: threading.Event) -> None:
        path = self.home / FOLDER / self.name / "beat.json"
        while not stop.is_set():
            self._beats += 1
            beat = Beat(
                name=self.name, beat=self._beats, places=self.places, host=socket.gethostname(), pid=os.getpid(),
                version=jutong.__version__,
            )  # fmt: skip
            with contextlib.suppress(OSError):
                write_whole(path, beat.model_dump_json(), durable=False)
                self._beaten_at = time.monotonic()
            stop.wait(BEAT_SECONDS)

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        descriptor = os.open(self.home / FOLDER / self.name / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise WorkerTakenError(name=self.name) from error
            yield
        finally:
            os.close(descriptor)
