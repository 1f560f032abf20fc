"""Puts together the one SELECT the gateway sends. Names are quoted, values are parameters, nothing else varies."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from jutong.contracts.orders import Condition
from jutong.node.live.source import PointQuery

LIKE_ESCAPE = "!"
_OPERATORS = {"eq": "=", "ge": ">=", "le": "<="}


def like_prefix(text: str) -> str:
    """Return a LIKE pattern for texts that begin with ``text``."""
    for special in (LIKE_ESCAPE, "%", "_"):
        text = text.replace(special, LIKE_ESCAPE + special)
    return text + "%"


@dataclass
class Dialect:
    """How one database spells names, parameters and comparisons.

    Attributes:
        quote: returns a quoted identifier.
        compare: returns ``column <operator> parameter`` in exact, type-true form, given the bare column name, the
            operator sign and the parameter's mark.
        prefix: the same for LIKE.
        mark: returns the mark of the n-th parameter, counted from one.
    """

    quote: Callable[[str], str]
    compare: Callable[[str, str, str], str]
    prefix: Callable[[str, str], str]
    mark: Callable[[int], str]
    repeats: int = 1
    """How often ``compare`` with ``=`` uses its parameter, where marks have no number."""


@dataclass
class Statement:
    """SQL text and the values of the row predicate; the lookup values come first at each call."""

    sql: str
    constants: tuple[Any, ...]
    repeats: int = 1

    def arguments(self, values: Sequence[str | None]) -> list[Any]:
        """Return all parameters of one call in order."""
        if self.repeats == 1:
            return [*values, *self.constants]
        return [value for value in values for _ in range(self.repeats)] + list(self.constants)


@dataclass
class Builder:
    """Counts the parameters of one statement and keeps those whose values are known."""

    dialect: Dialect
    count: int = 0
    constants: list[Any] = field(default_factory=list)

    def next_mark(self) -> str:
        """Return the mark of one more parameter."""
        self.count += 1
        return self.dialect.mark(self.count)

    def lookup(self, column: str) -> str:
        """Return the comparison of a column with a value that comes with each call."""
        return self.dialect.compare(column, "=", self.next_mark())

    def compared(self, column: str, sign: str, value: Any) -> str:
        """Return the comparison of a column with a known value."""
        mark = self.next_mark()
        self.constants += [value] * (self.dialect.repeats if sign == "=" else 1)
        return self.dialect.compare(column, sign, mark)

    def condition(self, condition: Condition) -> str:
        """Return a typed condition.

        Raises:
            ValueError: if it has more values than its operator takes.
        """
        if not condition.values:
            return "1 = 0"  # a predicate over nothing admits nothing
        if condition.operator in _OPERATORS and len(condition.values) > 1:
            raise ValueError(f"{condition.operator} takes one value")
        parts = [self._one(condition, value) for value in condition.values]
        return "(" + " OR ".join(parts) + ")"

    def _one(self, condition: Condition, value: str) -> str:
        if condition.operator == "prefix":
            mark = self.next_mark()
            self.constants.append(like_prefix(value))
            return self.dialect.prefix(condition.column, mark)
        return self.compared(condition.column, _OPERATORS.get(condition.operator, "="), value)


def build(query: PointQuery, dialect: Dialect) -> Statement:
    """Return the statement of a query.

    Raises:
        ValueError: if a condition does not make sense, or there is nothing to look up by.
    """
    if not query.lookup or not query.columns:
        raise ValueError("a point query has a lookup column and reads a column")
    builder = Builder(dialect)
    quote = dialect.quote
    where = [builder.lookup(column) for column in query.lookup]
    where += [builder.condition(condition) for condition in query.conditions]
    columns = ", ".join(quote(column) for column in query.columns)
    table = f"{quote(query.schema)}.{quote(query.table)}" if query.schema else quote(query.table)
    sql = f"SELECT {columns} FROM {table} WHERE {' AND '.join(where)} LIMIT {int(query.limit)}"  # noqa: S608 - quoted names
    return Statement(sql, tuple(builder.constants), dialect.repeats)
