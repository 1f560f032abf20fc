from __future__ import annotations

import base64
import json

import pytest

from jutong.center.sharing.enums import GrantState
from jutong.contracts.envelope import Envelope
from tests import sharing_steps as steps
from tests.sharing_steps import fresh
from tests.sharing_world import World
from tests.unit.web.conftest import SignIn


def test_a_grant_shows_how_it_is_called(world: World, enter: SignIn) -> None:
    grant = steps.sharing(world)
    text = enter("requester").get(f"/grants/{grant.number}").content.decode()
    assert "/gw/v1/query" in text
    assert "在线试用一次" in text
    assert "立即暂停" not in text
    assert grant.number in enter("requester").get("/grants").content.decode()


def test_what_is_lent_whole_is_called_for_an_address(world: World, enter: SignIn) -> None:
    grant = steps.sharing(world)
    world.entry.bindings.update(kind="video", place={"protocol": "rtsp", "address": "cam"})
    text = enter("requester").get(f"/grants/{grant.number}").content.decode()
    assert "/gw/v1/address" in text
    assert "60秒内有效的签名地址" in text
    assert "在线试用一次" not in text
    assert "&quot;key&quot;" not in text


def test_trying_goes_straight_to_the_node(world: World, enter: SignIn) -> None:
    grant = steps.sharing(world)
    response = enter("requester").post(f"/grants/{grant.number}/try")
    text = response.content.decode()
    assert f'action="{world.node.gateway_url}/gw/v1/tickets"' in text
    assert 'name="k.公民身份号码"' in text
    sealed = text.split('name="ticket" value="')[1].split('"')[0]
    ticket = Envelope.model_validate(json.loads(base64.urlsafe_b64decode(sealed)))
    assert ticket.audience == world.node.name


def test_a_system_without_key_is_not_tried(world: World, enter: SignIn) -> None:
    grant = steps.sharing(world)
    world.system_key.revoked_at = world.entry.created_at
    world.system_key.save()
    response = enter("requester").post(f"/grants/{grant.number}/try")
    assert response.status_code == 409
    assert "还没有登记公钥" in response.content.decode()


def test_one_click_suspends_and_another_person_lifts(world: World, enter: SignIn) -> None:
    grant = steps.sharing(world)
    address = f"/grants/{grant.number}"
    refused = enter("steward").post(f"{address}/suspend", {"reason": ""})
    assert refused.status_code == 422
    response = enter("steward").post(f"{address}/suspend", {"reason": "疑似超范围"}, follow=True)
    assert "节点会在几秒内拒绝调用" in response.content.decode()
    assert fresh(grant).state == GrantState.SUSPENDED
    assert "恢复使用" in enter("provider_head").get(address).content.decode()
    lifted = enter("provider_head").post(f"{address}/lift", follow=True)
    assert "已恢复" in lifted.content.decode()
    assert fresh(grant).state == GrantState.ORDERED
    assert "疑似超范围" in enter("requester").get(address).content.decode()


@pytest.mark.parametrize("who", ["provider_head", "authority"])
def test_a_suspended_grant_is_taken_back(world: World, enter: SignIn, who: str) -> None:
    grant = steps.suspended(world)
    response = enter(who).post(f"/grants/{grant.number}/revoke", {"reason": "确认违规"}, follow=True)
    assert "授权已终止" in response.content.decode()
    assert fresh(grant).state == GrantState.REVOKED


def test_the_requester_gives_back_what_is_no_longer_needed(world: World, enter: SignIn) -> None:
    grant = steps.sharing(world)
    client = enter("requester_head")
    assert "不再使用" in client.get(f"/grants/{grant.number}").content.decode()
    assert client.post(f"/grants/{grant.number}/revoke", {"reason": ""}).status_code == 422
    client.post(f"/grants/{grant.number}/revoke", {"reason": "入学已办结"})
    assert fresh(grant).state == GrantState.REVOKED


def test_a_running_grant_is_suspended_before_it_is_taken_back(world: World, enter: SignIn) -> None:
    grant = steps.sharing(world)
    response = enter("provider_head").post(f"/grants/{grant.number}/revoke", {"reason": "不想给了"})
    assert response.status_code == 409
    assert fresh(grant).state == GrantState.ACTIVE


def test_a_failed_supply_is_ordered_again(world: World, enter: SignIn) -> None:
    world.bind()
    grant = steps.agreed(world)
    steps.answer(world, grant, "failed", problem="列不存在")
    client = enter("steward")
    text = client.get(f"/grants/{grant.number}").content.decode()
    assert "列不存在" in text
    assert "重新开通" in text
    response = client.post(f"/grants/{grant.number}/retry", follow=True)
    assert "已重新下达" in response.content.decode()
    assert fresh(grant).state == GrantState.ORDERED


@pytest.mark.parametrize("step", ["suspend", "lift", "revoke", "retry", "try"])
def test_others_do_nothing_with_a_grant(world: World, enter: SignIn, step: str) -> None:
    grant = steps.sharing(world)
    assert enter("stranger").post(f"/grants/{grant.number}/{step}", {"reason": "x"}).status_code in {403, 404}
    assert enter("leader").post(f"/grants/{grant.number}/{step}", {"reason": "x"}).status_code in {403, 404, 409}
    assert enter("steward").get(f"/grants/{grant.number}/{step}").status_code == 405
    assert fresh(grant).state == GrantState.ACTIVE


def test_profiles_are_made_at_the_node(world: World, enter: SignIn) -> None:
    grant = steps.sharing(world)
    address = f"/grants/{grant.number}"
    assert f"{address}/shares" not in enter("requester").get(address).content.decode()
    refused = enter("requester").post(f"{address}/shares")
    assert (refused.status_code, "不能整表读取" in refused.content.decode()) == (409, True)
    type(grant.application).objects.filter(id=grant.application_id).update(share_way="file")
    assert f'href="{address}/shares"' in enter("requester").get(address).content.decode()
    assert "管理配置文件" in enter("requester").get(f"{address}/shares").content.decode()
    text = enter("requester").post(f"{address}/shares").content.decode()
    assert f'action="{world.node.gateway_url}/gw/v1/shares"' in text
    sealed = text.split('name="ticket" value="')[1].split('"')[0]
    ticket = Envelope.model_validate(json.loads(base64.urlsafe_b64decode(sealed)))
    assert (ticket.audience, ticket.kind) == (world.node.name, "share-ticket")
