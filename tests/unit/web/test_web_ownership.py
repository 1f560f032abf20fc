"""The pages of sources, plans and inventories, as the people of three sides use them, and what the public sees."""

from __future__ import annotations

import io
from typing import Any

import orjson
import pytest
from django.test import Client
from openpyxl import load_workbook
from rdflib import DCAT, RDF, Graph

from jutong.center.catalog.models import Entry
from jutong.center.org import actions as org
from jutong.center.ownership import actions
from jutong.center.ownership.models import CollectionPlan, ItemSubject, PlanField, SourceDesignation
from jutong.web.open import door
from jutong.web.open.limits import Limiter, TooManyRequestsError
from jutong.web.ownership import files
from tests.center_world import NOW, PLATFORM, City
from tests.ownership_world import both_publish, designated, proposed
from tests.unit.center.ownership.test_inventories import WITHHELD, park
from tests.unit.web.conftest import SignIn


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody asked for a public page before."""
    for limiter in (door.PAGES, door.FILES):
        monkeypatch.setattr(limiter, "_buckets", type(limiter._buckets)())


def text(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200, response.content.decode()
    return response.content.decode()


def sent(response: Any) -> bytes:
    """Return a streamed answer whole."""
    return b"".join(response.streaming_content)


def test_a_source_is_proposed_stated_on_and_designated(city: City, enter: SignIn) -> None:
    both_publish(city)
    authority, steward, stranger = enter("authority"), enter("steward"), enter("stranger")
    assert "婚姻状况" in text(authority, "/ownership")
    assert "还没有指定" in text(authority, "/ownership?state=open")
    assert "没有符合“低保”的信息项" in text(authority, "/ownership?q=低保")
    address = f"/ownership/{ItemSubject.objects.get(name='婚姻状况').id}"
    assert "提出数源部门" in text(authority, address)
    assert "提出数源部门" not in text(steward, address)
    code = Entry.objects.get(organisation=city.civil).code
    assert authority.post(f"{address}/propose", {"entry": code, "basis": ""}).status_code == 422
    assert authority.post(f"{address}/propose", {"entry": "307010/999", "basis": "职责"}).status_code == 404
    done = authority.post(f"{address}/propose", {"entry": code, "basis": "婚姻登记由民政部门办理"}, follow=True)
    assert "拟指定市民政局" in done.content.decode()
    assert "等本部门表态" in text(steward, "/ownership")
    for client in (steward, stranger):
        said = client.post(f"{address}/position", {"stance": "agree", "text": "没有意见"}, follow=True)
        assert "本部门意见已登记" in said.content.decode()
    wrong = authority.post(f"{address}/designate", {"entry": code, "effective_on": "明天"})
    assert (wrong.status_code, "请填日期" in wrong.content.decode()) == (422, True)
    done = authority.post(f"{address}/designate", {"entry": code, "effective_on": "2026-12-01"}, follow=True)
    assert "数源部门是金河市民政局" in done.content.decode()
    assert "市民政局" in text(enter("requester"), "/ownership?state=designated")
    assert steward.post(f"{address}/designate", {}).status_code == 403
    assert "kind=designation&amp;subject=" in text(stranger, address)
    assert "提起争议" not in text(authority, address)
    done = authority.post(f"{address}/revoke", {"reason": "职责划转"}, follow=True)
    assert "还没有指定数源部门" in done.content.decode()
    assert authority.post(f"{address}/revoke", {"reason": "再撤"}).status_code == 404
    assert steward.post(f"{address}/position", {"stance": "agree"}).status_code == 404


def test_pages_of_sources_are_paged_and_empty_ones_say_so(city: City, enter: SignIn) -> None:
    client = enter("authority")
    assert "没有要指定数源的信息项" in text(client, "/ownership")
    assert "没有符合“水库”的信息项" in text(client, "/ownership?q=水库")
    assert client.get("/ownership/01a2003a-1b1d-7758-a313-136173adc295").status_code == 404
    assert enter("auditor").get("/ownership").status_code == 403


def test_a_form_is_registered_resolved_and_decided(city: City, enter: SignIn) -> None:
    both_publish(city)
    steward, authority = enter("stranger"), enter("authority")
    assert "还没有登记过采集方案" in text(steward, "/ownership/plans")
    assert "字段，每行一个" in text(steward, "/ownership/plans/new")
    typed = {"kind": "form", "name": "入学申请表", "purpose": "入学登记", "fields": "婚姻状况 家长的\n就读意愿"}
    wrong = steward.post("/ownership/plans/new", {**typed, "fields": ""})
    assert (wrong.status_code, 'value="入学申请表"' in wrong.content.decode()) == (422, True)
    done = steward.post("/ownership/plans/new", typed, follow=True)
    plan = CollectionPlan.objects.get()
    address = f"/ownership/plans/{plan.id}"
    assert "已登记并与共享目录比对" in done.content.decode()
    code = Entry.objects.get(organisation=city.civil).code
    assert f"reuse {code}" in done.content.decode()
    unresolved = steward.post(f"{address}/submit")
    assert (unresolved.status_code, "还有1个字段没有处理" in unresolved.content.decode()) == (409, True)
    assert "已保存" in steward.post(f"{address}/resolve", {"choice-1": "justify", "why-1": "须本人确认"}, follow=True).content.decode()  # fmt: skip # noqa: E501
    assert "家长的" in text(steward, f"{address}/edit")
    assert "重新比对" in steward.post(f"{address}/check", follow=True).content.decode()
    submitted = steward.post(f"{address}/resolve", {"choice-1": "justify", "why-1": "须本人确认", "then": "submit"}, follow=True)  # fmt: skip # noqa: E501
    assert "已提交主管部门审核" in submitted.content.decode()
    assert "已撤回" in steward.post(f"{address}/recall", follow=True).content.decode()
    assert "已提交" in steward.post(f"{address}/submit", follow=True).content.decode()
    assert "入学申请表" in text(authority, "/ownership/plans")
    assert authority.post(f"{address}/decide", {"approve": "0", "note": ""}).status_code == 422
    back = authority.post(f"{address}/decide", {"approve": "0", "note": "请共享获取"}, follow=True)
    assert "已退回" in back.content.decode()
    assert "被退回：请共享获取" in text(steward, address)
    evidence = text(authority, "/ownership/repeated")
    assert "须本人确认" in evidence
    as_csv = sent(authority.get("/ownership/repeated?format=csv")).decode()
    assert "入学申请表,已退回,婚姻状况,仍需采集，说明理由,须本人确认" in as_csv
    changed = steward.post(f"{address}/edit", {**typed, "name": "入学登记表"}, follow=True)
    assert "入学登记表" in changed.content.decode()
    assert steward.post(f"{address}/edit", {**typed, "kind": "x"}).status_code == 422
    reuse = steward.post(f"{address}/resolve", {"choice-1": f"reuse {code}", "then": "submit"}, follow=True)
    assert PlanField.objects.get(position=1).entry is not None
    assert "共享复用" in reuse.content.decode()
    assert "已同意" in authority.post(f"{address}/decide", {"approve": "1"}, follow=True).content.decode()
    assert "没有重复采集的字段" in text(authority, "/ownership/repeated")
    assert enter("steward").get(address).status_code == 404


def test_a_system_gets_its_entries(city: City, enter: SignIn) -> None:
    city.published(origin="婚姻登记系统")
    system = org.register_system(organisation=city.civil, name="婚姻登记系统", by=PLATFORM, now=NOW)
    steward, authority = enter("steward"), enter("authority")
    assert "没有目录" in text(authority, "/inventories/systems?missing=1&q=婚姻")
    address = f"/inventories/systems/{system.id}"
    assert "来源里写了这个系统" in text(steward, address)
    assert "没有登记哪条目录" in text(authority, address)
    code = Entry.objects.get().code
    done = steward.post(address, {"code": [code]}, follow=True)
    assert "已登记目录来自哪个系统" in done.content.decode()
    assert code in text(authority, address)
    assert steward.post(address, {"code": ["307010/999"]}).status_code == 404
    assert authority.post(address, {"code": [code]}).status_code == 403
    sheet = load_workbook(io.BytesIO(authority.get("/inventories/systems?format=xlsx").content))["信息系统清单"]
    assert [cell.value for cell in sheet[2]] == ["金河市民政局", "婚姻登记系统", "2", "1"]
    assert "没有符合的信息系统" in text(authority, "/inventories/systems?missing=1")


def test_duties_and_what_is_withheld_are_listed_and_sent(city: City, enter: SignIn) -> None:
    both_publish(city)
    designated(city)
    hidden = city.published(**WITHHELD).entry
    requester, authority = enter("requester"), enter("authority")
    duties = text(requester, "/inventories/duties")
    assert "ZR-00001" in duties
    assert "10个工作日答复" in duties
    assert "没有符合的目录" in text(requester, "/inventories/duties?q=水库")
    assert "学籍信息" not in text(requester, f"/inventories/duties?organisation={city.civil.code}")
    file = requester.get("/inventories/duties?format=csv")
    assert file.headers["Content-Disposition"].startswith("attachment; filename*=UTF-8''%E8%B4%A3")
    assert "ZR-00002" in sent(file).decode()
    assert "民法典" in text(requester, "/inventories/withheld")
    assert "登记审核" not in text(requester, "/inventories/withheld")
    address = f"/inventories/withheld/{hidden.code}/review"
    typed = {"document_number": "金数发〔2026〕9号", "reviewed_on": "2026-11-01", "review_again_on": "2027-11-01"}
    assert authority.post(address, {**typed, "reviewed_on": "x"}).status_code == 422
    assert "金数发〔2026〕9号" in authority.post(address, typed, follow=True).content.decode()
    assert requester.post(address, typed).status_code == 403
    assert authority.post("/inventories/withheld/307010/999/review", typed).status_code == 404
    assert "没有符合的目录" in text(requester, "/inventories/withheld?lacking=1")
    sheet = load_workbook(io.BytesIO(requester.get("/inventories/withheld?format=xlsx").content))["负面清单"]
    assert sheet["A2"].value == "FM-00001"


def test_a_list_too_long_for_a_workbook_is_sent_as_csv(city: City, enter: SignIn, monkeypatch) -> None:
    both_publish(city)
    monkeypatch.setattr(files, "MOST_SHEET_ROWS", 1)
    client = enter("requester")
    refused = client.get("/inventories/duties?format=xlsx")
    assert (refused.status_code, "不能导出为Excel" in refused.content.decode()) == (422, True)
    assert client.get("/inventories/duties?format=csv").status_code == 200


def test_anybody_sees_what_is_open(city: City) -> None:
    both_publish(city)
    entry = park(city)
    closed = Entry.objects.get(organisation=city.civil)
    client = Client()
    listed = text(client, "/open")
    assert "公园名录" in listed
    assert "婚姻登记信息" not in listed
    shown = text(client, f"/open/{entry.code}")
    assert "开放时段" in shown
    for hidden in ("养护合同金额", "养护负责人"):
        assert hidden not in shown
    kept = client.get("/open?q=公园").headers
    assert (kept["Cache-Control"], "Cookie" in kept["Vary"]) == ("public, max-age=60", True)
    assert "没有符合“养护”的开放目录" in text(client, "/open?q=养护")
    assert client.get(f"/open/{closed.code}").status_code == 404
    assert client.post("/open").status_code == 405
    assert text(client, "/open?page=x&domain=文体旅游&organisation=" + city.education.code).count("公园名录") == 1
    assert "没有开放目录" in text(client, "/open?page=2")


def test_the_open_catalog_is_sent_whole(city: City) -> None:
    both_publish(city)
    entry = park(city)
    client = Client()
    made = orjson.loads(sent(client.get("/open/catalog.json")))
    assert [row["code"] for row in made["entries"]] == [entry.code]
    assert [item["name"] for item in made["entries"][0]["items"]] == ["公园名称", "开放时段"]
    assert "share_attribute" not in made["entries"][0]
    response = client.get("/open/catalog.ttl")
    assert response.headers["Content-Type"] == "text/turtle"
    graph = Graph().parse(data=sent(response), format="turtle")
    assert [str(found) for found in graph.subjects(RDF.type, DCAT.Dataset)] == [f"http://testserver/open/{entry.code}"]
    assert client.get("/open/catalog.exe").status_code == 404


def test_whoever_asks_too_often_waits(city: City) -> None:
    client = Client()
    for _ in range(door.FILES.burst):
        assert client.get("/open/catalog.json").status_code == 200
    refused = client.get("/open/catalog.json")
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "60")
    assert client.get("/open").status_code == 200


def test_a_bucket_fills_again_and_few_addresses_are_remembered() -> None:
    limiter = Limiter(2, addresses=1)
    limiter.take("a", 0)
    limiter.take("a", 0)
    with pytest.raises(TooManyRequestsError):
        limiter.take("a", 1)
    limiter.take("a", 31)
    limiter.take("b", 31)
    assert list(limiter._buckets) == ["b"]


def test_a_proposal_shows_who_is_still_silent(city: City, enter: SignIn) -> None:
    both_publish(city)
    made = proposed(city)
    shown = text(enter("leader"), f"/ownership/{made.subject_id}")
    assert shown.count("还没有表态") == 2
    early = enter("authority").post(
        f"/ownership/{made.subject_id}/designate", {"entry": made.entry.code, "effective_on": "2026-12-01"}
    )
    assert (early.status_code, "没有表态" in early.content.decode()) == (409, True)
    actions.revoke_source(designation=made, reason="另议", by=city["authority"], now=NOW)
    assert SourceDesignation.objects.get().state == "revoked"


def test_entries_and_applications_lead_to_the_source(city: City, enter: SignIn) -> None:
    _, other = both_publish(city)
    source = designated(city)
    link = f'<a href="/catalog/{source.entry.code}">婚姻登记信息</a>'
    assert link in text(enter("steward"), f"/catalog/{other.code}")
    assert "另有数源部门" not in text(enter("requester"), f"/catalog/{source.entry.code}")
    applying = text(enter("steward"), f"/catalog/{other.code}")
    assert applying.count("婚姻状况：市民政局") == 1


def test_what_waits_stands_in_the_inbox(city: City, enter: SignIn) -> None:
    both_publish(city)
    made = proposed(city)
    waiting = text(enter("steward"), "/inbox")
    assert f'href="/ownership/{made.subject_id}"' in waiting
    assert "2026-11-16前表态" in waiting
    plan = actions.create_plan(
        kind="form", name="报名表", purpose="报名", fields=actions.read_fields("报名方式"), by=city["stranger"], now=NOW
    )  # fmt: skip
    actions.check_plan(plan=plan, by=city["stranger"], now=NOW)
    actions.submit_plan(plan=plan, by=city["stranger"], now=NOW)
    assert f'href="/ownership/plans/{plan.id}"' in text(enter("authority"), "/inbox")
