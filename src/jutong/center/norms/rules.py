"""The state machine of a data element's version: one table, from which pages and tests are made.

A row reads: in ``state``, whoever holds ``permission`` may do ``event`` if the guard of that name holds, and the
version is then in ``next``. What is not in the table cannot happen.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy

from jutong.center.norms.enums import ElementEvent, ElementState
from jutong.center.norms.errors import ElementStepError
from jutong.center.org.permissions import Permission

OWN_PROPOSAL = "own-proposal"
COMPLETE = "no-findings"
NOT_PROPOSER = "not-whoever-proposed"
REASON_GIVEN = "not-whoever-proposed-with-reason"
NEWER_PUBLISHED = "newer-version-published"
UNUSED_OR_REPLACED = "with-reason"


@dataclass(frozen=True, slots=True)
class Transition:
    """One row of the table."""

    state: ElementState
    event: ElementEvent
    permission: Permission
    guard: str
    next: ElementState


_S, _E, _P = ElementState, ElementEvent, Permission
TRANSITIONS: tuple[Transition, ...] = (
    Transition(_S.DRAFT, _E.EDIT, _P.NORMS_ELEMENT_PROPOSE, OWN_PROPOSAL, _S.DRAFT),
    Transition(_S.RETURNED, _E.EDIT, _P.NORMS_ELEMENT_PROPOSE, OWN_PROPOSAL, _S.DRAFT),
    Transition(_S.DRAFT, _E.SUBMIT, _P.NORMS_ELEMENT_PROPOSE, COMPLETE, _S.SUBMITTED),
    Transition(_S.DRAFT, _E.DISCARD, _P.NORMS_ELEMENT_PROPOSE, OWN_PROPOSAL, _S.DISCARDED),
    Transition(_S.RETURNED, _E.DISCARD, _P.NORMS_ELEMENT_PROPOSE, OWN_PROPOSAL, _S.DISCARDED),
    Transition(_S.SUBMITTED, _E.RECALL, _P.NORMS_ELEMENT_PROPOSE, OWN_PROPOSAL, _S.DRAFT),
    Transition(_S.SUBMITTED, _E.PUBLISH, _P.NORMS_ELEMENT_REVIEW, NOT_PROPOSER, _S.PUBLISHED),
    Transition(_S.SUBMITTED, _E.RETURN, _P.NORMS_ELEMENT_REVIEW, REASON_GIVEN, _S.RETURNED),
    Transition(_S.PUBLISHED, _E.SUPERSEDE, _P.NORMS_ELEMENT_REVIEW, NEWER_PUBLISHED, _S.SUPERSEDED),
    Transition(_S.PUBLISHED, _E.RETIRE, _P.NORMS_ELEMENT_REVIEW, UNUSED_OR_REPLACED, _S.RETIRED),
)
"""SUPERSEDE follows by itself when a newer version comes out."""
OPEN_STATES = (_S.DRAFT, _S.SUBMITTED, _S.RETURNED)
"""States in which a version is still being made; an element has at most one such version."""
NOTHING = gettext_lazy("无")
_BY_STEP = {(row.state, row.event): row for row in TRANSITIONS}


def transition(state: str, event: ElementEvent, *, name: str) -> Transition:
    """Return the row for a step.

    Raises:
        ElementStepError: if the table has none, with the steps that are possible.
    """
    row = _BY_STEP.get((ElementState(state), event))
    if row is None:
        raise ElementStepError(
            name=name, state=ElementState(state).label, step=event.label, allowed=_words(events_from(state))
        )
    return row


def events_from(state: str) -> tuple[ElementEvent, ...]:
    """Return the steps a state allows, in the order of the table."""
    return tuple(row.event for row in TRANSITIONS if row.state == state)


def _words(events: tuple[ElementEvent, ...]) -> Promise:
    labels = [event.label for event in events] or [NOTHING]
    return format_lazy("、".join(["{}"] * len(labels)), *labels)
