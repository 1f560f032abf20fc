"""A decision can be explained: which grant, which basis, which rule, item by item, and no row is read."""

from __future__ import annotations

from typing import Any

import pytest

from jutong.contracts.care import Hours
from jutong.contracts.orders import GrantedField
from tests.integration.node.test_bulk_calls import answer, keys, node_of, record, refused
from tests.node_world import ID_ZHANG, World, until

FIELDS = (
    GrantedField(item="姓名", column="xm", mode="masked", mask="name"),
    GrantedField(item="住址", column="zz", mode="plain"),
    GrantedField(item="出生年", column="csrq", mode="masked", mask="year"),
    GrantedField(item="核验姓名", column="xm", mode="verify"),
)
TERMS: dict[str, Any] = {"fields": FIELDS, "agreement_number": "XY-2026-1", "grade": "L3"}
KEY = {"公民身份号码": ID_ZHANG}


async def test_an_allowed_call_is_explained_item_by_item(world: World) -> None:
    async with node_of(world, **TERMS) as run:
        told = await answer(run, "explain", kind="query", key=KEY, fields=["姓名", "住址"])
        assert (told["verdict"], told["rule"], told["grant"], told["agreement"], told["basis"]) == (
            "allow", "grant", "GR-2026-0001", "XY-2026-1", "义务教育法第十二条",
        )  # fmt: skip
        outcomes = {one["item"]: (one["outcome"], one["rule"]) for one in told["fields"]}
        assert outcomes == {
            "姓名": ("masked", "mask:name"), "住址": ("shown", "mode"),
            "出生年": ("not-asked", "fields"), "核验姓名": ("not-asked", "fields"),
        }  # fmt: skip
        assert told["entry"] == {"code": "3301/0001", "name": "户籍人口信息", "grade": "L3"}
        assert told["quota"] == {"limit": 1000, "used": 0, "per_minute": 0}
        told = await answer(run, "explain", kind="verify", key=KEY, claims={"核验姓名": "张"})
        assert {one["item"]: one["outcome"] for one in told["fields"]}["核验姓名"] == "compared"
        told = await answer(run, "explain", kind="page")
        assert {one["item"]: one["outcome"] for one in told["fields"]}["核验姓名"] == "hidden"
        kept = record(run, told["record"])
        assert (kept["kind"], kept["rows"], kept["explained"]) == (
            "explain", 0, {"kind": "page", "rule": "grant", "allowed": True},
        )  # fmt: skip
        shown = await answer(run, "query", key=KEY)
        assert shown["rows"][0]["出生年"] == "2015"
        calls = await until(world.center.calls)
        assert [call["kind"] for call in calls] == ["query"], "the ledger holds uses, and explaining is none"


@pytest.mark.parametrize(
    ("terms", "call", "rule", "code"),
    [
        ({}, {"kind": "query", "key": KEY, "purpose": "别的"}, "purpose", "node.call.purpose-differs"),
        ({}, {"kind": "query", "key": KEY, "basis": "别的"}, "basis", "node.call.basis-differs"),
        ({}, {"kind": "query", "key": KEY, "case": ""}, "case", "node.call.case-missing"),
        ({}, {"kind": "query", "key": {"x": "1"}}, "key", "node.call.key-differs"),
        ({}, {"kind": "query", "key": KEY, "fields": ["核验姓名"]}, "items", "node.call.field-not-granted"),
        ({}, {"kind": "batch", "keys": keys(*"abcde")}, "batch-keys", "node.call.too-many-keys"),
        ({}, {"kind": "address"}, "way", "node.grant.way-not-granted"),
        ({"daily_quota": 0}, {"kind": "page"}, "daily-quota", "node.quota.exhausted"),
        ({"hours": (Hours(days=(), first_minute=0, last_minute=0),)}, {"kind": "page"}, "hours",
         "node.grant.outside-hours"),
        (
            {},
            {"kind": "page", "filters": [{"item": "姓名", "operator": "eq", "values": ["张"]}]},
            "filters",
            "node.call.filter-not-granted",
        ),
    ],
)  # fmt: skip
async def test_a_refusal_names_the_rule_that_decided(
    world: World, terms: dict[str, Any], call: dict[str, Any], rule: str, code: str
) -> None:
    async with node_of(world, **{**TERMS, **terms}) as run:
        told = await answer(run, "explain", **call)
        assert (told["verdict"], told["rule"], told["error"]["code"]) == ("refuse", rule, code)
        assert told["error"]["zh-hans"]
        assert record(run, told["record"])["explained"]["allowed"] is False
        assert run.node.gateway.serving.quotas.used("0190a000-0000-7000-8000-000000000001") == 0


async def test_what_is_no_call_and_a_strangers_grant_are_not_explained(world: World) -> None:
    async with node_of(world) as run:
        assert await refused(run, "explain", kind="nothing") == "node.call.malformed"
        assert await refused(run, "explain", key=KEY) == "node.call.malformed"
        assert await refused(run, "explain", kind="query", key=KEY, grant="GR-2026-0002") == "node.grant.unknown"
        response = await run.send(world.request("/gw/v1/explain", None))
        assert response.status_code == 405
