"""OAuth 2 client credentials: a token for a secret or a signed assertion, and calls under it like any other."""

from __future__ import annotations

import base64
import hashlib
import json
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from jutong.kernel.keys import generate_signer
from jutong.node.gateway.callers.config import load
from jutong.node.gateway.callers.errors import CallersFileError
from jutong.node.gateway.callers.tokens import decoded, encoded
from jutong.node.service import running
from tests.integration.node.conftest import Running
from tests.integration.node.test_refusals import outcomes
from tests.node_world import World, query_body, verify_body

SECRET = "a-long-random-client-secret"
KEYED = generate_signer("keyed")
CLIENTS: list[dict[str, Any]] = [
    {"client_id": "edu app", "system": "edu-admission", "secret_sha256": hashlib.sha256(SECRET.encode()).hexdigest()},
    {"client_id": "keyed", "system": "edu-admission", "public_key": KEYED.public_b64},
    {"client_id": "stranger", "system": "nobody", "secret_sha256": hashlib.sha256(SECRET.encode()).hexdigest()},
]
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@pytest.fixture
async def run(world: World) -> AsyncIterator[Running]:
    path = world.home / "node" / "callers.json"
    path.write_text(json.dumps({"oauth": {"clients": CLIENTS, "token_seconds": 60}}))
    path.chmod(0o600)
    world.grant()
    async with running(world.settings) as node, httpx.AsyncClient(transport=httpx.ASGITransport(app=node.gateway)) as h:
        made = Running(world, node, h)
        await made.ready()
        yield made


def address(run: Running, path: str = "/gw/oauth/token") -> str:
    return run.world.settings.gateway_base + path


async def ask(run: Running, auth: Any = None, headers: Any = None, **form: str) -> httpx.Response:
    form = {"grant_type": "client_credentials", **form}
    return await run.http.post(address(run), data=form, auth=auth, headers=headers)


async def token_of(run: Running, client: str = "edu app") -> str:
    response = await ask(run, client_id=client, client_secret=SECRET)
    assert response.status_code == 200, response.text
    return str(response.json()["access_token"])


async def call(run: Running, token: str, kind: str = "query", body: Any = None) -> httpx.Response:
    headers = {"authorization": f"Bearer {token}"}
    return await run.http.post(address(run, "/gw/v1/" + kind), json=body or query_body(), headers=headers)


def assertion(run: Running, **changes: Any) -> str:
    now = int(time.time())
    header = changes.pop("header", {"alg": "EdDSA", "typ": "JWT"})
    claims = {
        "iss": "keyed", "sub": "keyed", "aud": address(run), "exp": now + 60, "jti": f"{time.time_ns()}", **changes,
    }  # fmt: skip
    text = ".".join(encoded(json.dumps(part).encode()) for part in (header, claims))
    return f"{text}.{encoded(KEYED.sign(text.encode()))}"


async def assert_token(run: Running, made: str) -> httpx.Response:
    return await ask(run, client_assertion_type=ASSERTION, client_assertion=made)


async def test_a_token_for_a_secret_and_a_call_under_it(run: Running) -> None:
    response = await ask(run, client_id="edu app", client_secret=SECRET)
    content = response.json()
    assert (content["token_type"], content["expires_in"]) == ("Bearer", 60)
    assert response.headers["cache-control"] == "no-store"
    answer = await call(run, content["access_token"])
    assert answer.status_code == 200, answer.text
    verdict = await call(run, content["access_token"], "verify", verify_body())
    assert verdict.json()["answer"] == "yes"
    first, _ = outcomes(run)
    assert (first["via"], first["system_id"], first["outcome"]) == ("oauth", "edu-admission", "ok")
    assert first["request_signature"] == "sha256:" + hashlib.sha256(content["access_token"].encode()).hexdigest()
    assert first["answer_digest"] == "sha256:" + hashlib.sha256(answer.content).hexdigest()
    receipt = await run.http.get(
        address(run, f"/gw/v1/receipts/{first['record_id']}"),
        headers={"authorization": f"bearer {content['access_token']}"},
    )
    assert receipt.json()["record"]["record"]["record_id"] == first["record_id"]


async def test_a_refusal_under_a_token_is_on_record(run: Running) -> None:
    token = await token_of(run)
    for changes, code in (({"grant": "GR-2026-9999"}, "node.grant.unknown"), ({"where": "1"}, "node.call.malformed")):
        assert (await call(run, token, body=query_body(**changes))).json()["error"]["code"] == code
    assert [(one["via"], one["outcome"]) for one in outcomes(run)] == [
        ("oauth", "node.grant.unknown"), ("oauth", "node.call.malformed"),
    ]  # fmt: skip
    assert (await call(run, await token_of(run, "stranger"))).json()["error"]["code"] == "node.caller.system-unknown"


async def test_the_standards_three_ways_to_show_a_client(run: Running) -> None:
    basic = base64.b64encode(f"edu+app:{SECRET}".encode()).decode()
    assert (await ask(run, headers={"authorization": f"Basic {basic}"})).status_code == 200
    made = assertion(run)
    response = await assert_token(run, made)
    assert response.status_code == 200, response.text
    assert (await call(run, response.json()["access_token"])).status_code == 200
    assert (await assert_token(run, made)).json()["error"] == "invalid_client"  # once only
    listed = await assert_token(run, assertion(run, aud=["elsewhere", address(run)], header={"alg": "Ed25519"}))
    assert listed.status_code == 200


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "elsewhere"}, {"iss": "other"}, {"sub": "edu app", "iss": "edu app"}, {"sub": "none", "iss": "none"},
        {"exp": 1}, {"exp": int(time.time()) + 10_000}, {"exp": "soon"}, {"jti": None, "exp": None},
        {"header": {"alg": "none"}}, {"header": {"alg": "EdDSA", "crit": ["x"]}}, {"header": []},
    ],
)  # fmt: skip
async def test_a_wrong_assertion_is_refused(run: Running, changes: dict[str, Any]) -> None:
    response = await assert_token(run, assertion(run, **changes))
    assert (response.status_code, response.json()["error"]) == (401, "invalid_client")


async def test_an_assertion_under_another_key_is_refused(run: Running) -> None:
    text, _, _ = assertion(run).rpartition(".")
    for tail in (encoded(generate_signer("x").sign(text.encode())), "", "==", "a.b"):
        response = await assert_token(run, f"{text}.{tail}")
        assert response.json()["error"] == "invalid_client"
    wrong = await ask(run, client_assertion_type="other", client_assertion="x")
    assert wrong.json()["error"] == "invalid_request"


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        ({"client_id": "edu app", "client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_id": "keyed", "client_secret": ""}, 401, "invalid_client"),
        ({"client_id": "none", "client_secret": SECRET}, 401, "invalid_client"),
        ({"client_id": "edu app"}, 400, "invalid_request"),
        ({"client_id": "edu app", "client_secret": SECRET, "client_assertion": "x"}, 400, "invalid_request"),
        ({"client_id": "edu app", "client_secret": SECRET, "grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"client_id": "edu app", "client_secret": SECRET, "scope": "all"}, 400, "invalid_scope"),
    ],
)
async def test_errors_are_the_standards(run: Running, form: dict[str, str], status: int, error: str) -> None:
    response = await ask(run, **form)
    assert (response.status_code, response.json()["error"]) == (status, error)
    assert ("www-authenticate" in response.headers) is (status == 401)


async def test_what_is_no_form_is_refused(run: Running) -> None:
    for content, kind in ((b"{}", "application/json"), (b"a=1&a=2", "application/x-www-form-urlencoded"),
                          (b"\xff", "application/x-www-form-urlencoded")):  # fmt: skip
        response = await run.http.post(address(run), content=content, headers={"content-type": kind})
        assert response.json()["error"] == "invalid_request"
    large = await run.http.post(
        address(run), content=b"a" * 70_000, headers={"content-type": "application/x-www-form-urlencoded"}
    )
    assert large.status_code == 413
    for basic in ("Basic !!", "Negotiate x"):
        assert (await ask(run, headers={"authorization": basic})).json()["error"] == "invalid_client"
    run.node.gateway.most_under_way = 0
    busy = await ask(run, client_id="edu app", client_secret=SECRET)
    assert (busy.status_code, busy.headers["retry-after"]) == (429, "1")


async def test_a_token_that_is_not_good_opens_nothing(run: Running) -> None:
    token = await token_of(run)
    head, _, tail = token.partition(".")
    claims = json.loads(decoded(head))
    forged = encoded(json.dumps({**claims, "c": "keyed"}).encode())
    for wrong in ("", "x", head, f"{forged}.{tail}", f"{head}.{tail}=", token + "A", "ü.x", "a" * 2000):
        header = {b"authorization": b"Bearer " + wrong.encode("latin-1")}
        response = await run.http.post(address(run, "/gw/v1/query"), json=query_body(), headers=header)
        assert response.json()["error"]["code"] == "node.oauth.token-wrong", wrong
    clock = run.node.gateway.clock
    run.node.gateway.clock = lambda: clock() + 61
    assert (await call(run, token)).json()["error"]["code"] == "node.oauth.token-wrong"
    assert outcomes(run) == []


async def test_a_signed_call_stays_a_signed_call(run: Running) -> None:
    answer = await run.query(query_body())
    assert answer.status_code == 200
    assert outcomes(run)[0]["via"] == "signature"
    bare = await run.http.post(address(run, "/gw/v1/query"), json=query_body())
    assert bare.json()["error"]["code"] == "node.signature.missing"


@pytest.mark.parametrize(
    "clients",
    [
        [CLIENTS[0], CLIENTS[0]],
        [{**CLIENTS[0], "public_key": KEYED.public_b64}],
        [{"client_id": "x", "system": "y"}],
        [{**CLIENTS[0], "secret_sha256": SECRET}],
    ],
)
def test_a_wrong_list_of_clients_is_refused(world: World, clients: list[dict[str, Any]]) -> None:
    path = world.home / "node" / "callers.json"
    path.write_text(json.dumps({"oauth": {"clients": clients}}))
    path.chmod(0o600)
    with pytest.raises(CallersFileError) as caught:
        load(path)
    assert SECRET not in caught.value.explain()
