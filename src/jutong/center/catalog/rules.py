"""The state machine of a catalog version: one table, from which pages, documents and tests are made.

A row reads: in ``state``, whoever holds ``permission`` may do ``event`` if the guard of that name holds, and the
version is then in ``next``. What is not in the table cannot happen.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy

from jutong.center.catalog.enums import Event, VersionState
from jutong.center.catalog.errors import StepNotAllowedError
from jutong.center.org.permissions import Permission

OWN_DEPARTMENT = "own-department"
BOTH_ASSESSED = "both-assessments-passed-or-removal"
NOT_WRITER_NOR_OFFICE_HEAD = "neither-writer-nor-office-head"
COMPLETE = "no-findings-and-onboarded"
SAME_DIVISION = "authority-of-the-division-and-not-writer"
REASON_GIVEN = "authority-of-the-division-with-reason"
NEW_VERSION_PUBLISHED = "newer-version-published"
UNUSED_OR_FILED = "authority-of-the-division-and-unused-or-filed"


@dataclass(frozen=True, slots=True)
class Transition:
    """One row of the table."""

    state: VersionState
    event: Event
    permission: Permission
    guard: str
    next: VersionState
    clause: str


_S, _E, _P = VersionState, Event, Permission

TRANSITIONS: tuple[Transition, ...] = (
    Transition(_S.DRAFT, _E.EDIT, _P.CATALOG_ENTRY_EDIT, OWN_DEPARTMENT, _S.DRAFT, "条例第十一条"),
    Transition(_S.ASSESSED, _E.EDIT, _P.CATALOG_ENTRY_EDIT, OWN_DEPARTMENT, _S.DRAFT, "条例第十三条"),
    Transition(_S.CONSENTED, _E.EDIT, _P.CATALOG_ENTRY_EDIT, OWN_DEPARTMENT, _S.DRAFT, "条例第十三条"),
    Transition(_S.RETURNED, _E.EDIT, _P.CATALOG_ENTRY_EDIT, OWN_DEPARTMENT, _S.DRAFT, "条例第十六条"),
    Transition(_S.DRAFT, _E.ASSESS, _P.CATALOG_ENTRY_EDIT, OWN_DEPARTMENT, _S.DRAFT, "条例第十三条"),
    Transition(_S.DRAFT, _E.FINISH_ASSESSMENT, _P.CATALOG_ENTRY_EDIT, BOTH_ASSESSED, _S.ASSESSED, "条例第十三条"),
    Transition(
        _S.ASSESSED, _E.CONSENT, _P.CATALOG_ENTRY_CONSENT, NOT_WRITER_NOR_OFFICE_HEAD, _S.CONSENTED, "条例第十三条"
    ),
    Transition(_S.ASSESSED, _E.DECLINE, _P.CATALOG_ENTRY_CONSENT, OWN_DEPARTMENT, _S.DRAFT, "条例第十三条"),
    Transition(_S.CONSENTED, _E.SUBMIT, _P.CATALOG_ENTRY_SUBMIT, COMPLETE, _S.SUBMITTED, "条例第十六条"),
    Transition(_S.SUBMITTED, _E.RECALL, _P.CATALOG_ENTRY_SUBMIT, OWN_DEPARTMENT, _S.DRAFT, "条例第十六条"),
    Transition(
        _S.SUBMITTED, _E.PUBLISH, _P.CATALOG_ENTRY_REVIEW, SAME_DIVISION, _S.PUBLISHED, "条例第十六条、第十七条"
    ),
    Transition(_S.SUBMITTED, _E.RETURN, _P.CATALOG_ENTRY_REVIEW, REASON_GIVEN, _S.RETURNED, "条例第十五条、第十六条"),
    Transition(
        _S.SUBMITTED, _E.REMOVE, _P.CATALOG_ENTRY_REVIEW, UNUSED_OR_FILED, _S.REMOVED, "条例第十六条、第二十七条"
    ),
    Transition(
        _S.PUBLISHED, _E.SUPERSEDE, _P.CATALOG_ENTRY_REVIEW, NEW_VERSION_PUBLISHED, _S.SUPERSEDED, "条例第十七条"
    ),
    Transition(_S.DRAFT, _E.DISCARD, _P.CATALOG_ENTRY_EDIT, OWN_DEPARTMENT, _S.DISCARDED, "条例第十一条"),
    Transition(_S.ASSESSED, _E.DISCARD, _P.CATALOG_ENTRY_EDIT, OWN_DEPARTMENT, _S.DISCARDED, "条例第十一条"),
    Transition(_S.CONSENTED, _E.DISCARD, _P.CATALOG_ENTRY_EDIT, OWN_DEPARTMENT, _S.DISCARDED, "条例第十一条"),
    Transition(_S.RETURNED, _E.DISCARD, _P.CATALOG_ENTRY_EDIT, OWN_DEPARTMENT, _S.DISCARDED, "条例第十一条"),
)
"""FINISH_ASSESSMENT follows by itself when the second assessment passes, and at once for a removal, which compiles
nothing. SUPERSEDE follows when a newer version comes out; a removal is one. A removal ends by REMOVE, never PUBLISH.
"""

_BY_STEP = {(row.state, row.event): row for row in TRANSITIONS}
OPEN_STATES = (_S.DRAFT, _S.ASSESSED, _S.CONSENTED, _S.SUBMITTED, _S.RETURNED)
"""States in which a version is still being made; an entry has at most one such version."""
NOTHING = gettext_lazy("无")


def transition(state: str, event: Event, *, name: str) -> Transition:
    """Return the row for a step.

    Raises:
        StepNotAllowedError: if the table has none, with the steps that are possible.
    """
    row = _BY_STEP.get((VersionState(state), event))
    if row is None:
        raise StepNotAllowedError(
            name=name, state=VersionState(state).label, step=event.label, allowed=_words(events_from(state))
        )
    return row


def permission_for(event: Event) -> Permission:
    """Return what a post must carry for a step; it is the same in every state."""
    return next(row.permission for row in TRANSITIONS if row.event == event)


def events_from(state: str) -> tuple[Event, ...]:
    """Return the steps a state allows, in the order of the table."""
    return tuple(row.event for row in TRANSITIONS if row.state == state)


def _words(events: Iterable[Event]) -> Promise:
    labels = [event.label for event in events] or [NOTHING]
    return format_lazy("、".join(["{}"] * len(labels)), *labels)
