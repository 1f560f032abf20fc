"""What texts look like without what they say: digits, letters and Chinese characters each become one sign."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import pyarrow as pa

from jutong.contracts.dry import FEWEST_TOLD, Told
from jutong.node.exchange.rules.kernels import Array, pc

MOST_FORMS = 5_000
"""More different forms than that say nothing; then none is told."""

MOST_TOLD = 8
LONGEST_FORM = 60
_SIGNS = (
    (r"[^\P{L}\p{Latin}\p{Han}]|\p{M}", "□"),
    (r"\p{Nd}", "9"),
    (r"\p{Latin}", "A"),
    (r"\p{Han}", "字"),
    (r"\p{Zs}", " "),
)
_RUN = re.compile(r"(.)\1+", re.DOTALL)


class Forms:
    """Counts the forms of a column's texts."""

    def __init__(self) -> None:
        self._found: Counter[str] | None = Counter()

    def add(self, texts: Array) -> None:
        """Take texts in, nulls among them."""
        if self._found is None:
            return
        signs: Any = pc.utf8_slice_codeunits(texts, 0, LONGEST_FORM)
        for pattern, sign in _SIGNS:
            signs = pc.replace_substring_regex(signs, pattern=pattern, replacement=sign)
        self._found.update(counted(signs))
        if len(self._found) > MOST_FORMS:
            self._found = None

    def told(self) -> tuple[Told, ...]:
        """Return the most frequent forms, without those that only few rows have."""
        return most_frequent(self._found, MOST_TOLD, _short)


class Values:
    """Counts the values of a column that may be shown, while they are few."""

    def __init__(self) -> None:
        self._found: Counter[str] | None = Counter()

    def add(self, texts: Array) -> None:
        """Take values as texts in, nulls among them."""
        if self._found is None:
            return
        self._found.update(counted(texts))
        if len(self._found) > MOST_FORMS:
            self._found = None

    def told(self) -> tuple[Told, ...]:
        """Return the most frequent values, without those that only few rows have."""
        return most_frequent(self._found, MOST_TOLD, lambda text: text[:LONGEST_FORM])


def counted(texts: Array) -> dict[str, int]:
    """Return how often each text comes; nulls are left out."""
    rows = pc.value_counts(texts.drop_null())
    return dict(zip(rows.field("values").to_pylist(), rows.field("counts").to_pylist(), strict=True))


def most_frequent(found: Counter[str] | None, most: int, shown: Any) -> tuple[Told, ...]:
    """Return the texts that most rows have, never one that fewer than ``FEWEST_TOLD`` have.

    Args:
        found: rows of each text, or None where there were too many.
        most: how many are told.
        shown: makes of a text what is told of it.
    """
    rows = [(text, count) for text, count in (found or Counter()).most_common(most) if count >= FEWEST_TOLD]
    return tuple(Told(text=shown(text), rows=count) for text, count in rows)


def _short(signs: str) -> str:
    """Put a count behind a sign that comes several times on end."""
    return _RUN.sub(lambda run: f"{run[1]}{{{len(run[0])}}}", signs)


def texts_of(array: Array) -> Array:
    """Return values as texts, as they are written to people."""
    return array if array.type == pa.string() else array.cast(pa.string())
