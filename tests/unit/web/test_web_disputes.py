"""A dispute through its three stages, by pages only."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from jutong.center.dispute.models import Dispute
from tests import return_steps
from tests.agreement_steps import broken
from tests.dispute_steps import coordinating, people, raised, referred, refused
from tests.sharing_steps import submitted
from tests.sharing_world import World, at
from tests.unit.web.conftest import SignIn, Watch

RAISED = {"claim": "请求提供婚姻状况", "facts": "条例第十五条，不得自设条件"}


@pytest.fixture
def quarrel(world: World) -> World:
    return people(world)


def text(client: Client, path: str, status: int = 200) -> str:
    answer = client.get(path)
    assert answer.status_code == status, answer.content.decode()
    return answer.content.decode()


def send(client: Client, path: str, **typed: Any) -> str:
    answer = client.post(path, typed)
    assert answer.status_code == 302, answer.content.decode()
    return answer.headers["Location"]


def test_the_three_stages_are_walked_through_pages(quarrel: World, enter: SignIn, watch: Watch) -> None:
    requester, steward, authority, leader = map(enter, ("requester", "steward", "authority", "leader"))
    number = refused(quarrel).number
    form = text(requester, f"/disputes/new?kind=application&subject={number}")
    assert "金河市民政局" in form
    assert "金河市大数据局" in form
    where = send(requester, "/disputes/new", kind="application", subject=number, **RAISED)
    assert "答复争议" in text(steward, "/inbox")
    assert text(authority, where, 404)
    send(steward, f"{where}/view", text="用途与目录列明的不符")
    send(steward, f"{where}/propose", proposal="改为仅核验", execute_by="2026-12-01")
    send(requester, f"{where}/evidence", title="答复", reference="SQ20261109-0001", shows="理由不成立")
    send(requester, f"{where}/answer", accepted="0", reason="核验不够")
    assert "核验不够" in text(steward, where)
    send(requester, f"{where}/escalate", reason="协商不成")
    watch.now = at(1)
    assert "协调争议" in text(authority, "/inbox")
    shown = text(authority, where)
    assert "用途与目录列明的不符" in shown
    assert "条例第十五条，不得自设条件" in shown
    send(authority, f"{where}/propose", proposal="给核验并说明")
    send(steward, f"{where}/answer", accepted="0", reason="不同意")
    send(authority, f"{where}/refer", reason="双方各执一词")
    assert "决定争议" in text(leader, "/inbox")
    bad = leader.post(f"{where}/decide", {"outcome": "", "text": "x", "reasons": "y", "document_number": "z"})
    assert (bad.status_code, 'href="#f-outcome"' in bad.content.decode()) == (422, True)
    send(leader, f"{where}/decide", outcome="upheld", text="十日内提供", reasons="用途相符", document_number="9号")
    assert "支持提出方" in text(steward, where)
    send(requester, f"{where}/execute", note="已开通")
    assert "已执行" in text(authority, where)
    assert "已执行" in text(enter("auditor"), "/disputes")


def test_a_case_without_ground_says_so_on_the_form(quarrel: World, enter: SignIn) -> None:
    client, number = enter("requester"), submitted(quarrel).number
    assert "现在还不能提出争议" in text(client, f"/disputes/new?kind=application&subject={number}")
    refusal = client.post("/disputes/new", {"kind": "application", "subject": number, **RAISED})
    assert refusal.status_code == 409
    assert "找不到" in text(client, "/disputes/new?kind=application&subject=SQ0", 404)
    assert text(client, "/disputes/new?kind=weather&subject=1", 422)
    assert "下一步" in text(client, "/disputes/new")


def test_pages_lead_to_a_dispute_where_there_is_ground(quarrel: World, enter: SignIn) -> None:
    number = refused(quarrel).number
    there = f"/disputes/new?kind=application&amp;subject={number}"
    assert there in text(enter("requester"), f"/applications/{number}")
    assert there in text(enter("steward"), f"/applications/{number}")
    assert "提起争议" not in text(enter("authority"), f"/applications/{number}")
    fine = submitted(quarrel).number
    assert "提起争议" not in text(enter("requester"), f"/applications/{fine}")
    breach = broken(quarrel)
    assert "提起争议" not in text(enter("steward"), f"/breaches/{breach.number}")
    enter("steward").post(f"/breaches/{breach.number}/answer", {"contest": "1", "text": "不是我方"})
    assert f"kind=breach&amp;subject={breach.number}" in text(enter("steward"), f"/breaches/{breach.number}")
    flow = return_steps.short(quarrel, return_steps.province(quarrel))
    assert f"kind=return&amp;subject={flow.number}" in text(enter("requester"), f"/returns/{flow.number}")


def test_what_is_missing_is_told_and_what_was_typed_stays(quarrel: World, enter: SignIn) -> None:
    client, number = enter("requester"), refused(quarrel).number
    typed = {"kind": "application", "subject": number, "claim": "", "facts": "写了很久的理由"}
    answer = client.post("/disputes/new", typed)
    shown = answer.content.decode()
    assert (answer.status_code, 'href="#f-claim"' in shown, "写了很久的理由" in shown) == (422, True, True)
    dispute = raised(quarrel, at(0.1))
    answer = enter("steward").post(f"/disputes/{dispute.number}/propose", {"proposal": "x", "execute_by": "明天"})
    assert (answer.status_code, 'href="#f-execute_by"' in answer.content.decode()) == (422, True)


def test_who_may_not_gets_a_refusal(quarrel: World, enter: SignIn) -> None:
    dispute = coordinating(quarrel)
    where = f"/disputes/{dispute.number}"
    assert enter("stranger").get(where).status_code == 404
    assert enter("requester").post(f"{where}/propose", {"proposal": "x"}).status_code == 403
    assert enter("requester").post(f"{where}/refer", {"reason": "x"}).status_code == 409
    assert enter("authority").post(f"{where}/decide", {}).status_code == 403
    assert "协调" in text(enter("leader"), where)
    send(enter("requester"), f"{where}/withdraw")
    assert Dispute.objects.get().state == "withdrawn"


def test_the_list_filters_by_stage_and_role(quarrel: World, enter: SignIn) -> None:
    dispute = referred(quarrel)
    assert dispute.number in text(enter("steward"), "/disputes?role=answered&state=referred")
    assert "没有争议" in text(enter("steward"), "/disputes?role=raised")
    assert dispute.number in text(enter("authority"), "/disputes?role=coordinated")
