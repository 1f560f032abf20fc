"""The pages of imports: files in and out, what is wrong, corrections, drafts, and a database's tables."""

from __future__ import annotations

import base64
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from openpyxl import load_workbook

from jutong.center.catalog import actions as catalog
from jutong.center.catalog.models import Entry
from jutong.center.intake import actions
from jutong.center.intake.models import Batch
from jutong.center.intake.workbook import own
from jutong.center.intake.workbook.content import Content
from jutong.kernel.clock import utc_now
from jutong.standards import template_document
from tests.api_client import Caller
from tests.center_world import FIELDS, ITEMS, NOW, PLATFORM, City
from tests.unit.web.conftest import SignIn

EDITION = template_document.core()
LIST = "/manage/imports"
FOREIGN = "目录标题,摘要,更新周期,数据项\n公墓名录,全市公墓,看情况定,名称、地址\n殡仪馆名录,全市殡仪馆,每年,\n".encode(
    "gb18030"
)
DEFAULTS = {
    "classification": "307010", "domain": "民生服务", "data_format": "database", "share_attribute": "unconditional",
    "share_way": "service", "grade": "general-1", "not_secret": "1",
}  # fmt: skip


@pytest.fixture(autouse=True)
def uploads(settings: Any, tmp_path: Path) -> None:
    settings.JUTONG = replace(settings.JUTONG, home=tmp_path)


def book(*names: str, **changes: Any) -> bytes:
    return own.workbook([Content("", replace(FIELDS, name=name, **changes), ITEMS) for name in names], edition=EDITION)


def upload(client: Client, content: bytes, name: str = "民政.xlsx") -> Any:
    return client.post(LIST, {"file": SimpleUploadedFile(name, content)})


def check(batch: Batch) -> Batch:
    actions.check_batch(batch_id=batch.id, by=PLATFORM, now=NOW)
    batch.refresh_from_db()
    return batch


def text(client: Client, address: str, status: int = 200) -> str:
    answer = client.get(address)
    assert answer.status_code == status, answer.content.decode()[:2000]
    return answer.content.decode()


def post(client: Client, address: str, status: int = 200, typed: dict[str, str] | None = None, **more: Any) -> str:
    answer = client.post(address, {**(typed or {}), **more}, follow=True)
    assert answer.status_code == status, answer.content.decode()[:3000]
    return answer.content.decode()


def test_a_workbook_is_uploaded_watched_corrected_and_drafted(city: City, enter: SignIn) -> None:
    client = enter("steward")
    assert "还没有导入过" in text(client, LIST)
    answer = upload(client, book("公墓", "殡仪馆", update_cycle="2026/11/"))
    batch = Batch.objects.get()
    here = f"{LIST}/{batch.id}"
    assert answer.headers["Location"] == here
    assert 'hx-trigger="every 1s"' in text(client, here)
    part = client.get(here, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part
    check(batch)
    page = text(client, here)
    assert "2行里有2行要改" in page
    assert "填的是“2026/11/”" in page
    page = post(client, f"{here}/fix", c_2_update_cycle="daily", c_3_update_cycle="", c_x_y="z")
    assert "改了1行，还有1行要改" in page
    page = post(client, f"{here}/fix-all", key="VC-00|update_cycle|不在允许的取值之内", text="monthly")
    assert "已改1行" in page
    assert "导入2行，生成草稿" in page
    assert "没有变化" not in text(client, f"{here}?show=new")
    assert "公墓" in text(client, f"{here}/rows/2")
    page = post(client, f"{here}/drafts")
    assert "正在生成草稿" in page
    actions.make_drafts(batch=batch, by=city["steward"], now=NOW)
    assert "已生成草稿" in text(client, f"{here}?show=drafted")
    assert Entry.objects.count() == 2
    assert "批量导入" in text(enter("office-head"), LIST)


def test_headers_are_confirmed_and_rows_without_items_get_some(city: City, enter: SignIn) -> None:
    client = enter("steward")
    answer = upload(client, FOREIGN, "清单.csv")
    batch = Batch.objects.get()
    here = f"{LIST}/{batch.id}"
    assert answer.headers["Location"] == f"{here}/mapping"
    page = text(client, f"{here}/mapping")
    assert "100%" in page or "95%" in page
    assert "公墓名录 / 殡仪馆名录" in page
    assert "表头对应有误" in post(client, f"{here}/mapping", 422, m_0="")
    assert "正在核对" in post(client, f"{here}/mapping", typed={f"d_{name}": value for name, value in DEFAULTS.items()})
    check(batch)
    page = text(client, here)
    assert "看不懂这个值" in page
    page = post(client, f"{here}/fix", c_2_update_cycle="yearly", c_3_items="名称、地址")
    assert "没有要改的行了" in page
    row = batch.proposals.get(line=3)
    assert [item["name"] for item in row.items] == ["名称", "地址"]
    assert "不要了" in post(client, f"{here}/rows/3/dismiss")
    assert "去确认表头" not in text(client, f"{here}?show=dismissed")


def test_what_cannot_be_read_is_refused_with_a_reason(city: City, enter: SignIn) -> None:
    client = enter("steward")
    answer = upload(client, b"%PDF-1.7", "a.pdf")
    assert answer.status_code == 422
    assert "不是能读的格式" in answer.content.decode()
    assert "没有选文件" in post(client, LIST, 422)
    assert not Batch.objects.exists()


def test_a_batch_that_failed_or_was_stopped_says_so(city: City, enter: SignIn) -> None:
    client = enter("steward")
    upload(client, book("公墓"))
    batch = Batch.objects.get()
    here = f"{LIST}/{batch.id}"
    post(client, f"{here}/cancel")
    assert "没有写入任何数据" in text(client, here)
    assert "现在不能" in post(client, f"{here}/check", 409) or "不能" in post(client, f"{here}/check", 409)
    upload(client, book("骨灰堂"))
    other = Batch.objects.exclude(id=batch.id).get()
    from jutong.center.intake import storage

    storage.forget(other.id)
    check(other)
    assert "保存期" in text(client, f"{LIST}/{other.id}")


def test_more_than_fifty_bad_rows_are_shown_by_problem(city: City, enter: SignIn) -> None:
    client = enter("steward")
    names = [f"{chr(0x4E00 + at * 7)}类登记" for at in range(60)]
    upload(client, book(*names, update_cycle=""))
    batch = check(Batch.objects.get())
    here = f"{LIST}/{batch.id}"
    page = text(client, here)
    assert "60行的数据更新频率都填" in page
    assert "看其中20行" in page
    key = "VC-01|update_cycle|必须填写"
    assert "第2行" in text(client, f"{here}?show=error&problem={key}")
    assert "60行不导入" in post(client, f"{here}/fix-all", key=key, dismiss="1")
    assert post(client, f"{here}/fix-all", 404, key=key, text="x")


def test_changes_and_rows_left_are_shown_with_their_reasons(city: City, enter: SignIn) -> None:
    client = enter("steward")
    version = city.published()
    changed = replace(FIELDS, update_cycle="weekly")
    upload(client, own.workbook([Content(version.entry.code, changed, ITEMS[:2])], edition=EDITION))
    batch = check(Batch.objects.get())
    here = f"{LIST}/{batch.id}"
    assert "2处" in text(client, f"{here}?show=changed")
    page = text(client, f"{here}/rows/2")
    assert "每周" in page
    city.submit(catalog.new_version(entry=version.entry, by=city["steward"], now=NOW))
    actions.check_again(batch=batch, by=city["steward"], now=NOW)
    check(batch)
    actions.make_drafts(batch=batch, by=city["steward"], now=NOW)
    assert "没有动它" in text(client, here)
    assert "没有动它" in text(client, f"{here}/rows/2")


def test_templates_entries_and_marked_files_go_out(city: City, enter: SignIn) -> None:
    client = enter("steward")
    city.published()
    for ext in ("xlsx", "zip", "json"):
        assert client.get(f"{LIST}/template.{ext}").status_code == 200
        assert client.get(f"{LIST}/entries.{ext}").status_code == 200
    assert client.get(f"{LIST}/entries.exe").status_code == 404
    upload(client, book("公墓", update_cycle="?"))
    batch = check(Batch.objects.get())
    answer = client.get(f"{LIST}/{batch.id}/marked.xlsx")
    assert "核对结果" in load_workbook(BytesIO(answer.content)).sheetnames
    assert "attachment" in answer.headers["Content-Disposition"]


def test_tables_are_chosen_described_published_and_bound(city: City, enter: SignIn) -> None:
    client = enter("steward")
    source = city.source()
    page = text(client, f"/manage/sources/{source.name}/describe")
    assert "marriage" in page
    assert "没有选表" in post(client, f"/manage/sources/{source.name}/describe", 422)
    typed = {f"d_{name}": value for name, value in DEFAULTS.items()}
    typed |= {"d_update_cycle": "daily", "d_share_scope": "本市", "d_share_purpose": "核验"}
    page = post(client, f"/manage/sources/{source.name}/describe", table="public|marriage", sample="1", typed=typed)
    assert "导入1行，生成草稿" in page
    batch = Batch.objects.get()
    assert "定级建议" in text(client, f"{LIST}/{batch.id}/rows/1")
    assert "正在登记" in text(client, f"/manage/sources/{source.name}/describe")
    actions.make_drafts(batch=batch, by=city["steward"], now=NOW)
    catalog.publish(version=city.submit(Entry.objects.get().versions.get()), by=city["authority"], now=NOW)
    assert "挂接这1条" in text(client, f"{LIST}/{batch.id}")
    assert "已挂接1条" in post(client, f"{LIST}/{batch.id}/attach")
    assert "已挂接：marriage" in text(client, f"/manage/sources/{source.name}/describe")
    source.tables = []
    source.save()
    assert "节点还没有列出表" in text(client, f"/manage/sources/{source.name}/describe")
    assert client.get(f"{LIST}/{batch.id}/mapping").status_code == 404


def test_the_same_goes_by_api(city: City) -> None:
    steward = Caller(city["steward"], utc_now())
    content = base64.b64encode(FOREIGN).decode()
    made = steward.ask("POST", "/imports", {"name": "清单.csv", "content": content}, status=201)
    assert (made["state"], made["mapping"]["目录标题"]) == ("received", "name")
    assert steward.refused("POST", "/imports", {"name": "x", "content": "!"}) == (422, "intake.file.unreadable")
    address = f"/imports/{made['id']}"
    steward.ask("PUT", f"{address}/mapping", {"defaults": DEFAULTS})
    check(Batch.objects.get())
    assert steward.get(address)["counts"]["error"] == 2
    rows = steward.get(f"{address}/proposals?outcome=error&limit=1")
    assert rows["rows"][0]["findings"][0]["letter"] == "C"
    assert steward.get(f"{address}/proposals?outcome=error&cursor={rows['next']}")["rows"][0]["line"] == 3
    fixed = steward.ask("PATCH", f"{address}/proposals/2", {"places": {"update_cycle": "每年"}})
    assert fixed["outcome"] == "new"
    assert steward.ask("POST", f"{address}/drafts", status=202)["state"] == "drafting"
    assert [row["id"] for row in steward.get("/imports")["rows"]] == [made["id"]]
    assert Caller(city["stranger"], utc_now()).refused("GET", address)[0] == 404
