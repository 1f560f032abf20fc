"""Calls the API as one person: a bearer token from the front door, JSON in and out."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import orjson
from django.http import HttpResponse
from django.test import Client

from jutong.center.org.actions import issue_token
from jutong.center.org.actor import Actor
from jutong.center.org.models import Post

BASE = "/api/v1"


class Caller:
    """One person at the API."""

    def __init__(self, actor: Actor, now: datetime) -> None:
        assert actor.post_id is not None
        post = Post.objects.get(id=actor.post_id)
        self.token = issue_token(post=post, by=actor, now=now)
        self.client = Client()

    def send(self, method: str, path: str, body: Any = None, *, language: str = "zh-CN") -> HttpResponse:
        headers = {"Authorization": f"Bearer {self.token}", "Accept-Language": language}
        data = b"" if body is None else orjson.dumps(body)
        kind = "application/json" if data else ""
        return self.client.generic(method, f"{BASE}{path}", data, kind, headers=headers)  # type: ignore[return-value]

    def ask(self, method: str, path: str, body: Any = None, *, status: int = 200) -> Any:
        """Return what came back, which must have this status."""
        answer = self.send(method, path, body)
        assert answer.status_code == status, answer.content.decode()
        return orjson.loads(answer.content) if answer.content else None

    def get(self, path: str) -> Any:
        return self.ask("GET", path)

    def refused(self, method: str, path: str, body: Any = None) -> tuple[int, str]:
        """Return status and error code of a refusal."""
        answer = self.send(method, path, body)
        envelope = orjson.loads(answer.content)["error"]
        assert set(envelope) == {"code", "message", "next_step", "fields"}
        return answer.status_code, envelope["code"]
