"""The library is backed up as a set of versions that belong together, and tables are brought back from one.

Of each table the files of one version are taken, and the little that makes a table of them: schema, rows, digest, and
what its newest commit says. Beside tables of a fusion go in the version that its manifest names. A table that is there
and can be read gets the backed-up rows as a new version, so nothing that came later is lost; one that is gone or
damaged is built beside and put in its place, and the damaged folder is kept aside.
"""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError
from pydantic import ValidationError

from jutong.contracts.envelope import Document
from jutong.contracts.library_care import TableCared, TableName
from jutong.kernel import settings as jutong_settings
from jutong.library.care.errors import BackupDamagedError, BackupUnknownError, TableDamagedError
from jutong.library.care.examine import examine, remember, whole_of
from jutong.library.care.keep import KEEP
from jutong.library.care.log import said_at
from jutong.library.care.names import name_of
from jutong.library.care.rewriting import NOT_CARRIED, Rewriting
from jutong.library.care.vault import DamagedError, Vault
from jutong.library.engine.delta import files_of
from jutong.library.errors import MergeDiffersError
from jutong.library.tables import digest_files

ASIDE = ".aside"
FOLDER = ("backups", "library")


class KeptFile(Document):
    """One file of a table in a backup."""

    name: str
    size: int
    object: str
    sha256: str


class KeptTable(TableName):
    """One table in a backup, at one version. ``schema_ipc`` is Arrow's own writing of its schema."""

    version: int
    rows: int
    digest: str
    schema_ipc: str
    said: dict[str, Any]
    files: tuple[KeptFile, ...]
    keep: str = ""


class BackupSet(Document):
    """A backup: its tables, when, and the erasures that had been carried out by then."""

    set_id: str
    at_ms: int
    tables: tuple[KeptTable, ...]
    erasures: tuple[str, ...] = ()


def keep_table(path: Path, version: int, vault: Vault) -> KeptTable:
    """Take one version of a table into a vault, each file held against what was proven of the whole.

    Raises:
        TableForeignError, TableTouchedError, TableDamagedError: it is not worth keeping.
    """
    files = files_of(path, version)
    digest = digest_files(list(files.paths), files.schema)
    said, current = said_at(path, version)
    rows, proven = whole_of(said) if current else (-1, "")
    if (proven and proven != digest.text()) or (rows >= 0 and rows != digest.rows):
        raise TableDamagedError(table=name_of(path).text, finding="content-differs")
    kept = []
    for file in files.paths:
        name, content = vault.put(file)
        kept.append(KeptFile(name=file.name, size=file.stat().st_size, object=name, sha256=content))
    named = name_of(path)
    keep = path / KEEP
    return KeptTable(
        zone=named.zone, code=named.code, table=named.table, version=version, rows=digest.rows, digest=digest.text(),
        schema_ipc=base64.b64encode(files.schema.serialize().to_pybytes()).decode(), said=said, files=tuple(kept),
        keep=keep.read_text("utf-8") if keep.exists() else "",
    )  # fmt: skip


def write_set(vault: Vault, found: BackupSet) -> str:
    """Keep a backup's list; return its SHA-256."""
    content = found.model_dump_json().encode()
    vault.write_set(found.set_id, content)
    return hashlib.sha256(content).hexdigest()


def read_set(vault: Vault, set_id: str) -> BackupSet:
    """Return what is in a backup.

    Raises:
        BackupUnknownError, BackupDamagedError: it is not there, or not what was written.
    """
    try:
        return BackupSet.model_validate_json(vault.read_set(set_id))
    except FileNotFoundError as error:
        raise BackupUnknownError(set_id=set_id, table="*") from error
    except (DamagedError, ValidationError) as error:
        raise BackupDamagedError(set_id=set_id, file=set_id) from error


def check_set(vault: Vault, set_id: str) -> int:
    """Read everything of a backup; return how many bytes of tables there are.

    Raises:
        BackupUnknownError, BackupDamagedError: it is not there, or not what was written.
    """
    size = 0
    for table in read_set(vault, set_id).tables:
        for file in table.files:
            try:
                vault.check(file.object, file.sha256)
            except DamagedError as error:
                raise BackupDamagedError(set_id=set_id, file=f"{table.text}/{file.name}") from error
            size += file.size
    return size


def drop(vault: Vault, set_id: str) -> int:
    """Remove a backup and what no other one needs; return the bytes that came free.

    Raises:
        BackupUnknownError: there is none.
        BackupDamagedError: another one cannot be read, so that nobody knows what it needs; nothing is removed then.
    """
    if set_id not in vault.sets():
        raise BackupUnknownError(set_id=set_id, table="*")
    others = [read_set(vault, one) for one in vault.sets() if one != set_id]
    vault.drop_set(set_id)
    return vault.sweep({file.object for one in others for table in one.tables for file in table.files})


def restore_table(path: Path, kept: KeptTable, vault: Vault, set_id: str, *, work_id: str, now: datetime) -> TableCared:
    """Bring one table back; nobody sees it before it is whole and has the digest it was backed up with.

    Raises:
        BackupDamagedError: a file of the backup is not what was taken in; the table is as it was.
        MergeDiffersError: the rows are not those of the backup; the table is as it was.
        TableBusyError, DiskFullError, WriteError: as for any writing.
    """
    with Rewriting(path, work_id, "restore") as target:
        if target.done() is None:
            _take(path, kept, target, vault, set_id)
            _bring_back(path, kept, target, set_id, now)
    if kept.keep and not (path / KEEP).exists():
        (path / KEEP).write_text(kept.keep, "utf-8")
    version = DeltaTable(str(path)).version()
    remember(path, version)
    return TableCared(table=name_of(path), version=version, good=version, rows=kept.rows, digest=kept.digest,
                      files_written=len(kept.files))  # fmt: skip


def _take(path: Path, kept: KeptTable, target: Rewriting, vault: Vault, set_id: str) -> None:
    """Bring a table's files back unseen, and read them."""
    schema = schema_of(kept)
    target.begin(schema)
    for number, file in enumerate(kept.files):
        place = path / f"part-{target.job_id}-00000-{number:03d}.parquet"
        target.files.append(place)
        try:
            vault.take(file.object, place, file.sha256)
        except DamagedError as error:
            raise BackupDamagedError(set_id=set_id, file=f"{kept.text}/{file.name}") from error
    found = digest_files(target.files, schema).text()
    if found != kept.digest:
        raise MergeDiffersError(table=kept.text, expected=kept.digest, found=found)


def _bring_back(path: Path, kept: KeptTable, target: Rewriting, set_id: str, now: datetime) -> None:
    restored = {"set_id": set_id, "version": kept.version}
    said = {name: value for name, value in kept.said.items() if name not in NOT_CARRIED} | {"restored": restored}
    if _readable(path):
        target.put(schema_of(kept), [], said, now=now, whole=True)
    else:
        target.found_anew(schema_of(kept), said, aside=path.parents[2] / ASIDE)


def schema_of(kept: KeptTable) -> pa.Schema:
    """Return the schema of a table in a backup."""
    return pa.ipc.read_schema(pa.py_buffer(base64.b64decode(kept.schema_ipc)))


def _readable(path: Path) -> bool:
    try:
        DeltaTable(str(path))
    except (DeltaError, OSError, ValueError):
        return False
    return not any(found.code in {"half-commit", "commit-missing"} for found in examine(path).findings)


def vault_of(home: Path) -> Vault:
    """Return the instance's backups."""
    folder = jutong_settings.load().library_backup
    return Vault(Path(folder) if folder else home.joinpath(*FOLDER), home)


def backups_before(home: Path, now: datetime) -> tuple[str, ...]:
    """Return the backups made before an instant; they still hold what is erased from the library at it."""
    vault = vault_of(home)
    at_ms = int(now.timestamp() * 1000)
    return tuple(one for one in vault.sets() if read_set(vault, one).at_ms < at_ms)
