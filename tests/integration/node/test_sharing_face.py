"""Tables of the library read with the stock Delta Sharing client, over a socket."""

from __future__ import annotations

import asyncio
import base64
import json
import re
import time
import warnings
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

from jutong.contracts.orders import Condition, GrantedField, GrantStateOrder
from jutong.contracts.shares import ShareTicketOrder
from jutong.node.service import running
from jutong.node.shares.door import SharingDoor
from tests.asgi_bridge import bridged, listening
from tests.integration.node.conftest import Running
from tests.integration.node.test_tickets import encoded
from tests.node_world import World, until

OWNER = "11330100MB0000001A"
COLUMNS = ("sfzh", "xm", "lxdh", "xzqh", "fs")
FIRST = [
    ("330102198001011234", "张小明", "13800001111", "330102", 1),
    ("330102198001022345", "欧阳小红", "13900002222", "330102", None),
    ("330102198001033456", "李一", None, "330102", 3),
    ("330903198001044567", "王外区", "13700004444", "330903", 4),
]
SECOND = [
    FIRST[0],
    ("330102198001022345", "欧阳小红", "13900002222", "330102", 22),
    ("330903198001033456", "李一", None, "330903", 3),
    FIRST[3],
    ("330102198001055678", "赵新", "13600005555", "330102", 5),
]
TERMS: dict[str, Any] = {
    "source": "lake", "schema_name": "landed", "table": "person", "ways": ("file",), "order_columns": ("sfzh",),
    "conditions": (Condition(column="xzqh", operator="prefix", values=("3301",)),),
    "fields": (
        GrantedField(item="公民身份号码", column="sfzh", mode="plain"),
        GrantedField(item="姓名", column="xm", mode="masked", mask="name"),
        GrantedField(item="联系电话", column="lxdh", mode="masked", mask="pseudonym"),
        GrantedField(item="分数", column="fs", mode="plain"),
        GrantedField(item="核验分数", column="fs", mode="verify"),
    ),
}  # fmt: skip
TABLE = "GR-2026-0001.landed.person"


def put(home: Path, rows: list[tuple[Any, ...]]) -> None:
    columns = zip(*rows, strict=True)
    kinds = [pa.string()] * 4 + [pa.int64()]
    arrays = {name: pa.array(values, kind) for name, values, kind in zip(COLUMNS, columns, kinds, strict=True)}
    write_deltalake(home / "library" / "landed" / OWNER / "person", pa.table(arrays), mode="overwrite")


@dataclass
class Face:
    run: Running
    folder: Path

    @property
    def door(self) -> SharingDoor:
        found = self.run.node.gateway.below["/delta-sharing/"].__self__  # type: ignore[attr-defined]
        assert isinstance(found, SharingDoor)
        return found

    async def visit(self) -> tuple[str, str]:
        """Open the page of profiles; return it and the visit's token."""
        order = ShareTicketOrder(
            system_id="edu-admission", system_name="入学服务系统", grant_number="GR-2026-0001",
            organisation_code="11330100MB0000002B", official="wang", post="requester",
            valid_until_ms=int(time.time() * 1000) + 300_000, nonce=f"n{time.monotonic_ns()}",
        )  # fmt: skip
        page = await self.send(ticket=encoded(self.run.world.center.seal("share-ticket", order)))
        return page, re.findall(r'name="visit" value="([^"]+)"', page)[0]

    async def send(self, **data: str) -> str:
        base = self.run.world.settings.gateway_base
        return (await self.run.http.post(f"{base}/gw/v1/shares", data=data)).text

    async def profile(self) -> Path:
        _, token = await self.visit()
        page = await self.send(visit=token, do="make", days="7", case="TJ-2026-1")
        link = re.findall(r'href="data:application/json;base64,([^"]+)"', page)[0]
        path = self.folder / "profile.share"
        path.write_bytes(base64.b64decode(link))
        return path

    async def ask(self, work: Callable[..., Any], *values: Any, **named: Any) -> Any:
        """Use the stock client in a thread of its own."""

        def quiet() -> Any:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return work(*values, **named)

        return await asyncio.to_thread(quiet)


@pytest.fixture
async def face(tmp_path: Path) -> AsyncIterator[Face]:
    server = listening()
    world = World.make(tmp_path / "home", port=server.server_address[1] - 1)
    put(world.home, FIRST)
    world.add_source(
        {"name": "lake", "dialect": "library", "organisation_code": OWNER, "path": str(world.home / "library")}
    )
    world.grant(**TERMS)
    try:
        async with running(world.settings) as node:
            with bridged(node.gateway, asyncio.get_running_loop(), server):
                async with httpx.AsyncClient(transport=httpx.ASGITransport(app=node.gateway)) as http:
                    run = Running(world, node, http)
                    await run.ready()
                    yield Face(run, tmp_path)
    finally:
        server.server_close()
        world.center.close()


def ids(frame: Any) -> list[str]:
    return sorted(frame["公民身份号码"])


async def test_the_stock_client_reads_what_the_grant_shows(face: Face) -> None:
    import delta_sharing  # type: ignore[import-untyped]
    from requests.exceptions import HTTPError

    path = await face.profile()
    client = delta_sharing.SharingClient(str(path))
    (table,) = await face.ask(client.list_all_tables)
    assert (table.share, table.schema, table.name) == ("GR-2026-0001", "landed", "person")
    url = f"{path}#{TABLE}"
    log = face.run.node.log
    size = log.size
    first = await face.ask(delta_sharing.load_as_pandas, url)
    assert log.size == size + 1
    assert list(first.columns) == ["公民身份号码", "姓名", "联系电话", "分数", "校核标注"]
    assert ids(first) == [row[0] for row in FIRST[:3]]
    by_id = first.set_index("公民身份号码")
    assert by_id.loc[FIRST[1][0], "姓名"] == "欧阳**"
    assert by_id.loc[FIRST[0][0], "联系电话"].startswith("P")
    whole = json.dumps(first.astype(str).to_dict("records"), ensure_ascii=False)
    assert "13800001111" not in whole
    assert "小明" not in whole
    assert len(await face.ask(delta_sharing.load_as_pandas, url, limit=2)) == 2

    put(face.run.world.home, SECOND)
    assert await face.ask(delta_sharing.get_table_version, url) == 1
    second = await face.ask(delta_sharing.load_as_pandas, url)
    assert ids(second) == sorted(row[0] for row in SECOND if row[3].startswith("3301"))
    assert ids(await face.ask(delta_sharing.load_as_pandas, url, version=0)) == ids(first)

    changes = await face.ask(delta_sharing.load_table_changes_as_pandas, url, starting_version=1)
    told = {(row["公民身份号码"], row["_change_type"]) for row in changes.to_dict("records")}
    # 李一 moved out of the district: its row is no longer shown, so to the recipient it is gone.
    assert told == {
        (FIRST[1][0], "update_preimage"), (FIRST[1][0], "update_postimage"), (FIRST[2][0], "delete"),
        (SECOND[4][0], "insert"),
    }  # fmt: skip
    assert set(changes["_commit_version"]) == {1}

    # Once the files of a version are cleared away it is gone, and so is what was made of it.
    lake = DeltaTable(face.run.world.home / "library" / "landed" / OWNER / "person")
    assert lake.vacuum(retention_hours=0, dry_run=False, enforce_retention_duration=False)
    with pytest.raises(HTTPError, match=r"node\.share\.version-gone"):
        await face.ask(delta_sharing.load_as_pandas, url, version=0)
    assert ids(await face.ask(delta_sharing.load_as_pandas, url)) == ids(second)


async def test_what_is_over_or_stopped_is_refused_and_on_record(face: Face) -> None:
    import delta_sharing
    from requests.exceptions import HTTPError

    path = await face.profile()
    url = f"{path}#{TABLE}"
    assert len(await face.ask(delta_sharing.load_as_pandas, url)) == 3
    with pytest.raises(HTTPError, match=r"node\.share\.unknown"):
        await face.ask(delta_sharing.load_as_pandas, f"{path}#GR-2026-0002.landed.person")
    with pytest.raises(HTTPError, match=r"node\.share\.version-unserved"):
        await face.ask(delta_sharing.load_as_pandas, url, version=9)

    page, visit = await face.visit()
    number = re.findall(r'name="profile" value="([^"]+)"', page)[0]
    size = face.run.node.log.size
    assert "已作废" in await face.send(visit=visit, do="end", profile=number)
    assert face.run.node.log.size == size + 1
    with pytest.raises(HTTPError, match=r"node\.share\.profile-refused"):
        await face.ask(delta_sharing.load_as_pandas, url)

    past = int(time.time() * 1000) - 8 * 86_400_000
    whose = {"system_id": "edu-admission", "system_name": "", "organisation_code": "", "official": "", "post": ""}
    _, token = face.door._profiles.make(days=7, now_ms=past, case="1", **whose)
    said = json.loads(path.read_text())
    path.write_text(json.dumps({**said, "bearerToken": token, "expirationTime": "2026-01-01T00:00:00Z"}))
    with pytest.raises(HTTPError, match=r"node\.share\.profile-refused"):
        await face.ask(delta_sharing.load_as_pandas, url)

    token = json.loads((await face.profile()).read_text())["bearerToken"]
    grant = face.run.node.gateway.serving.book.by_number["GR-2026-0001"]
    order = GrantStateOrder(grant_id=grant.order.grant_id, state="revoked", reason="收回")
    face.run.world.center.order("grant-state", order)
    book = face.run.node.gateway.serving.book
    await until(lambda: book.by_number["GR-2026-0001"].state == "revoked")
    with pytest.raises(HTTPError, match=r"node\.grant\.revoked"):
        await face.ask(delta_sharing.load_as_pandas, url)
    address = f"{face.run.world.settings.gateway_base}/delta-sharing/shares"
    for number, code in (("GR-2026-0001", "node.grant.revoked"), ("GR-2026-0002", "node.share.unknown")):
        size = face.run.node.log.size
        found = await face.run.http.post(
            f"{address}/{number}/schemas/landed/tables/person/query", headers={"Authorization": f"Bearer {token}"}
        )
        assert (found.json()["errorCode"], face.run.node.log.size) == (code, size + 1)


async def test_the_protocol_itself(face: Face) -> None:
    """Paging, hints, ranges and signed addresses, which the stock client does not show."""
    face.door._views.file_rows = 1
    token = json.loads((await face.profile()).read_text())["bearerToken"]
    base = face.run.world.settings.gateway_base + "/delta-sharing"
    head = {"Authorization": f"Bearer {token}"}
    http = face.run.http
    none = (await http.get(f"{base}/shares", params={"maxResults": 0}, headers=head)).json()
    assert none["items"] == []
    rest = (await http.get(f"{base}/shares", params={"pageToken": none["nextPageToken"]}, headers=head)).json()
    assert [one["name"] for one in rest["items"]] == ["GR-2026-0001"]
    assert "nextPageToken" not in rest
    table = f"{base}/shares/gr-2026-0001/schemas/LANDED/tables/Person"

    async def lines(body: dict[str, Any], capable: str = "") -> list[dict[str, Any]]:
        found = await http.post(
            f"{table}/query",
            json=body,
            headers={**head, **({"delta-sharing-capabilities": capable} if capable else {})},
        )
        assert found.status_code == 200, found.text
        return [json.loads(line) for line in found.text.splitlines()]

    files = [line["file"] for line in (await lines({}))[2:]]
    assert len(files) == 3
    assert len((await lines({"limitHint": 2}))[2:]) == 2
    hint = {
        "op": "equal", "children": [
            {"op": "column", "name": "公民身份号码", "valueType": "string"},
            {"op": "literal", "value": FIRST[1][0], "valueType": "string"},
        ],
    }  # fmt: skip
    (only,) = (await lines({"jsonPredicateHints": json.dumps(hint)}))[2:]
    assert json.loads(only["file"]["stats"])["minValues"]["公民身份号码"] == FIRST[1][0]
    ends = "responseformat=parquet;includeendstreamaction=true"
    paged = await lines({"maxFiles": 2}, ends)
    end = paged[-1]["endStreamAction"]
    assert len(paged) == 5
    more = await lines({"maxFiles": 2, "pageToken": end["nextPageToken"]}, ends)
    assert len(more) == 4
    assert "nextPageToken" not in more[-1]["endStreamAction"]

    url = files[0]["url"]
    whole = (await http.get(url)).content
    part = await http.get(url, headers={"Range": "bytes=-8"})
    assert (part.status_code, part.content) == (206, whole[-8:])
    assert (await http.get(url, headers={"Range": f"bytes={len(whole)}-"})).status_code == 416
    assert (await http.get(url[:-1] + ("A" if url[-1] != "A" else "B"))).status_code == 403
    other = url.replace(files[0]["url"].split("/")[-1].split("?")[0], "part-00001.parquet")
    assert (await http.get(other)).status_code == 403
    assert (await http.get(f"{base}/shares")).status_code == 401
