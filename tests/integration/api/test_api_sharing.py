from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from jutong.center.fleet.receipts import apply_receipt
from jutong.center.sharing.models import Grant
from jutong.contracts.receipts import AccessSummary, GrantReceipt, ServedReceipt
from tests.integration.api.conftest import As
from tests.sharing_world import World


def need(world: World, **changes: Any) -> dict[str, Any]:
    asked = [
        {"item_id": str(world.items["公民身份号码"].id), "mode": "plain", "reason": "入学需要"},
        {"item_id": str(world.items["婚姻状况"].id), "mode": "plain"},
    ]
    return {
        "title": "入学核验", "basis": "义务教育法第十二条", "scenario": "新生入学核验", "scope": "招生人员",
        "share_way": "service", "valid_until": str(timezone.localdate() + timedelta(days=90)), "daily_quota": 500,
        "system_id": str(world.system.id), "is_true": True, "is_lawful": True, "is_necessary": True, "items": asked,
        **changes,
    }  # fmt: skip


def drafted(world: World, as_: As, **changes: Any) -> str:
    body = {"entry_code": world.entry.code, "need": need(world, **changes)}
    answer = as_(world.requester).ask("POST", "/applications", body, status=201)
    assert answer["state"] == "draft"
    return str(answer["number"])


def submitted(world: World, as_: As) -> str:
    number = drafted(world, as_)
    assert as_(world.requester).ask("POST", f"/applications/{number}/consent-request")["state"] == "awaiting-consent"
    sent = as_(world.requester_head).ask("POST", f"/applications/{number}/consent", {"agreed": True})
    assert (sent["state"], sent["clock"]["period"], sent["clock"]["state"]) == ("submitted", "SLA-REP-C", "ok")
    return number


def signed(world: World, as_: As, application: str) -> None:
    """Both heads sign what the reply drew up."""
    for head, state in ((world.provider_head, "signed"), (world.requester_head, "in-force")):
        (row,) = as_(head).get(f"/agreements?application={application}")["rows"]
        read = as_(head).get(f"/agreements/{row['number']}")
        done = as_(head).ask("POST", f"/agreements/{row['number']}/signature", {"digest": read["digest"]})
        assert done["state"] == state


def granted(world: World, as_: As) -> tuple[str, str]:
    world.bind()
    number = submitted(world, as_)
    assert as_(world.steward).ask("POST", f"/applications/{number}/reply", {"agreed": True})["reply"]["agreed"]
    done = as_(world.provider_head).ask("POST", f"/applications/{number}/reply/consent", {"agreed": True})
    assert done["state"] == "supplying"
    grant = Grant.objects.get(number=done["grant_number"])
    signed(world, as_, number)
    now = timezone.now()
    ready = GrantReceipt(grant_id=str(grant.id), state="ready", problem="")
    apply_receipt(node=world.node, envelope=world.receipt("grant", ready, now), now=now)
    return number, str(grant.number)


def test_one_need_travels_from_draft_to_sharing(world: World, as_: As) -> None:
    number, grant = granted(world, as_)
    shown = as_(world.requester).get(f"/applications/{number}")
    assert (shown["state"], shown["grant_number"]) == ("sharing", grant)
    assert [row["side"] for row in shown["consents"]] == ["requester", "provider"]
    assert all(step["title"] for step in shown["timeline"])
    one = as_(world.requester).get(f"/grants/{grant}")
    assert (one["state"], one["gateway_url"]) == ("active", "http://127.0.0.1:8301")
    assert {item["name"] for item in one["items"]} == {"公民身份号码", "婚姻状况"}


def test_a_draft_is_written_anew_and_withdrawn(world: World, as_: As) -> None:
    number = drafted(world, as_, basis="")
    assert as_(world.requester).refused("POST", f"/applications/{number}/consent-request") == (
        422,
        "kernel.input.invalid",
    )
    assert as_(world.requester).ask("PUT", f"/applications/{number}", need(world))["basis"] == "义务教育法第十二条"
    assert as_(world.requester).ask("POST", f"/applications/{number}/withdrawal")["state"] == "withdrawn"
    assert as_(world.requester).refused("POST", f"/applications/{number}/withdrawal") == (
        409,
        "sharing.state.not-allowed",
    )


def test_what_is_missing_is_told_once_and_more_time_is_the_authoritys_to_give(world: World, as_: As) -> None:
    number = submitted(world, as_)
    steward, requester = as_(world.steward), as_(world.requester)
    assert (
        steward.ask("POST", f"/applications/{number}/extension", {"days": 5, "reason": "量大"})["extension"]["days"]
        == 5
    )
    decided = as_(world.authority).ask("POST", f"/applications/{number}/extension/decision", {"consented": True})
    assert (decided["extension"]["consented"], decided["clock"]["total"]) == (True, 15)
    asked = steward.ask("POST", f"/applications/{number}/supplement", {"missing": ["职责依据"]})
    assert (asked["state"], asked["clock"]["state"]) == ("supplementing", "paused")
    answered = requester.ask("POST", f"/applications/{number}/supplement/answer", {"text": "见附件"})
    assert answered["supplement"]["answered_text"] == "见附件"
    assert steward.refused("POST", f"/applications/{number}/supplement", {"missing": ["又一项"]}) == (
        409,
        "sharing.supplement.twice",
    )


def test_both_sides_write_and_the_requester_reminds_once_a_day(world: World, as_: As) -> None:
    number = submitted(world, as_)
    sent = as_(world.requester).ask("POST", f"/applications/{number}/messages", {"text": "请尽快"}, status=201)
    assert [row["text"] for row in sent["messages"]] == ["请尽快"]
    as_(world.requester).ask("POST", f"/applications/{number}/reminders", status=201)
    answer = as_(world.requester).send("POST", f"/applications/{number}/reminders")
    assert (answer.status_code, answer["Retry-After"]) == (429, "3600")
    notices = as_(world.steward).get("/notices?limit=1")
    assert "催办" in notices["rows"][0]["text"]
    assert as_(world.steward).get(f"/notices?limit=1&cursor={notices['next']}")["rows"] != notices["rows"]


def test_a_head_hands_back_with_a_note(world: World, as_: As) -> None:
    number = drafted(world, as_)
    as_(world.requester).ask("POST", f"/applications/{number}/consent-request")
    head = as_(world.requester_head)
    assert head.refused("POST", f"/applications/{number}/consent", {"agreed": False}) == (422, "kernel.input.invalid")
    back = head.ask("POST", f"/applications/{number}/consent", {"agreed": False, "note": "依据不全"})
    assert (back["state"], back["consents"][0]["note"]) == ("draft", "依据不全")


def test_a_refusal_names_its_reason_and_ends_the_application(world: World, as_: As) -> None:
    number = submitted(world, as_)
    reply = {"agreed": False, "refusal": "purpose", "text": "用途不符"}
    as_(world.steward).ask("POST", f"/applications/{number}/reply", reply)
    done = as_(world.provider_head).ask("POST", f"/applications/{number}/reply/consent", {"agreed": True})
    assert (done["state"], done["reply"]["refusal"]) == ("refused", "purpose")


def test_items_are_answered_one_by_one(world: World, as_: As) -> None:
    number = submitted(world, as_)
    narrow = {"item_id": str(world.items["婚姻状况"].id), "mode": "verify", "note": "只核验"}
    body = {"agreed": True, "answers": [narrow], "text": "婚姻状况只给核验"}
    shown = as_(world.steward).ask("POST", f"/applications/{number}/reply", body)
    assert {row["name"]: row["given"] for row in shown["items"]} == {"公民身份号码": "plain", "婚姻状况": "verify"}


def test_lists_come_in_pages_the_cursor_of_which_is_ours_alone(world: World, as_: As) -> None:
    numbers = [drafted(world, as_, title=f"第{at}件") for at in range(3)]
    first = as_(world.requester).get("/applications?limit=2&side=requester&state=draft&state=submitted")
    second = as_(world.requester).get(f"/applications?limit=2&cursor={first['next']}")
    assert [row["number"] for row in first["rows"] + second["rows"]] == numbers[::-1]
    assert second["next"] == ""
    for wrong in ("x", first["next"][:-1], "WyIyMDI2Il0"):
        assert as_(world.requester).refused("GET", f"/applications?cursor={wrong}") == (
            400,
            "center.page.cursor-invalid",
        )


def test_a_grant_is_suspended_lifted_by_another_and_ended(world: World, as_: As) -> None:
    _, number = granted(world, as_)
    steward, head = as_(world.steward), as_(world.provider_head)
    stopped = steward.ask("POST", f"/grants/{number}/suspension", {"reason": "疑似泄露"})
    assert (stopped["state"], stopped["suspensions"][0]["reason"]) == ("suspended", "疑似泄露")
    assert steward.refused("DELETE", f"/grants/{number}/suspension")[0] == 403
    assert head.ask("DELETE", f"/grants/{number}/suspension")["state"] == "ordered"
    ended = as_(world.requester_head).ask("POST", f"/grants/{number}/revocation", {"reason": "不再使用"})
    assert ended["state"] == "revoked"
    assert [row["number"] for row in head.get("/grants?side=provider&state=revoked")["rows"]] == [number]
    assert head.get("/grants?state=active")["rows"] == []


def test_who_used_what_is_read_by_both_sides(world: World, as_: As) -> None:
    _, number = granted(world, as_)
    grant = Grant.objects.get(number=number)
    now = timezone.now()
    call = AccessSummary(
        record_id="0199c0de-0000-7000-8000-000000000001", time_ms=int(now.timestamp() * 1000), kind="query",
        outcome="ok", grant_id=str(grant.id), system_id=str(world.system.id),
        official="吴思源", purpose="新生入学核验", case_number="JY-1", rows=1,
        fields=("婚姻状况",), leaf_index=7,
    )  # fmt: skip
    served = ServedReceipt(calls=(call,))
    apply_receipt(node=world.node, envelope=world.receipt("served", served, now), now=now)
    for reader in (world.requester, world.steward):
        rows = as_(reader).get(f"/accesses?grant={number}&kind=query&since=2026-01-01T00:00:00Z")["rows"]
        assert [(row["record_id"], row["leaf_index"], row["case_number"]) for row in rows] == [
            (call.record_id, 7, "JY-1")
        ]
    assert as_(world.stranger).get("/accesses")["rows"] == []
    proof = as_(world.requester).get(f"/accesses/{call.record_id}")
    assert proof["gateway_url"] == "http://127.0.0.1:8301"
    assert as_(world.stranger).refused("GET", f"/accesses/{call.record_id}") == (404, "kernel.object.not-found")
    use = as_(world.steward).get(f"/catalog/entries/{world.entry.code}/use?days=3")
    assert (use["total"], [row["calls"] for row in use["daily"]], use["consumers"][0]["code"]) == (
        1,
        [0, 0, 1],
        world.education.code,
    )


def test_the_inbox_says_what_waits(world: World, as_: As) -> None:
    number = submitted(world, as_)
    rows = as_(world.steward).get("/inbox")["rows"]
    assert [(row["kind"], row["number"], row["clock"]["period"]) for row in rows] == [
        ("application-answer", number, "SLA-REP-C")
    ]


@pytest.mark.parametrize(("path", "code"), [("/applications/SQ20200101-0001", 404), ("/grants/GQ20200101-0001", 404)])
def test_what_is_not_there_reads_as_not_found(world: World, as_: As, path: str, code: int) -> None:
    assert as_(world.requester).refused("GET", path) == (code, "kernel.object.not-found")
