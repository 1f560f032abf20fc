from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from jutong.center.catalog import actions, queries
from jutong.center.catalog.enums import UpdateTrigger
from jutong.kernel.errors import ForbiddenError, NotFoundError
from tests.center_world import FIELDS, ITEMS, NOW, City, at

TODAY = NOW.date()


def test_a_published_entry_is_read_by_every_department(city: City):
    version = city.published()
    for name in ("requester", "stranger", "leader", "authority", "department_head"):
        entry = queries.published_entry(city[name], version.entry.code)
        assert entry.published == version
        assert queries.open_binding(entry) is None
    with pytest.raises(ForbiddenError):
        queries.published_entry(city["system_admin"], version.entry.code)


def test_a_published_entry_comes_in_a_fixed_number_of_questions(city: City, django_assert_num_queries):
    code = city.published().entry.code
    with django_assert_num_queries(3):
        entry = queries.published_entry(city["requester"], code)
        assert entry.published is not None
        assert len(entry.published.items.all()) == 3
        assert entry.organisation.name == "金河市民政局"
        assert queries.open_binding(entry) is None


@pytest.mark.parametrize("name", ["requester", "stranger", "leader", "authority", "steward"])
def test_a_draft_is_no_published_entry_to_anybody(city: City, name: str):
    code = city.draft().entry.code
    with pytest.raises(NotFoundError):
        queries.published_entry(city[name], code)


def test_a_draft_is_there_for_its_own_department_only(city: City):
    version = city.draft()
    for name in ("steward", "office_head", "department_head"):
        entry = queries.entry_for_steward(city[name], version.entry.code)
        assert queries.open_version(entry) == version
        assert queries.version(city[name], str(version.id)) == version
    for name in ("stranger", "stranger_head", "authority"):
        with pytest.raises(NotFoundError):
            queries.entry_for_steward(city[name], version.entry.code)
        with pytest.raises(NotFoundError):
            queries.version(city[name], version.id)
        with pytest.raises(NotFoundError):
            queries.history(city[name], version.entry.code)
    with pytest.raises(ForbiddenError):
        queries.entry_for_steward(city["requester"], version.entry.code)
    with pytest.raises(NotFoundError):
        queries.version(city["requester"], version.id)
    with pytest.raises(NotFoundError):
        queries.version(city["steward"], "nonsense")


def test_a_draft_and_nothing_read_alike(city: City):
    code = city.draft().entry.code
    answers = []
    for wanted in (code, code.replace("00001", "00002")):
        with pytest.raises(NotFoundError) as refused:
            queries.published_entry(city["stranger"], wanted)
        answers.append(refused.value.explain().replace(wanted, "…"))
    assert answers[0] == answers[1]


def test_the_authority_sees_what_was_submitted_to_it(city: City):
    version = city.submit(city.draft())
    assert queries.version(city["authority"], version.id) == version
    assert [row.number for row in queries.history(city["authority"], version.entry.code)] == [1]
    elsewhere = replace(city["authority"], division_code="629902")
    with pytest.raises(NotFoundError):
        queries.version(elsewhere, version.id)


def test_history_shows_drafts_to_the_own_department(city: City):
    first = city.published()
    actions.new_version(entry=first.entry, by=city["steward"], now=NOW)
    code = first.entry.code
    assert [row.number for row in queries.history(city["steward"], code)] == [2, 1]
    assert [row.number for row in queries.history(city["requester"], code)] == [1]


def test_the_departments_list_puts_what_is_being_made_first(city: City, django_assert_num_queries):
    city.published(name="已发布的")
    city.published(name="正在更新的", now=at(-3))
    entry = queries.search(city["steward"], "正在更新").results[0]
    actions.new_version(
        entry=queries.entry_for_steward(city["steward"], entry.code), by=city["steward"], now=NOW,
        trigger=UpdateTrigger.DUTY, happened_on=date(2026, 11, 6),
    )  # fmt: skip
    city.submit(city.draft(name="待审核的"))
    with django_assert_num_queries(6):
        rows = queries.my_entries(city["steward"], TODAY)
    names = [row.open_version.name if row.open_version else row.entry.published_name for row in rows]
    assert set(names[:2]) == {"正在更新的", "待审核的"}
    assert names[2] == "已发布的"
    clocks = {name: row.clock for name, row in zip(names, rows, strict=True)}
    assert clocks["已发布的"] is None
    updating, waiting = clocks["正在更新的"], clocks["待审核的"]
    assert updating is not None
    assert waiting is not None
    assert (updating.period, updating.remaining) == ("SLA-CAT-UPD", 9)
    assert (waiting.period, waiting.organisation_name) == ("SLA-CAT-REV0", "市大数据局")
    assert queries.my_entries(city["steward"], TODAY, page=2) == []
    assert queries.my_entries(city["stranger"], TODAY) == []
    with pytest.raises(ForbiddenError):
        queries.my_entries(city["requester"], TODAY)


def test_versions_wait_for_the_head_of_their_department(city: City):
    assessed = city.assess(city.draft())
    city.draft(name="还没评估")
    assert queries.consent_queue(city["department_head"]) == [assessed]
    assert queries.consent_queue(city["stranger_head"]) == []
    with pytest.raises(ForbiddenError):
        queries.consent_queue(city["office_head"])


def test_the_review_queue_is_sorted_by_what_presses(city: City, django_assert_num_queries):
    later = city.submit(city.draft(name="后提交"), at(1))
    first = city.submit(city.draft(name="先提交"), NOW)
    with django_assert_num_queries(6):
        tasks = queries.review_queue(city["authority"], TODAY)
    assert [task.version for task in tasks] == [first, later]
    assert tasks[0].clock is not None
    assert (tasks[0].clock.remaining, tasks[0].clock.state) == (2, "soon")
    assert queries.review_queue(replace(city["authority"], division_code="629902"), TODAY) == []
    with pytest.raises(ForbiddenError):
        queries.review_queue(city["steward"], TODAY)


def test_findings_are_for_whoever_may_see_the_version(city: City):
    version = city.draft()
    assert {found.rule for found in queries.findings(city["steward"], version) if found.is_error} == {"VC-02"}
    with pytest.raises(NotFoundError):
        queries.findings(city["stranger"], version)


def test_the_difference_of_two_versions_is_told_field_by_field(city: City):
    first = city.published()
    second = actions.new_version(entry=first.entry, by=city["steward"], now=NOW)
    assert queries.diff(first, second) == []
    items = (replace(ITEMS[0], grade="general-4"), ITEMS[2], replace(ITEMS[1], name="曾用名"))
    second = actions.edit_version(
        version=second, fields=replace(FIELDS, update_cycle="weekly"), items=items, by=city["steward"], now=NOW
    )
    changes = [(row.kind, row.subject, row.field, row.before, row.after) for row in queries.diff(first, second)]
    assert changes == [
        ("changed", "", "update_cycle", "daily", "weekly"),
        ("removed", "姓名", "", "姓名", ""),
        ("changed", "公民身份号码", "grade", "general-3", "general-4"),
        ("added", "曾用名", "", "", "曾用名"),
    ]
    assert {row.label for row in queries.diff(first, second)} == {"数据更新频率", "数据项", "数据分类分级"}
