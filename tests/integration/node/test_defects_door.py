"""Failing rows looked at in the browser at the node: by ticket, masked by grade, each opening on record."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from jutong.contracts import quality as contract
from jutong.contracts.quality import CheckedField, CheckOrder, QualityTicketOrder, TableAddress
from tests.integration.node.conftest import Running
from tests.integration.node.test_tickets import encoded

URL = "http://127.0.0.1:8301/gw/v1/defects"
KEEPER = "11330100MB0000001A"
TABLE = TableAddress(zone="standardised", code=KEEPER, name="people")
EVIL = "<script>alert(1)</script>"
ROWS = 45


@pytest.fixture
def people(started: Running) -> Path:
    path: Path = started.world.home / "library" / TABLE.zone / TABLE.code / TABLE.name
    table = pa.table(
        {
            "_key": [f"k{n:03}" for n in range(ROWS + 1)],
            "id_number": [f"62010219900101{n:04}" for n in range(ROWS + 1)],
            "sex": [*(["男"] * (ROWS - 1)), EVIL, "1"],
            "phone": pa.array([None] * (ROWS + 1), pa.string()),
        }
    )
    write_deltalake(str(path), table)
    return path


def ticket(started: Running, **changes: Any) -> str:
    fields = tuple(
        CheckedField(name=name, title=title, type="text", grade=grade)
        for name, title, grade in (
            ("id_number", "公民身份号码", "general-3"),
            ("sex", "性别", "general-1"),
            ("phone", "联系电话", "general-4"),
        )
    )
    rule = contract.Codes(id="sex.codes", field="sex", table="gbt2261.1-sex")
    check = CheckOrder(table=TABLE, version=0, fields=fields, rules=(rule,), floor=10)
    values: dict[str, Any] = {
        "title": "人口", "said": "性别在代码表内", "check": check, "shown": "general-2", "revealed": "general-3",
        "official": "xu", "post": "steward", "organisation_code": KEEPER,
        "valid_until_ms": int(time.time() * 1000) + 300_000, "nonce": f"nonce-{time.monotonic_ns()}",
    }  # fmt: skip
    return encoded(started.world.center.seal("quality-ticket", QualityTicketOrder(**{**values, **changes})))


@pytest.fixture
def heard(started: Running, monkeypatch: pytest.MonkeyPatch) -> list[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = []
    note = started.node.served.note

    def listen(index: int, record: Mapping[str, Any]) -> None:
        found.append(record)
        note(index, record)

    monkeypatch.setattr(started.node.served, "note", listen)
    return found


async def test_rows_are_seen_masked_and_more_of_them_for_a_reason(
    started: Running, people: Path, heard: list[Mapping[str, Any]]
) -> None:
    async def post(**data: str) -> tuple[int, str]:
        response = await started.http.post(URL, data=data)
        return response.status_code, response.text

    sealed = ticket(started)
    status, page = await post(ticket=sealed)
    assert status == 200, page
    token = re.search(r'name="visit" value="([^"]+)"', page)
    assert token is not None
    visit = token[1]
    assert page.count("<tr>") == 21
    assert "性别在代码表内" in page
    assert "男" in page
    assert "6201021990010" not in page
    assert "k000" not in page, "a register's key may be a person's number"
    _, page = await post(visit=visit, do="list", skip="40")
    assert page.count("<tr>") == 6
    assert EVIL not in page
    assert "&lt;script&gt;" in page
    status, _ = await post(visit=visit, do="reveal", why=" ")
    assert status == 422
    _, page = await post(visit=visit, do="reveal", why="改正要看原值")
    assert "620102199001010003" in page
    assert "查看脱敏的字段" not in page
    status, _ = await post(visit=visit, do="delete")
    assert status == 422
    status, _ = await post(ticket=sealed)
    assert status in {401, 409}, "a ticket is good once"
    kinds = [(record["kind"], record["rows"]) for record in heard]
    assert kinds == [("defects", 0), ("defect-rows", 20), ("defect-rows", 5), ("revealed", 0), ("defect-rows", 20)]
    assert {record["official"] for record in heard} == {"xu"}


async def test_a_version_that_is_gone_is_named(started: Running) -> None:
    response = await started.http.post(URL, data={"ticket": ticket(started)})
    assert response.status_code == 404
    assert "library.table.unknown" in response.text
