"""Putting a filled staging table in the place of a table's content, on MariaDB or MySQL.

Where nothing hangs on the table it is exchanged by RENAME TABLE. Views and rights go by the name and stay. Where
triggers or foreign keys hang on it, or the account may not rename it, its rows are exchanged instead inside one
transaction, which costs writing them twice. In either case readers see all of the old rows or all of the new ones.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import pymysql
from pymysql.constants import ER

from jutong.node.exchange.errors import ContentDiffersError
from jutong.node.exchange.targets.errors import TargetRefusedError, TargetUnfitError
from jutong.node.exchange.targets.myledger import DENIED
from jutong.node.exchange.targets.myload import ROW
from jutong.node.exchange.targets.mymerge import ALSO
from jutong.node.exchange.targets.mysession import Session, quoted

_NAME = re.compile(r"`((?:[^`]|``)+)`")
_KEY = re.compile(r"(?:PRIMARY |UNIQUE |FULLTEXT |SPATIAL |VECTOR )?KEY ")
_NEXT = re.compile(r" AUTO_INCREMENT=(\d+)")
_VERSIONED = "SYSTEM VERSIONING"
_COUNTS = " AUTO_INCREMENT"
REFERRED = {ER.ROW_IS_REFERENCED, ER.ROW_IS_REFERENCED_2, 3730}
"""What says that a table cannot go, because of a foreign key to it."""

_NO_RENAME = {ER.TRG_IN_WRONG_SCHEMA, *DENIED}
"""What says that the rows have to be exchanged: a trigger that could not be seen, or a right that is missing."""


class Shape:
    """A table as the server itself writes it.

    Args:
        text: what SHOW CREATE TABLE says.
    """

    def __init__(self, text: str) -> None:
        lines = [line.strip().removesuffix(",") for line in text.split("\n")[1:]]
        end = next(place for place, line in enumerate(lines) if line.startswith(")"))
        inside = lines[:end]
        self.columns = {_name(line): line for line in inside if line.startswith("`")}
        self.keys = [line for line in inside if _KEY.match(line)]
        self.others = [line for line in inside if not line.startswith("`") and not _KEY.match(line)]
        tail = "\n".join(lines[end:])
        found = _NEXT.search(tail)
        self.next = int(found[1]) if found else 0
        self.options = _NEXT.sub("", tail)
        self.counting = next((name for name, line in self.columns.items() if _COUNTS in _bare(line)), "")

    @property
    def names(self) -> set[str]:
        """Names of columns, keys and constraints."""
        found = {name for line in (*self.keys, *self.others) for name in _NAME.findall(line)[:1]}
        return {*self.columns, *found, "PRIMARY"}

    def same_as(self, other: Shape) -> bool:
        """Tell whether both have the same columns, keys, constraints and options."""
        ours, theirs = (
            (list(one.columns.values()), sorted(one.keys), sorted(one.others), one.options) for one in (self, other)
        )
        return ours == theirs


def _name(line: str) -> str:
    found = _NAME.match(line)
    assert found is not None  # noqa: S101 - a column's line begins with its name
    return found[1].replace("``", "`")


def _bare(line: str) -> str:
    """Return a column's line without comment and texts."""
    return re.sub(r"'(?:[^'\\]|''|\\.)*'", "''", line)


def shape_of(session: Session, table: tuple[str, str]) -> Shape:
    """Return a table's shape."""
    return Shape(str(session.one(f"SHOW CREATE TABLE {quoted(*table)}")[1]))


def make_staging(session: Session, table: tuple[str, str], staging: tuple[str, str], landing: Sequence[str]) -> None:
    """Make a table like another one, without its keys, and with a column that numbers the rows."""
    place = quoted(*staging)
    session.do(f"CREATE TABLE {place} LIKE {quoted(*table)}")
    shape = shape_of(session, staging)
    if "PARTITION BY" in shape.options:
        session.do(f"ALTER TABLE {place} REMOVE PARTITIONING")
    if _VERSIONED in shape.options:
        session.do(f"ALTER TABLE {place} DROP {_VERSIONED}")
    changes = [
        "DROP PRIMARY KEY" if line.startswith("PRIMARY") else f"DROP KEY {quoted(_name_in(line))}"
        for line in shape.keys
    ]  # fmt: skip
    if shape.counting:
        line = shape.columns[shape.counting].replace(_COUNTS, "", 1)
        if shape.counting not in landing:  # the table itself will give the number
            line = line.replace(" NOT NULL", " NULL", 1)
        changes.append(f"MODIFY COLUMN {line}")
    changes.append(f"ADD COLUMN {ROW} bigint unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY")
    session.do(f"ALTER TABLE {place} {', '.join(changes)}")


def _name_in(line: str) -> str:
    return _name(line[line.index("`") :])


class Replace:
    """One replacement.

    Args:
        session: to the target.
        table: schema and name of the table.
        staging: schema and name of what is to take its place, as ``make_staging`` made it.
        landing: the target columns that got values.
    """

    def __init__(
        self, session: Session, table: tuple[str, str], staging: tuple[str, str], landing: Sequence[str]
    ) -> None:
        self._session = session
        self._table = table
        self._staging = staging
        self._landing = set(landing)

    def check(self) -> None:
        """Make sure that nobody altered the table since the staging table was made after it.

        Raises:
            TargetUnfitError: naming the columns that are other now.
        """
        now, then = shape_of(self._session, self._table), shape_of(self._session, self._staging)
        then.columns.pop(ROW, None)
        loose = {now.counting, then.counting}
        columns = [{name: _loose(line, name in loose) for name, line in one.columns.items()} for one in (now, then)]
        if columns[0] != columns[1]:
            names = sorted({name for name, _ in columns[0].items() ^ columns[1].items()})
            raise TargetUnfitError(table=".".join(self._table), columns="、".join(names))

    def free(self) -> bool:
        """Tell whether the tables can be exchanged: nothing hangs on the table that would go with it."""
        shape = shape_of(self._session, self._table)
        hanging = "PARTITION BY" in shape.options or _VERSIONED in shape.options
        foreign = any("FOREIGN KEY" in _bare(line) for line in shape.others)
        if hanging or foreign or (shape.counting and shape.counting not in self._landing):
            return False
        schema, name = (self._session.literal(one) for one in self._table)
        return not self.references() and not self._session.rows(
            "SELECT 1 FROM information_schema.TRIGGERS"  # noqa: S608
            f" WHERE EVENT_OBJECT_SCHEMA = {schema} AND EVENT_OBJECT_TABLE = {name}"
        )

    def build(self) -> bool:
        """Give the staging table the keys of the table; False when it is not like it then.

        Raises:
            TargetRefusedError: for rows a key does not take, with the key's name.
        """
        wanted, found = shape_of(self._session, self._table), shape_of(self._session, self._staging)
        if ROW in found.columns:
            changes = ["DROP PRIMARY KEY", f"DROP COLUMN {ROW}", *(f"ADD {line}" for line in wanted.keys)]
            if wanted.counting:
                changes.append(f"MODIFY COLUMN {wanted.columns[wanted.counting]}")
                changes.append(f"AUTO_INCREMENT = {wanted.next:d}")
            self._session.do(f"ALTER TABLE {quoted(*self._staging)} {', '.join(changes)}")
        return shape_of(self._session, self._staging).same_as(wanted)

    def swap(self, former: str) -> bool:
        """Exchange the tables; False when that is not allowed here, and nothing has happened.

        Args:
            former: the name the table gets, in the staging table's database.
        """
        table, old = quoted(*self._table), quoted(self._staging[0], former)
        try:
            self._session.do(f"RENAME TABLE {table} TO {old}, {quoted(*self._staging)} TO {table}")
        except pymysql.err.MySQLError as error:
            if error.args and error.args[0] in _NO_RENAME:
                return False
            raise
        return True

    def undo(self, former: str) -> None:
        """Exchange the tables back."""
        table, old = quoted(*self._table), quoted(self._staging[0], former)
        self._session.do(f"RENAME TABLE {table} TO {quoted(*self._staging)}, {old} TO {table}")

    def refill(self, rows: int) -> None:
        """Exchange the rows, inside a transaction.

        Raises:
            TargetRefusedError: when rows of other tables would be left without theirs, or the other way round.
            ContentDiffersError: when the table does not hold as many rows as were staged.
        """
        references = self.references()
        # The rows that come are not the ones that go: no reference is to follow them, and all are asked for below.
        if references:
            self._session.do("SET SESSION foreign_key_checks = 0")
        try:
            self._session.do(f"DELETE FROM {quoted(*self._table)}")  # noqa: S608
            self.add()
        finally:
            if references:
                self._session.do("SET SESSION foreign_key_checks = 1")
        ((found,),) = self._session.rows(f"SELECT COUNT(*) FROM {quoted(*self._table)} {ALSO}")  # noqa: S608
        if found != rows:
            raise ContentDiffersError(source_digest=f"{rows}", target_digest=f"{found}")
        for reference in references:
            self._check(reference)

    def add(self) -> None:
        """Add the staged rows to those of the table, inside a transaction."""
        shape = shape_of(self._session, self._table)
        names = [quoted(name) for name, line in shape.columns.items() if self._given(name, line, shape)]
        columns = ", ".join(names)
        into, staging = quoted(*self._table), quoted(*self._staging)
        self._session.do(f"INSERT INTO {into} ({columns}) SELECT {columns} FROM {staging}")  # noqa: S608

    def _given(self, name: str, line: str, shape: Shape) -> bool:
        made = " GENERATED ALWAYS AS " in _bare(line)
        return not made and (name != shape.counting or name in self._landing)

    def references(self) -> list[tuple[Any, ...]]:
        """Return the foreign keys of and to the table: name, both tables, both lists of columns."""
        schema, name = (self._session.literal(one) for one in self._table)
        found: dict[tuple[str, ...], list[tuple[str, str]]] = {}
        for one in self._session.rows(
            "SELECT CONSTRAINT_NAME, TABLE_SCHEMA, TABLE_NAME, REFERENCED_TABLE_SCHEMA, REFERENCED_TABLE_NAME,"  # noqa: S608
            " COLUMN_NAME, REFERENCED_COLUMN_NAME FROM information_schema.KEY_COLUMN_USAGE"
            f" WHERE REFERENCED_TABLE_NAME IS NOT NULL AND ((TABLE_SCHEMA = {schema} AND TABLE_NAME = {name})"
            f" OR (REFERENCED_TABLE_SCHEMA = {schema} AND REFERENCED_TABLE_NAME = {name})) ORDER BY ORDINAL_POSITION"
        ):
            found.setdefault(one[:5], []).append(one[5:])
        return [(*place, pairs) for place, pairs in found.items()]

    def _check(self, reference: tuple[Any, ...]) -> None:
        name, schema, table, to_schema, to_table, pairs = reference
        same = " AND ".join(f"c.{quoted(one)} = p.{quoted(other)}" for one, other in pairs)
        there = " AND ".join(f"c.{quoted(one)} IS NOT NULL" for one, _ in pairs)
        ((alone,),) = self._session.rows(
            f"SELECT COUNT(*) FROM {quoted(schema, table)} c WHERE {there}"  # noqa: S608
            f" AND NOT EXISTS (SELECT 1 FROM {quoted(to_schema, to_table)} p WHERE {same}) {ALSO}"
        )
        if alone:
            raise TargetRefusedError(table=".".join(self._table), reason=f"error {ER.ROW_IS_REFERENCED_2} {name}")


def _loose(line: str, counting: bool) -> str:  # noqa: FBT001
    """Return a column's line, of one that counts without what the staging table's had to go without."""
    return re.sub(r" AUTO_INCREMENT| NOT NULL| DEFAULT NULL| NULL", "", line) if counting else line
