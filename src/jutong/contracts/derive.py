"""Tables that grow out of others, as the center orders them: whose rows, brought together how, and counted how.

There is no expression anybody types: conditions and measures are a closed, typed list.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from jutong.contracts.envelope import Document
from jutong.contracts.library import CODE, NAME, Feed, TableDefinition

Test = Literal["one-of", "none-of", "present", "absent", "younger-than", "at-least-age", "past", "not-past"]
"""``younger-than`` and ``at-least-age`` compare a date of birth with ``years`` on the day of the work; ``past`` and
``not-past`` any date with that day. A value that is missing passes ``none-of`` and ``absent`` only."""
Measure = Literal["take", "count", "sum", "min", "max"]
"""``take``: the value of the first row by the source's own key; ``count``: rows, or those that have the column."""
MOST_YEARS = 150
COLUMN = r"^(_state|[a-z][a-z0-9_]{0,62})$"


class DeriveCondition(Document):
    """A condition on one column of a source; ``_state`` is the state of a fused entity."""

    column: str = Field(pattern=COLUMN)
    test: Test
    values: tuple[str, ...] = ()
    years: Annotated[int, Field(ge=0, le=MOST_YEARS)] = 0


class DeriveSource(Document):
    """One table that takes part, under the name ``part``, with one row for each value of ``by``.

    ``by`` are its columns that meet the keys of the derived table (for the first source), or ``meets`` of the first
    source (for the others). A source that is not there makes its fields null when it is ``optional``.
    """

    part: str = Field(pattern=NAME)
    library: str = Field(pattern=CODE)
    table: str = Field(pattern=NAME)
    by: tuple[str, ...]
    meets: tuple[str, ...] = ()
    where: tuple[DeriveCondition, ...] = ()
    optional: bool = False


class DeriveField(Document):
    """How one field of the derived table comes about. ``where`` narrows what is measured."""

    name: str = Field(pattern=NAME)
    part: str = Field(pattern=NAME)
    measure: Measure = "take"
    column: str = ""
    where: tuple[DeriveCondition, ...] = ()


class DeriveSpec(Document):
    """How one derived table is made, in one version. The first source decides which rows there are."""

    library: str = Field(pattern=CODE)
    table: str = Field(pattern=NAME)
    version: str
    effective_from: str
    basis: str = ""
    sources: tuple[DeriveSource, ...] = Field(min_length=1, strict=False)
    fields: tuple[DeriveField, ...]


class DeriveInput(Document):
    """Where the rows of one source are: feeds of a table of records, or none for a fused or derived table."""

    part: str = Field(pattern=NAME)
    definition: TableDefinition
    feeds: tuple[Feed, ...] = ()


class DeriveOrder(Document):
    """Body of work ``derive``: make one table anew from those it grows out of."""

    library: str = Field(pattern=CODE)
    table: TableDefinition
    spec: DeriveSpec
    inputs: tuple[DeriveInput, ...]


class DeriveResult(Document):
    """What came of it. ``passed_over`` rows of the first source had no key, ``missing`` sources were not there."""

    version: int
    rows: int
    changed: int
    passed_over: int
    missing: tuple[str, ...] = ()
    sources: tuple[tuple[str, int], ...] = ()
    """Tables that were read, by zone, code and name, with their versions."""
    seconds: float = 0.0
