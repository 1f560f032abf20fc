from __future__ import annotations

import pytest

from jutong.node.errors import CenterStaleError
from jutong.node.freshness import LIMIT_SECONDS, Freshness


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_node_is_stale_from_the_start_and_again_after_ten_seconds() -> None:
    clock = Clock()
    fresh = Freshness(clock)
    with pytest.raises(CenterStaleError):
        fresh.check()
    assert fresh.confirm(issued_ms=1_000_000, now_ms=1_000_000, asked_at=100.0)
    clock.now = 100.0 + LIMIT_SECONDS - 0.001
    fresh.check()
    clock.now = 100.0 + LIMIT_SECONDS
    assert not fresh.fresh
    with pytest.raises(CenterStaleError):
        fresh.check()


def test_the_lease_counts_from_the_question_and_from_the_heartbeats_own_time() -> None:
    clock = Clock()
    fresh = Freshness(clock)
    clock.now = 104.0
    assert fresh.confirm(issued_ms=1_000_000, now_ms=1_000_000, asked_at=100.0)
    clock.now = 110.0
    with pytest.raises(CenterStaleError):
        fresh.check()
    assert fresh.confirm(issued_ms=1_001_000, now_ms=1_007_000, asked_at=110.0)
    clock.now = 113.9
    assert fresh.fresh
    clock.now = 114.0
    assert not fresh.fresh


@pytest.mark.parametrize("now_ms", [1_000_000 - 10_001, 1_000_000 + 10_001])
def test_a_heartbeat_from_another_time_renews_nothing(now_ms: int) -> None:
    fresh = Freshness(Clock())
    assert not fresh.confirm(issued_ms=1_000_000, now_ms=now_ms, asked_at=100.0)
    assert not fresh.fresh


def test_a_copied_heartbeat_renews_nothing() -> None:
    clock = Clock()
    fresh = Freshness(clock)
    assert fresh.confirm(issued_ms=1_000_000, now_ms=1_000_000, asked_at=100.0)
    clock.now = 109.0
    assert not fresh.confirm(issued_ms=1_000_000, now_ms=1_009_000, asked_at=109.0)
    clock.now = 110.0
    assert not fresh.fresh
