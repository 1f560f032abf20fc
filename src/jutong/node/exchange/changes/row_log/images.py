"""Rows of a row log, cut into columns many at a time.

An event has the images of several rows, one behind the other, each as long as its values are. So the first images of
all events are cut together, then the second ones, and so on: each step takes whole columns with numpy. An image has
a bit for every column that has no value, and then the values of the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from jutong.node.exchange.changes.row_log.events import Shape, UnreadableError

Places = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]
Flags = npt.NDArray[np.bool_]

DECIMAL_BYTES = (0, 1, 1, 2, 2, 3, 3, 4, 4, 4)
"""As many bytes has a number of so many digits."""

NEWDECIMAL, STRING, ENUM, SET, BIT = 246, 254, 247, 248, 16
_FIXED = {1: 1, 2: 2, 3: 4, 4: 4, 5: 8, 6: 0, 7: 4, 8: 8, 9: 3, 10: 3, 11: 3, 12: 8, 13: 1, 14: 3}
_WITH_FRACTION = {17: 4, 18: 5, 19: 3}
_BY_LENGTH = {140, 242, 245, 249, 250, 251, 252, 255}
_VARIABLE = {15, 141, 253}
_ONE_BYTE = 256


@dataclass(frozen=True)
class Width:
    """How long a value is: ``fixed`` bytes, or as many as the ``prefix`` bytes before it say."""

    fixed: int = 0
    prefix: int = 0


def real_type(kind: int, meta: int) -> tuple[int, int]:
    """Return the type that a text's description stands for, and its length: enumerations are described as texts."""
    if kind != STRING:
        return kind, meta
    first, second = meta >> 8, meta & 0xFF
    if first & 0x30 != 0x30:  # noqa: PLR2004 - two bits of the length stand among those of the type
        return first | 0x30, second | (((first & 0x30) ^ 0x30) << 4)
    return first, second


def width_of(kind: int, meta: int) -> Width:
    """Return how long a type's values are.

    Raises:
        UnreadableError: for a type that is not known.
    """
    kind, meta = real_type(kind, meta)
    fixed = -1
    if kind in _BY_LENGTH:
        return Width(prefix=meta)
    if kind in _VARIABLE or kind == STRING:
        return Width(prefix=1 if meta < _ONE_BYTE else 2)
    if kind in _FIXED:
        fixed = _FIXED[kind]
    elif kind in _WITH_FRACTION:
        fixed = _WITH_FRACTION[kind] + (meta + 1) // 2
    elif kind in {ENUM, SET}:
        fixed = meta
    elif kind == BIT:
        fixed = (meta >> 8) + bool(meta & 0xFF)
    elif kind == NEWDECIMAL:
        fixed = sum(decimal_groups(meta)[2])
    if fixed < 0:
        raise UnreadableError(f"type {kind}")
    return Width(fixed)


def decimal_groups(meta: int) -> tuple[int, int, tuple[int, ...]]:
    """Return precision and scale of a decimal, and how many bytes each of its groups of digits has."""
    precision, scale = meta >> 8, meta & 0xFF
    whole = precision - scale
    groups = [DECIMAL_BYTES[whole % 9]] if whole % 9 else []
    groups += [4] * (whole // 9 + scale // 9)
    groups += [DECIMAL_BYTES[scale % 9]] if scale % 9 else []
    return precision, scale, tuple(groups)


@dataclass(frozen=True)
class Cells:
    """Values of one column: which have none, which are not told, and where the others lie in the bytes."""

    nulls: Flags
    untold: Flags
    starts: Places
    sizes: Places


@dataclass(frozen=True)
class Images:
    """Rows as they were or are: ``events`` says of which event, ``turns`` which of its images."""

    events: Places
    turns: Places
    cells: tuple[Cells, ...]


def cut(
    data: Bytes, bounds: tuple[Places, Places], shape: Shape, presents: Sequence[bytes], wanted: Sequence[int]
) -> tuple[Images, ...]:
    """Cut the images of events of one kind into columns.

    Args:
        data: the bytes of all events.
        bounds: where the images of each begin, and where they end.
        shape: the table's columns.
        presents: which columns an image has, by bits; two for updates, whose images come in pairs.
        wanted: the places of the columns that are asked for.

    Returns:
        The images of each of ``presents``.

    Raises:
        UnreadableError: when an image is not as long as it says.
    """
    cutters = [_Cutter(data, shape, present, wanted) for present in presents]
    starts, ends = bounds
    active, at, turn = np.arange(starts.size), starts.astype(np.int64), 0
    going = at < ends
    active, at = active[going], at[going]
    while active.size:
        for cutter in cutters:
            at = cutter.take(at, active, turn)
        if (at > ends[active]).any():
            raise UnreadableError("length")
        going = at < ends[active]
        active, at, turn = active[going], at[going], turn + 1
    return tuple(cutter.images() for cutter in cutters)


class _Cutter:
    """Cuts images that have the same columns."""

    def __init__(self, data: Bytes, shape: Shape, present: bytes, wanted: Sequence[int]) -> None:
        self._data = data
        self._most = max(data.size - 1, 0)
        there = [place for place in range(len(shape.types)) if present[place >> 3] >> (place & 7) & 1]
        self._widths = [width_of(shape.types[place], shape.metas[place]) for place in there]
        self._wanted = wanted
        self._at = {place: number for number, place in enumerate(there)}
        asked = {self._at[place] for place in wanted if place in self._at}
        self._asked = [number in asked for number in range(len(there))]
        self._bits = (len(there) + 7) // 8
        self._found: list[dict[int, tuple[Flags, Places, Places]]] = []
        self._events: list[Places] = []
        self._turns: list[Places] = []

    def take(self, at: Places, events: Places, turn: int) -> Places:
        """Cut the images that begin at some places; return where they end."""
        nulls = self._data[np.minimum(at[:, None] + np.arange(self._bits), self._most)]
        at = at + self._bits
        found = {}
        for number, width in enumerate(self._widths):
            null = (nulls[:, number >> 3] >> np.uint8(number & 7) & np.uint8(1)).astype(np.bool_)
            sizes: Places
            begins = at
            if width.prefix:
                sizes = np.zeros(at.size, dtype=np.int64)
                for byte in range(width.prefix):
                    sizes |= self._data[np.minimum(at + byte, self._most)].astype(np.int64) << (8 * byte)
                begins = at + width.prefix
                at = np.where(null, at, begins + sizes)
            else:
                sizes = np.full(at.size, width.fixed, dtype=np.int64)
                at = np.where(null, at, at + width.fixed)
            if (at > self._data.size).any():
                raise UnreadableError("length")
            if self._asked[number]:
                found[number] = (null, begins, sizes)
        self._found.append(found)
        self._events.append(events)
        self._turns.append(np.full(events.size, turn, dtype=np.int64))
        return at

    def images(self) -> Images:
        """Return what was cut."""
        nothing: Places = np.zeros(0, dtype=np.int64)
        events = np.concatenate([nothing, *self._events])
        cells = []
        for place in self._wanted:
            number = self._at.get(place)
            if number is None:
                told = np.ones(events.size, dtype=np.bool_)
                zeros = np.zeros(events.size, dtype=np.int64)
                cells.append(Cells(told, told, zeros, zeros))
                continue
            null = np.concatenate([np.zeros(0, dtype=np.bool_), *(found[number][0] for found in self._found)])
            begins = np.concatenate([nothing, *(found[number][1] for found in self._found)])
            sizes = np.concatenate([nothing, *(found[number][2] for found in self._found)])
            untold = np.zeros(events.size, dtype=np.bool_)
            cells.append(Cells(null, untold, np.where(null, 0, begins), np.where(null, 0, sizes)))
        return Images(events, np.concatenate([nothing, *self._turns]), tuple(cells))
