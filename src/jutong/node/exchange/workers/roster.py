"""Who carries out moves beside the node itself, as the node sees it."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import Field, ValidationError

import jutong
from jutong.contracts.envelope import Document

FOLDER = "node/workers"
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
LOST_SECONDS = 15.0
"""Without a beat for so long a worker's jobs are given to others."""
WATCH_SECONDS = 3.0
"""Looking twice with so long between, one sees every worker's number go up."""
_JOB_SUFFIX = ".json"


class Beat(Document):
    """What a worker says of itself."""

    name: str
    beat: int
    places: int = Field(ge=1, le=64)
    host: str
    pid: int
    version: str


class Given(Document):
    """What a worker is to do with a job: ``word`` is empty, ``hold`` or ``cancel``."""

    job_id: str
    most_tries: int
    word: str = ""


@dataclass(frozen=True)
class Member:
    """A worker that lives, and how many jobs it has."""

    name: str
    host: str
    places: int
    at_work: int

    @property
    def free(self) -> int:
        """Jobs it can still take."""
        return max(self.places - self.at_work, 0)


@dataclass
class Roster:
    """Reads what workers say of themselves.

    Attributes:
        home: the instance's data folder.
        seconds: a clock that only goes forward.
    """

    home: Path
    seconds: Callable[[], float] = time.monotonic
    _seen: dict[str, tuple[Beat, float]] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        """Where workers have their folders."""
        return self.home / FOLDER

    def living(self) -> list[Member]:
        """Return the workers that can be given jobs now, by name."""
        return [Member(beat.name, beat.host, beat.places, len(given(self.home, beat.name))) for beat in self._look()]

    def lives(self, name: str) -> bool:
        """Tell whether a worker does."""
        return any(beat.name == name for beat in self._look())

    def _look(self) -> Iterator[Beat]:
        now = self.seconds()
        for path in sorted(self.folder.glob("*/beat.json")):
            beat = _read(path)
            if beat is None or beat.name != path.parent.name:
                continue
            before = self._seen.get(beat.name)
            if before is None or before[0].beat != beat.beat or before[0].pid != beat.pid:
                # Found for the first time it may be what a dead worker left: it has to change before it counts.
                self._seen[beat.name] = (beat, now if before else now - LOST_SECONDS)
            if now - self._seen[beat.name][1] < LOST_SECONDS and beat.version == jutong.__version__:
                yield beat


def _read(path: Path) -> Beat | None:
    try:
        return Beat.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):  # going, torn, or of another version
        return None


def jobs_folder(home: Path, name: str) -> Path:
    """Return where a worker finds what it was given."""
    return home / FOLDER / name / "jobs"


def given(home: Path, name: str) -> list[str]:
    """Return the ids of the jobs a worker has."""
    return sorted(path.name.removesuffix(_JOB_SUFFIX) for path in jobs_folder(home, name).glob(f"*{_JOB_SUFFIX}"))


def given_path(home: Path, name: str, job_id: str) -> Path:
    """Return the file by which a worker has a job."""
    return jobs_folder(home, name) / f"{job_id}{_JOB_SUFFIX}"


def read_given(path: Path) -> Given | None:
    """Return what a file gives a worker to do; None when it is gone or makes no sense."""
    try:
        return Given.model_validate(json.loads(path.read_bytes()))
    except (OSError, ValueError):
        return None
