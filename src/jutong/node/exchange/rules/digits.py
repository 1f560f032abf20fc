"""Check digits of whole columns: identity numbers (GB 11643) and unified social credit codes (GB 32100).

The texts of one length lie side by side in Arrow's buffer, so they are read as a table of bytes, one column a place.
The answers are those of ``standards.identity`` and ``standards.credit_code``, which tests hold them against.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from jutong.node.exchange.rules.kernels import Array, Flags, flags, pc
from jutong.standards import credit_code, identity

Bytes: TypeAlias = npt.NDArray[np.uint8]
Numbers: TypeAlias = npt.NDArray[np.int32]

_NONE = 255
_DAYS = np.array([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31], dtype=np.int32)
_FEBRUARY = 2
_EARLIEST_YEAR = 1800
_OLDEST_SEQUENCE = 996
_IDENTITY_CHECKS = np.frombuffer(b"10X98765432", dtype=np.uint8)
_IDENTITY_WEIGHTS = tuple(2**place % 11 for place in range(17, 0, -1))
_CREDIT_WEIGHTS = tuple(pow(3, place, 31) for place in range(17))
_SUBJECT_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_SUBJECT_CHECKS = np.frombuffer(b"0123456789X0", dtype=np.uint8)


def _worth(alphabet: str) -> Bytes:
    table = np.full(256, _NONE, dtype=np.uint8)
    table[np.frombuffer(alphabet.encode(), dtype=np.uint8)] = np.arange(len(alphabet), dtype=np.uint8)
    return table


_CREDIT_WORTH = _worth(credit_code.ALPHABET)
_LETTER_WORTH = _worth("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")
_DIGIT_WORTH = _worth("0123456789")


def normalised(array: Array) -> Array:
    """Return texts in capitals without blanks around them."""
    _, offsets, data = array.buffers()
    if data is not None and len(array):
        ends = np.frombuffer(memoryview(offsets), dtype="<i4")
        content = np.frombuffer(memoryview(data), dtype=np.uint8)[ends[array.offset] : ends[array.offset + len(array)]]
        if not ((content <= ord(" ")) | (content >= ord("a"))).any():
            return array  # as most are; looking is ten times cheaper than making them so
    return pc.ascii_upper(pc.utf8_trim_whitespace(array))


def _places(array: Array, length: int) -> tuple[npt.NDArray[np.intp], Bytes]:
    """Return which rows hold a text of so many bytes, and those texts as a table of bytes."""
    fits = flags(pc.equal(pc.binary_length(array), length))
    rows = np.flatnonzero(fits)
    picked = array if rows.size == len(array) else array.filter(pa.array(fits))
    _, offsets, data = picked.buffers()
    if rows.size == 0 or offsets is None or data is None:
        return rows, np.zeros((0, length), dtype=np.uint8)
    first = int(np.frombuffer(memoryview(offsets), dtype="<i4")[picked.offset])
    content = np.frombuffer(memoryview(data), dtype=np.uint8, count=rows.size * length, offset=first)
    return rows, content.reshape(-1, length)


def _weighted(worth: Bytes, weights: tuple[int, ...]) -> Numbers:
    # Column by column: a product of matrices of integers is ten times dearer (measured).
    total = np.zeros(worth.shape[0], dtype=np.int32)
    for place, weight in enumerate(weights):
        total += worth[:, place].astype(np.int32) * weight
    return total


def _number(digits: Bytes) -> Numbers:
    total = np.zeros(digits.shape[0], dtype=np.int32)
    for place in range(digits.shape[1]):
        total = total * 10 + digits[:, place]
    return total


def _born(years: Numbers, month_day: Bytes) -> Flags:
    months, days = _number(month_day[:, :2]), _number(month_day[:, 2:])
    leap = (years % 4 == 0) & ((years % 100 != 0) | (years % 400 == 0))
    longest = _DAYS[np.clip(months, 0, 12)] + (leap & (months == _FEBRUARY))
    real: Flags = (months >= 1) & (months <= 12) & (days >= 1) & (days <= longest) & (years >= _EARLIEST_YEAR)  # noqa: PLR2004
    return real


def _new_numbers(content: Bytes) -> Flags:
    # Place by place in memory, so that every step below runs over bytes that lie side by side.
    worth = (np.ascontiguousarray(content[:, :17].T) - np.uint8(ord("0"))).T
    good: Flags = np.logical_and.reduce(worth <= 9, axis=1)  # noqa: PLR2004 - the largest digit
    born = _born(_number(worth[:, 6:10]), worth[:, 10:14])
    total = np.zeros(worth.shape[0], dtype=np.uint16)
    for place, weight in enumerate(_IDENTITY_WEIGHTS):
        total += worth[:, place] * np.uint16(weight)
    checked: Flags = _IDENTITY_CHECKS[total % 11] == content[:, 17]
    return good & born & checked


def _old_years(worth: Bytes) -> Numbers:
    century = np.where(_number(worth[:, 12:15]) >= _OLDEST_SEQUENCE, 1800, 1900).astype(np.int32)
    years: Numbers = century + _number(worth[:, 6:8])
    return years


def _old_numbers(content: Bytes) -> Flags:
    worth = _DIGIT_WORTH[content]
    good: Flags = (worth != _NONE).all(axis=1)
    good &= _born(_old_years(worth), worth[:, 8:12])
    return good


def identity_wrong(array: Array) -> Flags:
    """Tell which texts are no identity number of 18 characters or 15 digits; a null is none of them."""
    trimmed = normalised(array)
    wrong = flags(trimmed.is_valid())
    for length, judge in ((identity.LENGTH, _new_numbers), (identity.OLD_LENGTH, _old_numbers)):
        rows, content = _places(trimmed, length)
        wrong[rows] = ~judge(content)
    return wrong


def identity_to_18(array: Array) -> Array:
    """Return valid identity numbers in their 18-character form, other texts without blanks around them."""
    trimmed = normalised(array)
    rows, content = _places(trimmed, identity.OLD_LENGTH)
    good = _old_numbers(content)
    rows, content = rows[good], content[good]
    if rows.size == 0:
        return trimmed
    worth = _DIGIT_WORTH[content]
    longer = np.empty((rows.size, identity.LENGTH), dtype=np.uint8)
    longer[:, :6], longer[:, 8:17] = content[:, :6], content[:, 6:]
    longer[:, 6] = ord("1")
    longer[:, 7] = np.where(_old_years(worth) >= 1900, ord("9"), ord("8"))  # noqa: PLR2004 - the twentieth century
    longer[:, 17] = _IDENTITY_CHECKS[_weighted(_DIGIT_WORTH[longer[:, :17]], _IDENTITY_WEIGHTS) % 11]
    offsets = np.arange(rows.size + 1, dtype="<i4") * identity.LENGTH
    made = pa.StringArray.from_buffers(rows.size, pa.py_buffer(offsets.tobytes()), pa.py_buffer(longer.tobytes()))
    old = np.zeros(len(array), dtype=np.bool_)
    old[rows] = True
    return pc.replace_with_mask(trimmed, pa.array(old), made)


def credit_code_wrong(array: Array) -> Flags:
    """Tell which texts are no unified social credit code, the organisation code inside included; a null is none."""
    trimmed = normalised(array)
    wrong = flags(trimmed.is_valid())
    rows, content = _places(trimmed, credit_code.LENGTH)
    worth = _CREDIT_WORTH[content]
    good = (worth != _NONE).all(axis=1) & (_DIGIT_WORTH[content[:, 2:8]] != _NONE).all(axis=1)
    good &= -_weighted(worth, _CREDIT_WEIGHTS) % 31 == worth[:, 17]
    subject = _weighted(_LETTER_WORTH[content[:, 8:16]], _SUBJECT_WEIGHTS)
    good &= _SUBJECT_CHECKS[11 - subject % 11] == content[:, 16]
    wrong[rows] = ~good
    return wrong
