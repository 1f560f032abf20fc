"""What a check says about an entry: the field, the rule and its clause, what is wrong and the way out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass

from django.utils.translation import gettext

from jutong.kernel.errors import InvalidInputError

ENTRY_CLAUSE = "政务数据共享条例第十三条"
_SENTENCES = ("field", "message", "way_out")
GUIDE = "发改高技〔2017〕1272号"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to change. Texts are Chinese source wording without placeholders; ``found`` is what stands there.

    ``place`` is the name of the form field (``items.3.name`` for a field of the fourth item), ``field`` what people
    call it.
    """

    rule: str
    place: str
    field: str
    clause: str
    message: str
    way_out: str
    found: str = ""

    def as_row(self) -> dict[str, str]:
        """Return the row ``InvalidInputError`` lists, its sentences in the language of whoever is served."""
        told = {name: gettext(text) for name, text in asdict(self).items() if name in _SENTENCES}
        return {**asdict(self), **told, "allowed": gettext(self.way_out)}


def refuse(findings: Iterable[Finding]) -> None:
    """Let nothing pass that has findings.

    Raises:
        InvalidInputError: listing all of them at once, so that a person corrects once.
    """
    rows = [finding.as_row() for finding in findings]
    if rows:
        raise InvalidInputError(problems=rows)
