from __future__ import annotations

from pathlib import Path

import pytest
from django.utils.translation import override

from jutong.center.process.diagram import page
from jutong.center.process.guard import guarded
from jutong.center.process.table import Machine

DOCUMENT = Path(__file__).parents[2] / "docs" / "processes.md"
MACHINES = sorted(set(guarded().values()), key=lambda machine: machine.key)


def test_the_document_is_printed_from_the_tables() -> None:
    written = DOCUMENT.read_text(encoding="utf-8").split("-->\n", 1)[1].rsplit("<!-- /processes -->", 1)[0]
    with override("zh-hans"):
        assert written.strip() == page(MACHINES).strip(), "run `python -m jutong.center.process` and put it there"


@pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.key)
def test_every_row_has_its_clause_and_says_who(machine: Machine) -> None:
    assert all(row.clause and row.who for row in machine.rows)
    pairs = [(row.state, row.event) for row in machine.rows]
    assert len(pairs) == len(set(pairs)), "one row for a state and an event"


@pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.key)
def test_every_state_can_be_reached(machine: Machine) -> None:
    reached, edge = set(machine.initial), set(machine.initial)
    while edge:
        edge = {following for state, following in machine.edges() if state in edge} - reached
        reached |= edge
    assert reached == {str(state) for state in machine.states.values}


def test_keys_are_unique() -> None:
    assert len({machine.key for machine in MACHINES}) == len(MACHINES)
