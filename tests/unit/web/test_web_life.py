"""An entry's life on its pages: given up, taken down, filed, compared, changed by law, given more time."""

from __future__ import annotations

from django.test import Client

from jutong.center.catalog.life import ChangeEvent, Filing, UpdateExtension
from jutong.center.catalog.models import Entry, EntryVersion
from jutong.center.clocks.models import StatutoryClock
from jutong.center.org.models import Organisation
from tests import sharing_steps
from tests.center_world import City
from tests.sharing_world import World
from tests.unit.web.conftest import SignIn


def text(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, answer.content.decode()[:2000]
    return answer.content.decode()


def post(client: Client, address: str, **typed: str) -> str:
    answer = client.post(address, typed, follow=True)
    assert answer.status_code == 200, answer.content.decode()[:4000]
    return answer.content.decode()


def test_a_draft_is_given_up(city: City, enter: SignIn) -> None:
    code, steward = city.draft().entry.code, enter("steward")
    assert "作废这一版" in text(steward, f"/manage/entries/{code}")
    assert "已作废这一版" in post(steward, f"/manage/entries/{code}/discard")
    assert "已作废" in text(steward, f"/manage/entries/{code}")
    assert code not in text(steward, "/manage/entries")
    assert steward.post(f"/manage/entries/{code}/discard").status_code == 404


def test_an_unused_entry_is_taken_down_by_three_people(city: City, enter: SignIn) -> None:
    code, steward = city.published().entry.code, enter("steward")
    assert "没有部门在用" in text(steward, f"/manage/entries/{code}")
    assert steward.post(f"/manage/entries/{code}/remove", {"change_note": ""}).status_code == 422
    assert "已提出下线" in post(steward, f"/manage/entries/{code}/remove", change_note="职责已划出")
    version = EntryVersion.objects.get(kind="removal")
    head = enter("department_head")
    assert "要您同意：下线这条目录" in text(head, f"/review/{version.id}")
    post(head, f"/review/{version.id}/consent", agreed="0", reason="理由不足")
    assert "已提出下线" in post(steward, f"/manage/entries/{code}/remove", change_note="依三定方案划出")
    post(head, f"/review/{version.id}/consent", agreed="1")
    assert "已提交主管部门审核" in post(steward, f"/manage/entries/{code}/submit")
    authority = enter("authority")
    shown = text(authority, f"/review/{version.id}")
    assert "依三定方案划出" in shown
    assert "同意下线" in shown
    assert "已下线，各部门已收到通知" in post(authority, f"/review/{version.id}/decide", publish="1")
    assert Entry.objects.get().published is None
    page = text(enter("requester"), f"/catalog/{code}/versions")
    assert "已下线" in page
    assert "依三定方案划出" in page
    assert "已下线" in text(steward, f"/manage/entries/{code}")


def test_live_shares_are_named_and_the_filing_is_made_and_decided(world: World, enter: SignIn) -> None:
    sharing_steps.sharing(world)
    Organisation.objects.filter(id=world.civil.id).update(data_office="信息科")
    code, steward, authority = world.entry.code, enter("steward"), enter("authority")
    page = text(steward, f"/manage/entries/{code}")
    assert "与市教育局协商的结果" in page
    asked = {"filing_reason": "职责划出", f"consulted.{world.education.code}": ""}
    assert steward.post(f"/manage/entries/{code}/file", asked).status_code == 422
    asked[f"consulted.{world.education.code}"] = "改用省级接口"
    assert "已向主管部门备案" in post(steward, f"/manage/entries/{code}/file", **asked)
    filing = Filing.objects.get()
    assert f'href="/filings/{filing.id}"' in text(authority, "/inbox")
    assert "改用省级接口" in text(authority, f"/filings/{filing.id}")
    assert authority.post(f"/filings/{filing.id}", {"accepted": "0"}).status_code == 422
    assert "已接受备案" in post(authority, f"/filings/{filing.id}", accepted="1")
    shown = text(steward, f"/filings/{filing.id}")
    assert "已接受" in shown
    assert "接受备案</button>" not in shown
    assert enter("stranger").get(f"/filings/{filing.id}").status_code == 404


def test_a_change_is_registered_with_the_entries_it_touches(city: City, enter: SignIn) -> None:
    codes = [city.published(name=name).entry.code for name in ("结婚登记信息", "离婚登记信息")]
    steward = enter("steward")
    assert "还没有登记过变化" in text(steward, "/changes")
    assert codes[0] in text(steward, f"/changes/new?codes={codes[0]}")
    typed = {"kind": "regulation", "title": "婚姻登记条例修订", "basis": "国务院令", "happened_on": "2026-11-02"}
    wrong = steward.post("/changes/new", {**typed, "title": "", "entries": codes[0]})
    assert wrong.status_code == 422
    assert "国务院令" in wrong.content.decode()
    page = post(steward, "/changes/new", **typed, entries=f"{codes[0]}，{codes[1]}")
    assert page.count("还没有开始更新") == 2
    event = ChangeEvent.objects.get()
    assert "婚姻登记条例修订" in text(enter("authority"), "/changes")
    assert "结婚登记信息" in text(enter("authority"), f"/changes/{event.id}")
    assert enter("stranger").get(f"/changes/{event.id}").status_code == 404
    assert "更新目录" in text(steward, "/inbox")
    post(steward, f"/manage/entries/{codes[0]}/change", trigger="voluntary", change_note="按新条例改")
    assert "第2版，草稿" in text(steward, f"/changes/{event.id}")


def test_more_time_is_asked_for_and_given(city: City, enter: SignIn) -> None:
    code, steward, authority = city.published().entry.code, enter("steward"), enter("authority")
    typed = {"kind": "law", "title": "修法", "basis": "主席令", "happened_on": "2026-11-02", "entries": code}
    post(steward, "/changes/new", **typed)
    page = text(steward, f"/manage/entries/{code}")
    assert "延长几个工作日（最多5个）" in page
    path = f"/manage/entries/{code}/extension"
    assert steward.post(path, {"days": "x", "extension_reason": "等细则"}).status_code == 422
    assert "已向主管部门申请延期" in post(steward, path, days="5", extension_reason="等细则")
    asked = UpdateExtension.objects.get()
    assert f'href="/extensions/{asked.id}"' in text(authority, "/inbox")
    assert "等细则" in text(authority, f"/extensions/{asked.id}")
    assert authority.post(f"/extensions/{asked.id}", {"consented": "0"}).status_code == 422
    assert "已同意延期" in post(authority, f"/extensions/{asked.id}", consented="1")
    assert StatutoryClock.objects.get(period="SLA-CAT-UPD").extension == 5
    assert "同意延期" in text(steward, f"/extensions/{asked.id}")
    assert authority.post("/extensions/0199c0de-0000-7000-8000-000000000001", {"consented": "1"}).status_code == 404


def test_any_two_versions_are_compared_with_who_and_why(city: City, enter: SignIn) -> None:
    code, steward = city.published().entry.code, enter("steward")
    assert "对比两版" not in text(steward, f"/catalog/{code}/versions")
    typed = {"trigger": "voluntary", "change_note": "改频率", "effective_from": "2026-12-01"}
    post(steward, f"/manage/entries/{code}/change", **typed)
    EntryVersion.objects.filter(number=2).update(update_cycle="weekly")
    page = text(steward, f"/catalog/{code}/versions")
    assert "改频率" in page
    assert "每日" in page
    assert "每周" in page
    assert "这两版内容相同" in text(steward, f"/catalog/{code}/versions?before=2&after=2")
    assert "对比两版" in text(steward, f"/catalog/{code}/versions?before=x&after=99")
    assert "对比两版" not in text(enter("requester"), f"/catalog/{code}/versions")
    version = EntryVersion.objects.get(number=2)
    city.submit(version)
    shown = text(enter("authority"), f"/review/{version.id}")
    assert "每周" in shown
    assert "改频率" in shown
