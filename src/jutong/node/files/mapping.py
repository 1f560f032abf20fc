"""How the tables of a folder are mapped: which files hold a table's rows, in what form, and where its columns stand.

The mapping is the node's own configuration. An order names a mapped table and its columns and nothing else.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import Field, model_validator

from jutong.contracts.envelope import Document

SCHEMA = "files"
"""The schema mapped tables stand in."""

Format = Literal["csv", "jsonl", "xlsx", "parquet", "fixed"]
Encoding = Literal["auto", "utf-8", "gb18030", "utf-16"]
Arrival = Literal["newest", "all", "unseen"]
"""Which of the files that fit are read: the one written last, all, or those no done job has moved."""

MAX_TABLES = 100
_PLACE = re.compile(r"([1-9][0-9]{0,5})-([1-9][0-9]{0,5})")
_UNFIT = re.compile(r"[\s,;{}()=]+")
"""What no column of a Delta table may have in its name."""

TableName = Annotated[str, Field(pattern=r"^\w[\w-]{0,62}$")]
Column = Annotated[str, Field(pattern=r"^[^\s,;{}()=\x00]{1,128}$")]
Heading = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00]+$")]
One = Annotated[str, Field(pattern=r"^[\x01-\x09\x0b\x0c\x0e-\x7f]$")]


class FileTable(Document):
    """Files of one form that together hold one table.

    ``pattern`` is below the source's folder, with ``*``, ``?`` and ``**``; ``.gz`` and ``.zip`` are opened. ``header``
    is the line the headings stand on (sheets: the row), 0 for none; what is above it is passed over. By default it is
    the first line of cells, and none of fixed width. ``columns`` says
    where each column stands: under which heading (without a header: at which place, from ``1``), at which JSON pointer
    of a line, or, in lines of fixed width, from which to which place (``1-18``, in bytes or characters by ``unit``).
    Without it every heading is a column of the same name, with ``_`` for what a name may not have. ``marker`` is what
    is appended to a file's name for the empty file that says it is complete; without one a file is complete when it
    was not written to for ``settle_seconds``. More than ``most_bad_permille`` lines that are no rows, and more than
    20, and the job ends.
    """

    pattern: Annotated[str, Field(min_length=1, max_length=200)]
    format: Format
    encoding: Encoding = "auto"
    delimiter: One = ","
    quote: One | Literal[""] = '"'
    header: Annotated[int, Field(ge=0, le=100)] | None = None
    sheet: str = ""
    unit: Literal["bytes", "characters"] = "bytes"
    columns: dict[Column, Heading] = Field(default_factory=dict, max_length=300)
    arrival: Arrival = "newest"
    marker: Annotated[str, Field(max_length=20, pattern=r"^[\w.-]*$")] = ""
    settle_seconds: Annotated[int, Field(ge=0, le=3600)] = 5
    most_bad_permille: Annotated[int, Field(ge=0, le=1000)] = 100
    comment: Annotated[str, Field(max_length=200)] = ""

    @property
    def above(self) -> int:
        """How many lines come before the first row, the headings among them."""
        return (1 if self.format in {"csv", "xlsx"} else 0) if self.header is None else self.header

    @property
    def places(self) -> dict[str, tuple[int, int]]:
        """Where the columns of lines of fixed width begin (from 0) and end."""
        found = {name: _PLACE.fullmatch(place) for name, place in self.columns.items()}
        return {name: (int(place[1]) - 1, int(place[2])) for name, place in found.items() if place}

    @model_validator(mode="after")
    def _fits(self) -> FileTable:
        parts = self.pattern.split("/")
        if self.pattern.startswith("/") or "\\" in self.pattern or {"", ".", ".."} & set(parts):
            raise ValueError("the pattern leads out of the folder")
        if len({name.lower() for name in self.columns}) < len(self.columns):
            raise ValueError("two columns have one name")
        if self.quote == self.delimiter:
            raise ValueError("quote and delimiter are one character")
        if self.format == "fixed":
            self._check_places()
        elif self.format == "jsonl" and not all(pointer.startswith("/") for pointer in self.columns.values()):
            raise ValueError("columns of JSON lines stand at pointers such as /name")
        elif self.format in {"csv", "xlsx"} and self.above == 0 and not self.columns:
            raise ValueError("without a header the columns have to be named")
        return self

    def _check_places(self) -> None:
        places = self.places
        if not places or len(places) < len(self.columns) or any(first >= last for first, last in places.values()):
            raise ValueError("columns of fixed width stand at places such as 1-18")


class OutFolder(Document):
    """What those who fetch files from one folder can read.

    ``marker`` is appended to a file's name for the empty file that says it is complete, where they look for one.
    """

    encoding: Literal["utf-8-bom", "utf-8", "gb18030"] = "utf-8-bom"
    delimiter: One = ","
    marker: Annotated[str, Field(max_length=20, pattern=r"^(\.[\w.-]*)?$")] = ""


class FileTables(Document):
    """The tables of one folder, and by folder below it how files are written there."""

    tables: Annotated[dict[TableName, FileTable], Field(max_length=MAX_TABLES)] = Field(default_factory=dict)
    out: Annotated[dict[str, OutFolder], Field(max_length=MAX_TABLES)] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _says_something(self) -> FileTables:
        if not self.tables and not self.out:
            raise ValueError("neither tables nor out")
        return self


def is_folder(name: str) -> bool:
    """Tell whether a name is that of a folder below a root; ``.`` is the root itself."""
    parts = name.split("/")
    return name == "." or (
        name.isprintable() and "\\" not in name and not any(part in {"", ".", ".."} for part in parts)
    )


def column_names(headings: list[str]) -> list[str]:
    """Return a column's name for each heading: the heading itself where a Delta table takes it, each once."""
    names: list[str] = []
    taken: set[str] = set()
    for place, heading in enumerate(headings, start=1):
        plain = _UNFIT.sub("_", heading.strip())[:120].strip("_") or f"column_{place}"
        name, again = plain, 1
        while name.lower() in taken:
            again += 1
            name = f"{plain}_{again}"
        taken.add(name.lower())
        names.append(name)
    return names
