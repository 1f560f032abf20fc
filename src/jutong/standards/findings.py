"""What a validator says about a wrong value: the place inside it, what was found there, what is allowed.

A finding never repeats a person's whole number: only the part that is wrong, so that it may be shown.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from typing_extensions import override

from jutong.kernel.errors import JutongError
from jutong.kernel.i18n import SOURCE_LANGUAGE, gettext_noop, translate

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong with a value.

    ``place`` and ``allowed`` are Chinese source sentences for the translation catalogue; ``values`` fills the
    placeholders of ``allowed``. ``standard`` is the number of the standard that says so.
    """

    standard: str
    place: str
    found: str
    allowed: str
    values: Mapping[str, object] = field(default_factory=dict)

    def place_in(self, language: str) -> str:
        """Return the place in ``language``."""
        return translate(self.place, language)

    def allowed_in(self, language: str) -> str:
        """Return what is allowed in ``language``."""
        return translate(self.allowed, language).format(**self.values)

    def as_row(self, name: str, language: str = SOURCE_LANGUAGE) -> dict[str, str]:
        """Return the row ``InvalidInputError`` lists for the field ``name``."""
        allowed = self.allowed_in(language)
        return {
            "field": name,
            "place": self.place_in(language),
            "found": self.found,
            "allowed": allowed,
            "clause": self.standard,
            "message": f"{self.place_in(language)}“{self.found}”；{allowed}",
        }


class StandardValueError(JutongError):
    """A value breaks the standard it claims to follow. Each standard has its own kind below this one."""

    code = "standards.value.invalid"
    http_status = 422
    message = gettext_noop("{standard}：{place}为“{found}”，{allowed}。")
    next_step = gettext_noop("请对照证件或登记材料核对后重新填写。")
    standard: ClassVar[str] = ""

    def __init__(self, *, finding: Finding) -> None:
        self.finding = finding
        super().__init__(
            standard=finding.standard,
            place=finding.place_in(SOURCE_LANGUAGE),
            found=finding.found,
            allowed=finding.allowed_in(SOURCE_LANGUAGE),
        )

    @override
    def _fill(self, template: str, language: str) -> str:
        return translate(template, language).format(
            standard=self.finding.standard,
            place=self.finding.place_in(language),
            found=self.finding.found,
            allowed=self.finding.allowed_in(language),
        )
