"""A PostgreSQL table: Arrow batches by COPY into a staging table, and one transaction that puts it in place.

A chunk's rows and its line in the book (``pgledger``) are one transaction, so that a chunk is there with its record or
not at all, whenever either side is killed. Before the commit the chunk is read again from the table and its content
compared. The last transaction replaces the table's content (``pgswap``) and closes the book.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from types import TracebackType
from typing import Self

import adbc_driver_manager
import psycopg
import pyarrow as pa
from psycopg import sql
from typing_extensions import override

from jutong.contracts.landing import Landing
from jutong.contracts.modes import ReplaceMode
from jutong.contracts.orders import JobOrder
from jutong.contracts.rules import Rule
from jutong.library.overwrite import Committed, Proof
from jutong.node.connectors.errors import SourceUnreachableError
from jutong.node.connectors.limits import CONNECT_SECONDS
from jutong.node.connectors.postgresql import reason
from jutong.node.exchange.chunks import ChunkDone
from jutong.node.exchange.errors import ContentDiffersError
from jutong.node.exchange.rules.sieve import Sieve
from jutong.node.exchange.targets import Landed, Target
from jutong.node.exchange.targets.errors import (
    TargetLostError,
    TargetRefusedError,
    TargetUnfitError,
    WriteForbiddenError,
)
from jutong.node.exchange.targets.pgingest import Ingest, Sent
from jutong.node.exchange.targets.pgledger import PgLedger
from jutong.node.exchange.targets.pgmerge import Bring, check_mode
from jutong.node.exchange.targets.pgpipe import LOST, Flow, Pipe
from jutong.node.exchange.targets.pgswap import Replace
from jutong.node.exchange.targets.pgtypes import Taker, Way, made_by_server, match
from jutong.node.exchange.targets.pgwrite import Writer, is_written
from jutong.node.exchange.targets.whole import told, whole
from jutong.node.sources import SourceConfig

BUSY_SECONDS = 20
"""How long to wait for another process at the same table: a killed one's server side may take a moment to notice."""

TAKERS = """
SELECT a.attname,
       format_type(coalesce(nullif(t.typbasetype, 0), a.atttypid),
                   CASE WHEN t.typtype = 'd' THEN t.typtypmod ELSE a.atttypmod END),
       coalesce(b.typtype, t.typtype)::text, a.attnotnull OR (t.typtype = 'd' AND t.typnotnull),
       a.atthasdef OR a.attidentity <> '', a.attgenerated <> '' OR a.attidentity = 'a',
       coalesce((SELECT array_agg(e.enumlabel::text ORDER BY e.enumsortorder)
                   FROM pg_enum e WHERE e.enumtypid = coalesce(nullif(t.typbasetype, 0), t.oid)), '{}')
  FROM pg_class c
  JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  JOIN pg_type t ON t.oid = a.atttypid
  LEFT JOIN pg_type b ON b.oid = nullif(t.typbasetype, 0)
 WHERE n.nspname = %s AND c.relname = %s AND c.relkind IN ('r', 'p')
   AND has_schema_privilege(n.oid, 'USAGE')
 ORDER BY a.attnum
"""


class PostgresTarget(Target):
    """A table of a PostgreSQL database; see ``targets.Target``.

    Args:
        order: the job's; it has a landing.
        landing: where to.
        into: the database.
        adds: add the rows to those of the table, whatever the order says; for rows put right afterwards.
    """

    def __init__(self, order: JobOrder, landing: Landing, into: SourceConfig, *, adds: bool = False) -> None:
        self._adds = adds
        self._order = order
        self._landing = landing
        self._into = into
        self._stack = contextlib.ExitStack()
        self._held = self._done = False
        self.ways: list[Way] = []
        self._shape = ""
        self._lands: pa.Schema | None = None
        self._ingest: Ingest | Writer | Pipe | None = None
        self._pipe_from: Flow | None = None
        self.late: tuple[Rule, ...] = ()
        self._guard: Sieve | None = None

    @property
    def name(self) -> str:
        """Schema and table, for messages."""
        return f"{self._landing.schema_name}.{self._landing.table}"

    @property
    def server_version(self) -> int:
        """The target's version as a number: 160004 for 16.4."""
        return self._control.info.server_version

    @override
    def __enter__(self) -> Self:
        if self._into.dialect != "postgresql" or self._landing.schema_name not in self._into.writes:
            raise WriteForbiddenError(source=self._into.name, schema=self._landing.schema_name)
        check_mode(self._order.mode)
        try:
            self._control = psycopg.connect(address(self._into), autocommit=True)
        except psycopg.OperationalError as error:
            raise SourceUnreachableError(source=self._into.name, reason=reason(error)) from error
        self._stack.callback(self._control.close)
        try:
            with self.named_problems():
                self.ledger = PgLedger(self._control, self._into.name, self._order.job_id, self.name)
                self.ledger.prepare()
                self._lock()
        except BaseException:
            self._stack.close()
            raise
        return self

    def _lock(self) -> None:
        try:
            self._control.execute(f"SET lock_timeout = '{BUSY_SECONDS}s'".encode())
            self._control.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", (f"jutong {self.name}",))
        except psycopg.errors.LockNotAvailable as error:
            raise TargetLostError(table=self.name, reason="another job is writing the table") from error
        self._control.execute("SET lock_timeout = 0")

    @override
    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._stack:
            if self._ingest is not None:
                self._ingest.close()
            if not (self._held or self._done):
                with contextlib.suppress(psycopg.Error):  # the next job for the table removes it
                    self.ledger.forget()

    @override
    def committed(self) -> Committed | None:
        with self.named_problems():
            return self.ledger.committed()

    @override
    def fits(self, schema: pa.Schema, kinds: Mapping[str, str]) -> tuple[Rule, ...]:
        """Compare what lands with the table's columns.

        Raises:
            TargetUnfitError: naming every column that can never fit, or a table that is not there.
        """
        with self.named_problems():
            rows = self._control.execute(TAKERS, (self._landing.schema_name, self._landing.table)).fetchall()
        takers = [Taker(*row) for row in rows]
        if not takers:
            raise TargetUnfitError(table=self.name, columns="-")
        if self._adds:  # the job's own rows were of these types, and the server looks at what people wrote
            told = {taker.name: taker.type for taker in takers if made_by_server(taker)}
            kinds = {name: told[to] for name, to in self._landing.columns if to in told}
        self.ways, problems = match(schema, self._landing.columns, takers, kinds)
        if problems:
            raise TargetUnfitError(table=self.name, columns="；".join(problems)[:400])
        self._merge()
        self._lands = schema
        self._shape = f"{schema}\n{takers}"
        masked = {mask.column for mask in self._order.masks}  # a mask comes after the rules
        rules = [rule for way in self.ways for rule in way.rules]
        self.late = tuple(rule for rule in rules if rule.column in masked)
        self._guard = Sieve(self.late, (), schema) if self.late else None
        return tuple(rule for rule in rules if rule not in self.late)

    @override
    def begin(self, schema: pa.Schema, done: Sequence[ChunkDone] | None) -> tuple[ChunkDone, ...]:
        with self.named_problems():
            found: tuple[ChunkDone, ...] = ()
            if done is not None and self.ledger.take(self._shape):
                found = self.ledger.chunks()
            else:
                with self._control.transaction():
                    self.ledger.begin(self._shape)
                    self._control.execute(
                        sql.SQL(
                            "CREATE TABLE {} (LIKE {} INCLUDING ALL EXCLUDING INDEXES)"
                            " WITH (autovacuum_enabled = false, toast.autovacuum_enabled = false)"
                        ).format(
                            sql.Identifier(self.ledger.schema, self.ledger.staging),
                            sql.Identifier(self._landing.schema_name, self._landing.table),
                        )
                    )
            if self._pipe_from is not None:
                self._ingest = Pipe(self._pipe_from, self._into.dsn, self.staging)
            elif self._landing.proof == "count" and is_written(self.ways):
                self._ingest = Writer(address(self._into), self.staging, self.ways)
            else:
                counted = self._landing.proof == "count"
                self._ingest = Ingest(address(self._into), self.staging, self.ways, schema, counted=counted)
        return found

    def _merge(self) -> Bring | None:
        """Return what brings the rows in, where they do not simply take the place of all others."""
        mode = self._order.mode
        if mode is None or isinstance(mode, ReplaceMode):
            return None
        return Bring(self._control, (self._landing.schema_name, self._landing.table), self.staging, mode, self.ways)

    @override
    def position(self, watermark: str) -> tuple[str, int]:
        with self.named_problems():
            found = self.ledger.newest_proof()
        return (found.position, found.position_rows) if found and found.watermark == watermark else ("", 0)

    @property
    def staging(self) -> tuple[str, str]:
        """Schema and name of the table that is filled."""
        return (self.ledger.schema, self.ledger.staging)

    def pipe_from(self, begin: Flow) -> None:
        """Say before ``begin`` that chunks come as bytes, by ``pipe``, and not as batches."""
        self._pipe_from = begin

    @property
    def pipe(self) -> Pipe:
        """What raw chunks flow through."""
        assert isinstance(self._ingest, Pipe)  # noqa: S101 - pipe_from() and begin() come first
        return self._ingest

    @property
    def _open(self) -> Ingest | Writer:
        assert isinstance(self._ingest, Ingest | Writer)  # noqa: S101 - begin() comes first
        return self._ingest

    @override
    def begin_chunk(self, number: int) -> None:
        with self.named_problems():
            (self._ingest if isinstance(self._ingest, Pipe) else self._open).begin()

    @override
    def write(self, batch: pa.RecordBatch) -> None:
        """Add rows.

        Raises:
            TargetUnfitError: when a masked value does not fit its column; others were asked before.
        """
        if self._guard is not None:
            self.check_masked(self._guard, batch)
        with self.named_problems():
            self._open.write(batch)

    def check_masked(self, guard: Sieve, batch: pa.RecordBatch) -> None:
        """Ask what the target demands of masked values.

        Raises:
            TargetUnfitError: when one does not fit its column.
        """
        broken = [count.column for count in guard.counted(guard.sift(batch, 0).counts) if count.rows]
        if broken:
            raise TargetUnfitError(table=self.name, columns="、".join(broken))

    @override
    def finish_chunk(self) -> Landed:
        with self.named_problems():
            sent: Sent = self._open.finish()
        return Landed(sent.rows, sent.digest)

    @override
    def keep(self, done: ChunkDone) -> None:
        with self.named_problems():
            writer = self._ingest if isinstance(self._ingest, Pipe) else self._open
            if not writer.commit(self.ledger.entry(done)):
                raise TargetLostError(table=self.name, reason="another process has taken the job up")

    @override
    def commit(self, proof: Proof) -> Committed:
        """Replace the table's content.

        Raises:
            ContentDiffersError: when the staging table has other rows than were written.
            TargetRefusedError, TargetLostError: as the database says.
        """
        if self._ingest is not None:
            self._ingest.close()
            self._ingest = None
        table = (self._landing.schema_name, self._landing.table)
        staging = self.staging
        with self.named_problems(), self._control.transaction():
            counted = self._control.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(*staging)))
            (rows,) = counted.fetchone() or (-1,)
            if rows != proof.rows:
                raise ContentDiffersError(source_digest=f"{proof.rows}", target_digest=f"{rows}")
            done = whole(self._in_place(proof, table, staging), self._order, self._count, adds=self._adds)
            assert self._lands is not None  # noqa: S101 - fits() comes first
            if not self.ledger.close(done, told(self._lands, self._landing)):
                raise TargetLostError(table=self.name, reason="another process has taken the job up")
        self._done = True
        with self.named_problems():
            with contextlib.suppress(psycopg.Error):  # what is left over harms nobody
                self.ledger.sweep()
            found = self.ledger.committed()
        assert found is not None  # noqa: S101 - committed above, durably
        return found

    def _count(self) -> int:
        table = sql.Identifier(self._landing.schema_name, self._landing.table)
        row = self._control.execute(sql.SQL("SELECT count(*) FROM {}").format(table)).fetchone()
        return int(row[0]) if row else -1

    def _in_place(self, proof: Proof, table: tuple[str, str], staging: tuple[str, str]) -> Proof:
        """Put the staged rows where they belong, and return what the book is to say."""
        putting, merge = Replace(self._control, table, staging), self._merge()
        if merge is not None:
            return self.ledger.carried(merge.run(proof))
        if self._adds:
            putting.add()
            return self.ledger.carried(proof)
        putting.run()
        return replace(proof, inserted=proof.rows if self._order.mode else 0)

    @override
    def hold(self) -> None:
        self._held = True

    @contextlib.contextmanager
    def named_problems(self) -> Iterator[None]:
        """Name what the database or its driver says."""
        try:
            yield
        except (psycopg.Error, adbc_driver_manager.Error, *LOST) as error:
            raise problem(self.name, error) from error
        except OSError as error:  # how the Arrow stream reports a broken connection
            raise TargetLostError(table=self.name, reason="connection broken") from error


_REFUSING = ("22", "23", "42", "0A", "44", "P0", "54")


def problem(table: str, error: Exception) -> TargetLostError | TargetRefusedError:
    """Return what a driver's error means. Its message may repeat a value and is not passed on."""
    state = str(getattr(error, "sqlstate", None) or "")
    if not state.startswith(_REFUSING):
        busy = state == "55P03"
        return TargetLostError(table=table, reason="others hold the table" if busy else f"SQLSTATE {state or '-'}")
    said = error.diag if isinstance(error, psycopg.Error) else error
    named = [getattr(said, "constraint_name", None), getattr(said, "column_name", None)]
    if isinstance(error, adbc_driver_manager.Error):
        found = {_text(key): _text(value) for key, value in error.details or ()}
        named = [found[key] for key in sorted(found) if "CONSTRAINT" in key or "COLUMN" in key]
    told = [f"SQLSTATE {state}", *(name for name in named if name)]
    return TargetRefusedError(table=table, reason=" ".join(told)[:200])


def _text(said: str | bytes) -> str:
    return said if isinstance(said, str) else said.decode(errors="replace")


def address(source: SourceConfig) -> str:
    """Return the address to write to; a server whose network vanished does not hold a job for ever."""
    extra = (
        f"connect_timeout={CONNECT_SECONDS}&application_name=jutong&client_encoding=UTF8"
        "&keepalives_idle=30&keepalives_interval=10&keepalives_count=3&tcp_user_timeout=60000"
    )
    return source.dsn + ("&" if "?" in source.dsn else "?") + extra
