"""A database connected in four steps at the node, against real servers; what goes wrong is said in plain words."""

from __future__ import annotations

import contextlib
import json
import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import httpx
import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from jutong.contracts.orders import ConnectTicketOrder
from jutong.node import sources
from jutong.node.connecting import hosts, trial
from jutong.node.connectors import introspect
from jutong.node.live.errors import LookupsElsewhereError
from jutong.node.universal.addresses import registered
from jutong.runtime.postgres import Postgres
from tests.integration.node.conftest import Running
from tests.integration.node.test_tickets import encoded
from tests.node_world import until
from tests.plugins.mariadb import MariaDB
from tests.plugins.missing import component_missing

URL = "http://127.0.0.1:8301/gw/v1/connect"
PASSWORD = "connect p@ss/word"
OWNER = "11330100MB0000009Z"


class Visitor:
    """A browser that connects a database."""

    def __init__(self, started: Running, name: str = "civil") -> None:
        self.started, self.name, self.token, self.status = started, name, "", 0
        self.seen = ""

    async def open(self) -> str:
        order = ConnectTicketOrder(
            source=self.name, organisation_code=OWNER, organisation_name="民政局", official="zhang", post="steward",
            valid_until_ms=int(time.time() * 1000) + 300_000, nonce=f"n{time.monotonic_ns()}",
        )  # fmt: skip
        ticket = encoded(self.started.world.center.seal("connect-ticket", order))
        text = await self._post({"ticket": ticket, "language": "zh-hans"})
        found = re.search(r'name="visit" value="([^"]+)"', text)
        self.token = found[1] if found else ""
        return text

    async def _post(self, data: dict[str, str]) -> str:
        response: httpx.Response = await self.started.http.post(URL, data=data)
        self.status = response.status_code
        self.seen += response.text
        return response.text

    async def do(self, step: str, **fields: str) -> str:
        return await self._post({"visit": self.token, "do": step, **fields})

    async def attempt(self, kind: str, **fields: Any) -> str:
        return await self.do("try", kind=kind, **{name: str(value) for name, value in fields.items()})


class Doorway:
    """A port of this machine that leads to a server's socket file: the test's server listens on no port."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._server.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._server.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._server.accept()
            except OSError:
                return
            far = socket.socket(socket.AF_UNIX)
            far.connect(self._path)
            for ends in ((near, far), (far, near)):
                threading.Thread(target=_carry, args=ends, daemon=True).start()


def _carry(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65_536):
            target.sendall(data)
    for end in (source, target):
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
        end.close()


@pytest.fixture
def postgres(registry_server: Postgres, started: Running) -> Iterator[dict[str, Any]]:
    """A database with its owner's account, and its door on the list."""
    owner = registry_server.ensure_database("connected", "connect_owner", PASSWORD)
    with psycopg.connect(owner, autocommit=True) as db:
        for statement in (
            "DROP SCHEMA IF EXISTS civil CASCADE", "DROP SCHEMA IF EXISTS inbox CASCADE", "CREATE SCHEMA civil",
            "CREATE SCHEMA inbox", "CREATE TABLE civil.marriage (id bigint PRIMARY KEY, name text)",
            "INSERT INTO civil.marriage VALUES (1, '甲')",
        ):  # fmt: skip
            db.execute(statement)
    place = conninfo_to_dict(owner)
    doorway = Doorway(f"{place['host']}/.s.PGSQL.{place['port']}")
    allow(started, f"127.0.0.1:{doorway.port}")
    yield {
        "host": "127.0.0.1", "port": doorway.port, "database": "connected", "user": "connect_owner",
        "password": PASSWORD,
    }  # fmt: skip
    doorway.close()


def allow(started: Running, *doors: str) -> None:
    path = started.world.home / hosts.FILE
    hosts.save(path, [*hosts.load(path), *doors])


async def test_a_database_is_connected_in_four_steps(
    started: Running, postgres: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    visitor = Visitor(started)
    assert "选种类" in await visitor.open()
    assert 'value="5432"' in await visitor.do("address", kind="postgresql")
    text = await visitor.attempt("postgresql", **postgres)
    assert "连上了" in text, text
    assert "这个账号能改数据" in text
    text = await visitor.do("choose")
    names = dict(re.findall(r'name="(s\.\d+)" value="([^"]+)"', text))
    writes = dict(re.findall(r'name="(w\.\d+)" value="([^"]+)"', text))
    assert {"civil", "inbox"} <= set(names.values()) == set(writes.values())
    seen = next(field for field, name in names.items() if name == "civil")
    written = next(field for field, name in writes.items() if name == "inbox")
    assert "至少要勾选" in await visitor.do("keep", **{seen: "public"})
    before = started.node.log.size
    assert "已连接" in await visitor.do("keep", **{seen: "civil", written: "inbox", "zone": "Asia/Shanghai"})
    assert PASSWORD not in visitor.seen
    assert started.node.log.size == before + 1
    config = sources.load(started.world.home / sources.FILE)["civil"]
    assert (config.schemas, config.writes, config.zone) == (("civil", "inbox"), ("inbox",), "Asia/Shanghai")
    assert config.organisation_code == OWNER
    assert sources.check(config) == ""
    await until(lambda: any(_reported(started, "civil")))
    assert visitor.token
    await visitor.do("kinds")
    assert visitor.status == 403
    assert "本节点已有名为" in await Visitor(started).open()
    await started.node.agent.index_once()
    assert "agent step" not in caplog.text


async def test_a_database_of_the_universal_lane_is_connected_too(started: Running, postgres: dict[str, Any]) -> None:
    """As 金仓, whose catalog and SQL PostgreSQL shares; the driver is loaded in a process of its own."""
    if "PostgreSQL Unicode" not in registered():
        component_missing("ODBC")
    visitor = Visitor(started, "kingbase-civil")
    text = await visitor.open()
    assert all(f'value="{kind}"' in text for kind in ("oracle", "mssql", "dameng", "kingbase"))
    text = await visitor.do("address", kind="oracle")
    assert 'value="1521"' in text
    assert "填服务名" in text
    text = await visitor.attempt("kingbase", **postgres)
    assert "连上了" in text, text
    assert "空文本就是空值" in text  # what is peculiar to the product
    text = await visitor.do("choose")
    assert "账号无权" in text
    seen = next(field for field, name in re.findall(r'name="(s\.\d+)" value="([^"]+)"', text) if name == "civil")
    assert "已连接" in await visitor.do("keep", **{seen: "civil", "zone": "Asia/Shanghai"})
    assert PASSWORD not in visitor.seen
    config = sources.load(started.world.home / sources.FILE)["kingbase-civil"]
    assert (config.dialect, config.schemas, config.writes) == ("kingbase", ("civil",), ())
    assert [(table.schema_name, table.name) for table in introspect.inventory(config)] == [("civil", "marriage")]
    with pytest.raises(LookupsElsewhereError):
        started.node.gateway.serving.sources.get("kingbase-civil")


def _reported(started: Running, name: str) -> Iterator[bool]:
    for envelope in started.world.center.receipts:
        if envelope.kind == "health":
            yield any(one["name"] == name and one["ok"] for one in envelope.body["sources"])
        assert PASSWORD not in json.dumps(envelope.body)


async def test_what_goes_wrong_is_said_in_plain_words(started: Running, postgres: dict[str, Any]) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as stranger, closing(socket.socket()) as nobody:
        nobody.bind(("127.0.0.1", 0))  # a port at which nobody listens
        stranger_port, closed_port = stranger.getsockname()[1], nobody.getsockname()[1]
        allow(started, f"127.0.0.1:{stranger_port}", f"127.0.0.1:{closed_port}")
        threading.Thread(target=_greet, args=(stranger,), daemon=True).start()
        visitor = Visitor(started)
        await visitor.open()
        for changes, said in (
            ({"port": closed_port}, "没有程序在听"),
            ({"port": stranger_port}, "应答的不是PostgreSQL"),
            ({"password": "wrong"}, "不接受这个用户名或口令"),
            ({"user": "nobody_here"}, "不接受这个用户名或口令"),
            ({"database": "elsewhere"}, "没有名为“elsewhere”的数据库"),
            ({"port": 1}, "没有放行 127.0.0.1:1"),
            ({"host": "169.254.169.254"}, "没有放行"),
            ({"host": "no-such-host.invalid"}, "查不到主机名"),
            ({"port": 0}, "1到65535"),
            ({"port": "5432 "}, "没有放行"),
            ({"host": ""}, "没有填"),
            ({"user": "a\nb"}, "看不见的字符"),
        ):
            text = await visitor.attempt("postgresql", **{**postgres, **changes})
            assert said in text, (changes, text)
            assert "choose" not in text
        assert "没有这种数据库" in await visitor.attempt("db2", **postgres)
        for _ in range(10):
            text = await visitor.attempt("postgresql", **{**postgres, "port": closed_port})
        assert "次数太多" in text
    assert PASSWORD not in visitor.seen


def _greet(server: socket.socket) -> None:
    """Answer every connection with something that is no database."""
    while True:
        try:
            connection, _ = server.accept()
        except OSError:
            return
        with connection:
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")


@pytest.mark.mariadb
async def test_a_mariadb_is_connected_too(started: Running, mariadb: MariaDB) -> None:
    mariadb.create_database("connected")
    with mariadb.connect("connected") as connection, connection.cursor() as cursor:
        for statement in (
            "CREATE TABLE flat (id INT PRIMARY KEY)", "DROP USER IF EXISTS reader@'127.0.0.1'",
            "CREATE USER reader@'127.0.0.1' IDENTIFIED BY 'reader p@ss'",
            "GRANT SELECT ON connected.* TO reader@'127.0.0.1'",
        ):  # fmt: skip
            cursor.execute(statement)
    allow(started, "127.0.0.0/8:*")
    visitor = Visitor(started, "housing")
    await visitor.open()
    good = {"host": "127.0.0.1", "port": mariadb.port, "database": "connected", "user": "reader"}
    assert "不接受这个用户名或口令" in await visitor.attempt("mysql", **good, password="wrong")
    assert "没有名为“mysql”的数据库" in await visitor.attempt(
        "mysql", **{**good, "database": "mysql"}, password="reader p@ss"
    )
    assert "应答的不是PostgreSQL" in await visitor.attempt("postgresql", **good, password="reader p@ss")
    text = await visitor.attempt("mysql", **good, password="reader p@ss")
    assert "连上了" in text, text
    assert "能改数据" not in text
    assert "账号无权" in await visitor.do("choose")
    assert "已连接" in await visitor.do("keep", **{"s.0": "connected"})
    config = sources.load(started.world.home / sources.FILE)["housing"]
    assert sources.check(config) == ""
    assert (config.mysql_options()["password"], config.writes) == ("reader p@ss", ())
    door = trial.Door("mysql", "x", mariadb.port, "127.0.0.1", "connected", "reader", "reader p@ss")
    assert trial.trial(door).schemas == (trial.Schema("connected", 1, may_create=False),)
    with mariadb.connect() as connection, connection.cursor() as cursor:
        cursor.execute("GRANT INSERT, UPDATE, DELETE ON connected.* TO reader@'127.0.0.1'")
    assert trial.trial(door).schemas == (trial.Schema("connected", 1, may_create=True),)
    again = Visitor(started, "hub")
    await again.open()
    await again.attempt("mysql", **good, password="reader p@ss")
    assert "已连接" in await again.do("keep", **{"w.0": "connected"})
    assert sources.load(started.world.home / sources.FILE)["hub"].writes == ("connected",)
