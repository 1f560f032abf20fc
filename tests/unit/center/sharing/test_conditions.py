"""Row conditions: typed, read as sentences, narrowed by the provider, obeyed by the node."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DatabaseError, transaction

from jutong.center.catalog.enums import DataType, FieldMode
from jutong.center.catalog.models import Item
from jutong.center.sharing import actions
from jutong.center.sharing.conditions import OPERATORS, RowCondition, may_narrow, sentence, sentences, typed
from jutong.center.sharing.enums import Operator
from jutong.center.sharing.errors import UnconditionalRefusedError
from jutong.center.sharing.models import Application, ApplicationCondition
from jutong.contracts import orders as contract
from jutong.kernel.errors import InvalidInputError
from tests import sharing_steps as steps
from tests.sharing_steps import orders
from tests.sharing_world import NOW, World


def married(world: World, *values: str, operator: str = "in") -> RowCondition:
    return RowCondition(world.items["婚姻状况"].id, operator, values or ("已婚", "离异"))


def messages(caught: pytest.ExceptionInfo[InvalidInputError]) -> str:
    return "".join(row["message"] for row in caught.value.fields["problems"])


def test_every_type_has_operators_the_node_knows() -> None:
    known = set(contract.Operator.__args__)  # type: ignore[attr-defined]
    assert set(OPERATORS) == set(DataType)
    assert {operator.value for allowed in OPERATORS.values() for operator in allowed} == known
    assert set(Operator.values) == known


@pytest.mark.parametrize(
    ("kind", "text", "kept"),
    [
        ("C", " 已婚 ", "已婚"),
        ("C", "", None),
        ("C", "a\nb", None),
        ("C", "长" * 101, None),
        ("I", "007", "7"),
        ("I", "-3", "-3"),
        ("I", "1.5", None),
        ("I", "1; drop table", None),
        ("N", "1.50", "1.50"),
        ("N", "1e3", "1000"),
        ("N", "NaN", None),
        ("N", "1e99", None),
        ("Y", "十元", None),
        ("D", "2026-02-28", "2026-02-28"),
        ("D", "2026-02-30", None),
        ("D", "2026-02-28 10:00", None),
        ("T", "2026-02-28 10:00", "2026-02-28 10:00:00"),
        ("T", "2026-02-28T10:00:00+08:00", None),
        ("T", "昨天", None),
        ("L", "是", "true"),
        ("L", "TRUE", "true"),
        ("L", "也许", None),
    ],
)
def test_a_value_is_one_of_its_type_or_none(kind: str, text: str, kept: str | None) -> None:
    assert typed(Item(name="项", data_type=kind), text) == kept


def test_what_is_only_verified_chooses_no_rows(world: World) -> None:
    assert may_narrow(world.items["婚姻状况"])
    assert may_narrow(world.items["行政区划"])
    assert not may_narrow(world.items["住址"]), "grade four is verified only"
    world.items["姓名"].widest_mode = FieldMode.VERIFY
    assert not may_narrow(world.items["姓名"])


def test_a_condition_reaches_the_node_and_reads_as_a_sentence(world: World) -> None:
    world.bind()
    grant = steps.agreed(
        world, conditions=(married(world), RowCondition(world.items["行政区划"].id, "prefix", ("6299",)))
    )
    told = [(row["column"], row["operator"], row["values"]) for row in orders("grant")[0]["conditions"]]
    assert told == [("marital", "in", ["已婚", "离异"]), ("division", "prefix", ["6299"])]
    assert sentences(grant.application.conditions.all()) == "“婚姻状况”是其中之一已婚、离异，并且“行政区划”开头是6299"


@pytest.mark.parametrize(
    ("name", "operator", "values", "said"),
    [
        ("婚姻状况", "ge", ("已婚",), "只能用"),
        ("婚姻状况", "like", ("已婚",), "只能用"),
        ("婚姻状况", "in", (), "1到100个值"),
        ("婚姻状况", "eq", ("已婚", "离异"), "1到1个值"),
        ("婚姻状况", "eq", ("",), "有的值不是"),
        ("住址", "prefix", ("中山路",), "只能核验"),
    ],
)
def test_what_makes_no_sense_is_refused(
    world: World, name: str, operator: str, values: tuple[str, ...], said: str
) -> None:
    with pytest.raises(InvalidInputError) as caught:
        steps.drafted(world, conditions=(RowCondition(world.items[name].id, operator, values),))
    assert said in messages(caught)
    assert not Application.objects.exists()


def test_too_many_and_foreign_items_are_refused(world: World) -> None:
    foreign = RowCondition(world.system.id, "eq", ("1",))
    with pytest.raises(InvalidInputError) as caught:
        steps.drafted(world, conditions=(foreign, *([married(world)] * 10)))
    assert "最多10条" in messages(caught)
    assert "没有这个信息项" in messages(caught)


def test_editing_replaces_the_conditions(world: World) -> None:
    made = steps.drafted(world, conditions=(married(world),))
    changed = steps.need(world, conditions=(married(world, "丧偶", operator="eq"),))
    actions.edit_draft(application=made, need=changed, by=world.requester, now=NOW)
    assert [(row.operator, row.values) for row in made.conditions.all()] == [("eq", ["丧偶"])]


def test_a_reply_can_only_narrow(world: World) -> None:
    world.bind()
    application = steps.submitted(world, conditions=(married(world),))
    added = RowCondition(world.items["行政区划"].id, "prefix", ("629901",))
    actions.prepare_reply(
        application=application, agreed=True, conditions=(added,), text="只给本区", by=world.steward, now=NOW
    )
    assert [row.origin for row in application.conditions.all()] == ["requester", "provider"]
    actions.consent_reply(application=application, agreed=True, by=world.provider_head, now=NOW)
    steps.sign(world, application.grant)
    assert [row["operator"] for row in orders("grant")[0]["conditions"]] == ["in", "prefix"]


def test_a_narrowing_reply_says_why_and_is_forgotten_when_it_is_written_anew(world: World) -> None:
    application = steps.submitted(world)
    with pytest.raises(InvalidInputError):
        actions.prepare_reply(
            application=application, agreed=True, conditions=(married(world),), by=world.steward, now=NOW
        )
    actions.prepare_reply(
        application=application, agreed=True, conditions=(married(world),), text="按职责", by=world.steward, now=NOW
    )
    actions.consent_reply(application=application, agreed=False, note="不必", by=world.provider_head, now=NOW)
    actions.prepare_reply(application=application, agreed=True, by=world.steward, now=NOW)
    assert not application.conditions.exists()


def test_unconditional_data_is_not_narrowed(open_world: World) -> None:
    application = steps.submitted(open_world)
    with pytest.raises(UnconditionalRefusedError):
        actions.prepare_reply(
            application=application, agreed=True, conditions=(married(open_world),), text="少给", by=open_world.steward,
            now=NOW,
        )  # fmt: skip


def test_a_condition_without_a_column_is_waited_for(world: World) -> None:
    world.bind(公民身份号码="id_number", 姓名="name", 婚姻状况="marital")
    condition = RowCondition(world.items["行政区划"].id, "prefix", ("6299",))
    assert "行政区划" in steps.agreed(world, conditions=(condition,)).problem


def test_a_subscription_waits_for_the_column_of_changes(world: World) -> None:
    binding = world.bind()
    grant = steps.agreed(world, share_way="subscription")
    assert (grant.state, grant.problem) == ("awaiting-binding", "记录更新时间的列")
    binding.fresh_column = "changed_at"
    binding.save()
    assert actions.on_entry_bound(entry=world.entry, by=world.steward, now=NOW) == 1
    (order,) = orders("grant")
    assert (order["ways"], order["fresh_column"], order["order_columns"]) == (["changes"], "changed_at", ["id_number"])


def test_a_page_goes_by_the_key_the_table_tells(world: World) -> None:
    columns = [{"name": "row_id", "type": "bigint", "key": True}, {"name": "id_number", "type": "text"}]
    world.source.tables = [{"schema_name": "public", "name": "marriage", "row_estimate": 1, "columns": columns}]
    world.source.save()
    world.bind()
    steps.agreed(world, share_way="batch")
    (order,) = orders("grant")
    assert (order["ways"], order["order_columns"], order["page_rows"]) == (["page"], ["row_id"], 1000)


def test_a_page_without_any_key_is_waited_for(world: World) -> None:
    Item.objects.filter(version__entry=world.entry).update(is_key=False)
    world.bind()
    assert steps.agreed(world, share_way="batch").problem == "标识一行的列"


def test_terms_reach_the_node(world: World) -> None:
    world.bind()
    steps.agreed(world, per_minute=60, call_days="12345", first_minute=510, last_minute=1050, frequency="daily")
    (order,) = orders("grant")
    assert order["per_minute"] == 60
    assert order["hours"] == [{"days": [1, 2, 3, 4, 5], "first_minute": 510, "last_minute": 1050}]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"call_days": "15", "first_minute": 600, "last_minute": 600}, "结束晚于开始"),
        ({"call_days": "11", "first_minute": 1, "last_minute": 2}, "星期几"),
        ({"call_days": "8", "first_minute": 1, "last_minute": 2}, "星期几"),
        ({"first_minute": 1, "last_minute": 2}, "星期几"),
        ({"call_days": "1"}, "结束晚于开始"),
        ({"call_days": "1", "first_minute": 0, "last_minute": 1441}, "结束晚于开始"),
        ({"per_minute": -1}, "每分钟次数"),
        ({"expected_monthly": -1}, "每月预计"),
        ({"frequency": "hourly"}, "使用频率"),
        ({"share_way": "telepathy"}, "共享方式"),
    ],
)
def test_terms_that_make_no_sense_are_refused(world: World, changes: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        steps.drafted(world, **changes)
    assert said in messages(caught)


@pytest.mark.parametrize("way", ["batch", "file", "subscription"])
def test_bulk_ways_give_something_to_see(world: World, way: str) -> None:
    only = (actions.Ask(world.items["公民身份号码"].id, "verify"),)
    with pytest.raises(InvalidInputError) as caught:
        steps.awaiting(world, share_way=way, items=only)
    assert "只核验请用服务接口" in messages(caught)


def test_the_database_keeps_hours_whole_too(world: World) -> None:
    made = steps.drafted(world)
    for broken in ({"call_days": "1"}, {"first_minute": 9, "last_minute": 8, "call_days": "1"}, {"last_minute": 5}):
        with pytest.raises(DatabaseError), transaction.atomic():
            Application.objects.filter(id=made.id).update(**broken)


def test_a_sentence_names_item_and_operator(world: World) -> None:
    row = ApplicationCondition(item=world.items["姓名"], operator="eq", values=["马兰"])
    assert sentence(row) == "“姓名”等于马兰"
