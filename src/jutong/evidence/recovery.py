"""Bringing a folder back to one truth: the write-ahead log is replayed over the last durable tiles."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from jutong.evidence import files, merkle
from jutong.evidence.checkpoint import Checkpoint, VerifierKey, parse_keys
from jutong.evidence.errors import LogDamagedError, Told, told
from jutong.evidence.records import RecordStore
from jutong.evidence.tiles import TileError
from jutong.evidence.wal import Segment, WalError, read_all
from jutong.evidence.writer import ASIDE, CHECKPOINT, TileWriter
from jutong.kernel.i18n import gettext_noop

KEYS = "keys"
WAL = "wal"
Sign = Callable[[int, bytes], Checkpoint]
Sealed = tuple[Path, int]
"""A segment that is no longer written, and the index it ends at."""


def unreadable(problem: ValueError) -> Told:
    """Return the finding for text that is no well-formed and well-signed note."""
    return told(gettext_noop("内容不合格式，或签名不符（{detail}）"), detail=str(problem))


def clear_aside(folder: Path) -> None:
    """Remove unfinished files."""
    for item in folder.iterdir():
        item.unlink()


def publish_key(folder: Path, key: VerifierKey) -> None:
    """Put the log's public key into the list of published keys; keys of the past stay.

    Raises:
        LogDamagedError: if the list is unreadable.
        OSError: if the disk refuses.
    """
    path = folder / KEYS
    try:
        keys = parse_keys(path.read_bytes().decode("utf-8")) if path.exists() else ()
    except ValueError as problem:
        raise LogDamagedError(file=KEYS, problem=unreadable(problem)) from problem
    if key not in keys:
        text = "".join(f"{item}\n" for item in (*keys, key))
        files.write_atomic(path, text.encode(), aside=folder / ASIDE, durable=True)


def read_checkpoint(folder: Path, key: VerifierKey) -> Checkpoint | None:
    """Return the published checkpoint, None for a new folder.

    Raises:
        LogDamagedError: if it is unreadable or not signed by this log's key.
    """
    path = folder / CHECKPOINT
    try:
        checkpoint = Checkpoint.parse(path.read_bytes().decode("utf-8"))
        checkpoint.verify([key])
    except FileNotFoundError:
        return None
    except ValueError as problem:
        raise LogDamagedError(file=CHECKPOINT, problem=unreadable(problem)) from problem
    return checkpoint


def recover(
    folder: Path, key: VerifierKey, sign: Sign, records: RecordStore
) -> tuple[TileWriter, Checkpoint, list[Sealed]]:
    """Replay the write-ahead log, publish all of it and drop it; return the segments that must stay a while.

    Everything is written again and synced, not only what seems to be missing: after a power cut or a failed sync a
    file's presence says nothing about its content.

    Raises:
        LogDamagedError: if log, tiles and checkpoint contradict each other.
        OSError, sqlite3.Error: if the disk refuses; nothing is lost, recovery can be tried again.
    """
    former = read_checkpoint(folder, key)
    try:
        segments = read_all(folder / WAL)
    except WalError as problem:
        raise LogDamagedError(file=f"{WAL}/{problem.name}", problem=problem.problem) from problem
    _check_reach(folder, former, segments)
    writer = TileWriter(folder)
    try:
        _replay(writer, former, segments)
    except TileError as problem:
        raise LogDamagedError(file=problem.path, problem=problem.problem) from problem
    for segment in segments:
        records.insert((segment.first + at, pair[1]) for at, pair in enumerate(segment.pairs))
    indexed = records.sync()
    writer.sync()
    checkpoint = former
    if checkpoint is None or checkpoint.size != writer.size:
        checkpoint = sign(writer.size, writer.root())
    writer.publish(checkpoint)
    return writer, checkpoint, _drop(folder / WAL, segments, indexed=indexed)


def _check_reach(folder: Path, former: Checkpoint | None, segments: list[Segment]) -> None:
    """Refuse a log that ends before what was signed, or starts after it."""
    signed = former.size if former else 0
    if segments and not segments[0].first <= signed <= segments[-1].end:
        reach = gettext_noop("预写日志从第{first}条到第{end}条为止，检查点却签到{signed}条")
        problem = told(reach, first=segments[0].first, end=segments[-1].end, signed=signed)
        raise LogDamagedError(file=f"{WAL}/{segments[-1].name}", problem=problem)
    if former is None and (folder / "tile").exists() and not segments:
        raise LogDamagedError(file=CHECKPOINT, problem=told(gettext_noop("缺失")))


def _replay(writer: TileWriter, former: Checkpoint | None, segments: list[Segment]) -> None:
    signed = former.size if former else 0
    base = segments[0].first if segments else signed
    writer.load(base)
    leaves = [leaf for segment in segments for leaf, _ in segment.pairs]
    writer.extend(leaves[: signed - base])
    if writer.root() != (former.root if former else merkle.EMPTY_ROOT):
        raise TileError(CHECKPOINT, told(gettext_noop("由瓦片算出的{size}条的根与签署的不同"), size=signed))
    writer.extend(leaves[signed - base :])
    writer.rewrite_partials()
    writer.flush()


def _drop(folder: Path, segments: list[Segment], *, indexed: bool) -> list[Sealed]:
    """Remove what is durable elsewhere; while the record store is being read, keep its content without torn tail."""
    kept: list[Sealed] = []
    for segment in segments:
        path = folder / segment.name
        if indexed or not segment.pairs:
            path.unlink()
        else:
            os.truncate(path, segment.good)
            files.sync_file(path)
            kept.append((path, segment.end))
    files.sync_folder(folder)
    return kept
