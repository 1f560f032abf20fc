"""Codes that people outside follow their cases with: made at random, kept as a digest, few wrong tries."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import TypeVar

from django.db import transaction

from jutong.center.complaint.errors import CodeLockedError, CodeWrongError
from jutong.center.complaint.models import Complaint, Inquiry
from jutong.center.correction.boxes import code_digest, same_code

_LETTERS = "ABCDEFGHJKMNPQRSTVWXYZ23456789"
"""None that is mistaken for another when read from paper."""
_LENGTH = 10
MOST_WRONG = 5
LOCKED = timedelta(hours=1)
Case = TypeVar("Case", Complaint, Inquiry)


def new_code(number: str) -> tuple[str, str]:
    """Return a code and the digest that is kept of it."""
    code = "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))
    return code, code_digest(number, code)


def check(kind: type[Case], number: str, code: str, *, now: datetime) -> Case:
    """Return the case a number and code belong to.

    Raises:
        CodeWrongError: if they do not, or there is none of this number.
        CodeLockedError: after too many wrong tries, for an hour.
    """
    with transaction.atomic():
        found = kind.objects.select_for_update().filter(number=number.strip().upper()[:32]).first()
        refused = CodeWrongError() if found is None else _tried(found, code, now)
    if refused is not None or found is None:
        raise refused or CodeWrongError()
    return found


def _tried(found: Complaint | Inquiry, code: str, now: datetime) -> CodeWrongError | CodeLockedError | None:
    if found.locked_until is not None and found.locked_until > now:
        return CodeLockedError(count=MOST_WRONG)
    if same_code(found.number, code, found.code_digest):
        if found.wrong_codes:
            found.wrong_codes, found.locked_until = 0, None
            found.save(update_fields=["wrong_codes", "locked_until"])
        return None
    found.wrong_codes += 1
    if found.wrong_codes >= MOST_WRONG:
        found.wrong_codes, found.locked_until = 0, now + LOCKED
    found.save(update_fields=["wrong_codes", "locked_until"])
    return CodeWrongError()
