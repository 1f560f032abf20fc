"""The list of a job's files, in the job's folder: what it reads, and what it leaves out as moved already."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from jutong.contracts.envelope import Document
from jutong.contracts.orders import JobOrder
from jutong.contracts.receipts import FileTold
from jutong.node.exchange.jobs import JobFolder, write_whole
from jutong.node.files.errors import FilesBusyError

FILE = "files.json"
MOST_TOLD = 100
LONGEST_NAME = 300

State = Literal["read", "same", "earlier"]


class Manifest(Document):
    """The files of one job over one table of a folder; ``chunks`` are the first chunks of those that are read.

    ``marks`` tell every file it looked at from its other states, whatever became of it. A dry run moves none.
    """

    source: str
    table: str
    files: tuple[FileTold, ...]
    chunks: tuple[int, ...] = ()
    marks: tuple[str, ...] = ()
    is_dry: bool = False

    def name_of(self, chunk: int) -> str:
        """Return the file a chunk is of, empty where that is not known."""
        read = [file.name for file in self.files if file.state == "read"]
        place = bisect_right(self.chunks, chunk) - 1
        return read[place] if 0 <= place < len(read) else ""


def keep(manifest: Manifest, folder: Path) -> None:
    """Keep a job's list, durable before return."""
    write_whole(folder / FILE, manifest.model_dump_json(indent=1), durable=True)


def load(folder: Path) -> Manifest | None:
    """Return a job's list; None where it has none."""
    try:
        return Manifest.model_validate_json((folder / FILE).read_bytes())
    except (OSError, ValidationError):
        return None


def files_of(folder: Path) -> tuple[FileTold, ...]:
    """Return the files of a job as its receipt tells them."""
    found = load(folder)
    files = found.files[:MOST_TOLD] if found else ()
    return tuple(file.model_copy(update={"name": file.name[:LONGEST_NAME]}) for file in files)


def moved_before(order: JobOrder, folder: Path) -> dict[str, str]:
    """Return the job that moved each content of an order's table before.

    Raises:
        FilesBusyError: when an earlier job over it has not ended.
    """
    moved: dict[str, str] = {}
    for job_id, found in _before(order, folder):
        moved |= {file.sha256: job_id for file in found.files if file.state == "read"}
    return moved


def marks_before(order: JobOrder, folder: Path) -> dict[str, str]:
    """Return the job that looked at each state of a file of an order's table before, and has moved what was new.

    Raises:
        FilesBusyError: when an earlier job over it has not ended.
    """
    return {mark: job_id for job_id, found in _before(order, folder) for mark in found.marks}


def _before(order: JobOrder, folder: Path) -> Iterator[tuple[str, Manifest]]:
    """Yield the lists of the jobs over an order's table that are done."""
    for path in sorted(folder.parent.glob(f"*/{FILE}")):
        job_id, found = path.parent.name, load(path.parent)
        if found is None or found.is_dry or job_id == order.job_id:
            continue
        if (found.source, found.table) != (order.source, order.table):
            continue
        result = JobFolder(folder.parents[2], job_id).result()
        if result is None:
            raise FilesBusyError(job_id=job_id)
        if result.state == "done":
            yield job_id, found
