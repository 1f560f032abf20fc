"""A Delta log as it lies on the disk, read by us: what a reader library hides or smooths over is what we look for."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pyarrow as pa
from deltalake import DeltaTable

from jutong.library.proof import NO_ROWS_CHANGED
from jutong.library.tables import METADATA_KEY

LOG = "_delta_log"
_COMMIT = re.compile(r"(\d{20})\.json")
_CHECKPOINT = re.compile(r"(\d{20})\.checkpoint(\.\d+\.\d+|\.[0-9a-f-]+)?\.parquet")


class HalfCommitError(ValueError):
    """A commit's file is no commit: cut off, or not JSON."""


@dataclass(frozen=True)
class Commit:
    """One commit: what it says of itself, and the files it names and takes away."""

    version: int
    time_ms: int = 0
    operation: str = ""
    said: Mapping[str, Any] | None = None
    adds: Mapping[str, int] = field(default_factory=dict)
    """File to its size in bytes."""
    removes: Mapping[str, int] = field(default_factory=dict)
    """File to the moment of its removal, milliseconds."""
    protocol: Mapping[str, Any] | None = None
    metadata: Mapping[str, Any] | None = None

    @property
    def changes(self) -> bool:
        """Whether it does more than to say something."""
        return bool(self.adds or self.removes or self.metadata is not None)

    @property
    def work_id(self) -> str:
        """The work or job it was made by; empty when it was none of ours."""
        said = self.said or {}
        return str(said.get("work_id") or said.get("job_id") or "")


def commit_files(path: Path) -> dict[int, Path]:
    """Return the commits' files of a table by version, in order."""
    found = ((_COMMIT.fullmatch(file.name), file) for file in (path / LOG).glob("*.json"))
    return dict(sorted((int(match[1]), file) for match, file in found if match))


def checkpoints(path: Path) -> list[int]:
    """Return the versions with a checkpoint, in order."""
    found = (_CHECKPOINT.fullmatch(file.name) for file in (path / LOG).glob("*.checkpoint*"))
    return sorted({int(match[1]) for match in found if match})


def read_commit(file: Path, version: int) -> Commit:
    """Return what is in a commit's file.

    Raises:
        HalfCommitError: when it is no commit.
    """
    lines = file.read_bytes().splitlines()
    try:
        actions = [json.loads(line) for line in lines if line.strip()]
    except ValueError as error:
        raise HalfCommitError(file.name) from error
    if not actions or not all(isinstance(action, dict) for action in actions):
        raise HalfCommitError(file.name)
    parts: dict[str, Any] = {name: found for action in actions for name, found in action.items()}
    info = parts.get("commitInfo", {})
    said = info.get(METADATA_KEY)
    adds, removes = [a["add"] for a in actions if "add" in a], [a["remove"] for a in actions if "remove" in a]
    return Commit(
        version=version,
        time_ms=int(info.get("timestamp", 0)) or file.stat().st_mtime_ns // 1_000_000,
        operation=str(info.get("operation", "")),
        said=said if isinstance(said, dict) else None,
        adds={unquote(add["path"]): int(add["size"]) for add in adds},
        removes={unquote(gone["path"]): int(gone.get("deletionTimestamp") or 0) for gone in removes},
        protocol=parts.get("protocol"),
        metadata=parts.get("metaData"),
    )


def commits(path: Path, last: int | None = None) -> Iterator[Commit]:
    """Yield the commits of a table that are still in its log, oldest first, up to a version.

    Raises:
        HalfCommitError: at one that is no commit.
    """
    for version, file in commit_files(path).items():
        if last is None or version <= last:
            yield read_commit(file, version)


def said_at(path: Path, version: int) -> tuple[dict[str, Any], bool]:
    """Return what the newest commit of ours up to a version says, and whether the table is still what it speaks of.

    Raises:
        HalfCommitError: at a commit that is none.
    """
    said, current = dict[str, Any](), False
    for commit in commits(path, version):
        if commit.said is not None:
            said, current = dict(commit.said), True
        elif commit.changes and commit.operation not in NO_ROWS_CHANGED:
            current = False
    return said, current


@dataclass(frozen=True)
class Step:
    """A table as one commit left it: ``files`` changes while the steps go on, so copy it to keep it."""

    commit: Commit
    files: Mapping[str, int]


def steps(path: Path) -> Iterator[Step]:
    """Yield a table's versions that its log still tells of, oldest first, each with its files and their sizes.

    Raises:
        HalfCommitError: at a commit that is none.
    """
    files: dict[str, int] = {}
    known, started = checkpoints(path), False
    for commit in commits(path):
        if not started and commit.version > 0:
            # What was there before is known from a checkpoint, or not at all.
            base = next((base for base in (commit.version, commit.version - 1) if base in known), None)
            if base is None:
                continue
            files.update(_state(path, base))
        started = True
        for gone in commit.removes:
            files.pop(gone, None)
        files.update(commit.adds)
        yield Step(commit, files)


def _state(path: Path, version: int) -> dict[str, int]:
    actions: pa.Table = pa.table(DeltaTable(str(path), version=version).get_add_actions(flatten=True))
    rows = actions.select(["path", "size_bytes"]).to_pylist()
    return {unquote(row["path"]): row["size_bytes"] for row in rows}
