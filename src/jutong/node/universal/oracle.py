"""Oracle 12.1 and later through its own thin driver, which needs no client of Oracle's."""

from __future__ import annotations

import re

import pyarrow as pa

from jutong.kernel.i18n import gettext_noop
from jutong.node.exchange.plan import CatalogColumn, Mapping
from jutong.node.universal import capability as words
from jutong.node.universal import types
from jutong.node.universal.capability import Capability, Catalog

_FOREIGN = (
    "NOT IN ('SYS', 'SYSTEM', 'XDB', 'MDSYS', 'CTXSYS', 'WMSYS', 'OUTLN', 'DBSNMP', 'ORDSYS', 'ORDDATA', 'OLAPSYS',"
    " 'LBACSYS', 'DVSYS', 'AUDSYS', 'GSMADMIN_INTERNAL', 'OJVMSYS', 'APPQOSSYS', 'DBSFWUSER', 'SYSDBA', 'SYSAUDITOR',"
    " 'SYSSSO', 'SYSDBO')"
)
_LENGTH = "CASE WHEN c.DATA_TYPE LIKE '%CHAR%' THEN c.CHAR_LENGTH ELSE c.DATA_LENGTH END"


def catalog_of(length: str, account: str) -> Catalog:
    """Return the statements over the catalog that Oracle and 达梦 share.

    Args:
        length: expression of the length of a column ``c``.
        account: the statement about the account.
    """
    # Said plainly, because elsewhere a bare TIMESTAMP is an instant.
    told = (
        "CASE WHEN c.DATA_TYPE LIKE 'TIMESTAMP%' AND c.DATA_TYPE NOT LIKE '%ZONE%'"
        " THEN c.DATA_TYPE || ' WITHOUT TIME ZONE' ELSE c.DATA_TYPE END"
    )
    kind = f"{told}, {length}, c.DATA_PRECISION, c.DATA_SCALE"
    key = (
        " LEFT JOIN (SELECT k.OWNER, k.TABLE_NAME, k.COLUMN_NAME FROM ALL_CONS_COLUMNS k JOIN ALL_CONSTRAINTS p"
        " ON p.OWNER = k.OWNER AND p.CONSTRAINT_NAME = k.CONSTRAINT_NAME WHERE p.CONSTRAINT_TYPE = 'P') y"
        " ON y.OWNER = c.OWNER AND y.TABLE_NAME = c.TABLE_NAME AND y.COLUMN_NAME = c.COLUMN_NAME"
    )
    listed = (
        f"(SELECT OWNER, TABLE_NAME AS NAME, NUM_ROWS, 0 AS SEEN FROM ALL_TABLES WHERE OWNER {_FOREIGN}"  # noqa: S608
        f" UNION ALL SELECT OWNER, VIEW_NAME, NULL, 1 FROM ALL_VIEWS WHERE OWNER {_FOREIGN})"
    )
    return Catalog(
        columns=f"SELECT c.COLUMN_NAME, {kind} FROM ALL_TAB_COLUMNS c WHERE c.OWNER = ? AND c.TABLE_NAME = ?"  # noqa: S608
        " ORDER BY c.COLUMN_ID",
        keys=f"SELECT c.COLUMN_NAME, c.DATA_TYPE, c.DATA_PRECISION, c.DATA_SCALE FROM ALL_TAB_COLUMNS c{key}"  # noqa: S608
        " WHERE c.OWNER = ? AND c.TABLE_NAME = ? AND y.COLUMN_NAME IS NOT NULL",
        tables=f"SELECT t.OWNER, t.NAME, SUBSTR(m.COMMENTS, 1, 1000), t.NUM_ROWS, t.SEEN, c.COLUMN_NAME, {kind},"  # noqa: S608
        " CASE c.NULLABLE WHEN 'N' THEN 0 ELSE 1 END, SUBSTR(n.COMMENTS, 1, 1000),"
        " CASE WHEN y.COLUMN_NAME IS NULL THEN 0 ELSE 1 END"
        f" FROM {listed} t JOIN ALL_TAB_COLUMNS c ON c.OWNER = t.OWNER AND c.TABLE_NAME = t.NAME"
        " LEFT JOIN ALL_TAB_COMMENTS m ON m.OWNER = t.OWNER AND m.TABLE_NAME = t.NAME"
        " LEFT JOIN ALL_COL_COMMENTS n ON n.OWNER = c.OWNER AND n.TABLE_NAME = c.TABLE_NAME"
        f" AND n.COLUMN_NAME = c.COLUMN_NAME{key} ORDER BY t.OWNER, t.NAME, c.COLUMN_ID",
        references="SELECT k.OWNER, k.TABLE_NAME, k.COLUMN_NAME, q.TABLE_NAME || '.' || q.COLUMN_NAME"  # noqa: S608
        " FROM ALL_CONSTRAINTS f"
        " JOIN ALL_CONS_COLUMNS k ON k.OWNER = f.OWNER AND k.CONSTRAINT_NAME = f.CONSTRAINT_NAME"
        " JOIN ALL_CONS_COLUMNS q ON q.OWNER = f.R_OWNER AND q.CONSTRAINT_NAME = f.R_CONSTRAINT_NAME"
        f" AND q.POSITION = k.POSITION WHERE f.CONSTRAINT_TYPE = 'R' AND f.OWNER {_FOREIGN}",
        schemas=f"SELECT t.OWNER, count(*) FROM {listed} t GROUP BY t.OWNER ORDER BY t.OWNER",  # noqa: S608
        account=account,
    )


CATALOG = catalog_of(
    _LENGTH,
    "SELECT 'Oracle ' || (SELECT MAX(VERSION) FROM PRODUCT_COMPONENT_VERSION),"  # noqa: S608 - nothing from outside
    " (SELECT count(*) FROM SESSION_ROLES WHERE ROLE = 'DBA'),"
    " CASE WHEN SYS_CONTEXT('USERENV', 'DATABASE_ROLE') LIKE '%STANDBY%' THEN 1 ELSE 0 END,"
    f" (SELECT count(DISTINCT TABLE_SCHEMA || '.' || TABLE_NAME) FROM ALL_TAB_PRIVS WHERE TABLE_SCHEMA {_FOREIGN}"
    "   AND PRIVILEGE IN ('INSERT', 'UPDATE', 'DELETE') AND GRANTEE <> 'PUBLIC')"
    " + (SELECT count(*) FROM USER_TABLES) FROM DUAL",
)

_NUMBER = "TO_CHAR({}, 'TM9', 'NLS_NUMERIC_CHARACTERS=''.,''')"
# The sign tells years before Christ, which no calendar here has; without it they would pass for others.
_DAY = "LTRIM(TO_CHAR({}, 'SYYYY-MM-DD HH24:MI:SS'))"
MICROSECONDS = 6
_INT32_DIGITS, _INT64_DIGITS = 9, 18
_TIMESTAMP = re.compile(r"timestamp(?:\((\d)\))?(?: without time zone)?( with time zone| with local time zone)?")
_KINDS: dict[str, Mapping] = {
    "float": types.as_text(_NUMBER),
    "binary_float": types.FLOAT32,
    "binary_double": types.FLOAT64,
    "date": types.as_moment(_DAY),
    "char": types.as_text("RTRIM({})"),
    "nchar": types.as_text("RTRIM({})"),
    **dict.fromkeys(("varchar2", "nvarchar2", "varchar", "clob", "nclob"), types.TEXT),
    **dict.fromkeys(("raw", "blob"), types.BYTES),
    "rowid": types.as_text("ROWIDTOCHAR({})"),
}


def number(expression: str, precision: int | None, scale: int | None) -> Mapping:
    """Return the mapping of a NUMBER; a text where its catalog does not say how many digits it has."""
    if precision is None:
        return types.as_text(expression)
    scale = scale or 0
    if scale == 0 and precision <= _INT64_DIGITS:
        return types.as_integer(expression, pa.int32() if precision <= _INT32_DIGITS else pa.int64())
    if scale < 0:
        precision, scale = precision - scale, 0
    return types.as_decimal(expression, max(precision, scale), scale)


def moment(found: re.Match[str]) -> Mapping:
    """Return the mapping of a TIMESTAMP; finer than microseconds it is a text."""
    digits = 6 if found[1] is None else int(found[1])
    value, convert_as = ("{}", types.as_moment) if not found[2] else ("SYS_EXTRACT_UTC({})", types.as_instant)
    if digits > MICROSECONDS:
        return types.as_text(f"LTRIM(TO_CHAR({value}, 'SYYYY-MM-DD HH24:MI:SS.FF9'))")
    return convert_as(f"LTRIM(TO_CHAR({value}, 'SYYYY-MM-DD HH24:MI:SS.FF6'))")


def mapping_of(column: CatalogColumn) -> Mapping | None:
    """Return how a type of Oracle travels, or None."""
    if found := _TIMESTAMP.fullmatch(column.type.lower()):
        return moment(found)
    kind, first, second = types.parts(column.type)
    if kind == "number":
        return number(_NUMBER, first, second)
    if kind.startswith("interval"):
        return types.as_text("TO_CHAR({})")
    return _KINDS.get(kind)


REASONS: dict[str | int, str] = {
    1017: words.SIGNIN, 1005: words.SIGNIN, 28000: words.SIGNIN, 28001: words.SIGNIN, 1045: words.SIGNIN,
    12514: words.DATABASE, 12505: words.DATABASE, 12541: words.REFUSED, 12170: words.SILENT, 12516: words.FULL,
    12519: words.FULL, 12520: words.FULL, 18: words.FULL, 942: words.GONE, 904: words.GONE, 1031: words.GONE,
    3113: words.LOST, 3135: words.LOST, 1012: words.LOST, 1013: words.TOO_LONG, 3136: words.TOO_LONG,
    54: words.LOCKED, 1555: words.STALE, 8177: words.STALE,
}  # fmt: skip

_SETTINGS = (
    "ALTER SESSION SET NLS_DATE_FORMAT = 'YYYY-MM-DD HH24:MI:SS'"
    " NLS_TIMESTAMP_FORMAT = 'YYYY-MM-DD HH24:MI:SS.FF'"
    " NLS_TIMESTAMP_TZ_FORMAT = 'YYYY-MM-DD HH24:MI:SS.FF TZH:TZM'"
    " NLS_NUMERIC_CHARACTERS = '.,' TIME_ZONE = '+00:00'"
)
"""What an expression without a format is written as; a watermark is compared with its own text."""

ORACLE = Capability(
    name="oracle",
    title="Oracle",
    port=1521,
    catalog=CATALOG,
    mapping_of=mapping_of,
    begin=(
        _SETTINGS,
        "SET TRANSACTION READ ONLY",
    ),
    look=(_SETTINGS, "SET TRANSACTION READ ONLY"),
    probe="UNISTR('\\4DAE')",
    dual=" FROM DUAL",
    some="SELECT {columns} FROM {table} FETCH FIRST {rows} ROWS ONLY",
    limit=" FETCH FIRST {rows} ROWS ONLY",
    text="TO_CHAR({})",
    cut="SUBSTR({}, 1, {length})",
    characters="LENGTH({})",
    octets="LENGTHB({})",
    lob_octets="DBMS_LOB.GETLENGTH({})",
    reasons=REASONS,
    signs=(
        ("DPY-6005", words.REFUSED), ("DPY-6000", words.STRANGER), ("DPY-4011", words.LOST),
        ("DPY-4024", words.TOO_LONG), ("timed out", words.SILENT), ("DPY-6001", words.DATABASE),
        ("DPY-6003", words.DATABASE), ("DPY-3010", words.STRANGER),
    ),
    cannot=(
        gettext_noop("Oracle里空文本就是空值，两者搬出来都是空值。"),
        gettext_noop("没有写精度的NUMBER按文本搬运，一位不丢；要成为数值，请加“转为数值”的规则。"),
    ),
)  # fmt: skip
