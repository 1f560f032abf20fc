from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from jutong.center.catalog.models import Binding, Item
from jutong.center.fleet.models import Source
from jutong.center.library import definitions, steps
from jutong.center.library.models import FeedRow, Library, LibraryTable, Work
from jutong.center.quality.models import CheckedTable
from jutong.contracts.engines import TryEngineOrder
from tests.sharing_world import NOW, World
from tests.unit.center.library.test_chain import LIBRARY
from tests.unit.web.conftest import signed_in

PAGE = "/library/tables/RK/person"


def text(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200, address
    return response.content.decode()


@pytest.fixture
def published(world: World) -> World:
    Item.objects.filter(version__entry=world.entry, name="公民身份号码").update(element="DE-1")
    world.bind()
    key = {"name": "id_number", "type": "text", "nullable": False, "key": True}
    Source.objects.update(tables=[{"schema_name": "public", "name": "marriage", "columns": [key]}])
    definitions.publish(definition=LIBRARY, by=world.authority, now=NOW)
    return world


def test_the_authority_publishes_what_ships(world: World) -> None:
    client = signed_in("authority")
    assert "还没有发布资源库" in text(client, "/library")
    assert "人口" in text(client, "/library/publish")
    assert client.post("/library/publish", {"code": "RK"}).status_code == 302
    assert Library.objects.get().code == "RK"
    assert "已发布第1版" in text(client, "/library/publish")
    assert client.post("/library/publish", {"code": "NONE"}).status_code in {404, 422}
    assert signed_in("steward").get("/library/publish").status_code == 403
    shown = text(signed_in("requester"), "/library")
    assert "/library/tables/RK/person" in shown
    assert "发布资源库" not in shown


def test_a_steward_finds_confirms_and_stops_what_fills_a_library(published: World) -> None:
    client = signed_in("steward")
    assert client.post("/library/feeds/propose").status_code == 302
    feed = FeedRow.objects.get()
    assert "本部门有1个来源可以入库" in text(client, "/library")
    assert "待确认" in text(client, "/library/feeds")
    page = f"/library/feeds/{feed.id}"
    assert "确认入库" in text(client, page)
    assert "确认入库" not in text(signed_in("authority"), page)
    form = {"role": "civil", "key": "id_number", "changed": "", "column-id_number": "id_number", "column-name": "name"}
    refused = client.post(page, form | {"key": "nothing"})
    assert (refused.status_code, "没有选行主键" in refused.content.decode()) == (422, True)
    assert client.post(page, form).status_code == 302
    feed.refresh_from_db()
    assert (feed.state, feed.columns) == ("on", [["id_number", "id_number"], ["name", "name"]])
    assert "市民政局" in text(client, PAGE)
    assert client.post(f"{page}/stop").status_code == 302
    assert client.post(f"{page}/stop").status_code == 409
    assert signed_in("stranger").post(page, form).status_code == 404


def test_a_work_is_ordered_watched_and_cancelled(published: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def make(table: LibraryTable, feed: Any) -> TryEngineOrder | None:
        return TryEngineOrder() if table.name == "person" else None

    monkeypatch.setattr(steps, "_makers", {"fuse": make})
    client = signed_in("authority")
    assert client.post("/library/tables/RK/household/order", {"kind": "fuse"}).status_code == 409
    assert "现在融合" in text(client, PAGE)
    assert "现在融合" not in text(signed_in("stranger"), PAGE)
    assert signed_in("stranger").post(f"{PAGE}/order", {"kind": "fuse"}).status_code == 403
    assert client.post(f"{PAGE}/order", {"kind": "fuse"}).status_code == 302
    work = Work.objects.get()
    page = f"/library/works/{work.id}"
    assert 'hx-trigger="every 3s"' in text(client, page)
    Work.objects.update(state="running", phase="linking", done=1, total=4, heard_at=NOW)
    part = client.get(f"{page}/progress", headers={"HX-Request": "true"}).content.decode()
    assert "25%" in part
    assert "找出同一主体" in part
    seen = part.split("seen=")[1].split('"')[0]
    assert client.get(f"{page}/progress?seen={seen}", headers={"HX-Request": "true"}).status_code == 204
    assert "进行中" in text(signed_in("stranger"), "/library/works?state=running&kind=fuse")
    assert "没有这样的作业" in text(client, "/library/works?state=failed")
    assert signed_in("stranger").post(f"{page}/cancel").status_code == 403
    assert client.post(f"{page}/cancel").status_code == 302
    Work.objects.update(state="done", result={"entities": 1234})
    assert "1,234" in text(client, page)
    assert client.post(f"{page}/cancel").status_code == 409
    assert client.get("/library/works/0190a000-0000-7000-8000-00000000000b").status_code == 404
    assert client.get("/library/tables/RK/none").status_code == 404


def test_a_table_tells_who_stands_on_its_copy_and_how_good_it_is(published: World) -> None:
    Source.objects.update(writes=["library"])
    Binding.objects.update(schema_name="library", table="rk_person")
    table = LibraryTable.objects.get(name="person")
    CheckedTable.objects.create(table=table, organisation=published.civil, title="人口基本信息", score=9123)
    LibraryTable.objects.filter(id=table.id).update(rows=1234567, fresh_at=NOW, filled_permille=875)
    shown = text(signed_in("requester"), PAGE)
    assert "婚姻登记信息" in shown
    assert "0个有效授权" in shown
    assert "质量报告 91.2" in shown
    overview = text(signed_in("requester"), "/library")
    assert "1,234,567" in overview
    assert "87.5%" in overview
    assert ">91.2</a>" in overview
    assert "质量报告" not in text(signed_in("system-admin"), PAGE)


def test_the_operator_has_an_engine_tried(published: World) -> None:
    client = signed_in("system-admin")
    assert "还没有试算过" in text(client, "/library/engine")
    assert client.post("/library/engine", {"address": "http://spark"}).status_code == 422
    assert client.post("/library/engine", {"address": "sc://spark:15002"}).status_code == 302
    assert Work.objects.get().body == {"address": "sc://spark:15002"}
    Work.objects.update(state="done", result={"engine": "spark", "digest": "abc", "took_ms": 12, "rows": 100})
    assert "spark" in text(client, "/library/engine")
    assert signed_in("authority").get("/library/engine").status_code == 403
    assert client.post(f"/library/works/{Work.objects.get().id}/cancel").status_code == 403
