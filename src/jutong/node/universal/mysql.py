"""MariaDB and MySQL through ODBC, for where a maker's own driver is wanted."""

from __future__ import annotations

import pyarrow as pa

from jutong.node.exchange import convert
from jutong.node.exchange.plan import CatalogColumn, Mapping
from jutong.node.universal import capability as words
from jutong.node.universal import types
from jutong.node.universal.capability import STATES, Capability, Catalog

CATALOG = Catalog(
    columns="SELECT COLUMN_NAME, LEFT(COLUMN_TYPE, 1000), NULL, NULL, NULL FROM information_schema.COLUMNS"
    " WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ? ORDER BY ORDINAL_POSITION",
    keys="SELECT COLUMN_NAME, DATA_TYPE, NULL, NULL FROM information_schema.COLUMNS"
    " WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ? AND COLUMN_KEY = 'PRI'",
    tables="SELECT t.TABLE_SCHEMA, t.TABLE_NAME, IF(t.TABLE_TYPE = 'VIEW', '', LEFT(t.TABLE_COMMENT, 1000)),"
    " t.TABLE_ROWS, t.TABLE_TYPE = 'VIEW', c.COLUMN_NAME, LEFT(c.COLUMN_TYPE, 1000), NULL, NULL, NULL,"
    " c.IS_NULLABLE = 'YES', LEFT(c.COLUMN_COMMENT, 1000), c.COLUMN_KEY = 'PRI'"
    "  FROM information_schema.TABLES t"
    "  JOIN information_schema.COLUMNS c ON c.TABLE_SCHEMA = t.TABLE_SCHEMA AND c.TABLE_NAME = t.TABLE_NAME"
    " WHERE t.TABLE_SCHEMA = DATABASE() AND t.TABLE_TYPE IN ('BASE TABLE', 'VIEW')"
    " ORDER BY t.TABLE_SCHEMA, t.TABLE_NAME, c.ORDINAL_POSITION",
    references="SELECT TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME,"
    " CONCAT(REFERENCED_TABLE_NAME, '.', REFERENCED_COLUMN_NAME) FROM information_schema.KEY_COLUMN_USAGE"
    " WHERE TABLE_SCHEMA = DATABASE() AND REFERENCED_TABLE_NAME IS NOT NULL ORDER BY CONSTRAINT_NAME DESC",
    schemas="SELECT DATABASE(), count(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()",
    account="SELECT CONCAT('MySQL ', version()), (SELECT count(*) > 0 FROM information_schema.USER_PRIVILEGES"
    " WHERE PRIVILEGE_TYPE IN ('SUPER', 'INSERT', 'FILE')), @@global.read_only,"
    " (SELECT count(*) FROM information_schema.SCHEMA_PRIVILEGES WHERE TABLE_SCHEMA = DATABASE()"
    " AND PRIVILEGE_TYPE IN ('INSERT', 'UPDATE', 'DELETE', 'DROP'))",
)

_AS_TEXT = types.as_text("CAST({} AS CHAR)")
_INTEGER = types.as_integer("CAST({} AS CHAR)", pa.int64())
_SMALL = types.as_integer("CAST({} AS CHAR)", pa.int32())
_UNSIGNED = Mapping("CAST({} AS CHAR)", types.STRING, pa.decimal128(20, 0), convert.decimal)
_KINDS: dict[str, Mapping] = {
    **dict.fromkeys(("tinyint", "smallint", "mediumint", "year"), _SMALL),
    **dict.fromkeys(("int", "bigint"), _INTEGER),
    # A FLOAT is printed with six digits; as DOUBLE it shows all it holds.
    **dict.fromkeys(("float", "double"), Mapping("({} + 0e0)", pa.float64(), pa.float64(), convert.same)),
    **dict.fromkeys(("char", "varchar", "tinytext", "text", "mediumtext", "longtext", "json"), types.TEXT),
    **dict.fromkeys(("binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob"), types.BYTES),
    **dict.fromkeys(("enum", "set", "time", "uuid", "inet4", "inet6"), _AS_TEXT),
    "date": types.as_date("CAST({} AS CHAR)"),
    "datetime": types.as_moment("CAST({} AS CHAR)"),
    "timestamp": types.as_instant("CAST({} AS CHAR)"),
}
MAX_BITS = 63


def mapping_of(column: CatalogColumn) -> Mapping | None:
    """Return how a MySQL type travels, or None; as in the lane of its own."""
    declared = column.type.lower()
    kind = declared.partition("(")[0].partition(" ")[0]
    _, first, second = types.parts(declared.partition(")")[0] + ")" if "(" in declared else declared)
    if kind == "decimal":
        return types.as_decimal("CAST({} AS CHAR)", first or 0, second or 0)
    if kind == "bit":
        return types.as_integer("CAST({} + 0 AS CHAR)", pa.int64()) if (first or 0) <= MAX_BITS else None
    if kind == "bigint" and "unsigned" in declared:
        return _UNSIGNED
    return _KINDS.get(kind)


MYSQL = Capability(
    name="mysql",
    title="MariaDB / MySQL (ODBC)",
    port=3306,
    catalog=CATALOG,
    mapping_of=mapping_of,
    quotes=("`", "`"),
    begin=(
        "SET SESSION time_zone = '+00:00', sql_mode = ''",
        "COMMIT",
        "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY",
    ),
    look=("SET SESSION TRANSACTION READ ONLY", "SET SESSION time_zone = '+00:00', sql_mode = ''"),
    # Each product runs the comment that is meant for it.
    deadline="SET SESSION /*M! max_statement_time = {seconds} */ /*!50708 max_execution_time = {seconds}000 */",
    locks="SET SESSION lock_wait_timeout = {seconds}, innodb_lock_wait_timeout = {seconds}",
    probe="CONVERT(_utf8mb4 x'E4B6AE' USING utf8mb4)",
    text="CAST({} AS CHAR)",
    cut="LEFT(CAST({} AS CHAR), {length})",
    characters="CHAR_LENGTH(CAST({} AS CHAR))",
    octets="OCTET_LENGTH({})",
    holds=True,
    reasons={
        **STATES, 1045: words.SIGNIN, 1044: words.DATABASE, 1049: words.DATABASE, 1040: words.FULL, 1130: words.BARRED,
        2002: words.REFUSED, 2003: words.REFUSED, 2006: words.LOST, 2013: words.LOST, 1146: words.GONE,
        1054: words.GONE, 1356: words.GONE, 1969: words.TOO_LONG, 3024: words.TOO_LONG, 1205: words.LOCKED,
    },
)  # fmt: skip
