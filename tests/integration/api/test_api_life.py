"""Batches, removals, filings, changes of law and more time, as a department's own programme drives them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from jutong.center.catalog.actions import runs
from jutong.center.catalog.models import Entry
from jutong.center.org.models import Organisation
from tests import sharing_steps
from tests.center_world import City
from tests.integration.api.conftest import As
from tests.integration.api.test_api_registers import ENTRY, submitted
from tests.sharing_world import World

ASSESSED = [
    {"kind": kind, "passed": True, "conclusion": "风险可控", "assessed_by": "王建国", "assessed_on": "2026-11-08"}
    for kind in ("secrecy", "personal")
]


def drafts(city: City, as_: As, count: int) -> list[str]:
    """Codes of fresh drafts, under names that do not count as the same."""
    names = [f"第{'零一二三四五六七八九'[n // 10]}{'零一二三四五六七八九'[n % 10]}类低保对象信息" for n in range(count)]
    steward = as_(city["steward"])
    return [steward.ask("POST", "/catalog/entries", {**ENTRY, "name": name}, status=201)["code"] for name in names]


def batch(as_: As, actor: Any, step: str, **body: Any) -> dict[str, Any]:
    done: dict[str, Any] = as_(actor).ask("POST", "/catalog/batches", {"step": step, **body}, status=202)
    return done


def test_a_department_publishes_its_drafts_in_batches(city: City, as_: As) -> None:
    codes = drafts(city, as_, 3)
    done = batch(as_, city["steward"], "assess", codes=codes, assessments=ASSESSED)
    assert (done["state"], done["total"], done["succeeded"], done["created_by"]) == ("done", 3, 3, "王建国")
    assert batch(as_, city["department_head"], "consent", matching={})["succeeded"] == 3
    assert batch(as_, city["steward"], "submit", matching={"q": "第零一"})["total"] == 1
    assert batch(as_, city["steward"], "submit", matching={})["succeeded"] == 2
    rows = as_(city["authority"]).get("/catalog/work/review?sort=first")["rows"]
    assert [(row["entry"], row["changes"], row["kind"], row["item_count"]) for row in rows] == [
        (codes[1], None, "first", 2), (codes[0], None, "first", 2), (codes[2], None, "first", 2),
    ]  # fmt: skip
    assert rows[0]["clock"]["period"] == "SLA-CAT-REV0"
    assert batch(as_, city["authority"], "publish", codes=codes[:2])["succeeded"] == 2
    returned = batch(as_, city["authority"], "return", codes=codes[2:], code="self-made-condition")
    assert returned["succeeded"] == 1
    kept = as_(city["steward"]).get(f"/catalog/own/{codes[2]}")["versions"][0]
    assert (kept["return_code"], kept["return_reason"]) == ("self-made-condition", "擅自增设条件")
    assert [row["step"] for row in as_(city["authority"]).get("/catalog/batches")["rows"]] == ["return", "publish"]


def test_what_one_version_is_refused_is_told_in_the_callers_language(city: City, as_: As) -> None:
    code = submitted(city, as_)
    Entry.objects.get(code=code).versions.update(writers=[city["authority"].user_id])
    done = batch(as_, city["authority"], "publish", codes=[code])
    assert (done["succeeded"], done["failed"]) == (0, 1)
    address = f"/catalog/batches/{done['id']}"
    assert as_(city["authority"]).get(address)["state"] == "done"
    (outcome,) = as_(city["authority"]).get(f"{address}/outcomes?only=failed")["rows"]
    assert (outcome["entry"], outcome["done"], outcome["code"]) == (code, False, "catalog.version.writer-decides")
    assert "林悦" in outcome["message"]
    assert as_(city["authority"]).get(f"{address}/outcomes?only=done")["rows"] == []
    assert as_(city["stranger"]).refused("GET", address) == (404, "kernel.object.not-found")


def test_a_batch_refuses_what_it_cannot_begin(city: City, as_: As) -> None:
    (code,) = drafts(city, as_, 1)
    steward, path = as_(city["steward"]), "/catalog/batches"
    assert steward.refused("POST", path, {"step": "assess", "codes": ["307010/99999"]})[0] == 404
    assert steward.refused("POST", path, {"step": "submit", "matching": {}}) == (422, "catalog.batch.empty")
    assert steward.refused("POST", path, {"step": "publish", "codes": [code]})[0] == 403
    assert steward.refused("POST", path, {"step": "nonsense", "codes": [code]})[0] == 422
    empty = [{**ASSESSED[0], "assessed_on": str(timezone.localdate() + timedelta(days=2))}]
    wrong = steward.refused("POST", path, {"step": "assess", "codes": [code], "assessments": empty})
    assert wrong == (422, "kernel.input.invalid")


def test_lists_and_outcomes_are_paged(city: City, as_: As, monkeypatch: pytest.MonkeyPatch) -> None:
    drafts(city, as_, 21)
    steward = as_(city["steward"])
    first = steward.get("/catalog/work/assess")
    second = steward.get(f"/catalog/work/assess?cursor={first['next']}")
    assert (len(first["rows"]), len(second["rows"]), second["next"]) == (20, 1, "")
    done = batch(as_, city["steward"], "discard", matching={})
    page = steward.get(f"/catalog/batches/{done['id']}/outcomes?limit=20")
    rest = steward.get(f"/catalog/batches/{done['id']}/outcomes?limit=20&cursor={page['next']}")
    assert [row["position"] for row in rest["rows"]] == [21]
    monkeypatch.setattr(runs, "CHUNK", 1)
    codes = drafts(city, as_, 2)
    begun = batch(as_, city["steward"], "discard", codes=codes)
    assert (begun["state"], begun["done"], begun["total"]) == ("waiting", 0, 2)


def test_reasons_come_with_their_clause(city: City, as_: As) -> None:
    rows = {row["id"]: row for row in as_(city["authority"]).get("/catalog/return-reasons")["rows"]}
    assert rows["self-made-condition"]["clause"] == "政务数据共享条例第十五条"
    assert rows["other"]["needs_text"]


def test_a_draft_is_given_up(city: City, as_: As) -> None:
    (code,) = drafts(city, as_, 1)
    as_(city["steward"]).ask("POST", f"/catalog/entries/{code}/discard", status=204)
    assert as_(city["steward"]).get("/catalog/own")["rows"] == []
    again = as_(city["steward"]).refused("POST", f"/catalog/entries/{code}/discard")
    assert again == (409, "catalog.version.step-not-allowed")


def test_two_versions_are_compared(city: City, as_: As) -> None:
    code = submitted(city, as_)
    as_(city["authority"]).ask("POST", f"/catalog/entries/{code}/publication")
    steward = as_(city["steward"])
    body = {"change_note": "改频率", "effective_from": "2027-01-01"}
    made = steward.ask("POST", f"/catalog/entries/{code}/versions", body, status=201)
    assert (made["change_note"], made["effective_from"]) == ("改频率", "2027-01-01")
    steward.ask("PUT", f"/catalog/entries/{code}/draft", {**ENTRY, "update_cycle": "weekly"})
    found = steward.get(f"/catalog/entries/{code}/comparison?before=1&after=2")
    (difference,) = found["differences"]
    assert (difference["field"], difference["before_text"], difference["after_text"]) == (
        "update_cycle",
        "每日",
        "每周",
    )
    assert as_(city["requester"]).refused("GET", f"/catalog/entries/{code}/comparison?before=1&after=2")[0] == 404


def test_an_entry_in_use_is_filed_and_taken_down(world: World, as_: As) -> None:
    sharing_steps.sharing(world)
    Organisation.objects.filter(id=world.civil.id).update(data_office="信息科")
    code, steward, authority = world.entry.code, as_(world.steward), as_(world.authority)
    made = steward.ask("POST", f"/catalog/entries/{code}/removal", {"reason": "职责划出"}, status=201)
    assert (made["kind"], made["state"]) == ("removal", "assessed")
    as_(world.department_head).ask("POST", f"/catalog/entries/{code}/consent", {"agreed": False, "reason": "先备案"})
    steward.ask("POST", f"/catalog/entries/{code}/removal", {"reason": "职责划出，已协商"}, status=201)
    as_(world.department_head).ask("POST", f"/catalog/entries/{code}/consent", {"agreed": True})
    assert steward.refused("POST", f"/catalog/entries/{code}/submission") == (409, "catalog.entry.in-use")
    body = {"reason": "职责划出", "consulted": {world.education.code: "改用省级接口"}}
    filing = steward.ask("POST", f"/catalog/entries/{code}/filings", body, status=201)
    assert (filing["accepted"], filing["entry"]) == (None, code)
    (waiting,) = authority.get("/catalog/filings")["rows"]
    address = f"/catalog/filings/{waiting['id']}/decision"
    assert authority.ask("POST", address, {"agreed": True})["accepted"] is True
    assert authority.refused("POST", address, {"agreed": True}) == (409, "catalog.filing.decided")
    steward.ask("POST", f"/catalog/entries/{code}/submission")
    done = batch(as_, world.authority, "publish", codes=[code])
    assert done["succeeded"] == 1
    assert as_(world.requester).refused("GET", f"/catalog/entries/{code}")[0] == 404


def test_a_change_of_law_runs_until_the_update_and_may_be_extended(city: City, as_: As) -> None:
    code = submitted(city, as_)
    authority, steward = as_(city["authority"]), as_(city["steward"])
    authority.ask("POST", f"/catalog/entries/{code}/publication")
    body = {
        "kind": "law", "title": "社会救助法施行", "basis": "主席令第1号", "happened_on": str(timezone.localdate()),
        "entries": [code],
    }  # fmt: skip
    event = authority.ask("POST", "/catalog/change-events", body, status=201)
    assert (event["kind_label"], event["entry_count"]) == ("法律调整", 1)
    assert [row["id"] for row in steward.get("/catalog/change-events")["rows"]] == [event["id"]]
    (row,) = steward.get(f"/catalog/change-events/{event['id']}/entries")["rows"]
    assert (row["entry"], row["version"], row["clock"]["period"]) == (code, None, "SLA-CAT-UPD")
    asked = steward.ask("POST", f"/catalog/entries/{code}/extensions", {"days": 5, "reason": "等细则"}, status=201)
    assert asked["consented"] is None
    assert [found["id"] for found in authority.get("/catalog/extensions")["rows"]] == [asked["id"]]
    decided = authority.ask("POST", f"/catalog/extensions/{asked['id']}/decision", {"agreed": True})
    assert (decided["consented"], decided["decided_by"]) == (True, "林悦")
    made = steward.ask("POST", f"/catalog/entries/{code}/versions", {}, status=201)
    assert made["trigger"] == "law"
    (row,) = authority.get(f"/catalog/change-events/{event['id']}/entries")["rows"]
    assert (row["version"], row["version_state"], row["clock"]["total"]) == (2, "draft", 15)
    assert authority.get(f"/catalog/change-events/{event['id']}")["title"] == "社会救助法施行"
