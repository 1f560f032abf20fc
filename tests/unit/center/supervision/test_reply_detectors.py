"""Refusals for conditions of one's own making, against what others refuse; returns that stay short."""

from __future__ import annotations

from datetime import timedelta

import pytest

from jutong.center.org.models import Organisation
from jutong.center.returns import actions as returns
from jutong.center.sharing.models import Application, Reply
from jutong.center.supervision.detectors import replies
from tests import return_steps, sharing_steps
from tests.sharing_world import NOW, World, at

pytestmark = pytest.mark.django_db
OWN = "须缴费后再申请"


def refused(world: World, count: int, text: str, provider: Organisation | None = None) -> None:
    pattern = sharing_steps.drafted(world)
    for at_ in range(count):
        number = f"SQ20261109-{Application.objects.count() + 1000 + at_}"
        made = Application.objects.create(
            number=number, entry=pattern.entry, version=pattern.version, requester=world.other,
            share_attribute="conditional", provider=provider or world.civil, state="draft", title="x", created_at=NOW,
        )  # fmt: skip
        Reply.objects.create(
            application=made, agreed=False, refusal="purpose", text=text, prepared_by_id=world.steward.user_id or "",
            prepared_at=NOW, in_force_at=NOW - timedelta(days=1),
        )  # fmt: skip


def test_refusals_count_from_a_number_and_only_far_above_the_others(world: World) -> None:
    refused(world, replies.LEAST_REFUSALS - 1, OWN)
    refused(world, 20, "用途与目录不符", world.bigdata)
    assert list(replies.self_made_refusals(NOW)) == []
    refused(world, 1, OWN)
    (found,) = replies.self_made_refusals(NOW)
    assert (found.code, found.organisation, len(found.evidence)) == ("P2", world.civil, 5)
    assert (found.fields["n"], found.fields["total"], found.fields["others"], found.fields["rest"]) == (
        "5", "5", "0", "20",
    )  # fmt: skip
    assert found.subject_id.endswith(":2026H2")
    assert found.text.format(**found.fields).startswith("近半年5次不同意中有5次")
    assert list(replies.self_made_refusals(NOW + timedelta(days=200))) == []
    refused(world, 10, OWN, world.bigdata)
    assert {row.organisation for row in replies.self_made_refusals(NOW)} == set(), "all do it: none stands out"


def test_a_return_is_kept_short_only_when_two_comparisons_in_a_row_say_so(world: World) -> None:
    flow = return_steps.short(world, return_steps.province(world))
    assert list(replies.returns_kept_short(at(1))) == []
    returns.compare_return(flow=flow, held=95, by=world.requester, now=at(2))
    (found,) = replies.returns_kept_short(at(3))
    assert (found.code, found.organisation, found.subject_id) == ("P5", flow.provider, str(flow.id))
    assert [row.label.partition(" ")[2] for row in found.evidence[1:]] == ["100 - 95 = 5", "100 - 90 = 10"]
    assert found.fields["gap"] == "5"
