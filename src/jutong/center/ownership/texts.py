"""Words people must give, checked the same way everywhere."""

from __future__ import annotations

from datetime import date

from jutong.kernel.errors import InvalidInputError
from jutong.kernel.i18n import gettext_noop

LONGEST = 500
_MISSING = gettext_noop("必须填写，且不超过规定长度")


def required(text: str, place: str, name: str, clause: str, *, longest: int = LONGEST) -> str:
    """Return a text without blanks around it.

    Raises:
        InvalidInputError: if it is empty or too long; ``name`` is what people call the field.
    """
    plain = text.strip()
    if plain and len(plain) <= longest and "\x00" not in plain:
        return plain
    raise InvalidInputError(problems=[problem(place, name, clause, _MISSING, found=plain[:100])])


def written_day(text: str, place: str, name: str, clause: str) -> date:
    """Return a day people wrote as 2026-11-20.

    Raises:
        InvalidInputError: if it is none.
    """
    try:
        return date.fromisoformat(text.strip())
    except ValueError as error:
        message = gettext_noop("请填日期，如2026-11-20")
        raise InvalidInputError(problems=[problem(place, name, clause, message, found=text[:20])]) from error


def problem(place: str, name: str, clause: str, message: str, *, found: str = "") -> dict[str, str]:
    """Return the row ``InvalidInputError`` lists."""
    return {
        "place": place,
        "field": name,
        "found": found,
        "allowed": message,
        "clause": clause,
        "message": message,
    }
