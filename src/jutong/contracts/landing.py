"""Where a move lands when that is a table of a database beside the node, and not the library."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from jutong.contracts.envelope import Document

MOST_COLUMNS = 300
_NO_NUL = r"^[^\x00]+$"

Name = Annotated[str, Field(min_length=1, max_length=128, pattern=_NO_NUL)]
Pair = Annotated[tuple[Name, Name], Field(strict=False)]


class Landing(Document):
    """A table of one of the node's own sources, in a schema the node was allowed to write.

    ``columns`` says for each column that lands which column of the table takes it. ``proof`` says what both sides are
    compared by: ``digest`` reads back what lies in the target and compares content, ``count`` only counts.
    """

    source: Name
    schema_name: Name
    table: Name
    columns: Annotated[tuple[Pair, ...], Field(min_length=1, max_length=MOST_COLUMNS, strict=False)]
    proof: Literal["digest", "count"] = "digest"
