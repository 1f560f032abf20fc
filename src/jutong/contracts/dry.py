"""A dry run as data: how much is looked at, and what is told of each column that would land."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from jutong.contracts.envelope import Document
from jutong.contracts.rules import Column

MOST_ROWS = 10**9
FEWEST_TOLD = 5
"""A value or a form that so few rows have is not told: it may be somebody's."""

MOST_SHOWN = 300


class Dry(Document):
    """Nothing is written. ``rows`` is how many are read, spread over the table; 0 reads all of it.

    ``shown`` are the columns, as the steps leave them, of which values may be told; of all others only counts, lengths
    and forms are.
    """

    rows: Annotated[int, Field(ge=0, le=MOST_ROWS)] = 0
    shown: Annotated[tuple[Column, ...], Field(max_length=MOST_SHOWN, strict=False)] = ()


class Told(Document):
    """A value, or the form of texts, and how many rows have it; never fewer than :data:`FEWEST_TOLD`.

    In a form every digit is a 9, every letter an A, every Chinese character a 字, a letter of another script a □; a
    repeated one is followed by its count: ``9{17}A``.
    """

    text: str
    rows: int


class DryColumn(Document):
    """What one column looks like in the rows that would land.

    ``nulls`` are rows without a value, ``blanks`` with an empty text. ``distinct`` is exact up to some thousands and
    about 1 % off above. Lengths are in characters, and 0 for what is no text. Of columns that may be shown the most
    frequent ``values`` are told, and of numbers, dates and instants ``least`` and ``greatest``.
    """

    name: str
    type: str
    nulls: int = 0
    blanks: int = 0
    distinct: int = 0
    shortest: int = 0
    longest: int = 0
    least: str = ""
    greatest: str = ""
    forms: tuple[Told, ...] = ()
    values: tuple[Told, ...] = ()
