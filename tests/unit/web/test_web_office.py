"""Duties, delegations, 套用, renewal, batches and the console of a grant, as pages."""

from __future__ import annotations

import pytest
from django.test import Client

from jutong.center.org.enums import Role
from jutong.center.sharing import actions
from jutong.center.sharing.models import Application, Delegation, Duty, IdleInquiry
from tests import sharing_steps as steps
from tests.sharing_world import NOW, World, at, person
from tests.unit.web.conftest import SignIn, Watch

TODAY, FRIDAY = "2026-11-09", "2026-11-13"


def only_verify(world: World) -> Application:
    return steps.awaiting(world, items=(actions.Ask(world.items["公民身份号码"].id, "verify"),))


@pytest.fixture
def clerk(world: World) -> None:
    person(world.education, Role.REQUESTER, "clerk", "何敏")


def test_a_steward_registers_and_closes_duties(world: World, enter: SignIn) -> None:
    steward = enter("steward")
    typed = {"code": "MZ-01", "name": "婚姻登记", "basis": "婚姻登记条例"}
    assert "MZ-01" in steward.post("/duties", typed, follow=True).content.decode()
    again = steward.post("/duties", typed)
    assert again.status_code == 409
    assert "已经登记" in again.content.decode()
    wrong = steward.post("/duties", {**typed, "code": "民政"})
    assert wrong.status_code == 422
    assert 'href="#f-code"' in wrong.content.decode()
    duty = Duty.objects.get()
    assert "职责已停用" in steward.post(f"/duties/{duty.id}/close", follow=True).content.decode()
    assert steward.post(f"/duties/{duty.id}/close").status_code == 409
    assert "登记一项职责" not in enter("provider_head").get("/duties").content.decode()
    assert enter("requester").post("/duties", typed).status_code == 403


def test_the_purpose_is_chosen_from_the_duties(world: World, enter: SignIn) -> None:
    person(world.education, Role.STEWARD, "office", "何敏")
    enter("office").post("/duties", {"code": "JY-01", "name": "义务教育招生", "basis": "义务教育法第十二条"})
    duty = Duty.objects.get()
    requester = enter("requester")
    assert "JY-01 义务教育招生" in requester.get("/catalog/306001/1/apply").content.decode()
    typed = {"title": "核验", "scenario": "报名", "basis": "法", "scope": "本市", "then": "next", "duty": str(duty.id)}
    address = requester.post("/catalog/306001/1/apply", typed).headers["Location"]
    assert Application.objects.get().duty_id == duty.id
    assert f'value="{duty.id}" selected' in requester.get(address.replace("apply/2", "apply/1")).content.decode()
    assert requester.post("/catalog/306001/1/apply", {**typed, "duty": "招生"}).status_code == 422


@pytest.mark.usefixtures("clerk")
def test_a_head_names_a_delegate_who_consents(world: World, enter: SignIn) -> None:
    head = enter("requester_head")
    typed = {"delegate": "clerk", "valid_from": TODAY, "valid_until": FRIDAY, "reason": "出差"}
    assert "代办中" in head.post("/delegations", typed, follow=True).content.decode()
    assert head.post("/delegations", typed).status_code == 409
    assert "请填日期" in head.post("/delegations", {**typed, "valid_from": "明天"}).content.decode()
    number = steps.awaiting(world).number
    delegate = enter("clerk")
    assert number in delegate.get("/inbox").content.decode()
    assert "代郑雅文办理" in delegate.get(f"/applications/{number}").content.decode()
    said = delegate.post(f"/applications/{number}/consent", {"agreed": "1"}, follow=True).content.decode()
    assert "已同意，申请已送达提供方" in said
    assert "何敏代郑雅文办理" in said
    made = Delegation.objects.get()
    assert "委托已收回" in head.post(f"/delegations/{made.id}/revoke", follow=True).content.decode()
    assert head.post(f"/delegations/{made.id}/revoke").status_code == 409
    assert delegate.post("/delegations", typed).status_code == 403
    assert "设代办人" not in delegate.get("/delegations").content.decode()


@pytest.mark.usefixtures("clerk")
def test_without_a_delegation_a_colleague_is_refused(world: World, enter: SignIn) -> None:
    number = steps.awaiting(world).number
    assert enter("clerk").post(f"/applications/{number}/consent", {"agreed": "1"}).status_code == 403


def test_an_application_like_this_one(world: World, enter: SignIn) -> None:
    number, requester = steps.submitted(world).number, enter("requester")
    assert "照这份再申请" in requester.get(f"/applications/{number}").content.decode()
    there = requester.post(f"/applications/{number}/copy").headers["Location"]
    assert there.endswith("/apply/1")
    assert "入学资格核验" in requester.get(there).content.decode()
    first = requester.get("/catalog/306001/1/apply").content.decode()
    assert "套用以前的申请" in first
    typed = {"like": number, "then": "like"}
    assert requester.post("/catalog/306001/1/apply", typed).status_code == 302
    assert Application.objects.count() == 3
    assert requester.post("/catalog/306001/1/apply", {"like": "没有", "then": "like"}).status_code == 422
    assert "照这份再申请" not in enter("steward").get(f"/applications/{number}").content.decode()


def test_only_verification_is_decided_in_a_batch(world: World, enter: SignIn) -> None:
    steps.awaiting(world)
    quick, head = only_verify(world), enter("requester_head")
    shown = head.get("/applications/batch").content.decode()
    assert shown.count('name="number"') == 1
    typed = {"step": "consent", "number": [quick.number]}
    assert "已办理1件" in head.post("/applications/batch", typed, follow=True).content.decode()
    assert "没有可以批量办理的申请" in head.get("/applications/batch").content.decode()
    again = head.post("/applications/batch", typed).content.decode()
    assert "办理结果" in again
    assert head.post("/applications/batch", {"step": "publish"}).status_code == 404
    steward = enter("steward")
    assert quick.number in steward.get("/applications/batch").content.decode()
    steward.post("/applications/batch", {"step": "prepare", "number": quick.number})
    assert quick.number in enter("provider_head").get("/applications/batch").content.decode()


def test_the_console_says_how_to_call_and_how_it_is_used(world: World, enter: SignIn) -> None:
    grant = steps.sharing(world)
    page = enter("requester").get(f"/grants/{grant.number}").content.decode()
    for text in (
        "/gw/v1/query",
        "/gw/v1/verify",
        "/gw/v1/batch",
        "JutongClient",
        "gjgxjhpt_sign",
        "还没有调用过",
        "429",
    ):
        assert text in page, text
    assert "续期" in page


@pytest.mark.parametrize(
    ("way", "address", "python"),
    [("batch", "/gw/v1/page", "client.pages("), ("subscription", "/gw/v1/changes", "client.follow("),
     ("file", "/gw/v1/file", "client.file(")],
)  # fmt: skip
def test_each_way_has_its_own_documentation(world: World, enter: SignIn, way: str, address: str, python: str) -> None:
    world.bind()
    world.entry.bindings.update(fresh_column="changed_at")
    grant = steps.agreed(world, share_way=way)
    steps.answer(world, grant, "ready")
    page = enter("requester").get(f"/grants/{grant.number}").content.decode()
    assert address in page
    assert python in page
    assert "gjgxjhpt_sign" not in page


def test_renewing_from_the_grant(world: World, enter: SignIn) -> None:
    grant, requester = steps.sharing(world), enter("requester")
    there = requester.post(f"/grants/{grant.number}/renew").headers["Location"]
    assert there.endswith("/apply/3")
    assert grant.number in requester.get(there).content.decode()
    assert requester.post(f"/grants/{grant.number}/renew").status_code == 409
    assert enter("steward").post(f"/grants/{grant.number}/renew").status_code == 404
    assert "续期申请" in requester.get(f"/grants/{grant.number}").content.decode()


def test_an_unused_grant_is_listed_and_explained(world: World, enter: SignIn, watch: Watch) -> None:
    grant = steps.sharing(world)
    requester: Client = enter("requester")
    assert "开通的授权都在用" in requester.get("/grants?idle=1").content.decode()
    watch.now = at(31)
    actions.ask_idle(now=watch.now)
    requester = enter("requester")
    assert grant.number in requester.get("/inbox").content.decode()
    assert "等使用方说明" in enter("steward").get("/grants?idle=1").content.decode()
    assert "还需要这个授权吗" in requester.get(f"/grants/{grant.number}").content.decode()
    assert requester.post(f"/grants/{grant.number}/idle", {"answer": "keep", "text": ""}).status_code == 422
    kept = requester.post(f"/grants/{grant.number}/idle", {"answer": "keep", "text": "九月招生用"}, follow=True)
    assert "说明已记下" in kept.content.decode()
    assert IdleInquiry.objects.get().answer == "keep"
    assert requester.post(f"/grants/{grant.number}/idle", {"answer": "keep", "text": "再说"}).status_code == 409
    assert watch.now > NOW
