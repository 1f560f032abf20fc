from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from jutong.client.signing import AnswerChecker
from jutong.node.service import Node, running
from tests.node_world import World, until


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World.make(tmp_path)
    yield made
    made.center.close()


@dataclass
class Running:
    """A node on the test's own event loop and a client that calls it without a socket."""

    world: World
    node: Node
    http: httpx.AsyncClient

    async def ready(self, grants: int = 1) -> None:
        book = self.node.gateway.serving.book
        fresh = self.node.gateway.serving.freshness
        await until(lambda: fresh.fresh and len(book.by_id) >= grants)
        await until(lambda: all(grant.probe != "pending" for grant in book.by_id.values()))

    async def send(self, request: httpx.Request) -> httpx.Response:
        response = await self.http.send(request)
        nonce = (
            request.headers["signature-input"].split('nonce="')[1].split('"')[0]
            if "signature-input" in request.headers
            else ""
        )
        if "nonce=" in response.headers.get("signature-input", ""):
            AnswerChecker(self.world.node_key).check(response, nonce)
        return response

    async def call(self, path: str, body: Any, **how: Any) -> httpx.Response:
        return await self.send(self.world.request(path, body, **how))

    async def query(self, body: dict[str, Any], **how: Any) -> httpx.Response:
        return await self.call("/gw/v1/query", body, **how)

    async def verify(self, body: dict[str, Any], **how: Any) -> httpx.Response:
        return await self.call("/gw/v1/verify", body, **how)


@pytest.fixture
async def started(world: World) -> AsyncIterator[Running]:
    """A node with the standard grant on SQLite, ready to be called."""
    world.grant()
    async with running(world.settings) as node:
        transport = httpx.ASGITransport(app=node.gateway)
        async with httpx.AsyncClient(transport=transport) as http:
            run = Running(world, node, http)
            await run.ready()
            yield run
