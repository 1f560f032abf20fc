"""The book a MariaDB or MySQL target keeps of what was written: on the same server, so that it can never say otherwise.

It is as ``pgledger``'s, in a database of its own, with one state more. A table is put in the place of another by RENAME
TABLE, which is atomic but no part of a transaction. So the book first says ``swapping``, and afterwards the names of
the tables tell whether it happened: the former content then has the name ``former``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any
from uuid import uuid4

import pymysql
from pymysql.constants import ER

from jutong.library.overwrite import Committed, Proof
from jutong.node.exchange.chunks import ChunkDone
from jutong.node.exchange.targets.errors import LedgerForbiddenError
from jutong.node.exchange.targets.mysession import Session, quoted

SCHEMA = "jutong_exchange"
DENIED = {
    ER.DBACCESS_DENIED_ERROR, ER.TABLEACCESS_DENIED_ERROR, ER.COLUMNACCESS_DENIED_ERROR,
    ER.SPECIFIC_ACCESS_DENIED_ERROR,
}  # fmt: skip
_ID = "char(36) CHARACTER SET ascii COLLATE ascii_bin"
_JOB = (
    f"CREATE TABLE IF NOT EXISTS {SCHEMA}.job (job_id {_ID} PRIMARY KEY, relation varchar(260) NOT NULL,"
    f" shape longtext NOT NULL, staging varchar(64) NOT NULL, holder {_ID} NOT NULL,"
    " state varchar(9) NOT NULL DEFAULT 'filling', proof longtext,"
    " began_at datetime(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6), committed_at datetime(6),"
    " KEY of_relation (relation, state, committed_at)) ENGINE=InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"
)
_CHUNK = (
    f"CREATE TABLE IF NOT EXISTS {SCHEMA}.chunk (job_id {_ID} NOT NULL, number int NOT NULL, done longtext NOT NULL,"
    " written_at datetime(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6), PRIMARY KEY (job_id, number),"
    f" FOREIGN KEY (job_id) REFERENCES {SCHEMA}.job (job_id) ON DELETE CASCADE)"
    " ENGINE=InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"
)


class MyLedger:
    """The book of one job.

    Args:
        session: to the target.
        source: the target's name among the node's sources.
        job_id: the job's.
        relation: schema and table.
    """

    def __init__(self, session: Session, source: str, job_id: str, relation: tuple[str, str]) -> None:
        self._session = session
        self._source = source
        self._job_id = job_id
        self._table = relation
        self._job = session.literal(job_id)
        self._relation = session.literal(".".join(relation))
        self._holder = session.literal(str(uuid4()))

    @property
    def staging(self) -> str:
        """The name of the job's staging table."""
        return f"s_{self._job_id.replace('-', '')}"

    @property
    def former(self) -> str:
        """The name the table with the content from before gets in an exchange of tables."""
        return f"o_{self._job_id.replace('-', '')}"

    def prepare(self) -> None:
        """Make the book where there is none.

        Raises:
            LedgerForbiddenError: when the account has no database for it and may make none.
        """
        try:
            if not self._session.rows(f"SHOW DATABASES LIKE '{SCHEMA}'"):
                self._session.do(f"CREATE DATABASE IF NOT EXISTS {SCHEMA}")
            if not self._exists("chunk"):
                for statement in (_JOB, _CHUNK):
                    self._session.do(statement)
        except pymysql.err.MySQLError as error:
            if error.args and error.args[0] in DENIED:
                statement = f"CREATE DATABASE {SCHEMA}; GRANT ALL ON {SCHEMA}.* TO ..."
                raise LedgerForbiddenError(source=self._source, schema=SCHEMA, statement=statement) from error
            raise

    def _exists(self, table: str, schema: str = SCHEMA) -> bool:
        where = f"TABLE_SCHEMA = {self._session.literal(schema)} AND TABLE_NAME = {self._session.literal(table)}"
        return bool(self._session.rows(f"SELECT 1 FROM information_schema.TABLES WHERE {where}"))  # noqa: S608

    def settle(self) -> None:
        """Find out about exchanges of tables that were begun and not put on record. To be called under the lock."""
        rows = self._session.rows(
            f"SELECT job_id FROM {SCHEMA}.job WHERE relation = {self._relation} AND state = 'swapping'"  # noqa: S608
        )
        for (job_id,) in rows:
            bare = job_id.replace("-", "")
            swapped = self._exists(f"o_{bare}")
            if swapped and not self._exists(self._table[1], self._table[0]):
                # A server without atomic DDL died between the two names.
                self._session.do(f"RENAME TABLE {quoted(SCHEMA, f's_{bare}')} TO {quoted(*self._table)}")
            said = "'committed', committed_at = began_at" if swapped and job_id != self._job_id else (
                "'committed', committed_at = CURRENT_TIMESTAMP(6)" if swapped else "'filling'"
            )  # fmt: skip
            self._session.do(f"UPDATE {SCHEMA}.job SET state = {said} WHERE job_id = {self._session.literal(job_id)}")  # noqa: S608

    def committed(self) -> Committed | None:
        """Return this job's commit, if there is one. A database counts no versions: it is -1."""
        found = self._session.rows(
            "SELECT CAST(UNIX_TIMESTAMP(committed_at) * 1000 AS SIGNED), proof"  # noqa: S608
            f" FROM {SCHEMA}.job WHERE job_id = {self._job} AND state = 'committed'"
        )
        return Committed(-1, int(found[0][0]), Proof.of(json.loads(found[0][1]))) if found else None

    def newest(self) -> str:
        """Return the id of the job that last wrote the table, or an empty text."""
        found = self._newest("job_id")
        return str(found) if found else ""

    def newest_proof(self) -> Proof | None:
        """Return what the last commit to the table proved."""
        found = self._newest("proof")
        return Proof.of(json.loads(found)) if found else None

    def _newest(self, column: str) -> Any:
        rows = self._session.rows(
            f"SELECT {column} FROM {SCHEMA}.job WHERE relation = {self._relation} AND state = 'committed'"  # noqa: S608
            " ORDER BY committed_at DESC LIMIT 1"
        )
        return rows[0][0] if rows else None

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
        self._session.do(
            f"UPDATE {SCHEMA}.job SET holder = {self._holder} WHERE job_id = {self._job} AND state = 'filling'"  # noqa: S608
            f" AND shape = {self._session.literal(shape)}"
        )
        held = f"SELECT 1 FROM {SCHEMA}.job WHERE job_id = {self._job} AND holder = {self._holder}"  # noqa: S608
        return bool(self._session.rows(held)) and self._exists(self.staging)

    def begin(self, shape: str) -> None:
        """Open a new line; what an earlier run of the job left is removed."""
        self.forget()
        values = (self._job, self._relation, self._session.literal(shape), f"'{self.staging}'", self._holder)
        self._session.do(
            f"INSERT INTO {SCHEMA}.job (job_id, relation, shape, staging, holder) VALUES ({', '.join(values)})"  # noqa: S608
        )

    def chunks(self) -> tuple[ChunkDone, ...]:
        """Return the chunks that stand, from the first on."""
        rows = self._session.rows(f"SELECT done FROM {SCHEMA}.chunk WHERE job_id = {self._job} ORDER BY number")  # noqa: S608
        found = [ChunkDone.model_validate_json(row[0]) for row in rows]
        return tuple(one for place, one in enumerate(found) if one.number == place)

    def entry(self, done: ChunkDone) -> bool:
        """Put a chunk's line into the book; False when another process holds the job. Called in its transaction."""
        written = self._session.do(
            f"INSERT INTO {SCHEMA}.chunk (job_id, number, done)"  # noqa: S608
            f" SELECT job_id, {done.number:d}, {self._session.literal(done.model_dump_json())} FROM {SCHEMA}.job"
            f" WHERE job_id = {self._job} AND holder = {self._holder} AND state = 'filling' LOCK IN SHARE MODE"
        )
        return written == 1

    def close(self, proof: Proof, more: Mapping[str, Any], state: str = "committed") -> bool:
        """Say that the job is committed; False when another process has taken it. To be called in the transaction.

        Args:
            proof: what is proven.
            more: what the book tells beside it.
            state: ``swapping`` when tables are about to be exchanged.
        """
        told = self._session.literal(json.dumps({**asdict(proof), **more}))
        done = self._session.do(
            f"UPDATE {SCHEMA}.job SET state = '{state}', proof = {told}, committed_at = CURRENT_TIMESTAMP(6)"  # noqa: S608
            f" WHERE job_id = {self._job} AND holder = {self._holder} AND state = 'filling'"
        )
        return done == 1

    def say(self, state: str) -> None:
        """Say how an exchange of tables ended: ``committed``, or ``filling`` when it did not happen."""
        self._session.do(
            f"UPDATE {SCHEMA}.job SET state = '{state}', committed_at = CURRENT_TIMESTAMP(6)"  # noqa: S608
            f" WHERE job_id = {self._job} AND holder = {self._holder} AND state = 'swapping'"
        )

    def reopen(self) -> None:
        """Say that an exchange of tables was taken back."""
        self._session.do(
            f"UPDATE {SCHEMA}.job SET state = 'filling', proof = NULL, committed_at = NULL WHERE job_id = {self._job}"  # noqa: S608
        )

    def drop_former(self) -> None:
        """Remove the table with the content from before."""
        self._drop(self.former)

    def forget(self) -> None:
        """Remove the job's line and staging table, unless it is committed."""
        self._drop(self.staging)
        self._session.do(f"DELETE FROM {SCHEMA}.job WHERE job_id = {self._job} AND state = 'filling'")  # noqa: S608

    def clear(self) -> None:
        """Remove what this job and others left for the same table, and what the table held before."""
        self._drop(self.staging)
        others = f"FROM {SCHEMA}.job WHERE relation = {self._relation} AND job_id <> {self._job} AND state = 'filling'"
        for (staging,) in self._session.rows(f"SELECT staging {others}"):
            self._drop(staging)
        self._session.do(f"DELETE {others}")
        former = self._session.rows(
            "SELECT t.TABLE_NAME FROM information_schema.TABLES t"  # noqa: S608
            f" JOIN {SCHEMA}.job j ON t.TABLE_NAME = CONCAT('o_', REPLACE(j.job_id, '-', ''))"
            f" WHERE t.TABLE_SCHEMA = '{SCHEMA}' AND j.relation = {self._relation} AND j.state = 'committed'"
        )
        for (name,) in former:
            self._drop(name)

    def _drop(self, name: str) -> None:
        self._session.do(f"DROP TABLE IF EXISTS {quoted(SCHEMA, name)}")
