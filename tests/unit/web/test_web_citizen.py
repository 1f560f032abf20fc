"""What people outside see and send, and what the departments do with it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from jutong.center.complaint.models import Complaint, Inquiry, Secrecy
from jutong.center.correction.models import Correction
from jutong.web.citizen import complaints, door, uses
from tests import complaint_steps as outside
from tests import correction_steps as steps
from tests.correction_steps import PERSON
from tests.sharing_world import World
from tests.unit.web.conftest import SignIn, Watch
from tests.unit.web.test_web_corrections import TYPED

CODE = re.compile(r'查看码</dt><dd class="mono">([A-Z0-9]{10})</dd>')


@pytest.fixture(autouse=True)
def outside_the_wall(monkeypatch: pytest.MonkeyPatch, watch: Watch) -> None:
    """Nobody asked before, and the time is the pages'."""
    for limiter in (door.LOOKS, door.WRITES):
        monkeypatch.setattr(limiter, "_buckets", type(limiter._buckets)())
    for module in (complaints, uses):
        monkeypatch.setattr(module, "utc_now", watch.read)


def text(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200, response.content.decode()
    assert "no-store" in response.get("Cache-Control", "no-store")
    return response.content.decode()


def post(client: Client, address: str, data: Any = None) -> str:
    return client.post(address, data or {}, follow=True).content.decode()


def complained(world: World, client: Client, **changes: str) -> tuple[str, str]:
    typed = {"kind": "error", "receiver": world.civil.code, "text": "我的婚姻状况错了", "contact": "13900000000"}
    response = client.post("/complaints/new", {**typed, **changes})
    assert response.status_code == 201, response.content.decode()
    found = CODE.search(response.content.decode())
    assert found is not None
    return Complaint.objects.latest("id").number, found[1]


def test_a_complaint_is_written_without_an_account_and_followed_with_its_code(world: World, enter: SignIn) -> None:
    public, steward = Client(), enter("steward")
    assert "不用登录" in text(public, "/complaints/new")
    wrong = public.post("/complaints/new", {"kind": "error", "receiver": "", "text": ""})
    assert (wrong.status_code, "哪个部门" in wrong.content.decode()) == (422, True)
    number, code = complained(world, public, entry=world.entry.code)
    here = f"/manage/complaints/{number}"
    assert "我的婚姻状况错了" not in text(public, f"/complaints/{number}")
    assert public.post("/complaints/follow", {"number": number, "code": "AAAAAAAAAA"}).status_code == 403
    assert "我的婚姻状况错了" in post(public, "/complaints/follow", {"number": number, "code": code})
    assert number in text(steward, "/manage/complaints?tab=open")
    assert "我的婚姻状况错了" not in text(steward, here)
    assert "我的婚姻状况错了" in steward.post(f"{here}/reveal").content.decode()
    assert "已受理" in post(steward, f"{here}/accept")
    assert "哪一条" in text(steward, f"/corrections/new?complaint={number}")
    world.bind()
    assert "已提交" in post(steward, f"/corrections/new?complaint={number}", TYPED)
    assert Correction.objects.get().origin == "citizen"
    assert steward.post(f"{here}/answer", {"text": ""}).status_code == 422
    assert "已答复" in post(steward, f"{here}/answer", {"text": "已改正"})
    shown = text(public, f"/complaints/{number}")
    assert "已改正" in shown
    assert "JH" in shown
    assert "已申请复核" in post(public, f"/complaints/{number}/review")
    assert "复核答复" in post(enter("provider_head"), f"{here}/answer", {"text": "复核也一样"})
    assert "复核也一样" in text(public, f"/complaints/{number}")
    assert public.post(f"/complaints/{number}/settle").status_code == 409
    assert "我的婚姻状况错了" not in post(public, "/complaints/leave")
    assert "我的婚姻状况错了" not in text(public, f"/complaints/{number}")


def test_a_complaint_is_handed_on_settled_or_taken_back(world: World, enter: SignIn) -> None:
    public, steward = Client(), enter("steward")
    number, code = complained(world, public)
    here = f"/manage/complaints/{number}"
    assert steward.post(f"{here}/transfer", {"to": world.civil.code}).status_code == 409
    assert steward.post(f"{here}/transfer", {"to": "nobody"}).status_code == 404
    assert "已转市交通局" in post(steward, f"{here}/transfer", {"to": world.other.code})
    assert steward.get(here).status_code == 404
    assert "没有投诉举报" in text(steward, "/manage/complaints")
    assert number in text(enter("authority"), "/manage/complaints")
    assert enter("requester").get("/manage/complaints").status_code == 403
    assert Client().post(f"/complaints/{number}/withdraw", follow=True).status_code == 200
    assert Complaint.objects.get().state == "received"
    post(public, "/complaints/follow", {"number": number, "code": code})
    assert "已撤回" in post(public, f"/complaints/{number}/withdraw")
    outside.answered(world)
    other, _ = complained(world, public)
    assert other != number


def test_a_person_sees_who_used_the_data_and_asks_about_it(world: World, enter: SignIn) -> None:
    grant = steps.grant_of(world)
    read = steps.served(world, grant)
    public, steward = Client(), enter("steward")
    assert "还没有本人查询" in text(steward, "/inquiries")
    assert "没有登记保密依据" in text(enter("requester_head"), "/secrecies")
    wrong = steward.post("/inquiries/new", {"document": "identity-card", "number": PERSON, "name": "陈秀英"})
    assert (wrong.status_code, "身份核对" in wrong.content.decode()) == (422, True)
    typed = {"document": "identity-card", "number": PERSON, "name": "陈秀英", "checked": "1"}
    made = steward.post("/inquiries/new", typed)
    assert made.status_code == 201
    inquiry = Inquiry.objects.get()
    code = CODE.search(made.content.decode())
    assert code is not None
    here = f"/inquiries/{inquiry.number}"
    assert "等答复" in text(steward, here)
    assert "正在查" in post(public, "/me/uses", {"number": inquiry.number, "code": code[1]})
    assert "已重新查询" in post(steward, f"{here}/retry")
    outside.report(world, inquiry, read)
    shown = text(public, "/me/uses")
    assert "从金河市民政局取得了“婚姻登记信息”里的信息" in shown
    assert f"依据：{grant.application.basis}" in shown
    assert PERSON not in shown
    assert public.post(f"/me/uses/{read}/question", {"text": ""}).status_code == 422
    asked = public.post(f"/me/uses/{read}/question", {"text": "那天我没有办事"})
    assert asked.status_code == 201
    doubt = Complaint.objects.get()
    assert (doubt.kind, doubt.receiver, doubt.record_id) == ("doubt", world.education, read)
    assert public.get("/me/uses/none/question").status_code == 404
    form = {"grant": grant.number, "basis_title": "国家安全法", "basis_article": "第四十二条", "until": "2026-12-01"}
    assert enter("requester_head").post("/secrecies", {**form, "until": "x"}).status_code == 422
    assert "已登记" in post(enter("requester_head"), "/secrecies", form)
    assert Secrecy.objects.count() == 1
    shown = text(public, "/me/uses")
    assert "依法保密的查询" in shown
    assert "金河市教育局" not in shown
    renewed = CODE.search(post(steward, f"{here}/renew"))
    assert renewed is not None
    other = Client()
    assert other.post("/me/uses", {"number": inquiry.number, "code": code[1]}).status_code == 403
    assert "依法保密的查询" in post(other, "/me/uses", {"number": inquiry.number, "code": renewed[1]})
    assert "登记本人查询" in text(steward, "/inquiries")
    assert steward.post(f"{here}/deliver").status_code == 409
    assert "编号" in post(other, "/me/uses/leave")
    assert other.get(f"/me/uses/{read}/question").status_code == 302
    assert enter("authority").get("/inquiries").status_code == 403


def test_a_code_opens_for_half_an_hour_and_a_page_is_not_asked_too_often(world: World, watch: Watch) -> None:
    public = Client()
    number, code = complained(world, public)
    post(public, "/complaints/follow", {"number": number, "code": code})
    watch.now += door.OPEN_FOR
    assert "我的婚姻状况错了" not in text(public, f"/complaints/{number}")
    assert public.put("/complaints/new").status_code == 405
    statuses = [public.post("/complaints/new", {}).status_code for _ in range(12)]
    assert statuses[-1] == 429
    refused = public.post("/complaints/new", {})
    assert refused["Retry-After"] == "60"
