"""Sign-in, the tries that are left, the first password, the second factor, and the way out."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Literal

import pytest
import requests
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.contrib.auth.models import AnonymousUser
from django.core.cache import cache
from django.http import HttpResponse
from django.test import Client

from jutong.center.audit.models import AuditEvent
from jutong.center.org.models import User
from jutong.web import unified
from jutong.web.accounts import UnifiedAdapter
from jutong.web.urls import unified_patterns
from tests.center_world import PASSWORD, City
from tests.unit.web.conftest import SignIn

NEW = "长河-not-guessable-7"


@pytest.fixture(autouse=True)
def clean_cache(settings, db) -> None:
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "entrance"}}
    cache.clear()


def _sign_in(client: Client, username: str = "steward", password: str = PASSWORD) -> str:
    response = client.post("/login", {"login": username, "password": password})
    return response.headers.get("Location", "") or response.content.decode()


def _code(secret: str) -> str:
    return str(format_hotp_value(hotp_value(secret, int(time.time()) // 30)))


def _confirm(client: Client, address: str) -> None:
    """Say once more who one is, which what touches the second factor asks for."""
    asked = client.get(address)
    assert asked.headers["Location"].startswith("/account/confirm?next=")
    assert "再确认一次是您本人" in client.get(asked.headers["Location"]).content.decode()
    assert "密码不对" in client.post("/account/confirm", {"password": "wrong", "next": address}).content.decode()
    done = client.post("/account/confirm", {"password": PASSWORD, "next": address})
    assert done.headers["Location"] == address


def _activate(client: Client) -> str:
    address = "/account/2fa/totp/activate"
    _confirm(client, address)
    page = client.get(address).content.decode()
    secret = page.split('<span class="mono">')[1].split("<")[0]
    response = client.post("/account/2fa/totp/activate", {"code": _code(secret)})
    assert response.status_code == 302, response.content.decode()
    return secret


def test_signing_in_begins_a_new_session_and_is_written_down(city: City, client: Client) -> None:
    client.get("/login")
    client.session["before"] = "x"
    old = client.session.session_key
    assert _sign_in(client) == "/"
    assert client.session.session_key != old
    assert AuditEvent.objects.filter(event="org:session:start", actor_username="steward").count() == 1
    assert client.get("/").status_code == 200


def test_the_tries_left_are_counted_down_and_then_it_is_closed(city: City, client: Client) -> None:
    for left in (4, 3, 2, 1):
        assert f"还可以再试{left}次" in _sign_in(client, password="wrong")
    assert "再试要等15分钟" in _sign_in(client, password="wrong")
    assert "输错次数太多" in _sign_in(client)
    assert AuditEvent.objects.filter(event="org:session:refuse").count() == 5


def test_a_name_nobody_has_leaves_no_trace_of_what_was_typed(city: City, client: Client) -> None:
    assert "账号或密码不对" in _sign_in(client, username="my-password-in-the-wrong-box")
    assert not AuditEvent.objects.filter(event="org:session:refuse").exists()


def test_a_locked_account_does_not_come_in(city: City, client: Client) -> None:
    User.objects.filter(username="steward").update(is_active=False)
    answer = _sign_in(client)
    assert answer != "/"
    assert client.get("/").status_code == 302


def test_nobody_signs_up(db, client: Client) -> None:
    assert "不开放注册" in client.get("/account/signup").content.decode()


def test_the_way_out_asks_and_takes_a_form(city: City, enter: SignIn) -> None:
    client = enter("steward")
    assert "现在退出" in client.get("/logout").content.decode()
    assert client.get("/").status_code == 200
    assert client.post("/logout").headers["Location"] == "/login"
    assert client.get("/").status_code == 302
    assert AuditEvent.objects.filter(event="org:session:end", actor_username="steward").count() == 1


def test_a_first_password_is_changed_before_anything_else(city: City, client: Client) -> None:
    User.objects.filter(username="steward").update(must_change_password=True)
    _sign_in(client)
    assert client.get("/catalog").headers["Location"] == "/account/password"
    assert "换成只有您自己知道的密码" in client.get("/account/password").content.decode()
    typed = {"old": PASSWORD, "new": NEW, "again": NEW}
    for wrong, said in (
        (typed | {"again": "别的"}, "两次输入的新密码不一样"),
        (typed | {"old": "不对"}, "密码"),
        (typed | {"new": "123", "again": "123"}, "密码"),
    ):
        response = client.post("/account/password", wrong)
        assert 400 <= response.status_code < 500
        assert said in response.content.decode()
    assert client.post("/account/password", typed).headers["Location"] == "/settings"
    assert client.get("/catalog").status_code == 200
    assert _sign_in(Client(), password=NEW) == "/"


def test_changing_the_password_ends_the_other_sessions(city: City, client: Client) -> None:
    other = Client()
    _sign_in(client)
    _sign_in(other)
    client.post("/account/password", {"old": PASSWORD, "new": NEW, "again": NEW})
    assert client.get("/").status_code == 200
    assert other.get("/").status_code == 302


def test_a_second_factor_is_set_up_asked_for_and_put_away(city: City, client: Client) -> None:
    _sign_in(client)
    assert "还没有启用动态口令" in client.get("/settings").content.decode()
    secret = _activate(client)
    stored = Authenticator.objects.get(type=Authenticator.Type.TOTP)
    assert secret not in str(stored.data), "the registry alone must not make codes"
    assert "恢复码" in client.get("/account/2fa/codes").content.decode()
    assert client.get("/account/2fa/codes/generate").status_code == 200
    client.post("/logout")

    assert _sign_in(client) == "/account/2fa/authenticate"
    assert client.get("/").status_code == 302
    assert "动态口令不对" in client.post("/account/2fa/authenticate", {"code": "000000"}).content.decode()
    cache.clear()
    assert client.post("/account/2fa/authenticate", {"code": _code(secret)}).headers["Location"] == "/"
    _confirm(client, "/account/2fa/totp/deactivate")
    assert client.get("/account/2fa/totp/deactivate").status_code == 200
    client.post("/account/2fa/totp/deactivate")
    assert not Authenticator.objects.filter(type=Authenticator.Type.TOTP).exists()


@pytest.mark.parametrize("who", ["system_admin", "security_admin", "auditor"])
def test_administrators_need_a_second_factor_outside_a_demonstration(
    city: City, client: Client, settings, who: str
) -> None:
    settings.JUTONG = replace(settings.JUTONG, demo=False)
    _sign_in(client, username=who.replace("_", "-"))
    assert client.get("/").headers["Location"] == "/account/2fa/totp/activate"
    _activate(client)
    assert client.get("/").status_code == 200


def test_in_a_demonstration_administrators_are_reminded(city: City, enter: SignIn) -> None:
    assert "动态口令" in enter("auditor").get("/").content.decode()
    assert "动态口令" not in enter("steward").get("/").content.decode()


def test_the_demonstration_names_its_accounts_and_others_do_not(db, client: Client, settings) -> None:
    assert "wusiyuan" in client.get("/login").content.decode()
    settings.JUTONG = replace(settings.JUTONG, demo=False)
    assert "wusiyuan" not in client.get("/login").content.decode()


def test_a_form_without_its_token_is_refused_with_a_page(city: City) -> None:
    client = Client(enforce_csrf_checks=True)
    response = client.post("/login", {"login": "steward", "password": PASSWORD})
    assert response.status_code == 403
    assert "这张表单已经过期" in response.content.decode()


def test_the_unified_service_has_addresses_only_where_it_is_set_up() -> None:
    assert unified_patterns(oidc_server="") == []
    names = {pattern.name for pattern in unified_patterns(oidc_server="https://sso.example")}
    assert {"openid_connect_login", "openid_connect_callback"} <= names


class _Account:
    def __init__(self, claims: dict[str, object]) -> None:
        self.extra_data = claims


class _Login:
    """What allauth hands over after the service has vouched for somebody."""

    def __init__(self, claims: dict[str, object], *, existing: bool = False) -> None:
        self.account, self.is_existing = _Account(claims), existing
        self.connected: list[User] = []

    def connect(self, request: object, user: User) -> None:
        self.connected.append(user)


@pytest.mark.parametrize(
    ("claims", "expected"),
    [
        ({"userinfo": {"preferred_username": "steward"}}, ["steward"]),
        ({"preferred_username": "steward"}, ["steward"]),
        ({"preferred_username": "nobody-here"}, []),
        ({}, []),
    ],
)
def test_the_unified_service_names_an_account_and_makes_none(
    city: City, rf, claims: dict[str, object], expected: list[str]
) -> None:
    adapter, request, login = UnifiedAdapter(), rf.get("/"), _Login(claims)
    adapter.pre_social_login(request, login)
    assert [user.username for user in login.connected] == expected
    assert not adapter.is_open_for_signup(request, login)


def test_a_known_person_of_the_unified_service_stays_who_it_is(city: City, rf) -> None:
    login = _Login({"preferred_username": "steward"}, existing=True)
    UnifiedAdapter().pre_social_login(rf.get("/"), login)
    assert login.connected == []


@pytest.mark.parametrize("view", ["login", "callback"])
def test_a_unified_service_that_is_away_is_said_so(
    db, rf, monkeypatch: pytest.MonkeyPatch, view: Literal["login", "callback"]
) -> None:
    def away(request: object, provider_id: str) -> None:
        raise requests.ConnectionError

    monkeypatch.setattr(f"allauth.socialaccount.providers.openid_connect.views.{view}", away)
    request = rf.post("/account/oidc/unified/login")
    request.user = AnonymousUser()
    response = getattr(unified, view)(request, "unified")
    assert response.status_code == 503
    assert "统一身份认证现在没有答复" in response.content.decode()


@pytest.mark.parametrize("view", ["login", "callback"])
def test_the_unified_service_answers_for_itself(rf, monkeypatch: pytest.MonkeyPatch, view: str) -> None:
    answer = HttpResponse("there")
    monkeypatch.setattr(f"allauth.socialaccount.providers.openid_connect.views.{view}", lambda *_: answer)
    assert getattr(unified, view)(rf.get("/"), "unified") is answer
