from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from jutong.center.fleet.models import Order
from jutong.center.jobs.models import Job
from jutong.kernel.keys import generate_signer
from tests.center_world import City
from tests.integration.api.conftest import As
from tests.sharing_world import World

ENTRY: dict[str, Any] = {
    "name": "低保对象信息", "classification": "307010", "summary": "城乡低保对象的基本信息", "domain": "民生服务",
    "data_format": "database", "update_cycle": "daily", "share_attribute": "conditional", "share_way": "service",
    "share_scope": "本市各部门", "share_purpose": "核对资格", "grade": "general-3", "not_secret": True,
    "items": [
        {"name": "公民身份号码", "data_type": "C", "is_key": True, "is_personal": True, "grade": "general-2"},
        {"name": "姓名", "data_type": "C", "length": 64, "is_personal": True, "grade": "general-2"},
    ],
}  # fmt: skip


def assess(city: City, as_: As, code: str) -> None:
    for kind in ("secrecy", "personal"):
        body = {
            "kind": kind, "passed": True, "conclusion": "风险可控", "assessed_by": "王建国",
            "assessed_on": str(timezone.localdate()),
        }  # fmt: skip
        as_(city["steward"]).ask("POST", f"/catalog/entries/{code}/assessments", body)


def submitted(city: City, as_: As, **changes: Any) -> str:
    code = as_(city["steward"]).ask("POST", "/catalog/entries", {**ENTRY, **changes}, status=201)["code"]
    assess(city, as_, code)
    as_(city["department_head"]).ask("POST", f"/catalog/entries/{code}/consent", {"agreed": True})
    sent = as_(city["steward"]).ask("POST", f"/catalog/entries/{code}/submission")
    assert sent["state"] == "submitted"
    return str(code)


def test_an_entry_travels_from_draft_to_publication_and_is_found(city: City, as_: As) -> None:
    code = submitted(city, as_)
    waiting = as_(city["authority"]).get("/catalog/reviews")["rows"]
    assert [(row["code"], row["clock"]["period"]) for row in waiting] == [(code, "SLA-CAT-REV0")]
    done = as_(city["authority"]).ask("POST", f"/catalog/entries/{code}/publication")
    assert (done["state"], done["decided_by"]) == ("published", "林悦")
    found = as_(city["requester"]).get("/catalog/entries?q=低保&share=conditional&bound=0&cycle=daily")
    assert [row["code"] for row in found["rows"]] == [code]
    assert {row["value"]: row["count"] for row in found["facets"]["organisation"]} == {city.civil.code: 1}
    shown = as_(city["requester"]).get(f"/catalog/entries/{code}")
    assert [item["name"] for item in shown["version"]["items"]] == ["公民身份号码", "姓名"]
    history = as_(city["requester"]).get(f"/catalog/entries/{code}/history")["rows"]
    assert [(row["number"], row["state"]) for row in history] == [(1, "published")]


def test_what_is_wanting_is_told_before_submission(city: City, as_: As) -> None:
    steward = as_(city["steward"])
    code = steward.ask("POST", "/catalog/entries", {"name": "空白目录", "classification": "307010"}, status=201)["code"]
    rules = {row["rule"] for row in steward.get(f"/catalog/entries/{code}/findings")["rows"]}
    assert {"VC-01", "VC-02"} <= rules
    steward.ask("PUT", f"/catalog/entries/{code}/draft", {**ENTRY, "name": "空白目录"})
    assess(city, as_, code)
    own = steward.get("/catalog/own")["rows"]
    assert [(row["code"], row["open_state"]) for row in own] == [(code, "assessed")]
    back = as_(city["department_head"]).ask(
        "POST", f"/catalog/entries/{code}/consent", {"agreed": False, "reason": "范围过宽"}
    )
    assert (back["state"], back["return_reason"]) == ("draft", "范围过宽")
    assert steward.refused("POST", f"/catalog/entries/{code}/submission") == (409, "catalog.version.step-not-allowed")


def test_a_submission_is_taken_back_or_returned(city: City, as_: As) -> None:
    code = submitted(city, as_)
    assert as_(city["steward"]).ask("DELETE", f"/catalog/entries/{code}/submission")["state"] == "draft"
    other = submitted(city, as_, name="特困人员信息")
    as_(city["authority"]).ask("POST", f"/catalog/entries/{other}/return", {"reason": "自设条件"}, status=204)
    kept = as_(city["steward"]).get(f"/catalog/own/{other}")
    assert [(row["state"], row["return_reason"]) for row in kept["versions"]] == [("returned", "自设条件")]
    assert kept["version"] is None


def test_a_published_entry_is_bound_renewed_and_moved(city: City, as_: As) -> None:
    steward = as_(city["steward"])
    code = submitted(city, as_)
    as_(city["authority"]).ask("POST", f"/catalog/entries/{code}/publication")
    city.source()
    binding = {
        "source": "civil-pg",
        "schema_name": "public",
        "table": "marriage",
        "columns": {"公民身份号码": "id_number", "姓名": "name"},
    }
    assert steward.ask("PUT", f"/catalog/entries/{code}/binding", binding)["row_estimate"] == 1200
    assert steward.get(f"/catalog/own/{code}")["binding"]["table"] == "marriage"
    rules: list[dict[str, Any]] = [
        {"id": "number", "kind": "identity", "column": "id_number", "most_permille": 10},
        {"id": "kind", "kind": "one-of", "column": "name", "values": ["张三"], "action": "warn"},
    ]
    asked = {"entry_code": code, "rules": rules, "masks": [{"column": "name", "mask": "name"}]}
    assert steward.refused("POST", "/jobs", {**asked, "rules": [{**rules[0], "kind": "eval"}]})[0] == 422
    unbound = [{**rules[0], "column": "marital"}]
    assert steward.refused("POST", "/jobs", {**asked, "rules": unbound}) == (422, "jobs.rule.column-unbound")
    job = steward.ask("POST", "/jobs", asked, status=202)
    assert (job["state"], job["entry_code"], job["rows_read"]) == ("ordered", code, None)
    assert (job["rule_counts"], job["rows_quarantined"]) == ([], None)
    assert steward.get(f"/jobs/{job['id']}")["target"] == job["target"]
    assert [row["id"] for row in steward.get(f"/jobs?entry={code}")["rows"]] == [job["id"]]
    assert steward.refused("POST", "/jobs", {"entry_code": code}) == (409, "jobs.job.running")
    renewed = steward.ask(
        "POST",
        f"/catalog/entries/{code}/versions",
        {"trigger": "duty", "happened_on": str(timezone.localdate() - timedelta(days=1))},
        status=201,
    )
    assert (renewed["number"], renewed["state"]) == (2, "draft")
    Job.objects.all().delete()
    steward.ask("DELETE", f"/catalog/entries/{code}/binding", status=204)
    assert steward.get(f"/catalog/own/{code}")["binding"] is None


def test_search_goes_on_from_page_to_page(city: City, as_: As) -> None:
    for number in range(21):
        code = submitted(city, as_, name=f"第{chr(0x4E00 + 7 * number)}类救助信息")
        as_(city["authority"]).ask("POST", f"/catalog/entries/{code}/publication")
    first = as_(city["requester"]).get("/catalog/entries?q=救助")
    assert (first["total"], len(first["rows"])) == (21, 20)
    second = as_(city["requester"]).get(f"/catalog/entries?q=救助&cursor={first['next']}")
    assert (len(second["rows"]), second["next"]) == (1, "")
    assert len({row["code"] for row in first["rows"] + second["rows"]}) == 21
    own = as_(city["steward"]).get("/catalog/own")
    assert len(as_(city["steward"]).get(f"/catalog/own?cursor={own['next']}")["rows"]) == 1


def test_sources_are_seen_by_their_department_and_counted_again_on_order(city: City, as_: As) -> None:
    city.source()
    steward = as_(city["steward"])
    rows = steward.get("/sources")["rows"]
    assert [(row["name"], row["table_count"], row["is_ok"]) for row in rows] == [("civil-pg", 1, True)]
    tables = steward.get("/sources/civil-pg")["tables"]
    assert [column["name"] for column in tables[0]["columns"]] == ["id_number", "name", "marital"]
    steward.ask("POST", "/sources/civil-pg/inventory", status=202)
    assert Order.objects.filter(kind="introspect", subject_id="civil-pg").count() == 1
    assert as_(city["stranger"]).get("/sources")["rows"] == []
    assert as_(city["stranger"]).refused("GET", "/sources/civil-pg") == (404, "kernel.object.not-found")


def test_systems_and_keys_belong_to_two_administrators(city: City, as_: As) -> None:
    registrar, guard = as_(city["system_admin"]), as_(city["security_admin"])
    body = {"organisation_code": city.education.code, "name": "入学系统", "protection_level": 3}
    made = registrar.ask("POST", "/systems", body, status=201)
    assert registrar.refused("POST", "/systems", body) == (409, "org.system.exists")
    signer = generate_signer("enrol")
    key = {"key_id": signer.key_id, "public_key": signer.public_b64}
    assert registrar.refused("POST", f"/systems/{made['id']}/keys", key)[0] == 403
    kept = guard.ask("POST", f"/systems/{made['id']}/keys", key, status=201)
    assert [row["key_id"] for row in kept["keys"]] == [signer.key_id]
    assert [row["id"] for row in as_(city["requester"]).get("/systems")["rows"]] == [made["id"]]
    assert as_(city["steward"]).get("/systems")["rows"] == []
    gone = guard.ask("DELETE", f"/systems/{made['id']}/keys/{signer.key_id}")
    assert gone["keys"][0]["revoked_at"] is not None
    assert guard.refused("DELETE", f"/systems/{made['id']}/keys/{signer.key_id}") == (409, "org.key.revoked")
    assert guard.refused("DELETE", f"/systems/{made['id']}/keys/other") == (404, "kernel.object.not-found")
    assert as_(city["requester"]).get(f"/systems/{made['id']}")["protection_level"] == 3


def test_a_new_key_reaches_the_node_with_the_grants_of_its_system(world: World, as_: As) -> None:
    from jutong.center.org.enums import Role
    from tests.integration.api.test_api_sharing import granted
    from tests.sharing_world import person

    granted(world, as_)
    before = Order.objects.filter(kind="grant").count()
    guard = as_(person(world.bigdata, Role.SECURITY_ADMIN, "security-admin", "顾严"))
    signer = generate_signer("second")
    body = {"key_id": signer.key_id, "public_key": signer.public_b64}
    guard.ask("POST", f"/systems/{world.system.id}/keys", body, status=201)
    order = Order.objects.filter(kind="grant").order_by("sequence").last()
    assert order is not None
    assert Order.objects.filter(kind="grant").count() == before + 1
    assert signer.key_id in str(order.envelope)


def test_organisations_are_listed_in_the_order_of_their_codes(city: City, as_: As) -> None:
    reader = as_(city["auditor"])
    first = reader.get("/organisations?limit=2&division=629900")
    second = reader.get(f"/organisations?limit=2&cursor={first['next']}")
    codes = [row["code"] for row in first["rows"] + second["rows"]]
    assert codes == sorted([city.civil.code, city.education.code, city.bigdata.code])
    assert reader.get("/organisations?division=110000")["rows"] == []
    assert reader.get(f"/organisations/{city.bigdata.code}")["is_authority"] is True
    assert reader.refused("GET", "/organisations/11629900MB0000000X") == (404, "kernel.object.not-found")
    cursor = as_(city["requester"]).get("/applications?limit=1")["next"] or first["next"]
    assert reader.refused("GET", f"/systems?cursor={cursor}")[0] == 403


def test_everybody_reads_the_calendar(city: City, as_: As) -> None:
    years = {row["year"]: row for row in as_(city["leader"]).get("/calendar/years")["rows"]}
    assert (years[2026]["status"], years[2026]["workdays"]) == ("official", 248)
    assert {"day": "2026-01-01", "is_workday": False} in [
        {"day": day["day"], "is_workday": day["is_workday"]} for day in years[2026]["days"]
    ]
