from __future__ import annotations

from typing import Any

import pytest
from django.utils.translation import override

from jutong.center.agreement import figures as of_agreements
from jutong.center.audit.models import AuditEvent
from jutong.center.clocks.models import StatutoryClock
from jutong.center.library.models import Work
from jutong.center.process.errors import StepNotAllowedError, WrongSideError
from jutong.center.quality import actions, queries
from jutong.center.quality.deriving import derived
from jutong.center.quality.errors import NothingToCheckError, RowsNotReachableError, RuleBrokenError, RuleNotTriedError
from jutong.center.quality.models import CheckedTable, Finding, QualityRun
from jutong.center.quality.waiting import to_repair
from jutong.center.quality.words import sentence
from jutong.center.sharing.models import Notice
from jutong.contracts.envelope import unseal
from jutong.contracts.quality import CheckOrder, QualityTicketOrder
from jutong.kernel.canonical import canonical_json
from jutong.kernel.errors import ForbiddenError, InvalidInputError, NotFoundError
from jutong.standards.elements import shipped
from jutong.standards.quality import Counted, scheme, score
from tests.quality_world import PERSON, ROWS, QualityWorld
from tests.sharing_world import at


def test_rules_follow_from_elements_and_definitions(city: QualityWorld) -> None:
    _, order = city.order()
    rules = {rule.id: rule for rule in order.rules}
    assert {
        "id_number.required", "id_number.check-digit", "id_number.length", "id_number.pattern", "name.required",
        "sex.codes", "sex.drift", "sex.standardised", "marital.codes", "keys.unique", "born.before.died",
        "born.dated", "died.agrees", "marital.agrees", "table.cycle", "table.rows",
    } <= rules.keys()  # fmt: skip
    agrees = rules["marital.agrees"].model_dump()
    assert (agrees["key"], agrees["other"]["code"], agrees["other"]["name"]) == (
        "id_number", city.civil.organisation.code, "civil_person",
    )  # fmt: skip
    assert rules["id_number.check-digit"].basis == "DE01002 GB 11643-1999"
    _, own = city.order(city.civil)
    assert not [rule for rule in own.rules if rule.kind == "agrees"], "the source is compared with nobody"
    assert [field.name for field in order.fields if field.open] == ["sex", "marital"]
    assert len({rule.id for rule in order.rules}) == len(order.rules)
    fused = derived(PERSON, [], {row.code: row for row in shipped()}, standardised=False)
    assert {rule.kind for rule in fused} == {"cycle", "rows-drift"}
    with override("en"):
        assert all(sentence(rule.model_dump(mode="json")) for rule in order.rules)


def test_every_kind_of_rule_counts_for_one_indicator() -> None:
    from jutong.center.quality.enums import RuleKind

    assert {str(kind) for kind in RuleKind} == set(scheme().by_rule)


def test_a_score_is_its_published_formula() -> None:
    found = score([Counted("required", 200, 50), Counted("codes", 100, 0), Counted("typed", 100, 20)], (3, 4))
    dimensions = {row.dimension.code: row for row in found.dimensions}
    assert dimensions["complete"].score == 7500
    assert dimensions["normative"].score == (8000 + 10_000) // 2
    assert dimensions["accurate"].score == -1
    assert dimensions["accessible"].score == 7500
    assert found.score == (7500 * 20 + 9000 * 20 + 7500 * 10) // 50
    assert score([]).score == -1


def test_a_check_makes_a_report_whose_scores_open(city: QualityWorld) -> None:
    checked = city.check(1, sex__codes=100, id_number__check_digit=10)
    report = queries.report(city.world.stranger, checked, at(1))
    assert report.run is not None
    normative = next(row for row in report.dimensions if row.dimension.code == "normative")
    reference = next(one for one in normative.indicators if one.indicator.code == "normative-reference")
    assert (reference.a, reference.b, reference.score) == (1900, 2000, 9500)
    assert normative.worst is not None
    assert normative.worst.figure.rule == "sex.codes"
    assert normative.worst.opens
    assert checked.score == report.run.score
    assert checked.score is not None
    assert checked.score < 10_000
    assert report.can == {"check", "rows", "rule"}
    assert queries.report(city.world.steward, checked, at(1)).can == frozenset()
    assert [(part.name, part.findings) for part in queries.departments(city.world.leader)] == [("市交通局", 2)]
    by_element = {part.code: part for part in queries.elements(city.world.leader, {"DE01003": "性别代码"})}
    assert by_element["DE01003"].name == "性别代码"
    assert by_element["DE01003"].rows == 100
    assert queries.overall(city.world.leader) == (checked.score, 2)
    with pytest.raises(ForbiddenError):
        queries.tables(city.world.system_admin)
    with pytest.raises(NotFoundError):
        queries.table(city.world.leader, "no-id")
    with pytest.raises(NotFoundError):
        queries.report(city.world.leader, checked, at(1), "no-run")
    city.check(2, sex__codes=40)
    again = queries.report(city.world.stranger, CheckedTable.objects.get(), at(2))
    assert [score for _, score in again.trend] == [checked.score, again.checked.score]
    assert queries.report(city.world.stranger, checked, at(2), str(report.run.id)).run == report.run
    _, order = city.order(days=3)
    assert order.rows_before == ROWS
    assert order.profile_before[0].name == "id_number"


def test_a_finding_is_work_with_a_clock_that_only_a_check_ends(city: QualityWorld) -> None:
    city.check(1, sex__codes=100)
    finding = city.finding()
    assert (finding.failed, finding.evaluated, finding.state, finding.times) == (100, ROWS, "open", 1)
    clock = StatutoryClock.objects.get(subject_kind="finding")
    assert (clock.period, clock.organisation, clock.length) == ("SLA-QLT", city.police.organisation, 10)
    assert Notice.objects.filter(organisation=city.police.organisation, link__endswith=finding.number).exists()
    [task] = to_repair(city.world.stranger, at(1))
    assert task.link == f"/quality/findings/{finding.number}"
    assert task.clock is not None
    assert to_repair(city.world.steward, at(1)) == []
    with pytest.raises(NotFoundError):
        actions.report_finding(finding=finding, text="改了", by=city.world.steward, now=at(2))
    with pytest.raises(InvalidInputError):
        actions.report_finding(finding=finding, text=" ", by=city.world.stranger, now=at(2))
    city.check(1.5, sex__codes=90)
    actions.report_finding(finding=finding, text="已按代码表改正", by=city.world.stranger, now=at(2))
    work = Work.objects.filter(kind="check", state="ordered").get()
    city.told(work, 3, sex__codes=7)
    finding.refresh_from_db()
    assert (finding.state, finding.failed, finding.first_failed) == ("open", 7, 100)
    actions.report_finding(finding=finding, text="又改", by=city.world.stranger, now=at(4))
    city.told(Work.objects.filter(kind="check", state="ordered").get(), 5)
    finding.refresh_from_db()
    assert (finding.state, finding.failed, finding.closed_at) == ("closed", 0, at(5))
    clock.refresh_from_db()
    assert clock.state == "met"
    assert [step.event for step in finding.steps.all()] == ["report", "fail", "report", "pass"]
    with pytest.raises(StepNotAllowedError):
        actions.report_finding(finding=finding, text="x", by=city.world.stranger, now=at(6))
    city.check(7, sex__codes=3)
    assert city.finding().times == 2
    assert AuditEvent.objects.filter(event="quality:finding:open").count() == 2


def test_the_authority_may_let_a_finding_stand(city: QualityWorld) -> None:
    city.check(1, sex__codes=100, feed=city.civil)
    city.check(1, sex__codes=50)
    [cause] = queries.causes(city.world.authority)
    assert (cause.tables, cause.rows, cause.times, cause.cause) == (2, 150, 1, "codes:DE01003")
    finding = city.finding()
    _, can = queries.finding(city.world.authority, finding.number, at(1))
    assert can == {"accept"}
    with pytest.raises(WrongSideError):
        actions.accept_finding(finding=finding, text="x", by=city.world.stranger, now=at(2))
    actions.accept_finding(finding=finding, text="历史数据无法补正", by=city.world.authority, now=at(2))
    city.check(3, sex__codes=60)
    finding.refresh_from_db()
    assert (finding.state, finding.failed) == ("accepted", 60)
    assert Finding.objects.filter(checked__feed=city.police).count() == 1
    city.check(4)
    finding.refresh_from_db()
    assert finding.state == "closed"
    assert len(queries.findings(city.world.authority, at(4), state="closed")) == 1


BODY: dict[str, Any] = {"kind": "range", "field": "born", "least": "1900-01-01"}


def test_a_rule_counts_only_after_it_was_tried(city: QualityWorld) -> None:
    checked = city.check(1)
    steward = city.world.stranger
    with pytest.raises(NotFoundError):
        actions.add_rule(checked=checked, code="b", title="t", body=BODY, by=city.world.steward, now=at(1))
    for wrong in (
        {"kind": "none"}, {"kind": "range", "field": "absent"},
        {"kind": "pattern", "field": "name", "pattern": "(?=x)"},
        {**BODY, "field": "born; drop"},
    ):  # fmt: skip
        with pytest.raises(RuleBrokenError):
            actions.add_rule(checked=checked, code="b", title="t", body=wrong, by=steward, now=at(1))
    rule = actions.add_rule(checked=checked, code="Born", title="出生不早于1900年", body=BODY, by=steward, now=at(1))
    with pytest.raises(RuleNotTriedError):
        actions.activate_rule(rule=rule, by=steward, now=at(1))
    work = actions.try_rule(rule=rule, by=steward, now=at(1))
    order = CheckOrder.model_validate_json(canonical_json(work.body))
    assert [one.id for one in order.rules] == ["own.born"]
    assert not order.profile
    runs = QualityRun.objects.count()
    city.told(work, 2, own__born=12)
    rule.refresh_from_db()
    assert (rule.state, rule.evaluated, rule.failed) == ("tried", ROWS, 12)
    assert QualityRun.objects.count() == runs, "a trial is no report"
    assert not Finding.objects.exists()
    actions.activate_rule(rule=rule, by=steward, now=at(2))
    city.check(3, own__born=12)
    assert city.finding().rule == "own.born"
    newer = actions.add_rule(checked=checked, code="born", title="出生", body=BODY, by=steward, now=at(3))
    assert newer.version == 2
    city.told(actions.try_rule(rule=newer, by=steward, now=at(3)), 3)
    actions.activate_rule(rule=newer, by=steward, now=at(3))
    rule.refresh_from_db()
    assert rule.state == "retired"
    actions.retire_rule(rule=newer, by=steward, now=at(4))
    city.check(5)
    assert city.finding().state == "closed", "what a retired rule found is over"
    assert queries.own_rule(steward, rule.id) == rule
    with pytest.raises(NotFoundError):
        queries.own_rule(city.world.steward, rule.id)


def test_a_rule_the_engine_cannot_compile_is_refused_with_its_reason(city: QualityWorld) -> None:
    checked = city.check(1)
    body = {"kind": "pattern", "field": "name", "pattern": "[z-a]"}
    rule = actions.add_rule(checked=checked, code="n", title="t", body=body, by=city.world.stranger, now=at(1))
    city.told(actions.try_rule(rule=rule, by=city.world.stranger, now=at(1)), 2, "failed")
    rule.refresh_from_db()
    assert (rule.state, rule.problem) == ("refused", "引擎读不懂这个写法")
    with pytest.raises(RuleNotTriedError):
        actions.activate_rule(rule=rule, by=city.world.stranger, now=at(2))


def test_rows_are_lent_at_the_node_to_the_departments_steward(city: QualityWorld) -> None:
    checked = city.check(1, sex__codes=4)
    run = QualityRun.objects.get()
    ticket = actions.open_rows(run=run, rule="sex.codes", by=city.world.stranger, now=at(1))
    body = unseal(ticket.ticket, QualityTicketOrder)
    assert ticket.gateway_url == "http://127.0.0.1:8301"
    assert (body.check.version, [rule.id for rule in body.check.rules]) == (4, ["sex.codes"])
    assert body.organisation_code == checked.organisation.code
    assert (body.said, body.shown) == ("性别在代码表gbt2261.1-sex内", "general-2")
    for by, problem in ((city.world.steward, NotFoundError), (city.world.authority, ForbiddenError)):
        with pytest.raises(problem):
            actions.open_rows(run=run, rule="sex.codes", by=by, now=at(1))
    with pytest.raises(NotFoundError):
        actions.open_rows(run=run, rule="none", by=city.world.stranger, now=at(1))
    with pytest.raises(RowsNotReachableError):
        actions.open_rows(run=run, rule="table.rows", by=city.world.stranger, now=at(1))


def test_a_check_by_hand_is_the_owners_or_the_authoritys(city: QualityWorld) -> None:
    checked = city.check(1)
    assert actions.check_again(checked=checked, by=city.world.authority, now=at(2)).cause == "hand"
    with pytest.raises(NotFoundError):
        actions.check_again(checked=checked, by=city.world.steward, now=at(2))
    city.police.standardised_at = None
    city.police.save()
    with pytest.raises(NothingToCheckError):
        actions.check_again(checked=CheckedTable.objects.get(), by=city.world.authority, now=at(2))


def test_an_agreement_hears_of_findings_past_their_day(city: QualityWorld) -> None:
    city.check(1, sex__codes=4, feed=city.civil)
    entry = city.world.entry.id
    assert queries.overdue_of_entry([entry], at(2).date()) == {}
    number = city.finding().number
    assert queries.overdue_of_entry([entry], at(60).date()) == {entry: [number]}
    grant = city.world.entry.id  # any id: what is asked is the entry behind it
    assert of_agreements.of_day({grant: entry}, at(60).date())[grant].defects == (number,)
