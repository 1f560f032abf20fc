"""A session through an ODBC driver, in Arrow batches. A driver is native code of its maker's: see ``apart``."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import unquote, urlsplit

import pyarrow as pa

from jutong.node.connectors.limits import CONNECT_SECONDS
from jutong.node.drivers import DriverMissingError, load
from jutong.node.sources import SourceConfig
from jutong.node.universal.addresses import connection_text, driver_of
from jutong.node.universal.errors import RefusedError

BUFFER_BYTES = 16 * 1024 * 1024
"""What a batch may take on its way from the driver, whatever its rows."""

CATALOG_TEXT = 4_000
CATALOG_ROWS = 512
_SAID = re.compile(r"State: ([0-9A-Z]{5}), Native error: (-?\d+), Message: (.*)", re.DOTALL)
_NO_DRIVER = ("IM002", "IM003", "IM004")


class OdbcSession:
    """An open connection, outside of autocommit: what is read belongs to one transaction, which is never committed.

    Args:
        source: where.
        wide: whether texts are fetched as UTF-16.
        seconds: how long a statement may take, 0 for as long as it does.
    """

    def __init__(self, source: SourceConfig, *, wide: bool, seconds: int = 0) -> None:
        self._odbc = load("arrow_odbc", extra="odbc", source=source.name)
        kinds = self._odbc.TextEncoding
        self._encoding = kinds.UTF16 if wide else kinds.UTF8
        self._seconds = seconds or None
        parts = urlsplit(source.dsn)
        told = connection_text(source)
        try:
            self._connection = self._odbc.connect(
                told, user=unquote(parts.username or ""), password=unquote(parts.password or ""),
                login_timeout_sec=CONNECT_SECONDS, autocommit=False,
            )  # fmt: skip
        except self._odbc.Error as error:
            refused = _refused(error)
            if refused.state in _NO_DRIVER or "Can't open lib" in refused.text:
                way = "Debian: unixodbc; odbcinst.ini"
                raise DriverMissingError(source=source.name, driver=driver_of(source), way=way) from error
            raise refused from error

    def run(self, statement: str) -> None:
        """Run a statement that gives no rows.

        Raises:
            RefusedError: when that does not work.
        """
        try:
            self._connection.execute(statement, query_timeout_sec=self._seconds)
        except self._odbc.Error as error:
            raise _refused(error) from error

    def rows(self, statement: str, values: Sequence[str] = ()) -> list[tuple[Any, ...]]:
        """Return all rows of a small answer; ``?`` in the statement stand for the values.

        Raises:
            RefusedError: when that does not work.
        """
        found: list[tuple[Any, ...]] = []
        for batch in self._batches(statement, None, CATALOG_ROWS, CATALOG_TEXT, list(values) or None):
            found.extend(zip(*(column.to_pylist() for column in batch.columns), strict=True))
        return found

    def batches(self, statement: str, schema: pa.Schema, rows: int, widest: int) -> Iterator[pa.RecordBatch]:
        """Yield the rows of a statement in the types of a schema.

        Args:
            statement: a SELECT.
            schema: one field for each of its columns.
            rows: at most so many in a batch.
            widest: bytes of the longest value whose length the catalog does not tell.

        Raises:
            RefusedError: when that does not work.
        """
        yield from self._batches(statement, schema, rows, widest, None)

    def _batches(
        self, statement: str, schema: pa.Schema | None, rows: int, widest: int, values: list[str] | None
    ) -> Iterator[pa.RecordBatch]:
        try:
            yield from self._connection.read_arrow_batches(
                statement, batch_size=rows, parameters=values, max_bytes_per_batch=BUFFER_BYTES, max_text_size=widest,
                max_binary_size=widest, schema=schema, fetch_concurrently=False, query_timeout_sec=self._seconds,
                payload_text_encoding=self._encoding,
            )  # fmt: skip
        except self._odbc.Error as error:
            raise _refused(error) from error

    def close(self) -> None:
        """Let go of the connection."""
        with contextlib.suppress(self._odbc.Error):
            self._connection.rollback()
        del self._connection


def _refused(error: Exception) -> RefusedError:
    text = str(error)
    found = _SAID.search(text)
    return RefusedError(found[1], int(found[2]), found[3]) if found else RefusedError("", 0, text)
