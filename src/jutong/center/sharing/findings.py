"""One row of what is wrong with an application; doors show all of them at once."""

from __future__ import annotations

Problem = dict[str, str]


def problem(field: str, found: object, allowed: str, message: str, clause: str = "") -> Problem:
    """Return one row of an ``InvalidInputError``."""
    return {"field": field, "found": str(found), "allowed": allowed, "message": message, "clause": clause}
