"""The book a PostgreSQL target keeps of what was written: in the same database, so that it can never say otherwise.

``job`` has a line for every job, ``chunk`` one for every chunk that stands; a chunk's line and its rows are committed
by one transaction. Staging tables lie in the same schema. A job's line names its holder, and a process whose job was
taken up by another one meanwhile can commit nothing more.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any
from uuid import uuid4

import psycopg
from psycopg import sql

from jutong.library.overwrite import Committed, Proof
from jutong.node.exchange.chunks import ChunkDone
from jutong.node.exchange.targets.errors import LedgerForbiddenError

Connection = psycopg.Connection[tuple[Any, ...]]
SCHEMA = "jutong_exchange"

_TABLES = """
CREATE TABLE IF NOT EXISTS {schema}.job (
  job_id uuid PRIMARY KEY, relation text NOT NULL, shape text NOT NULL, staging text NOT NULL, holder uuid NOT NULL,
  state text NOT NULL DEFAULT 'filling' CHECK (state IN ('filling', 'committed')), proof jsonb,
  began_at timestamptz NOT NULL DEFAULT now(), committed_at timestamptz
);
CREATE TABLE IF NOT EXISTS {schema}.chunk (
  job_id uuid NOT NULL REFERENCES {schema}.job ON DELETE CASCADE, number integer NOT NULL, done jsonb NOT NULL,
  written_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (job_id, number)
);
"""


class PgLedger:
    """The book of one job.

    Args:
        connection: to the target, in autocommit.
        source: the target's name among the node's sources.
        job_id: the job's.
        relation: schema and table, for whoever reads the book.
    """

    def __init__(self, connection: Connection, source: str, job_id: str, relation: str) -> None:
        self._connection = connection
        self._source = source
        self._job_id = job_id
        self._relation = relation
        self._holder = str(uuid4())
        self.schema = SCHEMA

    @property
    def staging(self) -> str:
        """The name of the job's staging table."""
        return f"s_{self._job_id.replace('-', '')}"

    def prepare(self) -> None:
        """Make the book where there is none.

        Raises:
            LedgerForbiddenError: when the account has no schema for it and may make none.
        """
        role = self._one("SELECT current_user")[0]
        for self.schema in (SCHEMA, f"{SCHEMA}_{role}"[:63]):
            found = self._one(
                "SELECT to_regnamespace(quote_ident(%s)) IS NOT NULL,"
                " coalesce(has_schema_privilege(to_regnamespace(quote_ident(%s))::oid, 'CREATE'), false)",
                self.schema, self.schema,
            )  # fmt: skip
            if found == (True, False):
                continue  # another account's
            try:
                with self._connection.transaction():
                    self._connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (self.schema,))
                    if not found[0]:
                        self._run("CREATE SCHEMA IF NOT EXISTS {schema}")
                    if self._one("SELECT to_regclass(%s) IS NULL", self._sql("{schema}.chunk"))[0]:
                        self._run(_TABLES)
            except psycopg.errors.InsufficientPrivilege:
                continue
            return
        statement = f"CREATE SCHEMA {SCHEMA} AUTHORIZATION ..."
        raise LedgerForbiddenError(source=self._source, schema=SCHEMA, statement=statement)

    def _sql(self, text: str) -> str:
        return sql.SQL(text).format(schema=sql.Identifier(self.schema)).as_string(self._connection)

    def _run(self, text: str, *values: object) -> psycopg.Cursor[tuple[Any, ...]]:
        return self._connection.execute(self._sql(text).encode(), values or None)

    def _one(self, text: str, *values: object) -> tuple[Any, ...]:
        row = self._run(text, *values).fetchone()
        assert row is not None  # noqa: S101 - every question asked here has an answer
        return row

    def committed(self) -> Committed | None:
        """Return this job's commit, if there is one. A database counts no versions: it is -1."""
        found = self._run(
            "SELECT (extract(epoch FROM committed_at) * 1000)::bigint, proof FROM {schema}.job"
            " WHERE job_id = %s AND state = 'committed'",
            self._job_id,
        ).fetchone()
        return Committed(-1, int(found[0]), Proof.of(found[1])) if found else None

    def newest(self) -> str:
        """Return the id of the job that last wrote the table, or an empty text."""
        found = self._run(
            "SELECT job_id::text FROM {schema}.job WHERE relation = %s AND state = 'committed'"
            " ORDER BY committed_at DESC LIMIT 1",
            self._relation,
        ).fetchone()
        return str(found[0]) if found else ""

    def newest_proof(self) -> Proof | None:
        """Return what the last commit to the table proved."""
        found = self._run(
            "SELECT proof FROM {schema}.job WHERE relation = %s AND state = 'committed'"
            " ORDER BY committed_at DESC LIMIT 1",
            self._relation,
        ).fetchone()
        return Proof.of(found[0]) if found else None

    def carried(self, proof: Proof) -> Proof:
        """Return a proof that knows no position with the one that was reached before."""
        before = self.newest_proof()
        if proof.watermark or before is None:
            return proof
        return replace(proof, watermark=before.watermark, position=before.position, position_rows=before.position_rows)

    def take(self, shape: str) -> bool:
        """Take the job's line over from an earlier run; False when there is none of this shape.

        Args:
            shape: both sides' columns; a staging table of other columns is of no use.
        """
        taken = self._run(
            "UPDATE {schema}.job SET holder = %s WHERE job_id = %s AND shape = %s AND state = 'filling'"
            " AND to_regclass(quote_ident(%s) || '.' || quote_ident(staging)) IS NOT NULL",
            self._holder, self._job_id, shape, self.schema,
        )  # fmt: skip
        return taken.rowcount == 1

    def begin(self, shape: str) -> None:
        """Open a new line; what an earlier run of the job left is removed. To be called in a transaction."""
        self.forget()
        self._run(
            "INSERT INTO {schema}.job (job_id, relation, shape, staging, holder) VALUES (%s, %s, %s, %s, %s)",
            self._job_id, self._relation, shape, self.staging, self._holder,
        )  # fmt: skip

    def chunks(self) -> tuple[ChunkDone, ...]:
        """Return the chunks that stand, from the first on."""
        rows = self._run("SELECT done FROM {schema}.chunk WHERE job_id = %s ORDER BY number", self._job_id).fetchall()
        found = [ChunkDone.model_validate_json(json.dumps(row[0])) for row in rows]
        return tuple(one for place, one in enumerate(found) if one.number == place)

    def entry(self, done: ChunkDone) -> str:
        """Return the statement that puts a chunk's line into the book; it returns a row only for the job's holder."""
        return (
            sql.SQL(
                "INSERT INTO {schema}.chunk (job_id, number, done) SELECT job_id, {number}, {done}::jsonb"
                " FROM {schema}.job WHERE job_id = {job} AND holder = {holder} AND state = 'filling' FOR SHARE"
                " RETURNING number"
            )
            .format(
                schema=sql.Identifier(self.schema),
                number=sql.Literal(done.number),
                done=sql.Literal(done.model_dump_json()),
                job=sql.Literal(self._job_id),
                holder=sql.Literal(self._holder),
            )
            .as_string(self._connection)
        )

    def close(self, proof: Proof, more: Mapping[str, Any]) -> bool:
        """Say that the job is committed; False when another process has taken it. To be called in the transaction.

        Args:
            proof: what is proven.
            more: what the book tells beside it.
        """
        done = self._run(
            "UPDATE {schema}.job SET state = 'committed', proof = %s, committed_at = clock_timestamp()"
            " WHERE job_id = %s AND holder = %s AND state = 'filling'",
            json.dumps({**asdict(proof), **more}), self._job_id, self._holder,
        )  # fmt: skip
        return done.rowcount == 1

    def forget(self) -> None:
        """Remove the job's line and staging table."""
        self._drop([self.staging])
        self._run("DELETE FROM {schema}.job WHERE job_id = %s AND state = 'filling'", self._job_id)

    def sweep(self) -> None:
        """Remove what jobs that never ended left for the same table: this one's content is newer."""
        rows = self._run(
            "DELETE FROM {schema}.job WHERE relation = %s AND job_id <> %s AND state = 'filling' RETURNING staging",
            self._relation, self._job_id,
        ).fetchall()  # fmt: skip
        self._drop([row[0] for row in rows])

    def _drop(self, names: Sequence[str]) -> None:
        for name in names:
            self._connection.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(sql.Identifier(self.schema, name)))
