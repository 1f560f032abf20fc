"""Conflicts become corrections once each, so many at a time, without a value at the center, and heal."""

from __future__ import annotations

from typing import Any

import pytest

from jutong.center.correction import actions as corrections
from jutong.center.correction.models import Correction
from jutong.center.fleet.models import Order
from jutong.center.fusion import actions, queries
from jutong.center.fusion.errors import (
    BatchOpenError,
    ConflictAmountError,
    ConflictPlaceError,
    ConflictSentError,
    NeverFusedError,
    NotKeeperError,
    PurposeMissingError,
)
from jutong.center.fusion.models import ConflictBatch, ConflictCase
from jutong.center.fusion.policy import policy
from jutong.center.library.models import FeedRow, LibraryTable, Work
from jutong.center.org.models import Post
from jutong.center.sharing.models import Notice
from jutong.contracts.envelope import unseal
from jutong.contracts.fused import LibraryTicketOrder
from jutong.kernel.errors import ForbiddenError, NotFoundError
from tests import correction_steps, fusion_steps
from tests.fusion_steps import PERSON, Fused, conflict, found, told
from tests.sharing_world import NOW, at

pytestmark = pytest.mark.django_db


def send(fused: Fused, **changes: Any) -> ConflictBatch:
    values: dict[str, Any] = {
        "table": fused.table, "field": "marital", "feed": fused.police, "believed": fused.civil, "side": "record",
        "most": 2, "by": fused.keeper, "now": NOW,
    }  # fmt: skip
    return actions.send_conflicts(**{**values, **changes})


def work_of(batch: ConflictBatch) -> Work:
    assert batch.work is not None
    return batch.work


def test_a_batch_becomes_corrections_of_the_responsible_department(fused: Fused) -> None:
    batch = send(fused)
    body = work_of(batch).body
    assert (body["key_column"], body["side"], body["source_key"]) == ("rybh", "record", fused.world.node.public_key)
    assert [reader["node"] for reader in body["readers"]] == ["node-1"]
    with pytest.raises(BatchOpenError):
        send(fused)
    result = found(conflict(fused, "c1"), conflict(fused, "c2"), left=28)
    assert told(fused, work_of(batch), result).problem == ""
    batch.refresh_from_db()
    assert (batch.state, batch.raised, batch.refused, batch.left, batch.problem) == ("done", 2, 0, 28, "")
    one, two = Correction.objects.order_by("number")
    assert {one.responsible.short_name, two.responsible.short_name} == {"市公安局"}
    assert (one.items, one.origin, one.raiser) == (["婚姻状况"], "comparison", fused.world.bigdata)
    assert one.also == [fused.fused_entry.code]
    assert PERSON not in repr(list(Order.objects.values_list("envelope", flat=True)))
    view = corrections.reveal(number=one.number, by=fused.officer, now=NOW)
    assert "与市民政局登记的不一致" in view.statement
    assert {trace.entry_code for trace in view.traces} == {fused.police.entry.code, fused.fused_entry.code}  # type: ignore[union-attr]
    with pytest.raises(ConflictSentError) as sent:
        send(fused, only="c1", most=1)
    assert sent.value.fields["number"] in {one.number, two.number}
    again = send(fused, only="c3", most=1)
    assert (work_of(again).body["known"], work_of(again).body["only"]) == (["c1", "c2"], "c3")
    assert told(fused, work_of(again), found(conflict(fused, "c1"))).problem == ""
    assert Correction.objects.count() == 2, "never twice for one conflict"


def test_how_many_at_once_and_who(fused: Fused, monkeypatch: pytest.MonkeyPatch) -> None:
    for most in (0, policy().batch_most + 1):
        with pytest.raises(ConflictAmountError):
            send(fused, most=most)
    with pytest.raises(NotKeeperError):
        send(fused, by=fused.world.stranger)
    with pytest.raises(ForbiddenError):
        send(fused, by=fused.world.authority)
    told(fused, work_of(send(fused)), found(conflict(fused, "c1")))
    monkeypatch.setattr(actions, "policy", lambda: policy().__class__("1", "", "", "", "", 2, 2))
    with pytest.raises(ConflictAmountError) as refused:
        send(fused)
    assert (refused.value.fields["open"], refused.value.fields["organisation"]) == (1, "市公安局")
    assert send(fused, by=fused.officer, most=1).asked == fused.police, "who leads the table keeps it too"
    FeedRow.objects.filter(id=fused.civil.id).update(columns=[["id_number", "id_number"]])
    with pytest.raises(ConflictPlaceError):
        send(fused, believed=FeedRow.objects.get(id=fused.civil.id), side="believed", most=1)


def test_a_batch_that_fails_says_why_and_frees_the_way(fused: Fused) -> None:
    batch = send(fused)
    assert told(fused, work_of(batch), None, state="failed", problem="没有融合过").problem == ""
    batch.refresh_from_db()
    assert (batch.state, batch.problem) == ("failed", "没有融合过")
    batch = send(fused)
    Post.objects.filter(user__username=fused.keeper.username).update(ended_at=NOW)
    told(fused, work_of(batch), found(conflict(fused, "c1")))
    batch.refresh_from_db()
    assert (batch.state, batch.raised) == ("failed", 0)
    assert "不在这个岗位" in batch.problem


def test_after_the_source_is_right_the_next_fusion_heals_and_everybody_is_told(fused: Fused) -> None:
    told(fused, work_of(send(fused)), found(conflict(fused, "c1")))
    case = Correction.objects.get()
    corrections.accept(correction=case, by=fused.officer, now=NOW)
    corrections.uphold(
        correction=case, finding="true", corrected={"婚姻状况": "离婚"}, text="已改", by=fused.officer, now=NOW
    )
    world = fused.world
    correction_steps.mark(world, case, "corrected")
    fusion_steps.fuse(fused, at(1), open_=29)
    watch = Work.objects.filter(kind="conflicts").order_by("-ordered_at", "-id")[0]
    assert watch.body["asked"] == ["c1"]
    healed = found(healed=("c1",), at_ms=int(at(1).timestamp() * 1000))
    assert told(fused, watch, healed, at(1.1)).problem == ""
    followed = ConflictCase.objects.get()
    assert (followed.ended, followed.healed_at) == ("healed", at(1))
    assert {row.entry_code for row in case_traces(case)} == {"307001/1", "301001/1"}
    assert len(case_traces(case)) == 4, "searched when it was raised and when it healed"
    said = Notice.objects.filter(text=actions.HEALED)
    assert {notice.organisation.short_name for notice in said} == {"市大数据局", "市公安局"}
    assert actions.watch(table=fused.table, by=fusion_steps.BY, now=at(2)) is None, "nothing is left to ask"


def case_traces(case: Correction) -> list[Any]:
    from jutong.center.correction.models import Trace

    return list(Trace.objects.filter(subject_id=case.id))


def test_tickets_name_what_may_be_seen_and_what_for(fused: Fused) -> None:
    fused.table = LibraryTable.objects.select_related("library__node").get(id=fused.table.id)
    back = "http://center/send"
    given = actions.open_fused(table=fused.table, view="review", purpose="判断", by=fused.keeper, now=NOW, back=back)
    body = unseal(given.ticket, LibraryTicketOrder)
    assert (body.shown, body.revealed, body.view) == ("general-2", "general-3", "review")
    assert [feed.name for feed in body.feeds] == ["civil_people", "police_people"]
    assert (body.holder_code, body.organisation_code) == (fused.officer.organisation_code, fused.world.bigdata.code)
    assert body.back == "", "a ticket to judge sends nothing"
    given = actions.open_fused(table=fused.table, view="entity", purpose="核对", by=fused.keeper, now=NOW, back=back)
    assert unseal(given.ticket, LibraryTicketOrder).back == back
    with pytest.raises(PurposeMissingError):
        actions.open_fused(table=fused.table, view="entity", purpose=" ", by=fused.keeper, now=NOW)
    with pytest.raises(NotKeeperError):
        actions.open_fused(table=fused.table, view="entity", purpose="x", by=fused.world.steward, now=NOW)
    fused.table.version = None
    with pytest.raises(NeverFusedError):
        actions.open_fused(table=fused.table, view="entity", purpose="x", by=fused.keeper, now=NOW)
    told(fused, work_of(send(fused)), found(conflict(fused, "c1")))
    number = Correction.objects.get().number
    given = actions.open_case(number=number, purpose="核实", by=fused.officer, now=NOW)
    assert unseal(given.ticket, LibraryTicketOrder).subject == "c1"
    with pytest.raises(NotFoundError):
        actions.open_case(number=number, purpose="核实", by=fused.world.steward, now=NOW)
    assert queries.case_of(fused.world.stranger, number) is None
