"""Holds a process to its table: every event tried by every person in a state, and every forced jump."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from jutong.center.org import queries as org
from jutong.center.org.actor import Actor
from jutong.center.process.errors import StepNotAllowedError, WrongSideError
from jutong.center.process.table import Machine
from jutong.kernel.errors import ForbiddenError, JutongError, NotFoundError

BY_THE_TABLE = (StepNotAllowedError, WrongSideError, ForbiddenError, NotFoundError)
Calls = Mapping[Any, Callable[[Any, Actor], Any]]


class _TakeBackError(Exception):
    pass


def outcome(act: Callable[[], Any], after: Callable[[], Any]) -> Any:
    """Take a step, look at what came of it, and take everything back. Returns what was seen or the refusal."""
    seen: Any = None
    try:
        with transaction.atomic():
            act()
            seen = after()
            raise _TakeBackError  # noqa: TRY301 - the one way out of the block that takes it back
    except _TakeBackError:
        return seen
    except JutongError as refusal:
        return refusal


def hold_to_table(
    machine: Machine,
    case: Any,
    calls: Calls,
    actors: Iterable[Actor],
    sides_of: Callable[[Any, Actor], Iterable[Any]],
    *,
    state: Callable[[], str],
) -> int:
    """Try every event by every actor on a case. Returns how many steps were let through.

    A step the table allows to the actor happens and leads where the table says, or is refused by a guard with a name
    of its own; what it does not allow is refused by the table, and the case stays as it was. Every pair that disagrees
    with the table is named, not only the first.
    """
    passed, before = 0, state()
    wrong: list[str] = []
    for event, call in calls.items():
        row = machine.find(before, event)
        for actor in actors:
            sides = set(sides_of(case, actor))
            allowed = row is not None and any(
                who.side in sides and (who.permission is None or org.has(actor, who.permission)) for who in row.who
            )
            found = outcome(lambda call=call, actor=actor: call(case, actor), state)  # type: ignore[misc]
            if allowed and row is not None:
                stepped = not isinstance(found, JutongError)
                passed += stepped
                agrees = not isinstance(found, BY_THE_TABLE)
                if stepped:
                    agrees = found == row.next or bool(row.guards and found == before)
            else:
                agrees = isinstance(found, BY_THE_TABLE)
            if not agrees or state() != before:
                wrong.append(f"{before} {event.value} by {actor.username}: {found!r}")
    assert wrong == []
    return passed


def missing_steps(machine: Machine) -> list[str]:
    """Return the pairs of state and event without a row that are not refused, or refused without naming the others."""
    wrong = []
    for state, event in itertools.product(machine.states.values, type(machine.rows[0].event)):
        if machine.find(state, event) is not None:
            continue
        allowed = [str(other.label) for other in machine.open_to_people(state)]
        try:
            machine.step(state, event, label="X1")
        except StepNotAllowedError as refusal:
            if str(refusal.fields["allowed"]) == ("、".join(allowed) or "无"):
                continue
        wrong.append(f"{state} {event.value}")
    return wrong


def refuse_jumps(machine: Machine, model: Any, case: Any, constraint: str) -> None:
    """Force a case into every state: the registry's guard refuses what the table does not know."""
    before = model.objects.values_list("state", flat=True).get(pk=case.pk)
    for state in machine.states.values:
        if state == before or (before, state) in machine.edges():
            continue
        with pytest.raises(IntegrityError) as refusal, transaction.atomic():
            model.objects.filter(pk=case.pk).update(state=state)
        assert f"no step from {before} to {state}" in str(refusal.value)
    assert constraint == f"{machine.key}_step"
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_trigger WHERE tgname = %s", [f"step_{machine.key.replace('-', '_')}"])
        assert cursor.fetchone() == (1,)
