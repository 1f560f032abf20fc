"""Trying a grant in the browser: once, within minutes, as an ordinary call."""

from __future__ import annotations

import base64
import time
from typing import Any

import httpx
import pytest

from jutong.contracts.envelope import Document, Envelope
from jutong.contracts.orders import Heartbeat, TicketOrder
from tests.integration.node.conftest import Running
from tests.node_world import ID_OUYANG, ID_ZHANG, PURPOSE

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
URL = "http://127.0.0.1:8301/gw/v1/tickets"
GRANT = "0190a000-0000-7000-8000-000000000001"


def encoded(envelope: Envelope) -> str:
    return base64.urlsafe_b64encode(envelope.model_dump_json().encode()).decode().rstrip("=")


def ticket(started: Running, **changes: Any) -> str:
    values: dict[str, Any] = {
        "grant_id": GRANT, "official": "wang", "post": "data-officer", "system_id": "edu-admission",
        "valid_until_ms": int(time.time() * 1000) + 300_000, "nonce": f"nonce-{time.monotonic_ns()}",
    }  # fmt: skip
    return encoded(started.world.center.seal("ticket", TicketOrder(**{**values, **changes})))


async def post(started: Running, form: dict[str, str], path: str = "", **headers: str) -> httpx.Response:
    return await started.http.post(URL + path, data=form, headers=headers)


def filled(started: Running, **changes: str) -> dict[str, str]:
    return {
        "ticket": ticket(started), "kind": "query", "purpose": PURPOSE, "case": "RX-1",
        "k.公民身份号码": ID_ZHANG, **changes,
    }  # fmt: skip


async def test_without_a_key_the_form_is_shown_and_nothing_is_used_up(started: Running) -> None:
    good = ticket(started)
    for kind, extra in (("query", 0), ("verify", 4)):
        response = await post(started, {"ticket": good, "kind": kind})
        assert response.status_code == 200
        assert response.headers["content-type"] == "text/html; charset=utf-8"
        assert "default-src 'self'" in response.headers["content-security-policy"]
        assert response.text.count('name="k.') == 1
        assert response.text.count('name="c.') == extra
        assert PURPOSE in response.text
    assert started.node.log.size == 0


async def test_a_try_is_answered_recorded_and_proved_once(started: Running) -> None:
    form = filled(started)
    response = await post(started, form)
    assert response.status_code == 200, response.text
    assert "张**" in response.text
    assert "张小明" not in response.text
    assert started.node.log.size == 1
    record_id = response.text.split('name="record" value="')[1][:36]
    again = await post(started, form)
    assert again.status_code == 409
    assert "node.signature.replayed" in again.text
    proof = {"ticket": form["ticket"], "record": record_id}
    receipt = await post(started, {**proof, "part": "receipt"}, "/receipt")
    assert receipt.text.startswith("c2sp.org/tlog-proof@v1\n")
    assert 'filename="receipt.txt"' in receipt.headers["content-disposition"]
    record = (await post(started, {**proof, "part": "record"}, "/receipt")).json()["record"]
    assert (record["via"], record["official"], record["outcome"]) == ("ticket", "wang", "ok")
    other = await post(started, {"ticket": ticket(started), "record": record_id, "part": "record"}, "/receipt")
    assert other.status_code == 403


async def test_verification_in_the_browser(started: Running) -> None:
    form = filled(started, kind="verify", **{"k.公民身份号码": ID_OUYANG, "c.核验姓名": "欧阳小红", "c.核验分数": ""})
    assert "相符" in (await post(started, form)).text
    form = filled(started, kind="verify", **{"k.公民身份号码": ID_OUYANG, "c.核验姓名": "李四"})
    assert "不相符" in (await post(started, form)).text


async def test_what_a_database_holds_is_escaped(started: Running) -> None:
    import sqlite3

    with sqlite3.connect(started.world.home / "police.sqlite") as db:
        db.execute("UPDATE person SET zz = ? WHERE sfzh = ?", ("<script>alert(1)</script>", ID_ZHANG))
    db.close()
    text = (await post(started, filled(started))).text
    assert "<script" not in text
    assert "&lt;script&gt;" in text


@pytest.mark.parametrize(
    "changes",
    [
        {"valid_until_ms": 1},
        {"valid_until_ms": int(time.time() * 1000) + 3_600_000},
        {"grant_id": "0190a000-0000-7000-8000-00000000000f"},
        {"system_id": "other"},
    ],
)
async def test_a_ticket_that_is_not_good(started: Running, changes: dict[str, Any]) -> None:
    response = await post(started, {"ticket": ticket(started, **changes)})
    assert response.status_code == 403
    assert "node.ticket.refused" in response.text


async def test_a_forged_ticket(started: Running) -> None:
    center = started.world.center
    body: Document = Heartbeat(last_sequence=1)
    good = center.seal("ticket", TicketOrder(
        grant_id=GRANT, official="wang", post="p", system_id="edu-admission",
        valid_until_ms=int(time.time() * 1000) + 1000, nonce="n",
    ))  # fmt: skip
    forged = [
        "", "!!!", "e30",
        encoded(center.seal("heartbeat", body)),
        encoded(good.model_copy(update={"audience": "node-2"})),
        encoded(good.model_copy(update={"body": {**good.body, "official": "root"}})),
        encoded(good.model_copy(update={"key_id": "center.0000"})),
    ]  # fmt: skip
    for text in forged:
        response = await post(started, {"ticket": text})
        assert response.status_code == 403, text
        assert "node.ticket.refused" in response.text
    assert started.node.log.size == 0


@pytest.mark.parametrize("changes", [{"extra": "1"}, {"purpose": "别的"}, {"kind": "delete"}])
async def test_a_form_outside_the_grant_is_refused(started: Running, changes: dict[str, str]) -> None:
    response = await post(started, filled(started, **changes), **{"Accept-Language": "en"})
    assert response.status_code in {400, 403}
    assert '<html lang="en">' in response.text


async def test_no_form_and_doubled_fields(started: Running) -> None:
    json = await started.http.post(URL, json={})
    assert json.status_code == 400
    doubled = await started.http.post(URL, content="ticket=a&ticket=b", headers=FORM)
    assert doubled.status_code == 400
    broken = await started.http.post(URL, content="%zz;;", headers=FORM)
    assert broken.status_code == 400


async def test_the_stylesheet_is_served(started: Running) -> None:
    response = await started.http.get("http://127.0.0.1:8301/static/jutong.css")
    assert response.headers["content-type"].startswith("text/css")
    assert "@layer" in response.text


async def test_health_for_whoever_asks(started: Running) -> None:
    found = (await started.http.get("http://127.0.0.1:8301/healthz")).json()
    assert found["status"] == "ok"
    assert found["center_confirmed"] is True
    assert found["grants"] == 1
