"""The right edge of the tree in memory, and the tiles and checkpoints it writes."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from jutong.evidence import files, merkle
from jutong.evidence.checkpoint import Checkpoint
from jutong.evidence.errors import told
from jutong.evidence.tiles import (
    ENTRIES,
    WIDTH,
    TileError,
    TileName,
    decode_bundle,
    decode_hashes,
    encode_tile,
    level_count,
    malformed,
    miscounted,
    partial_widths,
)
from jutong.kernel.i18n import gettext_noop

CHECKPOINT = "checkpoint"
ASIDE = "tmp"


class TileWriter:
    """Appends entries to the tree and writes what changed. One thread at a time.

    A tile is not synced when written, because the write-ahead log can rebuild it; ``sync`` makes all of them durable
    before any of that log is dropped. Only a full tile that replaces partial ones is synced at once, since those
    are then removed.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.size = 0
        self._edges: list[list[bytes]] = [[]]
        self._entries: list[bytes] = []
        self._unsynced: set[Path] = set()
        self._replaced: list[Path] = []
        self._folders: set[Path] = set()

    def load(self, size: int) -> None:
        """Take up the right edge of a tree of ``size`` from the folder.

        Raises:
            TileError: if the tiles at the edge are missing or malformed.
        """
        self.size = size
        self._entries = self._load_edge(ENTRIES)
        self._edges = [self._load_edge(0)]
        while level_count(size, len(self._edges)):
            self._edges.append(self._load_edge(len(self._edges)))

    def _load_edge(self, level: int) -> list[bytes]:
        number, width = divmod(level_count(self.size, level), WIDTH)
        if not width:
            return []
        name = TileName(level, number, width)
        # The narrowest sufficient partial tile is the one synced before the log behind it was dropped.
        widths = [found for found in partial_widths(self.folder, name) if found >= width]
        path = TileName(level, number, widths[0] if widths else WIDTH).path
        try:
            data = (self.folder / path).read_bytes()
            items = decode_bundle(data) if level == ENTRIES else decode_hashes(data)
        except FileNotFoundError as problem:
            raise TileError(name.path, told(gettext_noop("缺失"))) from problem
        except ValueError as problem:
            raise malformed(path, problem) from problem
        if len(items) < width:
            raise miscounted(path, len(items), width)
        return items[:width]

    def root(self) -> bytes:
        """Return the tree hash of everything appended so far."""
        carried: list[bytes] = []
        for edge in self._edges:
            nodes = edge + carried
            carried = [merkle.fold(nodes)] if nodes else []
        return carried[0] if carried else merkle.EMPTY_ROOT

    def extend(self, entries: Sequence[bytes]) -> None:
        """Append entries and write every tile they complete; ``flush`` writes the partial ones.

        Raises:
            OSError: if the disk refuses; the writer is then behind its own files and must be thrown away.
        """
        at = 0
        while at < len(entries):
            taken = entries[at : at + WIDTH - len(self._entries)]
            at += len(taken)
            self.size += len(taken)
            self._entries += taken
            self._edges[0] += [merkle.leaf_hash(entry) for entry in taken]
            if len(self._entries) == WIDTH:
                number = self.size // WIDTH - 1
                self._write(TileName(ENTRIES, number), encode_tile(ENTRIES, self._entries))
                self._entries = []
                self._complete(0, number)

    def _complete(self, level: int, number: int) -> None:
        while len(self._edges[level]) == WIDTH:
            self._write(TileName(level, number), b"".join(self._edges[level]))
            if level + 1 == len(self._edges):
                self._edges.append([])
            self._edges[level + 1].append(merkle.fold(self._edges[level]))
            self._edges[level] = []
            level, number = level + 1, number // WIDTH

    def flush(self) -> None:
        """Write the partial tiles of the present size."""
        for level in range(ENTRIES, len(self._edges)):
            items = self._entries if level == ENTRIES else self._edges[level]
            if items:
                name = TileName(level, level_count(self.size, level) // WIDTH, len(items))
                if not (self.folder / name.path).exists():
                    self._write(name, encode_tile(level, items))

    def rewrite_partials(self) -> None:
        """Write anew every partial tile that lies at the edge: after a power cut the unsynced ones may be garbage.

        Raises:
            TileError: if a tile holds more than the log does: then the log was cut behind our back.
        """
        for level in range(ENTRIES, len(self._edges)):
            items = self._entries if level == ENTRIES else self._edges[level]
            edge = TileName(level, level_count(self.size, level) // WIDTH)
            widths = partial_widths(self.folder, edge)
            beyond = [width for width in widths if width > len(items)]
            if (self.folder / edge.path).exists():
                beyond.append(WIDTH)
            if beyond:
                path = TileName(level, edge.number, beyond[0]).path
                raise TileError(path, told(gettext_noop("超出日志的末尾")))
            for width in widths:
                self._write(TileName(level, edge.number, width), encode_tile(level, items[:width]))

    def _write(self, name: TileName, data: bytes) -> None:
        path = self.folder / name.path
        if path.parent not in self._folders:
            files.make_folder(path.parent)
            self._folders.add(path.parent)
        partials = path.with_name(path.name + ".p") if name.width == WIDTH else None
        replaces = partials is not None and partials.is_dir()
        files.write_atomic(path, data, aside=self.folder / ASIDE, durable=replaces)
        if partials is not None and replaces:
            self._replaced.append(partials)
        else:
            self._unsynced.add(path)

    def publish(self, checkpoint: Checkpoint) -> None:
        """Replace the published checkpoint, durable, then remove partial tiles that full ones replaced."""
        path = self.folder / CHECKPOINT
        files.write_atomic(path, str(checkpoint).encode(), aside=self.folder / ASIDE, durable=True)
        for partials in self._replaced:
            shutil.rmtree(partials)
            self._folders.discard(partials)
        self._replaced = []

    def sync(self) -> None:
        """Make every tile written so far durable."""
        present = [path for path in self._unsynced if path.exists()]
        for path in present:
            files.sync_file(path)
        for parent in {path.parent for path in present}:
            files.sync_folder(parent)
        self._unsynced = set()
