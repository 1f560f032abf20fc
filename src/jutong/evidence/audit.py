"""The full check of a log folder: from every entry up to the signed root, and every file against what it must say.

It needs the folder only. It may run while the log is written: files are listed before the write-ahead log is read
and the checkpoint after it, so whatever lies in the folder is covered by one of the two. A finding counts only if the
log did not move meanwhile.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from jutong.evidence import merkle
from jutong.evidence.checkpoint import Checkpoint, VerifierKey, parse_keys
from jutong.evidence.errors import (
    FolderAlteredError,
    FolderForkedError,
    FolderMissingError,
    FolderOlderError,
    FolderUnreadableError,
    refusal,
    told,
)
from jutong.evidence.receipt import Receipt
from jutong.evidence.recovery import unreadable
from jutong.evidence.tiles import (
    ENTRIES,
    WIDTH,
    TileError,
    TileName,
    TileReader,
    decode_bundle,
    encode_tile,
    level_count,
)
from jutong.evidence.wal import Segment, WalError, read_all
from jutong.kernel.i18n import gettext_noop

CHECKPOINT = "checkpoint"
KEYS = "keys"
WAL = "wal"
LOCK = "wal/lock"
ASIDE = "tmp/"
ATTEMPTS = 4
PAUSE = 0.05


@dataclass(frozen=True)
class AuditReport:
    """What a clean audit covered."""

    folder: Path
    checkpoint: Checkpoint
    keys: tuple[VerifierKey, ...]
    files: int
    octets: int
    unpublished: int
    """Entries that are durable but not yet under the checkpoint."""


@dataclass
class _Audit:
    """One pass over a folder."""

    folder: Path
    checkpoint: Checkpoint
    segments: list[Segment]
    tiles: dict[tuple[int, int], set[int]]
    files: int = 0
    octets: int = 0
    pending: dict[int, bytes] = field(default_factory=dict)
    above: list[bytes] = field(default_factory=list)
    """Hashes of the level above the one being checked."""


def audit(folder: Path) -> AuditReport:
    """Check every byte of a log folder against its published keys.

    Raises:
        FolderMissingError: if there is no log in the folder.
        FolderAlteredError: naming the first file that does not say what it must.
        FolderUnreadableError: if a file may not be read.
    """
    _require(folder)
    for attempt in range(ATTEMPTS):
        before = _read(folder, CHECKPOINT)
        try:
            return _audit_once(folder)
        except OSError as problem:
            raise FolderUnreadableError(file=problem.filename, reason=refusal(problem)) from problem
        except FolderAlteredError as finding:
            moved = (folder / CHECKPOINT).is_file() and _read(folder, CHECKPOINT) != before
            if attempt == ATTEMPTS - 1 or not (moved or isinstance(finding, _UnsettledError)):
                raise
            time.sleep(PAUSE)
    raise AssertionError("the last attempt returns or raises")


def _require(folder: Path) -> None:
    if not (folder / CHECKPOINT).is_file():
        raise FolderMissingError(folder=str(folder), problem=told(gettext_noop("其中没有 checkpoint 文件")))


def published_checkpoint(folder: Path) -> Checkpoint:
    """Return a folder's checkpoint, its signature checked.

    Raises:
        FolderMissingError: if there is no log in the folder.
        FolderAlteredError: if keys or checkpoint are not in order.
    """
    _require(folder)
    return _read_checkpoint(folder, _read_keys(folder))


class _UnsettledError(FolderAlteredError):
    """A finding that a write in progress would explain: worth another look."""


def _altered(file: str, message: str, **fields: object) -> FolderAlteredError:
    return FolderAlteredError(file=file, problem=told(message, **fields))


def _read(folder: Path, name: str) -> bytes:
    try:
        return (folder / name).read_bytes()
    except FileNotFoundError as problem:
        raise _altered(name, gettext_noop("缺失")) from problem


def _audit_once(folder: Path) -> AuditReport:
    keys = _read_keys(folder)
    before = _read_checkpoint(folder, keys)
    names = list(_walk(folder, ""))
    segments = _read_wal(folder, before)
    checkpoint = _read_checkpoint(folder, keys)
    if segments and segments[0].first > checkpoint.size:
        late = gettext_noop("从第{first}条开始，检查点只到{size}条")
        raise _altered(f"{WAL}/{segments[0].name}", late, first=segments[0].first, size=checkpoint.size)
    run = _Audit(folder, checkpoint, segments, _sort(folder, names))
    run.files = len(names)
    run.pending = {segment.first + at: leaf for segment in segments for at, (leaf, _) in enumerate(segment.pairs)}
    _check_tree(run)
    end = max([checkpoint.size, *(segment.end for segment in segments)])
    return AuditReport(folder, checkpoint, keys, run.files, run.octets, end - checkpoint.size)


def _read_keys(folder: Path) -> tuple[VerifierKey, ...]:
    try:
        return parse_keys(_read(folder, KEYS).decode("utf-8"))
    except ValueError as problem:
        raise FolderAlteredError(file=KEYS, problem=unreadable(problem)) from problem


def _read_checkpoint(folder: Path, keys: Sequence[VerifierKey]) -> Checkpoint:
    try:
        checkpoint = Checkpoint.parse(_read(folder, CHECKPOINT).decode("utf-8"))
        checkpoint.verify(keys)
    except ValueError as problem:
        raise FolderAlteredError(file=CHECKPOINT, problem=unreadable(problem)) from problem
    return checkpoint


def _read_wal(folder: Path, checkpoint: Checkpoint) -> list[Segment]:
    """Read the write-ahead log, which must reach at least as far as the checkpoint read before it."""
    try:
        segments = read_all(folder / WAL)
    except WalError as problem:
        raise FolderAlteredError(file=f"{WAL}/{problem.name}", problem=problem.problem) from problem
    except FileNotFoundError as problem:
        raise _UnsettledError(file=WAL, problem=told(gettext_noop("读取时被移走"))) from problem
    if not segments:
        return []
    last = segments[-1]
    if last.torn:
        stray = told(gettext_noop("最后一个完整的帧之后有{count}个多余字节"), count=last.torn)
        raise _UnsettledError(file=f"{WAL}/{last.name}", problem=stray)
    if last.end < checkpoint.size:
        raise _altered(
            f"{WAL}/{last.name}",
            gettext_noop("到第{end}条为止，检查点却签到{size}条"),
            end=last.end,
            size=checkpoint.size,
        )
    return segments


def _walk(folder: Path, prefix: str) -> Iterator[str]:
    with os.scandir(folder / prefix) as found:
        items = sorted(found, key=lambda item: item.name)
    for item in items:
        name = prefix + item.name
        if item.is_dir(follow_symlinks=False):
            try:
                yield from _walk(folder, name + "/")
            except FileNotFoundError:
                continue
        elif item.is_file(follow_symlinks=False):
            yield name
        else:
            raise _altered(name, gettext_noop("既不是文件，也不是文件夹"))


def _sort(folder: Path, names: Sequence[str]) -> dict[tuple[int, int], set[int]]:
    """Return which widths lie there of each tile; a file that belongs to no part of a log is a finding."""
    tiles: dict[tuple[int, int], set[int]] = {}
    for name in names:
        tile = TileName.parse(name)
        if tile is not None:
            tiles.setdefault((tile.level, tile.number), set()).add(tile.width)
        elif name == LOCK:
            if _read(folder, name):
                raise _altered(name, gettext_noop("应当是空文件"))
        elif not (name in {CHECKPOINT, KEYS} or name.startswith(ASIDE) or _is_segment(name)):
            raise _altered(name, gettext_noop("不是存证日志的一部分"))
    return tiles


def _is_segment(name: str) -> bool:
    return name.startswith(WAL + "/") and name.endswith(".wal") and name.count("/") == 1


def _check_tree(run: _Audit) -> None:
    edges = [_check_leaves(run)]
    while run.above:
        edges.append(_check_level(run, len(edges)))
    if run.tiles:
        level, number = min(run.tiles)
        name = TileName(level, number, max(run.tiles[level, number]))
        raise _altered(name.path, gettext_noop("超出日志的末尾"))
    carried: list[bytes] = []
    for edge in edges:
        nodes = edge + carried
        carried = [merkle.fold(nodes)] if nodes else []
    if (carried[0] if carried else merkle.EMPTY_ROOT) != run.checkpoint.root:
        raise _altered(CHECKPOINT, gettext_noop("由{size}条叶子算出的根与签署的不同"), size=run.checkpoint.size)


def _check_leaves(run: _Audit) -> list[bytes]:
    """Check bundles and level 0 tile by tile; return the hashes of the incomplete tile at the checkpoint's size."""
    size, edge = run.checkpoint.size, []
    tiles = -(-max([size, *(index + 1 for index in run.pending)]) // WIDTH)
    for number in range(tiles):
        entries = _known_entries(run, number)
        hashes = [merkle.leaf_hash(entry) for entry in entries]
        need = min(WIDTH, max(0, size - number * WIDTH))
        _check_tile(run, TileName(ENTRIES, number), entries, need)
        _check_tile(run, TileName(0, number), hashes, need)
        if len(hashes) == WIDTH:
            run.above.append(merkle.fold(hashes))
        if 0 < need < WIDTH:
            edge = hashes[:need]
    return edge


def _known_entries(run: _Audit, number: int) -> list[bytes]:
    """Return the entries of a tile as the widest bundle has them, continued and contradicted by nothing but the WAL."""
    entries: list[bytes] = []
    for width in sorted(run.tiles.get((ENTRIES, number), ()), reverse=True):
        name = TileName(ENTRIES, number, width).path
        try:
            entries = decode_bundle((run.folder / name).read_bytes())
        except FileNotFoundError:
            continue
        except ValueError as problem:
            raise _altered(name, gettext_noop("内容不完整（{detail}）"), detail=str(problem)) from problem
        if len(entries) != width:
            raise _altered(name, gettext_noop("有{found}项，应有{needed}项"), found=len(entries), needed=width)
        for at, entry in enumerate(entries):
            if run.pending.get(number * WIDTH + at, entry) != entry:
                raise _altered(name, gettext_noop("第{index}条与预写日志不同"), index=number * WIDTH + at)
        break
    while len(entries) < WIDTH and (index := number * WIDTH + len(entries)) in run.pending:
        entries.append(run.pending[index])
    return entries


def _check_level(run: _Audit, level: int) -> list[bytes]:
    """Check the hash tiles of a level above 0; return the hashes of its incomplete tile at the checkpoint's size."""
    known, run.above = run.above, []
    count, edge = level_count(run.checkpoint.size, level), []
    for number in range(-(-len(known) // WIDTH)):
        hashes = known[number * WIDTH : (number + 1) * WIDTH]
        need = min(WIDTH, max(0, count - number * WIDTH))
        _check_tile(run, TileName(level, number), hashes, need)
        if len(hashes) == WIDTH:
            run.above.append(merkle.fold(hashes))
        if 0 < need < WIDTH:
            edge = hashes[:need]
    return edge


def _check_tile(run: _Audit, tile: TileName, items: Sequence[bytes], need: int) -> None:
    """Check every file of one tile, and that the one the checkpoint needs is there."""
    widths = run.tiles.pop((tile.level, tile.number), set())
    for width in widths:
        name = TileName(tile.level, tile.number, width).path
        if width > len(items):
            raise _altered(name, gettext_noop("超出日志的末尾"))
        expected = encode_tile(tile.level, items[:width])
        try:
            found = (run.folder / name).read_bytes()
        except FileNotFoundError:
            continue  # a partial tile goes when the full one comes
        if found != expected:
            raise _altered(name, gettext_noop("与叶子不符"))
        run.octets += len(found)
    if need and not widths & {need, WIDTH} and not (run.folder / tile.path).exists():
        raise _altered(TileName(tile.level, tile.number, need).path, gettext_noop("缺失"))


def check_against(report: AuditReport, receipt: Receipt, leaf: bytes) -> None:
    """Check that an audited folder continues the tree a receipt was issued from and holds its leaf.

    Raises:
        FolderOlderError: if the folder's tree is smaller.
        FolderForkedError: if it is another history.
    """
    there = receipt.checkpoint
    if report.checkpoint.origin != there.origin:
        other = gettext_noop("文件夹属于日志“{folder}”，回执属于“{receipt}”")
        raise FolderForkedError(problem=told(other, folder=report.checkpoint.origin, receipt=there.origin))
    if report.checkpoint.size < there.size:
        raise FolderOlderError(folder_size=report.checkpoint.size, receipt_size=there.size)
    reader = TileReader(report.folder, report.checkpoint.size)
    try:
        root, entry = reader.root(there.size), reader.entry(receipt.index)
    except TileError as problem:
        raise FolderAlteredError(file=problem.path, problem=problem.problem) from problem
    if root != there.root:
        raise FolderForkedError(problem=told(gettext_noop("同一大小的树有两个根哈希")))
    if entry != leaf:
        raise FolderForkedError(problem=told(gettext_noop("同一序号上是另一片叶子")))
