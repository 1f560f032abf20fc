"""Makes SQL conditions of rules: which rows a rule speaks of, and which of them break it.

A condition is written in the part of SQL both engines mean alike and has no null for an answer where it counts: what
is unknown breaks nothing. Names come from the order, values become literals.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

import pyarrow as pa

from jutong.contracts import quality as rules
from jutong.contracts.quality import QualityRule
from jutong.kernel.clock import BEIJING
from jutong.kernel.i18n import gettext_noop
from jutong.library.engine.sql import literal, name
from jutong.library.quality.errors import RuleUncompilableError
from jutong.standards import code_tables

_OPERATORS = {"eq": "=", "ne": "<>", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}
_FORMS = {
    "integer": r"^[+-]?[0-9]{1,18}\z",
    "decimal": r"^[+-]?[0-9]{1,20}([.][0-9]{1,18})?\z",
    "date": r"^[0-9]{4}-?(0[1-9]|1[0-2])-?(0[1-9]|[12][0-9]|3[01])\z",
}
_IDENTITY = r"^[1-9][0-9]{16}[0-9X]\z"
_IDENTITY_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_HEAD, _TAIL = 9, 8
"""Seventeen digits are read as two whole numbers, which every engine divides without loss."""
_CREDIT = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_CREDIT_FORM = rf"^[{_CREDIT}]{{18}}\z"
_CREDIT_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
_ORGANISATION = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_ORGANISATION_FORM = r"^[0-9A-Z]{8}[0-9X]\z"
_ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
PROBLEMS = "_problems"
MOST_LISTED = 100
"""Codes that stand in the statement itself; more of them are looked up in a table."""


@dataclass(frozen=True, slots=True)
class Condition:
    """A rule as SQL: ``speaks`` and ``breaks`` are conditions on one row.

    ``given`` are expressions computed once a row, by the names they have in the conditions; ``codes`` is the field
    whose code is looked up in :func:`lookup`, which is a table of its own and has it under that name once at most.
    """

    rule: QualityRule
    speaks: str
    breaks: str
    given: tuple[tuple[str, str], ...] = ()
    codes: str = ""


@dataclass(frozen=True)
class Columns:
    """The columns of the table that is checked, and the day it is checked on."""

    table: str
    schema: pa.Schema
    now: datetime

    def column(self, rule: QualityRule, field: str) -> str:
        """Return a field as it stands in a statement.

        Raises:
            RuleUncompilableError: if the table has none of that name.
        """
        if field not in self.schema.names:
            raise self.refuse(rule, field, gettext_noop("表里没有这个字段"))
        return name(field)

    def text(self, rule: QualityRule, field: str) -> str:
        """Return a field that has to be a text.

        Raises:
            RuleUncompilableError: if it is of another type.
        """
        column = self.column(rule, field)
        if not self.is_text(field):
            raise self.refuse(rule, field, gettext_noop("不是文本"))
        return column

    def is_text(self, field: str) -> bool:
        """Tell whether a field is a text."""
        kind = self.schema.field(field).type
        return pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)

    def value(self, rule: QualityRule, field: str, text: str) -> str:
        """Return a bound as a literal of the field's type.

        Raises:
            RuleUncompilableError: if it is not written as one.
        """
        kind = self.schema.field(field).type
        try:
            if pa.types.is_date(kind):
                return literal(date.fromisoformat(text))
            if pa.types.is_timestamp(kind):
                return literal(_instant(text))
            if pa.types.is_integer(kind):
                return literal(int(text))
            if pa.types.is_decimal(kind):
                return literal(Decimal(text))
        except (ValueError, InvalidOperation) as error:
            raise self.refuse(rule, field, gettext_noop("给出的界限不是这个类型的值")) from error
        raise self.refuse(rule, field, gettext_noop("不能比较大小"))

    def refuse(self, rule: QualityRule, field: str, reason: str) -> RuleUncompilableError:
        """Return the refusal of a rule."""
        return RuleUncompilableError(rule=rule.id, table=self.table, field=field, reason=reason)


def compiled(rule: QualityRule, columns: Columns) -> Condition | None:
    """Return a rule as conditions on one row; None for rules of the whole table, of pairs and of other tables.

    Raises:
        RuleUncompilableError: if the rule does not fit the table.
    """
    maker = _MAKERS.get(rule.kind)
    return maker(rule, columns) if maker else None


def filled(column: str) -> str:
    """Return the condition that there is a value."""
    return f"{column} IS NOT NULL"


def bucket(column: str) -> str:
    """Return a number that is the same for same texts, in every engine, and spreads different ones."""
    last, before = f"ASCII(RIGHT({column}, 1))", f"ASCII(LEFT(RIGHT({column}, 2), 1))"
    return f"(LENGTH({column}) + {last} * 7 + {before} * 61)"


def _required(rule: rules.Required, columns: Columns) -> Condition:
    column = columns.column(rule, rule.field)
    missing = f"{column} IS NULL"
    if columns.is_text(rule.field):
        # Whatever begins with a blank sorts before "!": only few texts have to be trimmed.
        missing = f"({missing} OR ({column} < '!' AND TRIM({column}) = ''))"
    return Condition(rule, "TRUE", missing)


def _standardised(rule: rules.Standardised, columns: Columns) -> Condition:
    column, problems = columns.column(rule, rule.field), columns.text(rule, PROBLEMS)
    breaks = f"STRPOS(CONCAT(' ', {problems}), {literal(f' {rule.field}:')}) > 0"
    return Condition(rule, f"({filled(column)} OR {breaks})", f"COALESCE({breaks}, FALSE)")


def _typed(rule: rules.Typed, columns: Columns) -> Condition:
    column = columns.text(rule, rule.field)
    breaks = _unlike(column, _FORMS[rule.to])
    if rule.to == "date":
        digits = f"REPLACE({column}, '-', '')"
        written = f"CONCAT(SUBSTR({digits}, 1, 4), '-', SUBSTR({digits}, 5, 2), '-', SUBSTR({digits}, 7, 2))"
        breaks = f"({breaks} OR TRY_CAST({written} AS DATE) IS NULL)"
    return Condition(rule, filled(column), f"({filled(column)} AND {breaks})")


def _length(rule: rules.TextLength, columns: Columns) -> Condition:
    column = columns.text(rule, rule.field)
    return Condition(rule, filled(column), f"LENGTH({column}) NOT BETWEEN {rule.least} AND {rule.most}")


def _pattern(rule: rules.TextPattern, columns: Columns) -> Condition:
    column = columns.text(rule, rule.field)
    return Condition(rule, filled(column), _unlike(column, whole(rule.pattern)))


def whole(pattern: str) -> str:
    """Return the pattern of a whole text."""
    return rf"^(?:{pattern.removeprefix('^').removesuffix('$')})\z"


def _unlike(column: str, pattern: str) -> str:
    return f"NOT REGEXP_MATCHES({column}, {literal(pattern)})"


def _codes(rule: rules.Codes, columns: Columns) -> Condition:
    column = columns.text(rule, rule.field)
    values = listed(rule)
    if not values:
        raise columns.refuse(rule, rule.field, gettext_noop("没有这个代码表，也没有给出取值"))
    if len(values) > MOST_LISTED:
        breaks = f"({filled(column)} AND {name(lookup(rule))} IS NULL)"
        return Condition(rule, filled(column), breaks, codes=rule.field)
    return Condition(rule, filled(column), f"{column} NOT IN ({', '.join(map(literal, values))})")


def lookup(rule: rules.Codes) -> str:
    """Return the name of the table, and of its one column, that a long list of codes is looked up in."""
    return f"codes_{rule.id}"


def listed(rule: rules.Codes) -> tuple[str, ...]:
    """Return the codes of a rule."""
    if rule.table and not shipped_codes(rule.table):
        return ()
    return tuple(sorted({*shipped_codes(rule.table), *rule.values}))


@lru_cache(maxsize=64)
def shipped_codes(table: str) -> tuple[str, ...]:
    """Return the codes of a shipped table that are, or once were, in force; none for an unknown table."""
    found = next((row for row in code_tables.shipped() if row.key == table), None)
    return tuple(sorted({span.code for span in found.spans})) if found else ()


def _check_digit(rule: rules.CheckDigit, columns: Columns) -> Condition:
    column = columns.text(rule, rule.field)
    if rule.scheme == "identity":
        return _identity(rule, column)
    wrong = {"credit-code": _credit, "organisation-code": _organisation}[rule.scheme](column)
    return Condition(rule, filled(column), f"({filled(column)} AND {wrong})")


def _identity(rule: rules.CheckDigit, column: str) -> Condition:
    head, tail = f"head_{rule.id}", f"tail_{rule.id}"
    given = (
        (head, f"TRY_CAST(SUBSTR({column}, 1, {_HEAD}) AS BIGINT)"),
        (tail, f"TRY_CAST(SUBSTR({column}, {_HEAD + 1}, {_TAIL}) AS BIGINT)"),
    )
    parts = [(name(head), _IDENTITY_WEIGHTS[:_HEAD]), (name(tail), _IDENTITY_WEIGHTS[_HEAD:])]
    terms = [
        f"(({number} // {10 ** (len(weights) - 1 - place)}) % 10) * {weight}"
        for number, weights in parts
        for place, weight in enumerate(weights)
    ]
    right = f"SUBSTR('10X98765432', CAST(({' + '.join(terms)}) % 11 AS INTEGER) + 1, 1)"
    wrong = f"({_unlike(column, _IDENTITY)} OR COALESCE({right}, '') <> SUBSTR({column}, 18, 1))"
    return Condition(rule, filled(column), f"({filled(column)} AND {wrong})", given)


def _credit(column: str) -> str:
    total = _places(column, _CREDIT, _CREDIT_WEIGHTS)
    right = f"SUBSTR('{_CREDIT}', CAST((31 - ({total}) % 31) % 31 AS INTEGER) + 1, 1)"
    return f"({_unlike(column, _CREDIT_FORM)} OR {right} <> SUBSTR({column}, 18, 1))"


def _organisation(column: str) -> str:
    total = _places(column, _ORGANISATION, _ORGANISATION_WEIGHTS)
    right = f"SUBSTR('0123456789X', CAST((11 - ({total}) % 11) % 11 AS INTEGER) + 1, 1)"
    return f"({_unlike(column, _ORGANISATION_FORM)} OR {right} <> SUBSTR({column}, 9, 1))"


def _places(column: str, alphabet: str, weights: tuple[int, ...]) -> str:
    return " + ".join(
        f"(STRPOS('{alphabet}', SUBSTR({column}, {place}, 1)) - 1) * {weight}"
        for place, weight in enumerate(weights, start=1)
    )


def _range(rule: rules.Range, columns: Columns) -> Condition:
    column = columns.column(rule, rule.field)
    bounds = []
    if rule.least is not None:
        bounds.append(f"{column} < {columns.value(rule, rule.field, rule.least)}")
    if rule.most is not None:
        bounds.append(f"{column} > {columns.value(rule, rule.field, rule.most)}")
    if not bounds:
        raise columns.refuse(rule, rule.field, gettext_noop("没有给出上限或下限"))
    return Condition(rule, filled(column), f"({' OR '.join(bounds)})")


def _compare(rule: rules.Comparison, columns: Columns) -> Condition:
    one, other = columns.column(rule, rule.field), columns.column(rule, rule.other)
    if columns.schema.field(rule.field).type != columns.schema.field(rule.other).type:
        raise columns.refuse(rule, rule.field, gettext_noop("与对比的字段类型不同"))
    both = f"({filled(one)} AND {filled(other)})"
    return Condition(rule, both, f"NOT ({one} {_OPERATORS[rule.operator]} {other})")


def _depends(rule: rules.Depends, columns: Columns) -> Condition:
    column, when = columns.column(rule, rule.field), columns.column(rule, rule.when)
    speaks = f"COALESCE(CAST({when} AS VARCHAR) IN ({', '.join(map(literal, rule.cases))}), FALSE)"
    wrong = f"{column} IS NULL"
    if rule.values:
        wrong = f"({wrong} OR CAST({column} AS VARCHAR) NOT IN ({', '.join(map(literal, rule.values))}))"
    return Condition(rule, speaks, f"({speaks} AND {wrong})")


def _fresh(rule: rules.Fresh, columns: Columns) -> Condition:
    column, kind = columns.column(rule, rule.field), columns.schema.field(rule.field).type
    today = columns.now.astimezone(BEIJING).date()
    first, after = today - timedelta(days=rule.days), today + timedelta(days=1)
    if pa.types.is_date(kind):
        breaks = f"({column} < {literal(first)} OR {column} >= {literal(after)})"
    elif pa.types.is_timestamp(kind):
        bounds = [literal(datetime.combine(day, time(), BEIJING)) for day in (first, after)]
        breaks = f"({column} < {bounds[0]} OR {column} >= {bounds[1]})"
    else:
        raise columns.refuse(rule, rule.field, gettext_noop("不是日期"))
    return Condition(rule, filled(column), breaks)


def _instant(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=BEIJING)


_MAKERS: Mapping[str, Callable[[Any, Columns], Condition]] = {
    "required": _required,
    "standardised": _standardised,
    "typed": _typed,
    "length": _length,
    "pattern": _pattern,
    "codes": _codes,
    "check-digit": _check_digit,
    "range": _range,
    "compare": _compare,
    "depends": _depends,
    "fresh": _fresh,
}
