"""A session of Oracle's thin driver, in Arrow batches."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import unquote, urlsplit

import pyarrow as pa

from jutong.node.connectors.limits import CONNECT_SECONDS
from jutong.node.drivers import load
from jutong.node.sources import SourceConfig
from jutong.node.universal.addresses import PORTS
from jutong.node.universal.errors import RefusedError

SILENT_MS = 600_000
"""A round trip that takes longer has lost the server."""


class OracleSession:
    """An open connection; what is read belongs to one transaction.

    Args:
        source: where.
        seconds: how long a statement may take, 0 for as long as it does.
    """

    def __init__(self, source: SourceConfig, *, seconds: int = 0) -> None:
        self._oracle = load("oracledb", extra="oracle", source=source.name)
        parts = urlsplit(source.dsn)
        try:
            self._connection = self._oracle.connect(
                user=unquote(parts.username or ""), password=unquote(parts.password or ""),
                host=parts.hostname or "", port=parts.port or PORTS["oracle"],
                service_name=unquote(parts.path.lstrip("/")), tcp_connect_timeout=CONNECT_SECONDS, retry_count=0,
                expire_time=1, program="jutong",
            )  # fmt: skip
        except self._oracle.Error as error:
            raise _refused(error) from error
        self._connection.call_timeout = seconds * 1_000 or SILENT_MS

    def run(self, statement: str) -> None:
        """Run a statement that gives no rows.

        Raises:
            RefusedError: when that does not work.
        """
        self._asked(statement, ())

    def rows(self, statement: str, values: Sequence[str] = ()) -> list[tuple[Any, ...]]:
        """Return all rows of a small answer; ``?`` in the statement stand for the values.

        Raises:
            RefusedError: when that does not work.
        """
        return self._asked(statement, values)

    def _asked(self, statement: str, values: Sequence[str]) -> list[tuple[Any, ...]]:
        try:
            with self._connection.cursor() as cursor:
                cursor.execute(numbered(statement), list(values), fetch_lobs=False)
                return list(cursor.fetchall()) if cursor.description else []
        except self._oracle.Error as error:
            raise _refused(error) from error

    def batches(self, statement: str, schema: pa.Schema, rows: int, widest: int) -> Iterator[pa.RecordBatch]:
        """Yield the rows of a statement in the types of a schema; see ``OdbcSession``.

        Raises:
            RefusedError: when that does not work.
        """
        try:
            for frame in self._connection.fetch_df_batches(statement, size=rows):
                if not frame.num_columns() or not frame.num_rows():  # an empty frame may have neither
                    continue
                found = pa.table(frame).rename_columns(schema.names).cast(schema)
                yield from found.combine_chunks().to_batches()
        except self._oracle.Error as error:
            raise _refused(error) from error

    def close(self) -> None:
        """Let go of the connection."""
        with contextlib.suppress(self._oracle.Error):
            self._connection.close()


def numbered(statement: str) -> str:
    """Return a statement with ``:1``, ``:2`` for its question marks; none of ours has one for anything else."""
    first, *rest = statement.split("?")
    return first + "".join(f":{number}{part}" for number, part in enumerate(rest, start=1))


def _refused(error: Any) -> RefusedError:
    told = error.args[0] if error.args else error
    return RefusedError("", int(getattr(told, "code", 0) or 0), str(getattr(told, "full_code", "")) + f" {told}")
