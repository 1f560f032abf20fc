"""达梦 DM8 through its maker's ODBC driver. Its catalog has the views of Oracle's."""

from __future__ import annotations

import re

import pyarrow as pa

from jutong.kernel.i18n import gettext_noop
from jutong.node.exchange.plan import CatalogColumn, Mapping
from jutong.node.universal import capability as words
from jutong.node.universal import types
from jutong.node.universal.capability import STATES, Capability
from jutong.node.universal.oracle import MICROSECONDS, catalog_of, number

CATALOG = catalog_of(
    "c.DATA_LENGTH",
    "SELECT (SELECT TOP 1 BANNER FROM V$VERSION), (SELECT count(*) FROM SESSION_ROLES WHERE ROLE = 'DBA'),"
    " (SELECT CASE MODE$ WHEN 2 THEN 1 ELSE 0 END FROM V$INSTANCE), (SELECT count(*) FROM USER_TABLES) FROM DUAL",
)

_TEXT = "CAST({} AS VARCHAR(64))"
_MOMENT = re.compile(r"(?:timestamp|datetime)(?:\((\d)\))?(?: without time zone)?( with (?:local )?time zone)?")
_KINDS: dict[str, Mapping] = {
    "bit": types.as_truth("CAST({} AS INT)"),
    **dict.fromkeys(("tinyint", "byte", "smallint"), types.as_integer(_TEXT, pa.int32())),
    **dict.fromkeys(("int", "integer", "pls_integer"), types.INT32),
    "bigint": types.INT64,
    **dict.fromkeys(("double", "double precision", "float"), types.FLOAT64),
    "real": types.FLOAT32,
    "date": types.as_date("TO_CHAR({}, 'YYYY-MM-DD HH24:MI:SS')"),
    "time": types.as_text(_TEXT),
    "time with time zone": types.as_text(_TEXT),
    **dict.fromkeys(("char", "character"), types.as_text("RTRIM({})")),
    **dict.fromkeys(("varchar", "varchar2", "text", "clob", "longvarchar"), types.TEXT),
    **dict.fromkeys(("binary", "varbinary", "raw", "blob", "image", "longvarbinary"), types.BYTES),
}


def mapping_of(column: CatalogColumn) -> Mapping | None:
    """Return how a type of 达梦 travels, or None."""
    if found := _MOMENT.fullmatch(column.type.lower()):
        digits = 6 if found[1] is None else int(found[1])
        value = "SYS_EXTRACT_UTC({})" if found[2] else "{}"
        if digits > MICROSECONDS:
            return types.as_text(f"TO_CHAR({value}, 'YYYY-MM-DD HH24:MI:SS.FF9')")
        return (types.as_instant if found[2] else types.as_moment)(f"TO_CHAR({value}, 'YYYY-MM-DD HH24:MI:SS.FF6')")
    kind, first, second = types.parts(column.type)
    if kind in {"decimal", "numeric", "number", "dec"}:
        return number(_TEXT, first or None, second)
    if kind.startswith("interval"):
        return types.as_text(_TEXT)
    return _KINDS.get(kind)


DAMENG = Capability(
    name="dameng",
    title="达梦 DM",
    port=5236,
    catalog=CATALOG,
    mapping_of=mapping_of,
    begin=("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE",),
    probe="UNISTR('\\4DAE')",
    dual=" FROM DUAL",
    text=_TEXT,
    cut="SUBSTR(CAST({} AS VARCHAR(4000)), 1, {length})",
    octets="LENGTHB({})",
    wide=True,
    reasons={
        **STATES, -2501: words.SIGNIN, -2502: words.SIGNIN, -2505: words.SIGNIN, -6001: words.LOST,
        -6028: words.REFUSED, -70028: words.REFUSED, -70019: words.LOST, -2106: words.GONE, -2111: words.GONE,
        -5504: words.GONE, -6407: words.LOCKED, -523: words.FULL,
    },
    cannot=(gettext_noop("达梦的字段长度可能按字节计；长度规则按字符计，请照目标的写法核对。"),),
)  # fmt: skip
