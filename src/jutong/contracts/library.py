"""How a library is defined, and what fills it: what the center publishes and a node builds by."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from jutong.contracts.envelope import Document

CODE = r"^[A-Z][A-Z0-9]{0,17}$"
"""Codes of libraries; they stand where a landed table has its organisation's code."""
NAME = r"^[a-z][a-z0-9_]{0,62}$"
"""Names of tables and fields as engines and files see them."""

LibraryKind = Literal["base", "theme", "department"]
FieldType = Literal["text", "integer", "decimal", "date", "instant", "boolean"]
Entity = Literal["", "person", "organisation", "household", "place", "certificate"]
TableKind = Literal["entity", "record", "derived"]
"""``entity``: one row for each person, enterprise ... by fusion; ``record``: rows as they come, standardised;
``derived``: computed from other tables of the library."""


class FieldDefinition(Document):
    """One column of a library table: a data element, whose it is and how well it must be kept.

    ``element`` is a code of the data elements, from which type, length, code table and checks follow where they are
    not stated here. ``source`` is the role of the 数源部门 (``police``, ``civil`` ...): its value goes first (条例 19).
    """

    name: str = Field(pattern=NAME)
    title: str
    element: str = ""
    type: FieldType = "text"
    length: int = 0
    scale: int = 0
    codes: str = ""
    required: bool = False
    grade: str = "general-1"
    personal: bool = False
    source: str = ""


class TableDefinition(Document):
    """One table of a library. ``keys`` name its fields; ``cycle`` is an update cycle of 1272号 (``daily`` ...)."""

    name: str = Field(pattern=NAME)
    title: str
    kind: TableKind
    entity: Entity = ""
    keys: tuple[str, ...]
    fields: tuple[FieldDefinition, ...]
    owner: str
    cycle: str = "daily"
    retention_days: int = 1095
    basis: str = ""


class LibraryDefinition(Document):
    """A base, theme or department library in one version, from a day on."""

    code: str = Field(pattern=CODE)
    kind: LibraryKind
    title: str
    basis: str
    version: str
    effective_from: str
    tables: tuple[TableDefinition, ...]


class Feed(Document):
    """How one landed table fills a library table: ``columns`` are pairs of field and landed column.

    ``role`` says which role of 数源部门 the department has here. A feed is a register of its own: its rows are
    standardised apart and meet those of other feeds only in fusion.
    """

    name: str = Field(pattern=NAME)
    organisation_code: str
    organisation_name: str
    role: str
    landed: str = Field(pattern=NAME)
    library: str = Field(pattern=CODE)
    table: str = Field(pattern=NAME)
    key: str = Field(pattern=NAME)
    """The landed column that names a row within its register for ever."""
    columns: tuple[tuple[str, str], ...]
    changed: str = ""
    """The landed column that says when a row was changed last, for freshness."""
    entry_code: str = ""
