from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from jutong.center.catalog.enums import VersionState
from jutong.center.catalog.models import Entry, EntryVersion
from jutong.center.clocks.queries import ClockView
from jutong.center.org.models import Organisation
from jutong.center.paging import CursorError
from jutong.center.sharing import actions, queries
from jutong.center.sharing.enums import Event
from jutong.center.sharing.models import Application, Grant, Notice, Violation
from jutong.center.sharing.queries import TaskKind
from jutong.kernel.errors import ForbiddenError, NotFoundError
from tests.sharing_steps import agreed, answer, awaiting, drafted, fresh, prepared, sharing, sign, submitted, suspended
from tests.sharing_world import NOW, World, at, organisation, person

PARTIES = (
    "requester",
    "requester_head",
    "steward",
    "provider_head",
    "department_head",
    "authority",
    "leader",
    "auditor",
)


def kinds(actor, now=NOW) -> list[str]:
    return [task.kind.value for task in queries.inbox(actor, now)]


@pytest.mark.parametrize("who", PARTIES)
def test_the_parties_read_an_application(world: World, who: str) -> None:
    application = submitted(world)
    found = queries.application(getattr(world, who), application.number)
    assert found == application
    assert [row.item.name for row in found.items.all()] == ["公民身份号码", "姓名", "婚姻状况"]
    assert [row.by.name for row in found.consents.all()] == ["郑雅文"]


def test_everybody_else_is_told_there_is_none(world: World) -> None:
    application = submitted(world)
    for who in (world.stranger, world.stranger_head):
        with pytest.raises(NotFoundError):
            queries.application(who, application.number)
    with pytest.raises(ForbiddenError):
        queries.application(world.system_admin, application.number)
    with pytest.raises(NotFoundError):
        queries.application(world.requester, "SQ20261109-9999")


@pytest.mark.parametrize("who", ["steward", "authority", "auditor", "leader"])
@pytest.mark.parametrize("stage", [drafted, awaiting])
def test_before_it_is_sent_only_the_requester_knows(world: World, who: str, stage) -> None:
    application = stage(world)
    with pytest.raises(NotFoundError):
        queries.application(getattr(world, who), application.number)
    assert queries.applications_of(getattr(world, who), now=NOW).rows == []
    assert queries.application(world.requester_head, application.number) == application


def test_the_authority_of_another_division_sees_nothing(world: World) -> None:
    from jutong.center.org.enums import Role

    elsewhere = organisation("11629800MB0000001X", "外市大数据局", "外市大数据局", authority=True, division="629800")
    other = person(elsewhere, Role.AUTHORITY, "elsewhere", "外人")
    application = submitted(world)
    with pytest.raises(NotFoundError):
        queries.application(other, application.number)
    Organisation.objects.filter(id=world.bigdata.id).update(is_authority=False)
    with pytest.raises(NotFoundError):
        queries.application(world.authority, application.number)


def test_a_list_comes_in_pages_with_the_clock_of_each(world: World, django_assert_max_num_queries) -> None:
    made = [submitted(world, at(day)) for day in range(5)]
    with django_assert_max_num_queries(8):
        page = queries.applications_of(world.steward, side="provider", now=at(5), limit=2)
    assert [row.application for row in page.rows] == [made[4], made[3]]
    assert all(isinstance(row.clock, ClockView) and row.clock.total == 10 for row in page.rows)
    second = queries.applications_of(world.steward, now=at(5), after=page.next, limit=2)
    third = queries.applications_of(world.steward, now=at(5), after=second.next, limit=2)
    assert [row.application for row in (*second.rows, *third.rows)] == [made[2], made[1], made[0]]
    assert third.next == ""
    assert queries.applications_of(world.steward, side="requester", now=NOW).rows == []
    assert queries.applications_of(world.requester, states=["draft"], now=NOW).rows == []


@pytest.mark.parametrize("cursor", ["x", "W10", "WyJhIiwgImIiXQ", "WyIyMDI2LTAxLTAxIiwgImIiXQ", "WzEsIDJd"])
def test_a_cursor_is_taken_as_it_was_given_or_not_at_all(world: World, cursor: str) -> None:
    with pytest.raises(CursorError):
        queries.applications_of(world.steward, now=NOW, after=cursor)


def test_the_clock_of_a_granted_application_is_the_supplys(world: World) -> None:
    grant = agreed(world)
    (row,) = queries.applications_of(world.steward, now=at(1)).rows
    assert row.clock is not None
    assert (row.clock.period, row.clock.total) == ("SLA-SUP", 20)
    assert (
        queries.applications_of(world.requester, states=["supplying"], now=NOW).rows[0].application == grant.application
    )


def test_what_one_may_do_is_read_from_the_table(world: World) -> None:
    application = submitted(world)
    assert queries.events_for(application, world.steward) == {
        Event.ASK_SUPPLEMENT, Event.ASK_EXTENSION, Event.PREPARE_REPLY, Event.MESSAGE,
    }  # fmt: skip
    assert queries.events_for(application, world.requester) == {Event.WITHDRAW, Event.MESSAGE, Event.REMIND}
    assert queries.events_for(application, world.authority) == {Event.DECIDE_EXTENSION}
    assert queries.events_for(application, world.stranger) == frozenset()


def test_a_grant_says_what_may_be_done_and_where_it_is_called(world: World) -> None:
    grant = sharing(world)
    mine = queries.grant(world.requester, grant.number)
    assert (mine.gateway_url, mine.node, mine.events) == ("http://127.0.0.1:8301", "node-1", frozenset({Event.TRY}))
    assert [row.item.name for row in mine.items] == ["公民身份号码", "姓名", "婚姻状况"]
    assert Event.SUSPEND in queries.grant(world.authority, grant.number).events
    actions.suspend_grant(grant=grant, reason="x", by=world.steward, now=at(1))
    theirs = queries.grant(world.provider_head, grant.number)
    assert theirs.open_suspension is not None
    assert theirs.open_suspension.confirmed_at is None
    assert {Event.LIFT, Event.REVOKE} <= theirs.events
    assert queries.grant(world.auditor, grant.number).events == frozenset()
    with pytest.raises(NotFoundError):
        queries.grant(world.stranger, grant.number)
    with pytest.raises(ForbiddenError):
        queries.grants(world.system_admin)


def test_grants_are_listed_for_their_parties(world: World) -> None:
    grant = agreed(world)
    assert queries.grants(world.requester, side="requester").rows == [grant]
    assert queries.grants(world.requester, side="provider").rows == []
    assert queries.grants(world.steward, states=["active"]).rows == []
    assert queries.grants(world.stranger).rows == []
    view = queries.grant(world.steward, grant.number)
    assert (view.gateway_url, view.node, view.open_suspension) == ("", "", None)


def test_notices_are_read_by_those_they_are_meant_for(world: World) -> None:
    submitted(world)
    (told,) = queries.notices(world.steward).rows
    assert told.text == "收到市教育局的使用申请“入学资格核验”。"
    assert queries.notices(world.provider_head).rows == []
    assert queries.notices(world.stranger).rows == []
    Notice.objects.create(organisation=world.civil, text="{missing} 还在", at=NOW)
    assert queries.notices(world.provider_head).rows[0].text == "{missing} 还在"


def test_violations_are_read_by_the_department_and_its_authority(world: World) -> None:
    Violation.objects.create(
        code="P4", clause="条例 39(4)", organisation=world.civil, subject_kind="clock", subject_id="1",
        subject_label="SQ1", found_at=NOW,
    )  # fmt: skip
    for who in (world.provider_head, world.authority, world.leader):
        assert len(queries.violations(who).rows) == 1
    assert queries.violations(world.requester_head).rows == []
    with pytest.raises(ForbiddenError):
        queries.violations(world.steward)


def test_each_step_waits_in_the_inbox_of_who_takes_it(world: World) -> None:
    application = awaiting(world)
    assert kinds(world.requester_head) == [TaskKind.APPLICATION_CONSENT]
    back = actions.consent_request(
        application=application, agreed=False, note="补依据", by=world.requester_head, now=NOW
    )
    assert kinds(world.requester) == [TaskKind.APPLICATION_REVISE]
    assert kinds(world.requester_head) == []
    sent = actions.request_consent(application=back, by=world.requester, now=NOW)
    actions.consent_request(application=sent, agreed=True, by=world.requester_head, now=NOW)
    assert kinds(world.requester) == []
    assert kinds(world.steward) == [TaskKind.APPLICATION_ANSWER]
    actions.ask_supplement(application=sent, missing=["授权书"], by=world.steward, now=at(1))
    assert kinds(world.requester) == [TaskKind.SUPPLEMENT_ANSWER]
    assert kinds(world.steward) == []
    actions.answer_supplement(application=sent, text="附上", by=world.requester, now=at(2))
    actions.ask_extension(application=sent, days=2, reason="x", by=world.steward, now=at(2))
    assert kinds(world.authority) == [TaskKind.EXTENSION_DECIDE]
    actions.decide_extension(application=sent, consented=True, by=world.authority, now=at(2))
    assert kinds(world.authority) == []
    actions.prepare_reply(application=sent, agreed=True, by=world.steward, now=at(3))
    assert kinds(world.provider_head) == [TaskKind.REPLY_CONSENT]
    assert kinds(world.steward) == []
    actions.consent_reply(application=sent, agreed=True, by=world.provider_head, now=at(3))
    assert kinds(world.provider_head) == [TaskKind.AGREEMENT_SIGN]
    assert kinds(world.requester_head) == []
    sign(world, Grant.objects.get(), at(3))
    assert kinds(world.provider_head) == kinds(world.requester_head) == []
    (task,) = queries.inbox(world.steward, at(4))
    assert (task.kind, task.clock.total if task.clock else 0) == (TaskKind.SUPPLY_BIND, 20)
    world.bind()
    actions.on_entry_bound(entry=world.entry, by=world.steward, now=at(4))
    assert kinds(world.steward) == []
    grant = Grant.objects.get()
    answer(world, grant, "failed", at(5), "没有列name")
    (task,) = queries.inbox(world.steward, at(5))
    assert (task.kind, task.note) == (TaskKind.SUPPLY_REPAIR, "没有列name")
    assert kinds(world.stranger) == kinds(world.auditor) == kinds(world.system_admin) == []


def test_nobody_is_asked_to_consent_to_the_own_work(world: World) -> None:
    application = awaiting(world)
    Application.objects.update(created_by_id=world.requester_head.user_id)
    assert kinds(world.requester_head) == []
    application.delete()
    prepared(world)
    from jutong.center.sharing.models import Reply

    Reply.objects.update(prepared_by_id=world.provider_head.user_id)
    assert kinds(world.provider_head) == []


def test_the_most_pressing_comes_first(world: World) -> None:
    late = submitted(world, at(0))
    soon = submitted(world, at(10))
    calm = submitted(world, at(14))
    paused = submitted(world, at(1))
    actions.ask_supplement(application=paused, missing=["x"], by=world.steward, now=at(2))
    tasks = queries.inbox(world.steward, at(22))
    assert [task.number for task in tasks] == [late.number, soon.number, calm.number]
    assert [task.clock.state for task in tasks if task.clock] == ["over", "soon", "ok"]
    assert tasks[0].organisation == "市教育局"
    assert tasks[0].person == "吴思源"
    assert str(tasks[0].note) == "申请3个信息项"
    counts = queries.tally(tasks)
    assert (counts.total, counts.overdue, counts.soon, counts.paused) == (3, 1, 1, 0)
    (mine,) = queries.inbox(world.requester, at(22))
    assert (mine.due_on, mine.organisation) == (None, "市民政局")


def test_a_long_inbox_asks_once_not_per_row(world: World, django_assert_max_num_queries) -> None:
    submitted(world, at(0))
    with CaptureQueriesContext(connection) as one:
        assert len(queries.inbox(world.steward, at(1))) == 1
    for day in range(1, 8):
        submitted(world, at(day / 10))
    with django_assert_max_num_queries(len(one)):
        assert len(queries.inbox(world.steward, at(1))) == 8


def version(world: World, state: str) -> EntryVersion:
    extra: dict[str, object] = {}
    if state in {VersionState.CONSENTED, VersionState.SUBMITTED}:
        extra = {"consented_by_id": world.department_head.user_id, "consented_at": NOW}
    if state == VersionState.SUBMITTED:
        extra["submitted_at"] = NOW
    if state == VersionState.RETURNED:
        extra = {"return_reason": "擅自增设条件", "decided_by_id": world.authority.user_id, "decided_at": NOW}
    entry = Entry.objects.create(code=f"306001/{state}", organisation=world.civil, created_at=NOW, updated_at=NOW)
    return EntryVersion.objects.create(
        entry=entry, number=1, state=state, name=state, created_at=NOW, created_by_id=world.steward.user_id, **extra
    )


def test_catalogue_work_waits_there_too(world: World) -> None:
    for state in (VersionState.RETURNED, VersionState.CONSENTED, VersionState.ASSESSED, VersionState.SUBMITTED):
        version(world, state)
    assert set(kinds(world.steward)) == {TaskKind.CATALOG_REVISE, TaskKind.CATALOG_SUBMIT}
    assert kinds(world.department_head) == [TaskKind.CATALOG_CONSENT]
    assert kinds(world.authority) == [TaskKind.CATALOG_REVIEW]
    revise = next(task for task in queries.inbox(world.steward, NOW) if task.kind == TaskKind.CATALOG_REVISE)
    assert (revise.number, revise.note, revise.is_catalog) == ("306001/returned", "擅自增设条件", True)
    assert kinds(world.stranger) == []


def keys(application: Application, now=NOW) -> list[tuple[str, str]]:
    return [(step.key, step.state) for step in queries.timeline(fresh(application), now)]


def test_the_timeline_of_a_draft_shows_what_the_law_gives(world: World) -> None:
    application = drafted(world)
    steps = queries.timeline(application, NOW)
    assert [(step.key, step.state) for step in steps] == [
        ("draft", "now"), ("consent", "todo"), ("reply", "todo"), ("supply", "todo"), ("use", "todo"),
    ]  # fmt: skip
    assert [step.legal_days for step in steps] == [None, None, 10, 20, None]
    assert steps[-1].until == application.valid_until
    assert all(step.at is None for step in steps if step.state == "todo")


def test_the_timeline_follows_the_application(world: World) -> None:
    application = awaiting(world)
    assert ("consent", "now") in keys(application)
    application = actions.consent_request(application=application, agreed=True, by=world.requester_head, now=at(0.1))
    assert keys(application)[:3] == [("draft", "done"), ("consent", "done"), ("reply", "now")]
    actions.ask_supplement(application=application, missing=["a", "b"], by=world.steward, now=at(1))
    steps = queries.timeline(fresh(application), at(1))
    assert [step.key for step in steps[2:4]] == ["supplement", "supplemented"]
    assert (str(steps[2].title), steps[2].quote) == ("退回补正，一次告知2项", "a；b")
    assert steps[3].clock is not None
    assert steps[3].clock.state == "paused"
    actions.answer_supplement(application=application, text="补了", by=world.requester, now=at(2))
    actions.ask_extension(application=application, days=5, reason="档案多", by=world.steward, now=at(2.1))
    assert ("extension-decision", "now") in keys(application, at(3))
    actions.decide_extension(application=application, consented=True, by=world.authority, now=at(3))
    assert ("extension-decision", "done") in keys(application, at(3))
    actions.prepare_reply(application=application, agreed=True, by=world.steward, now=at(4))
    actions.consent_reply(application=application, agreed=False, note="再看", by=world.provider_head, now=at(4.1))
    actions.prepare_reply(application=application, agreed=True, by=world.steward, now=at(4.2))
    current = [step for step in queries.timeline(fresh(application), at(4.3)) if step.state == "now"]
    assert [str(step.title) for step in current] == ["答复已拟好，等待提供方工作机构负责人同意"]
    world.bind()
    actions.consent_reply(application=application, agreed=True, by=world.provider_head, now=at(5))
    waiting = next(step for step in queries.timeline(fresh(application), at(5)) if step.key == "supplying")
    assert str(waiting.title) == "待签署协议"
    sign(world, Grant.objects.get(), at(5.5))
    steps = queries.timeline(fresh(application), at(6))
    reply = next(step for step in steps if step.key == "reply")
    assert str(reply.title) == "金河市民政局答复：同意3个信息项"
    assert reply.clock is not None
    assert (reply.clock.state, reply.clock.total) == ("done", 15)
    supplying = next(step for step in steps if step.key == "supplying")
    assert (str(supplying.title), supplying.clock.total if supplying.clock else 0) == ("正在开通", 20)
    done = [step.at for step in steps if step.state == "done" and step.at is not None]
    assert done == sorted(done)


def test_the_timeline_of_a_grant_in_use_stopped_and_ended(world: World) -> None:
    grant = sharing(world)
    application = grant.application
    assert keys(application)[-3:] == [("grant", "done"), ("supply", "done"), ("use", "now")]
    actions.suspend_grant(grant=grant, reason="疑似泄露", by=world.steward, now=at(1))
    assert [key for key, state in keys(application, at(1)) if state == "now"] == ["suspension-confirmed", "suspended"]
    answer(world, grant, "suspended", at(1.1))
    assert ("suspension-confirmed", "done") in keys(application, at(1.1))
    actions.lift_suspension(grant=grant, by=world.provider_head, now=at(2))
    assert ("lift", "done") in keys(application, at(2))
    answer(world, grant, "failed", at(3), "库没了")
    steps = queries.timeline(fresh(application), at(3))
    failed = next(step for step in steps if step.key == "supplying")
    assert (str(failed.title), failed.note, failed.clock) == ("开通失败", "库没了", None)
    actions.revoke_grant(grant=grant, reason="不用了", by=world.requester_head, now=at(4))
    assert keys(application, at(4))[-1] == ("end", "done")


def test_the_timeline_of_a_refusal_and_of_a_withdrawal(world: World) -> None:
    refused = prepared(world, agreed=False)
    actions.consent_reply(application=refused, agreed=True, by=world.provider_head, now=at(1))
    steps = queries.timeline(fresh(refused), at(1))
    assert (str(steps[-1].title), steps[-1].quote) == ("金河市民政局答复：不同意", "用途不符")
    withdrawn = actions.withdraw(application=awaiting(world), by=world.requester, now=at(1))
    assert keys(withdrawn, at(1)) == [("draft", "done"), ("end", "done")]


def test_the_timeline_keeps_what_a_head_sent_back_and_refused_more_time(world: World) -> None:
    application = awaiting(world)
    actions.consent_request(application=application, agreed=False, note="补", by=world.requester_head, now=at(0.1))
    assert ("declined", "done") in keys(application)
    application = submitted(world)
    actions.ask_extension(application=application, days=5, reason="x", by=world.steward, now=at(1))
    actions.decide_extension(application=application, consented=False, by=world.authority, now=at(2))
    titles = [str(step.title) for step in queries.timeline(fresh(application), at(2))]
    assert "主管部门不同意延长" in titles


def test_a_narrowed_reply_is_told_in_the_timeline(world: World) -> None:
    from jutong.center.sharing.actions import REFUSE, Answer

    application = submitted(world)
    ids = {row.item.name: row.item_id for row in application.items.select_related("item")}
    given = {ids["姓名"]: Answer("masked"), ids["婚姻状况"]: Answer(REFUSE)}
    actions.prepare_reply(application=application, agreed=True, answers=given, text="够用", by=world.steward, now=NOW)
    actions.consent_reply(application=application, agreed=True, by=world.provider_head, now=NOW)
    titles = [str(step.title) for step in queries.timeline(fresh(application), NOW)]
    assert "金河市民政局答复：同意1个信息项，1个改为较少，1个不同意" in titles


def test_the_workbench_puts_it_together(world: World) -> None:
    submitted(world)
    bench = queries.workbench(world.steward, at(1))
    assert bench.tally.total == 1
    assert [task.kind for task in bench.tasks] == [TaskKind.APPLICATION_ANSWER]
    assert (bench.holdings.entries, bench.holdings.unbound) == (1, 1)
    assert bench.usage is not None
    assert (bench.usage.total, len(bench.usage.daily)) == (0, 30)
    assert len(bench.notices) == 1
    mine = queries.workbench(world.requester, at(1))
    assert [row.application.title for row in mine.applications] == ["入学资格核验"]
    bare = queries.workbench(world.system_admin, at(1))
    assert (bare.usage, bare.applications, bare.tasks) == (None, [], [])


def test_a_suspended_application_is_still_on_the_workbench(world: World) -> None:
    grant = suspended(world)
    rows = queries.workbench(world.requester, at(1)).applications
    assert [row.application.id for row in rows] == [grant.application_id]
    with translation.override("en"):
        assert queries.workbench(world.requester, at(1)).tally.total == 0
