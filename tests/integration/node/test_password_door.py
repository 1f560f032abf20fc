"""The password of a connected database, changed at the node: tried first, kept whole, seen by nobody."""

from __future__ import annotations

import json
import re
import time
from typing import Any
from urllib.parse import quote

import psycopg
import psycopg.sql
import pytest

from jutong.contracts.orders import PasswordTicketOrder
from jutong.node import sources
from jutong.node.sources import from_row
from jutong.runtime.postgres import Postgres
from tests.integration.node.conftest import Running
from tests.integration.node.test_connect_door import PASSWORD, postgres  # noqa: F401 - a fixture
from tests.integration.node.test_tickets import encoded

URL = "http://127.0.0.1:8301/gw/v1/password"
OWNER = "11330100MB0000009Z"
FRESH = "fresh p@ss:word/?#"


async def opened(started: Running, source: str, owner: str = OWNER) -> tuple[int, str]:
    order = PasswordTicketOrder(
        source=source, organisation_code=owner, official="zhang", post="steward",
        valid_until_ms=int(time.time() * 1000) + 300_000, nonce=f"n{time.monotonic_ns()}",
    )  # fmt: skip
    ticket = encoded(started.world.center.seal("password-ticket", order))
    response = await started.http.post(URL, data={"ticket": ticket, "language": "zh-hans"})
    return response.status_code, response.text


async def test_a_password_is_tried_before_it_is_kept(
    started: Running,
    registry_server: Postgres,
    postgres: dict[str, Any],  # noqa: F811
) -> None:
    place = f"{postgres['host']}:{postgres['port']}/{postgres['database']}"
    row = {
        "name": "civil", "dialect": "postgresql", "organisation_code": OWNER, "schemas": ["civil"],
        "dsn": f"postgresql://{postgres['user']}:{quote(PASSWORD, safe='')}@{place}", "writes": ["inbox"],
    }  # fmt: skip
    started.world.add_source(row)
    path = started.world.home / sources.FILE
    started.node.gateway.serving.sources.configs["civil"] = sources.load(path)["civil"]
    for name, owner in (("police", "11330100MB0000001A"), ("nothing", OWNER), ("civil", "11330100MB0000001A")):
        assert (await opened(started, name, owner))[0] >= 400, name
    status, text = await opened(started, "civil")
    assert status == 200, text
    assert "账号connect_owner" in text
    token = re.findall(r'name="visit" value="([^"]+)"', text)[0]

    async def change(password: str) -> str:
        data = {"visit": token, "do": "change", "password": password}
        return (await started.http.post(URL, data=data)).text

    before = path.read_bytes()
    assert "不接受这个用户名或口令" in await change(FRESH)
    assert "看不见的字符" in await change("a\nb")
    assert path.read_bytes() == before
    admin = registry_server.ensure_database("connected", "connect_owner", PASSWORD)
    with psycopg.connect(admin, autocommit=True) as db:
        db.execute(psycopg.sql.SQL("ALTER ROLE connect_owner PASSWORD {}").format(FRESH))
        try:
            size = started.node.log.size
            done = await change(FRESH)
            assert "口令已换" in done, done
            assert FRESH not in done
            assert started.node.log.size == size + 1
            kept = json.loads(path.read_bytes())
            (civil,) = [one for one in kept if one["name"] == "civil"]
            assert {**civil, "dsn": ""} == {**row, "dsn": ""}
            assert path.stat().st_mode & 0o777 == 0o600
            config = started.node.gateway.serving.sources.configs["civil"]
            assert sources.check(config) == ""
            assert [one["name"] for one in kept] == [one["name"] for one in json.loads(before)]
            assert (await started.http.post(URL, data={"visit": token, "do": "change"})).status_code == 403
        finally:
            db.execute(psycopg.sql.SQL("ALTER ROLE connect_owner PASSWORD {}").format(PASSWORD))


@pytest.mark.parametrize("dsn", ["mysql://reader@db:3306/house", "mysql://reader:old@[::1]:3306/house?x=1"])
def test_only_the_password_of_an_address_changes(dsn: str) -> None:
    from jutong.node.connecting.keeping import _with_password

    changed = _with_password(dsn, FRESH)
    row = {"name": "a", "dialect": "mysql", "organisation_code": "1", "dsn": changed}
    fields = ("schemas", "hosts", "writes")
    full = {**sources.as_row(sources.SourceConfig("a", "mysql", "1")), **row, **dict.fromkeys(fields, ())}
    found = from_row(full).mysql_options()
    assert (found["password"], found["user"], found["port"], found["database"]) == (FRESH, "reader", 3306, "house")
    assert changed.endswith(dsn.rpartition("@")[2])
