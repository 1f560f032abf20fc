"""One person is erased: from every table, from every file of every version, from what the logs say; and it is proven.

Delta keeps a row in the files of former versions, and some writers keep the least and the greatest value of each file
in the log. So an erasure of a table is: its newest version is written anew without the rows, in one commit; every other
file that holds one of them is removed, which ends the readability of the versions made of it; and where the log itself
names a value it is cut behind a checkpoint. Each step can be killed and is taken up again: a second run finds what is
left to do by looking.

The account that is kept has no value of the person, only digests (``marks``), so that a later proof, or a restored
backup, can be searched.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError
from pydantic import ValidationError

from jutong.contracts.envelope import Document
from jutong.contracts.library_care import Consent, TableCared
from jutong.kernel.errors import JutongError
from jutong.library.care.errors import ErasureUnknownError
from jutong.library.care.examine import remember, tables_of
from jutong.library.care.history import versions
from jutong.library.care.log import LOG, checkpoints, commit_files
from jutong.library.care.marks import ENTITY, Judged, Known, Marks
from jutong.library.care.names import name_of
from jutong.library.care.rewriting import Rewriting, newest_said
from jutong.library.care.whole import sync, write_whole
from jutong.library.digest import ContentDigest
from jutong.library.drift import shaped
from jutong.library.engine.delta import files_of
from jutong.library.fusion.manifest import MANIFEST
from jutong.library.tables import BATCH_ROWS

ACCOUNTS = ".erasures"
MOST_ROUNDS = 6


class Account(Document):
    """What is kept of an erasure."""

    erasure_id: str
    work_id: str
    at_ms: int
    ground: str
    consents: tuple[Consent, ...]
    known: Known
    tables: tuple[TableCared, ...] = ()


@dataclass(frozen=True)
class _Counted:
    rows: int = 0
    emptied: int = 0


def account_of(library: Path, erasure_id: str) -> Account:
    """Return the account of an erasure.

    Raises:
        ErasureUnknownError: when there is none.
    """
    try:
        return Account.model_validate_json((library / ACCOUNTS / f"{erasure_id}.json").read_bytes())
    except (OSError, ValidationError) as error:
        raise ErasureUnknownError(erasure_id=erasure_id) from error


def accounts(library: Path) -> list[Account]:
    """Return the accounts of all erasures of this library."""
    return [account_of(library, file.stem) for file in sorted((library / ACCOUNTS).glob("*.json"))]


def keep_account(library: Path, account: Account) -> str:
    """Keep an account, durable before return; return its SHA-256."""
    folder = library / ACCOUNTS
    folder.mkdir(mode=0o700, exist_ok=True)
    content = account.model_dump_json().encode()
    write_whole(folder / f"{account.erasure_id}.json", content)
    return hashlib.sha256(content).hexdigest()


def grown(library: Path, known: Known, secret: str) -> Known:
    """Return what is known with what follows from it: keys of registers from numbers, entities from keys, and back."""
    for _ in range(MOST_ROUNDS):
        marks, values, pairs = Marks(known, secret), set(known.values), set(known.pairs)
        for path in tables_of(library):
            for feed, key, entity in _named(path, marks):
                if entity:
                    values.add(marks.value(entity))
                if feed:
                    pairs.add(marks.pair(feed, key))
        if values == set(known.values) and pairs == set(known.pairs):
            break
        known = known.model_copy(update={"values": tuple(sorted(values)), "pairs": tuple(sorted(pairs))})
    return known


def _named(path: Path, marks: Marks) -> Iterator[tuple[str, str, str]]:
    """Yield feed, key and entity of the rows of a table's newest version that are about the person."""
    zone, name = path.parts[-3], path.name
    links = name.endswith("_links")
    if zone not in {"standardised", "fused"}:
        return
    try:
        files = files_of(path)
    except (DeltaError, JutongError, OSError):
        return  # a table that cannot be read is found again, and refused, when it is to be searched
    own, pairs = marks.roles(path, files.schema.names)
    wanted = {*own, *(column for pair in pairs for column in pair if column[0] != "="), "until"}
    for file in files.paths:
        for batch in _batches(file, wanted):
            goes = marks.judge(path, batch).goes
            if links and "until" in batch.schema.names:  # what a record once belonged to is somebody else
                goes = goes & np.asarray(batch.column("until").is_null().to_numpy(zero_copy_only=False))
            for row in batch.filter(pa.array(goes)).to_pylist() if goes.any() else ():
                if zone == "standardised" and row.get("_key") is not None:
                    yield name, str(row["_key"]), ""
                elif links:
                    yield row["feed"], row["key"], row[ENTITY]
                elif own - {ENTITY}:  # the golden records
                    yield "", "", row.get(ENTITY) or ""


def _batches(file: Path, columns: Iterable[str] | None = None) -> Iterator[pa.RecordBatch]:
    with pq.ParquetFile(file) as parquet:
        names = None if columns is None else [name for name in parquet.schema_arrow.names if name in set(columns)]
        yield from parquet.iter_batches(batch_size=BATCH_ROWS, columns=names)


def count(path: Path, marks: Marks) -> TableCared:
    """Count what an erasure would take out of a table's newest version."""
    total = _Counted()
    for file in files_of(path).paths:
        found = _hits(path, file, marks)
        total = _Counted(total.rows + found.rows, total.emptied + found.emptied)
    return TableCared(table=name_of(path), rows=total.rows, emptied=total.emptied)


def _hits(path: Path, file: Path, marks: Marks) -> _Counted:
    rows = emptied = 0
    for batch in _batches(file):
        judged = marks.judge(path, batch)
        rows += int(np.count_nonzero(judged.goes))
        emptied += sum(int(np.count_nonzero(mask)) for mask in judged.emptied.values())
    return _Counted(rows, emptied)


def erase(path: Path, marks: Marks, *, work_id: str, now: datetime) -> TableCared:
    """Take a person out of one table, newest version and all others.

    Raises:
        TableBusyError: when something else writes the table.
        TableForeignError, TableTouchedError: it is not a table of ours any more.
        DiskFullError, WriteError: the newest version is as it was.
    """
    before = {one.number for one in versions(path) if one.readable}
    with Rewriting(path, work_id, "erase") as target:
        if target.done() is None:
            _rewrite(path, marks, target, now)
        current = {file.name for file in files_of(path).paths}
        gone = [
            file
            for file in sorted(path.rglob("*.parquet"))
            if LOG not in file.parts and file.name not in current and _hit(path, file, marks)
        ]
        size = sum(file.stat().st_size for file in gone)
        for file in gone:
            file.unlink()
        sync(path)
        cut = _cut_log(path, marks)
        if gone or cut:
            remember(path, DeltaTable(str(path)).version())
    table = DeltaTable(str(path))
    said: dict[str, Any] = newest_said(table).get("erased") or {}
    mine = said if said.get("work_id") == work_id else {}
    after = {one.number for one in versions(path) if one.readable}
    return TableCared(
        table=name_of(path), version=table.version(), good=table.version(), rows=mine.get("rows", 0),
        emptied=mine.get("emptied", 0), files_written=mine.get("files", 0), files_removed=len(gone),
        bytes_removed=size, lost=tuple(sorted(before - after)),
    )  # fmt: skip


def _hit(path: Path, file: Path, marks: Marks) -> bool:
    try:
        return any(marks.judge(path, batch).hit for batch in _batches(file))
    except (pa.ArrowException, OSError):
        return True  # what nobody can read, nobody can vouch for; no commit names it


def _rewrite(path: Path, marks: Marks, target: Rewriting, now: datetime) -> None:
    files = files_of(path)
    touched = [file for file in files.paths if _hit(path, file, marks)]
    if not touched:
        return
    target.begin(files.schema)
    writing = _Writing(path, marks, files.schema)
    target.write_rows(writing.survivors(touched))
    left = target.read_back()
    said = newest_said(DeltaTable(str(path)))
    told = _whole(said, writing, left) | counted_anew(said)
    erased = {"work_id": target.work_id, **_told(writing.counted), "files": len(target.files)}
    target.put(files.schema, touched, {**told, "erased": erased}, now=now, changes=True)


def counted_anew(said: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a commit says so that the next fusion looks at everything: what it counted holds no longer."""
    manifest = said.get(MANIFEST)
    return {MANIFEST: {**manifest, "rules": ""}} if isinstance(manifest, Mapping) else {}


def _told(counted: _Counted) -> dict[str, int]:
    return {"rows": counted.rows, "emptied": counted.emptied}


class _Writing:
    """The rows that stay, and what went."""

    def __init__(self, path: Path, marks: Marks, schema: pa.Schema) -> None:
        self.counted = _Counted()
        self.taken = ContentDigest(schema)
        self._path, self._marks, self._schema = path, marks, schema

    def survivors(self, files: Sequence[Path]) -> Iterator[pa.RecordBatch]:
        for file in files:
            for read in _batches(file):
                batch = shaped(read, self._schema)
                self.taken.update(batch)
                judged = self._marks.judge(self._path, batch)
                emptied = sum(int(np.count_nonzero(mask)) for mask in judged.emptied.values())
                rows = int(np.count_nonzero(judged.goes))
                self.counted = _Counted(self.counted.rows + rows, self.counted.emptied + emptied)
                yield _left(batch, judged)


def _left(batch: pa.RecordBatch, judged: Judged) -> pa.RecordBatch:
    arrays = list(batch.columns)
    for name, mask in judged.emptied.items():
        place = batch.schema.get_field_index(name)
        # A taken index that is null gives a null; no value passes through Python.
        index: Any = pa.array(np.arange(batch.num_rows), mask=mask)
        arrays[place] = arrays[place].take(index)
    return pa.RecordBatch.from_arrays(arrays, schema=batch.schema).filter(pa.array(~judged.goes))


def _whole(said: dict[str, Any], writing: _Writing, left: ContentDigest) -> dict[str, Any]:
    """Return rows and digest of the whole table, as far as the newest commit knew them before."""
    digest = said.get("table_digest") or said.get("digest") or ""
    rows = said.get("table_rows", -1)
    told: dict[str, Any] = {}
    if digest and (said.get("table_digest") or rows < 0):
        whole = ContentDigest.sum_of(writing.taken.schema, digest, left.text())
        whole.take_away(writing.taken.text())
        told = {"table_digest": whole.text(), "table_rows": whole.rows}
    elif rows >= 0:
        told = {"table_rows": rows - writing.counted.rows}
    return told


def _cut_log(path: Path, marks: Marks) -> bool:
    """Take what the log says of the person out of it, by a checkpoint that stands for all before; tell whether."""
    table = DeltaTable(str(path))
    newest = table.version()
    files = commit_files(path)
    if not any(_says(file, marks) for file in _log_files(path)):
        return False
    table.create_checkpoint()
    for version, file in files.items():
        if version < newest:
            file.unlink()
    for version in checkpoints(path):
        if version < newest:
            for file in (path / LOG).glob(f"{version:020d}.checkpoint*"):
                file.unlink()
    sync(path / LOG)
    return True


def _log_files(path: Path) -> list[Path]:
    return [*commit_files(path).values(), *sorted((path / LOG).glob("*.checkpoint*.parquet"))]


def _says(file: Path, marks: Marks) -> bool:
    """Tell whether a file of the log names one of the values, as writers that keep statistics do."""
    texts: set[str] = set()
    for stats in _stats(file):
        texts.update(_texts(json.loads(stats)))
    return bool(texts) and marks.any_value(sorted(texts))


def _stats(file: Path) -> Iterator[str]:
    if file.suffix == ".parquet":
        with pq.ParquetFile(file) as checkpoint:
            for batch in checkpoint.iter_batches(columns=["add.stats"]):
                yield from (row["add"]["stats"] for row in batch.to_pylist() if (row["add"] or {}).get("stats"))
        return
    for line in file.read_bytes().splitlines():
        action = json.loads(line)
        yield from (action[kind]["stats"] for kind in ("add", "remove") if action.get(kind, {}).get("stats"))


def _texts(found: Any) -> Iterator[str]:
    if isinstance(found, str):
        yield found
    elif isinstance(found, dict):
        for value in found.values():
            yield from _texts(value)


def search(library: Path, marks: Marks) -> tuple[int, list[TableCared]]:
    """Look for the person in every file of every table, whatever version it is of, and in the logs.

    Returns:
        How many files were looked into, and the tables in which something was found; ``rows`` counts their files.
    """
    looked, found = 0, list[TableCared]()
    for path in tables_of(library):
        files = [file for file in sorted(path.rglob("*.parquet")) if LOG not in file.parts]
        logs = _log_files(path)
        hits = sum(_hit(path, file, marks) for file in files) + sum(_says(file, marks) for file in logs)
        looked += len(files) + len(logs)
        if hits:
            found.append(TableCared(table=name_of(path), rows=hits))
    return looked, found


def elsewhere(home: Path, marks: Marks) -> int:
    """Count the node's Parquet files outside of the library that hold one of the numbers: rows set aside by moves."""
    unknown = Path("landed", "-", "-")
    return sum(_hit(unknown, file, marks) for file in sorted((home / "node").rglob("*.parquet")))
