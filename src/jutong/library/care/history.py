"""Time travel: which versions of a table there are, which can still be read, and what stood at a moment."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa

from jutong.kernel.clock import BEIJING
from jutong.library.care.errors import VersionGoneError, VersionUnknownError
from jutong.library.care.examine import whole_of
from jutong.library.care.log import HalfCommitError, steps
from jutong.library.care.rewriting import rows_of
from jutong.library.engine.delta import Files, files_of
from jutong.library.errors import TableUnknownError


@dataclass(frozen=True)
class VersionState:
    """One version. ``readable`` says whether all its files are there; ``work_id`` is empty when it is none of ours."""

    number: int
    time_ms: int
    operation: str
    work_id: str
    rows: int
    readable: bool


def versions(path: Path) -> list[VersionState]:
    """Return the versions a table's log still tells of, oldest first.

    Raises:
        TableUnknownError: when there is no table.
    """
    if not (path / "_delta_log").is_dir():
        raise TableUnknownError(table="/".join(path.parts[-2:]))
    there = {file.name for file in path.glob("*.parquet")}
    found: list[VersionState] = []
    rows = -1
    try:
        for step in steps(path):
            commit = step.commit
            if commit.said is not None:
                rows = whole_of(commit.said)[0]
            elif commit.changes:
                rows = -1
            # Moments of one table only grow, whatever the clock did.
            moment = max(commit.time_ms, found[-1].time_ms if found else 0)
            readable = there.issuperset(step.files)
            found.append(VersionState(commit.version, moment, commit.operation, commit.work_id, rows, readable))
    except HalfCommitError:
        pass  # what stands before it is what there is
    return found


def version_at(path: Path, moment: datetime) -> int:
    """Return the version that was the newest at a moment.

    Raises:
        TableUnknownError: when there is no table.
        VersionUnknownError: when the table is younger.
        VersionGoneError: when that version cannot be read any more.
    """
    moment_ms, asked = int(moment.timestamp() * 1000), f"{moment.astimezone(BEIJING):%Y-%m-%d %H:%M:%S}"
    known = versions(path)
    stood = [version for version in known if version.time_ms <= moment_ms]
    if not stood:
        if known and known[0].number > 0:
            raise _gone(path, asked, known)
        raise VersionUnknownError(table="/".join(path.parts[-2:]), asked=asked)
    if not stood[-1].readable:
        raise _gone(path, asked, known)
    return stood[-1].number


def _gone(path: Path, asked: str, known: list[VersionState]) -> VersionGoneError:
    oldest = next((version for version in known if version.readable), None)
    told = "-"
    if oldest is not None:
        since = datetime.fromtimestamp(oldest.time_ms / 1000, UTC).astimezone(BEIJING)
        told = f"{oldest.number}（{since:%Y-%m-%d %H:%M:%S}）"
    return VersionGoneError(table="/".join(path.parts[-2:]), asked=asked, oldest=told)


def open_version(path: Path, version: int) -> Files:
    """Return the files of a version.

    Raises:
        TableUnknownError, VersionUnknownError, VersionGoneError: it is not there, or not any more.
        TableForeignError, TableTouchedError: its rows are not just the rows of its files.
    """
    known = versions(path)
    found = next((one for one in known if one.number == version), None)
    if found is None and (version < 0 or not known or version > known[-1].number):
        raise VersionUnknownError(table="/".join(path.parts[-2:]), asked=str(version))
    if found is None or not found.readable:
        raise _gone(path, str(version), known)
    return files_of(path, version)


def batches(files: Files) -> Iterable[pa.RecordBatch]:
    """Yield the rows of a version in bounded batches."""
    return rows_of(files)
