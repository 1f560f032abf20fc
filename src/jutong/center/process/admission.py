"""The one door of every step: state, side and post are asked in this order, and the row that admits comes back."""

from __future__ import annotations

from collections.abc import Collection

from jutong.center.org import queries as org
from jutong.center.org.actor import Actor
from jutong.center.process.sides import Side
from jutong.center.process.table import Machine, Row, standing
from jutong.kernel.errors import NotFoundError


def admit(machine: Machine, state: str, event: object, *, sides: Collection[Side], label: str, by: Actor) -> Row:
    """Return the row for a step the actor may take now.

    Args:
        machine: the process.
        state: of the case, read under its lock.
        event: a member of the process's events.
        sides: where the actor stands towards the case; empty for whoever may not know of it.
        label: what people call the case.
        by: the actor.

    Raises:
        NotFoundError: for somebody who is no party and may not know of it.
        StepNotAllowedError: if the state does not allow the event.
        WrongSideError: if it belongs to other parties.
        ForbiddenError: if the post does not carry the permission.
    """
    if not sides:
        raise NotFoundError(what=label)
    row = machine.step(state, event, label=label)  # type: ignore[arg-type]  # members of TextChoices
    lines = standing(row, sides)
    if not any(who.permission is None or org.has(by, who.permission) for who in lines):
        needed = lines[0].permission
        assert needed is not None  # noqa: S101 - a line without permission admits
        org.require(by, needed)
    return row
