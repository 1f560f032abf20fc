"""What pgoutput says of rows, decoded whole columns at a time.

A message is looked at by its first bytes only, one after the other; the rows of many messages are then cut into
columns together, with numpy. Numbers are big-endian. Protocol version 1: a transaction comes when it is committed.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Places = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]
Flags = npt.NDArray[np.bool_]

INSERT, UPDATE, DELETE, TRUNCATE, BEGIN, COMMIT, RELATION = b"IUDTBCR"
NULL, UNCHANGED, TEXT, OLD, KEY, NEW = b"nutOKN"
_OF_ROW = 5
"""A message of a row begins with its letter and the number of its table."""

_LENGTH = 5
_U32 = struct.Struct(">I")


class UnreadableError(Exception):
    """The bytes are not what the protocol says."""


@dataclass(frozen=True)
class Relation:
    """A table as the log describes it before the first row of it; ``identity`` is ``d``, ``n``, ``f`` or ``i``."""

    number: int
    schema_name: str
    table: str
    identity: str
    columns: tuple[str, ...]


def relation(message: bytes) -> Relation:
    """Read a message that describes a table.

    Raises:
        UnreadableError: when it ends too early.
    """
    try:
        number = _U32.unpack_from(message, 1)[0]
        schema_name, place = _text(message, 5)
        table, place = _text(message, place)
        identity, count = struct.unpack_from(">ch", message, place)
        place += 3
        columns = []
        for _ in range(count):
            name, place = _text(message, place + 1)
            columns.append(name)
            place += 8
        if place != len(message):
            raise UnreadableError("relation")
    except (struct.error, ValueError) as error:
        raise UnreadableError("relation") from error
    return Relation(number, schema_name or "pg_catalog", table, identity.decode(), tuple(columns))


def truncated(message: bytes) -> tuple[int, ...]:
    """Return the numbers of the tables a message says were emptied.

    Raises:
        UnreadableError: when it ends too early.
    """
    try:
        (count,) = _U32.unpack_from(message, 1)
        return struct.unpack_from(f">{count}I", message, 6)
    except struct.error as error:
        raise UnreadableError("truncate") from error


def committed_at(message: bytes) -> int:
    """Return where in the log the transaction is committed that a message begins."""
    return int(struct.unpack_from(">Q", message, 1)[0])


def number_of(message: bytes) -> int:
    """Return the number of the table a message of a row is about."""
    return int(_U32.unpack_from(message, 1)[0])


@dataclass(frozen=True)
class Cells:
    """The values of one column: what each is (``n``, ``u``, ``t``), and where its text lies in the bytes."""

    kinds: Bytes
    starts: Places
    sizes: Places

    def take(self, rows: Places) -> Cells:
        """Return the values of some rows."""
        return Cells(self.kinds[rows], self.starts[rows], self.sizes[rows])

    def filled_from(self, old: Cells, whole: Flags) -> Cells:
        """Return the values with those that are not told taken from older rows, of those that are told whole."""
        gaps = (self.kinds == UNCHANGED) & whole
        pairs = ((self.kinds, old.kinds), (self.starts, old.starts), (self.sizes, old.sizes))
        return Cells(*(np.where(gaps, theirs, ours) for ours, theirs in pairs))


@dataclass(frozen=True)
class Rows:
    """Rows of messages: ``messages`` says of which, ``columns`` are in the order of the table."""

    messages: Places
    columns: tuple[Cells, ...]


@dataclass(frozen=True)
class Decoded:
    """Rows that are there after the messages, and rows that were there before; ``data`` has all their texts."""

    data: Bytes
    there: Rows
    gone: Rows


def decode(messages: list[bytes], columns: int) -> Decoded:
    """Cut messages of rows of one table into columns.

    An update that tells the old row, or its key, takes that away and brings the new one; what the new one does not
    tell because it did not change is taken from the old row where that is whole.

    Args:
        messages: inserts, updates and deletes.
        columns: how many the table has.

    Raises:
        UnreadableError: when a message is none of these, or is not as long as it says.
    """
    data: Bytes = np.frombuffer(b"".join(messages), dtype=np.uint8)
    ends = np.cumsum(np.fromiter(map(len, messages), np.int64, len(messages)))
    starts = np.concatenate([[0], ends[:-1]])
    operations, markers = data[starts], data[starts + _OF_ROW]
    if not np.isin(operations, [INSERT, UPDATE, DELETE]).all():
        raise UnreadableError("operation")
    tells_old = (markers == OLD) | (markers == KEY)
    first, behind = _cut(data, starts + _OF_ROW + 1, columns)
    again = np.flatnonzero((operations == UPDATE) & tells_old)
    plain = np.flatnonzero((operations != DELETE) & ~tells_old)
    second, behind_second = _cut(data, behind[again] + 1, columns)
    reached = behind.copy()
    reached[again] = behind_second
    if not (reached == ends).all() or not (tells_old == (operations == DELETE))[np.delete(_all(starts), again)].all():
        raise UnreadableError("length")
    whole = markers[again] == OLD
    news = [after.filled_from(before.take(again), whole) for after, before in zip(second, first, strict=True)]
    there = tuple(
        Cells(*(np.concatenate(pair) for pair in _pairs(cells.take(plain), new)))
        for cells, new in zip(first, news, strict=True)
    )
    old = np.flatnonzero(tells_old)
    return Decoded(
        data,
        Rows(np.concatenate([plain, again]), there),
        Rows(old, tuple(cells.take(old) for cells in first)),
    )


def _all(starts: Places) -> Places:
    return np.arange(starts.size)


def _pairs(one: Cells, other: Cells) -> list[tuple[npt.NDArray[np.generic], npt.NDArray[np.generic]]]:
    return [(one.kinds, other.kinds), (one.starts, other.starts), (one.sizes, other.sizes)]


def _cut(data: Bytes, places: Places, columns: int) -> tuple[tuple[Cells, ...], Places]:
    """Cut the rows that begin at some places; return their columns, and where each row ends."""
    if not places.size:
        nothing: Places = np.zeros(0, dtype=np.int64)
        return tuple(Cells(np.zeros(0, np.uint8), nothing, nothing) for _ in range(columns)), places
    most = data.size - 1
    told = (data[np.minimum(places, most)].astype(np.int64) << 8) | data[np.minimum(places + 1, most)]
    if not (told == columns).all():
        raise UnreadableError("columns")
    at, found = places + 2, []
    for _ in range(columns):
        kinds = data[np.minimum(at, most)]
        has = kinds == TEXT
        if not (has | (kinds == NULL) | (kinds == UNCHANGED)).all():
            raise UnreadableError("value")
        sizes = np.zeros(at.size, dtype=np.int64)
        for byte in range(1, _LENGTH):
            sizes = (sizes << 8) | data[np.minimum(at + byte, most)]
        sizes = np.where(has, sizes, 0)
        starts = at + np.where(has, _LENGTH, 1)
        at = starts + sizes
        if (at > data.size).any():
            raise UnreadableError("length")
        found.append(Cells(kinds, starts, sizes))
    return tuple(found), at


def _text(message: bytes, place: int) -> tuple[str, int]:
    end = message.index(b"\0", place)
    return message[place:end].decode(), end + 1
