"""Two people at once: one wins, the other is told."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from jutong.center.correction import actions
from jutong.center.correction.models import Correction
from jutong.center.org.enums import Role
from jutong.kernel.errors import JutongError
from tests import correction_steps as steps
from tests.correction_steps import RIGHT
from tests.sharing_world import NOW, World, build, person

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*acts: Callable[[], Any]) -> list[str]:
    """Start every act at the same moment; what came of each: ``done`` or the code of the refusal."""
    gate, told = threading.Barrier(len(acts)), ["" for _ in acts]

    def run(at: int, act: Callable[[], Any]) -> None:
        try:
            gate.wait()
            act()
            told[at] = "done"
        except JutongError as refusal:
            told[at] = refusal.code
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(at, act)) for at, act in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return sorted(told)


def test_two_stewards_answer_at_once_and_one_is_told(transactional_db: None) -> None:
    world: World = build()
    second = person(world.civil, Role.STEWARD, "steward-2", "何专员")
    case = steps.verifying(world)
    told = at_once(
        lambda: actions.uphold(
            correction=case, finding="true", corrected={"婚姻状况": RIGHT}, text="已改", by=world.steward, now=NOW
        ),
        lambda: actions.refuse(correction=case, finding="false", text="一致", by=second, now=NOW),
    )
    assert told == ["done", "sharing.state.not-allowed"]
    assert Correction.objects.get(pk=case.pk).answered_by_id in {world.steward.user_id, second.user_id}


def test_two_people_of_a_department_doubt_the_same_row_at_once_and_one_is_told(transactional_db: None) -> None:
    world: World = build()
    about = steps.about(world)
    second = person(world.education, Role.REQUESTER, "requester-2", "冯经办")
    told = at_once(*(
        lambda by=by: actions.raise_correction(about=about, claim=steps.claim(), by=by, now=NOW)
        for by in (world.requester, second)
    ))  # fmt: skip
    assert told == ["correction.case.open-already", "done"]
    assert Correction.objects.count() == 1
