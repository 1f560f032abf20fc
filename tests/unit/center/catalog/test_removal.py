"""下线: by the same path as a publication, and not while somebody is left without the notice of 条例 27(3)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from jutong.center.catalog import actions, duty_queries, queries
from jutong.center.catalog.actions.taking_down import require_unused
from jutong.center.catalog.enums import ChangeKind, VersionState
from jutong.center.catalog.errors import (
    EntryInUseError,
    FilingDecidedError,
    FilingPendingError,
    NothingToFileError,
    NotPublishedError,
    NotRemovalError,
    OpenVersionExistsError,
    RemovalContentError,
    RepliesOwedError,
    StepNotAllowedError,
)
from jutong.center.catalog.life import Filing
from jutong.center.catalog.models import Binding, Entry, EntryChange, EntryVersion
from jutong.center.org.models import Organisation
from jutong.center.sharing.models import Notice
from jutong.kernel.errors import ForbiddenError, InvalidInputError, NotFoundError
from tests import sharing_steps, sharing_world
from tests.center_world import FIELDS, ITEMS, NOW, City, at
from tests.sharing_world import World

WHY = "婚姻登记职责已划转，不再采集"


@pytest.fixture
def world(db) -> World:
    return sharing_world.build()


def propose(world: World) -> EntryVersion:
    return actions.propose_removal(entry=world.entry, reason=WHY, by=world.steward, now=NOW)


def file(world: World, **changes: str) -> Filing:
    consulted = {world.education.code: "已协商：改用省级接口", **changes}
    return actions.file_end(entry=world.entry, reason=WHY, consulted=consulted, by=world.steward, now=NOW)


def test_a_removal_waits_for_consent_at_once_and_says_why(city: City):
    version = city.removal()
    assert (version.state, version.kind, version.change_note) == (VersionState.ASSESSED, "removal", "职责已划出")
    assert (version.number, version.items.count(), version.assessments.count()) == (2, 3, 0)
    with pytest.raises(OpenVersionExistsError):
        actions.new_version(entry=version.entry, by=city["steward"], now=NOW)


def test_an_unused_entry_is_taken_down_and_nobody_finds_it(city: City):
    version = actions.consent(version=city.removal(), by=city["department_head"], now=NOW)
    version = actions.submit(version=version, by=city["steward"], now=NOW)
    version = actions.publish(version=version, by=city["authority"], now=at(1))
    entry = Entry.objects.get()
    assert (version.state, version.effective_from) == (VersionState.REMOVED, date(2026, 11, 10))
    assert (entry.published, entry.removed_at, entry.search_tokens, entry.is_bound) == (None, at(1), [], False)
    assert EntryVersion.objects.get(number=1).state == VersionState.SUPERSEDED
    for reader in ("requester", "authority"):
        with pytest.raises(NotFoundError):
            queries.published_entry(city[reader], entry.code)
        assert [row.number for row in queries.history(city[reader], entry.code)] == [2, 1]
    assert list(EntryChange.objects.values_list("kind", "version")) == [("published", 1), (ChangeKind.REMOVED, 0)]
    told = Notice.objects.get(organisation=city.education, text__contains="下线")
    assert told.fields["reason"] == "职责已划出"
    assert [row.entry for row in queries.my_entries(city["steward"], NOW.date())] == [entry]
    with pytest.raises(NotPublishedError):
        actions.new_version(entry=entry, by=city["steward"], now=at(1))
    assert city.published(now=at(1)).name == FIELDS.name, "its name is free again"


def test_a_removal_has_no_content_to_write_or_assess(city: City):
    version = city.removal()
    with pytest.raises(RemovalContentError):
        actions.edit_version(version=version, fields=FIELDS, items=ITEMS, by=city["steward"], now=NOW)
    version = actions.decline(version=version, reason="还在用", by=city["department_head"], now=NOW)
    with pytest.raises(RemovalContentError):
        city.assess(version)


def test_a_removal_sent_back_gets_another_reason_or_is_given_up(city: City):
    version = actions.decline(version=city.removal(), reason="理由不足", by=city["department_head"], now=NOW)
    with pytest.raises(InvalidInputError):
        actions.revise_removal(version=version, reason=" ", by=city["steward"], now=NOW)
    version = actions.revise_removal(version=version, reason="依据三定方案", by=city["steward"], now=NOW)
    assert (version.state, version.change_note) == (VersionState.ASSESSED, "依据三定方案")
    version = actions.consent(version=version, by=city["department_head"], now=NOW)
    version = actions.revise_removal(version=version, reason="再改", by=city["steward"], now=NOW)
    assert (version.state, version.consented_by) == (VersionState.ASSESSED, None)
    version = actions.discard(version=version, by=city["steward"], now=NOW)
    assert queries.published_entry(city["requester"], version.entry.code).published is not None
    with pytest.raises(StepNotAllowedError):
        actions.revise_removal(version=version, reason="再改", by=city["steward"], now=NOW)
    with pytest.raises(NotRemovalError):
        actions.revise_removal(version=city.draft(name="别的"), reason="再改", by=city["steward"], now=NOW)


@pytest.mark.parametrize("reason", ["", " ", "长" * 501])
def test_a_removal_gives_its_reason(city: City, reason: str):
    entry = city.published().entry
    with pytest.raises(InvalidInputError):
        actions.propose_removal(entry=entry, reason=reason, by=city["steward"], now=NOW)


def test_a_removal_is_of_an_own_published_entry(city: City):
    entry = city.draft().entry
    with pytest.raises(NotPublishedError):
        actions.propose_removal(entry=entry, reason=WHY, by=city["steward"], now=NOW)
    with pytest.raises(NotFoundError):
        actions.propose_removal(entry=entry, reason=WHY, by=city["stranger"], now=NOW)
    with pytest.raises(ForbiddenError):
        actions.propose_removal(entry=entry, reason=WHY, by=city["requester"], now=NOW)


def test_live_shares_hold_an_entry_up_until_the_filing_is_accepted(world: World):
    sharing_steps.sharing(world)
    with pytest.raises(EntryInUseError) as refused:
        require_unused(world.entry)
    assert world.education.short_name in refused.value.explain()
    filing = file(world)
    with pytest.raises(EntryInUseError):
        require_unused(world.entry)
    assert not duty_queries.use_of(world.entry).is_free
    actions.decide_filing(filing=filing, accepted=True, by=world.authority, now=at(1))
    require_unused(world.entry)
    assert duty_queries.use_of(world.entry).is_free


def test_a_department_that_came_later_has_to_be_asked_too(world: World):
    sharing_steps.sharing(world)
    filing = actions.decide_filing(filing=file(world), accepted=True, by=world.authority, now=NOW)
    filing.consulted = [{"code": world.other.code, "name": "", "text": "别的部门"}]
    filing.save()
    with pytest.raises(EntryInUseError):
        require_unused(world.entry)


def test_an_application_that_waits_for_its_reply_holds_an_entry_up(world: World):
    sharing_steps.submitted(world)
    with pytest.raises(RepliesOwedError):
        require_unused(world.entry)
    assert not duty_queries.use_of(world.entry).is_free


def test_taking_an_entry_down_ends_grants_and_binding_and_tells_the_users(world: World):
    grant = sharing_steps.sharing(world)
    actions.decide_filing(filing=file(world), accepted=True, by=world.authority, now=NOW)
    version = propose(world)
    Organisation.objects.filter(id=world.civil.id).update(data_office="信息科")
    version = actions.consent(version=version, by=world.department_head, now=NOW)
    version = actions.submit(version=version, by=world.steward, now=NOW)
    actions.publish(version=version, by=world.authority, now=at(1))
    grant.refresh_from_db()
    assert (grant.state, grant.ended_at) == ("revoked", at(1))
    assert not Binding.objects.filter(entry=world.entry, ended_at=None).exists()
    told = Notice.objects.filter(organisation=world.education).values_list("text", flat=True)
    assert any("下线" in text for text in told)
    assert any("终止" in text for text in told)


def test_a_filing_names_every_department_that_uses_the_entry(world: World):
    with pytest.raises(NothingToFileError):
        file(world)
    sharing_steps.sharing(world)
    with pytest.raises(InvalidInputError) as refused:
        file(world, **{world.education.code: " "})
    assert refused.value.fields["problems"][0]["place"] == f"consulted.{world.education.code}"
    filing = file(world)
    assert filing.consulted == [
        {"code": world.education.code, "name": world.education.name, "text": "已协商：改用省级接口"}
    ]
    with pytest.raises(FilingPendingError):
        file(world)
    with pytest.raises(InvalidInputError):
        actions.file_end(entry=world.entry, reason="", consulted={}, by=world.steward, now=NOW)
    with pytest.raises(NotFoundError):
        actions.file_end(entry=world.entry, reason=WHY, consulted={}, by=world.stranger, now=NOW)
    with pytest.raises(ForbiddenError):
        actions.file_end(entry=world.entry, reason=WHY, consulted={}, by=world.authority, now=NOW)


def test_the_authority_decides_on_a_filing_once_and_with_a_reason(world: World):
    sharing_steps.sharing(world)
    filing = file(world)
    with pytest.raises(InvalidInputError):
        actions.decide_filing(filing=filing, accepted=False, by=world.authority, now=NOW)
    with pytest.raises(ForbiddenError):
        actions.decide_filing(filing=filing, accepted=True, by=world.steward, now=NOW)
    filing = actions.decide_filing(filing=filing, accepted=False, note="请与教育局再协商", by=world.authority, now=NOW)
    told = Notice.objects.get(link=f"/filings/{filing.id}", organisation=world.civil)
    assert told.fields["note"] == "请与教育局再协商"
    with pytest.raises(FilingDecidedError):
        actions.decide_filing(filing=filing, accepted=True, by=world.authority, now=NOW)
    assert file(world).accepted is None, "a refused filing may be followed by another"


def test_a_filing_is_seen_by_its_department_and_the_authority(world: World):
    sharing_steps.sharing(world)
    filing = file(world)
    for reader in (world.steward, world.authority):
        assert duty_queries.filing(reader, filing.id) == filing
    with pytest.raises(NotFoundError):
        duty_queries.filing(world.stranger, filing.id)
    foreign = Filing(id=filing.id)
    outsider = replace(world.authority, organisation_id=world.other.id)
    with pytest.raises(NotFoundError):
        actions.decide_filing(filing=foreign, accepted=True, by=outsider, now=NOW)
