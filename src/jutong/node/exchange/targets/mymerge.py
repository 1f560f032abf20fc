"""Bringing staged rows into a MariaDB or MySQL table that keeps its own; see ``pgmerge``.

Everything is one InnoDB transaction, so readers see the table before or after. Texts are compared byte by byte,
whatever the collation says, and matched by key as the collation of the table has it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from jutong.contracts.modes import AppendMode, DifferenceMode, MergeMode, Mode
from jutong.library.errors import KeyMissingError, KeyRepeatedError, KeyUnfitError
from jutong.library.proof import Proof
from jutong.node.exchange.errors import ContentDiffersError
from jutong.node.exchange.targets.myload import ROW
from jutong.node.exchange.targets.mysession import Session, quoted
from jutong.node.exchange.targets.mytypes import Way

_NO_KEYS = {"float", "double", "tinyblob", "blob", "mediumblob", "longblob"}
_LONG = {"char", "varchar", "tinytext", "text", "mediumtext", "longtext", "binary", "varbinary"}
INDEXED = 700
"""Characters an index can hold, in all its columns together."""

ALSO = "LOCK IN SHARE MODE"
"""Reads what was committed last, and not what was there when the transaction began."""


class Bring:
    """One merge.

    Args:
        session: to the target.
        table: schema and name of the table.
        staging: schema and name of what is brought in.
        mode: how; neither ``replace`` nor none.
        ways: the columns that land.

    Raises:
        KeyUnfitError: when a key does not land, or has no equality.
    """

    def __init__(
        self, session: Session, table: tuple[str, str], staging: tuple[str, str], mode: Mode, ways: Sequence[Way]
    ) -> None:
        self._session = session
        self._mode = mode
        self._ways = ways
        self._table, self._staging = quoted(*table), quoted(*staging)
        named = {way.column: way for way in ways}
        self._wanted = mode.keys if isinstance(mode, MergeMode | DifferenceMode) else ()
        for key in self._wanted:
            if key not in named or named[key].taker.kind in _NO_KEYS:
                raise KeyUnfitError(column=key, kind=named[key].taker.kind if key in named else "-")
        self._keys = [named[key] for key in self._wanted]
        pairs = [f"t.{quoted(way.taker.name)} = s.{quoted(way.taker.name)}" for way in self._keys]
        self._same = " AND ".join(pairs)
        self._equal = " AND ".join(_equal(way) for way in ways)

    def prepare(self) -> None:
        """Look at the keys and give the staging table an index; before the transaction, as an index would end it.

        Raises:
            KeyMissingError, KeyRepeatedError: staged rows have no key, or one has several.
        """
        if not self._keys:
            return
        names = [quoted(way.taker.name) for way in self._keys]
        told = "、".join(self._wanted)
        missing = " OR ".join(f"{name} IS NULL" for name in names)
        if rows := self._count(f"FROM {self._staging} WHERE {missing}"):
            raise KeyMissingError(rows=rows, keys=told)
        indexed = [name + _part(way, INDEXED // len(names)) for name, way in zip(names, self._keys, strict=True)]
        if not self._session.rows(f"SHOW INDEX FROM {self._staging} WHERE Key_name = 'jutong_key'"):
            self._session.do(f"ALTER TABLE {self._staging} ADD INDEX jutong_key ({', '.join(indexed)})")
        repeated = f"SELECT 1 FROM {self._staging} GROUP BY {', '.join(names)} HAVING count(*) > 1"  # noqa: S608
        if rows := self._count(f"FROM ({repeated}) twice"):
            raise KeyRepeatedError(keys_repeated=rows, keys=told)
        self._session.rows(f"ANALYZE TABLE {self._staging}")

    def run(self, proof: Proof) -> Proof:
        """Bring the rows in, inside a transaction, and return the proof with what was done.

        Raises:
            ContentDiffersError: when the table does not hold what was sent.
        """
        if isinstance(self._mode, AppendMode):
            return replace(proof, inserted=self._session.do(f"{self._insert()} FROM {self._staging} s"))
        joined = f"{self._table} t JOIN {self._staging} s ON {self._same}"
        updated = self._count(f"FROM {joined} WHERE NOT ({self._equal}) {ALSO}", f"COUNT(DISTINCT s.{ROW})")
        if updated:
            values = ", ".join(f"t.{name} = s.{name}" for name in self._names())
            self._session.do(f"UPDATE {joined} SET {values} WHERE NOT ({self._equal})")  # noqa: S608
        deleted = 0
        if isinstance(self._mode, DifferenceMode) and self._mode.deletes == "hard":
            gone = f"DELETE t FROM {self._table} t LEFT JOIN {self._staging} s ON {self._same} WHERE s.{ROW} IS NULL"
            deleted = self._session.do(gone)
        absent = f"LEFT JOIN {self._table} t ON {self._same} WHERE t.{quoted(self._keys[0].taker.name)} IS NULL"
        inserted = self._session.do(f"{self._insert()} FROM {self._staging} s {absent}")
        self._check(proof)
        unchanged = proof.rows - inserted - updated
        return replace(proof, inserted=inserted, updated=updated, deleted=deleted, unchanged=unchanged)

    def _names(self) -> list[str]:
        return [quoted(way.taker.name) for way in self._ways]

    def _insert(self) -> str:
        theirs = ", ".join(f"s.{name}" for name in self._names())
        return f"INSERT INTO {self._table} ({', '.join(self._names())}) SELECT {theirs}"

    def _count(self, rows: str, what: str = "COUNT(*)") -> int:
        return int(self._session.one(f"SELECT {what} {rows}")[0])

    def _check(self, proof: Proof) -> None:
        """Ask the database whether every staged row stands as it was sent; a trigger may have had its own mind."""
        stands = f"EXISTS (SELECT 1 FROM {self._table} t WHERE {self._same} AND {self._equal} {ALSO})"  # noqa: S608
        standing = self._count(f"FROM {self._staging} s WHERE {stands}")
        if standing != proof.rows:
            raise ContentDiffersError(source_digest=f"{proof.rows}", target_digest=f"{standing}")


def _equal(way: Way) -> str:
    name = quoted(way.taker.name)
    if not way.words:
        return f"t.{name} <=> s.{name}"
    return f"CAST(t.{name} AS BINARY) <=> CAST(s.{name} AS BINARY)"


def _part(way: Way, most: int) -> str:
    if way.taker.kind not in _LONG or (0 < way.taker.characters <= most and "text" not in way.taker.kind):
        return ""
    return f"({most})"
