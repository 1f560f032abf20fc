"""What node tests share: an instance folder, a caller's key, a grant on a small register of invented people."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from jutong.client.signing import CallSigner
from jutong.contracts.orders import CallerKey, Condition, GrantedField, GrantOrder
from jutong.kernel.keys import Ed25519Signer, Ed25519Verifier, generate_signer, load_or_create_signer
from jutong.kernel.settings import Settings
from jutong.node.service import NODE_NAME
from tests.standin_center import StandInCenter

PURPOSE = "义务教育入学资格审核"
ID_ZHANG = "330102201501011234"
ID_OUYANG = "330102201502022345"
ID_TWINS = "330102201503033456"
ID_OTHER_DISTRICT = "330103201504044567"
DAY_MS = 86_400_000
ROWS = [
    (ID_ZHANG, "张小明", "13800001111", "金河市东湖区学府路1号", "2015-01-01", "3301", None),
    (ID_OUYANG, "欧阳小红", None, "金河市东湖区学府路2号", "2015-02-02", "3301", 12),
    (ID_TWINS, "李一", "13800003333", "金河市西山县大街3号", "2015-03-03", "3301", 1),
    (ID_TWINS, "李二", "13800004444", "金河市西山县大街4号", "2015-03-03", "3301", 2),
    (ID_OTHER_DISTRICT, "王外区", "13800005555", "金河市南岸区5号", "2015-04-04", "3309", 3),
]
COLUMNS = "sfzh, xm, lxdh, zz, csrq, xzqh, fs"
DDL = (
    "CREATE TABLE {table} (sfzh VARCHAR(18) NOT NULL, xm VARCHAR(60) NOT NULL, lxdh VARCHAR(20), zz VARCHAR(200),"
    " csrq DATE, xzqh VARCHAR(6) NOT NULL, fs INTEGER)"
)
FIELDS = (
    GrantedField(item="姓名", column="xm", mode="masked", mask="name"),
    GrantedField(item="联系电话", column="lxdh", mode="masked", mask="phone"),
    GrantedField(item="住址", column="zz", mode="plain"),
    GrantedField(item="出生日期", column="csrq", mode="plain"),
    GrantedField(item="核验姓名", column="xm", mode="verify"),
    GrantedField(item="核验分数", column="fs", mode="verify"),
)


def sqlite_register(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute(DDL.format(table="person"))
        db.execute("CREATE INDEX person_sfzh ON person (sfzh)")
        db.executemany("INSERT INTO person VALUES (?, ?, ?, ?, ?, ?, ?)", ROWS)
        db.commit()


def caller_key(signer: Ed25519Signer, system: str = "edu-admission") -> CallerKey:
    return CallerKey(system_id=system, system_name="入学服务系统", key_id=signer.key_id, public_key=signer.public_b64)


def grant_order(signer: Ed25519Signer, **changes: Any) -> GrantOrder:
    now = int(time.time() * 1000)
    values: dict[str, Any] = {
        "grant_id": "0190a000-0000-7000-8000-000000000001",
        "grant_number": "GR-2026-0001",
        "application_number": "AP-2026-0001",
        "entry_code": "3301/0001",
        "entry_name": "户籍人口信息",
        "provider_code": "11330100MB0000001A",
        "provider_name": "金河市公安局",
        "requester_code": "11330100MB0000002B",
        "requester_name": "金河市教育局",
        "callers": (caller_key(signer),),
        "source": "police",
        "schema_name": "main",
        "table": "person",
        "lookup": (GrantedField(item="公民身份号码", column="sfzh", mode="plain"),),
        "fields": FIELDS,
        "conditions": (Condition(column="xzqh", operator="prefix", values=("3301",)),),
        "ways": ("query", "verify"),
        "purpose": PURPOSE,
        "case_required": True,
        "daily_quota": 1000,
        "max_rows": 5,
        "valid_from_ms": now - DAY_MS,
        "valid_until_ms": now + DAY_MS,
    }
    return GrantOrder(**{**values, **changes})


@dataclass
class World:
    """One node's folder and the center it belongs to."""

    home: Path
    center: StandInCenter
    caller: Ed25519Signer
    node_key: Ed25519Verifier
    port: int = 8300
    sources: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    def make(cls, home: Path, port: int = 8300) -> World:
        signer = load_or_create_signer(home / "keys" / "node.key", NODE_NAME)
        node_key = Ed25519Verifier.from_b64(signer.key_id, signer.public_b64)
        center = StandInCenter(NODE_NAME, node_key)
        center.write_key(home)
        world = cls(home, center, generate_signer("edu"), node_key, port)
        register = home / "police.sqlite"
        sqlite_register(register)
        world.add_source(
            {"name": "police", "dialect": "sqlite", "organisation_code": "11330100MB0000001A", "path": str(register)}
        )
        return world

    @property
    def settings(self) -> Settings:
        return Settings(home=self.home, port=self.port, role="node", center_url=self.center.base)

    def add_source(self, row: dict[str, Any]) -> None:
        self.sources = [one for one in self.sources if one["name"] != row["name"]] + [row]
        path = self.home / "node" / "sources.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(self.sources))
        path.chmod(0o600)

    def grant(self, **changes: Any) -> GrantOrder:
        order = grant_order(self.caller, **changes)
        self.center.order("grant", order)
        return order

    def request(
        self, path: str, body: Any, *, signer: Ed25519Signer | None = None, language: str = "zh-hans"
    ) -> httpx.Request:
        content = b"" if body is None else json.dumps(body, ensure_ascii=False).encode()
        method = "GET" if body is None else "POST"
        headers = {"Accept-Language": language}
        request = httpx.Request(method, self.settings.gateway_base + path, content=content, headers=headers)
        used = signer or self.caller
        CallSigner(used.key_id, used).sign(request)
        return request


def query_body(**changes: Any) -> dict[str, Any]:
    body = {
        "grant": "GR-2026-0001", "purpose": PURPOSE, "case": "RX-2026-001", "official": "王老师",
        "key": {"公民身份号码": ID_ZHANG},
    }  # fmt: skip
    return {**body, **changes}


def verify_body(**changes: Any) -> dict[str, Any]:
    return query_body(**{"claims": {"核验姓名": "欧阳小红"}, "key": {"公民身份号码": ID_OUYANG}, **changes})


async def until(condition: Callable[[], Any], seconds: float = 20.0) -> Any:
    """Wait for something to become true; the deadline only bounds a failure."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > deadline:
            raise AssertionError("it did not happen in time")
        await asyncio.sleep(0.02)
    return found
