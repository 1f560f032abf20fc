"""Which rows of a batch break a rule: one function a kind, whole columns at a time; a null breaks ``not-null`` only."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from jutong.contracts import rules as given
from jutong.contracts.rules import RuleBase
from jutong.kernel.clock import BEIJING
from jutong.node.exchange.rules import digits
from jutong.node.exchange.rules.elsewhere import JobRepeats, referred
from jutong.node.exchange.rules.kernels import Array, Check, Columns, Flags, flags, pc
from jutong.node.exchange.rules.means import Means
from jutong.standards.code_tables import shipped

_WHOLE_NUMBER = r"^[+-]?[0-9]{1,18}$"
_ISO_DATE = "%Y-%m-%d"
NO_NUL = r"[^\x00]*"
NO_LAST_BLANK = r"(?s:.*[^ ])?"
"""Patterns that targets ask of many columns; they are looked at in a way of their own."""

_FITS: dict[str, Callable[[Array, Array], Array]] = {
    "eq": pc.equal,
    "ne": pc.not_equal,
    "lt": pc.less,
    "le": pc.less_equal,
    "gt": pc.greater,
    "ge": pc.greater_equal,
}


def cast_type(rule: given.Cast) -> pa.DataType:
    """Return what a cast column lands as."""
    if rule.to == "decimal":
        return pa.decimal128(rule.precision, rule.scale)
    return pa.int64() if rule.to == "integer" else pa.date32()


def cast(rule: given.Cast, array: Array) -> tuple[Array, Flags]:
    """Return the texts as values of the other type, null where a text is none, and where that is."""
    text = pc.utf8_trim_whitespace(array)
    if rule.to == "date":
        text = pc.replace_substring_regex(text, pattern=r"^(\d{4})(\d{2})(\d{2})$", replacement=r"\1-\2-\3")
        parsed = pc.strptime(text, format=_ISO_DATE, unit="s", error_is_null=True)
        # A day the month does not have is carried into the next one; written again it is another text.
        good = pc.equal(pc.strftime(parsed, format=_ISO_DATE), text)
    else:
        good = pc.match_substring_regex(text, pattern=_form(rule))
    sure = pc.fill_null(good, False)
    values = pc.if_else(sure, text, pa.scalar(None, pa.string())).cast(cast_type(rule))
    return values, flags(pc.and_(array.is_valid(), pc.invert(sure)))


def _form(rule: given.Cast) -> str:
    if rule.to == "integer":
        return _WHOLE_NUMBER
    whole, scale = rule.precision - rule.scale, rule.scale
    before = f"0*[0-9]{{1,{whole}}}" if whole else "0+"
    return f"^[+-]?{before}" + (rf"(?:\.[0-9]{{1,{scale}}})?$" if scale else "$")


def _not(array: Array) -> Flags:
    """Turn what fits into what does not; null fits."""
    return ~flags(array, null=True)


def _as_text(array: Array) -> Array:
    return array if array.type == pa.string() else array.cast(pa.string())


def _not_null(rule: given.NotNull, schema: pa.Schema) -> Check:
    def check(columns: Columns) -> Flags:
        array = columns[rule.column]
        missing = flags(array.is_null())
        if rule.blank and array.type == pa.string():
            missing |= flags(pc.or_(pc.equal(pc.binary_length(array), 0), pc.utf8_is_space(array)))
        return missing

    return check


def _length(rule: given.Length, schema: pa.Schema) -> Check:
    measure = pc.utf8_length if rule.unit == "characters" else pc.binary_length

    def check(columns: Columns) -> Flags:
        found = measure(columns[rule.column])
        return _not(pc.and_(pc.greater_equal(found, rule.least), pc.less_equal(found, rule.most)))

    return check


def _one_of(rule: given.OneOf, schema: pa.Schema) -> Check:
    return _among(rule.column, pa.array(rule.values, pa.string()))


def _code_table(rule: given.CodeTable, schema: pa.Schema) -> Check:
    tables = {table.key: table for table in shipped()}
    return _among(rule.column, pa.array(sorted({span.code for span in tables[rule.table].spans}), pa.string()))


def _among(column: str, allowed: Array) -> Check:
    def check(columns: Columns) -> Flags:
        array = columns[column]
        return flags(pc.and_(array.is_valid(), pc.invert(pc.is_in(_as_text(array), value_set=allowed))))

    return check


def _pattern(rule: given.Pattern, schema: pa.Schema) -> Check:
    whole = f"^(?:{rule.pattern})$"
    pc.match_substring_regex(pa.array([""]), pattern=rule.pattern)  # alone: "a)(b" must not pass for its frame
    pc.match_substring_regex(pa.array([""]), pattern=whole)

    def check(columns: Columns) -> Flags:
        array = columns[rule.column]
        if rule.pattern == NO_NUL and not _has_nul(array):
            return np.zeros(len(array), dtype=np.bool_)
        if rule.pattern == NO_LAST_BLANK:
            return flags(pc.ends_with(array, " "))
        return _not(pc.match_substring_regex(array, pattern=whole))

    return check


def _has_nul(array: Array) -> bool:
    """Look at the bytes of all texts together; those of nulls may be among them."""
    _, offsets, content = array.buffers()
    if content is None or not len(array):
        return False
    ends = np.frombuffer(offsets, dtype=np.int32)
    within = np.frombuffer(content, dtype=np.uint8)[ends[array.offset] : ends[array.offset + len(array)]]
    return not within.all()


def _between(rule: given.Between, schema: pa.Schema) -> Check:
    kind = schema.field(rule.column).type
    bounds = [None if bound is None else pa.scalar(bound).cast(kind) for bound in (rule.least, rule.most)]

    def check(columns: Columns) -> Flags:
        array, (least, most) = columns[rule.column], bounds
        broken = np.zeros(len(array), dtype=np.bool_)
        if least is not None:
            broken |= _not(pc.greater_equal(array, least))
        if most is not None:
            broken |= _not(pc.less_equal(array, most))
        return broken

    return check


def _compare(rule: given.Compare, schema: pa.Schema) -> Check:
    fits = _FITS[rule.operator]
    return lambda columns: _not(fits(columns[rule.column], columns[rule.other]))


def _identity(rule: given.Identity, schema: pa.Schema) -> Check:
    return lambda columns: digits.identity_wrong(columns[rule.column])


def _credit_code(rule: given.CreditCode, schema: pa.Schema) -> Check:
    return lambda columns: digits.credit_code_wrong(columns[rule.column])


class Repeats:
    """Finds values that came before in the same chunk; holds the chunk's values, so a chunk is what it takes."""

    def __init__(self, rule: given.Unique) -> None:
        self._columns = (rule.column, *rule.with_columns)
        self._seen: list[Array] = []

    def forget(self) -> None:
        """Begin another chunk."""
        self._seen = []

    def __call__(self, columns: Columns) -> Flags:
        """Tell which rows repeat an earlier one; a null repeats nothing."""
        encoded: Any = pc.dictionary_encode(self._keys(columns))
        valid = flags(encoded.is_valid())
        places: npt.NDArray[np.int32] = pc.fill_null(encoded.indices, 0).to_numpy(zero_copy_only=False)
        rows = np.flatnonzero(valid)
        first = np.zeros(max(len(encoded.dictionary), 1), dtype=np.intp)
        first[places[rows][::-1]] = rows[::-1]  # of several writes to one place the last stays
        repeated = np.zeros(len(valid), dtype=np.bool_)
        repeated[rows] = first[places[rows]] != rows
        if self._seen and rows.size:
            known = flags(pc.is_in(encoded.dictionary, value_set=pa.concat_arrays(self._seen)))
            repeated[rows] |= known[places[rows]]
        self._seen.append(encoded.dictionary)
        return repeated

    def _keys(self, columns: Columns) -> Array:
        if len(self._columns) == 1:
            return columns[self._columns[0]]
        parts: list[Any] = []
        for name in self._columns:  # each with its length in front, so that no two rows run into one text
            text = _as_text(columns[name])
            parts += [pc.binary_length(text).cast(pa.string()), text]
        return pc.binary_join_element_wise(*parts, ":")


def _fresh(rule: given.Fresh, schema: pa.Schema, means: Means) -> Check:
    oldest, newest = means.today - timedelta(days=rule.days), means.today + timedelta(days=rule.ahead_days)
    kind = schema.field(rule.column).type
    if kind == pa.date32():
        least, beyond = pa.scalar(oldest), pa.scalar(newest + timedelta(days=1))
    else:
        zone = BEIJING if getattr(kind, "tz", None) else None
        bounds = (datetime.combine(day, time(), zone) for day in (oldest, newest + timedelta(days=1)))
        least, beyond = (pa.scalar(bound, kind) for bound in bounds)
    return lambda columns: _not(
        pc.and_(pc.greater_equal(columns[rule.column], least), pc.less(columns[rule.column], beyond))
    )


_MAKERS: dict[type[RuleBase], Callable[[Any, pa.Schema], Check]] = {
    given.NotNull: _not_null,
    given.Length: _length,
    given.OneOf: _one_of,
    given.CodeTable: _code_table,
    given.Pattern: _pattern,
    given.Identity: _identity,
    given.CreditCode: _credit_code,
    given.Between: _between,
    given.Compare: _compare,
}


def check_of(rule: RuleBase, schema: pa.Schema, means: Means = Means()) -> Check:  # noqa: B008 - it is frozen
    """Return the check of any rule but ``cast``.

    Raises:
        pyarrow.ArrowInvalid: for a pattern or bound that is none.
        KeyError: for a code table or a column of another table that is not there.
        TableUnknownError: for another table that is not there.
    """
    if isinstance(rule, given.Unique):
        return Repeats(rule) if rule.over == "chunk" else JobRepeats(rule, schema, means)
    if isinstance(rule, given.Reference):
        return referred(rule, schema, means)
    return _fresh(rule, schema, means) if isinstance(rule, given.Fresh) else _MAKERS[type(rule)](rule, schema)
