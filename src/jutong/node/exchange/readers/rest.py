"""A table of a REST service, read page by page.

A service knows no snapshot. So all pages are taken first, into a file of the job's own that only the node's owner may
read, and rows are moved from there: a killed job goes on with what it has, and one page that is refused moves nothing.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx

from jutong.contracts.orders import JobOrder
from jutong.library.errors import DiskFullError
from jutong.node.connectors.errors import TableMissingError
from jutong.node.connectors.rest import SCHEMA
from jutong.node.exchange.errors import RowsDifferError
from jutong.node.exchange.jobs import private
from jutong.node.exchange.progress import Held
from jutong.node.exchange.readers import OpenRead
from jutong.node.exchange.readers.errors import ListingMissingError
from jutong.node.exchange.readers.files import read_files
from jutong.node.exchange.readers.paging import Paging
from jutong.node.files.arrival import Arrived, stamp_of
from jutong.node.files.lines import written
from jutong.node.files.mapping import FileTable
from jutong.node.files.reading import open_file
from jutong.node.mapped import MappedTable
from jutong.node.sources import SourceConfig

PAGES = "pages.jsonl"


@contextmanager
def read(
    source: SourceConfig, order: JobOrder, folder: Path | None = None, *, transport: httpx.BaseTransport | None = None
) -> Iterator[OpenRead]:
    """Take all rows of a mapped table.

    Args:
        source: the service.
        order: what to move.
        folder: the job's own.
        transport: an httpx transport instead of the network, for tests.

    Raises:
        ListingMissingError: when the mapping does not say how.
        PagesRefusedError, PagesUnfitError: naming the page.
        RowsDifferError: when the service says there are more or fewer rows than it handed over.
    """
    table = source.service.tables.get(order.table) if order.schema_name in {"", SCHEMA} else None
    if table is None:
        raise TableMissingError(source=source.name, table=order.table)
    if table.listing is None:
        raise ListingMissingError(source=source.name, table=order.table)
    with ExitStack() as stack:
        place = folder or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        pages = place / PAGES
        if not pages.exists():
            _take(Paging(source, table, transport=transport), pages, source.name)
        try:
            yield _opened(order, table, pages)
        except Held:
            raise
        except Exception:
            pages.unlink(missing_ok=True)
            raise
        pages.unlink(missing_ok=True)


def _take(paging: Paging, pages: Path, source: str) -> None:
    rows, total = 0, -1
    fresh = pages.with_suffix(".new")
    try:
        with open(fresh, "wb", opener=private) as stream:
            for page in paging.pages():
                rows, total = rows + len(page.rows), page.total
                stream.writelines(written(row) + b"\n" for row in page.rows)
            stream.flush()
            os.fsync(stream.fileno())
    except OSError as error:
        raise DiskFullError(rows=rows) from error
    if total not in {-1, rows}:
        raise RowsDifferError(source=source, counted=total, read=rows)
    fresh.replace(pages)


def _opened(order: JobOrder, table: MappedTable, pages: Path) -> OpenRead:
    lines = FileTable.model_validate_json(
        json.dumps({"pattern": PAGES, "format": "jsonl", "encoding": "utf-8", "columns": table.columns})
    )
    file = open_file(Arrived(PAGES, pages, "", stamp_of(pages.stat()), pages.parent.resolve()), lines)
    return read_files(order, lines, [file], like=file)
