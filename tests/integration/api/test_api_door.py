from __future__ import annotations

import json
from typing import Any

import orjson
import pytest
from allauth.mfa.totp.internal import auth as totp
from django.core.cache import cache
from django.db import OperationalError
from django.test import Client
from django.utils import timezone

from jutong.api.parsing import LARGEST_BODY
from jutong.center.audit.models import AuditEvent
from jutong.center.org import queries as org
from jutong.center.org.actions import set_active
from jutong.center.org.models import ApiToken
from tests.center_world import PASSWORD, City
from tests.integration.api.conftest import As


@pytest.fixture(autouse=True)
def fresh_limits(db: None) -> None:
    cache.clear()


def sign_in(body: Any, client: Client | None = None) -> tuple[int, dict[str, Any], Any]:
    answer = (client or Client()).post("/api/v1/tokens", orjson.dumps(body), content_type="application/json")
    return answer.status_code, orjson.loads(answer.content), answer


def refused(body: Any) -> tuple[int, str]:
    status, found, _ = sign_in(body)
    return status, found["error"]["code"]


def who(name: str = "steward", **more: Any) -> dict[str, Any]:
    return {"username": name, "password": PASSWORD, **more}


def test_a_token_works_until_it_is_given_back(city: City) -> None:
    status, found, _ = sign_in(who(hours=2))
    assert (status, found["token_type"], found["post"]["role"]) == (201, "Bearer", "steward")
    headers = {"Authorization": f"Bearer {found['token']}"}
    me = Client().get("/api/v1/me", headers=headers).json()
    assert (me["username"], me["post"]["organisation"]["code"], me["division_code"]) == (
        "steward",
        city.civil.code,
        "629900",
    )
    assert "catalog:entry:edit" in me["permissions"]
    assert me["token_expires_at"][:19] == found["expires_at"][:19]
    assert Client().delete("/api/v1/tokens/current", headers=headers).status_code == 204
    again = Client().get("/api/v1/me", headers=headers)
    assert (again.status_code, again.json()["error"]["code"]) == (401, "org.token.refused")
    assert again["WWW-Authenticate"] == 'Bearer realm="jutong"'


def test_only_the_digest_of_a_token_is_kept(city: City) -> None:
    _, found, _ = sign_in(who())
    assert [row.digest for row in ApiToken.objects.all()] == [org.token_digest(found["token"])]
    assert not AuditEvent.objects.filter(details__contains=found["token"]).exists()


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"password": "falsch-falsch"}, (401, "api.sign-in.refused")),
        ({"username": "nobody"}, (401, "api.sign-in.refused")),
        ({"role": "authority"}, (403, "api.sign-in.post-not-held")),
        ({"organisation_code": "11629900MB5345980L"}, (403, "api.sign-in.post-not-held")),
        ({"hours": 25}, (422, "kernel.input.invalid")),
        ({"hours": "8"}, (422, "kernel.input.invalid")),
        ({"role": "king"}, (422, "kernel.input.invalid")),
        ({"remember": True}, (400, "api.body.field-unknown")),
    ],
)
def test_what_keeps_somebody_out(city: City, changes: dict[str, Any], expected: tuple[int, str]) -> None:
    assert refused({**who(), **changes}) == expected


def test_a_locked_account_reads_like_a_wrong_password(city: City) -> None:
    set_active(user=city.user("steward"), active=False, by=city["security_admin"], now=timezone.now())
    assert refused(who()) == (401, "api.sign-in.refused")


def test_a_password_given_by_an_administrator_is_changed_on_the_page_first(city: City) -> None:
    user = city.user("steward")
    user.must_change_password = True
    user.save()
    assert refused(who()) == (403, "api.sign-in.password-change")


def test_five_wrong_passwords_lock_the_name_and_the_page_counts_with(city: City) -> None:
    wrong = who(password="falsch-falsch")
    page = Client()
    for _ in range(2):
        page.post("/login", {"login": "steward", "password": "falsch-falsch"})
    assert [refused(wrong) for _ in range(3)] == [(401, "api.sign-in.refused")] * 3
    status, found, answer = sign_in(who())
    assert (status, found["error"]["code"], answer["Retry-After"]) == (429, "api.sign-in.locked", "900")


def test_a_second_factor_is_asked_for_and_a_code_opens_once(city: City) -> None:
    secret = totp.generate_totp_secret()
    totp.TOTP.activate(city.user("steward"), secret)
    code = totp.format_hotp_value(totp.hotp_value(secret, next(totp.yield_hotp_counters_from_time())))
    assert refused(who()) == (401, "api.sign-in.second-factor")
    wrong = f"{(int(code) + 1) % 1000000:06d}"
    assert refused(who(totp=wrong)) == (401, "api.sign-in.second-factor")
    assert sign_in(who(totp=code))[0] == 201
    assert refused(who(totp=code)) == (401, "api.sign-in.second-factor")
    assert [refused(who(totp=wrong))[0] for _ in range(5)] == [401, 401, 401, 401, 429]


def test_each_operation_asks_for_a_token(city: City) -> None:
    for header in ({}, {"Authorization": "Basic eDp5"}, {"Authorization": "Bearer "}):
        answer = Client().get("/api/v1/me", headers=header)
        assert (answer.status_code, answer.json()["error"]["code"]) == (401, "api.token.missing")


def test_a_session_cookie_opens_nothing(city: City) -> None:
    client = Client()
    client.force_login(city.user("steward"))
    assert client.get("/api/v1/me").status_code == 401


def test_a_post_without_the_permission_is_told_who_has_it(city: City, as_: As) -> None:
    answer = as_(city["auditor"]).send("GET", "/catalog/reviews")
    found = orjson.loads(answer.content)["error"]
    assert (answer.status_code, found["code"]) == (403, "kernel.action.forbidden")
    assert "审计员" in found["message"]
    english = as_(city["auditor"]).send("GET", "/catalog/reviews", language="en")
    assert orjson.loads(english.content)["error"]["code"] == "kernel.action.forbidden"


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/nothing", (404, "api.path.unknown")),
        ("GET", "/catalog/entries/", (404, "api.path.unknown")),
        ("GET", "/", (404, "api.path.unknown")),
        ("PATCH", "/me", (405, "api.path.method-refused")),
        ("POST", "/openapi.json", (405, "api.path.method-refused")),
        ("GET", "/me?x=1", (400, "api.parameter.unknown")),
        ("GET", "/catalog/entries?qq=1", (400, "api.parameter.unknown")),
        ("GET", "/catalog/entries?q=a&q=b", (400, "api.parameter.repeated")),
        ("GET", "/catalog/entries?q=%00", (400, "api.parameter.unreadable")),
        ("GET", "/sources/a%00b", (400, "api.parameter.unreadable")),
        ("GET", "/organisations?limit=0", (422, "kernel.input.invalid")),
        ("GET", "/organisations?limit=x", (422, "kernel.input.invalid")),
        ("GET", "/accesses?since=2026-01-01", (422, "kernel.input.invalid")),
        ("GET", "/accesses?since=2026-01-01T00:00:00", (422, "kernel.input.invalid")),
        ("GET", "/accesses?since=yesterday-or-so-at-noon", (422, "kernel.input.invalid")),
        ("GET", "/jobs/urn:uuid:0199c0de-0000-7000-8000-000000000001", (422, "kernel.input.invalid")),
    ],
)
def test_odd_addresses_get_the_envelope(city: City, as_: As, method: str, path: str, expected: tuple[int, str]) -> None:
    assert as_(city["steward"]).refused(method, path) == expected


def test_a_refused_method_names_the_allowed_ones(city: City, as_: As) -> None:
    answer = as_(city["steward"]).send("DELETE", "/me")
    assert (answer.status_code, answer["Allow"]) == (405, "GET")


@pytest.mark.parametrize(
    ("body", "kind", "expected"),
    [
        (b"{", "application/json", (400, "api.body.unreadable")),
        (b"[" * 5000, "application/json", (400, "api.body.unreadable")),
        (b'{"a": NaN}', "application/json", (400, "api.body.unreadable")),
        (b'{"a": "\xff"}', "application/json", (400, "api.body.unreadable")),
        (b'{"a": "\\ud800"}', "application/json", (400, "api.body.unreadable")),
        (b'{"a": ["\\u0000"]}', "application/json", (400, "api.body.unreadable")),
        (b'{"\\u0000": 1}', "application/json", (400, "api.body.unreadable")),
        (b"{}", "text/plain", (415, "api.body.media-type")),
        (b"[]", "application/json", (422, "kernel.input.invalid")),
        (b"", "application/json", (422, "kernel.input.invalid")),
        (b" " * (LARGEST_BODY + 1), "application/json", (400, "api.body.too-large")),
    ],
)
def test_unreadable_bodies_are_refused(city: City, as_: As, body: bytes, kind: str, expected: tuple[int, str]) -> None:
    caller = as_(city["steward"])
    answer = caller.client.generic(
        "POST", "/api/v1/catalog/entries", body, kind, headers={"Authorization": f"Bearer {caller.token}"}
    )
    assert (answer.status_code, answer.json()["error"]["code"]) == expected


def test_a_body_where_none_belongs_is_refused(city: City, as_: As) -> None:
    path = "/applications/SQ20260101-0001/withdrawal"
    assert as_(city["requester"]).refused("POST", path, {"a": 1}) == (400, "api.body.unexpected")


def test_wrong_values_are_named_field_by_field_in_the_callers_language(city: City, as_: As) -> None:
    body = {"name": "", "classification": "x", "items": [{"name": "一", "length": "9"}], "is_open": "no"}
    answer = as_(city["steward"]).send("POST", "/catalog/entries", body)
    rows = {row["field"]: row["message"] for row in orjson.loads(answer.content)["error"]["fields"]["problems"]}
    assert rows["name"] == "至少1个字"
    assert rows["is_open"] == "应为true或false"
    assert rows["items.0.length"] == "应为整数"
    assert set(rows) == {"name", "classification", "items.0.length", "is_open"}


def test_a_fault_is_answered_with_its_number_alone(
    city: City, as_: As, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caller = as_(city["steward"])

    def broken(*_: object) -> None:
        raise ZeroDivisionError("secret")

    monkeypatch.setattr("jutong.api.v1.calendars.queries.calendar_years", broken)
    answer = caller.send("GET", "/calendar/years")
    found = orjson.loads(answer.content)["error"]
    assert (answer.status_code, found["code"]) == (500, "api.request.fault")
    assert found["fields"]["incident"] in caplog.text
    assert "secret" not in answer.content.decode()


def test_a_silent_registry_is_a_503_with_a_time_to_come_back(
    city: City, as_: As, monkeypatch: pytest.MonkeyPatch
) -> None:
    caller = as_(city["steward"])

    def down(*_: object) -> None:
        raise OperationalError

    monkeypatch.setattr("jutong.api.v1.calendars.queries.calendar_years", down)
    answer = caller.send("GET", "/calendar/years")
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert json.loads(answer.content)["error"]["code"] == "api.registry.unavailable"


def test_the_description_and_the_page_need_no_token(db: None) -> None:
    described = Client().get("/api/v1/openapi.json")
    assert (described.status_code, described.json()["openapi"]) == (200, "3.1.0")
    page = Client().get("/api/v1/docs")
    text = page.content.decode()
    assert page.status_code == 200
    for operations in described.json()["paths"].values():
        for operation in operations.values():
            assert f'id="{operation["operationId"]}"' in text
    assert "http://" not in text
    assert "https://" not in text
    assert "<script" not in text
