"""The book of one file a node delivers again and again: what was decided, so that a killed job ends as it began to.

A job decides in one durable step, when its file is complete under a staging name and was found right. From then on
whoever comes next, the job itself or another for the same file, puts it in place first.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError

from jutong.contracts.envelope import Document
from jutong.contracts.receipts import FileTold
from jutong.library.errors import TableBusyError
from jutong.library.overwrite import Committed, Proof
from jutong.node.exchange.jobs import write_whole

FOLDER = "node/outgoing"
FILE = "delivered.json"
"""What a job's folder keeps of the file it delivered."""


class Delivered(Document):
    """A file of one job. ``staged`` is the name it waits under, ``manifest`` what is written beside it."""

    job_id: str
    state: Literal["decided", "done"]
    name: str
    staged: str
    sha256: str
    size: int
    manifest: str
    proof: dict[str, Any]
    time_ms: int

    @property
    def committed(self) -> Committed:
        """What the job's receipt is made of."""
        return Committed(-1, self.time_ms, Proof.of(self.proof))


class Place:
    """Where the book of one target is kept. Use ``hold`` and ``leave`` around everything else.

    Args:
        home: the instance's data folder.
        place: names the source, folder and name of the file.
    """

    def __init__(self, home: Path, *place: str) -> None:
        self._name = place[-1]
        self._path = home / FOLDER / f"{hashlib.sha256('/'.join(place).encode()).hexdigest()[:32]}.json"
        self._lock = -1

    def hold(self) -> None:
        """Keep other jobs from the same file.

        Raises:
            TableBusyError: when another is at it.
        """
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock = os.open(self._path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self.leave()
            raise TableBusyError(table=self._name) from error

    def leave(self) -> None:
        """Let others."""
        if self._lock >= 0:
            os.close(self._lock)
        self._lock = -1


class Book(Place):
    """See the module."""

    def newest(self) -> Delivered | None:
        """Return what was decided last."""
        return load(self._path)

    def write(self, delivered: Delivered) -> None:
        """Keep what was decided, or that it is done; durable before return."""
        write_whole(self._path, delivered.model_dump_json(), durable=True)


def decided(proof: Proof, **fields: Any) -> Delivered:
    """Return the entry of a job whose file is ready to be put in place."""
    return Delivered(job_id=proof.job_id, state="decided", proof=asdict(proof), **fields)


def load(path: Path) -> Delivered | None:
    """Return an entry; None where there is none that can be gone by."""
    try:
        return Delivered.model_validate_json(path.read_bytes())
    except (FileNotFoundError, ValidationError):
        return None


def delivered_by(folder: Path) -> tuple[FileTold, ...]:
    """Return the file a job delivered, as its receipt tells it."""
    found = load(folder / FILE)
    return (FileTold(name=found.name, sha256=found.sha256, state="written"),) if found and found.name else ()
