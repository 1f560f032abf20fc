"""Reads parquet files, batch by batch."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO

import pyarrow as pa
import pyarrow.parquet as pq

from jutong.center.intake.reading.cells import checked, text_of, too_big
from jutong.center.intake.reading.errors import FileUnreadableError
from jutong.center.intake.reading.limits import Limits
from jutong.center.intake.reading.listing import Format, Sheet, SourceRow
from jutong.kernel.i18n import gettext_noop

_BROKEN = gettext_noop("parquet文件已损坏")
_BATCH = 1000


def read_parquet(content: bytes, *, file: str, limits: Limits) -> Sheet:
    """Return the one table of a parquet file.

    Raises:
        FileUnreadableError: if it is broken.
        FileTooBigError: for more rows or columns than are read.
    """
    try:
        found = pq.ParquetFile(BytesIO(content))
    except (pa.ArrowException, OSError) as error:
        raise FileUnreadableError(name=file, problem=_BROKEN) from error
    headers = tuple(text_of(name) for name in found.schema_arrow.names)
    if len(headers) > limits.columns:
        raise too_big(file, gettext_noop("列数"), limits.columns, len(headers))
    if found.metadata.num_rows > limits.rows:
        raise too_big(file, gettext_noop("行数"), limits.rows, found.metadata.num_rows)
    unpacked = sum(found.metadata.row_group(at).total_byte_size for at in range(found.metadata.num_row_groups))
    if unpacked > limits.unpacked_bytes:
        raise too_big(file, gettext_noop("展开后的字节数"), limits.unpacked_bytes, unpacked)

    def source() -> Iterator[SourceRow]:
        line = 0
        try:
            for batch in pq.ParquetFile(BytesIO(content)).iter_batches(batch_size=_BATCH):
                columns = [column.to_pylist() for column in batch.columns]
                for values in zip(*columns, strict=True):
                    line += 1
                    cells = checked(tuple(map(text_of, values)), name=file, line=line, limits=limits)
                    if any(cells):
                        yield SourceRow(line, cells)
        except (pa.ArrowException, OSError) as error:
            raise FileUnreadableError(name=file, problem=_BROKEN) from error

    return Sheet(file, headers, 0, source, format=Format.PARQUET)
