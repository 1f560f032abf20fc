"""Corrections, complaints and inquiries over the API, as the two sides and the counter use them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from jutong.center.complaint import actions as outside
from jutong.center.complaint.actions import Words
from jutong.center.correction.models import Correction, Trace
from tests import correction_steps as steps
from tests.api_client import Caller
from tests.correction_steps import PERSON, RIGHT
from tests.sharing_world import World, build

pytestmark = pytest.mark.django_db
CLAIM = {
    "key": {"公民身份号码": PERSON}, "claimed": {"婚姻状况": RIGHT}, "kind": "inaccurate",
    "statement": "十月已登记结婚",
}  # fmt: skip


@pytest.fixture
def world(db) -> World:
    return build()


def caller(world: World, name: str) -> Caller:
    return Caller(world.actors[name], timezone.now())


def test_a_doubt_is_raised_verified_and_confirmed(world: World) -> None:
    now = timezone.now()
    grant = steps.grant_of(world)
    requester, steward = caller(world, "requester"), caller(world, "steward")
    record = steps.served(world, grant)
    made = requester.ask("POST", "/corrections", {**CLAIM, "record": record}, status=201)
    number = made["number"]
    assert (made["state"], made["origin"], made["revealed"]) == ("raised", "record", False)
    assert made["key"] == {"公民身份号码": "6***************1X"}
    assert requester.refused("POST", "/corrections", {**CLAIM, "grant": grant.number}) == (
        409, "correction.case.open-already",
    )  # fmt: skip
    for wrong in ({}, {"grant": grant.number, "record": record}):
        assert requester.refused("POST", "/corrections", {**CLAIM, **wrong})[0] == 422
    filed = requester.ask(
        "POST", "/corrections",
        {**CLAIM, "grant": grant.number, "from_file": True, "key": {"公民身份号码": "2"}}, status=201,
    )  # fmt: skip
    assert requester.ask("POST", f"/corrections/{filed['number']}/withdrawal")["state"] == "withdrawn"
    assert [row["number"] for row in steward.get("/corrections?side=provider&state=raised")["rows"]] == [number]
    page = steward.get("/corrections?limit=1")
    assert len(steward.get(f"/corrections?limit=1&cursor={page['next']}")["rows"]) == 1
    assert steward.ask("POST", f"/corrections/{number}/accept")["state"] == "verifying"
    assert steward.ask("POST", f"/corrections/{number}/reveal")["key"] == {"公民身份号码": PERSON}
    steps.mark(world, Correction.objects.get(number=number), "failed", now, problem="down")
    assert steward.ask("POST", f"/corrections/{number}/mark")["mark"] == "ordered"
    body = {"finding": "true", "corrected": {"婚姻状况": RIGHT}, "text": "已改"}
    assert steward.ask("POST", f"/corrections/{number}/answer", body)["state"] == "travelling"
    steps.mark(world, Correction.objects.get(number=number), "corrected", now, grants=(grant,))
    assert requester.ask("POST", f"/corrections/{number}/receipt")["recipients"][0]["way"] == "hand"
    assert requester.ask("POST", f"/corrections/{number}/confirmation")["state"] == "closed"
    assert requester.get(f"/corrections/{number}")["archive_number"] == f"DA-{number}"
    assert caller(world, "stranger").refused("GET", f"/corrections/{number}")[0] == 404


def test_a_refused_doubt_becomes_a_dispute(world: World) -> None:
    requester, steward = caller(world, "requester"), caller(world, "steward")
    compared = caller(world, "stranger").ask("POST", "/corrections", {**CLAIM, "entry": world.entry.code}, status=201)
    assert compared["origin"] == "comparison"
    made = requester.ask("POST", "/corrections", {**CLAIM, "grant": steps.grant_of(world).number}, status=201)
    here = f"/corrections/{made['number']}"
    steward.ask("POST", f"{here}/accept")
    assert steward.ask("POST", f"{here}/answer", {"finding": "false", "text": "一致"})["state"] == "answered"
    done = requester.ask("POST", f"{here}/dispute", {"claim": "更正", "facts": "有证明"})
    assert (done["state"], done["dispute_number"][:2]) == ("disputed", "ZY")


def test_a_complaint_is_handled(world: World) -> None:
    world.bind()
    words = Words(kind="error", receiver_code=world.civil.code, text="我的婚姻状况错了")
    number = outside.receive_complaint(words=words, now=timezone.now())[0].number
    steward = caller(world, "steward")
    assert [row["number"] for row in steward.get("/complaints?state=received")["rows"]] == [number]
    assert steward.get(f"/complaints/{number}")["text"] == ""
    assert steward.ask("POST", f"/complaints/{number}/reveal")["text"] == "我的婚姻状况错了"
    steward.ask("POST", f"/complaints/{number}/accept")
    assert steward.refused("POST", "/corrections", {**CLAIM, "complaint": number})[0] == 422
    made = steward.ask(
        "POST", "/corrections", {**CLAIM, "complaint": number, "entry": world.entry.code}, status=201
    )  # fmt: skip
    assert made["origin"] == "citizen"
    assert steward.ask("POST", f"/complaints/{number}/answer", {"text": "已改正"})["state"] == "answered"
    other = outside.receive_complaint(words=words, now=timezone.now())[0].number
    moved = steward.ask("POST", f"/complaints/{other}/transfer", {"to": world.other.code})
    assert moved["receiver"]["code"] == world.other.code


def test_an_inquiry_is_registered_and_followed(world: World) -> None:
    grant = steps.grant_of(world)
    steward = caller(world, "steward")
    identity = {"document": "passport", "number": "E12345678", "name": "陈秀英", "checked": True}
    assert steward.refused("POST", "/inquiries", {**identity, "checked": False})[0] == 422
    made = steward.ask("POST", "/inquiries", identity, status=201)
    here = f"/inquiries/{made['number']}"
    assert len(made["code"]) == 10
    assert (steward.get(here)["silent"], steward.get("/inquiries")["rows"][0]["state"]) == (["node-1"], "tracing")
    assert len(steward.ask("POST", f"{here}/retry")["traces"]) == 2
    assert steward.ask("POST", f"{here}/delivery")["state"] == "ready"
    assert steward.ask("POST", f"{here}/code")["code"] != made["code"]
    steps.traced(world, Trace.objects.latest("ordered_at"), now=timezone.now())
    assert steward.refused("POST", f"{here}/retry") == (409, "complaint.inquiry.nodes-answered")
    body = {
        "grant": grant.number, "basis_title": "国家安全法", "basis_article": "第四十二条",
        "until": str(timezone.localdate() + timedelta(days=9)),
    }  # fmt: skip
    head = caller(world, "requester_head")
    assert head.ask("POST", "/secrecies", body, status=201)["grant_number"] == grant.number
    assert len(head.get("/secrecies")["rows"]) == 1
    assert steward.refused("POST", "/secrecies", body)[0] == 403
