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


def _seeds(lane: int, field: pa.Field[Any]) -> _Seeds:
    words = _derive("column", str(lane), field.name, str(field.type))
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
        self._seeds = [[_seeds(lane, field) for field in schema] for lane in range(LANES)]
        shape = [f"{field.name}\0{field.type}" for field in schema]
        self._sums = [int(_derive("schema", str(lane), *shape)[0]) for lane in range(LANES)]

    def update(self, batch: pa.RecordBatch) -> None:
        """Add the rows of a batch.

        Raises:
            TypeError: when the batch does not look like the schema.
        """
        if not batch.schema.equals(self.schema):
            raise TypeError("the batch has another schema")
        if batch.num_rows == 0:
            return
        columns = [_Column(array) for array in batch.columns]
        for lane in range(LANES):
            total = np.zeros(batch.num_rows, dtype=np.uint64)
            for column, seeds in zip(columns, self._seeds[lane], strict=True):
                total += column.mixed(seeds)
            row_sum = int(np.add.reduce(_mix(total)))
            self._sums[lane] = (self._sums[lane] + row_sum) % 2**64
        self.rows += batch.num_rows

    def text(self) -> str:
        """Return ``jc1:<rows>:<32 hex digits>``."""
        return f"{SCHEME}:{self.rows}:" + "".join(f"{lane:016x}" for lane in self._sums)


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


class _Column:
    """One column of a batch in canonical form, ready to be mixed with the seeds of either lane."""

    def __init__(self, array: pa.Array[Any]) -> None:
        self.nulls = np.asarray(array.is_null().to_numpy(zero_copy_only=False)) if array.null_count else None
        self.texts = _Texts(array) if array.type in {pa.string(), pa.binary()} else None
        self.words = [] if self.texts else _fixed_words(array)

    def mixed(self, seeds: _Seeds) -> Words:
        if self.texts:
            mixed = self.texts.mixed(seeds)
        else:
            mixed = _mix(self.words[0] + seeds.value)
            for word in self.words[1:]:
                mixed = _mix(mixed ^ word)
        if self.nulls is not None:
            mixed[self.nulls] = seeds.null
        return mixed


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

    def __init__(self, array: pa.Array[Any]) -> None:
        _, offsets, data = array.buffers()
        every = np.zeros(1, dtype="<i4") if offsets is None else np.frombuffer(memoryview(offsets), dtype="<i4")
        ends = every[array.offset : array.offset + len(array) + 1]
        self.starts = ends[:-1].astype(np.int64)
        self.lengths = np.diff(ends).astype(np.int64)
        if array.null_count:
            # A null's bytes, if it has any, mean nothing.
            self.lengths[np.asarray(array.is_null().to_numpy(zero_copy_only=False))] = 0
        first, last = int(ends[0]), int(ends[-1])
        self.starts -= first
        content = b"" if data is None else memoryview(data)[first:last]
        padded = np.zeros(last - first + _WORD, dtype=np.uint8)
        padded[: last - first] = np.frombuffer(content, dtype=np.uint8)
        # One word starting at every byte: lets a whole column be read at its own offsets in one step.
        self.words = np.ndarray((last - first + 1,), dtype="<u8", buffer=padded.data, strides=(1,))
        self.bytes = padded
        self.long = np.flatnonzero(self.lengths > LONG_BYTES)

    def mixed(self, seeds: _Seeds) -> Words:
        result = self.lengths.astype(np.uint64) * seeds.length + seeds.value
        short = np.where(self.lengths > LONG_BYTES, 0, self.lengths)
        self._mix_words(result, short)
        for row in self.long:
            start = self.starts[row]
            content = self.bytes[start : start + self.lengths[row]].tobytes()
            key = int(seeds.value).to_bytes(8, "little")
            word = hashlib.blake2b(content, digest_size=8, key=key).digest()
            result[row] ^= np.uint64(int.from_bytes(word, "little"))
        return _mix(result)

    def _mix_words(self, result: Words, lengths: npt.NDArray[np.int64]) -> None:
        longest = int(lengths.max(initial=0))
        for position in range(0, longest, _WORD):
            rows = np.flatnonzero(lengths > position)
            left = np.minimum(lengths[rows] - position, _WORD)
            words = self.words[self.starts[rows] + position] & _TAIL_MASKS[left]
            mixed = (result[rows] ^ words) * _MULTIPLY_A
            mixed ^= mixed >> np.uint64(32)
            result[rows] = mixed
