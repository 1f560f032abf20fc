from __future__ import annotations

import json

from jutong.center.agreement.models import Agreement
from jutong.evidence import agreement as offline
from tests import agreement_steps as steps
from tests.integration.api.conftest import As
from tests.sharing_world import World


def test_an_agreement_goes_its_way(world: World, as_: As) -> None:
    made = steps.drafted(world)
    address = f"/agreements/{made.number}"
    steward, head, other = as_(world.steward), as_(world.provider_head), as_(world.requester_head)
    assert [row["number"] for row in steward.get("/agreements?state=drafted")["rows"]] == [made.number]
    edited = steward.ask("PUT", f"{address}/terms", {"retention_days": 30})
    assert (edited["terms"]["retention_days"], edited["version"]) == (30, 1)
    assert steward.refused("PUT", f"{address}/terms", {"correction_days": 11})[0] == 422
    assert steward.refused("PUT", f"{address}/terms", {"daily_quota": 501}) == (422, "kernel.input.invalid")
    assert steward.ask("POST", f"{address}/sending")["state"] == "sent"
    assert head.refused("POST", f"{address}/signature", {"digest": made.digest}) == (409, "agreement.text.changed")
    assert head.ask("POST", f"{address}/signature", {"digest": edited["digest"]})["state"] == "signed"
    void = other.ask("POST", f"{address}/hand-back", {"note": "改为60日"})
    assert (void["version"], void["state"]) == (2, "drafted")
    for who, state in ((head, "signed"), (other, "in-force")):
        assert who.ask("POST", f"{address}/signature", {"digest": void["digest"]})["state"] == state
    file = as_(world.requester).get(f"{address}/file")
    keys = json.dumps(as_(world.requester).get("/agreements/signing-keys")).encode()
    checked = offline.check(json.dumps(file).encode(), offline.read_keys(keys))
    assert all(row.is_known_key for row in checked.signatures)
    duties = {row["kind"]: row for row in steward.get(f"{address}/obligations")}
    assert (duties["correction"]["side"], duties["quota"]["bound"]) == ("provider", 500)
    changed = as_(world.requester).ask(
        "POST", f"{address}/changes", {"terms": {"daily_quota": 100}, "note": "减少"}, status=201
    )
    assert (changed["version"], changed["is_narrower"]) == (3, True)
    assert as_(world.requester).ask("DELETE", f"{address}/changes")["state"] == "in-force"
    assert as_(world.requester).get(f"{address}?version=1")["state"] == "void"
    assert as_(world.stranger).refused("GET", address) == (404, "kernel.object.not-found")
    assert Agreement.objects.count() == 3


def test_a_breach_is_answered_and_judged(world: World, as_: As) -> None:
    found = steps.broken(world)
    address = f"/breaches/{found.number}"
    (row,) = as_(world.steward).get(f"/breaches?agreement={found.agreement.number}&state=found")["rows"]
    assert (row["number"], row["responsible"]["code"], row["value"]) == (found.number, world.civil.code, 7000)
    shown = as_(world.steward).get(address)
    assert (len(shown["evidence"]["records"]), sorted(shown["events"])) == (20, ["answer", "contest"])
    assert as_(world.requester).refused("POST", f"{address}/answer", {"text": "x"}) == (
        403,
        "agreement.breach.other-party",
    )
    assert as_(world.steward).ask("POST", f"{address}/answer", {"text": "断电"})["state"] == "answered"
    assert as_(world.requester).ask("POST", f"{address}/verdict", {"accept": True})["state"] == "settled"
