"""Standardising as the center orders it: a landed table as the library's definition wants its rows."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from jutong.contracts.envelope import Document
from jutong.contracts.library import NAME, Feed, TableDefinition

ProblemCode = Literal["form", "check-digit", "date", "codes", "number", "scale", "length", "boolean"]
"""Why a value could not be brought into its field: its form, its check digit, no day of the calendar, no code of the
table, no number, more decimal places than the field has, too long, neither yes nor no."""


class CodeWritings(Document):
    """Codes beside those of a shipped table: pairs of how a value is written and its code (``男``, ``1``)."""

    table: str
    pairs: tuple[tuple[str, str], ...]


class StandardiseOrder(Document):
    """Body of work ``standardise``. With ``mode`` ``changes`` only what changed in the landed table is done anew.

    The outcome of both modes is the same; where it cannot be told what changed, everything is done.
    """

    table: TableDefinition
    feed: Feed
    codes: tuple[CodeWritings, ...] = ()
    mode: Literal["changes", "full"] = "changes"


class ProblemCount(Document):
    """Values of a field that could not be standardised, in the whole table; they are null there."""

    field: str = Field(pattern=NAME)
    problem: ProblemCode
    rows: int


class StandardiseResult(Document):
    """What standardising made of a landed table.

    ``rows`` are in the table now; ``repeated`` landed rows were left out because a newer one has their key and
    ``keyless`` because they have none; ``with_problems`` rows have at least one. ``landed_version`` is what was read
    and ``version`` what was written. ``written`` rows of it are new or other than before, ``gone`` were taken out.
    """

    version: int
    landed_version: int
    rows: int
    repeated: int
    keyless: int
    with_problems: int
    problems: tuple[ProblemCount, ...]
    full: bool
    written: int
    gone: int
    seconds: float = 0.0
