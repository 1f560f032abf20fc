from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from jutong.center.catalog.fields import EntryFields, ItemFields


class Severity(StrEnum):
    """Whether a finding keeps the row out."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class CellFinding:
    """One thing about one cell. Texts are Chinese source wording without placeholders.

    ``column`` is the header, empty for the whole row; ``letter`` the column's letters in a spreadsheet; ``field`` the
    entry's field (``items.3.data_type`` for the fourth item's), empty where none is meant.
    """

    column: str
    letter: str
    line: int
    found: str
    rule: str
    message: str
    way_out: str
    severity: Severity
    field: str = ""
    clause: str = ""


@dataclass(frozen=True, slots=True)
class Defaults:
    """What holds for every row that says nothing: field name to value, and the provider."""

    fields: Mapping[str, Any] = field(default_factory=dict)
    provider: str = ""
    needs_provider: bool = False
    """Whether a row of no department is kept out; not where a whole listing is one department's."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a coded field was read from: the text, the code it became and how (``normalise.How``)."""

    found: str
    became: str
    how: str


@dataclass(frozen=True, slots=True)
class ProposedEntry:
    """What one row, or one group of rows, proposes."""

    line: int
    fields: EntryFields
    items: tuple[ItemFields, ...]
    provider: str
    """Name of the department as the row has it."""
    leftovers: Mapping[str, str]
    """Header to text of what no field took."""
    findings: tuple[CellFinding, ...]
    provider_code: str = ""
    code: str = ""
    """Resource code, where the row gives one."""
    raw: Mapping[str, str] = field(default_factory=dict)
    """Header to text of all that stood in the row."""
    repeats: int = 0
    """Line of an earlier row that says the same; 0 where none does."""
    readings: Mapping[str, Reading] = field(default_factory=dict)
    """Coded field to what it was read from."""

    @property
    def accepted(self) -> bool:
        """Whether a draft can be made of it."""
        return not any(finding.severity is Severity.ERROR for finding in self.findings)
