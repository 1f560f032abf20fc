"""What a check says about an entry: the field, the rule and its clause, what is wrong and the way out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Literal

from django.utils.translation import get_language, gettext

from jutong.kernel.errors import InvalidInputError

ENTRY_CLAUSE = "政务数据共享条例第十三条"
_SENTENCES = ("field", "message", "way_out")
GUIDE = "发改高技〔2017〕1272号"
Severity = Literal["error", "warning"]
"""An error stands between an entry and its submission; a warning asks a person to look."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to change. Texts are Chinese source wording without placeholders; ``found`` is what stands there.

    ``place`` is the name of the form field (``items.3.name`` for a field of the fourth item), ``field`` what people
    call it; ``field_en`` is its English name where a template's edition names the field.
    """

    rule: str
    place: str
    field: str
    clause: str
    message: str
    way_out: str
    found: str = ""
    severity: Severity = "error"
    field_en: str = ""

    @property
    def is_error(self) -> bool:
        """Whether it stands between the entry and its submission."""
        return self.severity == "error"

    def as_row(self) -> dict[str, str]:
        """Return the row ``InvalidInputError`` lists, its sentences in the language of whoever is served."""
        row = asdict(self)
        english = row.pop("field_en") if (get_language() or "").startswith("en") else ""
        row.pop("field_en", None)
        told = {name: gettext(text) for name, text in row.items() if name in _SENTENCES}
        return {**row, **told, **({"field": english} if english else {}), "allowed": told["way_out"]}


def errors(findings: Iterable[Finding]) -> list[Finding]:
    """Return the findings that stand between an entry and its submission."""
    return [finding for finding in findings if finding.is_error]


def warnings(findings: Iterable[Finding]) -> list[Finding]:
    """Return the findings that only ask a person to look."""
    return [finding for finding in findings if not finding.is_error]


def refuse(findings: Iterable[Finding]) -> None:
    """Let nothing pass that has errors; warnings pass.

    Raises:
        InvalidInputError: listing all of them at once, so that a person corrects once.
    """
    rows = [finding.as_row() for finding in errors(findings)]
    if rows:
        raise InvalidInputError(problems=rows)
