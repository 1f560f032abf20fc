from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from jutong.center.audit.models import AuditEvent
from jutong.center.clocks import actions as clocks
from jutong.center.clocks.models import StatutoryClock
from jutong.center.org.enums import Role
from jutong.center.org.models import Division, Organisation
from jutong.center.org.queries import has
from jutong.center.process.errors import StepNotAllowedError, WrongSideError
from jutong.center.sharing.models import Notice, Violation
from jutong.center.supervision import actions, queries
from jutong.center.supervision.enums import CaseEvent, CaseState
from jutong.center.supervision.errors import LimitRunningError, NotHeardError, OwnReportError, ReportedTwiceError
from jutong.center.supervision.models import Case, CaseStep, OrderPaper
from jutong.center.supervision.parties import sides_of
from jutong.center.supervision.rules import CASES
from jutong.center.supervision.waiting import to_answer, to_decide
from jutong.kernel.canonical import digest
from jutong.kernel.errors import ForbiddenError, InvalidInputError, NotFoundError
from tests.center_world import PLATFORM
from tests.sharing_steps import fresh, submitted
from tests.sharing_world import NOW, World, at, organisation, person
from tests.supervision_steps import LATER, RULE, STAGES, finding, noticed, offered, take
from tests.unguarded import unguarded

pytestmark = pytest.mark.django_db
PEOPLE = (
    "requester", "requester_head", "steward", "provider_head", "department_head", "authority", "leader", "auditor",
    "system_admin", "stranger", "stranger_head",
)  # fmt: skip
BY_PEOPLE = [event for event in CaseEvent if event != CaseEvent.OFFER]


@pytest.mark.parametrize("state", CaseState)
def test_every_event_by_every_person_is_allowed_exactly_where_the_table_says(world: World, state: CaseState) -> None:
    case = STAGES[state](world)
    assert case.state == state
    for event in BY_PEOPLE:
        row = CASES.find(state, event)
        for name in PEOPLE:
            actor = getattr(world, name)
            sides = sides_of(case, actor)
            allowed = row is not None and any(
                who.side in sides and who.permission is not None and has(actor, who.permission) for who in row.who
            )
            marker = transaction.savepoint()
            try:
                done = take(event, case, actor)
            except (StepNotAllowedError, WrongSideError, ForbiddenError, NotFoundError):
                assert not allowed, (state, event, name)
                assert fresh(case).state == state
            else:
                assert allowed, (state, event, name)
                assert row is not None
                assert done.state == fresh(case).state == row.next
            transaction.savepoint_rollback(marker)


@pytest.mark.parametrize("state", CaseState)
def test_the_registry_refuses_what_the_table_does_not_know(world: World, state: CaseState) -> None:
    case = STAGES[state](world)
    for following in CaseState:
        if following == state or (state, following) in CASES.edges():
            continue
        with pytest.raises(IntegrityError, match="has no step"), transaction.atomic():
            Case.objects.filter(id=case.id).update(state=following)


def test_lateness_is_a_violation_and_never_a_consent(world: World) -> None:
    application = submitted(world)

    def scan(days: float) -> list[Case]:
        breaches = clocks.scan_breaches(by=RULE, now=at(days))
        return actions.record_breaches(breaches=breaches, by=RULE, now=at(days))

    assert scan(14) == []
    (case,) = scan(15)
    violation = Violation.objects.get()
    assert (violation.code, violation.clause, violation.organisation) == ("P4", "条例 39(4)", world.civil)
    assert violation.subject_label.startswith(application.number)
    assert (case.state, case.judge, case.judge_role, case.number) == (
        "offered", world.bigdata, "authority", "WG20261124-0001",
    )  # fmt: skip
    assert [row["kind"] for row in case.evidence] == ["clock", "application"]
    assert case.evidence[1]["link"] == f"/applications/{application.number}"
    assert fresh(application).state == "submitted"
    told = set(Notice.objects.filter(link=f"/violations/{case.number}").values_list("organisation__short_name", "role"))
    assert told == {("市民政局", "office-head"), ("市大数据局", "authority")}
    assert scan(16) == []
    again = actions.record_breaches(breaches=StatutoryClock.objects.filter(period="SLA-REP-C"), by=RULE, now=at(16))
    assert again == []
    assert Violation.objects.count() == 1


def test_people_do_not_write_violations(world: World) -> None:
    with pytest.raises(ForbiddenError):
        actions.record_breaches(breaches=[], by=world.authority, now=at(1))
    with pytest.raises(ForbiddenError):
        actions.record(finding=finding(world), by=world.authority, now=at(1))


def test_a_period_that_is_no_violation_is_left_alone(world: World) -> None:
    clock = clocks.start(
        period="SLA-RECT", subject_kind="rectification", subject_id="1", subject_label="x",
        organisation=world.education, by=PLATFORM, now=at(0),
    )  # fmt: skip
    assert actions.record_breaches(breaches=[clock], by=RULE, now=at(30)) == []


def test_nobody_is_ordered_anything_before_being_heard(world: World) -> None:
    case = offered(world)
    assert case.hear_until == date(2026, 11, 16)
    order: dict[str, Any] = {"case": case, "text": "改正", "days": 10, "by": world.authority}
    with pytest.raises(NotHeardError):
        actions.notice(**order, now=at(7))
    assert fresh(case).state == "offered"
    with pytest.raises(IntegrityError, match="case_heard_first"), unguarded("supervision.Case"), transaction.atomic():
        Case.objects.filter(id=case.id).update(
            state="noticed", noticed_on=date(2026, 11, 16), rectify_until=date(2026, 11, 30),
            decided_by=world.authority.user_id, decided_at=NOW,
        )  # fmt: skip
    assert actions.notice(**order, now=at(8)).rectify_until == date(2026, 12, 1)


def test_who_states_at_once_is_heard_at_once(world: World) -> None:
    case = noticed(world)
    paper = OrderPaper.objects.get(case=case)
    assert paper.content["heard"] == ["系统故障重发"]
    assert paper.content["to"]["name"] == world.education.name
    assert paper.content["found"] == "授权GQ1在2026-11-08调用900次，平时每天约12次。"
    assert paper.content["until"] == case.rectify_until.isoformat() == "2026-11-23"  # type: ignore[union-attr]
    assert digest(paper.content) == paper.digest
    assert (paper.number, paper.content["by"]["person"]) == ("ZL20261109-0001", "林悦")


def test_clocks_run_for_whoever_must_act(world: World) -> None:
    def running() -> list[tuple[str, str]]:
        rows = StatutoryClock.objects.filter(subject_kind="violation", state="running")
        return sorted(rows.values_list("period", "organisation__short_name"))

    case = offered(world)
    assert running() == [("SLA-VIO", "市大数据局")]
    actions.state(case=case, text="说明", by=world.requester_head, now=NOW)
    actions.notice(case=case, text="改", days=3, by=world.authority, now=NOW)
    assert running() == [("SLA-RECT", "市教育局")]
    actions.report(case=case, text="改了", by=world.requester_head, now=at(1))
    assert running() == [("SLA-VIO", "市大数据局")]
    again = actions.reject(case=case, text="没有", days=2, by=world.authority, now=at(2))
    assert running() == [("SLA-RECT", "市教育局")]
    assert again.rectify_until == date(2026, 11, 13)
    actions.report(case=case, text="再改", by=world.requester_head, now=at(3))
    actions.accept(case=case, text="好", by=world.authority, now=at(4))
    assert running() == []
    events = list(CaseStep.objects.order_by("at", "id").values_list("event", flat=True))
    assert events == ["offer", "state", "notice", "report", "reject", "report", "accept"]
    assert AuditEvent.objects.filter(event__startswith="supervision:violation:").count() == 8


def test_only_a_limit_that_passed_or_a_failed_report_leads_to_sanctions(world: World) -> None:
    case = noticed(world)
    with pytest.raises(LimitRunningError):
        actions.refer(case=case, text="x", by=world.authority, now=at(14))
    done = actions.refer(case=case, text="逾期不改", by=world.authority, now=at(15))
    assert done.state == "referred"
    assert not StatutoryClock.objects.filter(subject_kind="violation", state="running").exists()


def test_two_who_decide_at_once_do_not_both_decide(world: World) -> None:
    case = offered(world)
    actions.dismiss(case=case, text="不成立", by=world.authority, now=LATER)
    with pytest.raises(StepNotAllowedError) as told:
        actions.notice(case=case, text="改", days=5, by=world.authority, now=LATER)
    assert "不成立" in told.value.explain()


@pytest.mark.parametrize(
    ("step", "words", "field"),
    [
        (actions.state, {"text": " "}, "text"),
        (actions.dismiss, {"text": ""}, "text"),
        (actions.notice, {"text": "长" * 2001, "days": 5}, "text"),
        (actions.notice, {"text": "改", "days": 0}, "days"),
        (actions.notice, {"text": "改", "days": 61}, "days"),
    ],
)
def test_what_is_missing_is_named(world: World, step: Any, words: dict[str, Any], field: str) -> None:
    case = offered(world)
    by = world.requester_head if step is actions.state else world.authority
    with pytest.raises(InvalidInputError) as error:
        step(case=case, by=by, now=LATER, **words)
    assert error.value.fields["problems"][0]["field"] == field
    assert fresh(case).state == "offered"


def test_an_authority_is_judged_by_the_leader_where_nobody_stands_above(world: World) -> None:
    case = offered(world, code="A1", organisation=world.bigdata, subject_kind="source-unnamed")
    assert (case.judge, case.judge_role) == (world.bigdata, "leader")
    with pytest.raises(WrongSideError):
        take(CaseEvent.NOTICE, case, world.authority)
    assert [row.number for row in to_decide(world.leader, NOW)] == [case.number]
    assert to_decide(world.authority, NOW) == []
    assert [row.number for row in to_answer(world.authority, NOW)] == [case.number]
    assert to_answer(world.leader, NOW) == []
    take(CaseEvent.STATE, case, world.authority)
    assert take(CaseEvent.NOTICE, case, world.leader).state == "noticed"
    with pytest.raises(WrongSideError):
        take(CaseEvent.REPORT, case, world.leader)


def test_a_leaders_delay_is_no_violation_of_the_authority(world: World) -> None:
    offered(world, code="A1", organisation=world.bigdata, subject_kind="source-unnamed")
    breaches = clocks.scan_breaches(by=RULE, now=at(30))
    assert [row.period for row in breaches] == ["SLA-VIO"]
    assert actions.record_breaches(breaches=breaches, by=RULE, now=at(30)) == []


def test_an_authority_is_judged_by_its_superior_and_its_delay_is_one_too(world: World) -> None:
    Division.objects.create(code="620000", name="省", level="province", valid_from=date(2020, 1, 1))
    Division.objects.filter(code=world.bigdata.division_code).update(parent_code="620000")
    province = organisation("11620000MB0000009Z", "省数据局", "省数据局", authority=True, division="620000")
    above = person(province, Role.AUTHORITY, "above", "上官")
    offered(world)
    breaches = clocks.scan_breaches(by=RULE, now=at(30))
    (case,) = actions.record_breaches(breaches=breaches, by=RULE, now=at(30))
    assert (case.code, case.concerned, case.judge, case.judge_role) == ("A3", world.bigdata, province, "authority")
    assert queries.case(above, case.number, at(30)).can == ["dismiss"]
    assert queries.case(world.authority, case.number, at(30)).can == ["state"]
    with pytest.raises(IntegrityError, match="case_not_judged_by_itself"), transaction.atomic():
        Case.objects.filter(id=case.id).update(judge=world.bigdata)


def test_where_nobody_can_judge_it_waits(world: World) -> None:
    Organisation.objects.filter(id=world.bigdata.id).update(is_authority=False)
    case = offered(world)
    assert (case.state, case.judge) == ("found", None)
    assert actions.offer_waiting(now=at(1)) == 0
    Organisation.objects.filter(id=world.bigdata.id).update(is_authority=True)
    assert actions.offer_waiting(now=at(2)) == 1
    assert fresh(case).state == "offered"


def test_without_a_calendar_it_waits_too_and_the_breach_stays_on_record(world: World) -> None:
    late = datetime(2026, 12, 30, 1, 0, tzinfo=UTC)
    case = offered(world, now=late)
    assert case.state == "found"
    assert not CaseStep.objects.exists()
    assert actions.offer_waiting(now=late) == 0


def test_older_records_get_their_cases(world: World) -> None:
    Violation.objects.create(
        code="P4", clause="条例 39(4)", organisation=world.civil, subject_kind="clock", subject_id="1",
        subject_label="SQ1", found_at=NOW,
    )  # fmt: skip
    assert actions.adopt(now=NOW, by=RULE) == 1
    assert actions.adopt(now=NOW, by=RULE) == 0
    assert Case.objects.get().state == "offered"


def test_what_was_said_and_served_stands(world: World) -> None:
    noticed(world)
    for rows in (CaseStep.objects, OrderPaper.objects):
        for forced in (lambda rows=rows: rows.update(at=at(9)), lambda rows=rows: rows.all()._raw_delete("default")):
            with pytest.raises(DatabaseError, match="only added"), transaction.atomic():
                forced()


@pytest.mark.parametrize(
    ("constraint", "change"),
    [
        ("case_offer_paired", {"judge": None}),
        ("case_offer_paired", {"judge_role": "steward"}),
        ("case_decision_paired", {"decided_at": NOW}),
        ("case_limit_dated", {"rectify_until": date(2026, 12, 1)}),
        ("case_report_paired", {"reporter": "x"}),
    ],
)
def test_the_registry_holds_a_case_together(world: World, constraint: str, change: dict[str, Any]) -> None:
    case = offered(world)
    if "reporter" in change:
        change = {"reporter": world.other}
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Case.objects.filter(id=case.id).update(**change)


def test_departments_report_what_no_scan_can_see(world: World) -> None:
    words: dict[str, Any] = {"code": "R3", "organisation": world.education, "text": "数据出现在外部网站", "now": NOW}
    case = actions.report_violation(**words, link="/grants/GQ1", by=world.steward)
    assert (case.state, case.reporter, case.detector) == ("offered", world.civil, "report")
    judge = queries.case(world.authority, case.number, NOW)
    assert (judge.sees_reporter, judge.found) == (True, "有部门反映：数据出现在外部网站")
    about = queries.case(world.requester_head, case.number, NOW)
    assert not about.sees_reporter
    mine = queries.case(world.steward, case.number, NOW)
    assert (mine.steps, mine.can) == ([], [])
    with pytest.raises(NotFoundError):
        queries.case(world.stranger, case.number, NOW)
    with pytest.raises(ReportedTwiceError):
        actions.report_violation(**words, by=world.provider_head)
    with pytest.raises(OwnReportError):
        actions.report_violation(**{**words, "organisation": world.civil}, by=world.steward)
    for change in ({"code": "P4"}, {"text": " "}, {"link": "//x"}, {"link": "http://x"}):
        with pytest.raises(InvalidInputError):
            actions.report_violation(**{**words, "organisation": world.other, **change}, by=world.steward)
    for who in (world.authority, world.auditor):
        with pytest.raises(ForbiddenError):
            actions.report_violation(**words, by=who)


def test_lists_show_what_a_post_may_know_of(world: World) -> None:
    mine, other = offered(world), offered(world, code="R6", subject_id="2", organisation=world.other)
    seen = {
        name: {row.number for row in queries.cases(getattr(world, name))}
        for name in ("requester_head", "provider_head", "authority", "leader", "stranger_head", "stranger")
    }
    assert seen["requester_head"] == {mine.number}
    assert seen["provider_head"] == set()
    assert seen["authority"] == seen["leader"] == {mine.number, other.number}
    assert seen["stranger_head"] == seen["stranger"] == {other.number}
    assert [row.number for row in queries.cases(world.authority, q="教育")] == [mine.number]
    assert [row.number for row in queries.cases(world.authority, code="R6")] == [other.number]
    assert list(queries.cases(world.authority, state="closed")) == []
    assert queries.cases(world.authority, state="offered").count() == 2
    assert [(code, count) for code, _name, count in queries.tally(world.authority)] == [("R2", 1), ("R6", 1)]
    for who in (world.auditor, world.system_admin):
        with pytest.raises(ForbiddenError):
            queries.cases(who)


def test_the_inbox_says_what_waits(world: World) -> None:
    case = offered(world)
    (judge,) = to_decide(world.authority, NOW)
    assert (judge.number, judge.link, judge.due_on) == (case.number, f"/violations/{case.number}", date(2026, 11, 23))
    assert [row.number for row in to_answer(world.requester_head, NOW)] == [case.number]
    actions.state(case=case, text="说明", by=world.requester_head, now=NOW)
    assert to_answer(world.requester_head, NOW) == []
    actions.notice(case=case, text="改", days=3, by=world.authority, now=NOW)
    (answer,) = to_answer(world.requester_head, NOW)
    assert answer.due_on == date(2026, 11, 12)
    assert to_decide(world.authority, NOW) == []


def test_who_may_do_what_is_shown(world: World) -> None:
    case = offered(world)
    assert queries.case(world.authority, case.number, NOW).can == ["dismiss"]
    assert queries.case(world.authority, case.number, at(8)).can == ["dismiss", "notice"]
    assert queries.case(world.leader, case.number, NOW).can == []
    with pytest.raises(NotFoundError):
        queries.paper(world.authority, case.number, NOW)
    other = replace(world.authority, division_code="110000", organisation_id=world.other.id)
    with pytest.raises(NotFoundError):
        queries.case(other, "WG20261109-9999", NOW)
