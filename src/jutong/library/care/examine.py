"""What is wrong with a table, found by looking at its log and files ourselves, and its last good version.

A table is good at a version when every commit up to it that did something was made by this platform, none of them is
cut off or missing, the protocol has nothing we would read wrongly, and every file of the version lies there in the size
the log says. With ``content`` the rows are read and held against the digest that the commit proved.

The commits' files are hashed into a chain that is kept in the table's folder; so a log that was rewritten, or lost its
newest commits, is found out by the next look. The chain says nothing to somebody who may write to that folder and knows
of it; against that stands the node's evidence log, where the result of every work is a leaf.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
from deltalake.exceptions import DeltaError

from jutong.contracts.library_care import Finding
from jutong.kernel.errors import JutongError
from jutong.library.care.log import LOG, Commit, HalfCommitError, checkpoints, commit_files, read_commit, said_at, steps
from jutong.library.care.whole import write_whole
from jutong.library.engine.delta import READABLE, files_of
from jutong.library.proof import Proof
from jutong.library.tables import ZONES, digest_files

SEEN = ".jutong.seen"
MOST_FINDINGS = 20
MOST_READ = 5
"""So many versions are read, newest first, until one has the content it was proven to have."""

FOREIGN, FEATURE, HALF, GAP = "foreign-commit", "foreign-feature", "half-commit", "commit-missing"
FILE, SIZE, REWRITTEN, CONTENT = "file-missing", "file-size", "log-rewritten", "content-differs"
CODES = (FOREIGN, FEATURE, HALF, GAP, FILE, SIZE, REWRITTEN, CONTENT)


@dataclass(frozen=True)
class Examined:
    """What was found. ``good`` is the last good version, -1 where there is none; ``version`` the newest of all."""

    version: int
    good: int
    findings: tuple[Finding, ...] = ()
    rows: int = -1
    digest: str = ""


@dataclass(frozen=True)
class _Seen:
    version: int
    chain: str


def examine(path: Path, *, content: bool = False) -> Examined:
    """Look at one table.

    Args:
        path: the table's folder.
        content: whether to read every row of the last good version.
    """
    found = list(_log_findings(path))
    last = max(commit_files(path), default=-1)
    sound = min((finding.version for finding in found if finding.version >= 0), default=last + 1) - 1
    sound = min(sound, last)
    good, lost = _newest_whole(path, sound)
    looked = Examined(last, good, tuple([*found, *lost][:MOST_FINDINGS]))
    for _ in range(MOST_READ if content else 0):
        if looked.good < 0 or looked.rows >= 0:
            break
        looked = _read(path, looked)
    return looked


def _log_findings(path: Path) -> Iterator[Finding]:
    """Yield what the log alone shows."""
    files = commit_files(path)
    before, chain, known = -1, hashlib.sha256(), {}
    first = min(files, default=0)
    if first and first not in checkpoints(path) and first - 1 not in checkpoints(path):
        yield Finding(code=GAP, version=0)
    foreign, present = list[Finding](), set[str]()
    for version, file in files.items():
        if before >= 0 and version != before + 1:
            yield Finding(code=GAP, version=before + 1)
        before = version
        chain.update(hashlib.sha256(file.read_bytes()).digest())
        known[version] = chain.hexdigest()
        try:
            commit = read_commit(file, version)
        except HalfCommitError:
            yield Finding(code=HALF, version=version)
            continue
        yield from _strange(commit)
        present = (present - set(commit.removes)) | set(commit.adds)
        if commit.changes and not commit.work_id:
            foreign.append(Finding(code=FOREIGN, version=version, detail=commit.operation))
        elif commit.adds and present == set(commit.adds) and version > first:
            foreign.clear()  # all that anybody else wrote was replaced by us
    yield from foreign
    yield from _rewritten(path, first, known)


def _strange(commit: Commit) -> Iterator[Finding]:
    features = set((commit.protocol or {}).get("readerFeatures") or ()) - READABLE
    settings = (commit.metadata or {}).get("configuration") or {}
    if settings.get("delta.columnMapping.mode", "none") != "none":
        features.add("columnMapping")
    if (commit.metadata or {}).get("partitionColumns"):
        features.add("partitions")
    if features:
        yield Finding(code=FEATURE, version=commit.version, detail="、".join(sorted(features)))


def _rewritten(path: Path, first: int, known: dict[int, str]) -> Iterator[Finding]:
    """Compare the log with what it was at the last look."""
    try:
        said: dict[str, Any] = json.loads((path / SEEN).read_bytes())
        seen = _Seen(int(said["version"]), str(said["chain"]))
        begun = int(said["first"])
    except (OSError, ValueError, KeyError, TypeError):
        return
    if begun == first and known.get(seen.version, "") != seen.chain:
        yield Finding(code=REWRITTEN, detail=str(seen.version))  # by whom and since when nobody can tell


def remember(path: Path, version: int) -> None:
    """Keep what the log is now up to a version that was found good, for the next look to compare with.

    Raises:
        OSError: when it cannot be written; nothing else is harmed.
    """
    chain, files = hashlib.sha256(), commit_files(path)
    for number, file in files.items():
        if number <= version:
            chain.update(hashlib.sha256(file.read_bytes()).digest())
    told = {"first": min(files, default=0), "version": version, "chain": chain.hexdigest()}
    write_whole(path / SEEN, json.dumps(told).encode())


def _newest_whole(path: Path, sound: int) -> tuple[int, list[Finding]]:
    """Return the newest version up to one whose files all lie there, and what is missing of newer ones."""
    present = {file.name: file.stat().st_size for file in path.glob("*.parquet")}
    good, newest_missing = -1, list[Finding]()
    try:
        for step in steps(path):
            if step.commit.version > sound:
                break
            wrong = [name for name, size in step.files.items() if present.get(name) != size]
            if not wrong:
                good = step.commit.version
            newest_missing = [
                Finding(code=SIZE if name in present else FILE, version=step.commit.version, detail=name)
                for name in wrong
            ]
    except (HalfCommitError, DeltaError):
        pass
    return good, newest_missing


def _read(path: Path, looked: Examined) -> Examined:
    """Add rows and digest of the last good version; if it is not what its commit proved, the one before may be."""
    try:
        files = files_of(path, looked.good)
        digest = digest_files(list(files.paths), files.schema)
    except (DeltaError, pa.ArrowException, OSError, JutongError) as error:
        wrong = Finding(code=CONTENT, version=looked.good, detail=type(error).__name__)
    else:
        rows, expected = _proven(path, looked.good)
        if expected in {"", digest.text()} and rows in {-1, digest.rows}:
            return replace(looked, rows=digest.rows, digest=digest.text())
        wrong = Finding(code=CONTENT, version=looked.good)
    good, _ = _newest_whole(path, looked.good - 1)
    return replace(looked, good=good, findings=(*looked.findings, wrong))


def _proven(path: Path, version: int) -> tuple[int, str]:
    """Return rows and digest that the table was proven to have at a version; -1 and empty where they were not."""
    said, current = said_at(path, version)
    return whole_of(said) if current else (-1, "")


def whole_of(said: Mapping[str, Any]) -> tuple[int, str]:
    """Return rows and digest of the whole table by a commit's own account; an engine's knows the rows alone."""
    proof = Proof.of(said)
    if proof.table_rows >= 0 or proof.table_digest:
        return proof.table_rows, proof.table_digest
    return proof.rows, proof.digest


def tables_of(library: Path) -> list[Path]:
    """Return the folders of all tables of the library, in order."""
    return [log.parent for zone in ZONES for log in sorted((library / zone).glob(f"*/*/{LOG}"))]
