"""Sources, plans, inventories and the change feed at the API."""

from __future__ import annotations

from typing import Any

import pytest

from jutong.center.catalog.models import Entry
from jutong.center.org import actions as org
from jutong.center.ownership.models import ItemSubject
from tests.center_world import NOW, PLATFORM, City
from tests.integration.api.conftest import As
from tests.ownership_world import both_publish, designated
from tests.unit.center.ownership.test_inventories import WITHHELD

PLAN = {
    "kind": "form",
    "name": "入学申请表",
    "purpose": "入学登记",
    "fields": [{"name": "婚姻状况"}, {"name": "就读意愿"}],
}


@pytest.fixture(autouse=True)
def holdings(city: City) -> None:
    both_publish(city)


def test_the_feed_is_read_on_and_on_without_a_gap(city: City, as_: As) -> None:
    caller = as_(city["requester"])
    first = caller.get("/changes?limit=1")
    assert [(row["kind"], row["version"]["number"], row["gone"]) for row in first["rows"]] == [("published", 1, False)]
    assert first["rows"][0]["version"]["items"][0]["name"] == "公民身份号码"
    assert first["next"] < first["newest"]
    rest = caller.get(f"/changes?after={first['next']}")
    assert [row["sequence"] > first["next"] for row in rest["rows"]] == [True]
    assert rest["next"] == rest["newest"]
    assert caller.get(f"/changes?after={rest['next']}") == {"rows": [], "next": rest["next"], "newest": rest["newest"]}
    assert caller.get("/changes?after=9000000000000000000")["rows"] == []
    assert caller.refused("GET", "/changes?after=-1")[0] == 422
    assert caller.refused("GET", "/changes?limit=0")[0] == 422
    assert as_(city["auditor"]).refused("GET", "/changes")[0] == 403


def test_an_entry_that_was_taken_down_is_a_tombstone(city: City, as_: As) -> None:
    Entry.objects.filter(organisation=city.civil).update(published=None, is_bound=True, quality=90)
    row = as_(city["requester"]).get("/changes")["rows"][0]
    assert (row["gone"], row["version"], row["is_bound"], row["quality"]) == (True, None, False, None)


def test_a_source_is_found_after_its_designation(city: City, as_: As) -> None:
    authority, steward, stranger = as_(city["authority"]), as_(city["steward"]), as_(city["stranger"])
    assert steward.refused("GET", "/ownership/source?name=婚姻状况")[0] == 404
    rows = {row["name"]: row for row in authority.get("/ownership/subjects?state=open")["rows"]}
    assert rows["婚姻状况"]["organisation_count"] == 2
    address = f"/ownership/subjects/{rows['婚姻状况']['id']}"
    shown = authority.get(address)
    entry = next(row["entry"]["code"] for row in shown["holdings"] if row["organisation"]["short_name"] == "市民政局")
    made = authority.ask("POST", f"{address}/proposals", {"entry": entry, "basis": "职责"}, status=201)
    assert (made["state"], len(made["positions"])) == ("proposed", 2)
    source = f"/ownership/sources/{made['id']}"
    early = {"entry": entry, "effective_on": "2027-01-01"}
    assert authority.refused("POST", f"{source}/designate", early) == (409, "ownership.source.positions-outstanding")
    for caller in (steward, stranger):
        caller.ask("POST", f"{source}/positions", {"stance": "agree"})
    done = authority.ask("POST", f"{source}/designate", early)
    assert (done["state"], done["effective_on"]) == ("designated", "2027-01-01")
    assert authority.get(address)["designation"]["id"] == made["id"]
    assert steward.get("/ownership/source?name=婚姻状态")["entry"]["code"] == entry
    assert [row["id"] for row in steward.get("/ownership/sources")["rows"]] == [made["id"]]
    ended = authority.ask("POST", f"{source}/revoke", {"reason": "职责划转"})
    assert ended["revoke_reason"] == "职责划转"


def test_fields_are_compared_without_keeping_anything(city: City, as_: As) -> None:
    source = designated(city)
    found = as_(city["stranger"]).ask("POST", "/ownership/comparisons", {"fields": PLAN["fields"]})
    assert [row["name"] for row in found] == ["婚姻状况", "就读意愿"]
    best = found[0]["hits"][0]
    assert (best["entry"]["code"], best["is_source"], best["confidence"]) == (source.entry.code, True, 100)
    assert found[1]["hits"] == []


def test_a_plan_goes_its_way(city: City, as_: As) -> None:
    steward, authority = as_(city["stranger"]), as_(city["authority"])
    made = steward.ask("POST", "/ownership/plans", PLAN, status=201)
    address = f"/ownership/plans/{made['id']}"
    assert [(row["name"], row["choice"], bool(row["hits"])) for row in made["fields"]] == [
        ("婚姻状况", "", True), ("就读意愿", "collect", False),
    ]  # fmt: skip
    assert steward.refused("POST", f"{address}/submit") == (409, "ownership.plan.unresolved")
    entry = made["fields"][0]["hits"][0]["entry"]["code"]
    answers: dict[str, Any] = {"answers": [{"position": 1, "choice": "reuse", "entry": entry}]}
    assert steward.ask("POST", f"{address}/answers", answers)["fields"][0]["entry"]["code"] == entry
    assert steward.ask("POST", f"{address}/submit")["state"] == "submitted"
    assert steward.ask("POST", f"{address}/recall")["state"] == "checked"
    steward.ask("POST", f"{address}/submit")
    assert [row["id"] for row in authority.get("/ownership/plans")["rows"]] == [made["id"]]
    assert authority.refused("POST", f"{address}/decision", {"approve": False})[0] == 422
    assert authority.ask("POST", f"{address}/decision", {"approve": False, "note": "补依据"})["state"] == "returned"
    again = steward.ask("PUT", address, {**PLAN, "name": "入学登记表"})
    assert (again["name"], again["state"]) == ("入学登记表", "checked")
    assert steward.get(address)["decision_note"] == "补依据"
    twice = {**PLAN, "fields": [{"name": "甲"}, {"name": "甲"}]}
    assert steward.refused("POST", "/ownership/plans", twice) == (422, "ownership.plan.fields-invalid")
    assert as_(city["steward"]).refused("GET", address)[0] == 404


def test_lists_are_paged(city: City, as_: As, monkeypatch) -> None:
    for module in ("ownership", "inventories"):
        monkeypatch.setattr(f"jutong.api.v1.{module}.PAGE_SIZE", 1)
    caller = as_(city["requester"])
    for path in ("/ownership/subjects", "/inventories/duties"):
        first = caller.get(path)
        second = caller.get(f"{path}?cursor={first['next']}")
        assert (len(first["rows"]), len(second["rows"]), second["next"]) == (1, 1, "")
        assert first["rows"] != second["rows"]
    assert caller.refused("GET", "/inventories/duties?cursor=x")[0] == 400


def test_inventories_are_read_and_systems_linked(city: City, as_: As) -> None:
    system = org.register_system(organisation=city.civil, name="婚姻登记系统", by=PLATFORM, now=NOW)
    hidden = city.published(**WITHHELD).entry
    steward, authority = as_(city["steward"]), as_(city["authority"])
    assert [row["entry_count"] for row in authority.get("/inventories/systems?missing=true")["rows"]] == [0]
    code = Entry.objects.get(published_name="婚姻登记信息").code
    linked = steward.ask("PUT", f"/inventories/systems/{system.id}/entries", {"codes": [code]})
    assert linked["entry_count"] == 1
    duties = steward.get(f"/inventories/duties?organisation={city.civil.code}")["rows"]
    assert [(row["code"], row["number"]) for row in duties] == [(code, "ZR-00001")]
    withheld = steward.get("/inventories/withheld")["rows"]
    assert [(row["code"], row["lacks_basis"]) for row in withheld] == [(hidden.code, False)]
    assert ItemSubject.objects.exists()
