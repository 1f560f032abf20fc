"""申请使用 in four steps: each saves, keeps what was typed when refused, and leads on."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from jutong.center.sharing.enums import ApplicationState
from jutong.center.sharing.models import Application
from tests import sharing_steps as steps
from tests.sharing_world import World
from tests.unit.web.conftest import SignIn

PURPOSE = {
    "title": "入学资格核验", "scenario": "小学入学报名核验监护关系", "basis": "义务教育法第十二条",
    "scope": "2027年报名家庭", "then": "next",
}  # fmt: skip


def _terms(world: World, **changes: str) -> dict[str, str]:
    full = {
        "share_way": "service", "system": str(world.system.id), "valid_until": "2027-08-31", "daily_quota": "500",
        "division_filter": "", "then": "next",
    }  # fmt: skip
    return full | changes


def _items(world: World) -> dict[str, str]:
    identity, name = world.items["公民身份号码"], world.items["姓名"]
    return {f"f_{identity.id}": "verify", f"f_{name.id}": "plain", f"w_{name.id}": "核对姓名", "then": "next"}


def _begin(client: Client) -> str:
    response = client.post("/catalog/306001/1/apply", PURPOSE)
    assert response.status_code == 302, response.content.decode()
    return str(response.headers["Location"]).removesuffix("/2")


@pytest.fixture
def clerk(world: World, enter: SignIn) -> Client:
    return enter("requester")


def test_the_four_steps_end_with_the_own_head(world: World, clerk: Client) -> None:
    assert clerk.get("/catalog/306001/1/apply").status_code == 200
    address = _begin(clerk)
    declared = {"is_true": "1", "is_lawful": "1", "is_necessary": "1", "then": "next"}
    for step, typed in ((2, _items(world)), (3, _terms(world))):
        assert clerk.get(f"{address}/{step}").status_code == 200
        assert clerk.post(f"{address}/{step}", typed).headers["Location"] == f"{address}/{step + 1}"
    assert "入学资格核验" in clerk.get(f"{address}/4").content.decode()
    response = clerk.post(f"{address}/4", declared, follow=True)
    assert "已提请本部门工作机构负责人同意" in response.content.decode()
    made = Application.objects.get()
    assert made.state == ApplicationState.AWAITING_CONSENT
    assert made.daily_quota == 500
    assert {row.item.name: row.asked for row in made.items.all()} == {"公民身份号码": "verify", "姓名": "plain"}


def test_a_draft_is_kept_for_later(world: World, clerk: Client) -> None:
    address = _begin(clerk)
    response = clerk.post(f"{address}/2", _items(world) | {"then": "save"}, follow=True)
    assert "草稿已存" in response.content.decode()
    assert "继续填写" in response.content.decode()


def test_an_empty_application_is_not_sent_and_says_everything_that_is_missing(world: World, clerk: Client) -> None:
    address = _begin(clerk)
    response = clerk.post(f"{address}/4", {"then": "next"})
    text = response.content.decode()
    assert response.status_code == 422
    for label in ("共享方式", "用数系统", "信息项", "真实性", "合法性", "必要性"):
        assert label in text
    assert Application.objects.get().state == ApplicationState.DRAFT


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("valid_until", "明年八月", "请填日期"),
        ("daily_quota", "很多", "只写数字"),
        ("system", "不是编号", "请从列表里选一个系统"),
    ],
)
def test_what_was_typed_stays_when_it_is_refused(
    world: World, clerk: Client, field: str, typed: str, said: str
) -> None:
    address = _begin(clerk)
    response = clerk.post(f"{address}/3", _terms(world, **{"division_filter": "629902", field: typed}))
    text = response.content.decode()
    assert response.status_code == 422
    assert said in text
    assert 'value="629902"' in text
    assert f'href="#f-{field}"' in text
    assert f'id="e-{field}"' in text
    assert text.count(said) >= 2, "said above and at the field"
    if field != "system":
        assert f'value="{typed}"' in text


def test_more_than_the_item_allows_is_refused(world: World, clerk: Client) -> None:
    address = _begin(clerk)
    response = clerk.post(f"{address}/2", {f"f_{world.items['行政区划'].id}": "plain", "then": "next"})
    assert response.status_code == 422


def test_a_title_too_long_is_refused_on_the_first_step(world: World, clerk: Client) -> None:
    response = clerk.post("/catalog/306001/1/apply", PURPOSE | {"title": "长" * 500})
    assert response.status_code == 422
    assert "小学入学报名核验监护关系" in response.content.decode()
    assert not Application.objects.exists()


def test_a_step_beyond_the_last_is_the_last(world: World, clerk: Client) -> None:
    address = _begin(clerk)
    assert "核对后提交" in clerk.get(f"{address}/9").content.decode()
    assert clerk.get(f"{address}/1").status_code == 200


def test_what_was_sent_is_changed_no_more(world: World, clerk: Client) -> None:
    number = steps.awaiting(world).number
    response = clerk.post(f"/applications/{number}/apply/1", PURPOSE)
    assert response.status_code == 422
    assert Application.objects.get().title == "入学资格核验"


def test_a_head_does_not_apply(world: World, enter: SignIn) -> None:
    assert enter("requester_head").get("/catalog/306001/1/apply").status_code == 403


def test_a_department_does_not_apply_for_its_own_data(world: World, enter: SignIn) -> None:
    response: Any = enter("steward").get("/catalog/306001/1/apply")
    assert response.status_code in {403, 404, 409, 422}
