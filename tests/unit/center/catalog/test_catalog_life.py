from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from jutong.center.audit.queries import of_subject as events_of
from jutong.center.catalog import actions, queries
from jutong.center.catalog.enums import Event, UpdateTrigger, VersionState
from jutong.center.catalog.errors import (
    NameTakenError,
    NotPublishedError,
    OfficeHeadConsentsError,
    OpenVersionExistsError,
    WriterDecidesError,
)
from jutong.center.catalog.models import Entry, EntryVersion, Item
from jutong.center.clocks.models import StatutoryClock
from jutong.center.org import actions as org
from jutong.center.org.enums import Role
from jutong.center.org.errors import NoAuthorityError, OnboardingIncompleteError
from jutong.center.org.models import Organisation, Post
from jutong.center.org.queries import actor_for
from jutong.center.sharing.models import Notice
from jutong.kernel.calendar import CalendarYearMissingError
from jutong.kernel.errors import ForbiddenError, InvalidInputError, NotFoundError
from tests.catalog_steps import STEPS, assess, edit, reach
from tests.center_world import FIELDS, ITEMS, NOW, PLATFORM, City, at, person


def test_a_version_that_is_gone_reads_as_absent(city: City):
    version = city.draft()
    Item.objects.filter(version=version).delete()
    EntryVersion.objects.filter(id=version.id).delete()
    with pytest.raises(NotFoundError):
        edit(city, version)


def test_a_draft_gets_its_code_and_its_items_in_order(city: City):
    version = city.draft()
    assert version.entry.code == "307010/00001"
    assert [(item.position, item.name) for item in version.items.all()] == [
        (1, "公民身份号码"), (2, "姓名"), (3, "婚姻状况"),
    ]  # fmt: skip
    assert (str(version), str(version.entry)) == ("婚姻登记信息 v1", "307010/00001")
    assert city.draft(name="离婚登记信息").entry.code == "307010/00002"
    assert city.draft(name="殡葬信息", classification="201011A").entry.code == "201011A/00001"


def test_a_draft_that_does_not_fit_takes_no_code(city: City):
    cases: tuple[dict[str, Any], ...] = ({"name": ""}, {"classification": "9"}, {"summary": "长" * 1001})
    for wrong in cases:
        with pytest.raises(InvalidInputError):
            city.draft(**wrong)
    with pytest.raises(InvalidInputError):
        city.draft(items=(ITEMS[0], ITEMS[0]))
    assert city.draft().entry.code.endswith("/00001")


def test_only_a_steward_starts_entries(city: City):
    for name in ("requester", "office_head", "department_head", "authority", "system_admin"):
        with pytest.raises(ForbiddenError):
            actions.create_entry(fields=FIELDS, items=ITEMS, by=city[name], now=NOW)


def test_an_edit_makes_assessments_and_consent_fall_away(city: City):
    version = reach(city, VersionState.CONSENTED)
    edited = edit(city, version, summary=" 新摘要 ")
    assert (edited.state, edited.summary) == (VersionState.DRAFT, "新摘要")
    assert (edited.consented_by, edited.consented_at, edited.assessments.count()) == (None, None, 0)


def test_the_classification_stands_once_a_code_is_given(city: City):
    with pytest.raises(InvalidInputError) as refused:
        edit(city, city.draft(), classification="307011")
    assert refused.value.fields["problems"][0]["place"] == "classification"


def test_a_failed_assessment_holds_the_version_back(city: City):
    version = assess(city, city.draft())
    version = assess(city, version, "personal", passed=False)
    assert version.state == VersionState.DRAFT
    assert assess(city, version, "personal").state == VersionState.ASSESSED


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"conclusion": " "}, "conclusion"),
        ({"conclusion": "长" * 1001}, "conclusion"),
        ({"assessed_by": ""}, "assessed_by"),
        ({"assessed_on": date(2026, 11, 10)}, "assessed_on"),
    ],
)
def test_an_assessment_names_result_person_and_day(city: City, changes: dict[str, Any], place: str):
    with pytest.raises(InvalidInputError) as refused:
        assess(city, city.draft(), **changes)
    assert [row["place"] for row in refused.value.fields["problems"]] == [place]


def test_whoever_wrote_it_does_not_consent(city: City):
    org.appoint(user=city.user("department_head"), organisation=city.civil, role=Role.STEWARD, by=PLATFORM, now=NOW)
    post = Post.objects.get(user=city.user("department_head"), role=Role.STEWARD)
    version = city.draft()
    actions.edit_version(version=version, fields=FIELDS, items=ITEMS, by=actor_for(post), now=NOW)
    version = edit(city, version)
    with pytest.raises(WriterDecidesError) as refused:
        STEPS[Event.CONSENT](city, city.assess(version))
    assert "赵长和" in refused.value.explain()


def test_a_head_of_the_data_office_does_not_consent(city: City):
    version = reach(city, VersionState.ASSESSED)
    Post.objects.filter(user=city.user("department_head"), role=Role.DEPARTMENT_HEAD).update(ended_at=NOW)
    org.appoint(user=city.user("department_head"), organisation=city.civil, role=Role.OFFICE_HEAD, by=PLATFORM, now=NOW)
    with pytest.raises(OfficeHeadConsentsError):
        STEPS[Event.CONSENT](city, version)


@pytest.mark.parametrize("event", [Event.DECLINE, Event.RETURN])
@pytest.mark.parametrize("reason", [" ", "长" * 1001])
def test_a_refusal_gives_its_reason(city: City, event: Event, reason: str):
    if event == Event.DECLINE:
        with pytest.raises(InvalidInputError):
            actions.decline(
                version=reach(city, VersionState.ASSESSED), reason=reason, by=city["department_head"], now=NOW
            )
    else:
        with pytest.raises(InvalidInputError):
            actions.return_version(
                version=reach(city, VersionState.SUBMITTED), reason=reason, by=city["authority"], now=NOW
            )


def test_submission_tells_everything_that_is_wrong_at_once(city: City):
    version = city.draft(grade="", share_scope="", not_secret=False)
    version = STEPS[Event.CONSENT](city, city.assess(version))
    found = queries.findings(city["steward"], version)
    assert [row.rule for row in found if row.is_error] == ["VC-03", "VC-01", "VC-13"]
    assert [row.rule for row in found if not row.is_error] == ["GR-07"]
    with pytest.raises(InvalidInputError) as refused:
        STEPS[Event.SUBMIT](city, version)
    assert [row["rule"] for row in refused.value.fields["problems"]] == ["VC-03", "VC-01", "VC-13"]
    version.refresh_from_db()
    assert version.state == VersionState.CONSENTED
    assert not StatutoryClock.objects.exists()


def test_submission_sees_systems_and_other_entries_names(city: City):
    city.published()
    org.register_system(organisation=city.civil, name="社会救助业务系统", by=PLATFORM, now=NOW)
    city.draft(name="低保对象信息")
    for name, rule in (("婚姻 登记信息", "VC-06"), ("社会救助业务系统", "VC-05"), ("低保对象信息2024", "VC-06")):
        version = STEPS[Event.CONSENT](city, city.assess(city.draft(name=name)))
        with pytest.raises(InvalidInputError) as refused:
            STEPS[Event.SUBMIT](city, version)
        assert rule in {row["rule"] for row in refused.value.fields["problems"]}


def test_submission_needs_an_onboarded_department_an_authority_and_a_calendar(city: City):
    version = reach(city, VersionState.CONSENTED)
    with pytest.raises(CalendarYearMissingError):
        actions.submit(version=version, by=city["steward"], now=datetime(2026, 12, 31, 1, tzinfo=UTC))
    org.end_post(post=city.post("office_head"), by=PLATFORM, now=NOW)
    with pytest.raises(OnboardingIncompleteError) as refused:
        STEPS[Event.SUBMIT](city, version)
    assert "工作机构负责人" in refused.value.explain()
    org.appoint(user=person("new-head", "新负责"), organisation=city.civil, role=Role.OFFICE_HEAD, by=PLATFORM, now=NOW)
    Organisation.objects.filter(id=city.bigdata.id).update(is_authority=False)
    with pytest.raises(NoAuthorityError):
        STEPS[Event.SUBMIT](city, version)


def test_the_authoritys_clock_runs_from_submission_to_decision(city: City):
    version = reach(city, VersionState.SUBMITTED)
    clock = StatutoryClock.objects.get(subject_kind="catalog-version", subject_id=str(version.id))
    assert (clock.period, clock.organisation, clock.due_on) == ("SLA-CAT-REV0", city.bigdata, date(2026, 11, 11))
    assert Notice.objects.get(organisation=city.bigdata).role == Role.AUTHORITY
    STEPS[Event.RETURN](city, version)
    clock.refresh_from_db()
    assert clock.state == "met"
    version = city.submit(edit(city, version))
    STEPS[Event.RECALL](city, version)
    states = StatutoryClock.objects.order_by("id").values_list("state", flat=True)
    assert list(states) == ["met", "cancelled"]
    told = Notice.objects.filter(organisation=city.civil, role=Role.STEWARD).get()
    assert told.fields["reason"].endswith("擅自增设条件")


def test_publication_is_announced_to_all_and_shown_in_the_entry(city: City):
    version = reach(city, VersionState.PUBLISHED)
    entry = Entry.objects.get()
    assert entry.published == version
    assert (entry.published_name, entry.share_attribute, entry.domain) == ("婚姻登记信息", "conditional", "民生服务")
    assert str(entry) == "婚姻登记信息"
    told = Notice.objects.filter(text__contains="发布目录").values_list("organisation__code", flat=True)
    assert sorted(told) == sorted(Organisation.objects.values_list("code", flat=True))
    assert [row.event for row in events_of("entry", entry.code)] == [
        "catalog:version:create", "catalog:version:assess", "catalog:version:assess", "catalog:version:consent",
        "catalog:version:submit", "catalog:version:publish",
    ]  # fmt: skip


def test_a_new_version_replaces_the_published_one_only_when_published(city: City):
    first = reach(city, VersionState.PUBLISHED)
    second = actions.new_version(entry=first.entry, by=city["steward"], now=NOW)
    assert (second.number, second.name, second.items.count()) == (2, first.name, 3)
    second = city.submit(edit(city, second, name="婚姻登记信息（新）", share_attribute="conditional"))
    entry = queries.published_entry(city["requester"], first.entry.code)
    assert entry.published == first
    clock = StatutoryClock.objects.get(subject_id=str(second.id))
    assert clock.period == "SLA-CAT-REV"
    STEPS[Event.PUBLISH](city, second)
    first.refresh_from_db()
    assert first.state == VersionState.SUPERSEDED
    entry = queries.published_entry(city["requester"], first.entry.code)
    assert (entry.published, entry.published_name, entry.code) == (second, "婚姻登记信息（新）", "307010/00001")
    assert Notice.objects.filter(text__contains="更新目录", organisation=city.education).exists()
    assert [row.number for row in queries.history(city["requester"], entry.code)] == [2, 1]


def test_an_entry_has_one_open_version(city: City):
    first = reach(city, VersionState.PUBLISHED)
    actions.new_version(entry=first.entry, by=city["steward"], now=NOW)
    with pytest.raises(OpenVersionExistsError) as refused:
        actions.new_version(entry=first.entry, by=city["steward"], now=NOW)
    assert "草稿" in refused.value.explain()


def test_a_new_version_needs_a_published_entry_of_the_own_department(city: City):
    draft = city.draft()
    with pytest.raises(NotPublishedError):
        actions.new_version(entry=draft.entry, by=city["steward"], now=NOW)
    with pytest.raises(NotFoundError):
        actions.new_version(entry=draft.entry, by=city["stranger"], now=NOW)
    with pytest.raises(ForbiddenError):
        actions.new_version(entry=draft.entry, by=city["requester"], now=NOW)


def test_a_change_of_law_starts_the_departments_clock_until_it_submits(city: City):
    first = reach(city, VersionState.PUBLISHED)
    version = actions.new_version(
        entry=first.entry, by=city["steward"], now=NOW, trigger=UpdateTrigger.LAW, happened_on=date(2026, 11, 2)
    )
    clock = StatutoryClock.objects.get(period="SLA-CAT-UPD")
    assert (clock.organisation, clock.started_on, clock.due_on) == (city.civil, date(2026, 11, 2), date(2026, 11, 16))
    city.submit(version, at(1))
    clock.refresh_from_db()
    assert clock.state == "met"


@pytest.mark.parametrize(
    ("trigger", "happened_on"),
    [
        (UpdateTrigger.DUTY, None),
        (UpdateTrigger.LAW, NOW.date() + timedelta(days=1)),
        (UpdateTrigger.VOLUNTARY, NOW.date()),
    ],
)
def test_a_change_of_law_has_its_day(city: City, trigger: UpdateTrigger, happened_on: date | None):
    first = reach(city, VersionState.PUBLISHED)
    with pytest.raises(InvalidInputError):
        actions.new_version(entry=first.entry, by=city["steward"], now=NOW, trigger=trigger, happened_on=happened_on)


def test_a_name_taken_during_review_is_found_at_publication(city: City):
    version = reach(city, VersionState.SUBMITTED)
    other = city.draft(name="另一条")
    EntryVersion.objects.filter(id=other.id).update(name="婚姻登记信息 2")
    with pytest.raises(NameTakenError):
        STEPS[Event.PUBLISH](city, version)
    version.refresh_from_db()
    assert version.state == VersionState.SUBMITTED


def test_a_reviewer_does_not_decide_on_the_own_work(city: City):
    version = reach(city, VersionState.SUBMITTED)
    reviewer = city["authority"]
    EntryVersion.objects.filter(id=version.id).update(writers=[reviewer.user_id])
    for event in (Event.PUBLISH, Event.RETURN):
        with pytest.raises(WriterDecidesError):
            STEPS[event](city, version)
    EntryVersion.objects.filter(id=version.id).update(writers=[], consented_by=city.user("authority"))
    with pytest.raises(WriterDecidesError):
        STEPS[Event.PUBLISH](city, version)
