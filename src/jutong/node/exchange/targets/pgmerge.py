"""Bringing staged rows into a table that keeps its own: added, put in the place of those with their key, or taken out.

Everything is one transaction, so readers see the table before or after. Only columns the order lands in are written;
others keep what they have, and new rows get their defaults. At the end the database itself is asked whether every
staged row stands in the table as it was sent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import psycopg
from psycopg import sql

from jutong.contracts.modes import AppendMode, DifferenceMode, MergeMode, Mode
from jutong.library.errors import KeyMissingError, KeyRepeatedError, KeyUnfitError
from jutong.library.proof import Proof
from jutong.node.exchange.errors import ContentDiffersError, OrderUnfitError
from jutong.node.exchange.targets.pgswap import LOCK_SECONDS
from jutong.node.exchange.targets.pgtypes import Way

Connection = psycopg.Connection[tuple[Any, ...]]
_UNEQUAL = {"json", "xml", "point"}
"""Types without an equality of their own; they are compared as texts."""


def check_mode(mode: Mode | None) -> None:
    """Refuse what a table of a database cannot do: our own columns are not ours to add there.

    Raises:
        OrderUnfitError: for history, and for rows that stay when they are missed.
    """
    if getattr(mode, "history", False) or getattr(mode, "deletes", "") == "soft":
        raise OrderUnfitError(what="写入方式", found="history/soft")


class Bring:
    """One merge. To be used inside a transaction on the target.

    Args:
        connection: to the target.
        table: schema and name of the table.
        staging: schema and name of what is brought in.
        mode: how; neither ``replace`` nor none.
        ways: the columns that land.

    Raises:
        KeyUnfitError: when a key does not land, or has no equality.
    """

    def __init__(
        self, connection: Connection, table: tuple[str, str], staging: tuple[str, str], mode: Mode, ways: Sequence[Way]
    ) -> None:
        self._connection = connection
        self._mode = mode
        self._ways = ways
        self._table, self._staging = sql.Identifier(*table), sql.Identifier(*staging)
        named = {way.column: way.taker for way in ways}
        wanted = mode.keys if isinstance(mode, MergeMode | DifferenceMode) else ()
        for key in wanted:
            if key not in named or named[key].type in _UNEQUAL:
                raise KeyUnfitError(column=key, kind=named[key].type if key in named else "-")
        self._wanted = wanted
        self._keys = [named[key].name for key in wanted]

    def _ask(self, text: str, **parts: sql.Composable) -> int:
        row = self._connection.execute(
            sql.SQL(text).format(table=self._table, staging=self._staging, **parts)
        ).fetchone()
        return int(row[0]) if row else 0

    def _run(self, text: str, **parts: sql.Composable) -> int:
        return self._connection.execute(
            sql.SQL(text).format(table=self._table, staging=self._staging, **parts)
        ).rowcount

    def run(self, proof: Proof) -> Proof:
        """Bring the rows in, and return the proof with what was done.

        Raises:
            KeyMissingError, KeyRepeatedError: staged rows have no key, or one has several.
            ContentDiffersError: when the table does not hold what was sent.
        """
        self._connection.execute(f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'".encode())
        self._run("LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE")  # others may read on, and not change
        if isinstance(self._mode, AppendMode):
            inserted = self._run("INSERT INTO {table} ({names}) SELECT {theirs} FROM {staging} s", **self._names())
            done = replace(proof, inserted=inserted)
        else:
            done = self._merged(proof)
        self._run("DROP TABLE {staging}")
        return done

    def _merged(self, proof: Proof) -> Proof:
        keys = sql.SQL(", ").join(sql.Identifier(key) for key in self._keys)
        missing = sql.SQL(" OR ").join(sql.SQL("{} IS NULL").format(sql.Identifier(key)) for key in self._keys)
        if rows := self._ask("SELECT count(*) FROM {staging} WHERE {missing}", missing=missing):
            raise KeyMissingError(rows=rows, keys="、".join(self._wanted))
        repeated = "SELECT count(*) FROM (SELECT FROM {staging} GROUP BY {keys} HAVING count(*) > 1) AS twice"
        if rows := self._ask(repeated, keys=keys):
            raise KeyRepeatedError(keys_repeated=rows, keys="、".join(self._wanted))
        self._run("CREATE INDEX ON {staging} ({keys})", keys=keys)
        self._run("ANALYZE {staging}")
        updated = self._updated()
        deleted = 0
        if isinstance(self._mode, DifferenceMode) and self._mode.deletes == "hard":
            gone = "DELETE FROM {table} t WHERE NOT EXISTS (SELECT FROM {staging} s WHERE {same})"
            deleted = self._run(gone, same=self._same_key())
        inserted = self._run(
            "INSERT INTO {table} ({names}) SELECT {theirs} FROM {staging} s"
            " WHERE NOT EXISTS (SELECT FROM {table} t WHERE {same})",
            same=self._same_key(),
            **self._names(),
        )
        self._check(proof)
        unchanged = proof.rows - inserted - updated
        return replace(proof, inserted=inserted, updated=updated, deleted=deleted, unchanged=unchanged)

    def _names(self) -> dict[str, sql.Composable]:
        names = [way.taker.name for way in self._ways]
        return {
            "names": sql.SQL(", ").join(sql.Identifier(name) for name in names),
            "theirs": sql.SQL(", ").join(sql.Identifier("s", name) for name in names),
        }

    def _same_key(self) -> sql.Composed:
        pairs = [sql.SQL("{} = {}").format(sql.Identifier("t", key), sql.Identifier("s", key)) for key in self._keys]
        return sql.SQL(" AND ").join(pairs)

    def _differs(self) -> sql.Composed:
        clauses = [sql.SQL("false")]
        for way in self._ways:
            if way.taker.name not in self._keys:
                form = "{}::text IS DISTINCT FROM {}::text" if way.taker.type in _UNEQUAL else "{} IS DISTINCT FROM {}"
                pair = (sql.Identifier("t", way.taker.name), sql.Identifier("s", way.taker.name))
                clauses.append(sql.SQL(form).format(*pair))  # type: ignore[arg-type]
        return sql.SQL(" OR ").join(clauses)

    def _updated(self) -> int:
        """Write changed values; count each row that came once, however often the table has its key."""
        values = [way.taker.name for way in self._ways if way.taker.name not in self._keys]
        if not values:
            return 0
        pairs = [sql.SQL("{} = {}").format(sql.Identifier(name), sql.Identifier("s", name)) for name in values]
        return self._ask(
            "WITH done AS (UPDATE {table} t SET {values} FROM {staging} s WHERE {same} AND ({differs})"
            " RETURNING s.ctid AS place) SELECT count(DISTINCT place) FROM done",
            values=sql.SQL(", ").join(pairs),
            same=self._same_key(),
            differs=self._differs(),
        )

    def _check(self, proof: Proof) -> None:
        """Ask the database whether every staged row stands as it was sent; a trigger may have had its own mind."""
        standing = self._ask(
            "SELECT count(*) FROM {staging} s WHERE EXISTS (SELECT FROM {table} t WHERE {same} AND NOT ({differs}))",
            same=self._same_key(),
            differs=self._differs(),
        )
        if standing != proof.rows:
            raise ContentDiffersError(source_digest=f"{proof.rows}", target_digest=f"{standing}")
