"""One way of writing a text: characters put in the place of others over a whole column at once.

Every replacement is one character for one, so a column is decoded as a whole, sent through a table with an entry for
each code point, and encoded again.
"""

from __future__ import annotations

import sys
import unicodedata
from functools import lru_cache
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from jutong.contracts.steps import Standardise
from jutong.node.exchange.rules.kernels import Array, pc

Points: TypeAlias = npt.NDArray[np.uint32]

DOT = "\u00b7"
_DOTS = "\u2022\u2027\u2219\u22c5\u2024\u30fb\uff65\u0387"
_BLANKS = "\t\n\v\f\r\u0085\u00a0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
_UNSEEN = (*range(9), *range(14, 32), 0x7F, 0xAD, *range(0x200B, 0x2010), 0x2060, 0xFEFF)
_INVISIBLE = "[" + "".join(rf"\x{{{point:04x}}}" for point in _UNSEEN) + "]+"
_DOT_WITHIN = r"(\p{Han})[.．](\p{Han})"
_FULL_WIDTH = range(0xFF01, 0xFF5F)
_TO_HALF = 0xFEE0
_RADICALS = (range(0x2E80, 0x2FE0), range(0xF900, 0xFB00), range(0x2F800, 0x2FA20))
_PRIVATE = 0xE815
_PRIVATE_BYTES = (0xFE50, 0xFEA0)
# What GB 18030-2000 still had in the private area, and where later editions put it.
_LATE = {
    0xE816: 0x20087, 0xE817: 0x20089, 0xE818: 0x200CC, 0xE81E: 0x9FB4, 0xE826: 0x9FB5, 0xE82B: 0x9FB6,
    0xE82C: 0x9FB7, 0xE831: 0x215D7, 0xE832: 0x9FB8, 0xE83B: 0x2298F, 0xE843: 0x9FB9, 0xE854: 0x9FBA,
    0xE855: 0x241FE, 0xE864: 0x9FBB,
}  # fmt: skip


def standardised(step: Standardise, array: Array) -> Array:
    """Return the texts in the step's way of writing; null stays null."""
    text = _joined(array)
    found = array
    if not text.isascii() or not text.isprintable():
        points = _points(text)
        if step.invisible and bool(_unseen()[points].any()):
            found = pc.replace_substring_regex(found, pattern=_INVISIBLE, replacement="")
            points = _points(_joined(found))
        found = _replaced(found, points, _table(step.width, step.spaces, variants=step.variants, dots=step.dots))
        if step.dots and ("." in text or "．" in text):
            for _ in range(2):  # the second time for dots one character apart
                found = pc.replace_substring_regex(found, pattern=_DOT_WITHIN, replacement=rf"\1{DOT}\2")
    if step.letters != "keep":
        found = pc.utf8_upper(found) if step.letters == "upper" else pc.utf8_lower(found)
    return _spaced(step.spaces, found)


def _spaced(spaces: str, array: Array) -> Array:
    if spaces == "none":
        return pc.replace_substring(array, pattern=" ", replacement="")
    found = pc.utf8_trim(array, characters=" ") if spaces in ("trim", "single") else array
    # Looking is cheaper than writing every text anew, and most columns have nothing to exchange.
    if spaces == "single" and pc.any(pc.match_substring(found, pattern="  ")).as_py():
        return pc.replace_substring_regex(found, pattern=" {2,}", replacement=" ")
    return found


@lru_cache(maxsize=1)
def _unseen() -> npt.NDArray[np.bool_]:
    table = np.zeros(sys.maxunicode + 1, dtype=np.bool_)
    table[list(_UNSEEN)] = True
    return table


@lru_cache(maxsize=32)
def _table(width: str, spaces: str, *, variants: bool, dots: bool) -> Points:
    table = np.arange(sys.maxunicode + 1, dtype=np.uint32)
    if width != "keep":
        for point in _FULL_WIDTH:
            half = chr(point - _TO_HALF)
            if width == "all" or half.isalnum():
                table[point] = ord(half)
    if spaces != "keep":
        table[[ord(blank) for blank in _BLANKS]] = ord(" ")
    if variants:
        _put_variants(table)
    if dots:
        table[[ord(dot) for dot in _DOTS]] = ord(DOT)
    return table


def _put_variants(table: Points) -> None:
    for block in _RADICALS:
        for point in block:
            same = unicodedata.normalize("NFKC", chr(point))
            if len(same) == 1:
                table[point] = ord(same)
    codes = [code for code in range(_PRIVATE_BYTES[0], _PRIVATE_BYTES[1] + 1) if code & 0xFF != 0x7F]  # noqa: PLR2004
    for place, code in enumerate(codes):
        table[_PRIVATE + place] = ord(code.to_bytes(2, "big").decode("gb18030"))
    table[list(_LATE)] = list(_LATE.values())


def _joined(array: Array) -> str:
    filled = pc.fill_null(array, "")
    whole = pa.ListArray.from_arrays(pa.array([0, len(filled)], pa.int32()), filled)
    text: str = pc.binary_join(whole, "")[0].as_py()
    return text


def _points(text: str) -> Points:
    return np.frombuffer(text.encode("utf-32-le"), dtype="<u4")


def _replaced(array: Array, points: Points, table: Points) -> Array:
    """Return texts whose characters are these code points with every one looked up in a table."""
    changed = table[points]
    if bool((changed == points).all()):
        return array
    return _gathered(changed, pc.utf8_length(pc.fill_null(array, "")).to_numpy(), array)


def _gathered(points: Points, lengths: npt.NDArray[np.int32], like: Array) -> Array:
    """Return texts of so many code points each, null where another column is."""
    sizes = np.ones(points.size + 1, dtype=np.int64)
    for first_longer in (0x80, 0x800, 0x10000):
        sizes[1:] += points >= first_longer
    sizes[0] = 0
    ends = np.cumsum(sizes)
    offsets = ends[np.concatenate(([0], np.cumsum(lengths, dtype=np.int64)))].astype("<i4")
    data = points.tobytes().decode("utf-32-le").encode()
    made = pa.StringArray.from_buffers(len(lengths), pa.py_buffer(offsets.tobytes()), pa.py_buffer(data))
    return made if like.null_count == 0 else pc.if_else(like.is_valid(), made, pa.scalar(None, pa.string()))
