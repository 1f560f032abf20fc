"""A return from the form to its end, by pages only."""

from __future__ import annotations

from typing import Any

from django.test import Client

from jutong.center.returns.models import ReturnFlow
from jutong.center.sharing.models import Grant
from tests.return_steps import province
from tests.sharing_steps import answer
from tests.sharing_world import World
from tests.unit.web.conftest import SignIn


def text(client: Client, path: str, status: int = 200) -> str:
    found = client.get(path)
    assert found.status_code == status, found.content.decode()
    return found.content.decode()


def send(client: Client, path: str, **typed: Any) -> str:
    found = client.post(path, typed)
    assert found.status_code == 302, found.content.decode()
    return found.headers["Location"]


def test_a_return_is_walked_through_pages(world: World, enter: SignIn) -> None:
    upper = province(world)
    requester, steward, head = map(enter, ("requester", "upper_steward", "requester_head"))
    assert "还没有数据回流" in text(requester, "/returns")
    assert upper.entry.code in text(requester, "/returns/new?q=婚姻")
    typed = {
        "code": upper.entry.code, "basis": "婚姻登记条例", "scenario": "婚姻家庭服务", "system": str(world.system.id),
        "share_way": "batch", "frequency": "daily",
    }  # fmt: skip
    bad = requester.post("/returns/new", {**typed, "basis": "", "system": str(world.system.id)})
    assert (bad.status_code, 'href="#f-basis"' in bad.content.decode()) == (422, True)
    where = send(requester, "/returns/new", **typed)
    assert "确认回流口径" in text(steward, "/inbox")
    address = upper.items["住址"].id
    send(steward, f"{where}/confirm", **{f"x_{address}": "1", f"w_{address}": "不采集"}, note="一行一次登记")
    assert "没有：不采集" in text(requester, where)
    flow = ReturnFlow.objects.get()
    answer(world, Grant.objects.get(application=flow.application), "ready")
    send(steward, f"{where}/count", counted="100")
    assert "对方报告100条" in text(requester, where)
    assert requester.post(f"{where}/compare", {"held": "many"}).status_code == 422
    send(requester, f"{where}/compare", held="90")
    assert "回流不完整" in text(steward, "/returns?side=provider&state=short")
    assert requester.post(f"{where}/end").status_code == 403
    send(head, f"{where}/end")
    assert ReturnFlow.objects.get().state == "ended"
    assert text(enter("stranger"), where, 404)
    assert text(requester, "/returns/new?code=nothing/0", 404)
