"""Where hashes and entries lie (C2SP tlog-tiles) and how they are read. Everything here works on a folder alone."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from jutong.evidence import merkle
from jutong.evidence.errors import Told, told
from jutong.kernel.i18n import gettext_noop

WIDTH = 256
HEIGHT = 8
ENTRIES = -1
"""The level under which entry bundles go; hash tiles start at level 0."""
LARGEST_ENTRY = 0xFFFF

_PATH = re.compile(r"tile/(entries|0|[1-9]\d?)/((?:x\d{3}/)*\d{3})(?:\.p/([1-9]\d{0,2}))?", re.ASCII)


class TileError(ValueError):
    """A tile is missing or not of its form. ``path`` is relative to the log folder."""

    def __init__(self, path: str, problem: Told) -> None:
        self.path = path
        self.problem = problem
        super().__init__(f"{path}: {problem}")


def malformed(path: str, problem: ValueError) -> TileError:
    """Return the error for a tile that cannot be taken apart."""
    return TileError(path, told(gettext_noop("内容不完整（{detail}）"), detail=str(problem)))


def miscounted(path: str, found: int, needed: int) -> TileError:
    """Return the error for a tile that holds another number of items than it must."""
    return TileError(path, told(gettext_noop("有{found}项，应有{needed}项"), found=found, needed=needed))


@dataclass(frozen=True, order=True)
class TileName:
    """Level (``ENTRIES`` for bundles), number and width of a tile; width 256 is a full one."""

    level: int
    number: int
    width: int = WIDTH

    @property
    def folder(self) -> str:
        """The path of the full tile, without ``.p``."""
        number = self.number
        parts = [f"{number % 1000:03d}"]
        while number >= 1000:  # noqa: PLR2004 - three digits a path element
            number //= 1000
            parts.append(f"x{number % 1000:03d}")
        level = "entries" if self.level == ENTRIES else str(self.level)
        return f"tile/{level}/" + "/".join(reversed(parts))

    @property
    def path(self) -> str:
        """The path relative to the log folder."""
        return self.folder if self.width == WIDTH else f"{self.folder}.p/{self.width}"

    @classmethod
    def parse(cls, path: str) -> TileName | None:
        """Read a relative path; anything that is not exactly a tile's gives None."""
        match = _PATH.fullmatch(path)
        if match is None:
            return None
        level = ENTRIES if match[1] == "entries" else int(match[1])
        number = 0
        for part in match[2].split("/"):
            number = number * 1000 + int(part.removeprefix("x"))
        found = cls(level, number, int(match[3]) if match[3] else WIDTH)
        return found if found.path == path and (match[3] is None or found.width < WIDTH) else None


def level_count(size: int, level: int) -> int:
    """Return how many hashes (or entries) a tree of ``size`` has on a level."""
    return size >> (HEIGHT * max(level, 0))


def encode_bundle(entries: Sequence[bytes]) -> bytes:
    """Return entries with their uint16 length prefixes."""
    return b"".join(part for entry in entries for part in (len(entry).to_bytes(2, "big"), entry))


def decode_bundle(data: bytes) -> list[bytes]:
    """Split a bundle into entries.

    Raises:
        ValueError: if the lengths do not add up.
    """
    entries: list[bytes] = []
    at = 0
    while at < len(data):
        end = at + 2 + int.from_bytes(data[at : at + 2], "big")
        if at + 2 > len(data) or end > len(data):
            raise ValueError("an entry is cut")
        entries.append(data[at + 2 : end])
        at = end
    return entries


def encode_tile(level: int, items: Sequence[bytes]) -> bytes:
    """Return the content of a tile: a bundle of entries or hashes in a row."""
    return encode_bundle(items) if level == ENTRIES else b"".join(items)


def decode_hashes(data: bytes) -> list[bytes]:
    """Split a hash tile into hashes.

    Raises:
        ValueError: if it is no whole number of hashes.
    """
    if len(data) % merkle.HASH_BYTES:
        raise ValueError("a hash is cut")
    return [data[at : at + merkle.HASH_BYTES] for at in range(0, len(data), merkle.HASH_BYTES)]


def partial_widths(folder: Path, name: TileName) -> list[int]:
    """Return the widths of the partial tiles that lie beside a tile, smallest first."""
    try:
        found = [item.name for item in (folder / f"{name.folder}.p").iterdir()]
    except FileNotFoundError:
        return []
    return sorted(int(item) for item in found if item.isascii() and item.isdigit())


class TileReader:
    """Reads one tree of a log folder and proves things about it. Tiles stay in a small cache; not thread-safe."""

    def __init__(self, folder: Path, size: int, *, cached: int = 64) -> None:
        self.folder = folder
        self.size = size
        self._cached = cached
        self._tiles: OrderedDict[tuple[int, int], list[bytes]] = OrderedDict()

    def _load(self, level: int, number: int) -> list[bytes]:
        width = min(WIDTH, level_count(self.size, level) - number * WIDTH)
        name = TileName(level, number, width)
        path, data = name.path, _read(self.folder / name.path)
        if data is None and width < WIDTH:
            path = name.folder
            data = _read(self.folder / path)
        if data is None:
            raise TileError(name.path, told(gettext_noop("缺失")))
        try:
            items = decode_bundle(data) if level == ENTRIES else decode_hashes(data)
        except ValueError as problem:
            raise malformed(path, problem) from problem
        if len(items) < width or (path == name.path and len(items) != width):
            raise miscounted(path, len(items), width)
        return items[:width]

    def tile(self, level: int, number: int) -> list[bytes]:
        """Return the hashes (or entries) of a tile, as many as this tree has.

        Raises:
            TileError: if the file is missing or malformed.
        """
        key = (level, number)
        if key in self._tiles:
            self._tiles.move_to_end(key)
            return self._tiles[key]
        items = self._tiles[key] = self._load(level, number)
        if len(self._tiles) > self._cached:
            self._tiles.popitem(last=False)
        return items

    def entry(self, index: int) -> bytes:
        """Return the entry at ``index``.

        Raises:
            TileError: if it is not readable.
        """
        return self.tile(ENTRIES, index // WIDTH)[index % WIDTH]

    def subtree(self, low: int, high: int) -> bytes:
        """Return the tree hash over leaves ``low`` to ``high``, a range as proofs name them."""
        width = high - low
        if width & (width - 1):
            middle = low + (1 << width.bit_length() - 1)
            return merkle.node_hash(self.subtree(low, middle), self.subtree(middle, high))
        level = (width.bit_length() - 1) // HEIGHT
        first = low >> (HEIGHT * level)
        items = self.tile(level, first // WIDTH)
        at = first % WIDTH
        return merkle.fold(items[at : at + (width >> (HEIGHT * level))])

    def root(self, size: int | None = None) -> bytes:
        """Return the tree hash at ``size``, by default the whole tree."""
        width = self.size if size is None else size
        return self.subtree(0, width) if width else merkle.EMPTY_ROOT

    def inclusion(self, index: int, size: int | None = None) -> list[bytes]:
        """Return the inclusion proof of a leaf in the tree of ``size``."""
        return merkle.inclusion_proof(index, self.size if size is None else size, self.subtree)

    def consistency(self, old: int, new: int | None = None) -> list[bytes]:
        """Return the consistency proof between two sizes."""
        return merkle.consistency_proof(old, self.size if new is None else new, self.subtree)


def _read(path: Path) -> bytes | None:
    try:
        with path.open("rb") as stream:
            return b"".join(iter(partial(stream.read, 1 << 20), b""))
    except FileNotFoundError:
        return None
