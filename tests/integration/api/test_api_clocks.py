from __future__ import annotations

import pytest

from tests.api_client import Caller
from tests.sharing_world import NOW, World, build
from tests.unit.standards.test_local_rules import content

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(db) -> World:
    return build()


@pytest.fixture(autouse=True)
def watch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jutong.api.door.utc_now", lambda: NOW)


def test_rules_are_loaded_listed_and_hold(world: World) -> None:
    authority, asker = Caller(world.authority, NOW), Caller(world.requester, NOW)
    body = content(effective_from="2026-11-01", ladder={"message_left": 3})
    made = authority.ask("POST", "/clocks/rules", body, status=201)
    assert (made["version"], made["message_left"], made["periods"][0]["length"]) == (1, 3, 5)
    assert authority.refused("POST", "/clocks/rules", body) == (409, "clocks.rule-set.same")
    looser = content(periods=[{"id": "SLA-SUP", "length": 30}])
    assert authority.refused("POST", "/clocks/rules", looser) == (422, "standards.period.looser")
    assert asker.refused("POST", "/clocks/rules", body)[0] == 403
    assert [row["version"] for row in asker.get("/clocks/rules")["rows"]] == [1]
    rows = {row["id"]: row for row in asker.get("/clocks/periods")["rows"]}
    assert (rows["SLA-REP-C"]["length"], rows["SLA-REP-C"]["statutory_length"]) == (5, 10)
    old = {row["id"]: row for row in asker.get("/clocks/periods?on=2026-10-01&division=629900")["rows"]}
    assert (old["SLA-REP-C"]["length"], old["SLA-REP-C"]["local"]) == (10, False)


def test_a_period_is_worked_out(world: World) -> None:
    asker = Caller(world.requester, NOW)
    body = {
        "period": "SLA-REP-C", "started_on": "2026-02-12", "pauses": [{"first": "2026-02-14", "last": "2026-02-24"}],
    }  # fmt: skip
    found = asker.ask("POST", "/clocks/calculation", body)
    assert (found["net_days"], found["days"][0]["kind"], found["days"][-1]["number"]) == (10, "receipt", 10)
    assert found["due_on"] == found["days"][-1]["day"]
    wrong = {**body, "pauses": [{"first": "2026-02-24", "last": "2026-02-14"}]}
    assert asker.refused("POST", "/clocks/calculation", wrong)[0] == 422
    assert asker.refused("POST", "/clocks/calculation", {**body, "period": "SLA-NONE"})[0] == 404
