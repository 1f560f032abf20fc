"""Two tables: how a source is designated, and how a collection plan comes to its decision.

A row reads: in ``state``, whoever holds ``permission`` may do ``event``, and the thing is then in ``next``.
"""

from __future__ import annotations

from dataclasses import dataclass

from jutong.center.org.permissions import Permission
from jutong.center.ownership.enums import DesignationEvent, DesignationState, PlanEvent, PlanState
from jutong.center.ownership.errors import DesignationStepError, PlanStepError

_D, _DE = DesignationState, DesignationEvent
_P, _PE = PlanState, PlanEvent
_EDIT, _DECIDE = Permission.OWNERSHIP_PLAN_EDIT, Permission.OWNERSHIP_PLAN_DECIDE


@dataclass(frozen=True, slots=True)
class Step:
    """One row of a table."""

    state: str
    event: str
    permission: Permission
    next: str
    clause: str


DESIGNATION_STEPS: tuple[Step, ...] = (
    Step(_D.PROPOSED, _DE.STATE, Permission.OWNERSHIP_POSITION_STATE, _D.PROPOSED, "条例第十九条"),
    Step(_D.PROPOSED, _DE.DESIGNATE, Permission.OWNERSHIP_SOURCE_DESIGNATE, _D.DESIGNATED, "条例第十九条"),
    Step(_D.PROPOSED, _DE.REVOKE, Permission.OWNERSHIP_SOURCE_DESIGNATE, _D.REVOKED, "条例第十九条"),
    Step(_D.DESIGNATED, _DE.REVOKE, Permission.OWNERSHIP_SOURCE_DESIGNATE, _D.REVOKED, "条例第十九条"),
)
PLAN_STEPS: tuple[Step, ...] = (
    Step(_P.DRAFT, _PE.EDIT, _EDIT, _P.DRAFT, "条例第十九条"),
    Step(_P.CHECKED, _PE.EDIT, _EDIT, _P.DRAFT, "条例第十九条"),
    Step(_P.RETURNED, _PE.EDIT, _EDIT, _P.DRAFT, "条例第十九条"),
    Step(_P.DRAFT, _PE.CHECK, _EDIT, _P.CHECKED, "条例第十九条"),
    Step(_P.CHECKED, _PE.CHECK, _EDIT, _P.CHECKED, "条例第十九条"),
    Step(_P.RETURNED, _PE.CHECK, _EDIT, _P.CHECKED, "条例第十九条"),
    Step(_P.CHECKED, _PE.RESOLVE, _EDIT, _P.CHECKED, "条例第十九条"),
    Step(_P.CHECKED, _PE.SUBMIT, _EDIT, _P.SUBMITTED, "条例第十九条"),
    Step(_P.SUBMITTED, _PE.RECALL, _EDIT, _P.CHECKED, "条例第十九条"),
    Step(_P.SUBMITTED, _PE.APPROVE, _DECIDE, _P.APPROVED, "条例第十九条"),
    Step(_P.SUBMITTED, _PE.RETURN, _DECIDE, _P.RETURNED, "条例第十九条"),
)
"""An approved plan stays as it was approved; what is asked for later is a plan of its own."""


def designation_step(state: str, event: DesignationEvent, *, name: str) -> Step:
    """Return the row for a step on a designation.

    Raises:
        DesignationStepError: if the table has none.
    """
    for row in DESIGNATION_STEPS:
        if (row.state, row.event) == (state, event):
            return row
    raise DesignationStepError(name=name, state=DesignationState(state).label, step=event.label)


def plan_step(state: str, event: PlanEvent, *, name: str) -> Step:
    """Return the row for a step on a plan.

    Raises:
        PlanStepError: if the table has none, with the steps that are possible.
    """
    for row in PLAN_STEPS:
        if (row.state, row.event) == (state, event):
            return row
    allowed = "、".join(str(PlanEvent(step).label) for step in plan_events(state)) or "—"
    raise PlanStepError(name=name, state=PlanState(state).label, step=event.label, allowed=allowed)


def plan_events(state: str) -> tuple[str, ...]:
    """Return the steps a plan's state allows, in the order of the table."""
    return tuple(row.event for row in PLAN_STEPS if row.state == state)


def permission_for(event: DesignationEvent | PlanEvent) -> Permission:
    """Return what a post must carry for a step; it is the same in every state."""
    rows = DESIGNATION_STEPS if isinstance(event, DesignationEvent) else PLAN_STEPS
    return next(row.permission for row in rows if row.event == event)
