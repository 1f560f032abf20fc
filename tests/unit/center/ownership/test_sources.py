"""One number, one source: who holds what, who is asked, who is designated, and what that means for the others."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from jutong.center.audit.models import AuditEvent
from jutong.center.catalog import actions as catalog
from jutong.center.catalog.fields import ItemFields
from jutong.center.catalog.models import Entry
from jutong.center.org import actions as org
from jutong.center.org.enums import Role
from jutong.center.org.queries import actor_for
from jutong.center.ownership import actions, queries
from jutong.center.ownership.elements import keys_of
from jutong.center.ownership.enums import DesignationState, Stance
from jutong.center.ownership.errors import (
    DesignationStepError,
    NotHolderError,
    PositionsOutstandingError,
    ProposalOpenError,
    SubjectHeldOnceError,
)
from jutong.center.ownership.holdings import OVERLAP, follow, forget, reread
from jutong.center.ownership.meaning import subject_key
from jutong.center.ownership.models import FeedPosition, Holding, ItemSubject, SourceDesignation
from jutong.center.sharing.models import Notice
from jutong.kernel.errors import ForbiddenError, InvalidInputError, NotFoundError
from tests.center_world import ITEMS, NOW, City, at
from tests.ownership_world import NEXT_YEAR, both_publish, designated, other_entry, proposed


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("公民身份号码", "身份证号"),
        ("公民身份号码", "居民身份证号码"),
        ("婚姻状况", "婚姻 状况"),
        ("统一社会信用代码", "社会信用代码"),
        ("学籍号１", "学籍号2"),
    ],
)
def test_spellings_of_one_thing_have_one_key(one, other):
    assert subject_key(one) == subject_key(other) != ""


@pytest.mark.parametrize("name", ["序号", "备注", " 更新时间 ", "ID", "", "创建人"])
def test_what_every_table_has_is_nobodys(name):
    assert subject_key(name, entry_name="婚姻登记信息") == ""


def test_a_name_that_needs_its_entry_counts_only_with_it():
    assert subject_key("面积") == ""
    assert subject_key("面积", entry_name="不动产登记信息") == subject_key("面积 ", entry_name="不动产登记信息1")
    assert subject_key("面积", entry_name="不动产登记信息") != subject_key("面积", entry_name="公园名录")
    assert subject_key("面积", element="DE00031") == "e:DE00031"


def test_what_is_said_of_a_matter_is_nobodys_beyond_it(db):
    assert subject_key("罚款金额", element="DE05004") == ""
    assert subject_key("罚款金额", element="DE05004", entry_name="城管处罚") == "n:罚款金额@城管处罚"
    assert keys_of("罚款金额") == ()
    assert keys_of("出生日期") == ("e:DE01004", "n:出生日期")
    assert keys_of("河长姓名") == ("n:河长姓名",)


def test_holdings_follow_the_feed(city: City):
    first = city.published()
    assert follow(NOW) == 1
    assert follow(NOW) == 0
    assert set(Holding.objects.values_list("item_name", flat=True)) == {"公民身份号码", "婚姻状况", "姓名"}
    again = catalog.new_version(entry=first.entry, by=city["steward"], now=NOW)
    catalog.edit_version(
        version=again,
        fields=replace(_fields(again), summary="新"),
        items=[ItemFields(name="结婚证字号", data_type="C")],
        by=city["steward"],
        now=NOW,
    )
    catalog.publish(version=city.submit(again), by=city["authority"], now=NOW)
    assert follow(NOW) == 1
    assert list(Holding.objects.values_list("item_name", flat=True)) == ["结婚证字号"]
    assert list(ItemSubject.objects.values_list("name", flat=True)) == ["结婚证字号"]


def _fields(version: Any) -> Any:
    from jutong.center.catalog.steps import written

    return written(version)[0]


def test_the_first_time_everything_published_is_read_and_again_after_forgetting(city: City):
    both_publish(city)
    before = set(Holding.objects.values_list("entry__code", "item_name", "subject__key"))
    forget()
    assert follow(NOW) == 2
    assert set(Holding.objects.values_list("entry__code", "item_name", "subject__key")) == before


def test_everything_is_read_anew_where_what_is_the_same_has_changed(city: City):
    both_publish(city)
    assert reread(NOW) == 0
    FeedPosition.objects.update(basis="0/0/shipped")
    assert reread(NOW) == 2
    assert reread(NOW) == 0


def test_the_authority_is_asked_once_when_a_second_department_publishes_the_same(city: City):
    city.published()
    follow(NOW)
    asked = Notice.objects.filter(text=OVERLAP)
    assert not asked.exists()
    other_entry(city)
    follow(NOW)
    notice = asked.get()
    assert (notice.organisation, notice.role, notice.fields) == (city.bigdata, Role.AUTHORITY, {"count": 2})
    forget()
    follow(NOW)
    assert asked.count() == 1


def test_overlaps_are_listed_found_and_told_apart(city: City):
    both_publish(city)
    names = {row.name for row in queries.overlaps(city["authority"])}
    assert names == {"公民身份号码", "婚姻状况"}
    assert [row.name for row in queries.overlaps(city["leader"], q="婚姻")] == ["婚姻状况"]
    assert queries.overlaps(city["authority"], state="designated").count() == 0
    made = proposed(city)
    assert [row.name for row in queries.overlaps(city["authority"], state="open")] == ["公民身份号码"]
    assert [row.name for row in queries.overlaps(city["authority"], state="proposed")] == ["婚姻状况"]
    shown = queries.subject(city["steward"], made.subject_id)
    assert (shown.proposal, shown.designation) == (made, None)
    assert {row.organisation.short_name for row in shown.holdings} == {"市民政局", "市教育局"}
    with pytest.raises(ForbiddenError):
        queries.overlaps(city["auditor"])
    with pytest.raises(NotFoundError):
        queries.subject(city["authority"], "nonsense")


def test_both_sides_are_heard_and_the_source_is_designated(city: City):
    both_publish(city)
    made = proposed(city)
    assert made.answer_by == date(2026, 11, 16)
    waiting = queries.positions_to_state(city["steward"])
    assert [row.designation for row in waiting] == [made]
    assert Notice.objects.filter(role=Role.STEWARD, link=f"/ownership/{made.subject_id}").count() == 2
    actions.state_position(designation=made, stance=Stance.AGREE, text="", by=city["steward"], now=NOW)
    with pytest.raises(PositionsOutstandingError) as silent:
        actions.designate(
            designation=made, entry=made.entry, effective_on=NEXT_YEAR, by=city["authority"], now=at(1)
        )  # fmt: skip
    assert "市教育局" in silent.value.explain()
    with pytest.raises(InvalidInputError):
        actions.state_position(designation=made, stance=Stance.DISAGREE, text=" ", by=city["stranger"], now=NOW)
    with pytest.raises(InvalidInputError):
        actions.state_position(designation=made, stance="maybe", text="看情况", by=city["stranger"], now=NOW)
    actions.state_position(
        designation=made, stance=Stance.DISAGREE, text="学籍里的婚姻状况我们自己收集", by=city["stranger"], now=NOW
    )  # fmt: skip
    assert queries.positions_to_state(city["stranger"]) == []
    done = actions.designate(
        designation=made, entry=made.entry, effective_on=date(2026, 12, 1), by=city["authority"], now=at(1)
    )  # fmt: skip
    assert (done.state, done.organisation) == (DesignationState.DESIGNATED, city.civil)
    assert [row.state for row in queries.designations(city["requester"])] == ["designated"]
    assert {row.stance for row in queries.designation(city["requester"], done.id).positions.all()} == set(Stance.values)
    events = AuditEvent.objects.filter(event__startswith="ownership:source:").values_list("event", flat=True)
    assert sorted(events) == [
        "ownership:source:designate", "ownership:source:propose", "ownership:source:state", "ownership:source:state",
    ]  # fmt: skip
    with pytest.raises(DesignationStepError):
        actions.state_position(designation=done, stance=Stance.AGREE, text="", by=city["steward"], now=at(2))


def test_silence_holds_nothing_up_after_the_last_day(city: City):
    both_publish(city)
    made = proposed(city)
    late = NOW + timedelta(days=8)
    done = actions.designate(
        designation=made, entry=made.entry, effective_on=NEXT_YEAR, by=city["authority"], now=late
    )  # fmt: skip
    assert done.state == DesignationState.DESIGNATED


def test_the_others_have_to_reference_the_source(city: City):
    both_publish(city)
    source = designated(city)
    found = queries.assigned_elsewhere(city.education, [ItemFields(name="婚姻状态"), ItemFields(name="学籍号")])
    assert dict(found) == {"婚姻状态": source.entry.code}
    assert queries.assigned_elsewhere(city.civil, ITEMS) == {}
    every = queries.assigned_elsewhere(city.education)
    assert every.get("婚姻状况2") == source.entry.code
    assert "学籍号" not in every
    assert "面积" not in every
    assert list(every) == ["DE01009"]
    assert len(every) == 1
    link = queries.source_of(city.civil.division_code, "婚姻登记状态")
    assert link is not None
    assert (link.organisation_name, link.entry_code) == ("市民政局", source.entry.code)
    assert queries.source_of(city.civil.division_code, "学籍号") is None
    assert queries.source_of("110000", "婚姻状况") is None


def test_an_entry_says_where_its_items_come_from(city: City):
    _, other = both_publish(city)
    source = designated(city)
    entry = Entry.objects.select_related("organisation", "published").get(id=other.id)
    assert entry.published is not None
    links = queries.sources_of(entry, entry.published)
    assert {name: link.entry_code for name, link in links.items()} == {"婚姻状况": source.entry.code}
    own = Entry.objects.select_related("organisation", "published").get(id=source.entry_id)
    assert own.published is not None
    assert queries.sources_of(own, own.published) == {}


def test_an_element_is_assigned_by_its_code(city: City):
    item = ItemFields(name="婚姻情况", data_type="C", element="DE00099")
    city.published(items=(item,))
    other_entry(city, items=(replace(item, name="婚否"),))
    follow(NOW)
    subject = ItemSubject.objects.get(key="e:DE00099")
    assert subject.organisation_count == 2
    designated(city, subject)
    assert set(queries.assigned_elsewhere(city.education, [replace(item, name="什么都行")])) == {"DE00099"}
    other = Entry.objects.select_related("organisation", "published").get(organisation=city.education)
    assert other.published is not None
    assert set(queries.sources_of(other, other.published)) == {"婚否"}


def test_a_new_designation_takes_the_place_of_the_former(city: City):
    _, other = both_publish(city)
    former = designated(city)
    made = actions.propose_source(
        subject=former.subject, entry=other, basis="职责调整", by=city["authority"], now=at(30)
    )  # fmt: skip
    with pytest.raises(ProposalOpenError):
        actions.propose_source(subject=former.subject, entry=other, basis="再来", by=city["authority"], now=at(30))
    for actor in ("steward", "stranger"):
        actions.state_position(designation=made, stance=Stance.AGREE, text="", by=city[actor], now=at(30))
    actions.designate(designation=made, entry=other, effective_on=NEXT_YEAR, by=city["authority"], now=at(31))
    former.refresh_from_db()
    assert (former.state, former.revoke_reason) == (DesignationState.REVOKED, "已改定数源部门")
    assert set(queries.assigned_elsewhere(city.civil, ITEMS)) == {"婚姻状况"}


def test_a_designation_is_revoked_with_a_reason(city: City):
    both_publish(city)
    made = designated(city)
    with pytest.raises(InvalidInputError):
        actions.revoke_source(designation=made, reason=" ", by=city["authority"], now=at(2))
    done = actions.revoke_source(designation=made, reason="职责划转", by=city["authority"], now=at(2))
    assert done.state == DesignationState.REVOKED
    assert queries.assigned_elsewhere(city.education, ITEMS) == {}
    with pytest.raises(DesignationStepError):
        actions.revoke_source(designation=made, reason="再撤", by=city["authority"], now=at(2))


def test_what_one_department_holds_needs_no_source(city: City):
    version = city.published()
    follow(NOW)
    subject = ItemSubject.objects.get(name="婚姻状况")
    with pytest.raises(SubjectHeldOnceError):
        actions.propose_source(subject=subject, entry=version.entry, basis="职责", by=city["authority"], now=NOW)


def test_only_a_holder_can_be_the_source_and_only_the_authority_designates(city: City):
    both_publish(city)
    stranger = city.published(name="收养登记信息", items=(ItemFields(name="收养证字号", data_type="C"),)).entry
    follow(NOW)
    subject = ItemSubject.objects.get(name="婚姻状况")
    with pytest.raises(NotHolderError):
        actions.propose_source(subject=subject, entry=stranger, basis="职责", by=city["authority"], now=NOW)
    holder = subject.holdings.first()
    assert holder is not None
    with pytest.raises(InvalidInputError):
        actions.propose_source(subject=subject, entry=holder.entry, basis="", by=city["authority"], now=NOW)
    with pytest.raises(ForbiddenError):
        actions.propose_source(subject=subject, entry=stranger, basis="职责", by=city["steward"], now=NOW)


def test_another_division_has_sources_of_its_own(city: City):
    both_publish(city)
    made = proposed(city)
    away = replace(city["authority"], division_code="110000", organisation_id=None)
    assert queries.overlaps(away).count() == 0
    with pytest.raises(NotFoundError):
        queries.designation(away, made.id)
    with pytest.raises(NotFoundError):
        actions.propose_source(subject=made.subject, entry=made.entry, basis="x", by=away, now=NOW)
    with pytest.raises(NotFoundError):
        actions.revoke_source(designation=made, reason="x", by=away, now=NOW)


def test_a_department_that_was_not_asked_has_no_position(city: City):
    both_publish(city)
    made = proposed(city)
    user = city.user("requester")
    post = org.appoint(user=user, organisation=city.bigdata, role=Role.STEWARD, by=_platform(), now=NOW)
    with pytest.raises(NotFoundError):
        actions.state_position(designation=made, stance="agree", text="", by=actor_for(post), now=NOW)


def _platform() -> Any:
    from tests.center_world import PLATFORM

    return PLATFORM


def test_a_subject_with_a_designation_stays_when_nobody_holds_it(city: City):
    both_publish(city)
    made = designated(city)
    Entry.objects.update(published=None, published_name="")
    forget()
    follow(NOW)
    Holding.objects.all().delete()
    subject = ItemSubject.objects.get(id=made.subject_id)
    assert SourceDesignation.objects.filter(subject=subject).exists()
    assert queries.assigned_elsewhere(city.education, ITEMS) == {}
