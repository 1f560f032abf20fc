"""Addresses lent for a minute: who gets one, what it opens, and when it no longer does."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from jutong.contracts.orders import GrantStateOrder, Place
from jutong.node.errors import AddressRefusedError
from jutong.node.gateway import lent
from jutong.node.gateway.addresses import FILES, LIFE_MS, Lender, check_path, place_of
from jutong.node.service import running
from tests.integration.node.conftest import Running
from tests.node_world import PURPOSE, World, until

BODY = {"grant": "GR-2026-0001", "purpose": PURPOSE, "case": "RX-2026-001", "official": "王老师"}
PLACED: dict[str, Any] = {"table": "", "lookup": (), "fields": (), "conditions": (), "ways": ("address",)}


@pytest.fixture
def camera() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


@pytest.fixture
def world(tmp_path: Path, camera: str) -> Iterator[World]:
    made = World.make(tmp_path)
    folder = tmp_path / "reports"
    (folder / "2026" / "deep").mkdir(parents=True)
    (folder / "2026" / "月报.csv").write_text("a,b\n1,2\n")
    (folder / "2026" / ".hidden").write_text("x")
    (folder / "private.csv").write_text("no")
    (folder / "2026" / "leak").symlink_to(folder / "private.csv")
    code = "11330100MB0000001A"
    made.add_source({"name": "files", "dialect": "files", "organisation_code": code, "path": str(folder)})
    made.add_source({"name": "doors", "dialect": "endpoints", "organisation_code": code, "hosts": [camera]})
    yield made
    made.center.close()


@pytest.fixture
async def node(world: World) -> AsyncIterator[Running]:
    async with running(world.settings) as made:
        transport = httpx.ASGITransport(app=made.gateway)
        async with httpx.AsyncClient(transport=transport, base_url=world.settings.gateway_base) as http:
            yield Running(world, made, http)


async def files(run: Running, **changes: Any) -> None:
    place = Place(protocol="file", address="", path="2026")
    run.world.grant(**{**PLACED, "kind": "files", "source": "files", "place": place, **changes})
    await run.ready()


async def lend(run: Running, **changes: Any) -> dict[str, Any]:
    answer = await run.call("/gw/v1/address", {**BODY, **changes})
    assert answer.status_code == 200, answer.text
    lent_: dict[str, Any] = answer.json()
    return lent_


def code(answer: httpx.Response) -> str:
    return str(answer.json()["error"]["code"])


async def test_a_folder_is_lent_listed_and_read(node: Running) -> None:
    await files(node)
    found = await lend(node)
    assert found["address"] == f"{node.world.settings.gateway_base}{FILES}?token={found['token']}"
    assert (found["grant"], found["kind"], found["protocol"]) == ("GR-2026-0001", "files", "file")
    assert found["token"].endswith("." + found["signature"])
    listing = (await node.http.get(found["address"])).json()["files"]
    assert [row["name"] for row in listing] == ["deep/", "月报.csv"]
    assert listing[1]["size"] == 8
    got = await node.http.get(f"{FILES}月报.csv", headers={"Authorization": f"Bearer {found['token']}"})
    assert (got.text, got.headers["cache-control"]) == ("a,b\n1,2\n", "no-store")
    assert "attachment" in got.headers["content-disposition"]


async def test_nothing_outside_what_was_lent_is_read(node: Running) -> None:
    await files(node)
    token = (await lend(node))["token"]
    for path in ("../private.csv", "leak", ".hidden", "deep/../../private.csv", "nowhere.csv", "/etc/passwd"):
        answer = await node.http.get(httpx.URL(FILES + path.replace("..", "%2e%2e"), params={"token": token}))
        assert (answer.status_code, code(answer)) == (404, "node.file.missing"), path
    assert code(await node.http.post(f"{FILES}?token={token}")) == "node.path.method-not-allowed"
    assert code(await node.http.get(FILES)) == "node.address.missing"


async def test_lending_is_on_record_and_reported_like_any_call(node: Running) -> None:
    await files(node)
    found = await lend(node)
    (call,) = await until(node.world.center.calls)
    assert (call["kind"], call["outcome"], call["record_id"]) == ("address", "ok", found["record"])
    assert (call["purpose"], call["official"], call["rows"]) == (PURPOSE, "王老师", 0)

    async def receipt() -> httpx.Response:
        return await node.call(f"/gw/v1/receipts/{found['record']}", None)

    answer = await receipt()
    while answer.status_code == 503:
        answer = await receipt()
    assert answer.json()["record"]["record"]["kind"] == "address"
    assert found["token"] not in answer.text


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"purpose": "别的用途"}, "node.call.purpose-differs"),
        ({"case": ""}, "node.call.case-missing"),
        ({"key": {"公民身份号码": "1"}}, "node.call.malformed"),
        ({"official": ""}, "node.call.malformed"),
        ({"grant": "GR-1"}, "node.grant.unknown"),
    ],
)
async def test_an_address_keeps_to_the_terms_of_the_grant(
    node: Running, changes: dict[str, Any], expected: str
) -> None:
    await files(node)
    answer = await node.call("/gw/v1/address", {**BODY, **changes})
    assert code(answer) == expected


async def test_the_quota_counts_addresses_too(node: Running) -> None:
    await files(node, daily_quota=1)
    await lend(node)
    assert code(await node.call("/gw/v1/address", BODY)) == "node.quota.exhausted"


async def test_a_table_is_not_lent_and_a_place_not_queried(node: Running) -> None:
    node.world.grant()
    await node.ready()
    assert code(await node.call("/gw/v1/address", BODY)) == "node.grant.way-not-granted"
    await files(node)
    await until(lambda: node.node.gateway.serving.book.by_number["GR-2026-0001"].order.kind == "files")
    await node.ready()
    assert code(await node.query({**BODY, "key": {"公民身份号码": "1"}})) == "node.grant.way-not-granted"


async def test_a_lost_log_lends_nothing(node: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    from jutong.evidence.errors import LogStoppedError

    await files(node, daily_quota=1)
    serving = node.node.gateway.serving

    async def refuse(*_: object, **__: object) -> int:
        raise LogStoppedError

    with monkeypatch.context() as patched:
        patched.setattr(serving.recorder, "access", refuse)
        answer = await node.call("/gw/v1/address", BODY)
        assert answer.status_code == 503
        assert "token" not in answer.text
    await lend(node)


async def ask(node: Running, uri: str = "", token: str = "", **query: str) -> httpx.Response:
    headers = {"X-Original-URI": uri} if uri else {}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    return await node.http.get("/gw/v1/address/check", params=query, headers=headers)


async def stream(run: Running, camera: str, **changes: Any) -> dict[str, Any]:
    place = Place(protocol="rtmp", address=camera, path="live/square")
    run.world.grant(**{**PLACED, "kind": "video", "source": "doors", "place": place, **changes})
    await run.ready()
    return await lend(run)


async def test_a_media_server_may_ask_whether_an_address_is_good(node: Running, camera: str) -> None:
    found = await stream(node, camera)
    assert found["address"] == f"rtmp://{camera}/live/square?token={found['token']}"
    for answer in (
        await ask(node, token=found["token"]),
        await ask(node, query="1", token=found["token"]),
        await ask(node, f"/live/square?a=1&token={found['token']}"),
        await ask(node, f"/live/square/1.ts?token={found['token']}"),
    ):
        assert answer.status_code == 204
        assert answer.headers["x-jutong-grant"] == "GR-2026-0001"
        assert answer.headers["x-jutong-record"] == found["record"]
    for uri in ("/live/other", "/live/squares", "/live/square/../other", "/live/square/%2e%2e/other", "/"):
        answer = await ask(node, f"{uri}?token={found['token']}")
        assert (answer.status_code, code(answer)) == (403, "node.address.refused"), uri
    assert (await ask(node, "/live/square")).status_code == 401
    forged = found["token"][:-2] + ("AA" if found["token"][-2:] != "AA" else "BB")
    for token in (forged, "x", "a.b", "." + found["signature"], "é" * 10, "x" * 2000 + ".y"):
        answer = await ask(node, query=token, token=token if token.isascii() else "z")
        assert (answer.status_code, code(answer)) == (403, "node.address.refused")


async def test_an_address_ends_with_its_minute_and_with_its_grant(node: Running, camera: str) -> None:
    found = await stream(node, camera)
    gateway = node.node.gateway
    clock = gateway.clock
    page = gateway.pages["GET", "/gw/v1/address/check"].__self__  # type: ignore[attr-defined]
    assert 0 < found["expires_ms"] - clock() * 1000 <= LIFE_MS
    page._clock = lambda: clock() + LIFE_MS / 1000
    assert code(await ask(node, token=found["token"])) == "node.address.refused"
    page._clock = clock
    order = GrantStateOrder(grant_id="0190a000-0000-7000-8000-000000000001", state="suspended", reason="核查")
    node.world.center.order("grant-state", order)
    await until(lambda: gateway.serving.book.by_number["GR-2026-0001"].state == "suspended")
    assert code(await ask(node, token=found["token"])) == "node.grant.suspended"
    gateway.serving.book.by_number.clear()
    assert code(await ask(node, token=found["token"])) == "node.address.refused"
    gateway.serving.freshness._until = float("-inf")
    node.world.center.mute = True
    assert (await ask(node, token=found["token"])).status_code in {403, 503}


async def test_an_address_ends_when_the_grant_does(node: Running, camera: str) -> None:
    until_ms = int(node.node.gateway.clock() * 1000) + 20_000
    found = await stream(node, camera, valid_until_ms=until_ms)
    assert found["expires_ms"] == until_ms


async def test_a_place_that_does_not_answer_keeps_the_grant_waiting(node: Running, camera: str) -> None:
    gone = Place(protocol="kafka", address=camera.rsplit(":", 1)[0] + ":1", path="t")
    node.world.grant(**{**PLACED, "kind": "stream", "source": "doors", "place": gone})
    failed = await until(lambda: [one for one in node.world.center.bodies("grant") if one["state"] == "failed"])
    assert "hosts" in failed[0]["problem"] or "127.0.0.1:1" in failed[0]["problem"]
    away = Place(protocol="file", address="", path="not-yet")
    node.world.grant(**{
        **PLACED, "kind": "files", "source": "files", "place": away, "grant_number": "GR-2",
        "grant_id": "0190a000-0000-7000-8000-000000000002",
    })  # fmt: skip
    await until(lambda: "GR-2" in node.node.gateway.serving.book.by_number)
    assert node.node.gateway.serving.book.by_number["GR-2"].probe == "pending"
    (node.world.home / "reports" / "not-yet").mkdir()
    await until(lambda: node.node.gateway.serving.book.by_number["GR-2"].probe == "ready")


async def test_what_breaks_is_a_numbered_fault_and_not_a_trace(node: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    await files(node)
    token = (await lend(node))["token"]

    def boom(_: Path) -> Any:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(lent, "_listing", boom)
    answer = await node.http.get(f"{FILES}?token={token}")
    assert (answer.status_code, code(answer)) == (500, "node.gateway.fault")
    assert "secret" not in answer.text

    def gone(_: Path) -> Any:
        raise FileNotFoundError(2, "gone")

    monkeypatch.setattr(lent, "_opened", gone)
    assert code(await node.http.get(f"{FILES}月报.csv?token={token}")) == "node.file.missing"


async def test_a_file_that_shrinks_is_not_passed_off_as_whole(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"x" * 10)
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)
        if message["type"] == "http.response.start":
            os.truncate(path, 0)

    await lent._stream(path, send)
    assert [message["type"] for message in sent] == ["http.response.start"]
    assert "shorter" in caplog.text


def test_a_playlists_pieces_lie_beside_it() -> None:
    from jutong.kernel.keys import generate_signer
    from jutong.node.grants import Grant
    from tests.node_world import grant_order

    signer = generate_signer("x")
    place = Place(protocol="hls", address="cdn", path="live/square/index.m3u8")
    grant = Grant(grant_order(signer, **PLACED, kind="video", source="doors", place=place))
    for path in ("/live/square/index.m3u8", "/live/square/00001.ts", "/live/square/low/1.ts"):
        check_path(place_of(grant), path)
    with pytest.raises(AddressRefusedError):
        check_path(place_of(grant), "/live/other/index.m3u8")
    mqtt = Grant(grant_order(
        signer, **PLACED, kind="stream", source="doors", place=Place(protocol="mqtt", address="mq", path="t")
    ))  # fmt: skip
    bare = Lender(signer, "http://gw").lend(mqtt, "r", 0)
    assert bare["address"] == "mqtt://mq:1883/t"
    assert json.dumps(bare)
