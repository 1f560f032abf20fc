"""What a need does on its way: clocks, notices, who follows, what is found and why."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import transaction

from jutong.center.audit.models import AuditEvent
from jutong.center.clocks import actions as clocks
from jutong.center.clocks.models import StatutoryClock
from jutong.center.demand import actions, queries
from jutong.center.demand.enums import DemandEvent
from jutong.center.demand.errors import (
    AlreadyReliedOnError,
    AppliedTwiceError,
    DemandNotJoinedError,
    EntryNotOfHolderError,
    HolderIsRequesterError,
    HolderUnknownError,
    MergeTargetError,
    NoSuperiorError,
    OwnDemandDataError,
)
from jutong.center.demand.matching import alike, presumed_holders, proposals
from jutong.center.demand.models import Demand, DemandApplication
from jutong.center.demand.need import DemandFields, WantedItem, item_key, read_items
from jutong.center.demand.waiting import to_answer, to_assign
from jutong.center.org.actor import platform_actor
from jutong.center.org.enums import DivisionLevel, Role
from jutong.center.org.models import Division, Organisation
from jutong.center.ownership.holdings import follow
from jutong.center.process.errors import StepNotAllowedError
from jutong.center.process.moments import Moment, tell
from jutong.center.sharing.errors import EntryUnpublishedError, NotShareableError
from jutong.center.sharing.models import Notice
from jutong.kernel.errors import ForbiddenError, InvalidInputError
from tests import sharing_steps
from tests.demand_steps import (
    FIELDS,
    answered,
    applied,
    assigned,
    cataloged,
    cataloguing,
    held,
    matched,
    searchable,
    stated,
)
from tests.sharing_world import NOW, World, at, organisation, person, publish

DISABLED_ITEMS = tuple(WantedItem(name) for name in ("婚姻状况", "姓名"))


def fresh(demand: Demand) -> Demand:
    return Demand.objects.get(id=demand.id)


def clock(demand: Demand, period: str) -> StatutoryClock:
    return StatutoryClock.objects.filter(subject_id=str(demand.id), period=period).latest("id")


def test_the_clocks_follow_the_need_from_hand_to_hand(world: World) -> None:
    demand = stated(world)
    assert clock(demand, "SLA-DEM-ASG").organisation_id == world.bigdata.id
    assert clock(demand, "SLA-DEM-ASG").due_on == date(2026, 11, 16)
    actions.assign_demand(demand=demand, holder=world.civil.code, by=world.authority, now=at(2))
    assert clock(demand, "SLA-DEM-ASG").state == "met"
    answer = clock(demand, "SLA-DEM-ANS")
    assert (answer.organisation_id, answer.due_on) == (world.civil.id, date(2026, 11, 18))
    actions.answer_demand(demand=demand, answer="held", basis="三定", by=world.steward, now=at(20))
    assert clock(demand, "SLA-DEM-ANS").state == "late"
    catalog = clock(demand, "SLA-DEM-CAT")
    assert (catalog.length, catalog.state) == (15, "running")


@pytest.mark.parametrize(("days", "breached"), [(4, 0), (7, 0), (8, 1)])
def test_a_silent_holder_is_found_the_day_after_its_last_day(world: World, days: int, breached: int) -> None:
    demand = assigned(world)
    found = clocks.scan_breaches(by=platform_actor("scan"), now=at(days))
    assert len([row for row in found if row.subject_id == str(demand.id)]) == breached
    assert fresh(demand).state == "assigned"


def test_not_held_gives_it_back_to_the_authority_with_a_new_clock(world: World) -> None:
    demand = answered(world, "not-held")
    assert (demand.holder, demand.state) == (None, "not-held")
    assert clock(demand, "SLA-DEM-ASG").state == "running"
    found = [row for row in presumed_holders(demand) if row.organisation.id == world.civil.id]
    assert [row.answered for row in found] == ["不持有"]
    again = actions.assign_demand(demand=demand, holder=world.other.code, by=world.authority, now=at(1))
    assert [row.holder.short_name for row in again.assignments.all()] == ["市民政局", "市交通局"]


def test_asked_before_it_answered_a_holder_is_let_go(world: World) -> None:
    demand = assigned(world)
    actions.assign_demand(demand=demand, holder=world.other.code, by=world.authority, now=at(1))
    rows = list(demand.assignments.all())
    assert [(row.answer, row.ended_at is not None) for row in rows] == [("", True), ("", False)]
    assert StatutoryClock.objects.filter(subject_id=str(demand.id), period="SLA-DEM-ANS", state="running").count() == 1
    assert to_answer(world.steward, at(1)) == []
    assert [task.number for task in to_answer(world.stranger, at(1))] == [demand.number]


def test_a_published_entry_catalogs_the_need_and_tells_everybody(world: World) -> None:
    demand = cataloguing(world)
    actions.join_demand(demand=demand, scenario="停车优惠", by=world.joiner, now=NOW)
    assert demand.draft is not None
    tell(Moment.ENTRY_PUBLISHED, demand.draft.entry, by=world.authority, now=at(3))
    done = fresh(demand)
    assert (done.state, done.entry_id) == ("cataloged", demand.draft.entry_id)
    assert clock(demand, "SLA-DEM-CAT").state == "met"
    told = Notice.objects.filter(text__contains="已编目为", at=at(3)).values_list("organisation__short_name", flat=True)
    assert set(told) == {"市教育局", "市交通局"}


def test_publishing_through_the_catalog_is_heard(world: World) -> None:
    demand = cataloged(world)
    assert demand.state == "cataloged"
    assert demand.entry is not None
    assert [item.name for item in demand.entry.published.items.all()] == ["残疾人证号", "残疾类别", "残疾等级"]  # type: ignore[union-attr]


def test_a_second_draft_is_not_begun(world: World) -> None:
    demand = cataloguing(world)
    again = actions.begin_catalog(demand=demand, classification="307010", by=world.steward, now=at(1))
    assert again.id == demand.draft_id


def test_the_holder_s_entry_has_to_be_published_and_its_own(world: World) -> None:
    demand = held(world)
    entry, _ = publish(world.other, name="别家的", code="306001/5")
    with pytest.raises(EntryNotOfHolderError):
        actions.name_entry(demand=demand, entry=entry, by=world.steward, now=NOW)
    named = actions.name_entry(demand=demand, entry=world.entry, by=world.steward, now=NOW)
    assert (named.state, named.entry_id) == ("cataloged", world.entry.id)


def test_one_click_drafts_an_application_that_asks_the_least(world: World) -> None:
    demand = actions.state_demand(
        fields=replace(FIELDS, title="婚姻核验", items=DISABLED_ITEMS), by=world.requester, now=NOW
    )
    actions.match_demand(demand=demand, entry=world.entry, by=world.authority, now=NOW)
    made = actions.apply_for_demand(demand=demand, by=world.requester, now=NOW)
    assert (made.scenario, made.basis, made.title) == (FIELDS.scenario, FIELDS.basis, "婚姻核验")
    asked = {row.item.name: row.asked for row in made.items.select_related("item")}
    assert asked == {"公民身份号码": "verify", "婚姻状况": "verify", "姓名": "verify"}
    with pytest.raises(AppliedTwiceError):
        actions.apply_for_demand(demand=demand, by=world.requester, now=NOW)
    with pytest.raises(DemandNotJoinedError):
        actions.apply_for_demand(demand=demand, by=world.joiner, now=NOW)
    with pytest.raises(StepNotAllowedError):
        actions.unmatch_demand(demand=demand, reason="x", by=world.requester, now=NOW)


def test_an_application_made_without_the_click_answers_the_need_too(world: World) -> None:
    demand = matched(world)
    application = sharing_steps.submitted(world)
    assert fresh(demand).state == "applied"
    assert DemandApplication.objects.get(demand=demand).application_id == application.id


def test_supply_meets_the_need_and_others_may_still_apply(world: World) -> None:
    demand = matched(world)
    actions.join_demand(demand=demand, scenario="停车优惠", by=world.joiner, now=NOW)
    grant = sharing_steps.sharing(world)
    done = fresh(demand)
    assert done.state == "met"
    assert done.ended_at is not None
    assert DemandApplication.objects.get(application=grant.application).supplied_at is not None
    tell(Moment.GRANT_SUPPLIED, grant, by=platform_actor("receipt"), now=at(1), first=False)
    actions.apply_for_demand(demand=done, by=world.joiner, now=at(1))
    assert fresh(demand).state == "met"


def test_an_unmatched_entry_nobody_relied_on_goes_back(world: World) -> None:
    demand = matched(world)
    DemandApplication.objects.create(
        demand=demand, application=sharing_steps.drafted(world), organisation=world.education, at=NOW
    )
    with pytest.raises(AlreadyReliedOnError):
        actions.unmatch_demand(demand=demand, reason="不合用", by=world.requester, now=NOW)
    DemandApplication.objects.all().delete()
    back = actions.unmatch_demand(demand=demand, reason="不合用", by=world.requester, now=at(1))
    assert (back.state, back.entry) == ("stated", None)


def test_matches_name_their_reasons(world: World) -> None:
    follow(NOW)
    searchable(world.entry)
    found = proposals(world.education.division_code, "婚姻登记信息", DISABLED_ITEMS)
    assert found[0].entry.id == world.entry.id
    ways = [row["way"] for row in found[0].reasons]
    assert ways[0] == "same-name"
    assert "item-name" in ways
    assert found[0].score > 90
    assert proposals(world.education.division_code, "婚姻登记信息", DISABLED_ITEMS, but=[world.civil.id]) == []
    assert proposals(world.education.division_code, "？？", (WantedItem("没有这个东西的项"),)) == []
    part = proposals(world.education.division_code, "婚姻登记", ())
    assert [row["way"] for row in part[0].reasons] == ["name"]


def test_a_match_that_is_looked_for_again_follows_the_catalog(world: World) -> None:
    demand = actions.state_demand(
        fields=replace(FIELDS, title="残疾人证登记", items=FIELDS.items), by=world.requester, now=NOW
    )
    assert demand.matches.count() == 0
    searchable(publish(world.civil, name="残疾人证登记", code="306001/6")[0])
    assert actions.look_again(demand=demand, by=world.requester, now=NOW) == 1
    actions.match_demand(demand=demand, entry=demand.matches.get().entry, by=world.requester, now=NOW)
    assert actions.look_again(demand=demand, by=world.requester, now=NOW) == 1


def test_needs_that_look_the_same_are_told_with_what_they_share(world: World) -> None:
    demand = stated(world)
    keys = [item_key(name) for name in ("残疾人证号", "残疾类别", "联系电话")]
    found = alike("别的名称", keys)
    assert [(row.demand.id, row.same_name) for row in found] == [(demand.id, False)]
    assert found[0].shared == ("残疾人证号", "残疾类别")
    assert alike("残疾人证信息", [])[0].same_name
    assert alike("别的名称", [item_key("联系电话"), keys[0], item_key("住址")]) == []
    assert alike("残疾人证信息", keys, but=demand.id) == []


def test_merging_brings_everybody_over(world: World) -> None:
    first = actions.state_demand(fields=FIELDS, by=world.requester, now=NOW)
    second = actions.state_demand(fields=FIELDS, by=world.joiner, now=NOW)
    done = actions.merge_demand(demand=second, into=first, by=world.authority, now=at(1))
    assert (done.state, done.merged_into_id) == ("merged", first.id)
    assert [row.organisation_id for row in first.joiners.all()] == [world.other.id]
    with pytest.raises(StepNotAllowedError):
        actions.merge_demand(demand=second, into=first, by=world.authority, now=at(1))
    for other in (first, second):
        with pytest.raises(MergeTargetError):
            actions.merge_demand(demand=first, into=other, by=world.authority, now=at(1))


def test_a_need_others_have_does_not_fall_with_who_wrote_it(world: World) -> None:
    demand = stated(world)
    actions.join_demand(demand=demand, scenario="停车优惠", by=world.joiner, now=NOW)
    kept = actions.withdraw_demand(demand=demand, by=world.requester, now=at(1))
    assert (kept.state, kept.requester_id) == ("stated", world.other.id)
    gone = actions.withdraw_demand(demand=kept, by=world.stranger, now=at(2))
    assert gone.state == "withdrawn"
    assert not StatutoryClock.objects.filter(subject_id=str(demand.id), state="running").exists()


def test_a_need_for_an_upper_department_goes_up(world: World) -> None:
    demand = stated(world)
    with pytest.raises(NoSuperiorError):
        actions.refer_demand(demand=demand, reason="省级数据", by=world.authority, now=NOW)
    Division.objects.create(code="620000", name="上省", level=DivisionLevel.PROVINCE, valid_from=date(2020, 1, 1))
    Division.objects.filter(code="629900").update(parent_code="620000")
    province = organisation("11620000MB0000001A", "省大数据局", "省大数据局", authority=True, division="620000")
    office = organisation("11620000MB0000002B", "省残联", "省残联", division="620000")
    upper = person(province, Role.AUTHORITY, "upper", "省里人")
    with pytest.raises(HolderUnknownError):
        actions.assign_demand(demand=demand, holder=office.code, by=world.authority, now=NOW)
    done = actions.refer_demand(demand=demand, reason="省级数据", by=world.authority, now=at(1))
    assert done.division_code == "620000"
    assert clock(demand, "SLA-DEM-ASG").organisation_id == province.id
    assert [task.number for task in to_assign(upper, at(1))] == [demand.number]
    assert to_assign(world.authority, at(1)) == []
    assert set(queries.assignable(upper)) >= {office, world.civil}
    assert office not in queries.assignable(world.authority)
    assert actions.assign_demand(demand=demand, holder=office.code, by=upper, now=at(2)).state == "assigned"


def test_nobody_is_asked_for_what_it_needs_itself(world: World) -> None:
    demand = stated(world)
    actions.join_demand(demand=demand, scenario="停车优惠", by=world.joiner, now=NOW)
    for code in (world.education.code, world.other.code):
        with pytest.raises(HolderIsRequesterError):
            actions.assign_demand(demand=demand, holder=code, by=world.authority, now=NOW)
    with pytest.raises(HolderUnknownError):
        actions.assign_demand(demand=demand, holder="no-such", by=world.authority, now=NOW)
    other = assigned(world)
    with pytest.raises(HolderIsRequesterError):
        actions.join_demand(demand=other, scenario="我也要", by=replace(world.steward), now=NOW)


def test_what_is_matched_is_published_and_another_s(world: World) -> None:
    demand = stated(world)
    own, _ = publish(world.education, name="自己的", code="306001/3")
    with pytest.raises(OwnDemandDataError):
        actions.match_demand(demand=demand, entry=own, by=world.requester, now=NOW)
    type(own).objects.filter(id=own.id).update(published=None)
    with pytest.raises(EntryUnpublishedError):
        actions.match_demand(demand=demand, entry=own, by=world.requester, now=NOW)


def test_what_law_withholds_can_be_matched_but_not_applied_for(world: World) -> None:
    entry, _ = publish(world.civil, name="不予共享的", code="306001/4", attribute="none")
    demand = actions.match_demand(demand=stated(world), entry=entry, by=world.requester, now=NOW)
    assert queries.view(world.requester, demand.number, NOW).is_withheld
    with pytest.raises(NotShareableError):
        actions.apply_for_demand(demand=demand, by=world.requester, now=NOW)


@pytest.mark.parametrize(
    ("change", "places"),
    [
        ({"title": " "}, ["title"]),
        ({"title": "x" * 129, "basis": "", "scenario": "x" * 501}, ["title", "basis", "scenario"]),
        ({"frequency": "hourly", "share_way": "fax", "urgency": ""}, ["frequency", "share_way", "urgency"]),
        ({"wanted_on": date(2026, 11, 8)}, ["wanted_on"]),
        ({"division_filter": "0"}, ["division_filter"]),
        ({"matter": "x" * 129}, ["matter"]),
        ({"items": ()}, ["items"]),
        ({"items": (WantedItem("姓名"), WantedItem("姓 名"))}, ["items"]),
        ({"items": tuple(WantedItem(f"项{chr(0x4E00 + n)}") for n in range(41))}, ["items"]),
        ({"items": (WantedItem("a\x00b"),)}, ["items"]),
        ({"expected_holder": "no-such"}, ["expected_holder"]),
        ({"expected_holder": "own"}, ["expected_holder"]),
        ({"is_true": False, "is_lawful": False, "is_secured": False}, ["is_true", "is_lawful", "is_secured"]),
    ],
)
def test_bad_input_names_its_place(world: World, change: dict[str, Any], places: list[str]) -> None:
    if change.get("expected_holder") == "own":
        change = {"expected_holder": world.education.code}
    with pytest.raises(InvalidInputError) as refusal:
        stated(world, **change)
    assert [row["place"] for row in refusal.value.fields["problems"]] == places
    assert not Demand.objects.exists()


def test_the_day_of_today_may_be_wanted_and_lines_are_read(world: World) -> None:
    assert stated(world, wanted_on=NOW.date(), expected_holder=world.civil.code).expected_holder == world.civil
    assert read_items(" 姓名\t本人\n\n证号，十八位\n地址 ") == (
        WantedItem("姓名", "本人"), WantedItem("证号", "十八位"), WantedItem("地址"),
    )  # fmt: skip
    assert DemandFields().urgency == "normal"


def test_bad_answers_and_empty_reasons_are_refused(world: World) -> None:
    demand = assigned(world)
    for answer, basis in (("perhaps", "三定"), ("held", ""), ("held", "x" * 501)):
        with pytest.raises(InvalidInputError):
            actions.answer_demand(demand=demand, answer=answer, basis=basis, by=world.steward, now=NOW)
    with pytest.raises(ForbiddenError):
        actions.state_demand(fields=FIELDS, by=world.auditor, now=NOW)


def test_a_year_without_calendar_states_nothing(world: World) -> None:
    from jutong.kernel.calendar import CalendarYearMissingError

    with pytest.raises(CalendarYearMissingError), transaction.atomic():
        stated(world, NOW + timedelta(days=900), wanted_on=None)
    assert not Demand.objects.exists()


def test_every_step_is_on_record_and_the_page_tells_what_may_be_done(world: World) -> None:
    demand = applied(world)
    events = AuditEvent.objects.filter(subject_id=str(demand.id), event__startswith="demand:")
    assert list(events.order_by("at", "id").values_list("event", flat=True)) == [
        "demand:demand:state", "demand:demand:match", "demand:demand:apply",
    ]  # fmt: skip
    mine = queries.view(world.requester, demand.number, NOW).events
    assert mine == {DemandEvent.WITHDRAW}
    theirs = queries.view(world.joiner, demand.number, NOW)
    assert theirs.events == {DemandEvent.JOIN}
    assert not theirs.has_joined
    assert Organisation.objects.filter(demands=demand).exists()
