"""The pages of corrections, as the two sides, a recipient and everybody else use them."""

from __future__ import annotations

from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from jutong.center.correction.models import Correction, Material
from tests import correction_steps as steps
from tests.correction_steps import PERSON, RIGHT
from tests.sharing_world import World
from tests.unit.web.conftest import SignIn

TYPED = {
    "key-0": PERSON, "item-2": "1", "present-2": "未婚", "claimed-2": RIGHT, "kind": "inaccurate",
    "statement": "十月已登记结婚", "urgency": "urgent", "business": "入学登记",
}  # fmt: skip


def text(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200, response.content.decode()
    return response.content.decode()


def post(client: Client, address: str, data: Any = None) -> str:
    return client.post(address, data or {}, follow=True).content.decode()


def test_a_doubt_goes_through_its_pages_from_a_call_to_the_archive(world: World, enter: SignIn) -> None:
    grant = steps.grant_of(world)
    record = steps.served(world, grant)
    requester, steward = enter("requester"), enter("steward")
    assert "没有校核申请" in text(requester, "/corrections")
    assert f"/corrections/new?record={record}" in text(requester, f"/audit/{record}")
    assert f"/corrections/new?record={record}" not in text(steward, f"/audit/{record}")
    assert grant.number in text(requester, "/corrections/new")
    assert "公民身份号码" in text(requester, f"/corrections/new?record={record}")
    wrong = requester.post(f"/corrections/new?record={record}", {**TYPED, "statement": ""})
    assert (wrong.status_code, "问题说明" in wrong.content.decode()) == (422, True)
    file = SimpleUploadedFile("结婚证.png", b"\x89PNG\r\n\x1a\n" + b"0" * 20, "image/png")
    said = post(requester, f"/corrections/new?record={record}", {**TYPED, "files": [file]})
    assert "已提交" in said
    case = Correction.objects.get()
    here = f"/corrections/{case.number}"
    again = requester.post(f"/corrections/new?record={record}", TYPED)
    assert (again.status_code, case.number in again.content.decode()) == (409, True)
    steps.mark(world, case, "open", grants=(grant,))
    granted = text(requester, f"/grants/{grant.number}")
    assert "有1条数据正在核实" in granted
    assert f"/corrections/new?grant={grant.number}" in granted
    assert f"/corrections/new?grant={grant.number}" not in text(steward, f"/grants/{grant.number}")
    assert "有1条数据正在核实" in text(enter("stranger"), f"/catalog/{world.entry.code}")
    assert "核实纠错" in text(steward, "/inbox")
    shown = text(steward, here)
    assert PERSON not in shown
    assert "业务不必" in shown or "不必等待" in shown
    assert "已受理" in post(steward, f"{here}/accept")
    opened = steward.post(f"{here}/reveal").content.decode()
    assert PERSON in opened
    assert "十月已登记结婚" in opened
    material = Material.objects.get()
    sent = steward.post(f"{here}/materials/{material.id}")
    assert (sent["Content-Type"], sent.content[:4]) == ("image/png", b"\x89PNG")
    wrong = steward.post(f"{here}/answer", {"finding": "true", "text": "已核对"})
    assert (wrong.status_code, "更正后的值" in wrong.content.decode()) == (422, True)
    assert "已更正" in post(steward, f"{here}/answer", {"finding": "true", "text": "已核对", "corrected-0": RIGHT})
    steps.mark(world, case, "corrected", grants=(grant,))
    assert "还有1个没有确认" in text(requester, here)
    assert "已确认收到更正" in post(requester, f"{here}/receive")
    assert "已确认反馈" in post(requester, f"{here}/confirm")
    done = text(requester, here)
    assert f"DA-{case.number}" in done
    assert "已办结归档" in text(steward, "/corrections?tab=provider")


def test_a_refusal_a_dispute_and_a_withdrawal(world: World, enter: SignIn) -> None:
    requester, steward = enter("requester"), enter("steward")
    case = steps.verifying(world)
    here = f"/corrections/{case.number}"
    assert "已反馈" in post(steward, f"{here}/answer", {"finding": "false", "text": "档案一致"})
    assert "已转争议" in post(requester, f"{here}/dispute", {"claim": "更正", "facts": "有证明"})
    assert requester.post(f"{here}/withdraw").status_code == 409
    other = steps.raised(world, key={"公民身份号码": "629900199001010028"})
    steps.mark(world, other, "failed", problem="source is down")
    assert "source is down" in text(steward, f"/corrections/{other.number}")
    assert "已重新下达" in post(steward, f"/corrections/{other.number}/retry")
    assert steward.post(f"/corrections/{other.number}/retry").status_code == 409
    assert "已撤回" in post(requester, f"/corrections/{other.number}/withdraw")
    assert other.number in text(requester, "/corrections?tab=requester")
    assert other.number not in text(requester, "/corrections?tab=open")


def test_strangers_see_nothing_and_watchers_no_value(world: World, enter: SignIn) -> None:
    case = steps.raised(world)
    here = f"/corrections/{case.number}"
    assert enter("stranger").get(here).status_code == 404
    assert enter("system_admin").get("/corrections").status_code == 403
    for name in ("authority", "auditor", "leader"):
        shown = text(enter(name), here)
        assert "数据和主张" not in shown
        assert enter(name).post(f"{here}/reveal").status_code == 404
    stranger = enter("stranger")
    assert stranger.get(f"/corrections/new?grant={steps.grant_of(world).number}").status_code == 404
    assert stranger.get("/corrections/new?record=none").status_code == 404
    assert stranger.get("/corrections/new?entry=1/1").status_code == 404
    said = post(stranger, f"/corrections/new?entry={world.entry.code}", {**TYPED, "key-0": PERSON})
    assert "系统比对或自查" in said
    assert "从收到的文件" in text(enter("requester"), "/corrections/new")
    shown = text(enter("requester"), f"/corrections/new?grant={steps.grant_of(world).number}&from=file")
    assert "哪一条" in shown
    assert "PDF" in shown
    bad = SimpleUploadedFile("a.exe", b"MZ", "image/png")
    address = f"/corrections/new?grant={steps.grant_of(world).number}"
    refused = enter("requester").post(address, {**TYPED, "key-0": "629900199001010044", "files": [bad]})
    assert refused.status_code == 422
