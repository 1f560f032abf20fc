"""Which versions of a fused table and the tables beside it belong together.

The fused table's own commit is the last of a fusion, and says in its metadata which versions of the others it goes
with. A fusion that is killed before leaves newer versions of some of them; they are rolled back when the next one
begins. Commits of the library's care (folding of small files, erasures) come on top and change nothing of that.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

from deltalake import CommitProperties, DeltaTable

from jutong.library.engine.delta import EngineWrite
from jutong.library.errors import TableBusyError
from jutong.library.fusion.errors import SourceAlteredError
from jutong.library.tables import METADATA_KEY, table_path

FUSION = "fusion"
"""Under this key a commit says which work of fusion made it."""
MANIFEST = "manifest"
BESIDE = ("links", "provenance", "conflicts", "review", "history", "prepared", "pairs", "model")
DECISIONS = "decisions"

_SILENT = {"VACUUM START", "VACUUM END", "ADD FEATURE", "SET TBLPROPERTIES"}
"""Operations that write nothing into a table."""
_NEWEST = 20


@dataclass(frozen=True)
class Manifest:
    """What a fused version was made of, and what it goes with.

    Attributes:
        rules: digest of the order but for its mode; another order is a full fusion.
        salt: makes identifiers of entities that nobody can guess from a register's key.
        feeds: version of each feed's standardised table.
        beside: version of each table beside it; see :data:`BESIDE`.
        decisions: version of the decisions that were applied, -1 where there were none.
        counts: what stands in the result; carried on where only changes are looked at.
        result: the result of the work, to be told again when the work is begun anew.
    """

    rules: str
    salt: str
    feeds: Mapping[str, int]
    beside: Mapping[str, int]
    decisions: int = -1
    counts: Mapping[str, Any] = field(default_factory=dict)
    result: Mapping[str, Any] = field(default_factory=dict)

    def said(self, work_id: str) -> dict[str, Any]:
        """Return what the fused table's commit says of itself."""
        return {"work_id": work_id, FUSION: work_id, MANIFEST: asdict(self)}

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> Self:
        """Return the manifest of a commit's metadata."""
        return cls(**said[MANIFEST])


@dataclass(frozen=True)
class Fused:
    """Where the tables of one fused table lie."""

    library: Path
    code: str
    table: str

    @property
    def path(self) -> Path:
        """The golden records."""
        return table_path(self.library, "fused", self.code, self.table)

    def beside(self, name: str) -> Path:
        """Return the folder of a table beside it."""
        return table_path(self.library, "fused", self.code, f"{self.table}_{name}")

    def is_there(self) -> bool:
        """Tell whether something was ever fused."""
        return DeltaTable.is_deltatable(str(self.path))


@dataclass(frozen=True)
class Current:
    """The last good fusion: version of the fused table, its manifest, the versions to read of the tables beside it.

    ``altered`` names the tables, with the version, that something else has written to since; it is not in what is read.
    """

    version: int
    manifest: Manifest
    versions: Mapping[str, int]
    altered: Sequence[tuple[str, int]] = ()


@contextmanager
def alone(fused: Fused) -> Iterator[None]:
    """Keep every other fusion of the same table away.

    Raises:
        TableBusyError: when one is under way.
    """
    fused.path.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(fused.path / ".fusion", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise TableBusyError(table=f"{fused.code}/{fused.table}") from error
        yield
    finally:
        os.close(descriptor)


def current(fused: Fused) -> Current | None:
    """Return the last good fusion of a table; None before the first."""
    if not fused.is_there():
        return None
    for commit in _commits(fused.path):
        if MANIFEST in commit.said:
            manifest = Manifest.of(commit.said)
            version, foreign = _good(fused.path, commit.version)
            versions, altered = {}, [(fused.table, foreign)] if foreign >= 0 else []
            for name in BESIDE:
                path = fused.beside(name)
                there = DeltaTable.is_deltatable(str(path))
                versions[name], foreign = _good(path, manifest.beside.get(name, -1)) if there else (-1, -1)
                altered += [(path.name, foreign)] if foreign >= 0 else []
            return Current(version, manifest, versions, tuple(altered))
    return None


def found(fused: Fused, work_id: str) -> Manifest | None:
    """Return the manifest of a work's commit, if it got as far as that."""
    if fused.is_there():
        for commit in _commits(fused.path):
            if commit.said.get("work_id") == work_id and MANIFEST in commit.said:
                return Manifest.of(commit.said)
    return None


def settle(fused: Fused) -> Current | None:
    """Roll tables beside back to where the last good fusion left them, and return it.

    Raises:
        SourceAlteredError: something else wrote to one of the tables.
        TableBusyError: something else writes one of them.
    """
    good = current(fused)
    for table, version in good.altered if good else ():
        raise SourceAlteredError(table=f"fused/{fused.code}/{table}", version=version)
    for name in BESIDE:
        path = fused.beside(name)
        if not DeltaTable.is_deltatable(str(path)):
            continue
        version = good.versions[name] if good else -1
        if version < DeltaTable(str(path)).version():
            _roll_back(path, version)
    return current(fused) if good else None


def untouched(path: Path, since: int) -> None:
    """Make sure that only this platform wrote to a table after a version.

    Raises:
        SourceAlteredError: something else did.
    """
    for commit in _commits(path, since):
        if not commit.said and commit.operation not in _SILENT:
            raise SourceAlteredError(table="/".join(path.parts[-3:]), version=commit.version)


@dataclass(frozen=True)
class _Commit:
    version: int
    operation: str
    said: Mapping[str, Any]


def _commits(path: Path, since: int = -1) -> Iterator[_Commit]:
    """Yield the commits after a version, newest first; the log is read far back only when it must be."""
    table, done = DeltaTable(str(path)), None
    for limit in (_NEWEST, None):
        for row in table.history(limit):
            version = row["version"]
            if version <= since:
                return
            if done is None or version < done:
                done = version
                yield _Commit(version, row["operation"], row.get(METADATA_KEY, {}))
        if done is None or done == 0:
            return


def _good(path: Path, version: int) -> tuple[int, int]:
    """Return the newest version of a table that has what a version had, and the first somebody else wrote, or -1."""
    for commit in reversed(list(_commits(path, version))):
        if not commit.said and commit.operation not in _SILENT:
            return version, commit.version
        if FUSION in commit.said:
            break
        version = commit.version
    return version, -1


def _roll_back(path: Path, version: int) -> None:
    """Bring a table back to a version, or to no rows where there was none."""
    with EngineWrite(path):
        table = DeltaTable(str(path))
        properties = CommitProperties(custom_metadata={METADATA_KEY: {"rolled_back": True}})
        if version >= 0:
            table.restore(version, commit_properties=properties)
        else:
            table.delete(commit_properties=properties)
