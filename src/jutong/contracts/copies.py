"""The serving copy: a table of the library in a database, indexed, for calls that look single rows up."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from jutong.contracts.envelope import Document
from jutong.contracts.library import CODE, NAME

CopyMode = Literal["changes", "full", "check"]
"""``changes``: what the library's table got since the last time, all of it where that cannot be told; ``full``: all
anew; ``check``: the copy is read as a whole and compared first, and made anew where it differs."""


class ServeOrder(Document):
    """Body of work ``serve``: bring a table of a database up to a table of the library.

    ``source`` is a database of the node that may be written, ``schema_name`` and ``target`` the table there, which
    belongs to this copy alone. ``keys`` name a row; ``lookups`` are further sets of columns rows are found by, each
    with an index. ``titles`` are pairs of column and what it is called.
    """

    library: str = Field(pattern=CODE)
    table: str = Field(pattern=NAME)
    zone: Literal["fused", "service"] = "fused"
    source: str
    schema_name: str = Field(default="library", pattern=NAME)
    target: str = Field(pattern=NAME)
    keys: Annotated[tuple[str, ...], Field(min_length=1, max_length=8)]
    lookups: Annotated[tuple[tuple[str, ...], ...], Field(max_length=16)] = ()
    titles: tuple[tuple[str, str], ...] = ()
    mode: CopyMode = "changes"


class ServeResult(Document):
    """What came of it: the copy now holds ``rows`` of ``version``, which were found there in the database.

    ``former`` is the version it held before, -1 for none. ``digest`` is over all rows; ``compared`` tells whether all
    of them were read back for it, or only those that were written. ``differed`` says that a check found the copy
    other than it should have been, and it was made anew.
    """

    source: str
    schema_name: str
    target: str
    version: int
    former: int
    full: bool
    rows: int
    inserted: int
    updated: int
    deleted: int
    digest: str
    compared: bool
    differed: bool = False
