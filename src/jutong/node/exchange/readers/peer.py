"""A grant at another Jutong node, read as a table.

Everything is pulled first, into the job's own folder: the answers, checked against the other node's key, and of each
the receipt that proves the record of it there. Rows are moved from there, so a job that is killed goes on with what it
has, and one that is done names the other node's records in its own.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import pyarrow as pa

from jutong.contracts.orders import JobOrder
from jutong.node.connectors.errors import TableMissingError
from jutong.node.connectors.peer import table_of
from jutong.node.exchange.errors import ColumnsChangedError, RowsDifferError
from jutong.node.exchange.progress import Held
from jutong.node.exchange.readers import OpenRead, Span
from jutong.node.exchange.readers.files import read_files
from jutong.node.exchange.readers.parts import Part
from jutong.node.exchange.readers.pulled import PAGES, WHOLE_FILE, Pulled, forget, load
from jutong.node.exchange.readers.pulling import Pulling
from jutong.node.files.arrival import Arrived, stamp_of
from jutong.node.files.mapping import FileTable
from jutong.node.files.reading import open_file
from jutong.node.files.rows import pc
from jutong.node.peers import PeerTable
from jutong.node.sources import SourceConfig


@contextmanager
def read(
    source: SourceConfig, order: JobOrder, folder: Path | None = None, *, transport: httpx.BaseTransport | None = None
) -> Iterator[OpenRead]:
    """Pull what the grant gives of an order's columns.

    Args:
        source: the other node.
        order: what to move.
        folder: the job's own.
        transport: an httpx transport instead of the network, for tests.

    Raises:
        TableMissingError, ColumnsChangedError: the mapping has not what is ordered.
        PeerRefusedError, PeerBusyError, PeerUntrustedError: what the other node says cannot be gone by.
        RowsDifferError: it handed over other rows than its manifest says.
    """
    table = table_of(source, order.schema_name, order.table)
    if table is None:
        raise TableMissingError(source=source.name, table=order.table)
    if gone := [name for name in order.columns if name not in table.columns]:
        raise ColumnsChangedError(source=source.name, table=order.table, change=f"-{', -'.join(gone)}")
    with ExitStack() as stack:
        place = folder or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        pulled = load(place)
        if pulled is None:
            columns = dict.fromkeys(table.columns[name] for name in order.columns)
            pulled = Pulling(source, table, place, transport=transport).pull(list(columns))
        try:
            yield _opened(source, order, table, pulled, place)
        except Held:
            raise
        except Exception:
            forget(place)
            raise
        (place / pulled.file).unlink(missing_ok=True)  # the proofs stay beside the job's own result


def _opened(source: SourceConfig, order: JobOrder, table: PeerTable, pulled: Pulled, place: Path) -> OpenRead:
    columns = table.columns
    form = "parquet"
    if pulled.file == PAGES:
        form = "jsonl"
        columns = {name: "/" + item.replace("~", "~0").replace("/", "~1") for name, item in columns.items()}
    columns = {name: columns[name] for name in order.columns}
    mapped = FileTable.model_validate_json(
        json.dumps({"pattern": pulled.file, "format": form, "encoding": "utf-8", "columns": columns})
    )
    path = place / pulled.file
    file = open_file(Arrived(pulled.file, path, "", stamp_of(path.stat()), place.resolve()), mapped)
    opened = read_files(order, mapped, [file], like=file)
    if opened.counted != pulled.rows:
        raise RowsDifferError(source=source.name, counted=pulled.rows, read=opened.counted)
    return opened if table.empty == "text" or pulled.file != WHOLE_FILE else _without_empty(opened)


def _without_empty(opened: OpenRead) -> OpenRead:
    """Have no value where a file has nothing."""

    def parts(span: Span) -> Iterator[Part]:
        for part in opened.every(span):
            columns = [
                pc.replace_with_mask(one, pc.equal(one, ""), pa.scalar(None, one.type)) for one in part.rows.columns
            ]
            yield replace(part, rows=pa.RecordBatch.from_arrays(columns, schema=part.rows.schema))

    return replace(opened, parts=parts, batches=lambda span: (part.rows for part in parts(span)))
