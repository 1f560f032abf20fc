"""SQL Server through ODBC: Microsoft's own driver, or FreeTDS."""

from __future__ import annotations

import pyarrow as pa

from jutong.kernel.i18n import gettext_noop
from jutong.node.exchange.plan import CatalogColumn, Mapping
from jutong.node.universal import capability as words
from jutong.node.universal import types
from jutong.node.universal.capability import STATES, Capability, Catalog

_LENGTH = (
    "CASE WHEN c.max_length < 0 THEN -1 WHEN t.name IN ('nchar', 'nvarchar') THEN c.max_length / 2"
    " ELSE c.max_length END"
)
_TYPE = f"t.name, {_LENGTH}, c.precision, c.scale"
# A column of an alias type has the type behind it as its system type.
_FROM = """
  FROM sys.objects o
  JOIN sys.schemas s ON s.schema_id = o.schema_id
  JOIN sys.columns c ON c.object_id = o.object_id
  JOIN sys.types t ON t.user_type_id = CASE WHEN c.system_type_id = 240 THEN c.user_type_id ELSE c.system_type_id END"""
_MAY = "o.type IN ('U', 'V') AND o.is_ms_shipped = 0"
_KEY = """
  LEFT JOIN sys.indexes i ON i.object_id = o.object_id AND i.is_primary_key = 1
  LEFT JOIN sys.index_columns k ON k.object_id = i.object_id AND k.index_id = i.index_id
    AND k.column_id = c.column_id"""
_NOTE = (
    "(SELECT TOP (1) CAST(p.value AS nvarchar(1000)) FROM sys.extended_properties p WHERE p.class = 1"
    " AND p.name = N'MS_Description' AND p.major_id = o.object_id AND p.minor_id = {})"
)
_ROWS = (
    "(SELECT sum(r.rows) FROM sys.partitions r WHERE r.object_id = o.object_id AND r.index_id IN (0, 1)"
    " AND o.type = 'U')"
)
CATALOG = Catalog(
    columns=f"SELECT c.name, {_TYPE}{_FROM} WHERE s.name = ? AND o.name = ? AND {_MAY} ORDER BY c.column_id",
    keys=f"SELECT c.name, t.name, c.precision, c.scale{_FROM}{_KEY}"
    f" WHERE s.name = ? AND o.name = ? AND {_MAY} AND k.column_id IS NOT NULL",
    tables=f"SELECT s.name, o.name, {_NOTE.format(0)}, {_ROWS}, CASE WHEN o.type = 'V' THEN 1 ELSE 0 END,"
    f" c.name, {_TYPE}, CAST(c.is_nullable AS int), {_NOTE.format('c.column_id')},"
    f" CASE WHEN k.column_id IS NULL THEN 0 ELSE 1 END{_FROM}{_KEY} WHERE {_MAY}"
    " ORDER BY s.name, o.name, c.column_id",
    references="SELECT s.name, o.name, c.name, p.name + '.' + d.name FROM sys.foreign_key_columns f"
    "  JOIN sys.objects o ON o.object_id = f.parent_object_id JOIN sys.schemas s ON s.schema_id = o.schema_id"
    "  JOIN sys.columns c ON c.object_id = f.parent_object_id AND c.column_id = f.parent_column_id"
    "  JOIN sys.objects p ON p.object_id = f.referenced_object_id"
    "  JOIN sys.columns d ON d.object_id = f.referenced_object_id AND d.column_id = f.referenced_column_id"
    " ORDER BY f.constraint_object_id DESC",
    schemas="SELECT s.name, count(o.object_id) FROM sys.schemas s"  # noqa: S608 - nothing from outside
    f" JOIN sys.objects o ON o.schema_id = s.schema_id WHERE {_MAY} GROUP BY s.name ORDER BY s.name",
    account="SELECT 'SQL Server ' + CAST(SERVERPROPERTY('ProductVersion') AS varchar(40)),"
    " CASE WHEN IS_SRVROLEMEMBER('sysadmin') = 1 OR IS_MEMBER('db_owner') = 1 THEN 1 ELSE 0 END,"
    " CASE WHEN DATABASEPROPERTYEX(DB_NAME(), 'Updateability') = 'READ_ONLY' THEN 1 ELSE 0 END,"
    " (SELECT count(*) FROM sys.tables t WHERE HAS_PERMS_BY_NAME(QUOTENAME(SCHEMA_NAME(t.schema_id)) + '.'"
    " + QUOTENAME(t.name), 'OBJECT', 'INSERT') = 1)",
)

MICROSECONDS = 6
_KINDS: dict[str, Mapping] = {
    "bit": types.as_truth("CAST({} AS int)"),
    "tinyint": Mapping("CAST({} AS smallint)", pa.int16(), pa.int16(), types.INT16.convert),
    "smallint": types.INT16,
    "int": types.INT32,
    "bigint": types.INT64,
    "money": types.as_decimal("CAST(CAST({} AS decimal(19,4)) AS varchar(41))", 19, 4),
    "smallmoney": types.as_decimal("CAST(CAST({} AS decimal(10,4)) AS varchar(41))", 10, 4),
    "float": types.FLOAT64,
    "real": types.FLOAT32,
    "date": types.as_date("CONVERT(varchar(10), {}, 23)"),
    "datetime": types.as_moment("CONVERT(varchar(23), {}, 121)"),
    "smalldatetime": types.as_moment("CONVERT(varchar(23), {}, 121)"),
    "time": types.as_text("CONVERT(varchar(16), {}, 121)"),
    "char": types.as_text("RTRIM({})"),
    "nchar": types.as_text("RTRIM({})"),
    "varchar": types.TEXT,
    "nvarchar": types.TEXT,
    "text": types.as_text("CAST({} AS nvarchar(max))"),
    "ntext": types.as_text("CAST({} AS nvarchar(max))"),
    "xml": types.as_text("CAST({} AS nvarchar(max))"),
    "uniqueidentifier": types.as_text("CAST({} AS varchar(36))"),
    "binary": types.BYTES,
    "varbinary": types.BYTES,
    "image": types.BYTES,
    "timestamp": Mapping("CAST({} AS varbinary(8))", pa.binary(), pa.binary(), types.BYTES.convert),
}


def mapping_of(column: CatalogColumn) -> Mapping | None:
    """Return how a type of SQL Server travels, or None.

    A seventh decimal of a second has no place in an instant here: such a column travels as the text it is.
    """
    kind, first, second = types.parts(column.type)
    if kind in {"decimal", "numeric"}:
        return types.as_decimal("CAST({} AS varchar(41))", first or 0, second or 0)
    if kind == "datetime2":
        fine = (7 if first is None else first) > MICROSECONDS
        return (types.as_text if fine else types.as_moment)("CONVERT(varchar(27), {}, 121)")
    if kind == "datetimeoffset":
        if (7 if first is None else first) > MICROSECONDS:
            return types.as_text("CONVERT(varchar(34), {}, 121)")
        return types.as_instant("CONVERT(varchar(26), CAST(SWITCHOFFSET({}, '+00:00') AS datetime2(6)), 121)")
    return _KINDS.get(kind)


MSSQL = Capability(
    name="mssql",
    title="SQL Server",
    port=1433,
    catalog=CATALOG,
    mapping_of=mapping_of,
    quotes=("[", "]"),
    begin=("SET DATEFORMAT ymd", "SET TRANSACTION ISOLATION LEVEL SNAPSHOT"),
    look=("SET DATEFORMAT ymd", "SET LOCK_TIMEOUT 5000"),
    locks="SET LOCK_TIMEOUT {seconds}000",
    probe="NCHAR(19886)",
    some="SELECT TOP ({rows}) {columns} FROM {table}",
    limit=" OFFSET 0 ROWS FETCH NEXT {rows} ROWS ONLY",
    text="CONVERT(nvarchar(64), {}, 121)",
    cut="LEFT(CONVERT(nvarchar(4000), {}, 121), {length})",
    characters="LEN(CONVERT(nvarchar(4000), {}, 121))",
    octets="DATALENGTH({})",
    modulo="{} % {rows}",
    count="count_big(*)",
    wide=True,
    reasons={
        **STATES, 18456: words.SIGNIN, 18470: words.SIGNIN, 4060: words.DATABASE, 208: words.GONE, 207: words.GONE,
        229: words.GONE, 1222: words.LOCKED, 3952: words.SNAPSHOT, 3951: words.SNAPSHOT, 20009: words.REFUSED,
        17809: words.FULL,
    },
    signs=(("Login failed", words.SIGNIN), ("Protocol error in TDS", words.STRANGER)),
    snapshot="ALTER DATABASE CURRENT SET ALLOW_SNAPSHOT_ISOLATION ON",
    cannot=(
        gettext_noop("搬运前，请数据库管理员打开快照隔离：ALTER DATABASE CURRENT SET ALLOW_SNAPSHOT_ISOLATION ON。"),
        gettext_noop("精确到100纳秒的时间（datetime2(7)）按文本搬运，一位不丢；要成为时间，请先截取到微秒。"),
    ),
)  # fmt: skip
