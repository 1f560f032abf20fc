"""A whole platform on a simulated calendar: pages, registry, jobs and a real node on one clock that is set by hand.

The node is the product's own, put together by its own service; only its loops are taken a turn at a time, and its way
to the center's door leads through this process instead of a socket.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.db import connections
from django.test import Client
from http_message_signatures import HTTPMessageSigner, algorithms

from jutong.center.clocks.queries import calendar
from jutong.center.org.models import User
from jutong.client.signing import COVERED, LABEL, TAG
from jutong.kernel.clock import BEIJING, civil_date
from jutong.kernel.keys import Ed25519Signer
from jutong.kernel.settings import Settings
from jutong.node import service
from jutong.node.agent.loop import Agent
from jutong.tasks import scans
from tests.simulation.pages import Person

WEB = ("door", "context", "accounts", "entrance")


class Calendar:
    """The one clock."""

    def __init__(self, start: datetime) -> None:
        self._at = start
        self._set = time.monotonic()

    def now(self) -> datetime:
        """The simulated instant; it runs on with the real one."""
        return self._at + timedelta(seconds=time.monotonic() - self._set)

    def seconds(self) -> float:
        """The same as seconds since 1970 UTC."""
        return self.now().timestamp()

    @property
    def today(self) -> date:
        return civil_date(self.now())

    def move_to(self, instant: datetime) -> None:
        assert instant > self.now(), "a calendar runs forward"
        self._at, self._set = instant, time.monotonic()


class _Door(httpx.AsyncBaseTransport):
    """Carries the node's requests to the center's view."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        body = await request.aread()
        return await asyncio.to_thread(self._ask, request, body)

    @staticmethod
    def _ask(request: httpx.Request, body: bytes) -> httpx.Response:
        try:
            answer = Client().generic(
                request.method, request.url.raw_path.decode(), body, content_type=request.headers["Content-Type"]
            )
            return httpx.Response(answer.status_code, content=answer.content, headers=dict(answer.headers))
        finally:
            connections.close_all()


@dataclass
class Life:
    """Everything a walk needs."""

    calendar: Calendar
    node: service.Node
    run: Callable[[Awaitable[Any]], Any]
    key: Ed25519Signer
    """What the requester's system signs with."""
    people: dict[str, Person] = field(default_factory=dict)

    @property
    def home(self) -> Path:
        """The node's folder, beside which the provider's own database lies."""
        return self.node.settings.home

    def person(self, username: str) -> Person:
        """Somebody signed in."""
        if username not in self.people:
            self.people[username] = Person(Client(), username)
        person = self.people[username]
        person.client.force_login(User.objects.get(username=username))  # sessions end, people sign in again
        return person

    def citizen(self) -> Person:
        """Somebody outside the login wall."""
        return Person(Client())

    def settle(self) -> None:
        """Let node and center exchange orders and receipts until nothing is under way."""
        agent: Agent = self.node.agent

        async def turn() -> None:
            for _ in range(3):
                await agent.poll_once()
                await agent.probe_once()
                await asyncio.sleep(0.05)
                await agent._watcher.watch_once()
                await agent.report_once()
                await agent.health_once()
                while await agent.deliver_once() == 0.0:
                    pass

        self.run(turn())

    def scan(self) -> None:
        """Do what the platform does by itself every minute, hour and night."""
        for scan in every_scan():
            scan(self.calendar.now())

    def next_workday(self, days: int = 1, *, hour: int = 9) -> date:
        """Go forward by working days, one at a time, scanning and settling on each; weekends pass as they do."""
        work = calendar()
        for _ in range(days):
            day = self.calendar.today + timedelta(days=1)
            while not work.is_workday(day):
                day += timedelta(days=1)
            self.calendar.move_to(datetime(day.year, day.month, day.day, hour, tzinfo=BEIJING).astimezone(UTC))
            self.settle()
            self.scan()
            self.settle()
        return self.calendar.today

    def call(self, kind: str, body: dict[str, Any], *, key: Ed25519Signer) -> httpx.Response:
        """Call the gateway as a system of a department would, signed at the simulated moment."""
        address = f"{self.node.settings.gateway_base}/gw/v1/{kind}"
        content = json.dumps(body, ensure_ascii=False).encode()
        request = httpx.Request("POST", address, content=content, headers={"Content-Type": "application/json"})
        signer = HTTPMessageSigner(signature_algorithm=algorithms.ED25519)
        prepared = signer.prepare(
            request, key_id=key.key_id, nonce=secrets.token_urlsafe(16), created=self.calendar.now(), label=LABEL,
            tag=TAG, covered_component_ids=COVERED, body=content,
        )  # fmt: skip
        signer.apply(request, prepared, key.sign(prepared.signature_base))
        return self._gateway(request)

    def _gateway(self, request: httpx.Request) -> httpx.Response:

        async def send() -> httpx.Response:
            transport = httpx.ASGITransport(app=self.node.gateway)
            answer = await transport.handle_async_request(request)
            await answer.aread()
            return answer

        answer: httpx.Response = self.run(send())
        return answer


def every_scan() -> list[Callable[[datetime], int]]:
    """Every scan of the worker but those of the search index, which has tests of its own."""
    from jutong.tasks.periodic import SCANS  # its jobs register with Django's app, which has to be ready

    return [*SCANS.values(), scans.run_norms]


@contextmanager
def life(settings: Settings, start: datetime, key: Ed25519Signer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Life]:
    """Run a node of an instance on a simulated calendar, beside the pages."""
    shown = Calendar(start)
    for module in WEB:
        monkeypatch.setattr(f"jutong.web.{module}.utc_now", shown.now)
    for module in ("door", "nodes", "v1.tokens"):
        monkeypatch.setattr(f"jutong.api.{module}.utc_now", shown.now)
    monkeypatch.setattr("jutong.web.open.views.utc_now", shown.now)

    async def idle(self: Agent) -> None:
        del self

    monkeypatch.setattr(Agent, "start", idle)
    real = httpx.AsyncClient

    def through_the_door(**options: Any) -> httpx.AsyncClient:
        return real(**options, transport=_Door())

    monkeypatch.setattr(httpx, "AsyncClient", through_the_door)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    def run(work: Awaitable[Any]) -> Any:
        assert isinstance(work, Coroutine)
        return asyncio.run_coroutine_threadsafe(work, loop).result(timeout=120)

    running = service.running(settings, shown.now)
    node = run(running.__aenter__())
    node.gateway.clock = shown.seconds
    try:
        yield Life(shown, node, run, key)
    finally:
        run(running.__aexit__(None, None, None))
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
