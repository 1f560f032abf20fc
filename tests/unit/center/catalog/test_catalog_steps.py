"""Every step of the table happens, and every step outside the table is refused; both are read from the table."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from jutong.center.catalog.enums import Event, VersionState
from jutong.center.catalog.errors import (
    StepNotAllowedError,
)
from jutong.center.catalog.rules import TRANSITIONS, events_from, transition
from jutong.center.org.actor import Actor
from jutong.center.org.enums import Role
from jutong.center.org.permissions import HOLDERS
from jutong.kernel.errors import ForbiddenError, NotFoundError
from tests.catalog_steps import AUTOMATIC, NEVER, STEPS, reach, snapshot
from tests.center_world import City

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


@pytest.mark.parametrize(("state", "event"), ALLOWED)
def test_a_step_of_the_table_leads_where_it_says(city: City, state: VersionState, event: Event):
    version = reach(city, state, event)
    row = transition(state, event, name="")
    moved = STEPS[event](city, version)
    moved.refresh_from_db()
    assert moved.state == row.next


@pytest.mark.parametrize(("state", "event"), REFUSED)
def test_a_step_outside_the_table_is_refused_and_changes_nothing(city: City, state: VersionState, event: Event):
    version = reach(city, state, event)
    before = snapshot(version)
    with pytest.raises(StepNotAllowedError) as refused:
        STEPS[event](city, version)
    assert str(event.label) in refused.value.explain()
    for allowed in events_from(state):
        assert str(allowed.label) in refused.value.explain()
    assert snapshot(version) == before


@pytest.mark.parametrize(
    "row", [row for row in TRANSITIONS if row.event in STEPS], ids=lambda row: f"{row.state}-{row.event}"
)
def test_a_step_is_refused_to_every_other_post(city: City, row, monkeypatch: pytest.MonkeyPatch):
    version = reach(city, row.state, row.event)
    before = snapshot(version)
    for name in ("steward", "department_head", "authority", "office_head"):
        actor = city[name]
        for role in set(Role.values) - HOLDERS[row.permission]:
            monkeypatch.setitem(city.actors, name, replace(actor, role=role))
            if name in _hands(row.event):
                with pytest.raises(ForbiddenError):
                    STEPS[row.event](city, version)
        monkeypatch.setitem(city.actors, name, actor)
    assert snapshot(version) == before


def _hands(event: Event) -> set[str]:
    return {
        Event.CONSENT: {"department_head"},
        Event.DECLINE: {"department_head"},
        Event.PUBLISH: {"authority"},
        Event.REMOVE: {"authority"},
        Event.RETURN: {"authority"},
        Event.RECALL: {"office_head"},
    }.get(event, {"steward"})


@pytest.mark.parametrize(("state", "event"), ALLOWED)
def test_another_departments_versions_read_as_absent(city: City, state: VersionState, event: Event):
    version = reach(city, state, event)
    before = snapshot(version)
    for name in _hands(event):
        actor: Actor = city[name]
        stranger = replace(actor, organisation_id=city.education.id, organisation_code=city.education.code)
        city.actors[name] = stranger
        with pytest.raises(NotFoundError):
            STEPS[event](city, version)
        city.actors[name] = actor
    assert snapshot(version) == before
