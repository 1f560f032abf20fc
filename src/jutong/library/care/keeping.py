"""The tasks ``backup`` and ``restore``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from jutong.contracts.library_care import BackupTask, CareResult, RestoreTask, TableCared
from jutong.library.care.backup import BackupSet, KeptTable, keep_table, read_set, restore_table, vault_of, write_set
from jutong.library.care.each import each
from jutong.library.care.erasing import erase_again
from jutong.library.care.erasure import accounts
from jutong.library.care.errors import BackupUnknownError, TableDamagedError
from jutong.library.care.examine import examine, tables_of
from jutong.library.care.names import name_of
from jutong.library.care.pins import fusions
from jutong.library.fusion.manifest import MANIFEST, current
from jutong.library.works import Place, Tell


def backed_up(task: BackupTask, place: Place, tell: Tell) -> CareResult:
    """Take the newest good version of tables into a backup of its own; tables of one fusion as they belong together."""
    vault, belonging = vault_of(place.home), _belonging(place.library)
    names = task.tables or tuple(name_of(path) for path in tables_of(place.library))
    kept: list[KeptTable] = []

    def one(path: Path, number: int) -> TableCared:
        version = belonging.get(path)
        if version is None:
            looked = examine(path)
            if looked.good < 0:
                raise TableDamagedError(table=names[number].text, finding="、".join(f.code for f in looked.findings))
            version = looked.good
        table = keep_table(path, version, vault)
        kept.append(table)
        return TableCared(table=names[number], version=table.version, good=table.version, rows=table.rows,
                          digest=table.digest, files_written=len(table.files))  # fmt: skip

    cared = each(names, place, tell, "keeping", one)
    set_id = str(UUID(place.work_id))
    done = tuple(account.erasure_id for account in accounts(place.library))
    at_ms = int(place.now.timestamp() * 1000)
    digest = write_set(vault, BackupSet(set_id=set_id, at_ms=at_ms, tables=tuple(kept), erasures=done))
    return CareResult(kind=task.kind, tables=cared, set_id=set_id, digest=digest)


def _belonging(library: Path) -> dict[Path, int]:
    """Return the versions that the last good fusions name; what is newer may belong to one that never ended."""
    found: dict[Path, int] = {}
    for fused in fusions(library):
        good = current(fused)
        if good is not None:
            found[fused.path] = good.version
            found |= {fused.beside(name): version for name, version in good.versions.items() if version >= 0}
    return found


@dataclass
class _Restoring:
    """Tables brought back by now, and the version each has."""

    versions: dict[tuple[str, str, str], int] = field(default_factory=dict)

    def fitted(self, table: KeptTable) -> KeptTable:
        """Return golden records whose commit names the versions that tables beside them and registers have now.

        The next fusion looks at everything: what was counted may hold no longer.
        """
        manifest: Any = table.said.get(MANIFEST)
        if not isinstance(manifest, Mapping):
            return table
        beside = {
            name: self.versions.get(("fused", table.code, f"{table.table}_{name}"), version)
            for name, version in manifest["beside"].items()
        }
        feeds = {
            feed: next((found for (zone, _, name), found in self.versions.items()
                        if (zone, name) == ("standardised", feed)), version)
            for feed, version in manifest["feeds"].items()
        }  # fmt: skip
        told = {**table.said, MANIFEST: {**manifest, "beside": beside, "feeds": feeds, "rules": ""}}
        return table.model_copy(update={"said": told})


def restored(task: RestoreTask, place: Place, tell: Tell) -> CareResult:
    """Bring tables back from a backup, golden records last; whoever was erased since stays erased.

    Raises:
        BackupUnknownError, BackupDamagedError: there is none, or not of one of the tables, or it is not sound.
    """
    vault = vault_of(place.home)
    found = read_set(vault, task.set_id)
    wanted = {name.text for name in task.tables} or {table.text for table in found.tables}
    if unknown := wanted - {table.text for table in found.tables}:
        raise BackupUnknownError(set_id=task.set_id, table="、".join(sorted(unknown)))
    tables = sorted((one for one in found.tables if one.text in wanted), key=lambda one: MANIFEST in one.said)
    done, cared = _Restoring(), list[TableCared]()
    for number, kept in enumerate(tables):
        tell("restoring", number, len(tables))
        path = place.library / kept.zone / kept.code / kept.table
        table = restore_table(path, done.fitted(kept), vault, task.set_id, work_id=place.work_id, now=place.now)
        again = erase_again(path, place, found.erasures)
        if again is not None:
            found_again = again.rows + again.emptied
            table = table.model_copy(update={"version": again.version, "good": again.version, "emptied": found_again})
        done.versions[(kept.zone, kept.code, kept.table)] = table.version
        cared.append(table)
    tell("restoring", len(tables), len(tables))
    return CareResult(kind=task.kind, tables=tuple(cared), set_id=task.set_id)
