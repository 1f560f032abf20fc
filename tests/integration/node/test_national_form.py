"""A client written for the national call form, from its description alone, gets its answer unchanged."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from jutong.node.gateway.callers.secrets import sign
from jutong.node.service import running
from tests.integration.node.conftest import Running
from tests.integration.node.test_refusals import outcomes, put
from tests.national_client import NationalClient, md5_key, opened
from tests.node_world import ID_OUYANG, ID_ZHANG, World

RID = "7acb-edu@2399"
APPKEY = "84eea7dadfe542596d60dddf7fa95f33"
QUERY_SID, VERIFY_SID, STRICT_SID = "s_3301000000000_2108", "s_3301000000000_2109", "s_3301000000000_2110"
NATIONAL: dict[str, Any] = {
    "services": [
        {
            "sid": QUERY_SID, "grant": "GR-2026-0001", "key": {"cert_num": "公民身份号码"},
            "answer": {"姓名": "name", "住址": "address"}, "case": "case_no", "official": "operator",
            "official_default": "入学服务系统值班岗", "ignored": ["start", "pageSize"],
        },
        {
            "sid": VERIFY_SID, "grant": "GR-2026-0001", "kind": "verify", "key": {"cert_num": "公民身份号码"},
            "claims": {"name": "核验姓名"}, "case": "case_no", "official_default": "入学服务系统值班岗",
            "verdict": "isMatch", "verdicts": {"yes": "1", "no": "0", "unknown": "2"},
        },
        {
            "sid": STRICT_SID, "grant": "GR-2026-9999", "key": {"cert_num": "公民身份号码"}, "case": "case_no",
            "official_default": "岗",
        },
    ],
    "callers": [
        {"rid": RID, "sid": sid, "system": "edu-admission", "appkey": APPKEY}
        for sid in (QUERY_SID, VERIFY_SID, STRICT_SID)
    ] + [{"rid": "stranger", "sid": QUERY_SID, "system": "nobody-here", "appkey": APPKEY}],
}  # fmt: skip


def configure(world: World, **changes: Any) -> None:
    path = world.home / "node" / "callers.json"
    path.write_text(json.dumps({"national": {**NATIONAL, **changes}}))
    path.chmod(0o600)


@pytest.fixture
async def national(world: World) -> AsyncIterator[Running]:
    configure(world)
    world.grant()
    async with running(world.settings) as node, httpx.AsyncClient(transport=httpx.ASGITransport(app=node.gateway)) as h:
        run = Running(world, node, h)
        await run.ready()
        yield run


def client_of(run: Running, rid: str = RID, appkey: str = APPKEY) -> NationalClient:
    return NationalClient(run.http, run.world.settings.gateway_base + "/gw/national", rid, appkey)


def test_the_published_vector_of_the_signature() -> None:
    found = sign("demo-secret", sid="svc_demo_0001", rid="req_demo_0001", rtime="1754006400000")
    assert found == "t+4TRnB4W/O7g7YDdSlmtfVeIobWmhxPw5cB0U9wlvc="


async def test_a_plain_client_of_the_form_gets_its_rows(national: Running) -> None:
    client = client_of(national)
    answer = await client.call(QUERY_SID, cert_num=ID_ZHANG, case_no="RX-1", operator="王老师", start=0)
    assert answer["code"] == "0"
    assert answer["data"] == [{"name": "张**", "address": "金河市东湖区学府路1号"}]
    assert set(answer) == {"code", "data", "message"}
    (record,) = outcomes(national)
    assert record["outcome"] == "ok"
    assert record["via"] == "national"
    assert record["official"] == "王老师"
    assert record["case_number"] == "RX-1"
    assert record["system_id"] == "edu-admission"
    assert record["fields"] == ["姓名", "住址"]
    assert record["record_id"] in answer["message"]


async def test_the_record_holds_the_digest_of_the_bytes_the_client_got(national: Running) -> None:
    client = client_of(national)
    await client.exchange(QUERY_SID)
    headers = client.headers(QUERY_SID, client.secrets[QUERY_SID])
    response = await national.http.post(
        client.base + "/httpproxy", json={"cert_num": ID_ZHANG, "case_no": "RX-1"}, headers=headers
    )
    (record,) = outcomes(national)
    assert record["answer_digest"] == "sha256:" + hashlib.sha256(response.content).hexdigest()
    assert response.headers["jutong-record"] == record["record_id"]
    assert record["official"] == "入学服务系统值班岗"


async def test_verification_speaks_the_words_of_the_service(national: Running) -> None:
    client = client_of(national)
    for name, expected in (("欧阳小红", "1"), ("张三", "0")):
        answer = await client.call(VERIFY_SID, cert_num=ID_OUYANG, name=name, case_no="RX-2")
        assert (answer["code"], answer["data"]) == ("0", {"isMatch": expected})
    answer = await client.call(VERIFY_SID, cert_num="330102209901019999", name="谁", case_no="RX-2")
    assert answer["data"] == {"isMatch": "2"}


async def test_parameters_may_stand_in_the_address_or_in_a_form(national: Running) -> None:
    client = client_of(national)
    await client.exchange(QUERY_SID)
    given = {"cert_num": ID_ZHANG, "case_no": "办-3"}
    key = client.secrets[QUERY_SID]
    url = client.base + "/httpproxy"
    for response in (
        await national.http.get(url, params=given, headers=client.headers(QUERY_SID, key)),
        await national.http.post(url, data=given, headers=client.headers(QUERY_SID, key)),
    ):
        assert response.json()["code"] == "0", response.text
    assert {record["case_number"] for record in outcomes(national)} == {"办-3"}


async def test_what_is_refused_and_with_which_code(national: Running) -> None:
    client = client_of(national)
    await client.exchange(QUERY_SID)
    key = client.secrets[QUERY_SID]
    url = client.base + "/httpproxy"

    async def code(headers: dict[str, str], body: Any = None) -> str:
        response = await national.http.post(url, headers=headers, json=body or {"cert_num": ID_ZHANG, "case_no": "1"})
        assert response.status_code == 200
        answer = response.json()
        assert answer["message"]
        assert answer["data"] == ""
        return str(answer["code"])

    assert await code(client_of(national, rid="unknown").headers(QUERY_SID, key)) == "E-106"
    assert await code(client.headers("s_none", key)) == "E-106"
    assert await code(client.headers(QUERY_SID, APPKEY)) == "-1"  # the code itself signs no call
    assert await code(client.headers(QUERY_SID, "wrong")) == "-1"
    assert await code(client.headers(QUERY_SID, key, int(time.time() * 1000) - 301_000)) == "-1"
    assert await code({**client.headers(QUERY_SID, key), "gjgxjhpt_rtime": "yesterday"}) == "-1"
    assert await code({"gjgxjhpt_rid": RID}) == "-1"
    assert await code(client.headers(QUERY_SID, key), {"cert_num": ID_ZHANG, "case_no": "1", "where": "1=1"}) == "-1"
    assert await code(client.headers(QUERY_SID, key), {"cert_num": [ID_ZHANG]}) == "-1"
    assert await code(client.headers(QUERY_SID, key), {"case_no": "1"}) == "-1"
    assert await code(client.headers(QUERY_SID, key), {"cert_num": ID_ZHANG}) == "-1"  # the grant wants a case
    await client.exchange(STRICT_SID)
    assert await code(client.headers(STRICT_SID, client.secrets[STRICT_SID])) == "E-106"
    stranger = client_of(national, rid="stranger")
    await stranger.exchange(QUERY_SID)
    assert await code(stranger.headers(QUERY_SID, stranger.secrets[QUERY_SID])) == "E-106"
    known = [record["outcome"] for record in outcomes(national)]
    assert "node.call.case-missing" in known
    assert all(record["rows"] == 0 for record in outcomes(national))


async def test_the_exchange_refuses_a_wrong_code_and_who_is_not_listed(national: Running) -> None:
    assert (await client_of(national, appkey="0" * 32).exchange(QUERY_SID))["code"] == "-1"
    assert (await client_of(national, rid="unknown").exchange(QUERY_SID))["code"] == "E-106"
    response = await national.http.post(
        national.world.settings.gateway_base + "/gw/national/sysapi/auth/refreshappsecret", content=b"{"
    )
    assert response.json()["code"] == "-1"


async def test_the_same_request_is_answered_once(national: Running) -> None:
    client = client_of(national)
    await client.exchange(QUERY_SID)
    headers = client.headers(QUERY_SID, client.secrets[QUERY_SID])
    body = {"cert_num": ID_ZHANG, "case_no": "1"}
    first = await national.http.post(client.base + "/httpproxy", headers=headers, json=body)
    again = await national.http.post(client.base + "/httpproxy", headers=headers, json=body)
    other = await national.http.post(client.base + "/httpproxy", headers=headers, json={**body, "cert_num": ID_OUYANG})
    # Threads of one client may sign in the same millisecond; only what is the same in everything is a copy.
    assert [answer.json()["code"] for answer in (first, again, other)] == ["0", "-1", "0"]


async def test_once_an_instant_where_the_node_wants_it(world: World) -> None:
    configure(world, once_per_instant=True, prefix="", encoding="hex", key="md5")
    world.grant()
    async with running(world.settings) as node, httpx.AsyncClient(transport=httpx.ASGITransport(app=node.gateway)) as h:
        await Running(world, node, h).ready()
        client = NationalClient(h, world.settings.gateway_base, RID, APPKEY)
        values = client.headers(QUERY_SID, APPKEY)
        answer = (await h.get(client.base + "/sysapi/auth/refreshappsecret", headers=values)).json()
        secret = opened(md5_key(APPKEY), bytes.fromhex(answer["data"]["secret"]))
        headers = client.headers(QUERY_SID, secret)
        codes = [
            (await h.post(client.base + "/httpproxy", headers=headers, json={"cert_num": one, "case_no": "1"})).json()
            for one in (ID_ZHANG, ID_OUYANG)
        ]
        assert [one["code"] for one in codes] == ["0", "-1"]


async def test_a_secret_holds_across_a_restart_and_ends_in_time(national: Running) -> None:
    client = client_of(national)
    await client.exchange(QUERY_SID)
    end = client.ends[QUERY_SID]
    now = time.time() * 1000
    assert now + 3_599_000 <= end <= now + 7_200_000
    gateway = national.node.gateway
    seen = []
    for moment in (end - 1, end):
        gateway.clock = lambda moment=moment: moment / 1000  # type: ignore[misc]
        headers = client.headers(QUERY_SID, client.secrets[QUERY_SID], moment)
        response = await national.http.post(
            client.base + "/httpproxy", headers=headers, json={"cert_num": ID_ZHANG, "case_no": "1"}
        )
        seen.append(response.json()["code"])
    assert seen == ["0", "-1"]


async def test_an_exhausted_quota_is_the_one_answer_that_is_no_200(national: Running) -> None:
    put(national, daily_quota=0)
    client = client_of(national)
    await client.exchange(QUERY_SID)
    headers = client.headers(QUERY_SID, client.secrets[QUERY_SID])
    response = await national.http.post(
        client.base + "/httpproxy", headers=headers, json={"cert_num": ID_ZHANG, "case_no": "1"}
    )
    assert response.status_code == 429
    assert response.json()["code"] == "-1"
    assert int(response.headers["retry-after"]) > 0


async def test_a_full_gateway_and_a_fault_answer_in_the_form_too(
    national: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = client_of(national)
    await client.exchange(QUERY_SID)

    async def ask(**headers: str) -> httpx.Response:
        values = {**client.headers(QUERY_SID, client.secrets[QUERY_SID]), **headers}
        return await national.http.post(
            client.base + "/httpproxy", headers=values, json={"cert_num": ID_ZHANG, "case_no": "1", "start": None}
        )

    national.node.gateway.most_under_way = 0
    busy = await ask()
    assert (busy.status_code, busy.json()["code"], busy.headers["retry-after"]) == (429, "-1", "1")
    national.node.gateway.most_under_way = 8
    wrong = await national.http.post(client.base + "/httpproxy?cert_num=1&cert_num=2", headers=client.headers(
        QUERY_SID, client.secrets[QUERY_SID]))  # fmt: skip
    assert wrong.json()["code"] == "-1"

    async def broken(*_: Any) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(national.node.gateway.serving, "serve", broken)
    fault = (await ask()).json()
    assert fault["code"] == "-1"
    assert "broken" not in fault["message"]


def test_marks_of_rows_in_dispute_have_a_member_of_their_own() -> None:
    from jutong.node.gateway.callers.config import NationalService
    from jutong.node.gateway.callers.national import _Dress

    service = NationalService.model_validate_json(json.dumps(NATIONAL["services"][0]))
    marks = [{"correction": "CO-1", "items": ["住址"], "since": 7}]
    content = {"record": "r", "blind": "b", "rows": [{"姓名": "张**"}], "marks": marks}
    dressed = json.loads(_Dress(service)(json.dumps(content).encode()))
    assert dressed["data"] == [{"name": "张**"}]
    assert dressed["marks"] == marks


def test_the_file_must_be_private_and_make_sense(tmp_path: Path) -> None:
    from jutong.node.gateway.callers.config import load
    from jutong.node.gateway.callers.errors import CallersExposedError, CallersFileError

    path = tmp_path / "callers.json"
    assert load(path).national is None
    path.write_text(json.dumps({"national": NATIONAL}))
    path.chmod(0o640)
    with pytest.raises(CallersExposedError, match="0640"):
        load(path)
    path.chmod(0o600)
    found = load(path).national
    assert found is not None
    assert found.callers[0].system == "edu-admission"
    assert APPKEY not in repr(found)
    callers = NATIONAL["callers"]
    wrong: list[dict[str, Any]] = [
        {"callers": [{**callers[0], "sid": "s_none"}]},
        {"callers": [callers[0], callers[0]]},
        {"callers": [{**callers[0], "appkey": "short"}]},
        {"services": [*NATIONAL["services"], NATIONAL["services"][0]]},
        {"prefix": "/gw/"},
        {"services": [*NATIONAL["services"][1:], {**NATIONAL["services"][0], "official": "", "official_default": ""}]},
        {"services": [*NATIONAL["services"][1:], {**NATIONAL["services"][0], "kind": "verify"}]},
        {"key": "raw", "callers": [{**callers[0], "appkey": "x" * 20}]},
        {"unknown": 1},
    ]
    for change in wrong:
        path.write_text(json.dumps({"national": {**NATIONAL, **change}}))
        with pytest.raises(CallersFileError) as caught:
            load(path)
        assert APPKEY not in caught.value.explain()
    path.write_text("{")
    with pytest.raises(CallersFileError):
        load(path)
    path.unlink()
    path.mkdir(mode=0o700)
    with pytest.raises(CallersFileError):
        load(path)
