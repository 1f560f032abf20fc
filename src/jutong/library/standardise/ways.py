"""How a landed value becomes a field's value, by the field's data element: the SQL of each way.

A way is told in three steps so that nothing is computed twice: ``plain``, the landed text in one way of writing;
``body``, what the value is made of; then ``value`` and ``problem`` in terms of both. A null of the landed row stays
null and is no problem. A problem is one of :data:`jutong.contracts.standardising.ProblemCode`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from jutong.contracts.library import FieldDefinition
from jutong.library.engine.sql import literal
from jutong.library.standardise.characters import named, narrow
from jutong.standards import elements
from jutong.standards.credit_code import ALPHABET

Sql = Callable[[str], str]
OPEN = {
    "gbt2260": "^[1-9][0-9]{5}$",
    "gbt4754": "^([A-T]([0-9]{2,4})?|[0-9]{2,4})$",
}
"""Code tables of which not every code ships: places have divisions of their own, industries go down to classes."""

ZONE = "Asia/Shanghai"
_CREDIT_WEIGHTS = tuple(pow(3, place, 31) for place in range(17))
_ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_IDENTITY_WEIGHTS = tuple(2**place % 11 for place in range(17, 0, -1))
_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_MOST_WHOLE = 18
_YES, _NO = ("1", "true", "t", "y", "yes", "是", "有"), ("0", "false", "f", "n", "no", "否", "无")


@dataclass(frozen=True)
class Way:
    """The SQL of one field. Arguments are columns: of the landed text, then of plain, body and code.

    ``third`` is one more step between body and value, for a check character that both value and problem need.
    """

    plain: Sql
    body: Sql
    value: Callable[[str, str, str], str]
    problem: Callable[[str, str, str], str]
    third: Callable[[str, str], str] = lambda _plain, _body: "NULL"


def way_of(field: FieldDefinition, *, codes: bool) -> Way:
    """Return how a field's texts are standardised; ``codes`` tells that its code table is joined as the body."""
    if field.type == "date":
        return _DATE
    if field.type == "instant":
        return _INSTANT
    if field.type == "boolean":
        return _BOOLEAN
    if field.type == "integer":
        return _INTEGER
    if field.type == "decimal":
        return _decimal(max(field.length, 1), field.scale)
    return _text_way(field, codes=codes)


def _text_way(field: FieldDefinition, *, codes: bool) -> Way:
    element = {one.code: one for one in elements.shipped()}.get(field.element)
    if element is not None:
        if element.code in _CHECKED:
            return _CHECKED[element.code]
        if element.standard in _BY_STANDARD and element.english_name.endswith(("number", "code")):
            return _BY_STANDARD[element.standard]
    if codes:
        return _codes(OPEN.get(field.codes, ""))
    name = element.english_name if element is not None else field.name
    coded = name.endswith(("_code", "_number", "_identifier"))
    pattern = re.sub(r"\\u([0-9a-fA-F]{4})", r"\\x{\1}", element.pattern).replace(r"\d", "[0-9]") if element else ""
    return _text(narrow if coded else named, field.length, pattern)


def _same(one: str) -> str:
    return one


def _text(plain: Sql, length: int, pattern: str) -> Way:
    def problem(v: str, _body: str, _third: str) -> str:
        told = f"WHEN length({v}) > {length} THEN 'length' " if length else ""
        told += f"WHEN NOT regexp_matches({v}, {literal(pattern)}) THEN 'form' " if pattern else ""
        return f"CASE {told}END" if told else "NULL"

    return Way(plain, lambda _v: "NULL", lambda v, _b, _t: v, problem)


def _codes(form: str) -> Way:
    """Codes and names of a table, which is joined as the body; without a row of it the text must have ``form``."""

    def problem(v: str, b: str, _third: str) -> str:
        refused = f" AND NOT regexp_matches({v}, {literal(form)})" if form else ""
        return f"CASE WHEN {v} IS NOT NULL AND {b} IS NULL{refused} THEN 'codes' END"

    return Way(
        lambda text: f"upper({narrow(text)})",
        lambda _v: "NULL",
        lambda v, b, _t: f"coalesce({b}, {v})" if form else b,
        problem,
    )


def _weighted(body: str, weights: tuple[int, ...], digit: Callable[[str, int], str]) -> str:
    return " + ".join(f"{weight} * ({digit(body, place)})" for place, weight in enumerate(weights, start=1))


def _identity_body(v: str) -> str:
    century = f"CASE WHEN substr({v}, 13, 3) IN ('996', '997', '998', '999') THEN '18' ELSE '19' END"
    return (
        f"CASE WHEN regexp_matches({v}, '^[1-9][0-9]{{16}}[0-9X]$') THEN substr({v}, 1, 17) "
        f"WHEN regexp_matches({v}, '^[1-9][0-9]{{14}}$') "
        f"THEN concat(substr({v}, 1, 6), {century}, substr({v}, 7, 9)) END"
    )


def _digit(body: str, place: int) -> str:
    return f"CAST({body} AS BIGINT) // {10 ** (17 - place)} % 10"


def _letter(alphabet: str) -> Callable[[str, int], str]:
    return lambda body, place: f"strpos({literal(alphabet)}, substr({body}, {place}, 1)) - 1"


_IDENTITY = Way(
    lambda text: f"upper({narrow(text)})",
    _identity_body,
    lambda _v, b, t: f"concat({b}, {t})",
    lambda v, b, t: (
        f"CASE WHEN {v} IS NULL THEN NULL WHEN {b} IS NULL THEN 'form' "
        f"WHEN TRY_CAST(concat(substr({b}, 7, 4), '-', substr({b}, 11, 2), '-', substr({b}, 13, 2)) AS DATE) IS NULL "
        f"OR substr({b}, 7, 4) < '1800' THEN 'date' "
        f"WHEN length({v}) = 18 AND substr({v}, 18, 1) <> {t} THEN 'check-digit' END"
    ),
    lambda _v, b: (
        f"CASE WHEN {b} IS NOT NULL THEN substr('10X98765432', "
        f"CAST(({_weighted(b, _IDENTITY_WEIGHTS, _digit)}) % 11 + 1 AS INTEGER), 1) END"
    ),
)


def _organisation_check(body: str) -> str:
    total = _weighted(body, _ORGANISATION_WEIGHTS, _letter(_ALPHABET))
    return f"substr('0123456789X0', CAST(12 - ({total}) % 11 AS INTEGER), 1)"


_CREDIT = Way(
    lambda text: f"replace(upper({narrow(text)}), '-', '')",
    lambda v: f"CASE WHEN regexp_matches({v}, '^[0-9A-HJ-NP-RTUWXY]{{18}}$') THEN substr({v}, 1, 17) END",
    lambda v, _b, _t: v,
    lambda v, b, t: (
        f"CASE WHEN {v} IS NULL THEN NULL WHEN {b} IS NULL THEN 'form' WHEN {t} <> 'ok' THEN 'check-digit' END"
    ),
    lambda v, b: (
        f"CASE WHEN {b} IS NULL THEN NULL WHEN substr({v}, 18, 1) = substr({literal(ALPHABET)}, "
        f"CAST((31 - ({_weighted(b, _CREDIT_WEIGHTS, _letter(ALPHABET))}) % 31) % 31 + 1 AS INTEGER), 1) "
        f"AND substr({v}, 17, 1) = {_organisation_check(f'substr({b}, 9, 8)')} THEN 'ok' ELSE 'wrong' END"
    ),
)

_ORGANISATION = Way(
    lambda text: f"replace(upper({narrow(text)}), '-', '')",
    # Out of a credit code it is taken where it stands.
    lambda v: (
        f"CASE WHEN regexp_matches({v}, '^[0-9A-HJ-NP-RTUWXY]{{18}}$') THEN substr({v}, 9, 9) "
        f"WHEN regexp_matches({v}, '^[0-9A-Z]{{8}}[0-9X]$') THEN {v} END"
    ),
    lambda _v, b, _t: b,
    lambda v, b, t: (
        f"CASE WHEN {v} IS NULL THEN NULL WHEN {b} IS NULL THEN 'form' "
        f"WHEN substr({b}, 9, 1) <> {t} THEN 'check-digit' END"
    ),
    lambda _v, b: f"CASE WHEN {b} IS NOT NULL THEN {_organisation_check(b)} END",
)


def _phone(form: str) -> Way:
    return Way(
        lambda text: f"regexp_replace({narrow(text)}, '[-()_/.]', '', 'g')",
        lambda v: f"regexp_replace({v}, '^([+]|00)?86(1[3-9][0-9]{{9}})$', '\\2')",
        lambda _v, b, _t: b,
        lambda _v, b, _t: f"CASE WHEN NOT regexp_matches({b}, {literal(form)}) THEN 'form' END",
    )


_MOBILE = _phone("^1[3-9][0-9]{9}$")
_TELEPHONE = _phone("^(1[3-9][0-9]{9}|0[0-9]{9,11}|[1-9][0-9]{6,7}|[48]00[0-9]{7})$")

_CHECKED = {"DE08001": _MOBILE, "DE08002": _TELEPHONE, "DE10012": _IDENTITY}
_BY_STANDARD = {"GB 11643-1999": _IDENTITY, "GB 32100-2015": _CREDIT, "GB 11714-1997": _ORGANISATION}

_DATE = Way(
    lambda text: (
        f"CASE WHEN regexp_matches({text}, '^[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}$') THEN {text} ELSE "
        f"translate(regexp_replace({text}, '[ T]+[0-9]{{1,2}}:.*$', ''), '年月/.／．－日 ', '-------') END"
    ),
    lambda v: (
        f"CASE WHEN regexp_matches({v}, '^[0-9]{{4}}-[0-9]{{1,2}}-[0-9]{{1,2}}$') THEN {v} "
        f"WHEN regexp_matches({v}, '^[0-9]{{8}}$') "
        f"THEN concat(substr({v}, 1, 4), '-', substr({v}, 5, 2), '-', substr({v}, 7, 2)) END"
    ),
    lambda _v, b, _t: f"TRY_CAST({b} AS DATE)",
    lambda v, b, _t: (
        f"CASE WHEN {v} IS NULL THEN NULL WHEN {b} IS NULL THEN 'form' "
        f"WHEN TRY_CAST({b} AS DATE) IS NULL THEN 'date' END"
    ),
)

_DAY = "[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}"
_CLOCK = "[0-9]{1,2}:[0-9]{2}"
_INSTANT = Way(
    lambda text: f"trim(regexp_replace(translate({text}, '年月/日T', '---  '), ' +', ' ', 'g'))",
    lambda v: (
        f"CASE WHEN regexp_matches({v}, '^{_DAY} {_CLOCK}:[0-9]{{2}}([.][0-9]{{1,6}})?$') THEN concat({v}, ' {ZONE}') "
        f"WHEN regexp_matches({v}, '^{_DAY} {_CLOCK}$') THEN concat({v}, ':00 {ZONE}') "
        f"WHEN regexp_matches({v}, '^{_DAY}$') THEN concat({v}, ' 00:00:00 {ZONE}') "
        f"WHEN regexp_matches({v}, '^[0-9]{{8}}$') THEN concat(substr({v}, 1, 4), '-', substr({v}, 5, 2), '-', "
        f"substr({v}, 7, 2), ' 00:00:00 {ZONE}') "
        f"WHEN regexp_matches({v}, '^[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}} {_CLOCK}:[0-9]{{2}}([.][0-9]{{1,6}})?"
        f"(Z|[+-][0-9]{{2}}:[0-9]{{2}})$') THEN {v} END"
    ),
    lambda _v, b, _t: f"TRY_CAST({b} AS TIMESTAMPTZ)",
    lambda v, b, _t: (
        f"CASE WHEN {v} IS NULL THEN NULL WHEN {b} IS NULL THEN 'form' "
        f"WHEN TRY_CAST({b} AS TIMESTAMPTZ) IS NULL THEN 'date' END"
    ),
)

_BOOLEAN = Way(
    lambda text: f"lower({narrow(text)})",
    lambda v: (
        f"CASE WHEN {v} IN ({', '.join(map(literal, _YES))}) THEN TRUE "
        f"WHEN {v} IN ({', '.join(map(literal, _NO))}) THEN FALSE END"
    ),
    lambda _v, b, _t: b,
    lambda v, b, _t: f"CASE WHEN {v} IS NOT NULL AND {b} IS NULL THEN 'boolean' END",
)


def _number(text: str) -> str:
    return f"replace({narrow(text)}, ',', '')"


_INTEGER = Way(
    _number,
    lambda v: (
        f"CASE WHEN regexp_matches({v}, '^[+-]?[0-9]{{1,{_MOST_WHOLE}}}([.]0*)?$') "
        f"THEN CAST(regexp_replace(regexp_replace({v}, '[.].*$', ''), '^[+]', '') AS BIGINT) END"
    ),
    lambda _v, b, _t: b,
    lambda v, b, _t: f"CASE WHEN {v} IS NOT NULL AND {b} IS NULL THEN 'number' END",
)


def _decimal(digits: int, scale: int) -> Way:
    kind = f"DECIMAL({digits}, {scale})"
    return Way(
        _number,
        lambda v: (
            f"CASE WHEN regexp_matches({v}, '^[+-]?[0-9]+([.][0-9]*)?$') THEN TRY_CAST(regexp_replace({v}, '^[+]', '') "
            f"AS {kind}) END"
        ),
        lambda _v, b, _t: b,
        lambda v, b, _t: (
            f"CASE WHEN {v} IS NULL THEN NULL WHEN {b} IS NULL THEN 'number' "
            f"WHEN regexp_matches({v}, '[.][0-9]{{{scale}}}[0-9]*[1-9]') THEN 'scale' END"
        ),
    )
