"""The real node process under kill -9, a full disk, a dead source and a lost center."""

from __future__ import annotations

import contextlib
import os
import random
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from jutong.client import NEVER, JutongClient, RefusedError
from jutong.client.errors import GatewayUnreachableError
from jutong.contracts.orders import GrantStateOrder
from jutong.evidence.home import open_log
from jutong.node.records import since
from tests.node_world import ID_OUYANG, ID_ZHANG, PURPOSE, World, query_body

pytestmark = pytest.mark.fault
KILLS = 5
CALLERS = 4


def free_port() -> int:
    """Return a port whose successor, the gateway's, is free; outside the range outgoing connections are given."""
    for port in random.sample(range(20_000, 32_000, 2), 100):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port + 1))
            return port
    raise AssertionError("no free port")


def wait(condition: Callable[[], Any], seconds: float = 60.0) -> Any:
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > deadline:
            raise AssertionError("it did not happen in time")
        time.sleep(0.02)
    return found


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World.make(tmp_path, free_port())
    made.grant(daily_quota=10_000_000)
    yield made
    made.center.close()


@contextmanager
def node(world: World, **environ: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run the node's own program until the end of the block, ready to be called."""
    settings = {
        "JUTONG_HOME": str(world.home), "JUTONG_PORT": str(world.port), "JUTONG_ROLE": "node",
        "JUTONG_CENTER_URL": world.center.base, "JUTONG_LOG_LEVEL": "warning",
    }  # fmt: skip
    kept = {name: value for name, value in os.environ.items() if not name.startswith("JUTONG_")}
    log = world.home / "node.log"
    with log.open("ab") as output:
        child = subprocess.Popen(
            [sys.executable, "-P", "-m", "jutong.node.main"],
            env={**kept, **settings, **environ}, stdout=output, stderr=output, start_new_session=True,
        )  # fmt: skip
    try:
        wait(lambda: _ready(world, child, log))
        yield child
    finally:
        if child.poll() is None:
            child.terminate()
        child.wait(30)


def _ready(world: World, child: subprocess.Popen[bytes], log: Path) -> bool:
    assert child.poll() is None, log.read_text()[-3000:]
    try:
        health = httpx.get(world.settings.gateway_base + "/healthz", timeout=2.0).json()
    except httpx.HTTPError:
        return False
    with client(world) as http:
        return bool(health["center_confirmed"]) and _answers(http)


def _answers(http: JutongClient) -> bool:
    try:
        http.query(grant="GR-2026-0001", purpose=PURPOSE, official="王", case="RX-1", key={"公民身份号码": ID_ZHANG})
    except (RefusedError, GatewayUnreachableError):
        return False
    return True


def client(world: World) -> JutongClient:
    key, gateway = world.caller, world.settings.gateway_base
    return JutongClient(gateway, key.key_id, key, node_key=world.node_key, retry=NEVER)


def ask(http: JutongClient, number: int = 0) -> str:
    """Return the record id of an answered call."""
    how: dict[str, Any] = {"grant": "GR-2026-0001", "purpose": PURPOSE, "official": "王", "case": f"RX-{number}"}
    if number % 2:
        return http.query(**how, key={"公民身份号码": ID_ZHANG}).record
    return http.verify(**how, key={"公民身份号码": ID_OUYANG}, claims={"核验姓名": "欧阳小红"}).record


def call_until_it_dies(world: World, answered: list[str]) -> None:
    with client(world) as http:
        number = 0
        while True:
            number += 1
            try:
                answered.append(ask(http, number))
            except (GatewayUnreachableError, RefusedError):
                return


def _has(answered: list[str], count: int) -> bool:
    return len(answered) >= count


def recorded(world: World) -> set[str]:
    with open_log(world.settings):
        return {record["record_id"] for _, record in since(world.settings.path("records", "records.db"), 0)}


def test_every_answered_call_is_on_record_and_reported_after_kill_9(world: World) -> None:
    answered: list[str] = []
    for turn in range(KILLS):
        with node(world) as child:
            before = len(answered)
            threads = [threading.Thread(target=call_until_it_dies, args=(world, answered)) for _ in range(CALLERS)]
            for thread in threads:
                thread.start()
            enough = before + 10 + 7 * turn
            wait(partial(_has, answered, enough))
            child.send_signal(signal.SIGKILL)
            child.wait(10)
            for thread in threads:
                thread.join(20)
                assert not thread.is_alive()
    assert len(answered) == len(set(answered))
    assert set(answered) <= recorded(world)
    with node(world):
        known = recorded_live(world)
        wait(lambda: known <= {call["record_id"] for call in world.center.calls()})
    reported = [call["record_id"] for call in world.center.calls()]
    assert len(reported) == len(set(reported))
    assert set(answered) <= set(reported)


def recorded_live(world: World) -> set[str]:
    return {record["record_id"] for _, record in since(world.settings.path("records", "records.db"), 0)}


def test_a_replayed_call_is_refused_even_after_kill_9(world: World) -> None:
    request = world.request("/gw/v1/query", query_body())
    with httpx.Client() as http:
        with node(world) as child:
            assert http.send(request).status_code == 200
            assert http.send(request).json()["error"]["code"] == "node.signature.replayed"
            child.send_signal(signal.SIGKILL)
            child.wait(10)
        with node(world):
            again = http.send(request)
    assert (again.status_code, again.json()["error"]["code"]) == (409, "node.signature.replayed")


def test_the_days_quota_survives_kill_9(world: World) -> None:
    world.grant(daily_quota=8)
    with node(world) as child, client(world) as http:
        used = 0
        while used < 4:
            ask(http)
            used += 1
        child.send_signal(signal.SIGKILL)
        child.wait(10)
    with node(world), client(world) as http:
        refusals = [code for _ in range(9) if (code := _refusal(http))]
    assert set(refusals) == {"node.quota.exhausted"}
    answered = [call for call in world.center.calls() if call["outcome"] == "ok"]
    assert len(answered) <= 8


def test_a_full_disk_lets_nothing_out_and_heals(world: World) -> None:
    # A limit on the size of files stands for the full disk: every write of the process fails, the log's first.
    with node(world) as child, client(world) as http:
        _, hard = resource.prlimit(child.pid, resource.RLIMIT_FSIZE)
        before = ask(http, 1)
        resource.prlimit(child.pid, resource.RLIMIT_FSIZE, (1, hard))
        for number in range(4):
            with pytest.raises(RefusedError) as caught:
                ask(http, number)
            assert caught.value.code in {"evidence.log.unwritable", "evidence.log.stopped"}
            assert caught.value.http_status == 503
            assert caught.value.retry_after
        resource.prlimit(child.pid, resource.RLIMIT_FSIZE, (hard, hard))
        after = wait(lambda: _try(http))
    assert {before, after} <= recorded(world)


def _try(http: JutongClient) -> str:
    try:
        return ask(http, 1)
    except RefusedError:
        return ""


def test_a_dead_source_a_lost_center_and_a_revoked_grant_each_have_their_name(world: World) -> None:
    with node(world), client(world) as http:
        register = world.home / "police.sqlite"
        register.rename(world.home / "away.sqlite")
        with pytest.raises(RefusedError) as dead:
            ask(http)
        assert (dead.value.code, dead.value.http_status) == ("node.source.unavailable", 503)
        (world.home / "away.sqlite").rename(register)
        ask(http)

        world.center.mute = True
        lost = time.monotonic()
        stale = wait(lambda: _refusal(http), 30)
        assert stale == "node.center.stale"
        assert time.monotonic() - lost < 20
        world.center.mute = False
        wait(lambda: not _refusal(http))

        begun = time.monotonic()
        order = GrantStateOrder(grant_id="0190a000-0000-7000-8000-000000000001", state="revoked", reason="收回")
        world.center.order("grant-state", order)
        assert wait(lambda: _refusal(http)) == "node.grant.revoked"
        assert time.monotonic() - begun < 5


def _refusal(http: JutongClient) -> str:
    try:
        ask(http)
    except RefusedError as refused:
        return refused.code
    return ""


def test_a_signed_receipt_verifies_offline(world: World, tmp_path: Path) -> None:
    with node(world), client(world) as http:
        record_id = ask(http, 1)
        receipt, record = http.receipt(record_id)
        with pytest.raises(RefusedError) as caught:
            http.receipt("0190a000-0000-7000-8000-00000000ffff")
        assert caught.value.code == "node.receipt.not-found"
    assert receipt.startswith("c2sp.org/tlog-proof@v1\n")
    assert record["record"]["record_id"] == record_id
    from jutong.evidence.checkpoint import parse_keys
    from jutong.evidence.merkle import leaf_hash
    from jutong.evidence.receipt import Receipt
    from jutong.kernel.canonical import canonical_json

    parsed = Receipt.parse(receipt)
    parsed.checkpoint.verify(parse_keys((world.home / "evidence" / "keys").read_text()))
    parsed.prove(leaf_hash(canonical_json(record["leaf"])))
