"""What happens in one process and starts something in another, in the same transaction and without either importing it.

Whoever listens does so from the ``ready`` of its app. A listener that raises undoes the step it was told of, so it
raises only where the step must not happen.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from typing import Any

from jutong.center.org.actor import Actor


class Moment(StrEnum):
    """What can be heard of. The subject's type and the details stand beside each."""

    APPLICATION_SUBMITTED = "application-submitted"
    """An ``Application`` reached its provider."""
    APPLICATION_CLOSED = "application-closed"
    """An ``Application`` that was taken back or refused: it will have no grant; ``reason``."""
    REPLY_AGREED = "reply-agreed"
    """An ``Application`` whose agreeing reply is in force; its grant exists."""
    GRANT_SUPPLIED = "grant-supplied"
    """A ``Grant`` the node says is usable; ``first`` tells whether for the first time."""
    GRANT_SUSPENDED = "grant-suspended"
    """A ``Grant``; ``reason``."""
    GRANT_LIFTED = "grant-lifted"
    """A ``Grant``."""
    GRANT_ENDED = "grant-ended"
    """A ``Grant`` that was revoked, given up or expired; ``reason``."""
    ENTRY_PUBLISHED = "entry-published"
    """An ``Entry`` with a version newly in force."""
    FILING_DECIDED = "filing-decided"
    """A ``catalog`` ``Filing`` the authority accepted or did not accept (条例 27(3))."""
    CALLS_RECORDED = "calls-recorded"
    """A tuple of ``contracts.receipts.AccessSummary`` that are on record now; ``node``."""
    DISPUTE_RAISED = "dispute-raised"
    """A ``Dispute`` about the case its ``subject_kind`` and ``subject_number`` name."""
    DISPUTE_OVER = "dispute-over"
    """A ``Dispute`` that was agreed, decided or taken back; ``follow`` tells whether its case is to be done anew."""
    CLOCK_BREACHED = "clock-breached"
    """A ``StatutoryClock`` found past its last day."""


Listener = Callable[..., None]
_LISTENERS: dict[Moment, dict[str, Listener]] = {moment: {} for moment in Moment}
_HOLDS: dict[str, Callable[[Any], str]] = {}


def listen(moment: Moment, name: str, listener: Listener) -> None:
    """Have ``listener(subject, by=, now=, **details)`` called at a moment; the same name again replaces it."""
    _LISTENERS[moment][name] = listener


def tell(moment: Moment, subject: Any, *, by: Actor, now: datetime, **details: Any) -> None:
    """Tell every listener of a moment, in the order of their names."""
    for _name, listener in sorted(_LISTENERS[moment].items()):
        listener(subject, by=by, now=now, **details)


def hold_grants(name: str, reason: Callable[[Any], str]) -> None:
    """Let a process keep grants from being ordered while ``reason(grant)`` says why; empty lets them go."""
    _HOLDS[name] = reason


def held(grant: Any) -> str:
    """Return why a grant may not be ordered yet, or nothing."""
    return next((found for _name, reason in sorted(_HOLDS.items()) if (found := reason(grant))), "")
