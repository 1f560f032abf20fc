"""Every address of the center has an authorisation rule, and the rules of the API hold for every role."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.resolvers import RoutePattern
from django.utils import timezone

from jutong.api.app import PREFIX, api, description
from jutong.api.door import PUBLIC as API_PUBLIC
from jutong.api.door import SIGNED_IN as API_SIGNED_IN
from jutong.api.table import RULE
from jutong.center.org.actions import issue_token
from jutong.center.org.enums import Role
from jutong.center.org.models import Post
from jutong.center.org.permissions import HOLDERS, Permission
from jutong.web.door import PUBLIC, SIGNED_IN
from tests import sharing_world

NODE = "node-envelope"
ALLOWED = {PUBLIC, SIGNED_IN, NODE, *Permission}
OPEN_API = {"POST /api/v1/tokens"}
"""The only operation without a token: it is where one is got."""
BORROWED: dict[str, str] = {}
"""Views of libraries without a rule of their own, with the reason; empty is best."""


def walk(patterns: list[Any], prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    for entry in patterns:
        address = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from walk(entry.url_patterns, address)
        else:
            yield address, entry


def addresses() -> dict[str, URLPattern]:
    return dict(walk(get_resolver("jutong.center.urls").url_patterns))


def as_path(address: str) -> str:
    return address.replace("<", "{").replace(">", "}")


def rule_of(pattern: URLPattern) -> object:
    view: Any = pattern.callback
    while view is not None:
        if hasattr(view, "rule"):
            return view.rule
        view = getattr(view, "__wrapped__", None)
    return None


def operations() -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (method.upper(), address, operation)
        for address, methods in description()["paths"].items()
        for method, operation in methods.items()
    ]


def test_there_are_many_addresses():
    assert len(addresses()) > 100


def without_rule(patterns: dict[str, URLPattern]) -> list[str]:
    described = {path.lstrip("/") for path in description()["paths"]}
    return [
        f"{address} has the rule {rule_of(pattern)!r}"
        for address, pattern in sorted(patterns.items())
        if as_path(address) not in described and address not in BORROWED and rule_of(pattern) not in ALLOWED
    ]


def test_every_address_has_a_rule():
    assert without_rule(addresses()) == []


def test_an_address_without_a_rule_is_named():
    def view(request: object) -> None: ...

    assert without_rule({"secret/": URLPattern(RoutePattern("secret/"), view)}) == ["secret/ has the rule None"]


def test_every_operation_has_a_rule():
    wrong = [
        f"{method} {address}"
        for method, address, operation in operations()
        if operation[RULE] not in {API_PUBLIC, API_SIGNED_IN, *Permission}
    ]
    assert wrong == []
    assert {f"{method} {address}" for method, address, row in operations() if row[RULE] == API_PUBLIC} == OPEN_API


def test_every_address_of_the_api_is_described_and_every_description_has_an_address():
    served = [address for address in addresses() if address.startswith(PREFIX.lstrip("/"))]
    described = {path.lstrip("/") for path in description()["paths"]}
    extra = {address for address in served if as_path(address) not in described}
    assert extra == {"api/v1/openapi.json", "api/v1/docs", "api/v1/^.*$"}
    views = [f"{bound.prefix}{path}" for bound in api._get_bound_routers() for path in bound.path_operations]
    assert len(views) == len(set(views)) == len(description()["paths"]), "two routers on one address hide each other"


@pytest.fixture
def tokens(db) -> dict[str, str]:
    world = sharing_world.build()
    for role in (Role.SECURITY_ADMIN,):
        world.actors[role] = sharing_world.person(world.bigdata, role, role.value, "顾严")
    return {
        actor.role: issue_token(post=Post.objects.get(id=actor.post_id or ""), by=actor, now=timezone.now())
        for actor in world.actors.values()
    }


def sample(address: str, operation: dict[str, Any]) -> str:
    values = {
        "classification": "307010", "sequence": "1", "code": "11629900MB0000001A", "name": "civil", "key_id": "key-1",
        "system_id": "0199c0de-0000-7000-8000-000000000001", "job_id": "0199c0de-0000-7000-8000-000000000001",
        "record_id": "0199c0de-0000-7000-8000-000000000001",
        "key": "gbt2260", "line": "2", "quarter": "2026Q4",
        **dict.fromkeys(re.findall(r"{(\w+_id)}", address), "0199c0de-0000-7000-8000-000000000001"),
        "number": "SQ20260101-0001" if "/applications/" in address else "GQ20260101-0001",
    }  # fmt: skip
    return address.format(**values)


def test_only_the_roles_of_the_matrix_get_past_the_door(tokens):
    assert set(tokens) == set(Role)
    client = Client()
    for method, address, operation in operations():
        if operation[RULE] in {API_PUBLIC, API_SIGNED_IN}:
            continue
        for role, token in tokens.items():
            answer = client.generic(method, sample(address, operation), headers={"Authorization": f"Bearer {token}"})
            forbidden = answer.status_code == 403 and answer.json()["error"]["code"] == "kernel.action.forbidden"
            holds = role in HOLDERS[Permission(operation[RULE])]
            assert forbidden is not holds, f"{method} {address} as {role}: {answer.content.decode()}"


def test_without_a_token_nobody_gets_past_the_door(db):
    client = Client()
    for method, address, operation in operations():
        if operation[RULE] != API_PUBLIC:
            answer = client.generic(method, sample(address, operation))
            assert (answer.status_code, answer.json()["error"]["code"]) == (401, "api.token.missing"), address
