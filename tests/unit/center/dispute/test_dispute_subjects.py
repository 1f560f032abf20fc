"""Breaches of agreements and returns as what a dispute is about (条例 28)."""

from __future__ import annotations

import pytest

from jutong.center.agreement import actions as agreements
from jutong.center.dispute import actions
from jutong.center.dispute.errors import DisputeSubjectError
from jutong.center.dispute.subjects import subject_of
from jutong.center.returns import actions as returns
from jutong.kernel.errors import NotFoundError
from tests import agreement_steps, return_steps
from tests.sharing_world import NOW, World, at

pytestmark = pytest.mark.django_db
SAID = {"claim": "请求重新认定", "facts": "停电由市电引起，有证明"}


def test_a_contested_breach_is_disputed_with_the_other_side(world: World) -> None:
    found = agreement_steps.broken(world)
    with pytest.raises(DisputeSubjectError, match="没有提出异议"):
        actions.raise_dispute(kind="breach", number=found.number, **SAID, by=world.steward, now=at(2))
    agreements.answer_breach(breach=found, text="不是我方", contest=True, by=world.steward, now=at(2))
    theirs = subject_of(world.requester, "breach", found.number, at(2))
    assert (theirs.respondent, theirs.why_not) == (world.civil, "")
    made = actions.raise_dispute(kind="breach", number=found.number, **SAID, by=world.steward, now=at(2))
    assert (made.respondent, made.coordinator) == (world.education, world.bigdata)
    assert found.number in made.subject_label
    for outsider in (world.stranger, world.authority):
        with pytest.raises(NotFoundError):
            subject_of(outsider, "breach", found.number, at(2))


def test_an_explanation_taken_in_vain_gives_ground(world: World) -> None:
    found = agreement_steps.broken(world)
    agreements.answer_breach(breach=found, text="停电", contest=False, by=world.steward, now=at(2))
    assert subject_of(world.steward, "breach", found.number, at(2)).why_not
    agreements.judge_breach(breach=found, accept=False, text="不认可", by=world.requester, now=at(3))
    assert not subject_of(world.steward, "breach", found.number, at(3)).why_not


def test_a_return_with_a_gap_or_late_or_with_items_left_out_is_disputed(world: World) -> None:
    upper = return_steps.province(world)
    flow = return_steps.returning(world, upper)
    with pytest.raises(DisputeSubjectError, match="没有缺口"):
        actions.raise_dispute(kind="return", number=flow.number, **SAID, by=world.requester, now=NOW)
    returns.count_return(flow=flow, counted=100, by=world.upper_steward, now=NOW)
    returns.compare_return(flow=flow, held=90, by=world.requester, now=NOW)
    theirs = subject_of(world.upper_steward, "return", flow.number, NOW)
    assert (theirs.respondent, theirs.why_not) == (world.education, "")
    made = actions.raise_dispute(kind="return", number=flow.number, **SAID, by=world.requester, now=NOW)
    assert made.respondent == upper.office
    assert made.coordinator is not None
    assert made.coordinator.name == "省大数据局"
    with pytest.raises(NotFoundError):
        subject_of(world.authority, "return", flow.number, NOW)


def test_a_return_that_is_late_gives_ground(world: World) -> None:
    flow = return_steps.docking(world, return_steps.province(world))
    assert subject_of(world.requester, "return", flow.number, at(1)).why_not
    assert not subject_of(world.requester, "return", flow.number, at(45)).why_not
