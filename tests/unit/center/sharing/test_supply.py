from __future__ import annotations

import pytest

from jutong.center.catalog.models import Binding, Item
from jutong.center.clocks.models import StatutoryClock
from jutong.center.fleet.models import Node, Order, Source
from jutong.center.org.models import SystemKey
from jutong.center.process.errors import StepNotAllowedError, WrongSideError
from jutong.center.sharing import actions
from jutong.center.sharing.compile import division_prefix
from jutong.center.sharing.models import Grant, Notice
from jutong.center.sharing.need import division_item
from jutong.contracts.orders import GrantOrder
from jutong.kernel.canonical import canonical_json
from jutong.kernel.errors import ForbiddenError
from jutong.kernel.keys import generate_signer
from tests.sharing_steps import agreed, answer, fresh, orders, sharing, suspended
from tests.sharing_world import NOW, World, at


def supply_clock(grant: Grant) -> StatutoryClock:
    return StatutoryClock.objects.get(subject_id=str(grant.application_id), period="SLA-SUP")


def test_the_order_holds_what_the_gateway_needs(world: World) -> None:
    world.bind()
    grant = agreed(world, division_filter="629900")
    (body,) = orders("grant")
    order = GrantOrder.model_validate_json(canonical_json(body))
    assert (order.source, order.schema_name, order.table) == ("civil", "public", "marriage")
    assert [(row.item, row.column, row.mode, row.mask) for row in order.fields] == [
        ("公民身份号码", "id_number", "verify", "identity"),
        ("姓名", "name", "plain", "name"),
        ("婚姻状况", "marital", "plain", "all"),
    ]
    assert [row.item for row in order.lookup] == ["公民身份号码"]
    assert [(row.column, row.operator, row.values) for row in order.conditions] == [("division", "prefix", ("6299",))]
    assert [caller.key_id for caller in order.callers] == [world.system_key.key_id]
    assert order.ways == ("query", "verify", "batch")
    assert (order.batch_keys, order.page_rows, order.order_columns) == (1000, 0, ())
    assert (order.basis, order.grade) == ("义务教育法第十二条", "general-3")
    assert (order.requester_code, order.provider_code) == (world.education.code, world.civil.code)
    assert (order.daily_quota, order.purpose) == (500, "小学入学报名核验监护关系")
    assert order.valid_until_ms == int(grant.valid_until.timestamp() * 1000)


@pytest.mark.parametrize(
    ("code", "prefix"), [("629900", "6299"), ("620000", "62"), ("629901", "629901"), ("629901001000", "6299010010")]
)
def test_a_division_means_what_its_codes_begin_with(code: str, prefix: str) -> None:
    assert division_prefix(code) == prefix


@pytest.mark.parametrize(("way", "call"), [("batch", "page"), ("file", "file"), ("subscription", "changes")])
def test_bulk_ways_are_no_service(world: World, way: str, call: str) -> None:
    world.bind()
    world.entry.bindings.update(fresh_column="changed_at")
    agreed(world, share_way=way)
    assert orders("grant")[0]["ways"] == [call]


def test_ready_is_what_makes_it_shared_and_stops_the_clock(world: World) -> None:
    world.bind()
    grant = agreed(world)
    assert (grant.state, grant.application.state) == ("ordered", "supplying")
    assert answer(world, grant, "ready", at(1)).problem == ""
    grant = fresh(grant)
    assert (grant.state, grant.supplied_at, grant.application.state) == ("active", at(1), "sharing")
    assert supply_clock(grant).state == "met"
    assert Notice.objects.filter(organisation=world.education, link=f"/grants/{grant.number}").count() == 1


def test_supplied_late_is_late(world: World) -> None:
    world.bind()
    grant = agreed(world)
    answer(world, grant, "ready", at(40))
    assert supply_clock(grant).state == "late"


def test_a_failed_supply_says_why_and_can_be_tried_again(world: World) -> None:
    world.bind()
    grant = agreed(world)
    answer(world, grant, "failed", at(1), "没有列name")
    grant = fresh(grant)
    assert (grant.state, grant.problem, grant.application.state) == ("failed", "没有列name", "supplying")
    assert supply_clock(grant).state == "running"
    with pytest.raises(WrongSideError):
        actions.retry_supply(grant=grant, by=world.requester, now=at(2))
    with pytest.raises(ForbiddenError):
        actions.retry_supply(grant=grant, by=world.provider_head, now=at(2))
    again = actions.retry_supply(grant=grant, by=world.steward, now=at(2))
    assert (again.state, again.problem, len(orders("grant"))) == ("ordered", "", 2)
    answer(world, again, "ready", at(2))
    assert fresh(grant).state == "active"


def test_a_grant_that_stops_working_goes_back_to_supplying_and_comes_back(world: World) -> None:
    grant = sharing(world)
    answer(world, grant, "failed", at(1), "表不见了")
    assert fresh(grant).application.state == "supplying"
    answer(world, grant, "ready", at(2))
    assert (fresh(grant).application.state, fresh(grant).supplied_at) == ("sharing", NOW)
    assert supply_clock(grant).state == "met"


def test_without_a_table_the_grant_waits_and_says_so(world: World) -> None:
    grant = agreed(world)
    assert (grant.state, grant.application.state) == ("awaiting-binding", "supplying")
    assert not orders("grant")
    assert Notice.objects.filter(organisation=world.civil, text__contains="挂接").count() == 1
    world.bind()
    assert actions.on_entry_bound(entry=world.entry, by=world.steward, now=at(1)) == 1
    assert fresh(grant).state == "ordered"


def test_the_scan_finds_what_was_bound_behind_its_back(world: World) -> None:
    grant = agreed(world)
    assert actions.issue_waiting(now=at(1)) == 0
    world.bind()
    assert actions.issue_waiting(now=at(1)) == 1
    assert actions.issue_waiting(now=at(1)) == 0
    assert fresh(grant).state == "ordered"


def test_a_table_without_a_granted_column_is_waited_for(world: World) -> None:
    world.bind(公民身份号码="id_number", 姓名="name")
    grant = agreed(world)
    assert (grant.state, grant.problem) == ("awaiting-binding", "婚姻状况")
    told = Notice.objects.filter(organisation=world.civil, text__contains="挂接")
    actions.issue_waiting(now=at(1))
    actions.issue_waiting(now=at(2))
    assert told.count() == 1


def test_a_division_without_a_column_is_waited_for(world: World) -> None:
    world.bind(公民身份号码="id_number", 姓名="name", 婚姻状况="marital")
    assert agreed(world, division_filter="6299").problem == "行政区划"


def test_a_source_no_node_reports_is_waited_for(world: World) -> None:
    world.bind()
    Source.objects.update(name="gone")
    assert agreed(world).problem == "civil"


def test_keys_that_change_are_told_to_the_node(world: World) -> None:
    grant = sharing(world)
    fresh_key = generate_signer("enrol2")
    SystemKey.objects.create(
        system=world.system, key_id=fresh_key.key_id, public_key=fresh_key.public_b64, created_at=at(1)
    )
    SystemKey.objects.filter(id=world.system_key.id).update(revoked_at=at(1))
    assert actions.on_system_keys_changed(system=world.system, by=world.system_admin, now=at(1)) == 1
    assert [caller["key_id"] for caller in orders("grant")[-1]["callers"]] == [fresh_key.key_id]
    assert fresh(grant).state == "active"
    world.system.closed_at = at(2)
    world.system.save()
    actions.reissue_grants(system=world.system, by=world.system_admin, now=at(2))
    assert orders("grant")[-1]["callers"] == []


def test_a_suspended_grant_is_not_issued_again_by_new_keys(world: World) -> None:
    grant = suspended(world)
    assert actions.on_system_keys_changed(system=world.system, by=world.system_admin, now=at(1)) == 0
    assert fresh(grant).state == "suspended"


def test_a_table_that_moved_to_another_node_is_taken_from_the_first(world: World) -> None:
    grant = sharing(world)
    signer = generate_signer("node-2")
    second = Node.objects.create(name="node-2", key_id=signer.key_id, public_key=signer.public_b64, registered_at=NOW)
    Source.objects.update(node=second)
    assert actions.on_entry_bound(entry=world.entry, by=world.steward, now=at(1)) == 1
    kinds = list(Order.objects.order_by("issued_at", "node_id").values_list("node_id", "kind"))
    assert kinds == [("node-1", "grant"), ("node-1", "grant-state"), ("node-2", "grant")]
    assert orders("grant-state")[0]["state"] == "suspended"
    assert "moved" in answer(world, grant, "failed", at(1.5)).problem
    assert fresh(grant).state == "active"
    Source.objects.update(node=world.node)
    actions.on_entry_bound(entry=world.entry, by=world.steward, now=at(2))
    last = list(Order.objects.filter(node=world.node).order_by("sequence"))[-2:]
    assert [order.envelope["body"].get("state", "grant") for order in last] == ["grant", "active"]


def test_a_node_speaks_only_of_grants_it_was_given(world: World) -> None:
    grant = agreed(world)
    applied = answer(world, grant, "ready")
    assert "never ordered" in applied.problem
    assert fresh(grant).state == "awaiting-binding"


def test_the_same_receipt_twice_has_one_effect(world: World) -> None:
    from jutong.center.fleet.receipts import apply_receipt
    from jutong.contracts.receipts import GrantReceipt

    world.bind()
    grant = agreed(world)
    envelope = world.receipt("grant", GrantReceipt(grant_id=str(grant.id), state="ready"))
    assert apply_receipt(node=world.node, envelope=envelope, now=at(1)).duplicate is False
    assert apply_receipt(node=world.node, envelope=envelope, now=at(2)).duplicate is True
    assert fresh(grant).supplied_at == at(1)


def test_ready_that_comes_after_a_suspension_changes_nothing(world: World) -> None:
    grant = suspended(world)
    assert "changes nothing" in answer(world, grant, "ready", at(1)).problem
    assert (fresh(grant).state, fresh(grant).application.state) == ("suspended", "suspended")


def test_an_ended_grant_is_not_ordered_again(world: World) -> None:
    grant = actions.revoke_grant(grant=suspended(world), reason="拒不整改", by=world.provider_head, now=at(1))
    with pytest.raises(StepNotAllowedError):
        actions.retry_supply(grant=grant, by=world.steward, now=at(2))


def test_no_two_items_share_a_place_in_the_grant(world: World) -> None:
    grant = sharing(world)
    assert [row.column for row in grant.items.all()] == ["id_number", "name", "marital"]
    assert [row.is_lookup for row in grant.items.all()] == [True, False, False]
    assert Item.objects.filter(version=grant.application.version).count() == 5


def test_a_grant_that_ended_meanwhile_is_passed_over(world: World) -> None:
    from jutong.center.sharing.actions.supply import _order_again

    grant = actions.revoke_grant(grant=agreed(world), reason="x", by=world.requester_head, now=at(1))
    assert _order_again(grant.id, at(2), "keys") is False


def test_rows_are_called_by_their_number(world: World) -> None:
    grant = agreed(world)
    assert str(grant) == grant.number
    assert str(grant.application) == f"{grant.application.number} 入学资格核验"


def test_the_order_of_a_query_names_the_time_column_the_binding_knows_and_no_item_of_it(world: World) -> None:
    binding = world.bind()
    Binding.objects.filter(id=binding.id).update(fresh_column="changed_at")
    agreed(world)
    (order,) = orders("grant")
    assert (order["fresh_column"], order["ways"]) == ("changed_at", ["query", "verify", "batch"])
    assert "changed_at" not in {row["column"] for row in (*order["fields"], *order["lookup"])}


def test_an_identity_number_shown_by_its_county_does_not_tell_a_rows_division(world: World) -> None:
    version = world.items["公民身份号码"].version
    Item.objects.filter(version=version, name="公民身份号码").update(mask="division", is_personal=True)
    found = division_item(version)
    assert found is not None
    assert found.name == "行政区划"
