"""Putting a filled staging table in the place of a table's content, inside one transaction.

Where nothing hangs on the table it is exchanged: the staging table gets its indexes, rights and name. Where views,
foreign keys, triggers, policies or anything else hangs on it, its rows are exchanged instead, which costs writing them
twice. In either case readers see all of the old rows or all of the new ones.
"""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import sql

from jutong.node.exchange.targets.errors import TargetRefusedError, TargetUnfitError

Connection = psycopg.Connection[tuple[Any, ...]]
LOCK_SECONDS = 30
FIRST_LOOK = 10
"""The statistics target of the first look at new rows: 3,000 rows are sampled, not 30,000."""

_FREE = """
SELECT c.relkind = 'r' AND c.relpersistence = 'p' AND c.relreplident = 'd' AND c.reltablespace = 0
   AND NOT (c.relispartition OR c.relhassubclass OR c.relhasrules OR c.relhastriggers OR c.relrowsecurity)
   AND c.reloptions IS NULL AND c.reloftype = 0
   AND c.relowner = (SELECT oid FROM pg_roles WHERE rolname = current_user)
   AND has_schema_privilege(c.relnamespace, 'CREATE')
   AND NOT EXISTS (SELECT FROM pg_inherits WHERE inhrelid = c.oid)
   AND NOT EXISTS (SELECT FROM pg_constraint k WHERE (k.conrelid = c.oid AND k.contype NOT IN ('p', 'u', 'c', 'n'))
                                                  OR k.confrelid = c.oid)
   AND NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
                      AND (a.attacl IS NOT NULL OR a.attoptions IS NOT NULL OR a.attidentity <> ''))
   AND NOT EXISTS (SELECT FROM pg_depend d
                    WHERE d.refclassid = 'pg_type'::regclass AND d.refobjid = c.reltype AND d.deptype = 'n')
   AND NOT EXISTS (
         SELECT FROM pg_depend d
          WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = c.oid AND d.deptype IN ('n', 'a')
            AND NOT (d.classid = 'pg_class'::regclass
                     AND EXISTS (SELECT FROM pg_index i WHERE i.indexrelid = d.objid AND i.indrelid = c.oid))
            AND NOT (d.classid = 'pg_constraint'::regclass
                     AND EXISTS (SELECT FROM pg_constraint k WHERE k.oid = d.objid AND k.conrelid = c.oid))
            AND d.classid <> 'pg_attrdef'::regclass)
  FROM pg_class c WHERE c.oid = %s
"""

_INDEXES = """
SELECT i.relname, coalesce(pg_get_constraintdef(k.oid), ''), pg_get_indexdef(x.indexrelid),
       format('CREATE %%sINDEX %%I ON %%I.%%I ', CASE WHEN x.indisunique THEN 'UNIQUE ' END, i.relname, n.nspname,
              c.relname)
  FROM pg_index x
  JOIN pg_class c ON c.oid = x.indrelid
  JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_class i ON i.oid = x.indexrelid
  LEFT JOIN pg_constraint k ON k.conindid = x.indexrelid AND k.conrelid = c.oid AND k.contype IN ('p', 'u')
 WHERE x.indrelid = %s ORDER BY i.oid
"""

_COLUMNS = """
SELECT a.attname, format_type(a.atttypid, a.atttypmod) || ' ' || a.attgenerated::text || ' ' || a.attcollation::text
  FROM pg_attribute a WHERE a.attrelid = %(oid)s::regclass AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
"""

_DEMANDS = """
SELECT 'not null ' || attname FROM pg_attribute WHERE attrelid = %(oid)s::regclass AND attnum > 0 AND attnotnull
UNION ALL SELECT 'default ' || attname || ' ' || pg_get_expr(adbin, adrelid)
            FROM pg_attrdef JOIN pg_attribute ON attrelid = adrelid AND attnum = adnum
           WHERE adrelid = %(oid)s::regclass
UNION ALL SELECT 'check ' || conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint
           WHERE conrelid = %(oid)s::regclass AND contype = 'c'
ORDER BY 1
"""

_RIGHTS = """
SELECT coalesce(r.rolname, ''), a.privilege_type, a.is_grantable
  FROM pg_class c, LATERAL aclexplode(c.relacl) a LEFT JOIN pg_roles r ON r.oid = a.grantee
 WHERE c.oid = %s AND a.grantee <> c.relowner
"""


class Replace:
    """One replacement. To be used inside a transaction on the target.

    Args:
        connection: to the target.
        table: schema and name of the table.
        staging: schema and name of what is to take its place; the same columns, without indexes.
    """

    def __init__(self, connection: Connection, table: tuple[str, str], staging: tuple[str, str]) -> None:
        self._connection = connection
        self._table = table
        self._staging = staging

    def _run(self, text: str, *parts: sql.Composable) -> None:
        self._connection.execute(sql.SQL(text).format(*parts))

    def _rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        return self._connection.execute(query.encode(), values).fetchall()

    def _of_both(self, query: str) -> list[list[tuple[Any, ...]]]:
        names = (sql.Identifier(*one).as_string(self._connection) for one in (self._table, self._staging))
        return [self._connection.execute(query.encode(), {"oid": name}).fetchall() for name in names]

    def _check_columns(self) -> None:
        """Make sure that nobody altered the table since the staging table was made after it.

        Raises:
            TargetUnfitError: naming the columns that are other now.
        """
        now, then = self._of_both(_COLUMNS)
        if now != then:
            names = sorted({str(column[0]) for column in {*now} ^ {*then}})
            raise TargetUnfitError(table=".".join(self._table), columns="、".join(names) or "-")

    def run(self) -> str:
        """Replace, and return how: ``swap`` or ``refill``.

        Raises:
            TargetUnfitError: when the table's columns were altered in the meantime.
        """
        table = sql.Identifier(*self._table)
        self._run(f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'")
        self._run("LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE", table)  # others may read on, and not change
        ((oid,),) = self._rows("SELECT %s::regclass::oid", table.as_string(self._connection))
        self._check_columns()
        now, then = self._of_both(_DEMANDS)  # what was demanded of rows since must not be put aside unasked
        if now == then and self._rows(_FREE, oid) == [(True,)] and (made := self._indexed(oid)) is not None:
            self._swap(oid, made)
            return "swap"
        self._run("DELETE FROM {}", table)
        self.add()
        return "refill"

    def add(self) -> None:
        """Add the staged rows to those of the table."""
        table, staging = sql.Identifier(*self._table), sql.Identifier(*self._staging)
        columns = self._rows(
            "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped"
            " AND attgenerated = '' AND attidentity <> 'a' ORDER BY attnum",
            table.as_string(self._connection),
        )
        names = sql.SQL(", ").join(sql.Identifier(name) for (name,) in columns)
        self._run("INSERT INTO {} ({}) SELECT {} FROM {}", table, names, names, staging)
        self._run("DROP TABLE {}", staging)

    def _look_at(self, staging: sql.Identifier) -> None:
        """Give the planner a first idea of the rows, from a small sample: readers wait for nothing here.

        Naming the columns leaves the server's count of changed rows as it is, so that autovacuum soon looks closely.
        """
        columns = self._rows(
            "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped",
            staging.as_string(self._connection),
        )
        self._run(f"SET LOCAL default_statistics_target = {FIRST_LOOK}")
        self._run("ANALYZE {} ({})", staging, sql.SQL(", ").join(sql.Identifier(name) for (name,) in columns))

    def _indexed(self, oid: int) -> list[tuple[str, str]] | None:
        """Give the staging table the table's indexes, and return their names, now and later; None when one is odd."""
        made = []
        rows = self._rows(_INDEXES, oid)
        if any(not constraint and not text.startswith(head) for _, constraint, text, head in rows):
            return None
        for number, (name, constraint, text, head) in enumerate(rows):
            now = f"i_{self._staging[1][2:]}_{number}"
            try:
                self._index(now, constraint, text, head)
            except psycopg.errors.UniqueViolation as error:
                raise TargetRefusedError(table=".".join(self._table), reason=f"SQLSTATE 23505 {name}") from error
            made.append((now, name))
        return made

    def _index(self, name: str, constraint: str, text: str, head: str) -> None:
        staging = sql.Identifier(*self._staging)
        if constraint:
            self._run("ALTER TABLE {} ADD CONSTRAINT {} {}", staging, sql.Identifier(name), sql.SQL(constraint))
        else:
            unique = sql.SQL("UNIQUE " if head.startswith("CREATE UNIQUE") else "")
            body = sql.SQL(text[len(head) :])
            self._run("CREATE {}INDEX {} ON {} {}", unique, sql.Identifier(name), staging, body)

    def _swap(self, oid: int, indexes: list[tuple[str, str]]) -> None:
        table, staging = sql.Identifier(*self._table), sql.Identifier(*self._staging)
        moved = sql.Identifier(self._table[0], self._staging[1])
        for grantee, right, further in self._rows(_RIGHTS, oid):
            to = sql.Identifier(grantee) if grantee else sql.SQL("PUBLIC")
            self._run("GRANT {} ON {} TO {}{}", sql.SQL(right), staging, to,
                      sql.SQL(" WITH GRANT OPTION" if further else ""))  # fmt: skip
        ((comment,),) = self._rows("SELECT obj_description(%s, 'pg_class')", oid)
        self._run("COMMENT ON TABLE {} IS {}", staging, sql.Literal(comment))
        self._run("ALTER TABLE {} RESET (autovacuum_enabled, toast.autovacuum_enabled)", staging)
        self._look_at(staging)
        self._run("DROP TABLE {}", table)
        self._run("ALTER TABLE {} SET SCHEMA {}", staging, sql.Identifier(self._table[0]))
        self._run("ALTER TABLE {} RENAME TO {}", moved, sql.Identifier(self._table[1]))
        for now, name in indexes:
            self._run("ALTER INDEX {} RENAME TO {}", sql.Identifier(self._table[0], now), sql.Identifier(name))
