"""The buttons on an application: each takes its step once, for whom it belongs to, and says so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from jutong.center.sharing.actions import answering
from jutong.center.sharing.enums import ApplicationState as State
from jutong.center.sharing.models import Application
from tests import sharing_steps as steps
from tests.sharing_steps import fresh
from tests.sharing_world import NOW, World
from tests.unit.web.conftest import SignIn

Make = Callable[[World], Application]


def supplementing(world: World) -> Application:
    return answering.ask_supplement(application=steps.submitted(world), missing=["网点名单"], by=world.steward, now=NOW)


def extending(world: World) -> Application:
    asked = steps.submitted(world)
    answering.ask_extension(application=asked, days=5, reason="需要逐条核对", by=world.steward, now=NOW)
    return asked


HAPPY: tuple[tuple[str, Make, str, dict[str, str], State, str], ...] = (
    ("requester_head", steps.awaiting, "consent", {"agreed": "1"}, State.SUBMITTED, "已送达提供方"),
    ("requester_head", steps.awaiting, "consent", {"agreed": "0", "note": "依据不全"}, State.DRAFT, "已退回经办人"),
    ("requester", steps.submitted, "withdraw", {}, State.WITHDRAWN, "申请已撤回"),
    ("requester", steps.submitted, "remind", {}, State.SUBMITTED, "已催办"),
    ("requester", steps.submitted, "message", {"text": "材料已补"}, State.SUBMITTED, "留言已发送"),
    ("steward", steps.submitted, "supplement", {"missing": "网点名单\n\n人员名单"}, State.SUPPLEMENTING, "计时暂停"),
    ("requester", supplementing, "supplement", {"answer": "名单附后"}, State.SUBMITTED, "计时恢复"),
    ("steward", steps.submitted, "extension", {"days": "5", "reason": "需要逐条核对"}, State.SUBMITTED, "已报主管部门"),
    ("authority", extending, "extension/decide", {"agreed": "1"}, State.SUBMITTED, "已同意延长"),
    ("authority", extending, "extension/decide", {"agreed": "0"}, State.SUBMITTED, "期限不变"),
    ("steward", steps.submitted, "reply", {"agreed": "1", "text": "同意"}, State.REPLY_PREPARED, "已拟好答复"),
    (
        "steward", steps.submitted, "reply", {"agreed": "0", "refusal": "purpose", "text": "用途不符"},
        State.REPLY_PREPARED, "已拟好答复",
    ),
    ("provider_head", steps.prepared, "reply/consent", {"agreed": "1"}, State.SUPPLYING, "答复已发出"),
    ("provider_head", steps.prepared, "reply/consent", {"agreed": "0", "note": "少给一项"}, State.SUBMITTED, "已退回"),
)  # fmt: skip
REFUSED: tuple[tuple[str, Make, str, dict[str, str]], ...] = (
    ("requester_head", steps.awaiting, "consent", {"agreed": "0"}),
    ("requester_head", steps.submitted, "consent", {"agreed": "1"}),
    ("requester", steps.awaiting, "remind", {}),
    ("requester", steps.submitted, "message", {"text": "  "}),
    ("steward", steps.submitted, "supplement", {"missing": ""}),
    ("steward", supplementing, "supplement", {"missing": "再补一次"}),
    ("requester", supplementing, "supplement", {"answer": ""}),
    ("steward", steps.submitted, "extension", {"days": "abc", "reason": "忙"}),
    ("steward", steps.submitted, "extension", {"days": "11", "reason": "忙"}),
    ("authority", steps.submitted, "extension/decide", {"agreed": "1"}),
    ("steward", steps.submitted, "reply", {"agreed": "0"}),
    ("provider_head", steps.submitted, "reply/consent", {"agreed": "1"}),
    ("provider_head", steps.prepared, "reply/consent", {"agreed": "0"}),
)
STEPS = ("consent", "withdraw", "remind", "message", "supplement", "extension", "extension/decide", "reply",
         "reply/consent")  # fmt: skip


@pytest.mark.parametrize("case", HAPPY)
def test_a_step_is_taken_and_said(
    world: World, enter: SignIn, case: tuple[str, Make, str, dict[str, str], State, str]
) -> None:
    who, make, step, typed, state, said = case
    application = make(world)
    response = enter(who).post(f"/applications/{application.number}/{step}", typed, follow=True)
    assert response.redirect_chain == [(f"/applications/{application.number}", 302)]
    assert said in response.content.decode()
    assert fresh(application).state == state


@pytest.mark.parametrize("case", REFUSED)
def test_a_refused_step_shows_why(world: World, enter: SignIn, case: tuple[str, Make, str, dict[str, str]]) -> None:
    who, make, step, typed = case
    application = make(world)
    before = fresh(application).state
    response = enter(who).post(f"/applications/{application.number}/{step}", typed)
    assert 400 <= response.status_code < 500
    assert 'class="error-summary"' in response.content.decode()
    assert fresh(application).state == before


def test_what_was_typed_stays_when_a_step_is_refused(world: World, enter: SignIn) -> None:
    application = steps.submitted(world)
    item = application.items.select_related("item").get(item__name="姓名")
    typed = {"agreed": "1", f"d_{item.item_id}": "refuse", f"n_{item.item_id}": "不需要姓名"}
    text = enter("steward").post(f"/applications/{application.number}/reply", typed).content.decode()
    assert "请写给申请方的话" in text
    assert 'value="不需要姓名"' in text
    assert '<option value="refuse" selected>' in text


@pytest.mark.parametrize("step", STEPS)
def test_a_step_is_no_page_to_open(world: World, enter: SignIn, step: str) -> None:
    number = steps.submitted(world).number
    response = enter("steward").get(f"/applications/{number}/{step}")
    assert response.status_code == 405
    assert response.headers["Allow"] == "POST"
    assert "用页面上的按钮办理" in response.content.decode()


@pytest.mark.parametrize("step", STEPS)
def test_a_step_of_another_department_is_not_taken(world: World, enter: SignIn, step: str) -> None:
    application = steps.submitted(world)
    for who in ("stranger", "stranger_head"):
        response = enter(who).post(f"/applications/{application.number}/{step}", {"agreed": "1", "text": "x"})
        assert response.status_code in {403, 404}
    assert fresh(application).state == State.SUBMITTED


def test_items_are_answered_one_by_one(world: World, enter: SignIn) -> None:
    application = steps.submitted(world)
    rows: Any = {row.item.name: row for row in application.items.select_related("item")}
    typed = {
        "agreed": "1",
        "text": "姓名给脱敏",
        f"d_{rows['姓名'].item_id}": "masked",
        f"n_{rows['姓名'].item_id}": "脱敏已够用",
    }
    shown = enter("steward").get(f"/applications/{application.number}").content.decode()
    assert "改为脱敏（姓名：欧阳小红 → 欧阳**）" in shown
    enter("steward").post(f"/applications/{application.number}/reply", typed)
    assert fresh(rows["姓名"]).given == "masked"
    text = enter("provider_head").get(f"/applications/{application.number}").content.decode()
    assert "脱敏已够用" in text
    assert "要您同意：这份答复" in text


def test_an_unconditional_request_cannot_be_refused_on_the_page(db, enter: SignIn) -> None:
    from tests import sharing_world

    world = sharing_world.build("unconditional")
    number = steps.submitted(world).number
    assert "拟不同意" not in enter("steward").get(f"/applications/{number}").content.decode()
    response = enter("steward").post(
        f"/applications/{number}/reply", {"agreed": "0", "refusal": "purpose", "text": "不"}
    )
    assert 400 <= response.status_code < 500


def test_the_list_narrows_by_state_and_side(world: World, enter: SignIn) -> None:
    application = steps.submitted(world)
    clerk = enter("requester")
    for query, shown in (("state=submitted", True), ("state=draft", False), ("side=provider", False)):
        assert (application.number in clerk.get(f"/applications?{query}").content.decode()) is shown


def test_the_switches_of_a_refused_step_lead_to_the_page_it_belongs_to(world: World, enter: SignIn) -> None:
    number = steps.submitted(world).number
    text = enter("steward").post(f"/applications/{number}/reply", {"agreed": "0"}).content.decode()
    assert f'href="/applications/{number}?lang=en"' in text


def _queries(client: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as asked:
        assert client.get(address).status_code == 200
    return len(asked)


@pytest.mark.parametrize("address", ["/", "/inbox", "/applications", "/catalog"])
def test_more_rows_ask_no_more_questions(world: World, enter: SignIn, address: str) -> None:
    client = enter("steward")
    steps.submitted(world)
    client.get(address)
    few = _queries(client, address)
    for title in ("第二件", "第三件", "第四件", "第五件"):
        steps.submitted(world, title=title)
    client.get(address)  # the frame counts again after something happened
    assert _queries(client, address) <= few
