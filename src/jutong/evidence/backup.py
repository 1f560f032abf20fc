"""A copy of a log while it is written: what the present checkpoint covers, audited, and the records beside it."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from jutong.evidence.audit import CHECKPOINT, KEYS, AuditReport, audit, published_checkpoint
from jutong.evidence.errors import BackupTargetError, FolderAlteredError
from jutong.evidence.tiles import ENTRIES, WIDTH, TileError, TileName, TileReader, encode_tile, level_count


def backup(folder: Path, target: Path, *, records: Path | None = None) -> AuditReport:
    """Copy the published part of a log to ``target/evidence`` and the record store to ``target/records``.

    The write-ahead log is left out: what is published does not need it. Records are taken last, so that every entry
    of the copy has its record unless that was erased.

    Args:
        folder: the log folder; may be live.
        target: a folder that does not exist yet.
        records: the record store; None for a copy that may be handed to anybody.

    Raises:
        BackupTargetError: if the target exists.
        FolderMissingError, FolderAlteredError: if the log is not in order; the copy is then not to be used.
    """
    if target.exists():
        raise BackupTargetError(target=str(target))
    checkpoint = published_checkpoint(folder)
    copy = target / folder.name
    copy.mkdir(parents=True)
    shutil.copyfile(folder / KEYS, copy / KEYS)
    try:
        _copy_tiles(TileReader(folder, checkpoint.size, cached=1), copy)
    except TileError as problem:
        raise FolderAlteredError(file=problem.path, problem=problem.problem) from problem
    (copy / CHECKPOINT).write_bytes(str(checkpoint).encode())
    if records is not None and records.exists():
        _copy_records(records, target / records.parent.name / records.name)
    os.sync()
    return audit(copy)


def _copy_tiles(reader: TileReader, copy: Path) -> None:
    level = ENTRIES
    while count := level_count(reader.size, level):
        for number in range(-(-count // WIDTH)):
            width = min(WIDTH, count - number * WIDTH)
            path = copy / TileName(level, number, width).path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(encode_tile(level, reader.tile(level, number)))
        level += 1


def _copy_records(records: Path, target: Path) -> None:
    target.parent.mkdir(mode=0o700)
    os.close(os.open(target, os.O_WRONLY | os.O_CREAT, 0o600))
    with (
        closing(sqlite3.connect(f"{records.resolve().as_uri()}?mode=ro", uri=True)) as source,
        closing(sqlite3.connect(target)) as copied,
    ):
        source.backup(copied)
