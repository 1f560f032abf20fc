"""Every step of the table happens, and every step outside the table is refused; both are read from the table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from typing import Any

import pytest
from django.db import transaction

from jutong.center.catalog.enums import Event, VersionState
from jutong.center.catalog.errors import StepNotAllowedError
from jutong.center.catalog.models import EntryVersion
from jutong.center.catalog.rules import TRANSITIONS, events_from, transition
from jutong.center.org.actor import Actor
from jutong.center.org.enums import Role
from jutong.center.org.permissions import HOLDERS
from jutong.kernel.errors import ForbiddenError, NotFoundError
from tests.catalog_steps import AUTOMATIC, NEVER, STEPS, reach, snapshot
from tests.center_world import City
from tests.machine_cases import outcome

ALLOWED = [(row.state, row.event) for row in TRANSITIONS if row.event not in AUTOMATIC]
REFUSED = [pair for pair in product(VersionState, STEPS) if pair not in ALLOWED and pair not in NEVER]


def test_the_table_reaches_every_state_and_leaves_all_but_the_last_ones():
    assert {row.next for row in TRANSITIONS} == set(VersionState)
    assert {row.state for row in TRANSITIONS} == set(VersionState) - {
        VersionState.SUPERSEDED, VersionState.REMOVED, VersionState.DISCARDED,
    }  # fmt: skip
    assert {row.event for row in TRANSITIONS} == set(Event) == set(STEPS) | AUTOMATIC
    assert len({(row.state, row.event) for row in TRANSITIONS}) == len(TRANSITIONS)
    assert all(row.clause and row.guard for row in TRANSITIONS)


def _versions(city: City, state: VersionState) -> Iterator[tuple[EntryVersion, list[Event]]]:
    """A version in the state for each group of steps that may be tried on it; each is taken back before the next."""
    tried = [event for event in STEPS if (state, event) not in NEVER]
    removing: list[Event] = [event for event in tried if event == Event.REMOVE]
    for events in ([event for event in tried if event not in removing], removing):
        if events:
            point = transaction.savepoint()
            yield reach(city, state, events[0]), events
            transaction.savepoint_rollback(point)


def _attempt(event: Event, city: City, version: EntryVersion) -> Any:
    """What a step led to, or its refusal; it is taken back."""
    found = EntryVersion.objects.get(id=version.id)
    return outcome(lambda: STEPS[event](city, found), lambda: EntryVersion.objects.get(id=version.id).state)


@pytest.mark.parametrize("state", VersionState)
def test_a_step_leads_where_the_table_says_and_every_other_is_refused(city: City, state: VersionState):
    wrong, tried = [], 0
    for version, events in _versions(city, state):
        before = snapshot(version)
        for event in events:
            found, tried = _attempt(event, city, version), tried + 1
            if (state, event) in ALLOWED:
                agrees = found == transition(state, event, name="").next
            else:
                said = found.explain() if isinstance(found, StepNotAllowedError) else ""
                agrees = all(str(named.label) in said for named in [event, *events_from(state)])
            if not agrees or snapshot(version) != before:
                wrong.append((state.value, event.value, found))
    assert wrong == []
    assert tried == sum(one == state for one, _event in [*ALLOWED, *REFUSED])


@pytest.mark.parametrize("state", sorted({state for state, _event in ALLOWED}))
def test_a_step_is_refused_to_every_other_post_and_department(city: City, state: VersionState):
    wrong: list[Any] = []
    for version, events in _versions(city, state):
        before = snapshot(version)
        for event in events:
            if (state, event) not in ALLOWED:
                continue
            needed = transition(state, event, name="").permission
            for name in _hands(event):
                actor: Actor = city[name]
                for role in sorted(set(Role.values) - HOLDERS[needed]):
                    city.actors[name] = replace(actor, role=role)
                    found = _attempt(event, city, version)
                    wrong += [] if isinstance(found, ForbiddenError) else [(event.value, name, role, found)]
                city.actors[name] = replace(
                    actor, organisation_id=city.education.id, organisation_code=city.education.code
                )
                found = _attempt(event, city, version)
                wrong += [] if isinstance(found, NotFoundError) else [(event.value, name, "another's", found)]
                city.actors[name] = actor
        assert snapshot(version) == before
    assert wrong == []


def _hands(event: Event) -> set[str]:
    return {
        Event.CONSENT: {"department_head"},
        Event.DECLINE: {"department_head"},
        Event.PUBLISH: {"authority"},
        Event.REMOVE: {"authority"},
        Event.RETURN: {"authority"},
        Event.RECALL: {"office_head"},
    }.get(event, {"steward"})
