"""From a database's column type to the dictionary of types of 1272号."""

from __future__ import annotations

import re
from dataclasses import dataclass

from jutong.center.catalog.enums import DataType

_WRITTEN = re.compile(r"^\s*([a-z][a-z0-9_ ]*?)\s*(?:\(\s*(\d+|max)\s*(?:,\s*\d+\s*)?\)[a-z ]*)?$")
_LONGEST = 2**31 - 1
_NAMES: dict[DataType, tuple[str, ...]] = {
    DataType.CHAR: (
        "char", "character", "varchar", "character varying", "nvarchar", "nchar", "varchar2", "nvarchar2", "bpchar",
        "uuid", "enum", "set", "inet", "cidr", "name", "citext", "bit", "string", "uniqueidentifier",
    ),
    DataType.MEMO: (
        "text", "tinytext", "mediumtext", "longtext", "clob", "nclob", "json", "jsonb", "xml", "tsvector", "ntext",
        "longvarchar",
    ),
    DataType.INTEGER: (
        "int", "integer", "bigint", "smallint", "mediumint", "tinyint", "int2", "int4", "int8", "serial", "bigserial",
        "year",
    ),
    DataType.NUMERIC: ("numeric", "decimal", "number", "dec"),
    DataType.CURRENCY: ("money", "smallmoney"),
    DataType.DOUBLE: ("double", "double precision", "float8", "binary_double"),
    DataType.FLOAT: ("float", "real", "float4", "binary_float"),
    DataType.DATE: ("date",),
    DataType.DATETIME: (
        "timestamp", "datetime", "smalldatetime", "datetime2", "datetimeoffset", "timestamptz", "time", "timetz",
    ),
    DataType.LOGICAL: ("boolean", "bool"),
}  # fmt: skip
_BY_NAME = {name: kind for kind, names in _NAMES.items() for name in names}
_SIZED = frozenset({DataType.CHAR, DataType.NUMERIC, DataType.CURRENCY})


@dataclass(frozen=True, slots=True)
class Mapped:
    """A type of the dictionary, and the length in characters or digits where the database gives one."""

    data_type: str
    length: int | None = None


def mapped(written: str) -> Mapped:
    """Return the dictionary's type for what a database calls it; what nobody knows is 通用型."""
    found = _WRITTEN.match(written.lower().replace("unsigned", "").strip())
    if found is None:
        return Mapped(DataType.GENERAL.value)
    name, size = found.group(1).strip(), found.group(2)
    if name == "tinyint" and size == "1":
        return Mapped(DataType.LOGICAL.value)
    kind = _BY_NAME.get(name) or _BY_NAME.get(name.split(" ", maxsplit=1)[0], DataType.GENERAL)
    length = int(size) if size and size.isdigit() and kind in _SIZED else None
    return Mapped(kind.value, length if length is not None and 1 <= length <= _LONGEST else None)
