"""Rows about one person, recognised without keeping a value of theirs.

What an erasure has to find, also years later in a restored backup, is kept as digests salted with a secret of the node:
of numbers that mean the person wherever they stand, and of keys of registers. Whoever has not got the secret learns
nothing from them.

A row is about the person when a column of its own says so: ``entity_id``, the key of its register, or a field the order
names. Where somebody else's row only mentions the person (a spouse, a legal representative) the cell is emptied. In a
table of which neither is known, every row that has one of the numbers goes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from jutong.contracts.envelope import Document
from jutong.kernel.sealing import load_or_create_chest
from jutong.library.digest import RowDigest

SECRET = ("keys", "library-erasure.key")
ENTITY = "entity_id"
PAIRS = (("feed", "key"), ("left_feed", "left_key"), ("right_feed", "right_key"), ("believed_feed", "believed_key"))
STANDARDISED_KEY = "_key"

Mask = npt.NDArray[np.bool_]
Lanes = tuple[int, int]


class Register(Document):
    """Where a feed's rows are landed, and by which columns they are known."""

    feed: str
    organisation_code: str
    landed: str
    key: str
    own: tuple[str, ...]


class Known(Document):
    """What is kept to find a person again: digests of numbers and of keys, 32 hex digits each."""

    values: tuple[str, ...] = ()
    pairs: tuple[str, ...] = ()
    own: tuple[str, ...] = ()
    registers: tuple[Register, ...] = ()


def secret_of(home: Path) -> str:
    """Return the node's secret for these digests; made when there is none."""
    path = home.joinpath(*SECRET)
    load_or_create_chest(path)
    return hashlib.sha256(path.read_bytes()).hexdigest()


@dataclass(frozen=True)
class Judged:
    """Which rows of a batch go, and which cells of others are emptied."""

    goes: Mask
    emptied: dict[str, Mask] = field(default_factory=dict)

    @property
    def hit(self) -> bool:
        """Whether anything is to be done."""
        return bool(self.goes.any()) or bool(self.emptied)


class Marks:
    """Judges rows; see the module.

    Args:
        known: what to look for.
        secret: the node's.
    """

    def __init__(self, known: Known, secret: str) -> None:
        self.known = known
        self._one = RowDigest([pa.field("v", pa.string())], secret)
        self._two = RowDigest([pa.field("f", pa.string()), pa.field("k", pa.string())], secret)
        self._values = _Set(known.values)
        self._pairs = _Set(known.pairs)
        self._landed = {(one.organisation_code, one.landed): one for one in known.registers}

    def value(self, text: str) -> str:
        """Return the digest of a number."""
        return _hex(self._one.of(pa.record_batch({"v": pa.array([text], pa.string())})))[0]

    def pair(self, feed: str, key: str) -> str:
        """Return the digest of a register's key."""
        row = pa.record_batch({"f": pa.array([feed], pa.string()), "k": pa.array([key], pa.string())})
        return _hex(self._two.of(row))[0]

    def any_value(self, texts: Sequence[str]) -> bool:
        """Tell whether one of some texts is one of the numbers."""
        return bool(self._has_value(pa.array(list(texts), pa.string())).any())

    def judge(self, path: Path, batch: pa.RecordBatch) -> Judged:
        """Tell which rows of a table go, and which cells are emptied."""
        goes = np.zeros(batch.num_rows, dtype=np.bool_)
        own, pairs = self.roles(path, batch.schema.names)
        texts = [one.name for one in batch.schema if _textual(one.type) or one.name in own]
        for feed, key in pairs:
            goes |= self._has_pair(batch, feed, key)
        emptied: dict[str, Mask] = {}
        for name in texts:
            has = self._has_value(batch.column(name))
            if not has.any():
                continue
            if name in own or not (own or pairs):
                goes |= has
            else:
                emptied[name] = has
        return Judged(goes, {name: has & ~goes for name, has in emptied.items() if (has & ~goes).any()})

    def roles(self, path: Path, names: Sequence[str]) -> tuple[set[str], list[tuple[str, str]]]:
        """Return the columns that are a row's own, and the pairs of feed (or ``=`` and its name) and key."""
        zone, owner, table = path.parts[-3:]
        if zone == "landed":
            register = self._landed.get((owner, table))
            if register is None or register.key not in names:
                return set(), []
            return set(register.own), [(f"={register.feed}", register.key)]
        own = {name for name in (*self.known.own, ENTITY) if name in names}
        pairs = [(feed, key) for feed, key in PAIRS if feed in names and key in names]
        if zone == "standardised" and STANDARDISED_KEY in names:
            pairs.append((f"={table}", STANDARDISED_KEY))
        return own, pairs

    def _has_value(self, column: pa.Array[Any]) -> Mask:
        return self._values.has(self._one.of(pa.record_batch({"v": _text(column)}))) & _valid(column)

    def _has_pair(self, batch: pa.RecordBatch, feed: str, key: str) -> Mask:
        named = pa.array([feed[1:]] * batch.num_rows, pa.string()) if feed[0] == "=" else _text(batch.column(feed))
        keys = _text(batch.column(key))
        return self._pairs.has(self._two.of(pa.record_batch({"f": named, "k": keys}))) & _valid(keys)


class _Set:
    """A set of digests of two lanes."""

    def __init__(self, digests: Iterable[str]) -> None:
        lanes = {(int(one[:16], 16), int(one[16:], 16)) for one in digests}
        self._lanes = lanes
        self._first = np.array(sorted({first for first, _ in lanes}), dtype=np.uint64)

    def has(self, found: Sequence[npt.NDArray[np.uint64]]) -> Mask:
        if not self._first.size:
            return np.zeros(found[0].size, dtype=np.bool_)
        has = np.isin(found[0], self._first)
        for place in np.flatnonzero(has):
            has[place] = (int(found[0][place]), int(found[1][place])) in self._lanes
        return has


def _textual(kind: pa.DataType) -> bool:
    return pa.types.is_string(kind) or pa.types.is_large_string(kind)


def _text(column: pa.Array[Any]) -> pa.Array[Any]:
    return column if column.type == pa.string() else column.cast(pa.string())


def _valid(column: pa.Array[Any]) -> Mask:
    return np.asarray(column.is_valid().to_numpy(zero_copy_only=False))


def _hex(lanes: Sequence[npt.NDArray[np.uint64]]) -> list[str]:
    return [f"{int(first):016x}{int(second):016x}" for first, second in zip(*lanes, strict=True)]
