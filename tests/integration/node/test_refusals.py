"""Every refusal has its name, in both languages, is on record when the caller is known, and gives nothing away."""

from __future__ import annotations

import json
import time
from typing import Any

import httpx
import orjson
import pytest

from jutong.contracts.orders import GrantedField, GrantStateOrder
from jutong.kernel.keys import generate_signer
from jutong.node.grants import Grant
from jutong.node.records import since
from tests.integration.node.conftest import Running
from tests.node_world import DAY_MS, ID_TWINS, ID_ZHANG, query_body, until, verify_body


def problem(response: httpx.Response) -> tuple[int, str]:
    error = response.json()["error"]
    assert error["message"], error
    assert error["next_step"], error
    return response.status_code, error["code"]


def put(started: Running, **changes: Any) -> None:
    """Change the grant in memory, as an order would."""
    book = started.node.gateway.serving.book
    grant = next(iter(book.by_id.values()))
    state = changes.pop("state", "active")
    reason = changes.pop("reason", "")
    book.put(Grant(grant.order.model_copy(update=changes), state, reason, "ready"))


def outcomes(started: Running) -> list[dict[str, Any]]:
    """Records as the log holds them, by leaf."""
    log = started.node.log
    log.publish()
    store = started.node.settings.path("records", "records.db")
    return [record for _, record in sorted(since(store, 0), key=lambda row: row[0])]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"purpose": "别的用途"}, (403, "node.call.purpose-differs")),
        ({"case": ""}, (400, "node.call.case-missing")),
        ({"case": "   "}, (400, "node.call.case-missing")),
        ({"official": " "}, (400, "node.call.malformed")),
        ({"grant": "GR-2026-9999"}, (403, "node.grant.unknown")),
        ({"fields": ["姓名", "核验姓名"]}, (403, "node.call.field-not-granted")),
        ({"fields": ["身高"]}, (403, "node.call.field-not-granted")),
        ({"fields": []}, (400, "node.call.malformed")),
        ({"fields": ["姓名", "姓名"]}, (400, "node.call.malformed")),
        ({"key": {"姓名": "张小明"}}, (400, "node.call.key-differs")),
        ({"key": {"公民身份号码": ID_ZHANG, "姓名": "张"}}, (400, "node.call.key-differs")),
        ({"key": {}}, (400, "node.call.malformed")),
        ({"key": {"公民身份号码": 330102}}, (400, "node.call.malformed")),
        ({"key": {"公民身份号码": "33\n01"}}, (400, "node.call.malformed")),
        ({"where": "1=1"}, (400, "node.call.malformed")),
        ({"purpose": 1}, (400, "node.call.malformed")),
        ({"purpose": "长" * 501}, (400, "node.call.malformed")),
    ],
)
async def test_a_call_outside_the_grant_is_refused_by_name_and_recorded(
    started: Running, changes: dict[str, Any], expected: tuple[int, str]
) -> None:
    response = await started.query(query_body(**changes))
    assert problem(response) == expected
    (record,) = outcomes(started)
    assert record["outcome"] == expected[1]
    assert record["rows"] == 0
    assert record["record_id"] == response.json()["error"]["record"]


async def test_a_refusal_reads_in_english_too(started: Running) -> None:
    chinese = (await started.query(query_body(purpose="别的"))).json()["error"]
    english = (await started.query(query_body(purpose="别的"), language="en-GB,en;q=0.9")).json()["error"]
    assert chinese["code"] == english["code"] == "node.call.purpose-differs"
    assert chinese["fields"] == english["fields"]


async def test_not_json_and_not_an_object(started: Running) -> None:
    for content in (b"", b"{", b"[]", b'"text"', b"\xff", b'{"grant": "\\ud800"}'):
        request = started.world.request("/gw/v1/query", {})
        request = httpx.Request("POST", str(request.url), content=content)
        from jutong.client.signing import CallSigner

        CallSigner(started.world.caller.key_id, started.world.caller).sign(request)
        assert problem(await started.send(request)) == (400, "node.call.malformed")


async def test_an_oversize_body_is_refused_before_anything_else(started: Running) -> None:
    response = await started.query(query_body(purpose="长" * 70_000))
    assert problem(response) == (413, "node.call.too-large")
    assert started.node.log.size == 0


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"valid_until_ms": 1}, (403, "node.grant.expired")),
        ({"valid_from_ms": int(time.time() * 1000) + DAY_MS}, (403, "node.grant.not-yet")),
        ({"state": "suspended", "reason": "核查中"}, (403, "node.grant.suspended")),
        ({"state": "revoked", "reason": "不再需要"}, (403, "node.grant.revoked")),
        ({"ways": ("verify",)}, (403, "node.grant.way-not-granted")),
        ({"daily_quota": 0}, (429, "node.quota.exhausted")),
        ({"max_rows": 1}, (422, "node.answer.too-many-rows")),
        ({"table": "nothing"}, (503, "node.source.changed")),
        ({"source": "elsewhere"}, (404, "node.source.unknown")),
    ],
)
async def test_a_grant_that_does_not_hold_gives_its_own_error(
    started: Running, changes: dict[str, Any], expected: tuple[int, str]
) -> None:
    put(started, **changes)
    response = await started.query(query_body(key={"公民身份号码": ID_TWINS}))
    assert problem(response) == expected
    assert outcomes(started)[0]["outcome"] == expected[1]
    if expected[0] == 429:
        assert 0 < int(response.headers["retry-after"]) <= 86_401


async def test_the_time_bounds_of_a_grant_are_exact(started: Running) -> None:
    gateway = started.node.gateway
    moment = int(time.time())
    put(started, valid_from_ms=moment * 1000, valid_until_ms=(moment + 10) * 1000)
    seen = []
    for offset in (-0.001, 0.0, 9.999, 10.0):
        gateway.clock = lambda offset=offset: moment + offset  # type: ignore[misc]
        seen.append((await started.query(query_body())).status_code)
    assert seen == [403, 200, 200, 403]


async def test_a_strangers_grant_is_not_told_from_none(started: Running) -> None:
    stranger = generate_signer("health")
    from tests.node_world import caller_key, grant_order

    order = grant_order(
        stranger,
        grant_id="0190a000-0000-7000-8000-000000000002",
        grant_number="GR-2026-0002",
        callers=(caller_key(stranger, "health"),),
        requester_code="11330100MB0000003C",
    )
    started.node.gateway.serving.book.put(Grant(order, probe="ready"))
    theirs = await started.query(query_body(), signer=stranger)
    nothing = await started.query(query_body(grant="GR-2026-7777"), signer=stranger)
    assert problem(theirs) == problem(nothing) == (403, "node.grant.unknown")
    records = outcomes(started)
    assert [record["actor_dept"] for record in records] == ["11330100MB0000003C"] * 2
    assert [record["agreement_id"] for record in records] == ["-", "-"]
    assert b"7777" not in b"".join(orjson.dumps(record) for record in records)


async def test_the_row_predicate_hides_other_districts(started: Running) -> None:
    response = await started.query(query_body(key={"公民身份号码": "330103201504044567"}))
    assert response.json()["rows"] == []


async def test_verification_never_says_which_claim_failed(started: Running) -> None:
    sizes = set()
    for claims in (
        {"核验姓名": "欧阳小红", "核验分数": "12"},
        {"核验姓名": "欧阳小红", "核验分数": "13"},
        {"核验姓名": "x", "核验分数": "12"},
    ):
        response = await started.verify(verify_body(claims=claims))
        sizes.add(len(response.content))
        assert set(response.json()) == {"record", "answer", "blind"}
    unknown = await started.verify(verify_body(key={"公民身份号码": "1"}))
    assert unknown.json()["answer"] == "unknown"
    assert sizes == {len(unknown.content)}
    assert (await started.verify(verify_body(claims={"姓名": "欧阳小红"}))).json()["error"][
        "code"
    ] == "node.call.field-not-granted"


async def test_a_claim_on_a_value_the_department_lacks_is_unknown(started: Running) -> None:
    body = verify_body(key={"公民身份号码": ID_ZHANG}, claims={"核验分数": "1", "核验姓名": "张小明"})
    assert (await started.verify(body)).json()["answer"] == "unknown"


async def test_failed_verifications_use_up_the_quota(started: Running) -> None:
    put(started, daily_quota=2)
    answers = [(await started.verify(verify_body(claims={"核验姓名": f"猜{n}"}))).status_code for n in range(3)]
    assert answers == [200, 200, 429]


async def test_a_call_that_got_no_answer_is_not_counted(started: Running) -> None:
    put(started, daily_quota=1, table="nothing")
    for _ in range(3):
        assert (await started.query(query_body())).status_code == 503
    put(started, daily_quota=1, table="person")
    assert (await started.query(query_body())).status_code == 200


async def test_unknown_paths_methods_and_queries(started: Running) -> None:
    world = started.world
    assert problem(await started.send(world.request("/gw/v1/other", {}))) == (404, "node.path.unknown")
    assert problem(await started.send(world.request("/gw/v1/query", None))) == (405, "node.path.method-not-allowed")
    assert problem(await started.send(world.request("/gw/v1/query?x=1", {}))) == (405, "node.path.method-not-allowed")


async def test_suspension_reaches_the_gateway_and_lifts_again(started: Running) -> None:
    center = started.world.center
    grant_id = next(iter(started.node.gateway.serving.book.by_id))

    async def answers(code: int) -> bool:
        return (await started.query(query_body())).status_code == code

    begun = time.monotonic()
    center.order("grant-state", GrantStateOrder(grant_id=grant_id, state="suspended", reason="核查中"))
    book = started.node.gateway.serving.book
    await until(lambda: book.by_id[grant_id].state == "suspended", 5.0)
    assert time.monotonic() - begun < 5.0
    assert await answers(403)
    center.order("grant-state", GrantStateOrder(grant_id=grant_id, state="active", reason=""))
    await until(lambda: book.by_id[grant_id].state == "active")
    assert await answers(200)
    center.order("grant-state", GrantStateOrder(grant_id=grant_id, state="revoked", reason="收回"))
    center.order("grant-state", GrantStateOrder(grant_id=grant_id, state="active", reason=""))
    await until(lambda: len([one for one in center.bodies("grant") if one["state"] == "revoked"]) == 2)
    assert await answers(403)
    states = [one["state"] for one in center.bodies("grant")]
    assert states == ["ready", "suspended", "ready", "revoked", "revoked"]


async def test_a_node_that_lost_its_center_denies(started: Running) -> None:
    serving = started.node.gateway.serving
    started.world.center.mute = True
    serving.freshness._until = float("-inf")
    assert problem(await started.query(query_body())) == (503, "node.center.stale")
    started.world.center.mute = False
    await until(lambda: serving.freshness.fresh)
    assert (await started.query(query_body())).status_code == 200


async def test_a_grant_whose_table_does_not_fit_fails_with_a_receipt(started: Running) -> None:
    world = started.world
    world.grant(
        grant_id="0190a000-0000-7000-8000-000000000009",
        grant_number="GR-2026-0009",
        fields=(GrantedField(item="姓名", column="no_such", mode="plain"),),
    )
    await until(lambda: any(one["state"] == "failed" for one in world.center.bodies("grant")))
    (failed,) = [one for one in world.center.bodies("grant") if one["state"] == "failed"]
    assert "no_such" in failed["problem"]
    response = await started.query(query_body(grant="GR-2026-0009"))
    assert problem(response) == (503, "node.grant.not-ready")


async def test_the_center_learns_of_every_call_without_any_value(started: Running) -> None:
    await started.query(query_body())
    await started.query(query_body(purpose="别的"))
    await started.verify(verify_body())
    calls = await until(lambda: len(found := started.world.center.calls()) == 3 and found)
    assert [call["outcome"] for call in calls] == ["ok", "node.call.purpose-differs", "ok"]
    assert [call["leaf_index"] for call in calls] == [0, 1, 2]
    assert calls[0]["fields"] == ["姓名", "联系电话", "住址", "出生日期"]
    text = json.dumps(calls, ensure_ascii=False)
    for secret in (ID_ZHANG, "张小明", "欧阳小红", "学府路"):
        assert secret not in text
