"""No repeated collection: what a form asks for is compared with what is shared, and reused or justified."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from jutong.center.audit.models import AuditEvent
from jutong.center.catalog.fields import ItemFields
from jutong.center.catalog.models import Entry
from jutong.center.org import actions as org
from jutong.center.org.enums import Role
from jutong.center.org.queries import actor_for
from jutong.center.ownership import actions, queries
from jutong.center.ownership.actions import Answer, AskedField
from jutong.center.ownership.enums import HitWay, PlanEvent, PlanState
from jutong.center.ownership.errors import (
    PlanFieldsError,
    PlanStepError,
    PlanUnresolvedError,
    PlanWriterDecidesError,
    ReuseNotFoundError,
)
from jutong.center.ownership.holdings import follow
from jutong.center.ownership.matching import hits_for, upward
from jutong.center.ownership.models import CollectionPlan, FieldHit
from jutong.center.ownership.rules import PLAN_STEPS, plan_events, plan_step
from jutong.center.sharing.models import Notice
from jutong.kernel.errors import ForbiddenError, InvalidInputError, NotFoundError
from tests.center_world import FIELDS, ITEMS, NOW, PLATFORM, City, at
from tests.ownership_world import both_publish, designated

TEXT = "公民身份号码\n证件（公民身份号码）\n婚姻情况\t申请人的婚姻状况\n子女就读意愿 家长填写"


@pytest.fixture
def plan(city: City) -> CollectionPlan:
    both_publish(city)
    return make(city)


def make(city: City, text: str = TEXT) -> CollectionPlan:
    return actions.create_plan(
        kind="form", name="入学申请表", purpose="义务教育入学登记", fields=actions.read_fields(text),
        by=city["stranger"], now=NOW,
    )  # fmt: skip


def checked(city: City, plan: CollectionPlan) -> CollectionPlan:
    actions.check_plan(plan=plan, by=city["stranger"], now=NOW)
    return queries.plan(city["stranger"], plan.id)


def submitted(city: City, plan: CollectionPlan) -> CollectionPlan:
    rows = checked(city, plan)
    answers = {
        row.position: Answer("justify", justification="入学当年须本人确认")
        for row in rows.fields.all()
        if row.choice == ""
    }
    actions.resolve_fields(plan=plan, answers=answers, by=city["stranger"], now=NOW)
    return actions.submit_plan(plan=plan, by=city["stranger"], now=at(1))


def test_fields_are_read_from_pasted_lines():
    assert actions.read_fields(" 姓名 ,申请人\n\n证件号码（公民身份号码）\n住址\t现住址 门牌") == [
        AskedField("姓名", "申请人"), AskedField("证件号码", "公民身份号码"), AskedField("住址", "现住址 门牌"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "lines"),
    [("", "—"), ("姓名\n姓 名\n姓名", "2"), ("x" * 65, "1"), ("甲 " + "说" * 201, "1"), ("\x00甲", "1")],
)
def test_a_list_that_cannot_be_read_names_its_lines(text, lines):
    if text.startswith("姓名"):
        text, lines = "姓名\n住址\n姓名", "3"
    with pytest.raises(PlanFieldsError) as refused:
        actions.read_fields(text)
    assert refused.value.fields["lines"] == lines


def test_too_many_fields_are_too_many():
    with pytest.raises(PlanFieldsError):
        actions.read_fields("\n".join(f"字段第{'甲' * at_}" for at_ in range(60)) + "\n" * 5 + "\n".join(
            f"另{'乙' * (at_ % 60)}{chr(0x4E00 + at_)}" for at_ in range(300)
        ))  # fmt: skip


def test_the_table_of_steps_is_what_can_happen():
    for state in PlanState:
        for event in PlanEvent:
            rows = [row for row in PLAN_STEPS if (row.state, row.event) == (state, event)]
            if rows:
                assert plan_step(state, event, name="表") == rows[0]
            else:
                with pytest.raises(PlanStepError):
                    plan_step(state, event, name="表")
    assert plan_events(PlanState.APPROVED) == ()


def test_a_check_finds_the_same_by_name_synonym_element_and_meaning(city: City, plan: CollectionPlan):
    rows = {row.name: row for row in checked(city, plan).fields.all()}
    same = {(hit.item_name, hit.way) for hit in rows["公民身份号码"].hits.all()}
    assert same == {("公民身份号码", HitWay.NAME), ("身份证号", HitWay.SYNONYM)}
    assert {hit.item_name for hit in rows["证件"].hits.all()} >= {"公民身份号码"}
    assert {hit.item_name for hit in rows["婚姻情况"].hits.all()} == {"婚姻状况"}
    assert rows["子女就读意愿"].choice == "collect"
    assert not rows["子女就读意愿"].hits.exists()
    assert rows["公民身份号码"].choice == ""
    assert all(0 < hit.confidence <= 100 for row in rows.values() for hit in row.hits.all())


def test_likeness_needs_enough_of_the_name(city: City):
    city.published(items=(ItemFields(name="低收入家庭认定结果", data_type="C"), ItemFields(name="户", data_type="C")))
    follow(NOW)
    near = hits_for("629900", "低收入家庭认定等级")
    assert [(hit.item_name, hit.way) for hit in near] == [("低收入家庭认定结果", HitWay.MEANING)]
    assert 60 <= near[0].confidence <= 90
    for name in ("家庭", "面积", "序号", "认", "河道水位读数"):
        assert hits_for("629900", name) == []
    assert hits_for("629900", "情况", "低收入家庭认定结果由民政给出")[0].confidence == 80
    assert hits_for("110000", "低收入家庭认定结果") == []


def test_data_of_the_province_is_looked_at_as_well():
    assert upward("620102") == ("620102", "620100", "620000", "000000")
    assert upward("620000") == ("620000", "000000")


def test_the_designated_source_comes_first_and_what_is_withheld_is_not_offered(city: City):
    both_publish(city)
    source = designated(city)
    found = hits_for("629900", "婚姻状况")
    assert (found[0].entry_id, found[0].is_source) == (source.entry_id, True)
    city.published(
        name="收养登记信息", items=(ItemFields(name="收养证字号", data_type="C"),), share_attribute="none",
        share_way="", share_scope="", share_purpose="", refusal_reason="法律规定保密", basis_kind="law",
        basis_title="民法典", basis_article="第一千一百一十条",
    )  # fmt: skip
    follow(NOW)
    assert hits_for("629900", "收养证字号") == []


def test_what_is_shared_is_reused_or_justified_before_submission(city: City, plan: CollectionPlan):
    rows = {row.name: row for row in checked(city, plan).fields.all()}
    steward = city["stranger"]
    with pytest.raises(PlanUnresolvedError) as open_:
        actions.submit_plan(plan=plan, by=steward, now=NOW)
    assert open_.value.fields["count"] == 3
    civil = Entry.objects.get(organisation=city.civil)
    one, other, third = (rows[name].position for name in ("公民身份号码", "证件", "婚姻情况"))
    with pytest.raises(ReuseNotFoundError):
        actions.resolve_fields(plan=plan, answers={one: Answer("reuse", "307010/99")}, by=steward, now=NOW)
    with pytest.raises(InvalidInputError):
        actions.resolve_fields(plan=plan, answers={one: Answer("justify")}, by=steward, now=NOW)
    with pytest.raises(InvalidInputError):
        actions.resolve_fields(plan=plan, answers={one: Answer("ignore")}, by=steward, now=NOW)
    answers = {
        one: Answer("reuse", civil.code), other: Answer("reuse", civil.code),
        third: Answer("justify", justification="须当年本人确认"), rows["子女就读意愿"].position: Answer("reuse", "x"),
    }  # fmt: skip
    actions.resolve_fields(plan=plan, answers=answers, by=steward, now=NOW)
    done = actions.submit_plan(plan=plan, by=steward, now=at(1))
    assert done.state == PlanState.SUBMITTED
    notice = Notice.objects.get(role=Role.AUTHORITY, link=f"/ownership/plans/{plan.id}")
    assert notice.fields["count"] == "1"
    assert list(queries.plans(city["authority"])) == [plan]
    shown = {row.name: row.choice for row in queries.plan(city["authority"], plan.id).fields.all()}
    assert shown == {"公民身份号码": "reuse", "证件": "reuse", "婚姻情况": "justify", "子女就读意愿": "collect"}


def test_a_second_check_keeps_what_still_holds(city: City, plan: CollectionPlan):
    rows = {row.name: row for row in checked(city, plan).fields.all()}
    civil = Entry.objects.get(organisation=city.civil)
    answers = {rows["公民身份号码"].position: Answer("reuse", civil.code)}
    actions.resolve_fields(plan=plan, answers=answers, by=city["stranger"], now=NOW)
    again = {row.name: row for row in checked(city, plan).fields.all()}
    assert (again["公民身份号码"].choice, again["公民身份号码"].entry) == ("reuse", civil)
    civil.holdings.all().delete()
    gone = {row.name: row for row in checked(city, plan).fields.all()}
    assert (gone["公民身份号码"].choice, gone["公民身份号码"].entry) == ("", None)
    assert FieldHit.objects.filter(entry=civil).count() == 0


def test_the_authority_approves_or_returns_with_a_reason(city: City, plan: CollectionPlan):
    submitted(city, plan)
    authority = city["authority"]
    with pytest.raises(InvalidInputError):
        actions.decide_plan(plan=plan, approve=False, note=" ", by=authority, now=at(2))
    back = actions.decide_plan(plan=plan, approve=False, note="婚姻状况请共享获取", by=authority, now=at(2))
    assert (back.state, back.decision_note) == (PlanState.RETURNED, "婚姻状况请共享获取")
    evidence = [(row.plan, row.name) for row in queries.repeated_fields(authority)]
    assert evidence == [(plan, "公民身份号码"), (plan, "证件"), (plan, "婚姻情况")]
    assert list(queries.repeated_fields(authority, on=at(-30).date())) == []
    actions.edit_plan(
        plan=plan, kind="form", name="入学申请表", purpose="入学", fields=[AskedField("子女就读意愿")],
        by=city["stranger"], now=at(3),
    )  # fmt: skip
    checked(city, plan)
    actions.submit_plan(plan=plan, by=city["stranger"], now=at(3))
    done = actions.decide_plan(plan=plan, approve=True, note="", by=authority, now=at(4))
    assert done.state == PlanState.APPROVED
    assert Notice.objects.filter(organisation=city.education, link__endswith=str(plan.id)).count() == 2
    with pytest.raises(PlanStepError):
        actions.check_plan(plan=plan, by=city["stranger"], now=at(5))
    verbs = AuditEvent.objects.filter(event__startswith="ownership:plan:").values_list("event", flat=True)
    assert {event.rpartition(":")[2] for event in verbs} == {
        "create", "check", "resolve", "submit", "return", "edit", "approve",
    }  # fmt: skip


def test_a_submitted_plan_is_taken_back(city: City, plan: CollectionPlan):
    submitted(city, plan)
    done = actions.recall_plan(plan=plan, by=city["stranger"], now=at(1))
    assert done.state == PlanState.CHECKED
    with pytest.raises(PlanStepError):
        actions.recall_plan(plan=plan, by=city["stranger"], now=at(1))


def test_nobody_decides_on_the_own_plan(city: City, plan: CollectionPlan):
    user = city.user("stranger")
    post = org.appoint(user=user, organisation=city.bigdata, role=Role.AUTHORITY, by=PLATFORM, now=NOW)
    submitted(city, plan)
    with pytest.raises(PlanWriterDecidesError):
        actions.decide_plan(plan=plan, approve=True, note="", by=actor_for(post), now=at(2))


def test_other_departments_and_divisions_do_not_see_plans(city: City, plan: CollectionPlan):
    with pytest.raises(NotFoundError):
        queries.plan(city["steward"], plan.id)
    with pytest.raises(NotFoundError):
        queries.plan(city["authority"], plan.id)
    with pytest.raises(NotFoundError):
        actions.check_plan(plan=plan, by=city["steward"], now=NOW)
    with pytest.raises(NotFoundError):
        actions.decide_plan(plan=plan, approve=True, note="", by=city["authority"], now=NOW)
    with pytest.raises(ForbiddenError):
        actions.create_plan(kind="form", name="x", purpose="y", fields=[AskedField("z")], by=city["leader"], now=NOW)
    away = replace(city["authority"], division_code="110000")
    submitted(city, plan)
    with pytest.raises(NotFoundError):
        actions.decide_plan(plan=plan, approve=True, note="", by=away, now=NOW)


@pytest.mark.parametrize("wrong", [{"kind": "letter"}, {"name": " "}, {"purpose": ""}, {"name": "x" * 129}])
def test_a_plan_says_what_it_is(city: City, wrong: dict[str, Any]):
    values = {"kind": "system", "name": "入学平台", "purpose": "入学", **wrong}
    with pytest.raises(InvalidInputError):
        actions.create_plan(**values, fields=[AskedField("z")], by=city["steward"], now=NOW)
    with pytest.raises(PlanFieldsError):
        actions.create_plan(kind="form", name="x", purpose="y", fields=[], by=city["steward"], now=NOW)


def test_the_department_itself_is_told_what_it_has_already(city: City):
    city.published()
    follow(NOW)
    found = hits_for(city.civil.division_code, ITEMS[2].name)
    assert Entry.objects.get(id=found[0].entry_id).published_name == FIELDS.name
