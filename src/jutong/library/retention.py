"""Files of versions that were replaced long ago are removed; what any newer version is made of stays.

A version is readable as long as it was the newest one at some moment of the last days that are kept. A table that
keeps its history (留痕) has it in its newest version, which is never touched. Delta's own vacuum is not used: it writes
commits, which would no longer be a job's, and it takes files of jobs under way for leftovers.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
from collections.abc import Container
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from deltalake import DeltaTable

from jutong.library.care.keep import pinned_files, promised
from jutong.library.errors import TableBusyError
from jutong.library.overwrite import LOCK

_PART = re.compile(r"part-([0-9a-f-]{36})-\d{5}-\d{3}\.parquet")


@dataclass(frozen=True)
class Pruned:
    """How many files were removed, or would be, and how many bytes they have."""

    files: int = 0
    size: int = 0


def prune(path: Path, *, keep_days: int, now: datetime, at_work: Container[str], dry: bool = False) -> Pruned:
    """Remove the files of a table that only versions replaced more than so many days ago are made of.

    What was promised of the table (``care.keep``) goes before: more days, and versions that stay anyway.

    Args:
        path: the table's folder.
        keep_days: at least 1.
        now: the present instant.
        at_work: ids of jobs that have not ended; their files lie in the folder and no commit names them yet.
        dry: only count.

    Raises:
        ValueError: for less than a day.
        TableBusyError: when a job holds the table.
        deltalake.exceptions.DeltaError, OSError, ValueError: when the log cannot be read; nothing is removed then.
    """
    if keep_days < 1:
        raise ValueError(f"{keep_days} days")
    lock = os.open(path / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise TableBusyError(table="/".join(path.parts[-2:])) from error
        keep_days = max(keep_days, promised(path).keep_days)
        cutoff_ms = int((now - timedelta(days=keep_days)).timestamp() * 1000)
        gone = _gone(path, cutoff_ms, at_work)
        found = Pruned(len(gone), sum(file.stat().st_size for file in gone))
        if not dry:
            for file in gone:
                file.unlink()
    finally:
        os.close(lock)
    return found


def _gone(path: Path, cutoff_ms: int, at_work: Container[str]) -> list[Path]:
    """Return the files nobody who may read a version needs."""
    present = {Path(uri).name for uri in DeltaTable(str(path)).file_uris()} | pinned_files(path)
    removed = _removed(path / "_delta_log")
    found = []
    for file in sorted(path.glob("part-*.parquet")):
        part = _PART.fullmatch(file.name)
        if part is None or file.name in present:
            continue
        # Of a file whose removal the log no longer tells of, the log was cleaned up since; or it is no commit's.
        since_ms = removed.get(file.name)
        if since_ms is None:
            since_ms = cutoff_ms if part[1] in at_work else file.stat().st_mtime_ns // 1_000_000
        if since_ms < cutoff_ms:
            found.append(file)
    return found


def _removed(log: Path) -> dict[str, int]:
    """Return when each file was last removed, in milliseconds since 1970 UTC, as far as the log tells."""
    found: dict[str, int] = {}
    for commit in sorted(log.glob("*.json")):
        actions = [json.loads(line) for line in commit.read_bytes().splitlines()]
        told_ms = max((int(action.get("commitInfo", {}).get("timestamp", 0)) for action in actions), default=0)
        for removal in (action["remove"] for action in actions if "remove" in action):
            found[removal["path"]] = int(removal.get("deletionTimestamp") or told_ms)
    return found
