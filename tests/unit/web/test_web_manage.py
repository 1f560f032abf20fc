"""An entry from the first line of its form to publication, binding and the library, as a steward does it."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from jutong.center.catalog.enums import VersionState
from jutong.center.catalog.models import Binding, Entry, EntryVersion
from jutong.center.fleet.models import Order
from jutong.center.jobs.models import Job
from tests.center_world import FIELDS, ITEMS, NOW, City, at
from tests.unit.web.conftest import SignIn, Watch


def _form(**changes: str) -> dict[str, str]:
    texts = (
        "name", "classification", "summary", "domain", "data_format", "update_cycle", "share_attribute", "share_way",
        "share_scope", "share_purpose", "use_conditions", "refusal_reason", "basis_kind", "basis_title",
        "basis_article", "grade", "origin",
    )  # fmt: skip
    typed = {name: str(getattr(FIELDS, name)) for name in texts} | {"not_secret": "1", "rows": "6"}
    for at_, item in enumerate(ITEMS):
        typed |= {
            f"items.{at_}.name": item.name, f"items.{at_}.data_type": item.data_type,
            f"items.{at_}.length": str(item.length), f"items.{at_}.grade": item.grade,
            f"items.{at_}.is_key": "1" if item.is_key else "", f"items.{at_}.is_personal": "1",
            f"items.{at_}.widest_mode": "plain", f"items.{at_}.mask": "all",
        }  # fmt: skip
    return typed | changes


@pytest.fixture
def steward(city: City, enter: SignIn) -> Client:
    return enter("steward")


def _code() -> str:
    return str(Entry.objects.get().code)


def test_an_entry_is_registered_assessed_agreed_to_and_published(
    city: City, steward: Client, enter: SignIn, watch: Watch
) -> None:
    assert "登记目录" in steward.get("/manage/entries/new").content.decode()
    assert "草稿已存" in steward.post("/manage/entries/new", _form(), follow=True).content.decode()
    address = f"/manage/entries/{_code()}"
    for kind in ("secrecy", "personal"):
        typed = {
            "kind": kind,
            "passed": "1",
            "conclusion": "风险可控",
            "assessed_by": "王建国",
            "assessed_on": "2026-11-08",
        }
        assert "评估已登记" in steward.post(f"{address}/assess", typed, follow=True).content.decode()
    version = EntryVersion.objects.get()
    head = enter("department_head")
    assert "婚姻登记信息" in head.get("/inbox").content.decode()
    assert "婚姻登记信息" in head.get(f"/review/{version.id}").content.decode()
    assert "可以提交审核" in head.post(f"/review/{version.id}/consent", {"agreed": "1"}, follow=True).content.decode()
    assert "已提交主管部门审核" in steward.post(f"{address}/submit", follow=True).content.decode()
    authority = enter("authority")
    assert "婚姻登记信息" in authority.get("/review").content.decode()
    done = authority.post(f"/review/{version.id}/decide", {"publish": "1"}, follow=True)
    assert "已发布" in done.content.decode()
    assert Entry.objects.get().published_id == version.id
    assert steward.get(f"/catalog/{_code()}").status_code == 200


def test_a_form_with_faults_keeps_what_was_typed(city: City, steward: Client) -> None:
    response = steward.post("/manage/entries/new", _form(classification="abc", name="坏的目录"))
    assert response.status_code == 422
    assert 'value="坏的目录"' in response.content.decode()
    assert not Entry.objects.exists()


def test_a_draft_is_changed_and_rows_are_added(city: City, steward: Client) -> None:
    city.draft()
    address = f"/manage/entries/{_code()}/edit"
    assert 'value="婚姻状况"' in steward.get(f"{address}/items").content.decode()
    more = steward.post(address, _form(summary="改过的摘要", then="more"))
    assert more.headers["Location"] == f"{address}/items#items"
    assert EntryVersion.objects.get().summary == "改过的摘要"
    wrong = steward.post(address, _form(name="", rows="x"))
    assert wrong.status_code == 422


def test_what_is_missing_is_listed_before_submission(city: City, steward: Client) -> None:
    city.draft(summary="")
    text = steward.get(f"/manage/entries/{_code()}").content.decode()
    assert "提交前还差什么" in text
    response = steward.post(f"/manage/entries/{_code()}/submit")
    assert 400 <= response.status_code < 500
    assert EntryVersion.objects.get().state == VersionState.DRAFT


def test_an_assessment_needs_its_conclusion_and_a_day(city: City, steward: Client) -> None:
    city.draft()
    address = f"/manage/entries/{_code()}/assess"
    assert steward.post(address, {"kind": "secrecy", "passed": "1"}).status_code == 422
    typed = {"kind": "nonsense", "conclusion": "可控", "assessed_by": "王建国", "assessed_on": "昨天"}
    assert "请填日期" in steward.post(address, typed).content.decode()


def test_a_submitted_version_is_recalled_or_returned(city: City, steward: Client, enter: SignIn) -> None:
    version = city.submit(city.draft())
    assert "已撤回" in steward.post(f"/manage/entries/{_code()}/recall", follow=True).content.decode()
    version = EntryVersion.objects.get()
    assert version.state != VersionState.SUBMITTED
    again = steward.post(f"/manage/entries/{_code()}/recall")
    assert 400 <= again.status_code < 500


def test_the_authority_returns_with_a_reason(city: City, steward: Client, enter: SignIn) -> None:
    version = city.submit(city.draft())
    authority = enter("authority")
    assert 400 <= authority.post(f"/review/{version.id}/decide", {"publish": "0"}).status_code < 500
    typed = {"publish": "0", "code": "other", "reason": "摘要太短"}
    done = authority.post(f"/review/{version.id}/decide", typed, follow=True)
    assert "已退回并说明原因" in done.content.decode()
    assert "摘要太短" in steward.get(f"/manage/entries/{_code()}").content.decode()


def test_the_head_declines_with_a_reason(city: City, enter: SignIn) -> None:
    version = city.assess(city.draft())
    head = enter("department_head")
    assert 400 <= head.post(f"/review/{version.id}/consent", {"agreed": "0"}).status_code < 500
    done = head.post(f"/review/{version.id}/consent", {"agreed": "0", "reason": "先核对口径"}, follow=True)
    assert "已退回数据专员" in done.content.decode()


def test_a_new_version_shows_its_differences(city: City, steward: Client, enter: SignIn, watch: Watch) -> None:
    city.published()
    watch.now = at(1)
    address = f"/manage/entries/{_code()}"
    assert steward.get(f"{address}/edit").headers["Location"] == address
    wrong = steward.post(f"{address}/change", {"trigger": "duty", "happened_on": "某天"})
    assert wrong.status_code == 422
    response = steward.post(f"{address}/change", {"trigger": "voluntary", "happened_on": ""})
    assert response.headers["Location"] == f"{address}/edit"
    steward.post(f"{address}/edit", _form(summary="新的摘要"))
    version = EntryVersion.objects.order_by("number").last()
    assert version is not None
    assert version.number == 2
    text = steward.get(f"/review/{version.id}").content.decode()
    assert "新的摘要" in text
    assert 400 <= steward.post(f"{address}/change", {"trigger": "voluntary"}).status_code < 500


def test_an_entry_is_bound_moved_and_unbound(city: City, steward: Client) -> None:
    city.published()
    address = f"/manage/entries/{_code()}"
    missing = steward.post(f"{address}/move")
    assert 400 <= missing.status_code < 500
    city.source()
    assert "marriage" in steward.get("/manage/sources").content.decode()
    table = "civil-pg|public|marriage"
    text = steward.get(f"{address}/bind", {"table": table}).content.decode()
    assert "id_number" in text
    items: Any = {item.name: item.id for item in Entry.objects.get().published.items.all()}  # type: ignore[union-attr]
    none = steward.post(f"{address}/bind", {"table": table})
    assert 400 <= none.status_code < 500
    columns = {
        f"c_{items['公民身份号码']}": "id_number", f"c_{items['姓名']}": "name", f"c_{items['婚姻状况']}": "marital",
    }  # fmt: skip
    assert "已挂接" in steward.post(f"{address}/bind", {"table": table, **columns}, follow=True).content.decode()
    moved = steward.post(f"{address}/move", follow=True).content.decode()
    assert "已下达" in moved
    assert Job.objects.get().target in moved
    again = steward.post(f"{address}/unbind", follow=True)
    assert again.status_code in {200, 409}
    assert Binding.objects.filter(ended_at=None).count() == (0 if again.status_code == 200 else 1)


def test_nothing_is_unbound_twice(city: City, steward: Client) -> None:
    city.published()
    assert 400 <= steward.post(f"/manage/entries/{_code()}/unbind").status_code < 500


def test_a_node_is_asked_for_its_tables_again(city: City, steward: Client, settings, tmp_path) -> None:
    from dataclasses import replace

    settings.JUTONG = replace(settings.JUTONG, home=tmp_path)
    city.source()
    before = Order.objects.count()
    assert "已请节点重新列出表" in steward.post("/manage/sources/civil-pg/inventory", follow=True).content.decode()
    assert Order.objects.count() == before + 1
    assert steward.post("/manage/sources/nowhere/inventory").status_code == 404


def test_another_departments_drafts_are_not_there(city: City, enter: SignIn) -> None:
    version = city.draft()
    stranger = enter("stranger")
    for address in (f"/manage/entries/{_code()}", f"/manage/entries/{_code()}/edit", f"/manage/entries/{_code()}/bind"):
        assert stranger.get(address).status_code == 404
    assert stranger.get(f"/review/{version.id}").status_code == 404
    for step in ("assess", "submit", "recall", "change", "move", "unbind"):
        assert stranger.post(f"/manage/entries/{_code()}/{step}").status_code == 404
        assert stranger.get(f"/manage/entries/{_code()}/{step}").status_code == 405


def test_the_list_of_own_entries_has_pages(city: City, steward: Client) -> None:
    for _ in range(21):
        city.draft(now=NOW)
    first = steward.get("/manage/entries").content.decode()
    assert 'rel="next"' in first
    second = steward.get("/manage/entries?page=2").content.decode()
    assert 'rel="prev"' in second
    assert 'rel="next"' not in second
