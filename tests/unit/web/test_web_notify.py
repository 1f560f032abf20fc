"""The pages of notifications: the own choices, and the operations administrator's channels."""

from __future__ import annotations

from jutong.center.notify import sending
from jutong.center.notify.models import AllowedHost, Channel, Delivery
from tests import notify_steps as steps
from tests.notify_servers import http_server
from tests.sharing_world import NOW, World
from tests.unit.web.conftest import SignIn

CHANNELS = "/admin/channels"


def test_an_administrator_sets_up_tests_and_switches_off_a_channel(world: World, enter: SignIn) -> None:
    admin = enter("system_admin")
    assert "消息渠道" in admin.get("/").content.decode()
    assert "名单是空的" in admin.get(CHANNELS).content.decode()
    with http_server() as box:
        form = {
            "kind": "dingtalk",
            "name": "办公室群",
            "url": f"{box.url}/robot/send?access_token=TOPTOKEN",
            "key": "SECX",
        }
        refused = admin.post(f"{CHANNELS}/new", form)
        assert refused.status_code == 422
        text = refused.content.decode()
        assert "不在允许名单里" in text
        assert "TOPTOKEN" not in text
        assert 'value="办公室群"' in text
        assert "请填服务器名" in admin.post(f"{CHANNELS}/hosts", {"host": "a b"}).content.decode()
        assert "已列入" in admin.post(f"{CHANNELS}/hosts", {"host": "127.0.0.1"}, follow=True).content.decode()
        assert "请发一条测试消息" in admin.post(f"{CHANNELS}/new", form, follow=True).content.decode()
        page = f"{CHANNELS}/{Channel.objects.get().id}"
        text = admin.get(page).content.decode()
        assert "TOPTOKEN" not in text
        assert "SECX" not in text
        assert "对方已收下：errcode 0" in admin.post(f"{page}/test", {"to": ""}, follow=True).content.decode()
        box.answer = b'{"errcode":310000}'
        assert "加签密钥" in admin.post(f"{page}/test", {"to": "u1"}, follow=True).content.decode()
        assert admin.post(f"{page}/test", {"to": "a b"}).status_code == 422
        assert "渠道已改" in admin.post(page, {"name": "新名"}, follow=True).content.decode()
        assert admin.post(page, {"name": ""}).status_code == 422
    assert "渠道已停用" in admin.post(f"{page}/switch", {"on": "0"}, follow=True).content.decode()
    assert "新名" in admin.get(CHANNELS).content.decode()
    for kind in ("mail", "webhook", "wecom", "other"):
        assert admin.get(f"{CHANNELS}/new", {"kind": kind}).status_code == 200
    host = AllowedHost.objects.get()
    assert "已移出" in admin.post(f"{CHANNELS}/hosts/{host.id}/forbid", follow=True).content.decode()


def test_channels_are_the_operations_administrators_alone(world: World, enter: SignIn) -> None:
    for key in ("steward", "authority", "auditor"):
        client = enter(key)
        assert client.get(CHANNELS).status_code == 403
        assert client.post(f"{CHANNELS}/new", {}).status_code == 403
        assert CHANNELS not in client.get("/").content.decode()


def test_a_person_chooses_and_leaves_an_address(world: World, enter: SignIn) -> None:
    client = enter("steward")
    assert "还没有消息渠道" in client.get("/me/notifications").content.decode()
    with http_server() as box:
        made = steps.channel(world, "webhook", url=box.url)
    page = client.get("/me/notifications").content.decode()
    assert page.count('value="off"') == 2
    assert "每周第一个工作日" not in page
    assert "每周第一个工作日" in enter("department_head").get("/me/notifications").content.decode()
    paces = {"pace-statutory": "off", "pace-work": "daily", "pace-information": "off"}
    refused = client.post("/me/notifications", paces)
    assert refused.status_code == 422
    assert "不能关闭" in refused.content.decode()
    paces["pace-statutory"] = "immediate"
    assert "通知设置已保存" in client.post("/me/notifications", paces, follow=True).content.decode()
    own = f"/me/notifications/{made.id}"
    assert client.post(own, {"do": "set", "to": "a b"}).status_code == 422
    assert 'value="wang"' in client.post(own, {"do": "set", "to": "wang"}, follow=True).content.decode()
    assert 'value="wang"' not in client.post(own, {"do": "remove"}, follow=True).content.decode()


def test_what_was_not_delivered_is_listed_with_the_reason_and_sent_again(world: World, enter: SignIn) -> None:
    with http_server() as box:
        steps.reach(steps.channel(world, "webhook", url=box.url), world.steward)
        box.status = 404
        for _ in range(3):
            steps.notice(world)
        sending.send_due(clock=lambda: NOW, by=steps.BY)
    admin = enter("system_admin")
    text = admin.get(f"{CHANNELS}/undelivered").content.decode()
    assert text.count("对方没有这个地址（HTTP 404）") == 3
    one = Delivery.objects.first()
    assert one is not None
    again = f"{CHANNELS}/undelivered/{one.id}/again"
    assert "已放回待发送" in admin.post(again, follow=True).content.decode()
    assert admin.post(again).status_code == 409
    assert "2条" in admin.post(f"{CHANNELS}/undelivered/again", follow=True).content.decode()
    assert "没有这样的消息" in admin.get(f"{CHANNELS}/undelivered").content.decode()
