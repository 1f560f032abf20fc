from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from jutong.center.audit.models import AuditEvent
from jutong.center.fleet.receipts import Applied, apply_receipt
from jutong.center.org.actor import platform_actor
from jutong.center.org.models import Organisation
from jutong.center.usage import queries
from jutong.center.usage.models import Access, DailyUse
from jutong.center.usage.queries import AccessFilters
from jutong.contracts.receipts import AccessSummary, ServedReceipt
from jutong.kernel.errors import ForbiddenError, NotFoundError
from tests.sharing_steps import sharing
from tests.sharing_world import World, at, new_id, organisation


def call(world: World, grant_id: object, days: float = 0, **changes: object) -> AccessSummary:
    base: dict[str, object] = {
        "record_id": str(new_id()), "time_ms": int(at(days).timestamp() * 1000), "grant_id": str(grant_id),
        "kind": "query", "system_id": str(world.system.id), "official": "wusiyuan", "purpose": "入学核验",
        "case_number": "RX-1", "outcome": "ok", "rows": 1, "fields": ("姓名", "婚姻状况"), "leaf_index": 7,
    }  # fmt: skip
    return AccessSummary.model_validate({**base, **changes})


def served(world: World, *calls: AccessSummary, days: float = 1) -> Applied:
    envelope = world.receipt("served", ServedReceipt(calls=calls), at(days))
    return apply_receipt(node=world.node, envelope=envelope, now=at(days))


def test_a_served_call_is_kept_with_names_and_no_value(world: World) -> None:
    grant = sharing(world)
    one = call(world, grant.id)
    assert served(world, one).problem == ""
    row = Access.objects.get()
    assert (row.record_id, row.entry_code, row.entry_name) == (one.record_id, "306001/1", "婚姻登记信息")
    assert (row.provider_code, row.requester_code) == (world.civil.code, world.education.code)
    assert (row.requester_name, row.system_name) == ("金河市教育局", "入学服务系统")
    assert (row.fields, row.leaf_index, row.node) == (["姓名", "婚姻状况"], 7, "node-1")
    assert AuditEvent.objects.get(event="usage:access:record").details == {"calls": 1}


def test_a_record_reported_twice_is_one_record(world: World) -> None:
    grant = sharing(world)
    one = call(world, grant.id)
    served(world, one)
    served(world, one.model_copy(update={"rows": 99}), call(world, grant.id))
    assert Access.objects.count() == 2
    assert Access.objects.get(record_id=one.record_id).rows == 1
    (counted,) = DailyUse.objects.all()
    assert (counted.calls, counted.rows, counted.day) == (2, 2, date(2026, 11, 9))


def test_calls_under_strange_grants_are_not_believed(world: World) -> None:
    grant = sharing(world)
    applied = served(world, call(world, grant.id), call(world, new_id()), call(world, "no-id"))
    assert applied.problem.startswith("2 calls")
    assert Access.objects.count() == 1
    assert served(world, call(world, "no-id")).problem.startswith("1 calls")


def fill(world: World) -> None:
    grant = sharing(world)
    served(
        world,
        call(world, grant.id, 1, official="a"),
        call(world, grant.id, 2, official="b", outcome="gateway.quota.exceeded", rows=0),
        call(world, grant.id, 2, kind="verify", case_number="RX-9"),
    )


@pytest.mark.parametrize("who", ["requester", "requester_head", "steward", "authority", "leader", "auditor"])
def test_the_two_sides_and_their_watchers_see_the_calls(world: World, who: str) -> None:
    fill(world)
    page = queries.accesses(getattr(world, who))
    assert len(page.rows) == 3
    first = page.rows[0]
    assert queries.access(getattr(world, who), first.record_id) == first


def test_others_see_none(world: World) -> None:
    fill(world)
    row = Access.objects.first()
    assert row is not None
    assert queries.accesses(world.stranger).rows == []
    with pytest.raises(NotFoundError):
        queries.access(world.stranger, row.record_id)
    with pytest.raises(NotFoundError):
        queries.access(world.steward, "nothing")
    with pytest.raises(ForbiddenError):
        queries.accesses(world.system_admin)
    with pytest.raises(ForbiddenError):
        queries.accesses(platform_actor("x"))
    Organisation.objects.filter(id=world.bigdata.id).update(is_authority=False)
    assert queries.accesses(world.authority).rows == []


def test_an_actor_without_organisation_sees_none(world: World) -> None:
    from dataclasses import replace

    fill(world)
    nowhere = replace(world.steward, organisation_code="", organisation_id=None)
    assert queries.accesses(nowhere).rows == []


@pytest.mark.parametrize(
    ("filters", "count"),
    [
        ({"official": "a"}, 1),
        ({"outcome": "ok"}, 2),
        ({"kind": "verify"}, 1),
        ({"case_number": "RX-9"}, 1),
        ({"side": "provider"}, 3),
        ({"side": "requester"}, 0),
        ({"since": at(1.5)}, 2),
        ({"until": at(1.5)}, 1),
        ({"entry_code": "x"}, 0),
    ],
)
def test_calls_are_narrowed(world: World, filters: dict[str, Any], count: int) -> None:
    fill(world)
    assert len(queries.accesses(world.steward, AccessFilters(**filters)).rows) == count


def test_calls_come_in_pages_the_newest_first(world: World) -> None:
    fill(world)
    first = queries.accesses(world.steward, limit=2)
    second = queries.accesses(world.steward, limit=2, after=first.next)
    times = [row.at for row in (*first.rows, *second.rows)]
    assert times == sorted(times, reverse=True)
    assert len({row.record_id for row in (*first.rows, *second.rows)}) == 3
    assert second.next == ""


def test_the_proof_of_a_call_is_pointed_at(world: World) -> None:
    fill(world)
    world.node.log_origin, world.node.log_key = "jutong/node-1", "key"
    world.node.save()
    row = queries.accesses(world.requester).rows[0]
    proof = queries.evidence(world.requester, row.record_id)
    assert (proof.access, proof.log_origin, proof.log_key) == (row, "jutong/node-1", "key")
    Access.objects.update(node="gone")
    assert queries.evidence(world.requester, row.record_id).gateway_url == ""
    with pytest.raises(ForbiddenError):
        queries.evidence(world.leader, row.record_id)


def test_who_used_an_entry_is_counted_by_organisation_and_day(world: World) -> None:
    fill(world)
    used = queries.who_used(world.steward, "306001/1", now=at(2.5), days=4)
    assert (used.total, used.capped) == (3, False)
    (consumer,) = used.consumers
    assert (consumer.name, consumer.calls, consumer.rows, consumer.last_at) == ("金河市教育局", 3, 2, at(2))
    assert used.daily == [
        (date(2026, 11, 8), 0), (date(2026, 11, 9), 0), (date(2026, 11, 10), 1), (date(2026, 11, 11), 2),
    ]  # fmt: skip
    assert queries.who_used(world.stranger, "306001/1", now=at(2.5)).total == 0


def test_the_departments_own_data_is_counted_apart_from_what_it_uses(world: World) -> None:
    fill(world)
    assert sum(count for _, count in queries.daily(world.steward, now=at(3))) == 3
    assert queries.consumer_count(world.steward, now=at(3)) == 1
    assert sum(count for _, count in queries.daily(world.requester, now=at(3))) == 0
    assert queries.consumer_count(world.requester, now=at(3)) == 0


def test_the_authority_sees_its_division_only(world: World) -> None:
    fill(world)
    far = organisation("11629800MB0000009X", "外市民政局", "外民政", division="629800")
    Access.objects.update(provider_code=far.code)
    DailyUse.objects.update(provider_code=far.code)
    assert queries.who_used(world.authority, "306001/1", now=at(3)).total == 0
    assert queries.accesses(world.authority).rows == []
    assert len(queries.accesses(world.requester).rows) == 3
