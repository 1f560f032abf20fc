"""A serving copy in PostgreSQL: filled beside, compared, put in place with its line in the book in one transaction."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from types import TracebackType
from typing import Any, Self

import adbc_driver_manager
import psycopg
import pyarrow as pa
from adbc_driver_postgresql import StatementOptions, dbapi  # type: ignore[import-untyped]
from psycopg import sql

from jutong.contracts.copies import ServeOrder
from jutong.contracts.modes import MergeMode
from jutong.library.digest import ContentDigest
from jutong.library.proof import Proof
from jutong.library.works import Tell
from jutong.node.connectors.errors import SourceUnreachableError
from jutong.node.connectors.postgresql import reason
from jutong.node.copies.errors import CopyDiffersError, CopyTakenError
from jutong.node.exchange.targets.errors import TargetLostError, WriteForbiddenError
from jutong.node.exchange.targets.pgingest import SEND_BYTES, Ingest, Sent, as_landed
from jutong.node.exchange.targets.pgledger import PgLedger
from jutong.node.exchange.targets.pgmerge import Bring
from jutong.node.exchange.targets.pgpipe import LOST
from jutong.node.exchange.targets.pgswap import LOCK_SECONDS
from jutong.node.exchange.targets.pgtypes import Taker, Way, match
from jutong.node.exchange.targets.postgresql import TAKERS, address, problem
from jutong.node.sources import SourceConfig

BUSY_SECONDS = 20
_BOOK = """
CREATE TABLE IF NOT EXISTS {book} (
  relation text PRIMARY KEY, work_id text NOT NULL, version bigint NOT NULL, rows bigint NOT NULL,
  digest text NOT NULL, shape text NOT NULL, result jsonb NOT NULL, copied_at timestamptz NOT NULL DEFAULT now()
)
"""
_KINDS = {
    pa.string(): "text", pa.int64(): "bigint", pa.int32(): "integer", pa.int16(): "smallint", pa.bool_(): "boolean",
    pa.date32(): "date", pa.float64(): "double precision", pa.float32(): "real", pa.binary(): "bytea",
    pa.timestamp("us", "UTC"): "timestamp with time zone", pa.timestamp("us"): "timestamp without time zone",
}  # fmt: skip
_RIGHTS = """
SELECT coalesce(r.rolname, ''), a.privilege_type
  FROM pg_class c, LATERAL aclexplode(c.relacl) a LEFT JOIN pg_roles r ON r.oid = a.grantee
 WHERE c.oid = to_regclass(%s) AND a.grantee <> c.relowner
"""
_KEY_FILLED = "jutong_gone"


@dataclass(frozen=True)
class Held:
    """What a copy holds, as its line in the book says."""

    work_id: str
    version: int
    rows: int
    digest: str
    shape: str
    result: Mapping[str, Any]


@dataclass(frozen=True)
class Copied:
    """What a work is about to commit."""

    rows: int
    digest: str
    inserted: int
    updated: int
    deleted: int


class CopyTable:
    """One copy, held against other works. Use as a context manager.

    The order of calls is ``held``, then ``stage`` and ``fill``, then one of ``replace`` and ``merge``, or
    ``untouched``; then ``commit``. Nobody sees anything before ``commit``.

    Args:
        order: what the copy is.
        into: the database.
        work_id: names what is made on the way.
    """

    def __init__(self, order: ServeOrder, into: SourceConfig, work_id: str) -> None:
        self.order = order
        self._into = into
        self._work_id = work_id
        self._stack = contextlib.ExitStack()
        self._table = (order.schema_name, order.target)
        self._ways: list[Way] = []
        self._schema = pa.schema([])
        self._then: Callable[[], None] = lambda: None

    @property
    def name(self) -> str:
        """Schema and table, for messages."""
        return ".".join(self._table)

    def __enter__(self) -> Self:
        if self._into.dialect != "postgresql" or self.order.schema_name not in self._into.writes:
            raise WriteForbiddenError(source=self._into.name, schema=self.order.schema_name)
        try:
            self._control = psycopg.connect(address(self._into), autocommit=True)
        except psycopg.OperationalError as error:
            raise SourceUnreachableError(source=self._into.name, reason=reason(error)) from error
        self._stack.callback(self._control.close)
        try:
            with self._named():
                ledger = PgLedger(self._control, self._into.name, self._work_id, self.name)
                ledger.prepare()
                self._book = sql.Identifier(ledger.schema, "copy")
                self._staging = (ledger.schema, ledger.staging)
                if not self._one("SELECT to_regnamespace(quote_ident(%s)) IS NOT NULL", self.order.schema_name):
                    self._run("CREATE SCHEMA {}", sql.Identifier(self.order.schema_name))
                self._lock()
                self._run(_BOOK.replace("{book}", "{}"), self._book)
                self._stack.callback(self._tidy)
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def _lock(self) -> None:
        try:
            self._control.execute(f"SET lock_timeout = '{BUSY_SECONDS}s'".encode())
            self._control.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", (f"jutong {self.name}",))
        except psycopg.errors.LockNotAvailable as error:
            raise TargetLostError(table=self.name, reason="another work is writing the table") from error
        self._control.execute("SET lock_timeout = 0")

    def _tidy(self) -> None:
        with contextlib.suppress(psycopg.Error):  # a later try of the work removes it
            self._run("DROP TABLE IF EXISTS {}", sql.Identifier(*self._staging))

    def _run(self, text: str, *parts: sql.Composable) -> int:
        return self._control.execute(sql.SQL(text).format(*parts)).rowcount

    def _one(self, text: str, *values: object) -> Any:
        row = self._control.execute(text.encode(), values or None).fetchone()
        return row[0] if row else None

    def held(self) -> Held | None:
        """Return what the copy holds, None where there is none yet.

        Raises:
            CopyTakenError: when a table of the name was made by somebody else.
        """
        with self._named():
            query = sql.SQL("SELECT work_id, version, rows, digest, shape, result FROM {} WHERE relation = %s")
            row = self._control.execute(query.format(self._book), (self.name,)).fetchone()
            there = self._one("SELECT to_regclass(%s) IS NOT NULL", sql.Identifier(*self._table).as_string(None))
        if row is None and there:
            raise CopyTakenError(source=self._into.name, table=self.name)
        return Held(*row) if row is not None and there else None

    def shape(self, schema: pa.Schema) -> str:
        """Return what a copy has to be made anew for when it is another: columns, keys, indexes and titles."""
        told = [
            [[field.name, str(field.type)] for field in schema], self.order.keys, self.order.lookups, self.order.titles,
        ]  # fmt: skip
        return hashlib.sha256(json.dumps(told).encode()).hexdigest()

    def stage(self, schema: pa.Schema) -> None:
        """Make an empty table beside the copy."""
        columns = sql.SQL(", ").join(
            sql.SQL("{} {}").format(sql.Identifier(field.name), sql.SQL(_kind(field.type))) for field in schema
        )
        staging = sql.Identifier(*self._staging)
        with self._named(), self._control.transaction():
            self._run("DROP TABLE IF EXISTS {}", staging)
            self._run("CREATE TABLE {} ({}) WITH (autovacuum_enabled = false)", staging, columns)
            rows = self._control.execute(TAKERS, self._staging).fetchall()
        takers = [Taker(*row) for row in rows]
        pairs = [(one, one) for one in schema.names]
        self._schema, (self._ways, problems) = schema, match(schema, pairs, takers, {})
        assert not problems  # noqa: S101 - the table was made for this schema

    def fill(self, rows: Iterable[pa.RecordBatch], total: int, tell: Tell) -> Sent:
        """Send rows into the table beside, read them back from there, and return their digest.

        Raises:
            CopyDiffersError: when what lies there is not what was sent.
        """
        digest = ContentDigest(self._schema)
        with self._named():
            ingest = Ingest(address(self._into), self._staging, self._ways, self._schema, counted=False)
            try:
                ingest.begin()
                for batch in rows:
                    digest.update(batch)
                    ingest.write(batch)
                    tell("copy", digest.rows, total)
                sent = ingest.finish()
                if sent.digest != digest.text():
                    raise CopyDiffersError(table=self.name, expected=digest.text(), found=sent.digest)
                ingest.commit("SELECT 1")
            finally:
                ingest.close()
        return sent

    def replace(self, sent: Sent, total: int) -> Copied:
        """Get ready to put the table beside in the place of the copy."""
        if sent.rows != total:
            raise CopyDiffersError(table=self.name, expected=str(total), found=str(sent.rows))
        with self._named():
            self._index()
        self._then = self._swap
        return Copied(sent.rows, sent.digest, sent.rows, 0, 0)

    def _index(self) -> None:
        staging, order = sql.Identifier(*self._staging), self.order
        self._run("ALTER TABLE {} ADD PRIMARY KEY ({})", staging, _listed(order.keys))
        for columns in dict.fromkeys(order.lookups):
            if columns != order.keys[: len(columns)]:
                self._run("CREATE INDEX ON {} ({})", staging, _listed(columns))
        for column, title in order.titles:
            if column in self._schema.names:
                self._run("COMMENT ON COLUMN {} IS {}", sql.Identifier(*self._staging, column), sql.Literal(title))
        self._run("ALTER TABLE {} RESET (autovacuum_enabled)", staging)
        self._run("ANALYZE {}", staging)

    def _swap(self) -> None:
        table, staging = sql.Identifier(*self._table), sql.Identifier(*self._staging)
        for grantee, right in self._control.execute(_RIGHTS, (table.as_string(None),)).fetchall():
            to = sql.Identifier(grantee) if grantee else sql.SQL("PUBLIC")
            self._run("GRANT {} ON {} TO {}", sql.SQL(right), staging, to)
        self._run("DROP TABLE IF EXISTS {}", table)
        self._run("ALTER TABLE {} SET SCHEMA {}", staging, sql.Identifier(self._table[0]))
        moved = sql.Identifier(self._table[0], self._staging[1])
        self._run("ALTER TABLE {} RENAME TO {}", moved, sql.Identifier(self._table[1]))

    def merge(
        self, sent: Sent, gone: Iterator[pa.RecordBatch], before: ContentDigest, held: Held, total: int
    ) -> Copied:
        """Get ready to bring the staged rows in and to take rows out, and return what the copy will be.

        Args:
            sent: what was staged.
            gone: keys of rows to take out.
            before: of the rows that are changed or go, as they were.
            held: what the copy holds.
            total: rows the copy has to have afterwards.
        """
        keys = self.order.keys
        with self._named():
            columns = sql.SQL(", ").join(
                sql.SQL("{} {}").format(sql.Identifier(key), sql.SQL(_kind(self._schema.field(key).type)))
                for key in keys
            )
            aside = sql.Identifier("pg_temp", _KEY_FILLED)
            self._run("CREATE TEMPORARY TABLE {} ({})", sql.Identifier(_KEY_FILLED), columns)
            copy = sql.SQL("COPY {} ({}) FROM STDIN").format(aside, _listed(keys))
            leaving = 0
            with self._control.cursor().copy(copy) as out:
                for batch in gone:
                    for row in zip(*(batch.column(key).to_pylist() for key in keys), strict=True):
                        out.write_row(row)
                        leaving += 1
        digest = ContentDigest(self._schema)
        digest.add(held.digest)
        digest.take_away(before.text())
        digest.add(sent.digest)
        changed = before.rows - leaving
        done = Copied(total, digest.text(), sent.rows - changed, changed, leaving)
        if digest.rows != total:
            raise CopyDiffersError(table=self.name, expected=str(total), found=str(digest.rows))

        def bring() -> None:
            pairs = sql.SQL(" AND ").join(
                sql.SQL("{} = {}").format(sql.Identifier("t", key), sql.Identifier("g", key)) for key in keys
            )
            table = sql.Identifier(*self._table)
            taken = self._run("DELETE FROM {} t USING {} g WHERE {}", table, aside, pairs)
            proof = Proof(self._work_id, sent.rows, sent.digest, sent.digest, 0, sent.rows)
            brought = Bring(
                self._control, self._table, self._staging, MergeMode(keys=tuple(keys)), self._ways
            ).run(proof)  # fmt: skip
            counted = self._control.execute(sql.SQL("SELECT count(*) FROM {}").format(table)).fetchone()
            found = (counted[0] if counted else -1, brought.inserted, brought.updated, taken)
            expected = (done.rows, done.inserted, done.updated, done.deleted)
            if found != expected:
                raise CopyDiffersError(table=self.name, expected=str(expected), found=str(found))

        self._then = bring
        return done

    def untouched(self, held: Held) -> Copied:
        """Say that nothing is to be done."""
        self._then = lambda: None
        return Copied(held.rows, held.digest, 0, 0, 0)

    def commit(self, held: Held) -> None:
        """Let everybody see it, with the line in the book; durable before return.

        Raises:
            CopyDiffersError: when the copy would not be what it should.
        """
        with self._named(), self._control.transaction():
            self._control.execute(f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'".encode())
            self._then()
            told = asdict(held) | {"result": json.dumps(held.result), "relation": self.name}
            self._control.execute(
                sql.SQL(
                    "INSERT INTO {} (relation, work_id, version, rows, digest, shape, result) VALUES (%(relation)s,"
                    " %(work_id)s, %(version)s, %(rows)s, %(digest)s, %(shape)s, %(result)s) ON CONFLICT (relation)"
                    " DO UPDATE SET work_id = excluded.work_id, version = excluded.version, rows = excluded.rows,"
                    " digest = excluded.digest, shape = excluded.shape, result = excluded.result, copied_at = now()"
                ).format(self._book),
                told,
            )

    def digest(self, schema: pa.Schema, tell: Tell) -> str:
        """Read the whole copy and return the digest of its rows."""
        digest = ContentDigest(schema)
        with self._named():
            takers = {row[0]: Taker(*row) for row in self._control.execute(TAKERS, self._table).fetchall()}
            pairs = [(one, one) for one in schema.names]
            ways, problems = match(schema, pairs, list(takers.values()), {})
            if problems:
                return ""
            columns = ", ".join(
                f"{way.back.format(sql.Identifier(way.taker.name).as_string(None))} AS c{place}"
                for place, way in enumerate(ways)
            )
            table = sql.Identifier(*self._table).as_string(None)
            with dbapi.connect(address(self._into)) as connection, connection.cursor() as cursor:
                cursor.adbc_statement.set_options(**{StatementOptions.BATCH_SIZE_HINT_BYTES.value: str(SEND_BYTES)})
                cursor.execute(f"SELECT {columns} FROM {table}")  # noqa: S608 - quoted names
                with cursor.fetch_record_batch() as reader:
                    for batch in reader:
                        arrays = [as_landed(array, way) for array, way in zip(batch.columns, ways, strict=True)]
                        digest.update(pa.RecordBatch.from_arrays(arrays, schema=schema))
                        tell("compare", digest.rows, 0)
        return digest.text()

    @contextlib.contextmanager
    def _named(self) -> Iterator[None]:
        try:
            yield
        except (psycopg.Error, adbc_driver_manager.Error, *LOST) as error:
            raise problem(self.name, error) from error
        except OSError as error:  # how the Arrow stream reports a broken connection
            raise TargetLostError(table=self.name, reason="connection broken") from error


def _kind(kind: pa.DataType) -> str:
    return f"numeric({kind.precision},{kind.scale})" if pa.types.is_decimal128(kind) else _KINDS[kind]


def _listed(columns: Iterable[str]) -> sql.Composed:
    return sql.SQL(", ").join(sql.Identifier(one) for one in columns)
