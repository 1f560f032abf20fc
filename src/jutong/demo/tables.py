"""What a department's table looks like: columns as the database has them and as the catalogue describes them.

One description makes the table, its comments and the items of the catalogue entry bound to it, so that they agree.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from datetime import date, datetime

Dialect = Literal["postgresql", "sqlite", "mysql"]
Kind = Literal["C", "N", "D", "T", "I"]
"""1272 号 data types in use here: 字符型C, 数值型N, 日期型D, 日期时间型T, 整型I."""
Row: TypeAlias = "tuple[str | int | float | date | datetime | None, ...]"
"""One row, in the order of the columns."""

_TYPES: dict[Kind, str] = {"D": "DATE", "T": "TIMESTAMP", "I": "INTEGER"}
_VERIFY_ONLY = 4


@dataclass(frozen=True)
class Column:
    """One column and one item. ``grade`` is 一般数据 1 to 4; ``mask`` a masking rule of the gateway."""

    name: str
    item: str
    kind: Kind = "C"
    length: int = 0
    scale: int = 0
    key: bool = False
    required: bool = False
    personal: bool = False
    sensitive: bool = False
    grade: int = 1
    mask: str = "all"
    codes: str = ""

    @property
    def forms(self) -> tuple[str, ...]:
        """How the item may be given, least first: the highest grade is answered yes or no only."""
        if self.grade >= _VERIFY_ONLY:
            return ("verify",)
        return ("verify", "masked", "plain") if self.personal else ("verify", "plain")

    @property
    def size(self) -> int | None:
        """Characters or digits; nothing for dates and whole numbers."""
        return self.length or None

    def sql_type(self, dialect: Dialect) -> str:
        """Return the type in a dialect."""
        if self.kind == "C":
            return f"VARCHAR({self.length})"
        if self.kind == "N":
            return f"NUMERIC({self.length},{self.scale})"
        if self.kind == "T":
            return "DATETIME" if dialect == "mysql" else "TIMESTAMP(0)" if dialect == "postgresql" else "TIMESTAMP"
        return _TYPES[self.kind]


@dataclass(frozen=True)
class Table:
    """One table. ``indexes`` speed up look-ups; ``lookup`` is the key a call must give, the first index by default.

    Several look-up columns make one key together, so what a caller wants to learn is never among them.
    """

    name: str
    comment: str
    columns: tuple[Column, ...]
    indexes: tuple[str, ...] = ()
    lookup: tuple[str, ...] = ()

    @property
    def column_names(self) -> tuple[str, ...]:
        """Names in the order rows come in."""
        return tuple(column.name for column in self.columns)

    @property
    def call_key(self) -> tuple[str, ...]:
        """Columns whose values a call gives to get its rows."""
        return self.lookup or self.indexes[:1]

    def create(self, dialect: Dialect) -> list[str]:
        """Return the statements that make the table with its Chinese comments; indexes come apart."""
        lines = [_line(column, dialect) for column in self.columns]
        keys = ", ".join(column.name for column in self.columns if column.key)
        last = f"  PRIMARY KEY ({keys})"
        if dialect == "mysql":
            body = ",\n".join([*(line for line, _ in lines), last])
            ending = f") DEFAULT CHARACTER SET utf8mb4 COMMENT = '{self.comment}'"
            return [f"CREATE TABLE {self.name} (\n{body}\n{ending}"]
        if dialect == "sqlite":
            body = "\n".join([*(f"{line}, -- {text}" for line, text in lines), last])
            return [f"CREATE TABLE {self.name} ( -- {self.comment}\n{body}\n)"]
        body = ",\n".join([*(line for line, _ in lines), last])
        comments = [f"COMMENT ON COLUMN {self.name}.{c.name} IS '{c.item}'" for c in self.columns]
        return [
            f"CREATE TABLE {self.name} (\n{body}\n)",
            f"COMMENT ON TABLE {self.name} IS '{self.comment}'",
            *comments,
        ]

    def index(self) -> list[str]:
        """Return the statements that make the look-up indexes."""
        return [f"CREATE INDEX {self.name}_{column} ON {self.name} ({column})" for column in self.indexes]


def _line(column: Column, dialect: Dialect) -> tuple[str, str]:
    line = f"  {column.name} {column.sql_type(dialect)}{' NOT NULL' if column.key or column.required else ''}"
    return (f"{line} COMMENT '{column.item}'" if dialect == "mysql" else line), column.item


def number(name: str, item: str, *, sensitive: bool = False) -> Column:
    """Return an identity number's column: wide enough for what people really type into it."""
    grade = _VERIFY_ONLY if sensitive else 3
    return Column(name, item, length=18, personal=True, sensitive=sensitive, grade=grade, mask="identity")


def named(name: str, item: str) -> Column:
    """Return a person's name column."""
    return Column(name, item, length=50, required=True, personal=True, grade=2, mask="name")


def address(name: str, item: str) -> Column:
    """Return an address column."""
    return Column(name, item, length=200, personal=True, grade=2, mask="address")


def phone(name: str = "lxdh", item: str = "联系电话") -> Column:
    """Return a telephone column."""
    return Column(name, item, length=20, personal=True, grade=2, mask="phone")


def updated() -> Column:
    """Return the column that says when the row was last written."""
    return Column("gxsj", "更新时间", kind="T", required=True)
