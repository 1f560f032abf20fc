"""Parquet files: typed columns, row group by row group."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedReader

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from jutong.node.files.arrival import Arrived
from jutong.node.files.errors import FileBrokenError, FileTooLargeError
from jutong.node.files.rows import FileRows

MOST_PACKED = 512 << 20
"""A Parquet file is read from its end: one that comes in an archive is unpacked into memory."""

BATCH_ROWS = 65_536
_NARROW = 38


@contextmanager
def opened(arrived: Arrived) -> Iterator[pq.ParquetFile]:
    """Open a file.

    Raises:
        FileBrokenError: when it is none, or cut off: what it holds is listed at its end.
        FileTooLargeError: when it is packed and too large.
    """
    with arrived.open() as stream:
        source: BufferedReader | io.BytesIO = stream
        if not arrived.is_plain:
            source = io.BytesIO(stream.read(MOST_PACKED + 1))
            if source.getbuffer().nbytes > MOST_PACKED:
                raise FileTooLargeError(name=arrived.name, limit=f"{MOST_PACKED >> 20} MiB")
        try:
            file = pq.ParquetFile(source)
        except (pa.ArrowException, OSError) as error:
            raise FileBrokenError(name=arrived.name, reason="no Parquet file, or one that is cut off") from error
        with file:
            yield file


def sha256_of(arrived: Arrived) -> str:
    """Return the digest of a file's unpacked bytes."""
    with arrived.open() as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


@dataclass(frozen=True)
class Kind:
    """How a type travels: what it is read as and what it lands as; nothing for one that has no faithful form."""

    read_as: pa.DataType
    lands_as: pa.DataType


def kind_of(kind: pa.DataType) -> Kind | None:
    """Return how an Arrow type travels, or None."""
    plain = kind.value_type if pa.types.is_dictionary(kind) else kind
    same = (
        pa.types.is_boolean(plain) or pa.types.is_date32(plain) or plain in {pa.string(), pa.binary()}
        or pa.types.is_float32(plain) or pa.types.is_float64(plain) or pa.types.is_signed_integer(plain)
        or (pa.types.is_decimal128(plain) and 0 <= plain.scale <= plain.precision <= _NARROW)
    )  # fmt: skip
    if same:
        return Kind(kind, plain)
    if pa.types.is_timestamp(plain):
        return Kind(kind, pa.timestamp("us", tz="UTC" if plain.tz else None))
    wider: dict[pa.DataType, pa.DataType] = {
        pa.uint8(): pa.int16(), pa.uint16(): pa.int32(), pa.uint32(): pa.int64(), pa.uint64(): pa.decimal128(20, 0),
        pa.large_string(): pa.string(), pa.large_binary(): pa.binary(), pa.date64(): pa.date32(),
        pa.string_view(): pa.string(), pa.binary_view(): pa.binary(),
    }  # fmt: skip
    return Kind(kind, wider[plain]) if plain in wider else None


def rows(arrived: Arrived, columns: list[str]) -> Iterator[FileRows]:
    """Yield the rows of a file, in its own types.

    Raises:
        FileBrokenError: when a part of it is damaged.
    """
    at = 1
    with opened(arrived) as file:
        try:
            for batch in file.iter_batches(BATCH_ROWS, columns=columns):
                yield FileRows(batch.select(columns), np.arange(at, at + batch.num_rows, dtype=np.int64))
                at += batch.num_rows
        except (pa.ArrowException, OSError) as error:
            raise FileBrokenError(name=arrived.name, reason=f"damaged behind row {at - 1}") from error
