from __future__ import annotations

import pytest

from tests.api_client import Caller
from tests.sharing_world import NOW, World, build
from tests.supervision_steps import offered

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(db) -> World:
    return build()


@pytest.fixture(autouse=True)
def watch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jutong.api.door.utc_now", lambda: NOW)


def test_a_violation_goes_its_way(world: World) -> None:
    about, judge = Caller(world.requester_head, NOW), Caller(world.authority, NOW)
    address = f"/violations/{offered(world).number}"
    assert [row["code"] for row in judge.get("/violations?state=open")["rows"]] == ["R2"]
    assert judge.refused("POST", f"{address}/order", {"text": "改", "days": 5}) == (409, "supervision.case.not-heard")
    assert about.ask("POST", f"{address}/statements", {"text": "重发"})["can"] == ["state"]
    made = judge.ask("POST", f"{address}/order", {"text": "改", "days": 5})
    assert (made["state"], made["order"]["heard"], made["rectify_until"]) == ("noticed", ["重发"], "2026-11-16")
    assert made["order_digest"].startswith("sha256:")
    assert about.ask("POST", f"{address}/report", {"text": "已改"})["state"] == "reported"
    assert judge.ask("POST", f"{address}/rejection", {"text": "没有", "days": 2})["state"] == "noticed"
    assert judge.refused("POST", f"{address}/referral", {"text": "x"}) == (409, "supervision.case.limit-running")
    about.ask("POST", f"{address}/report", {"text": "再改"})
    assert judge.ask("POST", f"{address}/acceptance", {})["state"] == "rectified"
    assert about.get(address)["steps"][0]["event"] == "offer"
    other = f"/violations/{offered(world, subject_id='2').number}"
    assert judge.ask("POST", f"{other}/dismissal", {"text": "无"})["state"] == "dismissed"
    third = f"/violations/{offered(world, subject_id='3').number}"
    about.ask("POST", f"{third}/statements", {"text": "x"})
    judge.ask("POST", f"{third}/order", {"text": "改", "days": 5})
    about.ask("POST", f"{third}/report", {"text": "没改"})
    assert judge.ask("POST", f"{third}/referral", {"text": "拒不改正"})["state"] == "referred"
    assert about.refused("POST", f"{third}/dismissal", {"text": "x"})[0] == 403
    assert Caller(world.stranger_head, NOW).refused("GET", third)[0] == 404


def test_reports_and_platforms(world: World) -> None:
    steward = Caller(world.steward, NOW)
    body = {"code": "R3", "organisation": world.education.code, "text": "外传"}
    assert steward.ask("POST", "/violations", body, status=201)["state"] == "offered"
    assert steward.refused("POST", "/violations", body) == (409, "supervision.report.twice")
    made = steward.ask("POST", "/violations/platforms", {"name": "民政共享平台"}, status=201)
    joined = {"joined_on": "2026-11-01", "document": "国办函1号"}
    address = f"/violations/platforms/{made['id']}/joining"
    assert steward.ask("POST", address, joined)["joined_on"] == "2026-11-01"
    assert Caller(world.stranger, NOW).refused("POST", address, joined)[0] == 404
    assert [row["name"] for row in Caller(world.authority, NOW).get("/violations/platforms")["rows"]] == [
        "民政共享平台"
    ]
