"""A Delta table of the library, at the version it has when the move begins. A chunk is one or several of its files."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import reduce
from itertools import accumulate
from operator import and_
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
from deltalake.exceptions import DeltaError

from jutong.contracts.modes import DELETED, TO
from jutong.contracts.orders import JobOrder
from jutong.library.errors import TableNameError, TableUnknownError
from jutong.library.tables import arrow_schema, open_table, table_path
from jutong.node.connectors.errors import TableMissingError
from jutong.node.exchange import convert
from jutong.node.exchange.errors import SourceLostError
from jutong.node.exchange.plan import CatalogColumn, Mapping, MovePlan, plan_move
from jutong.node.exchange.readers import WHOLE, OpenRead, Span
from jutong.node.sources import SourceConfig

BATCH_ROWS = 32_768
ENDS = (TO, DELETED)
_AS_A_STREAM = ds.ParquetFragmentScanOptions(use_buffered_stream=True, buffer_size=256 * 1024, pre_buffer=False)
"""Else all of a file's row group is fetched before its first row."""


@contextmanager
def read(source: SourceConfig, order: JobOrder) -> Iterator[OpenRead]:
    """Open a table of the source's department for one consistent read.

    Raises:
        TableMissingError: when the department has none of that name in the zone.
        SourceLostError: when its log cannot be read.
        JutongError: as ``plan_move`` does.
    """
    table = f"{order.schema_name}.{order.table}"
    try:
        opened = open_table(table_path(source.file, order.schema_name, source.organisation_code, order.table))
        schema, added = arrow_schema(opened), pa.table(opened.get_add_actions(flatten=True))
        files = dict(zip(map(Path, opened.file_uris()), _rows_of(added, opened.file_uris()), strict=True))
    except (TableUnknownError, TableNameError) as error:
        raise TableMissingError(source=source.name, table=table) from error
    except (DeltaError, pa.ArrowException, OSError) as error:
        raise SourceLostError(source=source.name, rows=0, reason="the log cannot be read") from error
    kinds = {field.name: field.type for field in schema}
    catalog = [CatalogColumn(name, str(kind)) for name, kind in kinds.items()]
    plan = plan_move(order, catalog, lambda column: _same(kinds[column.name]))
    ends = [name for name in ENDS if name in kinds]
    whole = _Version(source.name, plan, pa.schema([schema.field(name) for name in (*order.columns, *ends)]), files)
    if ends:  # a version that no longer holds is history, not a row
        yield OpenRead(plan, whole.held(WHOLE), f"version {opened.version()}", whole.held, whole.bounds, whole.batches)
        return
    yield OpenRead(plan, sum(files.values()), f"version {opened.version()}", whole.count, whole.bounds, whole.batches)


def _same(kind: pa.DataType) -> Mapping:
    return Mapping("{}", kind, kind, convert.same)


def _rows_of(added: pa.Table, uris: list[str]) -> list[int]:
    """Return what the log says each file holds; it lists them in an order of its own."""
    rows = dict(zip(added["path"].to_pylist(), added["num_records"].to_pylist(), strict=True))
    return [int(rows[Path(uri).name] or 0) for uri in uris]


class _Version:
    """One version's files. A span is counted in files."""

    def __init__(self, source: str, plan: MovePlan, schema: pa.Schema, files: dict[Path, int]) -> None:
        self._source, self._plan, self._schema = source, plan, schema
        self._files = sorted(files)
        self._rows = [files[file] for file in self._files]
        held = [pc.field(name).is_null() for name in ENDS if name in schema.names]
        self._holds: pc.Expression | None = reduce(and_, held) if held else None

    def count(self, span: Span) -> int:
        """Return what the log says."""
        return sum(self._rows[span.after : span.upto])

    def held(self, span: Span) -> int:
        """Return how many rows of a span have not ended."""
        try:
            return self._dataset(span).count_rows(filter=self._holds, use_threads=False)
        except (pa.ArrowException, OSError) as error:
            raise SourceLostError(source=self._source, rows=0, reason="a file is damaged or gone") from error

    def _dataset(self, span: Span) -> ds.Dataset:
        paths = [str(file) for file in self._files[span.after : span.upto]]
        return ds.dataset(paths, schema=self._schema, format="parquet")

    def bounds(self, rows: int) -> tuple[int, ...]:
        """Return behind which files another chunk begins."""
        sums = list(accumulate(self._rows))[:-1]
        return tuple(
            place
            for place, total in enumerate(sums, start=1)
            if total // rows > (total - self._rows[place - 1]) // rows
        )

    def batches(self, span: Span) -> Iterator[pa.RecordBatch]:
        """Yield rows; a column that a file of an earlier schema lacks is null there."""
        read = 0
        try:
            scanned = self._dataset(span).to_batches(
                columns=[column.name for column in self._plan.columns], filter=self._holds,
                batch_size=BATCH_ROWS, batch_readahead=0, fragment_readahead=0, use_threads=False,
                fragment_scan_options=_AS_A_STREAM,
            )  # fmt: skip
            for batch in scanned:
                yield self._plan.convert(batch)
                read += batch.num_rows
        except (pa.ArrowException, OSError) as error:
            raise SourceLostError(source=self._source, rows=read, reason="a file is damaged or gone") from error
