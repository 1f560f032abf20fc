"""Rows pulled from another node by a grant there, moved on like any table, and both records linked."""

from __future__ import annotations

import asyncio
import base64
import json
import socket
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from typing_extensions import override

from jutong.contracts import rules as given
from jutong.contracts.orders import GrantedField, JobOrder
from jutong.evidence.verify import verify
from jutong.kernel.errors import JutongError
from jutong.kernel.keys import load_or_create_signer
from jutong.node import sources
from jutong.node.connectors.introspect import inventory
from jutong.node.connectors.tables import opened
from jutong.node.exchange.progress import READING, Held, SoFar
from jutong.node.exchange.readers import peer, pulled
from tests.integration.node.conftest import Running
from tests.integration.node.test_bulk_calls import node_of, record
from tests.node_world import PURPOSE, World
from tests.unit.node.exchange.moving import ORGANISATION, landed, order_for, run_move

ROWS = 450
GRANT: dict[str, Any] = {
    "ways": ("query", "page", "file"), "page_rows": 200, "order_columns": ("sfzh", "fs"), "conditions": (),
    "fields": (
        GrantedField(item="公民身份号码", column="sfzh", mode="plain"),
        GrantedField(item="姓名", column="xm", mode="masked", mask="name"),
        GrantedField(item="联系电话", column="lxdh", mode="plain"),
        GrantedField(item="分数", column="fs", mode="plain"),
    ),
}  # fmt: skip
COLUMNS = {"id": "公民身份号码", "name": "姓名", "phone": "联系电话", "points": "分数"}


class Bridge(httpx.BaseTransport):
    """Carries calls of ordinary code to a node that runs on this test's event loop."""

    def __init__(self, run: Running, loop: asyncio.AbstractEventLoop) -> None:
        self.paths: list[str] = []
        self.spoil: Callable[[str, bytes], bytes] = lambda _, body: body
        self._app = httpx.ASGITransport(app=run.node.gateway)
        self._loop = loop

    @override
    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.paths.append(request.url.path)
        status, headers, body = asyncio.run_coroutine_threadsafe(self._sent(request), self._loop).result(60)
        return httpx.Response(status, headers=headers, content=self.spoil(request.url.path, body))

    async def _sent(self, request: httpx.Request) -> tuple[int, httpx.Headers, bytes]:
        response = await self._app.handle_async_request(request)
        return response.status_code, response.headers, await response.aread()


def people(world: World) -> None:
    made = [
        (f"3301{number:014d}", f"张{number}", None if number % 9 == 0 else f"138{number:08d}", number)
        for number in range(ROWS)
    ]
    with closing(sqlite3.connect(world.home / "police.sqlite")) as db:
        db.execute("DELETE FROM person")
        db.executemany("INSERT INTO person (sfzh, xm, lxdh, xzqh, fs) VALUES (?, ?, ?, '3301', ?)", made)
        db.commit()


def configured(run: Running, home: Path, **table: Any) -> sources.SourceConfig:
    """Write the other node into our own configuration, as an operator does."""
    world = run.world
    row = {
        "name": "police-node", "dialect": "jutong", "organisation_code": ORGANISATION,
        "dsn": world.settings.gateway_base,
        "peer": {
            "key_id": world.caller.key_id, "key": "caller.key",
            "node_key": f"{world.node_key.key_id} {_b64(world)}", "log_keys": [str(run.node.log.key)],
            "tables": {"person": {
                "grant": "GR-2026-0001", "purpose": PURPOSE, "official": "王老师", "case": "RX-1",
                "columns": COLUMNS, **table,
            }},
        },
    }  # fmt: skip
    folder = home / "node"
    folder.mkdir(exist_ok=True)
    key = folder / "caller.key"
    key.write_text(_raw(world))
    key.chmod(0o600)
    path = home / sources.FILE
    path.write_text(json.dumps([row]))
    path.chmod(0o600)
    return sources.load(path)["police-node"]


def _b64(world: World) -> str:
    return load_or_create_signer(world.home / "keys" / "node.key", "node").public_b64


def _raw(world: World) -> str:
    return base64.b64encode(world.caller.private.private_bytes_raw()).decode()


@pytest.mark.parametrize("way", ["file", "page"])
async def test_granted_rows_land_here_and_name_the_other_nodes_record(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    people(world)
    home = tmp_path / "ours"
    home.mkdir()
    async with node_of(world, **GRANT) as run:
        source = configured(run, home, way=way)
        assert sources.from_row(json.loads(json.dumps(sources.as_row(source)))) == source
        bridge = Bridge(run, asyncio.get_running_loop())
        monkeypatch.setattr(peer, "read", partial(peer.read, transport=bridge))
        order = order_for(source, "jutong", "person", "id", "name", "phone", "points")
        order = order.model_copy(update={
            "rules": (given.Cast(id="n", column="points", to="integer"), given.NotNull(id="phone", column="phone")),
        })  # fmt: skip
        folder = home / "jobs" / order.job_id
        calls: list[list[str]] = []

        def held(so_far: SoFar) -> None:
            if so_far.phase == READING and not calls:
                calls.append(list(bridge.paths))
                raise Held

        with pytest.raises(Held):
            await asyncio.to_thread(run_move, order, source, home, None, held)
        receipt = await asyncio.to_thread(run_move, order, source, home)
        assert bridge.paths == calls[0], "what was pulled is not asked for again"
        assert (receipt.rows_read, receipt.rows_written, receipt.rows_quarantined) == (450, 400, 50)
        rows = landed(home).sort_by("id").to_pylist()
        assert rows[0] == {"id": "33010" + f"{1:013d}", "name": "张*", "phone": "13800000001", "points": 1}
        assert [one.rows for one in receipt.pulled] == ([450] if way == "file" else [200, 200, 50])
        for told in receipt.pulled:
            assert record(run, told.record)["rows"] == told.rows
        kept = pulled.load(folder)
        assert kept is not None
        for one in kept.answers:
            assert verify(one.receipt, json.dumps(one.record), [str(run.node.log.key)]).ok
            assert one.record["record"]["answer_digest"] == f"sha256:{one.told.sha256}"
        assert not (folder / kept.file).exists()


async def test_what_cannot_be_believed_moves_nothing(world: World, tmp_path: Path) -> None:
    people(world)
    async with node_of(world, **GRANT) as run:
        source = configured(run, tmp_path)
        order = order_for(source, "jutong", "person", "id", "phone")
        other = load_or_create_signer(tmp_path / "other.key", "node")
        mapped = source.peer_node
        foreign_log = str(run.node.log.key).rsplit("+", 1)[0] + "+" + base64.b64encode(b"\1" + bytes(32)).decode()

        def so(**peer_changes: Any) -> sources.SourceConfig:
            return replace(source, peer=mapped.model_copy(update=peer_changes))

        def asking(**changes: Any) -> sources.SourceConfig:
            return so(tables={"person": mapped.tables["person"].model_copy(update=changes)})

        def altered(part: str) -> Callable[[str, bytes], bytes]:
            return lambda path, body: body[:-9] + b"x" + body[-8:] if part in path else body

        def same(_: str, body: bytes) -> bytes:
            return body

        cases: list[tuple[str, str, sources.SourceConfig, Callable[[str, bytes], bytes]]] = [
            ("node.peer.untrusted", "sha256", source, altered("download")),
            ("node.peer.untrusted", "", source, altered("/v1/file")),
            ("node.peer.untrusted", "", source, altered("receipts")),
            ("node.peer.untrusted", "", so(node_key=f"{run.world.node_key.key_id} {other.public_b64}"), same),
            ("node.peer.untrusted", "evidence", so(log_keys=(foreign_log,)), same),
            ("node.peer.refused", "node.call.purpose-differs", asking(purpose="另一个用途"), same),
            ("node.peer.refused", "key-unknown", so(key_id="unknown"), same),
            ("node.exchange.columns-changed", "", asking(columns={"id": "公民身份号码"}), same),
            ("node.table.missing", "", so(tables={}), same),
        ]
        for number, (code, reason, tried, spoil) in enumerate(cases):
            bridge = Bridge(run, asyncio.get_running_loop())
            bridge.spoil = spoil
            folder = tmp_path / str(number)
            folder.mkdir()
            with pytest.raises(JutongError) as caught:
                await asyncio.to_thread(_read, tried, order, folder, bridge)
            assert (caught.value.code, reason in str(caught.value)) == (code, True), caught.value
            assert not (folder / pulled.FILE).exists()


def _read(source: sources.SourceConfig, order: JobOrder, folder: Path, bridge: Bridge) -> None:
    with peer.read(source, order, folder, transport=bridge):
        pass


async def test_an_entry_can_be_bound_to_a_grant_and_the_configuration_is_checked(world: World, tmp_path: Path) -> None:
    async with node_of(world, **GRANT) as run:
        source = configured(run, tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        source = replace(source, dsn=f"http://127.0.0.1:{listening.getsockname()[1]}")
        (table,) = inventory(source)
        assert (table.schema_name, table.name, table.comment) == ("jutong", "person", "GR-2026-0001")
        assert {one.name: one.comment for one in table.columns} == COLUMNS
        with opened(source, "jutong", "person") as found:
            assert (list(found.columns), found.sample(9), found.count(9)) == (list(COLUMNS), [], -1)
    _check_configuration(source, tmp_path / sources.FILE)


def _check_configuration(source: sources.SourceConfig, path: Path) -> None:
    assert "node.source.unreachable" in _problem(source)
    Path(source.peer_node.key).chmod(0o644)
    assert "0644" in _problem(source)
    Path(source.peer_node.key).unlink()
    assert _problem(source)
    (row,) = json.loads(path.read_text())
    wrong: list[tuple[str, dict[str, Any]]] = [
        ("peer", {**row, "peer": {**row["peer"], "node_key": "k " + "A" * 44}}),
        ("log_keys", {**row, "peer": {**row["peer"], "log_keys": ["x"]}}),
        ("mapping peer", {name: row[name] for name in row if name != "peer"}),
        ("https://", {**row, "dsn": "https://me:pw@host/"}),
    ]
    for said, one in wrong:
        path.write_text(json.dumps([one]))
        with pytest.raises(JutongError) as caught:
            sources.load(path)
        assert said in str(caught.value), caught.value
        assert "pw" not in str(caught.value)


def _problem(source: sources.SourceConfig) -> str:
    with pytest.raises(JutongError) as caught:
        inventory(source)
    return f"{caught.value.code} {caught.value}"
