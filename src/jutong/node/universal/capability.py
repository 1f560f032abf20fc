"""What one product can do and how it is asked: everything the universal lane has to know about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from jutong.node.exchange.plan import CatalogColumn
from jutong.node.exchange.plan import Mapping as TypeMapping
from jutong.node.universal.errors import RefusedError

PROBE = "䶮"
"""A character of names that GBK lacks; every session has to hand it over rightly once."""


@dataclass(frozen=True)
class Catalog:
    """Statements over a product's catalog; ``?`` stand for a schema and a table, both texts.

    Attributes:
        columns: of one table, in order: name, type, length, precision, scale; the last three may be null.
        keys: columns of its primary key: name, type, precision, scale.
        tables: of all tables the account sees, sorted: schema, table, comment (at most 1,000 characters, as below),
            estimated rows or null, 1 for a view, then per column name, type, length, precision, scale,
            1 if it may be null, comment, 1 in the primary key.
        references: schema, table, column, and what it refers to as ``table.column``.
        schemas: schema and how many tables and views the account sees in it.
        account: one row: version, 1 for an account without limits, 1 for a replica, tables it may change.
    """

    columns: str
    keys: str
    tables: str
    references: str
    schemas: str
    account: str


@dataclass(frozen=True)
class Capability:
    """A product.

    Attributes:
        name: as in ``speaks``.
        title: for people.
        port: usual.
        catalog: the statements that tell what is there.
        mapping_of: how a type travels, None for one that cannot.
        quotes: what opens and closes a quoted name; a closing one inside is doubled.
        folds: ``upper`` where names nobody quoted are kept so; what is typed is left alone.
        begin: statements that open one read-only moment, in this order.
        look: statements that make a short session safe.
        deadline: statement that bounds each statement by ``{seconds}``; empty where the driver has to.
        locks: statement that bounds waiting for a lock by ``{seconds}``.
        probe: expression that is ``PROBE``, written without any character beyond ASCII.
        dual: what stands behind FROM where nothing is read.
        some: a SELECT of ``{columns}`` FROM ``{table}`` of at most ``{rows}``.
        limit: what follows an ordered SELECT for at most ``{rows}``.
        text: makes a text of an expression, so that the same product reads it back as the same value.
        cut: the first ``{length}`` characters of an expression ``{}`` of any type, as a text.
        characters, octets: lengths of an expression; ``lob_octets`` of a large object, where that differs.
        modulo: rest of ``{}`` divided by ``{rows}``.
        count: counts rows without overflowing.
        wide: whether texts are fetched as UTF-16, where the narrow form depends on the machine's locale.
        holds: whether the driver holds all rows of an answer in memory, so that an answer must have few.
        reasons: by SQLSTATE or the product's number, why something was refused.
        signs: by a part of the message, where neither tells.
        snapshot: what an administrator runs when no moment can be held; empty where it always can.
        cannot: what a person should know before choosing it.
    """

    name: str
    title: str
    port: int
    catalog: Catalog
    mapping_of: Callable[[CatalogColumn], TypeMapping | None]
    quotes: tuple[str, str] = ('"', '"')
    begin: tuple[str, ...] = ()
    look: tuple[str, ...] = ()
    deadline: str = ""
    locks: str = ""
    probe: str = ""
    dual: str = ""
    some: str = "SELECT {columns} FROM {table} LIMIT {rows}"
    limit: str = " LIMIT {rows}"
    text: str = "CAST({} AS VARCHAR(64))"
    cut: str = "SUBSTR(CAST({} AS VARCHAR(4000)), 1, {length})"
    characters: str = "LENGTH({})"
    octets: str = "OCTET_LENGTH({})"
    lob_octets: str = ""
    modulo: str = "MOD({}, {rows})"
    count: str = "count(*)"
    wide: bool = False
    holds: bool = False
    reasons: Mapping[str | int, str] = field(default_factory=dict)
    signs: tuple[tuple[str, str], ...] = ()
    snapshot: str = ""
    cannot: tuple[str, ...] = ()

    def quote(self, name: str) -> str:
        """Return a name the catalog gave us as an identifier."""
        opening, closing = self.quotes
        return opening + name.replace(closing, closing * 2) + closing

    def place(self, schema: str, table: str) -> str:
        """Return a table as it stands behind FROM."""
        return f"{self.quote(schema)}.{self.quote(table)}" if schema else self.quote(table)

    def floor(self, key: str, *, whole: bool) -> str:
        """Return the expression of the whole number at or below a key. Spans hold whatever lies between two of them."""
        return key if whole else self.text.format(f"FLOOR({key})")

    def nth(self, key: str, table: str, rows: int, *, whole: bool = True) -> str:
        """Return the SELECT of the key of every so-many-th row, in the key's order; both names are quoted ones."""
        rest = self.modulo.format("n", rows=rows)
        numbered = f"SELECT {key} AS k, row_number() OVER (ORDER BY {key}) AS n FROM {table}"  # noqa: S608 - quoted
        bound = self.floor("k", whole=whole)
        return f"SELECT {bound} FROM ({numbered}) numbered WHERE {rest} = 0 ORDER BY k"  # noqa: S608 - quoted names

    def why(self, error: RefusedError) -> str:
        """Return the reason behind a refusal by one of our words, empty if it is none we know."""
        found = next((self.reasons[mark] for mark in (error.native, error.state) if mark in self.reasons), "")
        return found or next((told for sign, told in self.signs if sign in error.text), "")


REFUSED, SIGNIN, DATABASE, SILENT = "refused", "signin", "database", "silent"
FULL, GONE, TOO_LONG, LOCKED, LOST, SNAPSHOT, BARRED = (
    "full",
    "gone",
    "too-long",
    "locked",
    "lost",
    "snapshot",
    "barred",
)
STALE, STRANGER = "stale", "stranger"
"""The words of ``Capability.why``."""

STATES: dict[str | int, str] = {
    "28000": SIGNIN, "28P01": SIGNIN, "3D000": DATABASE, "42S02": GONE, "42S22": GONE, "42P01": GONE, "42703": GONE,
    "HYT00": SILENT, "HYT01": SILENT, "08S01": LOST, "08004": REFUSED, "08001": REFUSED, "57014": TOO_LONG,
    "55P03": LOCKED, "53300": FULL, "57P01": LOST, "57P02": LOST, "08003": LOST, "08006": LOST, "08007": LOST,
}  # fmt: skip
"""What SQLSTATEs mean whoever says them."""
