"""An entry written in steps, judged while it is typed."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils import translation

from jutong.center.catalog.models import Entry, EntryVersion
from jutong.center.catalog.template import load_template
from jutong.standards.template_document import shipped_document
from tests.center_world import CITY, FIELDS, ITEMS, NOW, PLATFORM, City
from tests.unit.web.conftest import SignIn

BASIC = {
    "step": "basic", "name": "走失人员登记", "classification": "307010", "summary": "走失人员的登记和寻回",
    "data_format": "database", "format_type": "mysql", "update_cycle": "daily",
}  # fmt: skip


@pytest.fixture
def steward(city: City, enter: SignIn) -> Client:
    return enter("steward")


def provincial() -> None:
    document = {**shipped_document("province-2025"), "division": CITY}
    load_template(document=document, by=PLATFORM, now=NOW)


def code() -> str:
    return str(Entry.objects.get().code)


def version() -> EntryVersion:
    return EntryVersion.objects.get()


def test_each_step_saves_what_it_shows_and_leads_on(steward: Client) -> None:
    first = steward.post("/manage/entries/new", BASIC | {"then": "next"})
    here = f"/manage/entries/{code()}/edit"
    assert first.headers["Location"] == f"{here}/items"
    rows = {
        "step": "items", "rows": "3", "then": "next", "items.0.name": "登记编号", "items.0.data_type": "C",
        "items.0.length": "20", "items.0.is_key": "1", "items.0.element": "DE01", "items.0.english_name": "number",
        "items.0.share_attribute": "conditional", "items.0.is_open": "1", "items.1.name": "", "items.2.name": "姓名",
    }  # fmt: skip
    assert steward.post(f"{here}/items", rows).headers["Location"] == f"{here}/sharing"
    sharing = {
        "step": "sharing", "share_attribute": "conditional", "share_channel": "platform", "share_way": "service",
        "share_scope": "本市各部门", "share_purpose": "寻找走失人员", "then": "next",
    }  # fmt: skip
    assert steward.post(f"{here}/sharing", sharing).headers["Location"] == f"{here}/grading"
    grading = {
        "step": "grading", "grade": "general-3", "not_secret": "1", "then": "next",
        "related_codes": "307010/00009，307010/00008", "extra_classes": "203001\n201002",
    }  # fmt: skip
    assert steward.post(f"{here}/grading", grading).headers["Location"] == f"{here}/review"
    made = version()
    assert (made.name, made.share_way, made.grade, made.not_secret) == ("走失人员登记", "service", "general-3", True)
    assert made.related_codes == ["307010/00009", "307010/00008"]
    assert made.extra_classes == ["203001", "201002"]
    assert [(item.name, item.element, item.is_open) for item in made.items.all()] == [
        ("登记编号", "DE01", True), ("姓名", "", False),
    ]  # fmt: skip
    text = steward.get(f"{here}/review").content.decode()
    assert "没有这个代码的目录" in text
    assert "共2个数据项" in text
    assert f'href="{here}/grading#f-related_codes"' in text
    assert "去登记评估" in text


def test_a_later_step_keeps_what_the_earlier_ones_said(city: City, steward: Client) -> None:
    city.draft()
    steward.post(f"/manage/entries/{code()}/edit/sharing", {"step": "sharing", "share_attribute": "unconditional"})
    made = version()
    assert made.share_attribute == "unconditional"
    assert made.summary == FIELDS.summary
    assert made.not_secret
    assert made.items.count() == len(ITEMS)


def test_extension_fields_come_from_the_edition_in_force(city: City, steward: Client) -> None:
    city.draft()
    here = f"/manage/entries/{code()}/edit/grading"
    assert "最小分级单元" not in steward.get(here).content.decode()
    provincial()
    text = steward.get(here).content.decode()
    assert "最小分级单元" in text
    assert "数据存储总量（GB）" in text
    typed = {
        "step": "grading", "grade": "general-3", "not_secret": "1", "extensions.least_unit": "表",
        "extensions.stored_total": "12.5", "extensions.stored_shared": "3", "extensions.carrier": "",
    }  # fmt: skip
    assert steward.post(here, typed).status_code == 302
    assert version().extensions == {"least_unit": "表", "stored_total": 12.5, "stored_shared": 3}
    wrong = steward.post(here, typed | {"extensions.stored_total": "很多"})
    assert wrong.status_code == 422
    assert 'value="很多"' in wrong.content.decode()
    assert version().extensions["stored_total"] == 12.5
    assert steward.post(here, typed | {"extensions.least_unit": ""}).status_code == 302
    assert "least_unit" not in version().extensions


def test_what_is_typed_is_judged_without_being_stored(city: City, steward: Client) -> None:
    city.published()
    typed = BASIC | {"name": "婚姻登记信息", "format_type": "pdf", "summary": ""}
    text = steward.post("/manage/check", typed).content.decode()
    assert 'id="v-name"' in text
    assert "本部门已有名称相同的目录" in text
    assert "格式类型不属于所选的数据格式" in text
    assert "还没填" in text
    assert "摘要" in text
    assert Entry.objects.count() == 1
    right = steward.post("/manage/check", BASIC).content.decode()
    assert "这一步没有要改的" in right


def test_a_draft_is_judged_as_the_entry_it_is(city: City, steward: Client) -> None:
    city.draft()
    typed = BASIC | {"name": FIELDS.name, "code": code()}
    assert "本部门已有名称相同的目录" not in steward.post("/manage/check", typed).content.decode()
    items = {
        "step": "items", "code": code(), "rows": "3", "items.0.name": "姓名", "items.0.data_type": "C",
        "items.1.name": "姓名", "items.1.data_type": "",
    }  # fmt: skip
    text = steward.post("/manage/check", items).content.decode()
    assert 'id="v-items_1"' in text
    assert "信息项名称重复" in text
    assert steward.post("/manage/check", BASIC | {"code": "307010/09999"}).status_code == 404
    assert steward.get("/manage/check").status_code == 405


def test_self_made_conditions_are_hinted_at(city: City, steward: Client) -> None:
    city.draft()
    typed = {
        "step": "sharing", "code": code(), "share_attribute": "conditional", "share_way": "service",
        "share_scope": "本市各部门", "share_purpose": "核验", "use_conditions": "须经我局领导批准并加盖公章",
    }  # fmt: skip
    text = steward.post("/manage/check", typed).content.decode()
    assert "在条例规定的申请和答复之外另设审批" in text
    assert "要求平台以外的手续" in text
    assert "2处提醒" in text


def test_the_steps_say_how_much_is_left(city: City, steward: Client) -> None:
    city.draft(summary="", share_scope="")
    here = f"/manage/entries/{code()}/edit"
    text = steward.get(here).content.decode()
    assert "1处" in text
    assert "还没填：摘要" in text.replace("\n", "")
    assert steward.get(f"{here}/nowhere").status_code == 404
    assert steward.post(f"{here}/review", {"then": "next"}).status_code == 200


def test_items_are_offered_the_elements_they_stand_for(city: City, steward: Client) -> None:
    city.draft()
    text = steward.get(f"/manage/entries/{code()}/edit/items").content.decode()
    assert "公民身份号码</option>" in text


def test_the_form_speaks_english(city: City, steward: Client) -> None:
    city.draft()
    provincial()
    steward.cookies["django_language"] = "en"
    with translation.override("en"):
        text = steward.get(f"/manage/entries/{code()}/edit/grading", HTTP_ACCEPT_LANGUAGE="en").content.decode()
    assert "Smallest graded unit" in text


def test_strangers_write_nothing(city: City, enter: SignIn) -> None:
    city.draft()
    stranger = enter("stranger")
    for at in ("basic", "items", "review"):
        assert stranger.get(f"/manage/entries/{code()}/edit/{at}").status_code == 404
    assert stranger.post("/manage/check", BASIC | {"code": code()}).status_code == 404
    assert enter("requester").post("/manage/check", BASIC).status_code == 403


def test_reviewers_and_readers_see_what_the_edition_adds(city: City, steward: Client, enter: SignIn) -> None:
    provincial()
    made = city.submit(
        city.draft(extensions={"least_unit": "表", "carrier": "both"}, format_type="mysql", extra_classes=("203001",))
    )
    authority = enter("authority")
    text = authority.get(f"/review/{made.id}").content.decode()
    for told in ("模板的其他内容", "最小分级单元", "电子和纸质", "mysql", "203001"):
        assert told in text
    authority.post(f"/review/{made.id}/decide", {"publish": "1"})
    assert "电子和纸质" in enter("requester").get(f"/catalog/{code()}").content.decode()
    version_ = EntryVersion.objects.get()
    version_.template = ""
    version_.save(update_fields=["template"])
    assert "电子和纸质" in steward.get(f"/catalog/{code()}").content.decode()
