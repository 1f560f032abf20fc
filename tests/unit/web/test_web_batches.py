"""Lists of many versions, what is chosen in them, and the run that takes a step, page by page."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from jutong.center.catalog import actions
from jutong.center.catalog.actions import runs
from jutong.center.catalog.enums import VersionState
from jutong.center.catalog.life import BatchRun
from jutong.center.catalog.models import Entry, EntryVersion
from jutong.web.manage import worklist
from tests.center_world import NOW, City
from tests.unit.web.conftest import SignIn

ASSESSED = {
    "conclusion_secrecy": "不涉密", "conclusion_personal": "影响可控", "assessed_by": "王建国",
    "assessed_on": "2026-11-08",
}  # fmt: skip
DIGITS = "零一二三四五六七八九"


def drafts(city: City, count: int) -> list[str]:
    """Ids of fresh drafts in the order of the list."""
    return [str(city.draft(name=f"第{DIGITS[n // 10]}{DIGITS[n % 10]}类登记信息").id) for n in range(count)]


def text(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, answer.content.decode()[:2000]
    return answer.content.decode()


def chosen(page: str) -> int:
    found = re.search(r"已选(\d+)条", page)
    assert found is not None
    return int(found[1])


def post(client: Client, address: str, **typed: Any) -> str:
    answer = client.post(address, typed, follow=True)
    assert answer.status_code == 200, answer.content.decode()[:3000]
    return answer.content.decode()


def states() -> set[str]:
    return set(EntryVersion.objects.values_list("state", flat=True))


def test_a_department_and_its_authority_do_everything_in_five_clicks(city: City, enter: SignIn) -> None:
    drafts(city, 3)
    steward, head, authority = enter("steward"), enter("department_head"), enter("authority")
    assert steward.get("/manage/work").headers["Location"] == "/manage/work/assess"
    post(steward, "/manage/work/assess", do="all")
    assert "办成3条" in post(steward, "/manage/work/assess", do="assess", **ASSESSED)
    assert head.get("/manage/work").headers["Location"] == "/manage/work/consent"
    post(head, "/manage/work/consent", do="all")
    assert "办成3条" in post(head, "/manage/work/consent", do="consent")
    post(steward, "/manage/work/submit", do="all")
    assert "办成3条" in post(steward, "/manage/work/submit", do="submit")
    assert authority.get("/manage/work").headers["Location"] == "/review"
    page = text(authority, "/review")
    assert "首次登记" in page
    assert "市民政局" in page
    post(authority, "/review", do="all")
    assert "办成3条" in post(authority, "/review", do="publish")
    assert Entry.objects.filter(published__isnull=False).count() == 3
    assert "没有待审核的目录" in text(authority, "/review")
    assert text(authority, "/manage/batches").count("通过3条目录") == 1


def test_what_is_chosen_survives_paging_and_another_filter(
    city: City, enter: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worklist, "SIZE", 2)
    ids, steward = drafts(city, 5), enter("steward")
    path = "/manage/work/assess"
    page = post(steward, path, shown=ids[:2], pick=[ids[0]], do="go:2")
    assert chosen(page) == 1
    assert ids[2] in page
    page = post(steward, f"{path}?page=2", shown=ids[2:4], pick=ids[2:4], do="go:3")
    assert chosen(page) == 3
    page = post(steward, f"{path}?q=第零四", shown=[ids[4]], do="page")
    assert chosen(page) == 4
    page = post(steward, f"{path}?page=1", shown=ids[:2], pick=[], do="go:1")
    assert chosen(page) == 3, "a box unticked on its page is no longer chosen"
    post(steward, path, shown=ids[:2], do="discard")
    given_up = set(EntryVersion.objects.filter(state="discarded").values_list("id", flat=True))
    assert {str(row) for row in given_up} == set(ids[2:])


def test_all_that_match_means_the_filter_and_what_was_taken_out(city: City, enter: SignIn) -> None:
    ids, steward = drafts(city, 3), enter("steward")
    other = str(city.draft(name="别的").id)
    path = "/manage/work/assess?q=登记"
    page = post(steward, path, do="all")
    assert chosen(page) == 3
    assert "选中符合条件的全部3条" in page
    page = post(steward, path, shown=ids, pick=ids[:2], do="go:1")
    assert chosen(page) == 2
    assert chosen(text(steward, "/manage/work/assess")) == 0, "another filter matches something else"
    post(steward, path, do="all")
    post(steward, path, shown=ids, pick=ids[:2], do="discard")
    kept = set(EntryVersion.objects.exclude(state="discarded").values_list("id", flat=True))
    assert {str(row) for row in kept} == {ids[2], other}


def test_choosing_is_taken_back_and_nothing_happens_to_nothing(city: City, enter: SignIn) -> None:
    drafts(city, 2)
    steward = enter("steward")
    post(steward, "/manage/work/assess", do="all")
    assert chosen(post(steward, "/manage/work/assess", do="none")) == 0
    refused = steward.post("/manage/work/assess", {"do": "discard", "shown": ["nonsense"], "pick": ["nonsense"]})
    assert refused.status_code == 422
    assert "没有选中可以作废的目录" in refused.content.decode()
    assert chosen(post(steward, "/manage/work/assess", do="nonsense")) == 1
    assert states() == {VersionState.DRAFT}


def test_words_a_step_asks_for_stand_at_their_field(city: City, enter: SignIn) -> None:
    drafts(city, 1)
    steward = enter("steward")
    post(steward, "/manage/work/assess", do="all")
    refused = steward.post("/manage/work/assess", {**ASSESSED, "conclusion_personal": "", "do": "assess"})
    assert refused.status_code == 422
    assert "不涉密" in refused.content.decode(), "what was typed is kept"
    assert chosen(refused.content.decode()) == 1, "and so is what was chosen"
    assert states() == {VersionState.DRAFT}
    done = post(steward, "/manage/work/assess", do="assess", **{**ASSESSED, "assessed_on": "昨天"})
    assert "办成1条" in done


def test_a_head_hands_back_and_the_authority_returns_with_a_code(city: City, enter: SignIn) -> None:
    version = city.assess(city.draft())
    head = enter("department_head")
    post(head, "/manage/work/consent", do="all")
    assert "办成1条" in post(head, "/manage/work/consent", do="decline", reason="口径不清")
    version.refresh_from_db()
    assert version.return_reason == "口径不清"
    version = city.submit(city.draft(name="别的"))
    authority = enter("authority")
    post(authority, "/review", do="all")
    assert authority.post("/review", {"do": "return", "code": ""}).status_code == 422
    post(authority, "/review", do="return", code="self-made-condition", reason="")
    version.refresh_from_db()
    assert (version.state, version.return_code) == ("returned", "self-made-condition")
    shown = text(enter("steward"), f"/manage/entries/{version.entry.code}")
    assert "政务数据共享条例第十五条" in shown


def test_a_run_shows_its_progress_and_those_that_failed_first(
    city: City, enter: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "CHUNK", 1)
    ids, authority = drafts(city, 2), enter("authority")
    versions = EntryVersion.objects.filter(id__in=ids)
    for version in versions:
        city.submit(version)
    versions.filter(id=ids[1]).update(writers=[city["authority"].user_id])
    post(authority, "/review", do="all")
    page = post(authority, "/review", do="publish")
    run = BatchRun.objects.get()
    assert "等待办理" in page
    assert f'hx-get="/manage/batches/{run.id}"' in page
    assert run.done == 0, "a run of more than one chunk is the worker's from the start"
    while runs.carry_on(run_id=run.id, now=run.created_at):
        pass
    part = authority.get(f"/manage/batches/{run.id}", headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part
    assert "hx-get" not in part, "a run that is over is not asked again"
    assert "办成1条，没办成1条" in part
    assert part.index("没办成</span>") < part.index(">办成</span>")
    assert "编写过" in part
    assert "编写过" not in text(authority, f"/manage/batches/{run.id}?only=done")
    assert "编写过" in text(authority, f"/manage/batches/{run.id}?only=failed")
    assert enter("steward").get(f"/manage/batches/{run.id}").status_code == 404


def test_lists_are_for_those_who_take_their_step(city: City, enter: SignIn) -> None:
    assert enter("steward").get("/manage/work/consent").status_code == 403
    assert enter("department_head").get("/manage/work/assess").status_code == 403
    assert enter("steward").get("/manage/work/review").status_code == 404
    assert enter("steward").get("/review").status_code == 403
    assert "这一环节没有要办的目录" in text(enter("steward"), "/manage/work/submit")
    assert "没有符合条件的目录" in text(enter("authority"), "/review?q=没有&sort=removal&share=none&organisation=x")


def test_many_of_a_kind_are_one_line_of_the_inbox(city: City, enter: SignIn) -> None:
    for version_id in drafts(city, 11):
        city.submit(EntryVersion.objects.get(id=version_id))
    page = text(enter("authority"), "/inbox")
    assert '<a href="/review">11条目录</a>' in page
    assert "可以一起办理" in page
    actions.publish_many(ids=EntryVersion.objects.values_list("id", flat=True), by=city["authority"], now=NOW)
    codes = Entry.objects.values_list("code", flat=True)
    actions.register_change(
        kind="duty", title="职责变化", basis="三定方案", happened_on=NOW.date(), codes=codes, by=city["steward"],
        now=NOW,
    )  # fmt: skip
    assert '<a href="/changes">11条目录</a>' in text(enter("steward"), "/inbox")
