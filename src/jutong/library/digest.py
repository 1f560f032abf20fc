"""A content digest of a table: the same rows give the same digest, in whatever order and batches they come.

Every value is brought to one canonical form (integers, dates and times as 64-bit numbers, decimals as 128-bit
unscaled numbers, texts and bytes by length and 8-byte words, floating point by its bits with one NaN; null is none
of them). A value is mixed with a seed of its column, the row's values are added and mixed again, and the rows are
added, in two independent lanes of 64 bits each. The row count stands beside the sums. So a changed value, a value
moved to another row or column, a lost row and a row that came twice all change the digest, except with a chance of
about 2^-128 when the change is an accident.

Limits: it is no cryptographic hash. Somebody free to choose rows could make two tables with one digest; against
that stands the node's signature on the receipt, not this sum. It compares Arrow content with Arrow content, so
what a driver did to a value before it became Arrow is out of its sight (the counts are compared with the source's).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Words = npt.NDArray[np.uint64]

SCHEME = "jc1"
LANES = 2
LONG_BYTES = 1024
"""Values longer than this are hashed one by one with BLAKE2b; the loop over words would cost more."""

_WORD = 8
_MULTIPLY_A = np.uint64(0xBF58476D1CE4E5B9)
_MULTIPLY_B = np.uint64(0x94D049BB133111EB)
_HALF = np.uint64(32)
_TAIL_MASKS: Words = np.array([(1 << 8 * size) - 1 for size in range(_WORD)] + [2**64 - 1], dtype=np.uint64)


@dataclass(frozen=True)
class _Seeds:
    """What one column contributes to one lane besides its values."""

    value: np.uint64
    null: np.uint64
    length: np.uint64


def _derive(*parts: str) -> list[np.uint64]:
    text = "\0".join((SCHEME, *parts)).encode()
    return [np.uint64(word) for word in np.frombuffer(hashlib.sha256(text).digest(), dtype="<u8")]


def _seeds(lane: int, field: pa.Field[Any], *salt: str) -> _Seeds:
    words = _derive("column", str(lane), field.name, str(field.type), *salt)
    return _Seeds(words[0], words[1], words[2] | np.uint64(1))


class ContentDigest:
    """Adds up a table batch by batch.

    Args:
        schema: what every batch must look like; names and types are part of the digest.

    Raises:
        TypeError: for a type that has no canonical form here.
    """

    def __init__(self, schema: pa.Schema) -> None:
        for field in schema:
            if not _supported(field.type):
                raise TypeError(f"no canonical form for {field.type}")
        self.schema = schema
        self.rows = 0
        self._seeds = [[_seeds(lane, field) for lane in range(LANES)] for field in schema]
        shape = [f"{field.name}\0{field.type}" for field in schema]
        self._begun = [int(_derive("schema", str(lane), *shape)[0]) for lane in range(LANES)]
        self._sums = list(self._begun)

    def update(self, batch: pa.RecordBatch) -> None:
        """Add the rows of a batch.

        Raises:
            TypeError: when the batch does not look like the schema.
        """
        if not batch.schema.equals(self.schema):
            raise TypeError("the batch has another schema")
        if batch.num_rows == 0:
            return
        totals = [np.zeros(batch.num_rows, dtype=np.uint64) for _ in range(LANES)]
        for array, seeds in zip(batch.columns, self._seeds, strict=True):
            for total, mixed in zip(totals, _mixed(array, seeds), strict=True):
                np.add(total, mixed, out=total)
        self._sums = [
            (so_far + int(np.add.reduce(_mix(total)))) % 2**64 for so_far, total in zip(self._sums, totals, strict=True)
        ]
        self.rows += batch.num_rows

    def add(self, text: str) -> None:
        """Add the rows another digest of the same schema stands for, as it told them.

        Raises:
            ValueError: for a text that is no digest.
        """
        scheme, rows, lanes = text.split(":")
        if scheme != SCHEME or len(lanes) != 16 * LANES:
            raise ValueError(f"not a digest of {SCHEME}")
        found = [int(lanes[16 * lane : 16 * (lane + 1)], 16) for lane in range(LANES)]
        # Every digest begins with what the schema adds; here it is there already.
        self._sums = [
            (so_far + other - begun) % 2**64
            for so_far, other, begun in zip(self._sums, found, self._begun, strict=True)
        ]
        self.rows += int(rows)

    @staticmethod
    def sum_of(schema: pa.Schema, *texts: str) -> ContentDigest:
        """Return the digest of all the rows some digests of one schema stand for."""
        total = ContentDigest(schema)
        for text in texts:
            total.add(text)
        return total

    def take_away(self, text: str) -> None:
        """Take away the rows another digest of the same schema stands for; they must have been added before.

        Raises:
            ValueError: for a text that is no digest.
        """
        other = ContentDigest(self.schema)
        other.add(text)
        self._sums = [
            (so_far - there + begun) % 2**64
            for so_far, there, begun in zip(self._sums, other._sums, self._begun, strict=True)
        ]
        self.rows -= other.rows

    def text(self) -> str:
        """Return ``jc1:<rows>:<32 hex digits>``."""
        return f"{SCHEME}:{self.rows}:" + "".join(f"{lane:016x}" for lane in self._sums)


class RowDigest:
    """Digests of single rows: two rows have the same one when they have the same values.

    Args:
        fields: the columns that count.
        salt: mixed into every one; with a salt nobody knows beforehand no two different rows can be made to agree.
    """

    def __init__(self, fields: Sequence[pa.Field[Any]], salt: str) -> None:
        self._names = [field.name for field in fields]
        self._seeds = [[_seeds(lane, field, salt) for lane in range(LANES)] for field in fields]

    def of(self, batch: pa.RecordBatch) -> list[Words]:
        """Return the rows' digests, one array a lane."""
        totals = [np.zeros(batch.num_rows, dtype=np.uint64) for _ in range(LANES)]
        for name, seeds in zip(self._names, self._seeds, strict=True):
            for total, mixed in zip(totals, _mixed(batch.column(name), seeds), strict=True):
                np.add(total, mixed, out=total)
        return [_mix(total) for total in totals]


def _supported(kind: pa.DataType) -> bool:
    return (
        pa.types.is_boolean(kind)
        or pa.types.is_signed_integer(kind)
        or kind in {pa.float32(), pa.float64(), pa.string(), pa.binary(), pa.date32()}
        or (pa.types.is_timestamp(kind) and kind.unit == "us")
        or pa.types.is_decimal128(kind)
    )


def _mix(words: Words) -> Words:
    """Scatter the bits of each word, in place (the finaliser of SplitMix64, a bijection)."""
    words ^= words >> np.uint64(30)
    words *= _MULTIPLY_A
    words ^= words >> np.uint64(27)
    words *= _MULTIPLY_B
    words ^= words >> np.uint64(31)
    return words


def _absorb(states: Words, words: Words) -> None:
    """Take one more word into each state, in place."""
    states ^= words
    states *= _MULTIPLY_A
    states ^= states >> _HALF


def _mixed(array: pa.Array[Any], seeds: list[_Seeds]) -> list[Words]:
    """Return the mixed values of a column, once for each lane."""
    nulls = np.asarray(array.is_null().to_numpy(zero_copy_only=False)) if array.null_count else None
    if array.type in {pa.string(), pa.binary()}:
        lanes = _Texts(array, nulls).mixed(seeds)
    else:
        first, *rest = _fixed_words(array)
        lanes = [_mix(first + lane.value) for lane in seeds]
        for word in rest:
            lanes = [_mix(mixed ^ word) for mixed in lanes]
    if nulls is not None:
        for mixed, lane in zip(lanes, seeds, strict=True):
            mixed[nulls] = lane.null
    return lanes


def _values(array: pa.Array[Any], kind: str, width: int = 1) -> npt.NDArray[Any]:
    buffer = array.buffers()[1]
    values = np.frombuffer(memoryview(buffer), dtype=kind) if buffer is not None else np.zeros(0, dtype=kind)
    return values[array.offset * width : (array.offset + len(array)) * width]


def _fixed_words(array: pa.Array[Any]) -> list[Words]:
    kind = array.type
    if pa.types.is_decimal128(kind):
        pairs = _values(array, "<u8", width=2)
        return [pairs[0::2].copy(), pairs[1::2].copy()]
    if pa.types.is_boolean(kind):
        return [_values(array.cast(pa.uint8()), "u1").astype(np.uint64)]
    if pa.types.is_floating(kind):
        return [_float_bits(_values(array, "<f4" if kind == pa.float32() else "<f8"))]
    signed = _values(array, f"<i{kind.bit_width // 8}")
    return [signed.astype(np.int64).view(np.uint64)]


def _float_bits(values: npt.NDArray[Any]) -> Words:
    plain = values.copy()
    plain[np.isnan(plain)] = np.nan  # every NaN means the same
    return plain.view(f"<u{values.itemsize}").astype(np.uint64)


class _Texts:
    """Texts or bytes of varying length, read as little-endian words straight from the column's buffer."""

    def __init__(self, array: pa.Array[Any], nulls: npt.NDArray[np.bool_] | None) -> None:
        _, offsets, data = array.buffers()
        every = np.zeros(1, dtype="<i4") if offsets is None else np.frombuffer(memoryview(offsets), dtype="<i4")
        ends = every[array.offset : array.offset + len(array) + 1]
        first, last = int(ends[0]), int(ends[-1])
        self.starts = ends[:-1].astype(np.int64) - first
        self.lengths = np.diff(ends).astype(np.int64)
        if nulls is not None:
            self.lengths[nulls] = 0  # a null's bytes, if it has any, mean nothing
        content = b"" if data is None else memoryview(data)[first:last]
        self.bytes = np.zeros(last - first + _WORD, dtype=np.uint8)
        self.bytes[: last - first] = np.frombuffer(content, dtype=np.uint8)
        # One word starting at every byte: lets a whole column be read at its own offsets in one step.
        self.words = np.ndarray((last - first + 1,), dtype="<u8", buffer=self.bytes.data, strides=(1,))

    def mixed(self, seeds: list[_Seeds]) -> list[Words]:
        lanes = [self.lengths.astype(np.uint64) * lane.length + lane.value for lane in seeds]
        self._mix_short(lanes)
        for row in np.flatnonzero(self.lengths > LONG_BYTES):
            content = self.bytes[self.starts[row] : self.starts[row] + self.lengths[row]].tobytes()
            for mixed, lane in zip(lanes, seeds, strict=True):
                key = int(lane.value).to_bytes(_WORD, "little")
                word = hashlib.blake2b(content, digest_size=_WORD, key=key).digest()
                mixed[row] ^= np.uint64(int.from_bytes(word, "little"))
        return [_mix(mixed) for mixed in lanes]

    def _mix_short(self, lanes: list[Words]) -> None:
        """Take the values a word at a time, all rows in step; rows that have ended leave the work."""
        rows = np.flatnonzero((self.lengths > 0) & (self.lengths <= LONG_BYTES))
        starts, left = self.starts[rows], self.lengths[rows]
        states = [mixed[rows] for mixed in lanes]
        while rows.size:
            words = self.words[starts]
            words &= _TAIL_MASKS[np.minimum(left, _WORD)]
            for state in states:
                _absorb(state, words)
            starts, left = starts + _WORD, left - _WORD
            going = left > 0
            if not going.all():
                ended = ~going
                for mixed, state in zip(lanes, states, strict=True):
                    mixed[rows[ended]] = state[ended]
                rows, starts, left = rows[going], starts[going], left[going]
                states = [state[going] for state in states]
