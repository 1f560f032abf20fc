"""How the tables of an upstream REST service are mapped: which request looks a row up, and where its values stand.

The mapping is the node's own configuration. An order names a mapped table and mapped columns and nothing else, and a
caller gives values only.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from jutong.contracts.envelope import Document

PLACEHOLDER = re.compile(r"\{([^{}]+)\}")
_HEADER = re.compile(r"[A-Za-z0-9-]{1,60}")
_POINTER = r"^(/[^/]+)*$"

Pointer = Annotated[str, Field(pattern=_POINTER)]


class Listing(Document):
    """How all rows of a table are asked for, page by page.

    ``by`` tells how a page names the next: by its number, by how many rows come before it, by a cursor in the answer,
    or by a link there or in the header ``Link``. ``parameter`` carries number, offset or cursor, ``size_parameter``
    how many rows a page may have; ``first`` is the first number or offset. ``next`` points to the cursor or link,
    ``total`` to how many rows there are. Without a ``total`` the last page is the one with no rows. ``pause_ms`` is
    waited between two pages.
    """

    by: Literal["page", "offset", "cursor", "link"]
    path: Annotated[str, Field(pattern=r"^(/[^?#\s{}]*)?$")] = ""
    fixed: dict[str, str] = Field(default_factory=dict)
    parameter: str = ""
    first: Annotated[int, Field(ge=0, le=1)] = 1
    size_parameter: str = ""
    size: Annotated[int, Field(ge=1, le=100_000)] = 500
    next: Pointer = ""
    total: Pointer = ""
    pause_ms: Annotated[int, Field(ge=0, le=60_000)] = 0

    @model_validator(mode="after")
    def _fits(self) -> Listing:
        if self.by != "link" and not self.parameter:
            raise ValueError("no parameter carries what names the next page")
        if self.by == "cursor" and not self.next:
            raise ValueError("nothing points to the cursor")
        return self


class MappedTable(Document):
    """One look-up the service offers, as a table.

    ``path`` is below the service's address, with ``{column}`` where a look-up value goes; ``query`` and ``body`` name
    the parameters that carry the others, ``fixed`` those that never change. ``rows`` points to the list of rows, or
    to the one row, in the JSON answer; ``columns`` from each column to its value in a row (JSON pointers, RFC 6901).
    ``none`` are the statuses that mean that there is no such row. With a ``listing`` the table can be moved; without a
    look-up that is all.
    """

    method: Literal["GET", "POST"] = "GET"
    path: Annotated[str, Field(pattern=r"^/[^?#\s]*$")]
    query: dict[str, str] = Field(default_factory=dict)
    body: dict[str, str] = Field(default_factory=dict)
    fixed: dict[str, str] = Field(default_factory=dict)
    rows: Pointer = ""
    columns: dict[str, Pointer] = Field(min_length=1)
    none: tuple[Annotated[int, Field(ge=400, le=499)], ...] = (404,)
    comment: str = ""
    listing: Listing | None = None

    @property
    def lookup(self) -> frozenset[str]:
        """The columns a row is looked up by."""
        return (
            frozenset(PLACEHOLDER.findall(self.path)) | frozenset(self.query.values()) | frozenset(self.body.values())
        )

    @model_validator(mode="after")
    def _fits(self) -> MappedTable:
        if not self.lookup and self.listing is None:
            raise ValueError("nothing is looked up by")
        if self.body and self.method == "GET":
            raise ValueError("a GET has no body")
        if self.listing is not None and not self.listing.path and PLACEHOLDER.search(self.path):
            raise ValueError("a listing needs a path without look-up values")
        return self


class Service(Document):
    """The service: its tables and how the node signs in. ``ca`` is the file of the authority behind its certificate."""

    tables: dict[str, MappedTable] = Field(min_length=1)
    headers: dict[str, str] = Field(default_factory=dict, repr=False)
    user: str = ""
    password: str = Field(default="", repr=False)
    ca: str = ""
    seconds: Annotated[float, Field(gt=0, le=30)] = 5.0

    @model_validator(mode="after")
    def _fits(self) -> Service:
        if not all(_HEADER.fullmatch(name) and value.isprintable() for name, value in self.headers.items()):
            raise ValueError("a header is a name and a printable text")
        return self


def parts_of(pointer: str) -> tuple[str, ...]:
    """Return the names and places a JSON pointer leads through."""
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:])


def value_at(content: Any, parts: tuple[str, ...]) -> Any:
    """Return what a JSON pointer leads to, None where there is nothing."""
    for name in parts:
        if isinstance(content, dict):
            content = content.get(name)
        elif isinstance(content, list) and name.isascii() and name.isdigit() and int(name) < len(content):
            content = content[int(name)]
        else:
            return None
    return content
