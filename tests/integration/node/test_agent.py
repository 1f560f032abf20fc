"""The agent against a real small center: orders once and in sequence, receipts until they are taken."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from jutong.contracts.envelope import Envelope
from jutong.contracts.orders import GrantStateOrder, Heartbeat, IntrospectOrder
from jutong.kernel.keys import generate_signer
from jutong.node.agent.loop import LONGEST_BACKOFF, backoff
from jutong.node.errors import SourceUnavailableError
from jutong.node.service import node_name, running, secret
from tests.integration.node.conftest import Running
from tests.node_world import World, caller_key, query_body, until


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World.make(tmp_path)
    yield made
    made.center.close()


async def test_health_and_inventory_reach_the_center(started: Running) -> None:
    center = started.world.center
    (health,) = await until(lambda: center.bodies("health"))
    assert health["gateway_url"] == "http://127.0.0.1:8301"
    assert health["log_key"].startswith(health["log_origin"] + "+")
    assert [source["ok"] for source in health["sources"]] == [True]
    assert str(started.world.home) not in json.dumps(health)
    center.order("introspect", IntrospectOrder(source="police"))
    center.order("introspect", IntrospectOrder(source="nowhere"))
    found = await until(lambda: len(bodies := center.bodies("inventory")) == 2 and bodies)
    good, bad = sorted(found, key=lambda body: not body["ok"])
    assert [table["name"] for table in good["tables"]] == ["person"]
    assert (bad["ok"], bad["tables"]) == (False, [])
    assert "nowhere" in bad["problem"]
    assert started.node.state.tasks() == []


async def test_orders_survive_a_restart_and_are_not_repeated(world: World) -> None:
    order = world.grant()
    world.center.order("grant-state", GrantStateOrder(grant_id=order.grant_id, state="suspended", reason="核查"))
    async with running(world.settings) as node:
        await until(lambda: node.gateway.serving.freshness.fresh)
        assert node.state.sequence() == 2
        await until(lambda: len(world.center.bodies("grant")) >= 1)
    async with running(world.settings) as node:
        (grant,) = node.gateway.serving.book.by_id.values()
        assert (grant.state, grant.reason) == ("suspended", "核查")
        await until(lambda: node.gateway.serving.freshness.fresh)
        assert node.state.sequence() == 2


async def test_receipts_wait_for_a_center_that_is_away(started: Running) -> None:
    center = started.world.center
    center.mute = True
    assert (await started.query(query_body())).status_code == 200
    await until(lambda: started.node.state.outbox(10))
    assert center.calls() == []
    center.mute = False
    await until(lambda: len(center.calls()) == 1)
    await until(lambda: not started.node.state.outbox(10))


async def test_a_receipt_the_center_refuses_does_not_hold_up_the_others(started: Running) -> None:
    center = started.world.center
    center.refuse_kinds = {"inventory"}
    center.order("introspect", IntrospectOrder(source="police"))
    await until(lambda: any('"inventory"' in text for _, text in started.node.state.outbox(10)))
    assert (await started.query(query_body())).status_code == 200
    await until(lambda: len(center.calls()) == 1)


@pytest.mark.parametrize("how", ["heartbeat key", "order key", "audience", "kind", "repeated", "future", "shorter"])
async def test_a_feed_that_is_not_the_centers_renews_nothing(world: World, how: str) -> None:
    center = world.center
    good = center.beat
    forger = generate_signer("center")
    world.grant()

    def beat() -> Envelope:
        true_signer = center.signer
        if how == "heartbeat key":
            center.signer = forger
        made = good()
        center.signer = true_signer
        if how == "audience":
            return made.model_copy(update={"audience": "node-2"})
        if how == "kind":
            return center.seal("ticket", Heartbeat(last_sequence=len(center.orders)))
        if how == "future":
            return made.model_copy(update={"issued_ms": made.issued_ms + 3_600_000})
        return made

    center.beat = beat  # type: ignore[method-assign]
    if how == "order key":
        center.orders[0] = center.orders[0].model_copy(update={"signature": "AAAA"})
    if how == "repeated":
        center.orders.append(center.orders[0])
    async with running(world.settings) as node:
        if how == "shorter":
            await until(lambda: node.gateway.serving.freshness.fresh)
            center.orders.clear()
            node.gateway.serving.freshness._until = float("-inf")
        before = center.polls
        await until(lambda: center.polls >= before + 3, 30)
        assert not node.gateway.serving.freshness.fresh
        assert node.state.sequence() <= 1


async def test_orders_this_version_does_not_know_are_passed_over(world: World) -> None:
    world.center.order("future-kind", Heartbeat(last_sequence=1))
    world.center.order("grant", Heartbeat(last_sequence=1))
    world.grant()
    async with running(world.settings) as node:
        await until(lambda: node.gateway.serving.freshness.fresh)
        assert node.state.sequence() == 3
        assert len(node.gateway.serving.book.by_id) == 1


async def test_a_key_id_cannot_change_hands(started: Running) -> None:
    world = started.world
    thief = generate_signer("thief")
    stolen = caller_key(thief).model_copy(update={"key_id": world.caller.key_id})
    world.grant(grant_id="0190a000-0000-7000-8000-000000000003", grant_number="GR-3", callers=(stolen,))
    failed = await until(lambda: [one for one in world.center.bodies("grant") if one["state"] == "failed"])
    assert failed[0]["grant_id"].endswith("3")
    assert (await started.query(query_body())).status_code == 200
    broken = caller_key(thief).model_copy(update={"public_key": "AAAA"})
    world.grant(grant_id="0190a000-0000-7000-8000-000000000004", grant_number="GR-4", callers=(broken,))
    await until(lambda: len([one for one in world.center.bodies("grant") if one["state"] == "failed"]) == 2)


async def test_keys_that_leave_every_grant_are_forgotten(started: Running) -> None:
    world = started.world
    fresh = generate_signer("edu-new")
    world.grant(callers=(caller_key(fresh),))
    await until(lambda: fresh.key_id in started.node.gateway.serving.book.callers)
    await until(lambda: next(iter(started.node.gateway.serving.book.by_id.values())).probe == "ready")
    assert (await started.query(query_body())).json()["error"]["code"] == "node.signature.key-unknown"
    assert (await started.query(query_body(), signer=fresh)).status_code == 200


async def test_a_source_that_is_away_delays_the_verdict_on_a_grant(world: World) -> None:
    (world.home / "police.sqlite").rename(world.home / "away")
    world.grant()
    async with running(world.settings) as node:
        serving = node.gateway.serving
        await until(lambda: serving.freshness.fresh)
        with pytest.raises(SourceUnavailableError):
            await serving.sources.get("police").probe("main", "person")
        assert [grant.probe for grant in serving.book.by_id.values()] == ["pending"]
        assert world.center.bodies("grant") == []
        (world.home / "away").rename(world.home / "police.sqlite")
        await until(lambda: [grant.probe for grant in serving.book.by_id.values()] == ["ready"])
        await until(lambda: [one["state"] for one in world.center.bodies("grant")] == ["ready"])


async def test_a_suspension_of_an_unknown_grant_is_answered(started: Running) -> None:
    center = started.world.center
    center.order("grant-state", GrantStateOrder(grant_id="nobody", state="suspended", reason="x"))
    states = await until(lambda: [one for one in center.bodies("grant") if one["grant_id"] == "nobody"])
    assert states[0]["state"] == "failed"


async def test_without_the_centers_key_nothing_is_believed(world: World) -> None:
    (world.home / "keys" / "center.pub").unlink()
    world.grant()
    async with running(world.settings) as node:
        await asyncio.sleep(0.3)
        assert not node.gateway.serving.freshness.fresh
        assert world.center.polls == 0
        world.center.write_key(world.home)
        await until(lambda: node.gateway.serving.freshness.fresh)


def test_names_and_secrets(world: World) -> None:
    assert node_name(world.settings) == "node-1"
    (world.home / "node" / "name").write_text("node-7\n")
    assert node_name(world.settings) == "node-7"
    path = world.home / "keys" / "node.secret"
    assert secret(path) == secret(path)
    assert len(secret(path)) == 32
    assert path.stat().st_mode & 0o777 == 0o600


def test_backoff_grows_to_a_limit() -> None:
    assert backoff(0) <= 0.5
    assert all(backoff(number) <= LONGEST_BACKOFF for number in range(50))
    assert backoff(20) >= LONGEST_BACKOFF / 2
