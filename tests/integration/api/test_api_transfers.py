"""A transfer by program: proposed, saved, changed, switched, run, and its job held and read."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from jutong.center.fleet.models import Order, Source
from tests import sharing_world
from tests.api_client import Caller

COLUMNS = ("id_number", "name", "marital", "address", "division")


def test_a_transfer_is_saved_changed_and_run_by_program(db: None) -> None:
    world = sharing_world.build()
    world.bind()
    columns = [{"name": name, "type": "character varying(64)", "nullable": True} for name in COLUMNS]
    table = {"schema_name": "public", "name": "marriage", "row_estimate": 9, "columns": columns}
    Source.objects.update(tables=[table])
    steward, code = Caller(world.steward, timezone.now()), world.entry.code
    proposal = steward.get(f"/transfers/proposal?entry={code}")
    assert proposal["masks"][0]["what"] == {"column": "division", "mask": "division"}
    assert all(one["reason"] for part in ("steps", "rules", "masks") for one in proposal[part])
    work: dict[str, Any] = {
        "target": "marriages",
        "steps": [one["what"] for one in proposal["steps"]],
        "rules": [one["what"] for one in proposal["rules"]],
        "mode": {"kind": "merge", "keys": ["id_number"]},
        "care": {"rows_per_second": 500, "hours": [{"days": [6, 7], "first_minute": 60, "last_minute": 300}]},
    }
    asked = {"entry_code": code, "name": "婚姻登记入库", "work": work, "schedule": {"kind": "daily", "at": "02:00"}}
    for wrong in ({"schedule": {"kind": "weekly"}}, {"schedule": {"kind": "after"}}, {"work": {"target": "A"}}):
        assert steward.refused("POST", "/transfers", {**asked, **wrong})[0] == 422
    made = steward.ask("POST", "/transfers", asked, status=201)
    address = f"/transfers/{made['id']}"
    assert (made["state"], made["version"], made["health"], made["priority"]) == ("on", 1, "new", 5)
    assert (made["schedule"]["words"], made["work"]["care"]["rows_per_second"]) == ("每天02:00", 500)
    terms = {"name": "改名", "work": work, "schedule": {"kind": "monthly", "days": [31]}, "promised_hours": 800}
    changed = steward.ask("PUT", address, terms)
    assert (changed["name"], changed["version"], changed["promised_hours"]) == ("改名", 2, 800)
    assert [row["number"] for row in steward.get(f"{address}/versions")["rows"]] == [2, 1]
    assert steward.ask("POST", f"{address}/state", {"on": False, "reason": "核对"})["state"] == "off"
    assert steward.refused("POST", f"{address}/state", {"on": False}) == (409, "jobs.transfer.state")
    assert steward.ask("POST", f"{address}/state", {"on": True})["next_at"]
    job = steward.ask("POST", f"{address}/run", status=202)
    assert (job["transfer_id"], job["transfer_version"], job["cause"]) == (made["id"], 2, "hand")
    body = Order.objects.get(kind="job").envelope["body"]
    assert (body["mode"]["keys"], body["care"]["hours"][0]["days"]) == (["id_number"], [6, 7])
    assert [row["id"] for row in steward.get("/transfers?show=running")["rows"]] == [made["id"]]
    assert steward.ask("POST", f"/jobs/{job['id']}/control", {"action": "cancel"}, status=202)["state"] == "ordered"
    assert Order.objects.get(kind="job-control").envelope["body"]["action"] == "cancel"
    assert steward.get(f"/jobs/{job['id']}/log")["rows"] == []
    stranger = Caller(world.stranger, timezone.now())
    assert stranger.refused("GET", address)[0] == 404
    assert stranger.get("/transfers")["rows"] == []
