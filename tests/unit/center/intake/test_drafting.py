"""Drafts are made of proposals; nothing published is touched and nothing that people decide on is disturbed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from jutong.center.catalog import actions as catalog
from jutong.center.catalog.enums import VersionState
from jutong.center.catalog.models import Entry, EntryVersion
from jutong.center.intake import actions, queries
from jutong.center.intake.enums import BatchKind, BatchState, Outcome
from jutong.center.intake.errors import BatchBusyError, BatchStateError
from jutong.center.intake.models import Batch
from jutong.center.intake.workbook import own
from jutong.center.intake.workbook.content import Content
from jutong.kernel.errors import ForbiddenError
from jutong.standards import template_document
from jutong.tasks import intake as jobs
from tests.center_world import FIELDS, ITEMS, NOW, PLATFORM, City
from tests.unit.center.intake.conftest import Receive

EDITION = template_document.core()


def file(*rows: tuple[str, dict[str, Any]]) -> bytes:
    return own.workbook([Content(code, replace(FIELDS, **changes), ITEMS) for code, changes in rows], edition=EDITION)


def draft(city: City, batch: Batch, **changes: Any) -> Batch:
    return actions.make_drafts(**{"batch": batch, "by": city["steward"], "now": NOW, **changes})


def test_new_rows_become_drafts_with_codes_and_the_rest_stays(city: City, receive: Receive) -> None:
    batch = receive(
        file(("", {"name": "公墓"}), ("", {"name": "殡仪馆"}), ("", {"name": "骨灰堂", "update_cycle": "?"}))
    )
    done = draft(city, batch)
    assert (done.state, done.counts["drafted"], done.counts["error"]) == (BatchState.READY, 2, 1)
    assert sorted(Entry.objects.values_list("code", flat=True)) == ["307010/00001", "307010/00002"]
    version = EntryVersion.objects.get(name="公墓")
    assert (version.state, version.created_by_id) == (VersionState.DRAFT, city["steward"].user_id)
    assert [item.name for item in version.items.all()] == [item.name for item in ITEMS]
    assert draft(city, batch).counts["drafted"] == 2, "made once, whoever asks again"
    assert Entry.objects.count() == 2


def test_a_change_of_a_published_entry_is_a_working_copy_beside_it(city: City, receive: Receive) -> None:
    version = city.published()
    batch = receive(file((version.entry.code, {"update_cycle": "weekly"})))
    assert draft(city, batch).counts["drafted"] == 1
    version.refresh_from_db()
    assert (version.state, version.update_cycle) == (VersionState.PUBLISHED, "daily")
    copy = version.entry.versions.get(state=VersionState.DRAFT)
    assert (copy.number, copy.update_cycle) == (2, "weekly")


def test_a_draft_of_somebody_s_own_is_written_on(city: City, receive: Receive) -> None:
    version = city.draft()
    batch = receive(file((version.entry.code, {"update_cycle": "weekly"})))
    draft(city, batch)
    version.refresh_from_db()
    assert (version.update_cycle, version.entry.versions.count()) == ("weekly", 1)


@pytest.mark.parametrize("reach", ["assess", "submit"])
def test_what_people_decide_on_is_left_and_said_so(city: City, receive: Receive, reach: str) -> None:
    version = getattr(city, reach)(city.draft())
    batch = receive(file((version.entry.code, {"update_cycle": "weekly"}), ("", {"name": "公墓"})))
    done = draft(city, batch)
    assert (done.counts["drafted"], done.counts["changed"]) == (1, 1)
    left = batch.proposals.get(outcome=Outcome.CHANGED)
    assert left.left["code"] == "intake.proposal.under-review"
    before = version.state
    version.refresh_from_db()
    assert (version.state, version.update_cycle) == (before, "daily")


def test_an_entry_changed_after_the_check_is_not_overwritten(city: City, receive: Receive) -> None:
    version = city.draft()
    batch = receive(file((version.entry.code, {"update_cycle": "weekly"})))
    fields = replace(FIELDS, summary="别人刚改过")
    catalog.edit_version(version=version, fields=fields, items=ITEMS, by=city["steward"], now=NOW)
    draft(city, batch)
    assert batch.proposals.get().left["code"] == "intake.proposal.moved-on"
    actions.check_again(batch=batch, by=city["steward"], now=NOW)
    actions.check_batch(batch_id=batch.id, by=PLATFORM, now=NOW)
    assert batch.proposals.get().left == {}
    assert draft(city, batch).counts["drafted"] == 1


def test_drafts_are_made_by_the_worker_for_whoever_asked(city: City, receive: Receive) -> None:
    batch = receive(file(("", {"name": "公墓"}), ("", {"name": "殡仪馆"})))
    asked = actions.ask_drafts(batch=batch, by=city["steward"], now=NOW)
    assert (asked.state, asked.total) == (BatchState.DRAFTING, 2)
    with pytest.raises(BatchBusyError):
        actions.ask_drafts(batch=batch, by=city["steward"], now=NOW)
    jobs.draft_batch(str(batch.id), str(city["steward"].post_id), [Outcome.NEW])
    batch.refresh_from_db()
    assert (batch.state, batch.done, batch.counts["drafted"]) == (BatchState.DRAFTED, 2, 2)
    with pytest.raises(BatchStateError):
        actions.ask_drafts(batch=batch, by=city["steward"], now=NOW)


def test_making_drafts_may_be_stopped_and_goes_on_later(city: City, receive: Receive) -> None:
    batch = receive(file(("", {"name": "公墓"}), ("", {"name": "殡仪馆"})))
    actions.ask_drafts(batch=batch, by=city["steward"], now=NOW)
    assert actions.cancel(batch=batch, by=city["steward"], now=NOW).state == BatchState.READY
    assert draft(city, batch, lines=[2]).counts["drafted"] == 1
    assert draft(city, batch, only=[Outcome.CHANGED]).counts["drafted"] == 1
    assert draft(city, batch).counts["drafted"] == 2


def test_only_a_steward_drafts_and_only_own_rows(city: City, receive: Receive) -> None:
    batch = receive(file(("", {"name": "公墓"})))
    with pytest.raises(ForbiddenError):
        draft(city, batch, by=city["office_head"])
    with pytest.raises(ForbiddenError):
        actions.ask_drafts(batch=batch, by=city["office_head"], now=NOW)


def test_a_name_taken_between_check_and_draft_makes_one_row_stay(city: City, receive: Receive) -> None:
    batch = receive(file(("", {"name": "公墓"})))
    other = receive(file(("", {"name": "公墓"})))
    draft(city, batch)
    actions.check_again(batch=other, by=city["steward"], now=NOW)
    jobs.check_batch(str(other.id))
    assert other.proposals.get().outcome == Outcome.SAME, "it is the entry the first file made"


def test_a_harvest_gives_each_department_its_rows(city: City, receive: Receive) -> None:
    from jutong.center.intake.accept import Defaults, propose_entries
    from jutong.center.intake.mapping import propose
    from jutong.center.intake.reading import SourceRow

    headers = ("目录名称", "更新周期", "提供单位", "数据项", "摘要")
    mapping = propose(headers)
    defaults = Defaults(
        fields={
            "classification": "307010", "domain": "民生", "data_format": "database", "share_attribute": "unconditional",
            "share_way": "service", "grade": "general-1", "not_secret": True,
        }
    )  # fmt: skip
    said = (("公墓", "市民政局"), ("学校", "市教育局"), ("桥梁", "外星局"), ("墓园", "市民政局"))
    rows = [
        SourceRow(at, (name, "每年", who, "名称、地址", f"全市{name}")) for at, (name, who) in enumerate(said, start=5)
    ]
    batch = actions.store_batch(
        organisation=None, name="门户目录", proposals=propose_entries(rows, mapping, defaults), mapping=mapping,
        by=PLATFORM, now=NOW,
    )  # fmt: skip
    assert (batch.kind, batch.state, batch.total) == (BatchKind.HARVEST, BatchState.READY, 4)
    assert list(batch.proposals.values_list("outcome", flat=True)) == ["new", "new", "error", "new"]
    assert [row.name for row in queries.proposals(city["steward"], batch)] == ["公墓", "墓园"]
    assert list(queries.batches(city["stranger"])) == [batch]
    mine = queries.proposals(city["steward"], batch).get(name="公墓")
    actions.fix_cell(proposal=mine, field="domain", value="殡葬", by=city["steward"], now=NOW)
    actions.check_again(batch=batch, by=city["steward"], now=NOW)
    actions.check_batch(batch_id=batch.id, by=PLATFORM, now=NOW)
    mine.refresh_from_db()
    assert (mine.outcome, mine.fields["domain"]) == (Outcome.NEW, "殡葬")
    assert draft(city, batch).counts["drafted"] == 2
    assert Entry.objects.filter(organisation=city.civil).count() == 2
    assert not Entry.objects.filter(organisation=city.education).exists()
    own_batch = actions.store_batch(
        organisation=city.education, name="教育", proposals=propose_entries(rows[1:2], mapping, defaults), mapping=None,
        by=PLATFORM, now=NOW,
    )  # fmt: skip
    assert own_batch.proposals.get().organisation == city.education
