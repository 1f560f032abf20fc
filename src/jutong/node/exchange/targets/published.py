"""The book of one subject a node publishes to: what was decided, so that a killed job ends as it began to.

A job decides in one durable step, when all its rows lie in its folder and were found right. From then on whoever comes
next for the subject, the job itself or another, publishes what is still missing of it first.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError

from jutong.contracts.envelope import Document
from jutong.library.overwrite import Committed, Proof
from jutong.node.exchange.jobs import write_whole
from jutong.node.exchange.targets.delivered import Place

FILE = "published.json"
"""What a job's folder keeps of what it published."""


class Published(Document):
    """The messages of one job.

    They lie behind message ``start`` of the stream made at ``created``; ``files`` are the rows in the job's folder,
    ``names`` what each column is called in a message, ``before`` how far the source was read until then.
    """

    job_id: str
    state: Literal["decided", "done"]
    stream: str
    subject: str
    created: str
    start: int
    files: tuple[str, ...]
    names: tuple[tuple[str, str], ...]
    mode: str
    keys: tuple[str, ...]
    whole: bool
    proof: dict[str, Any]
    before: dict[str, Any]
    time_ms: int

    @property
    def committed(self) -> Committed:
        """What the job's receipt is made of."""
        return Committed(-1, self.time_ms, Proof.of(self.proof))


class SubjectBook(Place):
    """See the module; ``hold`` and ``leave`` go around everything else."""

    def last(self) -> Published | None:
        """Return what was decided last."""
        return load(self._path)

    def decide(self, published: Published) -> None:
        """Keep what was decided, or that it is done; durable before return."""
        write_whole(self._path, published.model_dump_json(), durable=True)


def load(path: Path) -> Published | None:
    """Return an entry; None where there is none that can be gone by."""
    try:
        return Published.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None
