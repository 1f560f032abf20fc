"""PostgreSQL through ODBC, and KingbaseES, which has its catalog and its SQL."""

from __future__ import annotations

import re
from dataclasses import replace

from jutong.kernel.i18n import gettext_noop
from jutong.node.exchange.plan import CatalogColumn, Mapping
from jutong.node.universal import capability as words
from jutong.node.universal import types
from jutong.node.universal.capability import STATES, Capability, Catalog

_TYPE = """format_type(coalesce(nullif(t.typbasetype, 0), a.atttypid),
                   CASE WHEN t.typtype = 'd' THEN t.typtypmod ELSE a.atttypmod END)
       || CASE coalesce(b.typtype, t.typtype) WHEN 'e' THEN ' enum' ELSE '' END"""
_FROM = """
  FROM pg_class c
  JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  JOIN pg_type t ON t.oid = a.atttypid
  LEFT JOIN pg_type b ON b.oid = nullif(t.typbasetype, 0)"""
_MAY = "has_schema_privilege(n.oid, 'USAGE') AND has_column_privilege(c.oid, a.attnum, 'SELECT')"
_OWN = "n.nspname NOT IN ('information_schema', 'sys', 'sysaudit') AND n.nspname NOT LIKE 'pg\\_%'"

CATALOG = Catalog(
    columns=f"SELECT a.attname::text, ({_TYPE})::text, NULL, NULL, NULL{_FROM}"
    f" WHERE n.nspname = ? AND c.relname = ? AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND {_MAY} ORDER BY a.attnum",
    keys=f"SELECT a.attname::text, ({_TYPE})::text, NULL, NULL{_FROM}"
    "  JOIN pg_constraint k ON k.conrelid = c.oid AND k.contype = 'p' AND a.attnum = ANY (k.conkey)"
    f" WHERE n.nspname = ? AND c.relname = ? AND {_MAY}",
    tables=f"SELECT n.nspname::text, c.relname::text,"
    " left(coalesce(obj_description(c.oid, 'pg_class'), ''), 1000)::text,"
    f" c.reltuples::bigint, (c.relkind IN ('v', 'm'))::int, a.attname::text, ({_TYPE})::text, NULL, NULL, NULL,"
    " (NOT a.attnotnull)::int, left(coalesce(col_description(c.oid, a.attnum), ''), 1000)::text,"
    f" coalesce(a.attnum = ANY (k.conkey), false)::int{_FROM}"
    "  LEFT JOIN pg_constraint k ON k.conrelid = c.oid AND k.contype = 'p'"
    f" WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition AND {_OWN} AND {_MAY}"
    " ORDER BY n.nspname, c.relname, a.attnum",
    references="SELECT n.nspname::text, c.relname::text, a.attname::text, (o.relname || '.' || p.attname)::text"
    "  FROM pg_constraint f"
    "  JOIN pg_class c ON c.oid = f.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace"
    "  JOIN pg_class o ON o.oid = f.confrelid"
    "  JOIN pg_attribute a ON a.attrelid = f.conrelid AND a.attnum = f.conkey[1]"
    "  JOIN pg_attribute p ON p.attrelid = f.confrelid AND p.attnum = f.confkey[1]"
    " WHERE f.contype = 'f' AND cardinality(f.conkey) = 1 ORDER BY f.oid DESC",
    schemas="SELECT n.nspname::text, count(c.oid) FILTER (WHERE has_table_privilege(c.oid, 'SELECT'))"  # noqa: S608
    "  FROM pg_namespace n LEFT JOIN pg_class c ON c.relnamespace = n.oid AND c.relkind IN ('r', 'p', 'v', 'm', 'f')"
    f" WHERE {_OWN} AND has_schema_privilege(n.oid, 'USAGE') GROUP BY n.nspname ORDER BY n.nspname",
    account="SELECT version()::text, r.rolsuper::int, pg_is_in_recovery()::int, (SELECT count(*) FROM pg_class c"  # noqa: S608
    f"  JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p') AND {_OWN}"
    "   AND has_table_privilege(c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE'))"
    "  FROM pg_roles r WHERE r.rolname = current_user",
)

_NUMERIC = re.compile(r"numeric\((\d+),(-?\d+)\)")
_PLAIN: dict[str, Mapping] = {
    "boolean": types.as_truth("({})::int"),
    "smallint": types.INT16,
    "integer": types.INT32,
    "bigint": types.INT64,
    "real": types.FLOAT32,
    "double precision": types.FLOAT64,
    "bytea": types.BYTES,
    "text": types.TEXT,
    "character varying": types.TEXT,
    "date": types.as_date("({})::text"),
    "timestamp without time zone": types.as_moment("({})::text"),
    "timestamp with time zone": types.as_instant("({} AT TIME ZONE 'UTC')::text"),
    **dict.fromkeys(
        (
            "character", "name", "numeric", "uuid", "json", "jsonb", "xml", "inet", "cidr", "macaddr", "macaddr8",
            "time with time zone", "time without time zone",
        ),
        types.as_text("({})::text"),
    ),
}  # fmt: skip


def mapping_of(column: CatalogColumn) -> Mapping | None:
    """Return how a PostgreSQL type travels, or None."""
    if column.type.endswith(" enum"):
        return types.as_text("({})::text")
    if found := _NUMERIC.fullmatch(column.type):
        return types.as_decimal("({})::text", int(found[1]), int(found[2]))
    return _PLAIN.get(re.sub(r"\(\d+\)", "", column.type))


POSTGRESQL = Capability(
    name="postgresql",
    title="PostgreSQL (ODBC)",
    port=5432,
    catalog=CATALOG,
    mapping_of=mapping_of,
    begin=(
        "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY",
        "SET LOCAL TIME ZONE 'UTC'",
        "SET LOCAL DateStyle TO 'ISO, YMD'",
    ),
    look=("SET TRANSACTION READ ONLY", "SET LOCAL DateStyle TO 'ISO, YMD'"),
    deadline="SET LOCAL statement_timeout = '{seconds}s'",
    locks="SET LOCAL lock_timeout = '{seconds}s'",
    probe="chr(19886)",
    text="({})::text",
    cut="left(({})::text, {length})",
    characters="length(({})::text)",
    octets="octet_length({})",
    modulo="{} % {rows}",
    reasons={key: told for key, told in STATES.items() if key != "08001"},
    signs=(
        ("pg_hba.conf", words.BARRED), ("authentication failed", words.SIGNIN), ("no password", words.SIGNIN),
        ('role "', words.SIGNIN), ('database "', words.DATABASE), ("too many", words.FULL),
        ("connection slots", words.FULL), ("refused", words.REFUSED), ("timeout expired", words.SILENT),
    ),
)  # fmt: skip

_KINGBASE = {
    "character varying": types.TEXT, "varchar2": types.TEXT, "nvarchar2": types.TEXT, "clob": types.TEXT,
    "nclob": types.TEXT, "blob": types.BYTES, "tinyint": types.INT16, "number": types.as_text("({})::text"),
    "bpcharbyte": types.as_text("({})::text"), "varcharbyte": types.TEXT, "datetime": types.as_moment("({})::text"),
}  # fmt: skip
_LENGTH_IN = re.compile(r"\((\d+) (?:char|byte)\)")


def kingbase_mapping_of(column: CatalogColumn) -> Mapping | None:
    """Return how a KingbaseES type travels: as in PostgreSQL, with the names its Oracle mode has besides."""
    kind = _LENGTH_IN.sub(r"(\1)", column.type)
    return mapping_of(CatalogColumn(column.name, kind)) or _KINGBASE.get(re.sub(r"\(\d+\)", "", kind))


KINGBASE = replace(
    POSTGRESQL,
    name="kingbase",
    title="人大金仓 KingbaseES",
    port=54321,
    mapping_of=kingbase_mapping_of,
    cannot=(gettext_noop("Oracle兼容模式下，空文本就是空值；这样的库按它自己的写法搬运。"),),
)
