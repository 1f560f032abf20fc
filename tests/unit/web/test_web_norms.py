from __future__ import annotations

from dataclasses import replace

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from jutong.center.norms import actions
from jutong.center.norms.models import CodeMapping, CodeTable, ConformanceRun, DataElement, ElementVersion
from jutong.center.org.actor import platform_actor
from tests.center_world import ITEMS, NOW

pytestmark = pytest.mark.django_db
PLATFORM = platform_actor("test")
PROPOSAL = {
    "name": "殡葬服务编号", "english_name": "funeral_number", "definition": "一次服务的号码", "data_type": "C",
    "length": "20", "precision": "", "synonyms": "火化证号，bzfwbh", "pattern": "", "value_domain": "",
    "code_table": "", "standard": "", "change_note": "新增",
}  # fmt: skip


@pytest.fixture
def library(city):
    actions.load_library(by=PLATFORM, now=NOW)
    return city


def text(response) -> str:
    return str(response.content.decode())


def test_documents_and_rules_are_read(city, enter):
    client = enter("requester")
    shown = text(client.get("/norms"))
    assert "政务数据共享条例" in shown
    assert "未核对原文" in shown
    assert "GB/T 2260" in text(client.get("/norms?binds=codes"))
    assert "没有约束这个环节的文件" in text(client.get("/norms?binds=nothing"))
    assert "QL-01" in text(client.get("/norms/rules"))
    assert "NM-01" not in text(client.get("/norms/rules?document=PIPL"))
    assert "Regulation on government data sharing" in text(client.get("/norms?lang=en", follow=True))


def test_elements_are_found_by_a_column_s_name(library, enter):
    client = enter("requester")
    shown = text(client.get("/norms/elements?q=sfzh"))
    assert "公民身份号码" in shown
    assert "提出数据元" not in shown
    assert "DE02001" in text(client.get("/norms/elements?group=DE02"))
    assert "没有符合的数据元" in text(client.get("/norms/elements?q=xyzzy"))
    assert client.get("/norms/elements?q=%00").status_code == 200
    shown = text(client.get("/norms/elements/DE01005"))
    assert "/norms/codes/gbt3304" in shown
    assert client.get("/norms/elements/DE99999").status_code == 404


def test_an_element_is_proposed_reviewed_and_retired_on_pages(library, enter):
    steward, authority = enter("steward"), enter("authority")
    assert steward.get("/norms/elements/new?name=x").status_code == 200
    assert steward.post("/norms/elements/new", {**PROPOSAL, "length": "abc"}).status_code == 422
    assert steward.post("/norms/elements/new", PROPOSAL).url == "/norms/elements/LE00001"
    version = ElementVersion.objects.get(element__code="LE00001")
    assert version.synonyms == ["火化证号", "bzfwbh"]
    assert steward.get(f"/norms/versions/{version.id}/edit").status_code == 200
    assert steward.post(f"/norms/versions/{version.id}/edit", {**PROPOSAL, "english_name": ""}).status_code == 302
    refused = steward.post(f"/norms/versions/{version.id}/step", {"step": "submit"})
    assert refused.status_code == 422
    assert "英文名称" in text(refused)
    assert steward.post(f"/norms/versions/{version.id}/edit", {**PROPOSAL, "name": ""}).status_code == 422
    steward.post(f"/norms/versions/{version.id}/edit", PROPOSAL)
    assert steward.post(f"/norms/versions/{version.id}/step", {"step": "recall"}).status_code == 409
    assert steward.post(f"/norms/versions/{version.id}/step", {"step": "fly"}).status_code == 404
    steward.post(f"/norms/versions/{version.id}/step", {"step": "submit"})
    assert "殡葬服务编号" in text(authority.get("/norms/elements/waiting"))
    assert "通过并发布" in text(authority.get("/norms/elements/LE00001"))
    assert authority.post(f"/norms/versions/{version.id}/decide", {"publish": "0"}).status_code == 422
    authority.post(f"/norms/versions/{version.id}/decide", {"publish": "0", "reason": "定义不清"})
    assert "定义不清" in text(steward.get("/norms/elements/LE00001"))
    steward.post(f"/norms/versions/{version.id}/edit", PROPOSAL)
    steward.post(f"/norms/versions/{version.id}/step", {"step": "submit"})
    assert authority.post(f"/norms/versions/{version.id}/decide", {"publish": "1"}).status_code == 302
    assert steward.get("/norms/elements/LE00001/propose").status_code == 200
    assert steward.post("/norms/elements/LE00001/propose", {**PROPOSAL, "length": "30"}).status_code == 302
    assert steward.post("/norms/elements/LE00001/propose", PROPOSAL).status_code == 409
    second = ElementVersion.objects.get(element__code="LE00001", number=2)
    assert steward.post(f"/norms/versions/{second.id}/step", {"step": "discard"}).url == "/norms/elements/waiting"
    assert authority.post("/norms/elements/LE00001/retire", {"reason": ""}).status_code == 422
    assert authority.post("/norms/elements/LE00001/retire", {"reason": "不用了"}).status_code == 302
    assert DataElement.objects.get(code="LE00001").published is None
    assert authority.post("/norms/elements/LE00001/retire", {"reason": "不用了"}).status_code == 404
    assert steward.get("/norms/elements/LE00001/propose").status_code == 404


def test_another_department_s_draft_is_not_there(library, enter):
    enter("steward").post("/norms/elements/new", PROPOSAL)
    version = ElementVersion.objects.get(element__code="LE00001")
    assert enter("stranger").get("/norms/elements/LE00001").status_code == 404
    assert enter("stranger").get(f"/norms/versions/{version.id}/edit").status_code == 404
    assert enter("requester").get("/norms/elements/new").status_code == 403


def test_code_tables_are_read_on_any_day_and_mapped(city, enter):
    actions.load_shipped_tables(by=PLATFORM, now=NOW)
    client = enter("requester")
    assert "gbt3304" in text(client.get("/norms/codes?q=民族"))
    assert "没有符合的代码表" in text(client.get("/norms/codes?q=xyzzy"))
    assert "宣武区" in text(client.get("/norms/codes/gbt2260?on=1990-12-01&q=110104"))
    assert "宣武区" not in text(client.get("/norms/codes/gbt2260?on=x&q=110104"))
    shown = text(client.get("/norms/codes/gbt2260/map?code=110221&start=1990-12-01"))
    assert "110114" in shown
    assert "昌平区" in shown
    assert "核定一个变动" not in shown
    assert client.get("/norms/codes/gbt2260/map?code=999999&start=1990-12-01").status_code == 404
    assert client.get("/norms/codes/nothing").status_code == 404
    for address in ("/norms/codes?q=%00", "/norms/codes/gbt2260?q=%00", "/norms/codes/gbt2260/map?code=%00"):
        assert client.get(address).status_code == 200


def test_the_authority_loads_an_edition_and_settles_a_change(city, enter):
    client = enter("authority")

    def load(content: bytes, day: str, edition: str = "一版"):
        file = SimpleUploadedFile("codes.csv", content)
        head = {"key": "markets", "name": "农贸市场", "standard": "", "edition": edition, "effective_from": day}
        return client.post("/norms/codes/load", {**head, "file": file})

    assert client.get("/norms/codes/load").status_code == 200
    assert load("代码,名称\n1,东门\n2,南门\n".encode("gb18030"), "2025-01-01").url == "/norms/codes/markets"
    assert load("代码,名称\n1,东门\n3,北门\n".encode(), "2026-01-01").status_code == 302
    for content, day in (
        (b"", "2027-01-01"),
        (b"\xff\xff\xff", "2027-01-01"),
        (b"c,n\n1,a\n", ""),
        (b"c\n1\n", "2027-01-01"),
    ):
        assert load(content, day).status_code == 422
    shown = text(client.get("/norms/codes/markets/map"))
    assert "待核实的变动" in shown
    words = {"on": "2026-01-01", "code": "2", "kind": "merged", "targets": "3"}
    assert client.post("/norms/codes/markets/settle", {**words, "targets": "1，3"}).status_code == 422
    assert client.post("/norms/codes/markets/settle", words).status_code == 302
    assert CodeMapping.objects.get(table=CodeTable.objects.get(), code="2").target == "3"
    assert enter("steward").get("/norms/codes/load").status_code == 403


def test_conformance_is_run_and_read(city, enter):
    entry = city.published(items=(replace(ITEMS[0], is_personal=False), ITEMS[1])).entry
    client = enter("steward")
    assert "每晚一次" in text(client.get("/norms/conformance"))
    assert "没有要改的" not in text(client.get("/norms/conformance"))
    done = client.post(f"/norms/conformance/organisations/{city.civil.code}/run")
    shown = text(client.get(done.url))
    assert "得分 = 100" in shown
    assert "GD-02" in shown
    assert "没有标明是个人信息" in text(client.get(f"{done.url}?rule=GD-02"))
    assert "没有要改的" in text(client.get(f"{done.url}?rule=NM-01"))
    listing = text(client.get(f"/norms/conformance/organisations/{city.civil.code}"))
    assert entry.code in listing
    run = client.post(f"/norms/conformance/entries/{entry.code}/run")
    assert "QL-01" in text(client.get(run.url))
    assert client.get(f"{run.url}?page=2").status_code == 200
    city.source()
    done = client.post("/norms/conformance/tables/run", {"table": "civil-pg|public|marriage"})
    assert "TB-01" in text(client.get(done.url))
    assert client.post("/norms/conformance/tables/run", {"table": "nothing"}).status_code == 404
    assert ConformanceRun.objects.count() == 3
    assert "婚姻登记信息" in text(client.get("/norms/conformance"))
    assert "civil-pg" in text(client.get("/norms/conformance"))
    stranger = enter("stranger")
    assert stranger.get(run.url).status_code == 404
    assert stranger.post(f"/norms/conformance/entries/{entry.code}/run").status_code == 404
    assert stranger.get(f"/norms/conformance/organisations/{city.civil.code}").status_code == 404
    assert "还没有已发布的目录" in text(stranger.get("/norms/conformance"))
    empty = enter("authority").post(f"/norms/conformance/organisations/{city.education.code}/run")
    assert "没有可检查的内容" in text(enter("authority").get(empty.url))
    assert client.get("/norms/conformance/runs/00000000-0000-0000-0000-000000000000").status_code == 404


def test_the_grading_guide_gives_level_reason_and_controls(city, enter):
    client = enter("requester")
    assert "答完左边的问题" in text(client.get("/norms/grading"))
    shown = text(client.get("/norms/grading?person=serious&tag=health&persons=2000000&sensitive=x&scheme=db33-2350"))
    assert "个人信息的参考最低级别" in shown
    assert "一般4级" in shown
    assert "L4" in shown
    assert "数据规模提升" in text(client.get("/norms/grading?person=ordinary&tag=none&persons=1000000"))
    assert "核心数据不能在本平台登记" in text(client.get("/norms/grading?national-security=extreme&tag=none"))
    assert "一般1级" in text(client.get("/norms/grading?person=fatal&tag=what&scheme=what"))
