"""What is asked of a source of the universal lane besides its rows: sign-in, inventory, a close look at one table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from jutong.contracts.receipts import ColumnInfo, TableInfo
from jutong.node.connectors.errors import TableMissingError
from jutong.node.connectors.limits import (
    LONGEST_VALUE,
    LOOK_SECONDS,
    MAX_ROWS_OF_CATALOG,
    ROWS_UNKNOWN,
    Listed,
    gather,
)
from jutong.node.exchange.plan import CatalogColumn
from jutong.node.sources import SourceConfig
from jutong.node.universal import sessions
from jutong.node.universal.capability import Capability
from jutong.node.universal.errors import RefusedError
from jutong.node.universal.sessions import Session
from jutong.node.universal.types import BYTES, declared

MOST_REFERENCES = 20_000


def probe(source: SourceConfig) -> None:
    """Sign in, have one character handed over, and leave.

    Raises:
        JutongError: as ``sessions.looking`` does.
    """
    with sessions.looking(source):
        pass


def inventory(source: SourceConfig) -> tuple[TableInfo, ...]:
    """List the tables and views the account sees. Row estimates are the product's own statistics.

    Raises:
        SourceTooLargeError: past 500 tables, or 300 columns in one of them.
        JutongError: as ``sessions.looking`` does.
    """
    with sessions.looking(source) as (session, capability):
        catalog = capability.catalog
        rows = session.rows(catalog.tables + capability.limit.format(rows=MAX_ROWS_OF_CATALOG + 1))
        found = session.rows(catalog.references)[:MOST_REFERENCES]
    references = {(schema, table, column): target for schema, table, column, target in found}
    wanted = set(source.schemas)
    return gather(source.name, _listed((row for row in rows if not wanted or row[0] in wanted), references))


def _listed(rows: Iterator[tuple[Any, ...]], references: Mapping[tuple[str, str, str], str]) -> Iterator[Listed]:
    for schema, table, note, estimate, view, name, kind, length, precision, scale, nullable, comment, key in rows:
        column = ColumnInfo(
            name=name, type=declared(kind, length, precision, scale), nullable=_true(nullable), comment=comment or "",
            key=_true(key), refers_to=references.get((schema, table, name), ""),
        )  # fmt: skip
        rows_told = ROWS_UNKNOWN if estimate is None else int(estimate)
        yield (schema, table, note or "", rows_told, "view" if _true(view) else "table"), column


def _true(value: Any) -> bool:
    return int(str(value or 0)) == 1


class UniversalTable:
    """An open table; see ``connectors.tables.OpenTable``."""

    def __init__(self, session: Session, capability: Capability, place: str, columns: dict[str, str]) -> None:
        self._session = session
        self._capability = capability
        self._place = place
        self.columns = columns
        self.estimate = ROWS_UNKNOWN

    def sample(self, limit: int) -> Sequence[Sequence[tuple[str | None, int]]]:
        """Return cells of at most ``limit`` rows: the first the database hands out."""
        cells = ", ".join(self._cell(name, kind) for name, kind in self.columns.items())
        wanted = self._capability.some.format(columns=cells, table=self._place, rows=int(limit))
        return [
            list(zip(row[::2], (int(str(length or 0)) for length in row[1::2]), strict=True))
            for row in self._session.rows(wanted)
        ]

    def _cell(self, name: str, kind: str) -> str:
        capability, column = self._capability, self._capability.quote(name)
        mapping = capability.mapping_of(CatalogColumn(name, kind))
        if mapping is None:
            return "NULL, 0"
        if mapping.arrow == BYTES.arrow:
            return f"NULL, {capability.octets.format(column)}"
        value = mapping.expression.format(column)
        return f"{capability.cut.format(value, length=LONGEST_VALUE)}, {capability.characters.format(value)}"

    def count(self, limit: int) -> int:
        """Return the exact number of rows up to ``limit``, else -1."""
        some = self._capability.some.format(columns="1 AS k", table=self._place, rows=int(limit) + 1)
        found = self._value(f"SELECT {self._capability.count} FROM ({some}) s")  # noqa: S608 - a quoted name
        return int(str(found)) if found is not None and int(str(found)) <= limit else ROWS_UNKNOWN

    def newest(self, column: str) -> str | None:
        """Return the greatest value of a column as a text, or None."""
        kind = self.columns[column]
        mapping = self._capability.mapping_of(CatalogColumn(column, kind))
        if mapping is None:
            return None
        greatest = mapping.expression.format(f"max({self._capability.quote(column)})")
        found = self._value(f"SELECT {greatest} FROM {self._place}")  # noqa: S608 - names from the catalog
        # An instant is written in UTC here.
        zoned = getattr(mapping.arrow, "tz", None) is not None
        return None if found is None else f"{found}+00:00" if zoned else str(found)

    def _value(self, query: str) -> Any:
        try:
            rows = self._session.rows(query)
        except RefusedError as error:
            if self._capability.why(error) in {"too-long", "silent"}:
                return None
            raise
        return rows[0][0] if rows else None


@contextmanager
def opened(source: SourceConfig, schema: str, table: str) -> Iterator[UniversalTable]:
    """Open a table for a look.

    Raises:
        TableMissingError: when there is no such table, or the account may not read it.
        JutongError: as ``sessions.looking`` does.
    """
    with sessions.looking(source, LOOK_SECONDS - 2) as (session, capability):
        rows = session.rows(capability.catalog.columns, (schema, table))
        if not rows:
            raise TableMissingError(source=source.name, table=f"{schema}.{table}" if schema else table)
        columns = {str(row[0]): declared(*row[1:5]) for row in rows}
        yield UniversalTable(session, capability, capability.place(schema, table), columns)


def account(source: SourceConfig) -> dict[str, Any]:
    """Return what the account of a source is and sees: version, powerful, replica, writable, and schemas with tables.

    Raises:
        RefusedError: when the server does not let us in, as the driver says it.
        JutongError: as ``sessions.looking`` does.
    """
    capability = sessions.capability_of(source)
    session = sessions.signed_in(source, LOOK_SECONDS)
    try:
        sessions.check_text(source, session, capability)
        schemas = [(str(name), int(str(tables))) for name, tables in session.rows(capability.catalog.schemas)]
        try:
            version, powerful, replica, writable = session.rows(capability.catalog.account)[0]
        except RefusedError:  # what a plain account may not ask about itself is no reason not to connect
            version, powerful, replica, writable = capability.title, 0, 0, 0
    finally:
        session.close()
    return {
        "version": str(version), "powerful": int(str(powerful or 0)) > 0, "replica": _true(replica),
        "writable": int(str(writable or 0)), "schemas": schemas,
        "notes": list(capability.cannot),
    }  # fmt: skip
