"""Norms, elements, code tables and conformance at the API."""

from __future__ import annotations

import pytest

from jutong.center.norms import actions
from jutong.center.norms.models import DataElement
from tests.center_world import NOW, PLATFORM, City
from tests.integration.api.conftest import As


@pytest.fixture(autouse=True)
def library(city: City) -> None:
    actions.load_library(by=PLATFORM, now=NOW)
    actions.load_shipped_tables(by=PLATFORM, now=NOW)


def test_documents_rules_and_grades_are_listed(city: City, as_: As) -> None:
    caller = as_(city["requester"])
    assert {"SC-809", "GBT-43697"} <= {row["id"] for row in caller.get("/norms/documents")["rows"]}
    rules = caller.get("/norms/rules")["rows"]
    assert {row["severity"] for row in rules} == {"error", "warning"}
    grades = {row["code"]: row for row in caller.get("/norms/grades")["rows"]}
    assert grades["general-4"]["widest_mode"] == "verify"
    assert grades["important"]["share_ways"] == ["service"]
    assert as_(city["system_admin"]).refused("GET", "/norms/rules")[0] == 403


def test_elements_are_paged_matched_and_read(city: City, as_: As) -> None:
    caller = as_(city["requester"])
    first = caller.get("/norms/elements?limit=2")
    assert [row["code"] for row in first["rows"]] == ["DE01001", "DE01002"]
    rest = caller.get(f"/norms/elements?limit=2&cursor={first['next']}")
    assert rest["rows"][0]["code"] == "DE01003"
    assert caller.get("/norms/elements?q=身份证号")["rows"][0]["code"] == "DE01002"
    assert caller.get("/norms/elements?group=DE02&limit=1")["rows"][0]["code"] == "DE02001"
    matched = caller.get("/norms/element-matches?name=sfzh&comment=居民身份证号码&data_type=C")["rows"][0]
    assert (matched["code"], matched["confidence"]) == ("DE01002", 0.99)
    assert caller.get("/norms/elements/DE01005")["code_table"] == "gbt3304"
    assert caller.refused("GET", "/norms/elements/DE99999")[0] == 404
    assert caller.refused("GET", "/norms/element-matches?name=x&data_type=Q")[0] == 422
    assert caller.get("/norms/elements?q=xyzzy")["rows"] == []
    element = DataElement.objects.get(code="DE13004")
    assert element.published is not None
    actions.retire(version=element.published, reason="太宽", by=city["authority"], now=NOW)
    assert caller.refused("GET", "/norms/elements/DE13004")[0] == 404


def test_codes_of_any_day_and_their_mapping(city: City, as_: As) -> None:
    caller = as_(city["requester"])
    keys = [row["key"] for row in caller.get("/norms/code-tables?limit=100")["rows"]]
    assert keys == sorted(keys)
    assert caller.get("/norms/code-tables/gbt3304")["editions"][0]["size"] == 56
    assert caller.get("/norms/code-tables/gbt2260/codes?on=1990-12-01&q=110104")["rows"][0]["name"] == "宣武区"
    assert caller.get("/norms/code-tables/gbt2260/codes?q=110104")["rows"] == []
    page = caller.get("/norms/code-tables/gbt3304/codes?limit=50")
    assert len(page["rows"]) == 50
    assert len(caller.get(f"/norms/code-tables/gbt3304/codes?limit=50&cursor={page['next']}")["rows"]) == 6
    [found] = caller.get("/norms/code-tables/gbt2260/mapping?code=110221&start=1990-12-01")["rows"]
    assert (found["code"], found["name"], found["kind"], found["certainty"]) == ("110114", "昌平区", "moved", "sure")
    assert found["steps"][0]["name"] == "昌平县"
    assert caller.refused("GET", "/norms/code-tables/gbt2260/mapping?code=999999&start=1990-12-01")[0] == 404
    assert caller.refused("GET", "/norms/code-tables/gbt2260/mapping?code=110221&start=x")[0] == 422
    assert caller.refused("GET", "/norms/code-tables/nothing")[0] == 404


def test_conformance_is_run_and_read(city: City, as_: As) -> None:
    entry = city.published().entry
    city.source()
    steward, stranger = as_(city["steward"]), as_(city["stranger"])
    made = steward.ask("POST", f"/norms/conformance/entries/{entry.code}", status=201)
    assert made["kind"] == "entry"
    assert "QL-01" in {row["rule"] for row in made["findings"]}
    assert steward.get(f"/norms/conformance/runs/{made['id']}") == made
    assert stranger.refused("GET", f"/norms/conformance/runs/{made['id']}")[0] == 404
    whole = as_(city["authority"]).ask("POST", f"/norms/conformance/organisations/{city.civil.code}", status=201)
    assert whole["score"] == made["score"]
    [row] = steward.get("/norms/conformance")["rows"]
    assert (row["organisation_code"], row["score"]) == (city.civil.code, made["score"])
    table = {"source": "civil-pg", "schema_name": "public", "table": "marriage"}
    assert steward.ask("POST", "/norms/conformance/tables", table, status=201)["subject"] == "civil-pg.public.marriage"
    assert steward.refused("POST", "/norms/conformance/tables", {**table, "source": "x"})[0] == 404
    assert stranger.refused("POST", f"/norms/conformance/entries/{entry.code}")[0] == 404
    assert as_(city["requester"]).refused("POST", f"/norms/conformance/entries/{entry.code}")[0] == 403
