from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from jutong.center.org.actor import platform_actor
from jutong.center.process import moments
from jutong.center.process.moments import Moment

NOW = datetime(2026, 11, 20, tzinfo=UTC)
BY = platform_actor("test")


@pytest.fixture(autouse=True)
def _nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moments, "_LISTENERS", {moment: {} for moment in Moment})
    monkeypatch.setattr(moments, "_HOLDS", {})


def test_every_listener_of_a_moment_is_told_in_the_order_of_names() -> None:
    heard: list[Any] = []
    moments.listen(Moment.GRANT_ENDED, "b", lambda subject, **told: heard.append(("b", subject, told["reason"])))
    moments.listen(Moment.GRANT_ENDED, "a", lambda subject, **told: heard.append(("a", subject, told["by"])))
    moments.listen(Moment.GRANT_LIFTED, "c", lambda *_, **__: heard.append("c"))
    moments.tell(Moment.GRANT_ENDED, "SQ-1", by=BY, now=NOW, reason="over")
    assert heard == [("a", "SQ-1", BY), ("b", "SQ-1", "over")]


def test_the_same_name_listens_once() -> None:
    heard: list[int] = []
    for number in (1, 2):
        moments.listen(Moment.GRANT_LIFTED, "one", lambda *_, number=number, **__: heard.append(number))
    moments.tell(Moment.GRANT_LIFTED, None, by=BY, now=NOW)
    assert heard == [2]


def test_a_grant_is_held_while_somebody_says_why() -> None:
    assert moments.held("grant") == ""
    moments.hold_grants("quiet", lambda _: "")
    moments.hold_grants("agreement", lambda grant: f"{grant} is not signed")
    assert moments.held("grant") == "grant is not signed"
