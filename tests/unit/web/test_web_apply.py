"""申请使用 in four steps: each saves, keeps what was typed when refused, and leads on."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from jutong.center.sharing.conditions import RowCondition
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


def _conditions(world: World, **changes: str) -> dict[str, str]:
    typed = {"c0_item": str(world.items["婚姻状况"].id), "c0_op": "in", "c0_values": "已婚、离异"}
    return _items(world) | typed | {"c1_item": "", "c1_op": "eq", "c1_values": "白写的"} | changes


def test_row_conditions_go_from_the_form_to_the_provider(world: World, clerk: Client, enter: SignIn) -> None:
    address = _begin(clerk)
    assert clerk.post(f"{address}/2", _conditions(world)).status_code == 302
    assert 'value="已婚、离异"' in clerk.get(f"{address}/2").content.decode()
    assert "“婚姻状况”是其中之一已婚、离异" in clerk.get(f"{address}/4").content.decode()
    made = Application.objects.get()
    assert [(row.operator, row.values) for row in made.conditions.all()] == [("in", ["已婚", "离异"])]
    number = steps.submitted(world, conditions=(RowCondition(world.items["婚姻状况"].id, "eq", ("已婚",)),)).number
    steward = enter("steward")
    added = {
        "agreed": "1", "text": "只给本区", "c0_item": str(world.items["行政区划"].id), "c0_op": "prefix",
        "c0_values": "629901",
    }  # fmt: skip
    said = steward.post(f"/applications/{number}/reply", added, follow=True).content.decode()
    assert "“行政区划”开头是629901" in said
    assert "提供方加的" in said


def test_a_condition_that_does_not_fit_is_said_beside_what_was_typed(world: World, clerk: Client) -> None:
    address = _begin(clerk)
    response = clerk.post(f"{address}/2", _conditions(world, c0_op="ge"))
    text = response.content.decode()
    assert response.status_code == 422
    assert "只能用" in text
    assert 'href="#f-conditions"' in text
    assert 'value="已婚、离异"' in text
    refused = clerk.post(f"{address}/2", _conditions(world, c0_item="不是编号"))
    assert "请从列表里选一个信息项" in refused.content.decode()


def test_terms_of_every_kind_are_kept(world: World, clerk: Client) -> None:
    address = _begin(clerk)
    typed: dict[str, Any] = _terms(world, share_way="subscription", frequency="daily", per_minute="60")
    typed |= {"expected_monthly": "3000", "call_days": ["1", "2", "3", "4", "5"]}
    typed |= {"call_first": "08:30", "call_last": "17:30"}
    assert clerk.post(f"{address}/3", typed).status_code == 302
    made = Application.objects.get()
    assert (made.share_way, made.frequency, made.per_minute, made.expected_monthly) == (
        "subscription", "daily", 60, 3000,
    )  # fmt: skip
    assert (made.call_days, made.first_minute, made.last_minute) == ("12345", 510, 1050)
    assert "周一至周五 08:30–17:30" in clerk.get(f"{address}/4").content.decode()
    assert 'value="08:30"' in clerk.get(f"{address}/3").content.decode()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"call_first": "8点", "call_days": "1"}, "请填时间"),
        ({"call_first": "17:30", "call_last": "08:30", "call_days": "1"}, "结束晚于开始"),
        ({"per_minute": "很多"}, "每分钟最多几次"),
        ({"frequency": "hourly"}, "没有这种使用频率"),
    ],
)
def test_terms_that_make_no_sense_are_said_in_place(
    world: World, clerk: Client, changes: dict[str, str], said: str
) -> None:
    address = _begin(clerk)
    response = clerk.post(f"{address}/3", _terms(world, **changes))
    assert response.status_code == 422
    assert said in response.content.decode()


def test_what_a_grade_forbids_is_shown_and_cannot_be_chosen(world: World, clerk: Client) -> None:
    text = clerk.get(f"{_begin(clerk)}/2").content.decode()
    field = f'name="f_{world.items["住址"].id}" value="plain" disabled'
    assert field in text
    assert "只能核验" in text


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
