"""The parts SQL is put together of: names and values, written so that nothing in them is taken for SQL."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal

Value = str | int | bool | Decimal | date | datetime | None


def name(text: str) -> str:
    """Return a name of a table or column as it stands in a statement.

    Raises:
        ValueError: for a name no engine takes.
    """
    if not text or "\x00" in text or "`" in text:
        raise ValueError(f"not a name: {text!r}")
    return '"' + text.replace('"', '""') + '"'


def names(texts: Iterable[str], of: str = "") -> str:
    """Return names as a list, each behind the table ``of`` where one is given."""
    return ", ".join(f"{of}.{name(text)}" if of else name(text) for text in texts)


def literal(value: Value) -> str:
    """Return a value as it stands in a statement, of the same type in every engine.

    Raises:
        ValueError: for a text with a character no engine takes, or an instant without a zone.
    """
    if value is None or isinstance(value, bool):
        return {None: "NULL", True: "TRUE", False: "FALSE"}[value]
    if isinstance(value, int):
        return f"CAST({value} AS BIGINT)"
    if isinstance(value, Decimal):
        return f"CAST('{value:f}' AS DECIMAL(38, {max(-int(value.as_tuple().exponent), 0)}))"
    if (isinstance(value, datetime) and value.tzinfo is None) or (isinstance(value, str) and "\x00" in value):
        raise ValueError("a text without NUL, an instant with a zone")
    if isinstance(value, datetime):
        return f"CAST('{value.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}+00:00' AS TIMESTAMPTZ)"
    if isinstance(value, date):
        return f"CAST('{value:%Y-%m-%d}' AS DATE)"
    return "'" + value.replace("'", "''") + "'"


def same(keys: Iterable[str], left: str, right: str) -> str:
    """Return the condition that two tables agree in columns; nulls agree with nothing."""
    return " AND ".join(f"{left}.{name(key)} = {right}.{name(key)}" for key in keys)


def alike(columns: Iterable[str], left: str, right: str) -> str:
    """Return the condition that two tables agree in columns, null with null."""
    return " AND ".join(f"{left}.{name(one)} IS NOT DISTINCT FROM {right}.{name(one)}" for one in columns) or "TRUE"
