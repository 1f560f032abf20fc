"""Looking again at tables of PostgreSQL that jobs filled; see ``looking``."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from typing import Any

import adbc_driver_manager
import psycopg
import pyarrow as pa
from adbc_driver_postgresql import StatementOptions, dbapi  # type: ignore[import-untyped]
from psycopg import sql
from typing_extensions import override

from jutong.library.digest import ContentDigest
from jutong.node.connectors.errors import SourceUnreachableError
from jutong.node.connectors.postgresql import reason
from jutong.node.exchange.targets.looking import Look, UnlikeError, in_writes, known
from jutong.node.exchange.targets.pgingest import SEND_BYTES, as_landed
from jutong.node.exchange.targets.pgledger import SCHEMA
from jutong.node.exchange.targets.pgpipe import SCHEME, Question, sum_text
from jutong.node.exchange.targets.pgtypes import Taker, Way, made_by_server, match
from jutong.node.exchange.targets.postgresql import TAKERS, address, problem
from jutong.node.exchange.targets.whole import Left
from jutong.node.sources import SourceConfig


class PgLook(Look):
    """See ``looking.Look``."""

    def __init__(self, source: SourceConfig) -> None:
        self._source = source
        try:
            self._connection = psycopg.connect(address(source), autocommit=True)
        except psycopg.OperationalError as error:
            raise SourceUnreachableError(source=source.name, reason=reason(error)) from error

    @override
    def close(self) -> None:
        self._connection.close()

    def _ask(self, name: str, query: sql.SQL | sql.Composed, *values: object) -> list[tuple[Any, ...]]:
        try:
            return self._connection.execute(query, values or None).fetchall()
        except psycopg.Error as error:
            raise problem(name, error) from error

    @override
    def left(self) -> Sequence[Left]:
        ((role,),) = self._ask(SCHEMA, sql.SQL("SELECT current_user"))
        for book in (SCHEMA, f"{SCHEMA}_{role}"[:63]):
            there = sql.SQL("SELECT has_table_privilege(to_regclass({}), 'SELECT')").format(
                sql.Literal(sql.Identifier(book, "job").as_string(None))
            )
            if self._ask(book, there) != [(True,)]:
                continue
            query = sql.SQL(
                "SELECT DISTINCT ON (relation) relation, job_id::text, proof FROM {} WHERE state = 'committed'"
                " ORDER BY relation, committed_at DESC"
            )
            rows = self._ask(book, query.format(sql.Identifier(book, "job")))
            found = [(in_writes(self._source, relation), job_id, proof) for relation, job_id, proof in rows]
            return known(Left.of(job_id, place, proof) for place, job_id, proof in found if place)
        return []

    @override
    def rows(self, left: Left) -> int:
        table = sql.Identifier(left.schema_name, left.table)
        ((rows,),) = self._ask(left.table, sql.SQL("SELECT count(*) FROM {}").format(table))
        return int(rows)

    @override
    def digest(self, left: Left) -> tuple[int, str]:
        ways = self._ways(left)
        relation = sql.Identifier(left.schema_name, left.table).as_string(None)
        names = [sql.Identifier(way.taker.name).as_string(None) for way in ways]
        if left.proof.table_digest.startswith(SCHEME):
            query = Question(f"FROM {relation}", names).sums()
            ((rows, hashed),) = self._ask(left.table, sql.SQL(query))
            return int(rows), sum_text(int(rows), int(hashed), counted=False)
        columns = ", ".join(
            f"{way.back.format(name)} AS c{at}" for at, (way, name) in enumerate(zip(ways, names, strict=True))
        )
        total = ContentDigest(left.schema)
        try:
            with closing(dbapi.connect(address(self._source))) as connection, connection.cursor() as cursor:
                cursor.adbc_statement.set_options(**{StatementOptions.BATCH_SIZE_HINT_BYTES.value: str(SEND_BYTES)})
                cursor.execute(f"SELECT {columns} FROM {relation}")  # noqa: S608
                with cursor.fetch_record_batch() as reader:
                    for batch in reader:
                        arrays = [as_landed(array, way) for array, way in zip(batch.columns, ways, strict=True)]
                        total.update(pa.RecordBatch.from_arrays(arrays, schema=left.schema))
        except adbc_driver_manager.Error as error:
            raise problem(left.table, error) from error
        return total.rows, total.text()

    def _ways(self, left: Left) -> list[Way]:
        takers = [Taker(*row) for row in self._ask(left.table, sql.SQL(TAKERS), left.schema_name, left.table)]
        told = {taker.name: taker.type for taker in takers if made_by_server(taker)}
        kinds = {name: told[to] for name, to in left.columns if to in told}
        ways, problems = match(left.schema, left.columns, takers, kinds)
        if problems:
            raise UnlikeError
        by_name = {way.column: way for way in ways}
        return [by_name[name] for name in left.schema.names]
