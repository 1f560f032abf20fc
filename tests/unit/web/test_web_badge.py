"""The number beside 待我办理 is counted anew when something has happened, and not before."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import RequestFactory

from jutong.center.audit.actions import record
from jutong.center.org import queries as org
from jutong.center.org.models import Post
from jutong.web.desk import badge as module
from jutong.web.desk.badge import Badge
from tests.sharing_world import World

NOW = datetime(2026, 11, 18, 9, 0, tzinfo=UTC)


def test_counts_again_after_own_events_at_once_and_after_others_soon(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: list[int] = []

    def waiting(request: Any, actor: Any, now: datetime) -> list[int]:
        counted.append(1)
        return counted

    monkeypatch.setattr(module, "waiting", waiting)
    me, other = (org.actor_for(post) for post in Post.objects.order_by("id")[:2])
    badge = Badge()
    shown: list[int] = []

    def look(seconds: int) -> int:
        shown.append(badge.count(RequestFactory().get("/"), me, NOW + timedelta(seconds=seconds)))
        return shown[-1]

    assert look(0) == look(1) == look(59) == 1
    assert look(61) == 2  # nobody did anything, but time passes too
    record(event="org:user:noted", subject_kind="user", subject_id="1", by=other, now=NOW)
    assert look(63) == 2
    assert look(72) == 3
    record(event="org:user:noted", subject_kind="user", subject_id="1", by=me, now=NOW)
    record(event="org:user:noted", subject_kind="user", subject_id="1", by=other, now=NOW)
    assert look(73) == 4  # somebody else's newer event does not hide one's own


def test_forgets_the_oldest_posts(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 1)
    badge = Badge()
    calls: list[int] = []

    def waiting(*_: object) -> list[int]:
        calls.append(1)
        return []

    monkeypatch.setattr(module, "waiting", waiting)
    actors = [org.actor_for(post) for post in Post.objects.order_by("id")[:2]]
    for actor in (*actors, actors[0]):
        badge.count(RequestFactory().get("/"), actor, NOW)
    assert len(calls) == 3
