"""A need from the form to the application, by the people who may, through pages only."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import openpyxl
import pytest
from django.test import Client

from jutong.center.demand.models import Demand
from jutong.center.ownership.holdings import follow
from tests.demand_steps import assigned, cataloguing, held, matched, people, publish_draft, searchable, stated
from tests.sharing_world import NOW, World, publish
from tests.unit.web.conftest import SignIn, Watch

TYPED: dict[str, Any] = {
    "title": "残疾人证信息", "items": "残疾人证号 二十位\n残疾类别\n残疾等级", "scenario": "公交免费乘车资格核验",
    "basis": "残疾人保障法第五十条", "matter": "残疾人免费乘车", "frequency": "daily", "share_way": "service",
    "urgency": "urgent", "wanted_on": "2027-01-15", "expected_holder": "", "division_filter": "",
    "is_true": "1", "is_lawful": "1", "is_secured": "1",
}  # fmt: skip


@pytest.fixture
def chain(world: World) -> World:
    return people(world)


def text(client: Client, path: str, status: int = 200) -> str:
    answer = client.get(path)
    assert answer.status_code == status, answer.content.decode()
    return answer.content.decode()


def send(client: Client, path: str, **typed: Any) -> str:
    answer = client.post(path, typed)
    assert answer.status_code == 302, answer.content.decode()
    return answer.headers["Location"]


def test_a_need_nothing_is_like_is_stated_at_once(chain: World, enter: SignIn) -> None:
    where = send(enter("requester"), "/demands/new", **TYPED, then="check")
    demand = Demand.objects.get()
    assert where == f"/demands/{demand.number}"
    assert (demand.urgency, demand.wanted_on.isoformat()) == ("urgent", "2027-01-15")  # type: ignore[union-attr]
    assert [item.meaning for item in demand.items.all()] == ["二十位", "", ""]
    shown = text(enter("stranger"), where)
    assert "残疾人证号" in shown
    assert "我也要" in shown
    assert "剩5个工作日" in shown


def test_what_may_make_it_needless_is_shown_before_it_is_stated(chain: World, enter: SignIn) -> None:
    first = stated(chain)
    searchable(publish(chain.civil, name="残疾人证信息", code="306001/9")[0])
    client = enter("stranger")
    answer = client.post("/demands/new", {**TYPED, "then": "check"})
    shown = answer.content.decode()
    assert answer.status_code == 200
    assert first.number in shown
    assert "306001/9" in shown
    assert "名称相同" in shown
    assert "残疾等级" in shown
    assert Demand.objects.count() == 1
    send(client, "/demands/new", **TYPED, then="state")
    assert Demand.objects.count() == 2


def test_everything_wrong_is_told_at_once_and_what_was_typed_stays(chain: World, enter: SignIn) -> None:
    bad = {**TYPED, "title": "", "items": "", "urgency": "tomorrow", "is_secured": "", "wanted_on": "2026-01-01"}
    answer = enter("requester").post("/demands/new", bad)
    shown = answer.content.decode()
    assert answer.status_code == 422
    for place in ("title", "items", "urgency", "is_secured", "wanted_on"):
        assert f'href="#f-{place}"' in shown, place
    assert "残疾人保障法第五十条" in shown
    answer = enter("requester").post("/demands/new", {**TYPED, "wanted_on": "明年"})
    assert (answer.status_code, 'href="#f-wanted_on"' in answer.content.decode()) == (422, True)


def test_the_chain_is_walked_through_pages(chain: World, enter: SignIn, watch: Watch) -> None:
    requester, authority, steward, joiner = map(enter, ("requester", "authority", "steward", "joiner"))
    where = send(requester, "/demands/new", **TYPED, then="check")
    send(joiner, f"{where}/join", scenario="停车优惠")
    assert "残疾人证信息" in text(authority, "/inbox")
    assert "派给谁" in text(authority, where)
    send(authority, f"{where}/assign", holder=chain.civil.code, note="残联职责")
    assert "认领需求" in text(steward, "/inbox")
    assert "是否持有" in text(steward, where)
    send(steward, f"{where}/answer", answer="held", basis="三定第四条")
    entry_page = send(steward, f"{where}/catalog", classification="307010")
    assert "残疾人证信息" in text(steward, f"{entry_page}/edit")
    demand = Demand.objects.get()
    assert demand.draft is not None
    publish_draft(chain, demand.draft)
    for client in (requester, joiner):
        assert "申请使用" in text(client, where)
        assert "已编目" in text(client, "/notices")
    step = send(requester, f"{where}/apply")
    assert step.endswith("/apply/1")
    assert "公交免费乘车资格核验" in text(requester, step)
    assert "申请使用</button>" not in text(requester, where)
    assert "申请使用</button>" in text(joiner, where)
    assert send(joiner, f"{where}/apply")
    assert "停车优惠" in text(joiner, f"/applications/{demand.applications.last().application.number}")  # type: ignore[union-attr]


def test_the_authority_may_merge_refer_and_close(chain: World, enter: SignIn) -> None:
    first, second = stated(chain), stated(chain)
    authority = enter("authority")
    assert f'value="{first.number}"' in text(authority, f"/demands/{second.number}")
    send(authority, f"/demands/{second.number}/merge", into=first.number)
    assert "已并入" in text(enter("requester"), f"/demands/{second.number}")
    refused = authority.post(f"/demands/{first.number}/refer", {"reason": "省级"})
    assert refused.status_code == 409
    empty = authority.post(f"/demands/{first.number}/close", {"reason": ""})
    assert (empty.status_code, 'href="#f-reason"' in empty.content.decode()) == (422, True)
    send(authority, f"/demands/{first.number}/close", reason="没有法律依据采集")
    assert "没有法律依据采集" in text(enter("stranger"), f"/demands/{first.number}")


def test_a_match_is_proposed_with_reasons_taken_and_given_back(chain: World, enter: SignIn) -> None:
    follow(NOW)
    client = enter("requester")
    where = send(client, "/demands/new", **{**TYPED, "title": "婚姻状况核验", "items": "婚姻状况\n姓名"}, then="state")
    shown = text(client, where)
    assert chain.entry.code in shown
    assert "信息项名称相同" in shown
    send(client, f"{where}/compare")
    send(client, f"{where}/match", code=chain.entry.code)
    assert "可以申请" in text(client, where)
    send(client, f"{where}/unmatch", reason="只有近五年的")
    assert Demand.objects.get().state == "stated"
    assert client.post(f"{where}/match", {"code": "999999/9"}).status_code == 404


def test_a_withheld_entry_leads_to_a_dispute_and_not_to_an_application(chain: World, enter: SignIn) -> None:
    entry, _ = publish(chain.civil, name="不予共享的登记", code="306001/8", attribute="none")
    client, demand = enter("requester"), stated(chain)
    send(client, f"/demands/{demand.number}/match", code=entry.code)
    shown = text(client, f"/demands/{demand.number}")
    assert f"/disputes/new?kind=demand&amp;subject={demand.number}" in shown
    assert f'action="/demands/{demand.number}/apply"' not in shown
    assert client.post(f"/demands/{demand.number}/apply").status_code == 409


def test_the_holder_names_an_entry_it_has(chain: World, enter: SignIn) -> None:
    demand = held(chain)
    steward = enter("steward")
    send(steward, f"/demands/{demand.number}/entry", code=chain.entry.code)
    assert Demand.objects.get().state == "cataloged"


def test_people_leave_edit_and_withdraw(chain: World, enter: SignIn) -> None:
    demand = stated(chain)
    joiner, requester = enter("joiner"), enter("requester")
    where = f"/demands/{demand.number}"
    send(joiner, f"{where}/join", scenario="停车优惠")
    assert joiner.post(f"{where}/join", {"scenario": "再来"}).status_code == 409
    send(joiner, f"{where}/leave")
    assert "残疾类别" in text(requester, f"{where}/edit")
    send(requester, f"{where}/edit", **{**TYPED, "title": "残疾人证照信息"})
    assert requester.post(f"{where}/edit", {**TYPED, "title": ""}).status_code == 422
    assert "残疾人证照信息" in text(requester, where)
    send(requester, f"{where}/withdraw")
    assert "已撤回" in text(joiner, where)


def test_the_list_filters_and_the_inventory_is_a_workbook(chain: World, enter: SignIn) -> None:
    one, two = assigned(chain), matched(chain)
    client = enter("steward")
    shown = text(client, "/demands?mine=assigned")
    assert one.number in shown
    assert two.number not in shown
    assert two.number in text(client, "/demands?state=matched&q=残疾等级")
    assert "没有符合的需求" in text(client, "/demands?q=没有这个")
    assert one.number in text(enter("requester"), "/demands?mine=asked&scope=division")
    assert one.number in text(client, "/inventories/demands")
    book = client.get("/inventories/demands?format=xlsx")
    rows = list(openpyxl.load_workbook(BytesIO(book.content)).active.iter_rows(values_only=True))  # type: ignore[union-attr]
    assert rows[0][:5] == ("编号", "需求部门", "数据名称", "数据项", "期望提供部门")
    assert len(rows) == 3
    assert "残疾人证号、残疾类别、残疾等级" in rows[1]


def test_the_holder_of_a_draft_sees_it(chain: World, enter: SignIn) -> None:
    demand = cataloguing(chain)
    assert demand.draft is not None
    assert demand.draft.entry.code in text(enter("steward"), f"/demands/{demand.number}")
    assert enter("auditor").get("/demands").status_code == 403
