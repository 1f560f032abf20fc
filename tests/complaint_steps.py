"""Complaints and inquiries walked to any point of their life."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from jutong.center.complaint import actions
from jutong.center.complaint.actions import Identity, Words
from jutong.center.complaint.models import Complaint, Inquiry
from jutong.center.correction.models import Trace
from tests import correction_steps as steps
from tests.correction_steps import PERSON
from tests.sharing_world import NOW, World

WORDS = "我的婚姻状况登记错了，住在幸福路8号"
IDENTITY = Identity(document="identity-card", number=PERSON, name="陈秀英", checked=True)


def words(world: World, **changes: Any) -> Words:
    said = Words(
        kind="error", receiver_code=world.civil.code, text=WORDS, name="陈女士", contact="13900000000",
        entry_code=world.entry.code,
    )  # fmt: skip
    return replace(said, **changes)


def received(world: World, now: datetime = NOW, **changes: Any) -> Complaint:
    return actions.receive_complaint(words=words(world, **changes), now=now)[0]


def handling(world: World, now: datetime = NOW, **changes: Any) -> Complaint:
    return actions.accept(complaint=received(world, now, **changes), by=world.steward, now=now)


def answered(world: World, now: datetime = NOW, **changes: Any) -> Complaint:
    case = handling(world, now, **changes)
    return actions.answer(complaint=case, text="已核实，幸福路8号已改正", by=world.steward, now=now)


def reviewing(world: World, now: datetime = NOW, **changes: Any) -> Complaint:
    return actions.ask_review(complaint=answered(world, now, **changes), now=now)


def settled(world: World, now: datetime = NOW, **changes: Any) -> Complaint:
    return actions.settle(complaint=answered(world, now, **changes), now=now)


def withdrawn(world: World, now: datetime = NOW, **changes: Any) -> Complaint:
    return actions.withdraw(complaint=received(world, now, **changes), now=now)


def opened(world: World, now: datetime = NOW, **changes: Any) -> tuple[Inquiry, str]:
    return actions.open_inquiry(identity=replace(IDENTITY, **changes), by=world.steward, now=now)


def tracing(world: World, now: datetime = NOW) -> Inquiry:
    return opened(world, now)[0]


def report(world: World, inquiry: Inquiry, *records: str, now: datetime = NOW, complete: bool = True) -> Any:
    trace = Trace.objects.filter(subject_id=inquiry.id, node=world.node).order_by("-ordered_at", "-id")[0]
    return steps.traced(world, trace, *records, now=now, complete=complete)


def ready(world: World, now: datetime = NOW) -> Inquiry:
    inquiry = tracing(world, now)
    report(world, inquiry, now=now)
    return Inquiry.objects.get(pk=inquiry.pk)


def closed(world: World, now: datetime = NOW) -> Inquiry:
    from datetime import timedelta

    inquiry = ready(world, now - timedelta(days=31))
    actions.close_over(now=now)
    return Inquiry.objects.get(pk=inquiry.pk)


def fresh(case: Any) -> Any:
    return type(case).objects.get(pk=case.pk)
