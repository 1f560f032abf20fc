"""The masks of ``node.masking`` over whole columns, with the same answers (a test holds them against each other)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa

from jutong.contracts.rules import MaskKind
from jutong.node.exchange.rules.kernels import Array, flags, pc
from jutong.node.masking import COMPOUND_SURNAMES, DISTRICT, HIDDEN, STAR
from jutong.node.masking import band as band_of_one

_SHORT_IDENTITY, _SHORT_PHONE, _TWO = 15, 7, 2
_COMPOUND = pa.array(sorted(COMPOUND_SURNAMES))
_KEPT = f"^(?P<kept>{DISTRICT})"
# As in node.masking, where \d is any script's digit; RE2 looks ahead by taking the next character along.
_YEAR = r"^(?P<year>(?:1[89]|20)\p{Nd}\p{Nd})(?:(?:-|/|\.|年)?(?:0[1-9]|1[0-2]|[1-9](?:\P{Nd}|$))|年?$)"
_MONTH = r"^(?P<year>(?:1[89]|20)\p{Nd}\p{Nd})(?:-|/|\.|年)?(?P<month>0[1-9]|1[0-2]|[1-9](?:(?s:\P{Nd})|$))"


def _starred(array: Array, kept_before: int, kept_behind: int) -> Array:
    """Keep so many characters at either end of texts that are long enough."""
    length = pc.subtract(pc.utf8_length(array), kept_before + kept_behind)
    middle = pc.binary_repeat(pa.scalar(STAR), pc.max_element_wise(length, 0))
    front = pc.utf8_slice_codeunits(array, 0, kept_before)
    if not kept_behind:
        return pc.binary_join_element_wise(front, middle, "")
    return pc.binary_join_element_wise(front, middle, pc.utf8_slice_codeunits(array, -kept_behind), "")


def _long_starred(array: Array, shortest: int, kept_before: int, kept_behind: int) -> Array:
    """Do the same where texts are long enough, and hide others."""
    lengths = pc.min_max(pc.binary_length(array))
    if lengths["min"].is_valid and lengths["min"].as_py() >= shortest and array.type == pa.string():
        overwritten = _overwritten(array, kept_before, kept_behind)
        if overwritten is not None:
            return overwritten
    return pc.if_else(pc.less(pc.utf8_length(array), shortest), HIDDEN, _starred(array, kept_before, kept_behind))


def _overwritten(array: Array, kept_before: int, kept_behind: int) -> Array | None:
    """Put stars over bytes of plain texts of some length where they stand; None when a character has more bytes."""
    _, offsets, data = array.buffers()
    ends = np.frombuffer(memoryview(offsets), dtype="<i4")[array.offset : array.offset + len(array) + 1]
    first, last = int(ends[0]), int(ends[-1])
    content = np.frombuffer(memoryview(data), dtype=np.uint8)[first:last]
    if (content & 0x80).any():
        return None
    starts, lengths = ends[:-1] - first, np.diff(ends)
    some = flags(array.is_valid())  # of a null's bytes, if it has any, nobody knows how many there are
    told = lengths[some]
    if (told == told[0]).all() and told.size * int(told[0]) == content.size:
        starred = content.reshape(told.size, -1).copy()
        starred[:, kept_before : told[0] - kept_behind] = ord(STAR)
    else:
        steps = np.zeros(content.size + 1, dtype=np.int8)
        steps[starts[some] + kept_before] += 1
        steps[starts[some] + lengths[some] - kept_behind] -= 1
        starred = np.where(np.cumsum(steps[:-1], dtype=np.int8) > 0, np.uint8(ord(STAR)), content)
    offsets = pa.py_buffer((ends - first).tobytes())
    valid = pa.py_buffer(np.packbits(some, bitorder="little").tobytes()) if array.null_count else None
    return pa.StringArray.from_buffers(len(array), offsets, pa.py_buffer(starred.tobytes()), valid)


def name(array: Array) -> Array:
    """Keep the surname."""
    length = pc.utf8_length(array)
    compound = pc.and_(pc.greater(length, _TWO), pc.is_in(pc.utf8_slice_codeunits(array, 0, _TWO), value_set=_COMPOUND))
    found = pc.if_else(pc.less(length, _TWO), STAR, _starred(array, 1, 0))
    if not pc.any(compound).as_py():
        return found
    return pc.replace_with_mask(found, compound, _starred(pc.filter(array, compound), 2, 0))


def identity(array: Array) -> Array:
    """Keep the six digits of the place and the last character."""
    return _long_starred(array, _SHORT_IDENTITY, 6, 1)


def phone(array: Array) -> Array:
    """Keep the first three and the last two digits."""
    return _long_starred(array, _SHORT_PHONE, 3, 2)


def everything(array: Array) -> Array:
    """Keep nothing."""
    return pc.if_else(array.is_valid(), HIDDEN, pa.scalar(None, pa.string()))


def _extracted(array: Array, pattern: str) -> Array:
    return pc.extract_regex(array, pattern=pattern)


def _or_hidden(array: Array, kept: Array) -> Array:
    return pc.if_else(array.is_valid(), pc.fill_null(kept, HIDDEN), pa.scalar(None, pa.string()))


def address(array: Array) -> Array:
    """Keep the address down to the district or county."""
    kept = pc.struct_field(_extracted(array, _KEPT), "kept")
    shorter = pc.less(pc.binary_length(kept), pc.binary_length(array))
    seen = pc.if_else(shorter, pc.binary_join_element_wise(kept, HIDDEN, ""), pa.scalar(None, pa.string()))
    return _or_hidden(array, seen)


def year(array: Array) -> Array:
    """Keep the year of a date."""
    return _or_hidden(array, pc.struct_field(_extracted(array, _YEAR), "year"))


def month(array: Array) -> Array:
    """Keep year and month of a date."""
    found = _extracted(array, _MONTH)
    digits = pc.replace_substring_regex(pc.struct_field(found, "month"), pattern="[^0-9]", replacement="")
    two = pc.utf8_lpad(digits, 2, "0")
    return _or_hidden(array, pc.binary_join_element_wise(pc.struct_field(found, "year"), two, "-"))


def division(array: Array) -> Array:
    """Keep the county of an identity number, a longer code or an address, and the city of a county's own code."""
    coded = pc.match_substring_regex(array, pattern=r"^[0-9]{6}")
    own = pc.binary_join_element_wise(pc.utf8_slice_codeunits(array, 0, 4), "00", "")
    county = pc.if_else(pc.equal(pc.utf8_length(array), 6), own, pc.utf8_slice_codeunits(array, 0, 6))
    return pc.if_else(coded, county, address(array))


_PLAIN_NUMBER = r"^(?P<sign>[+-]?)0*(?P<first>[0-9])(?P<rest>[0-9]{0,28})(?:\.[0-9]*)?$"


def band(array: Array) -> Array:
    """Keep the leading digit of a number."""
    found = _extracted(array, _PLAIN_NUMBER)
    sign, first, rest = (pc.struct_field(found, part) for part in ("sign", "first", "rest"))
    behind = pc.binary_length(rest)
    below = pc.equal(sign, "-")
    sign = pc.if_else(below, "-", "")
    unit = pc.equal(behind, 0)
    lower = pc.binary_join_element_wise(sign, pc.if_else(unit, "0", first), pc.binary_repeat("0", behind), "")
    upper = pc.binary_join_element_wise(sign, pc.if_else(unit, "9", first), pc.binary_repeat("9", behind), "")
    # Whether a minus counts before a nought is told by what comes behind the point.
    clear = pc.invert(pc.and_(below, pc.equal(first, "0")))
    kept = pc.if_else(clear, pc.binary_join_element_wise(lower, upper, "-"), pa.scalar(None, pa.string()))
    left = pc.and_(array.is_valid(), kept.is_null())
    if not pc.any(left).as_py():
        return kept
    odd = pc.filter(array, left).dictionary_encode()
    made = pa.array([band_of_one(text) for text in odd.dictionary.to_pylist()], pa.string())
    return pc.replace_with_mask(kept, left, made.take(odd.indices))


MASKS: dict[MaskKind, Callable[[Array], Array]] = {
    "name": name,
    "identity": identity,
    "phone": phone,
    "address": address,
    "division": division,
    "year": year,
    "month": month,
    "band": band,
    "all": everything,
}
