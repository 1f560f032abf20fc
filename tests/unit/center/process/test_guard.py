from __future__ import annotations

import pytest
from django.db import IntegrityError, connection, transaction

from jutong.center.process import diagram, guard
from jutong.center.process.table import Machine
from jutong.center.sharing.enums import ApplicationState
from jutong.center.sharing.models import Application
from jutong.center.sharing.rules import APPLICATIONS, GRANTS, MACHINES
from tests.sharing_steps import fresh, submitted
from tests.sharing_world import World

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("state", ApplicationState.values)
def test_the_registry_refuses_every_change_of_state_the_table_does_not_know(world: World, state: str) -> None:
    application = fresh(submitted(world))
    allowed = {(application.state, state)} <= APPLICATIONS.edges() or state == application.state
    forced = Application.objects.filter(id=application.id)
    if allowed:
        assert forced.update(state=state) == 1
        return
    with pytest.raises(IntegrityError, match="has no step"), transaction.atomic():
        forced.update(state=state)


def test_the_registry_refuses_a_case_that_begins_in_the_middle(world: World) -> None:
    application = fresh(submitted(world))
    application.pk, application.number, application._state.adding = None, "SQ-forged", True
    with pytest.raises(IntegrityError, match="cannot begin"), transaction.atomic():
        application.save(force_insert=True)


def test_every_guarded_table_carries_its_trigger() -> None:
    assert guard.install() == len(guard.guarded())
    with connection.cursor() as cursor:
        cursor.execute("SELECT tgname FROM pg_trigger WHERE tgname LIKE 'step\\_%%'")
        found = {name for (name,) in cursor.fetchall()}
    assert found == {f"step_{machine.key.replace('-', '_')}" for machine in guard.guarded().values()}


@pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.key)
def test_a_diagram_shows_every_state_and_every_change(machine: Machine) -> None:
    drawn = diagram.mermaid(machine)
    assert drawn.count("    state ") == len(machine.states.values)
    assert all(f"{a.replace('-', '_')} --> {b.replace('-', '_')}" in drawn for a, b in machine.edges())
    assert len(diagram.table(machine).splitlines()) == len(machine.rows) + 2


def test_a_page_has_a_chapter_per_process_in_the_order_of_their_keys() -> None:
    drawn = diagram.page((GRANTS, APPLICATIONS))
    assert drawn.index("## application") < drawn.index("## grant")
    assert diagram.page(MACHINES).count("```mermaid") == len(MACHINES)
