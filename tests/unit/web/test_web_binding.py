"""The pages on which data is bound to entries, and those that say how it fares."""

from __future__ import annotations

import json

import pytest
from django.test import Client

from jutong.center.catalog.actions.unbound import flag_unbound
from jutong.center.catalog.health import explain
from jutong.center.catalog.models import Binding, Entry
from jutong.center.fleet.models import Order, Source
from jutong.contracts.orders import WatchedBinding
from tests.center_world import NOW, City, at
from tests.unit.web.conftest import SignIn

TABLE = "civil-pg|public|marriage"
PLACE = {"kind": "service", "source": "civil-doors", "protocol": "http", "address": "10.0.0.5:8080", "path": "/health"}


@pytest.fixture
def steward(city: City, enter: SignIn) -> Client:
    return enter("steward")


@pytest.fixture
def entry(city: City) -> Entry:
    source = city.source()
    columns = [*source.tables[0]["columns"], {"name": "gxsj", "type": "timestamp", "comment": "更新时间"}]
    Source.objects.filter(id=source.id).update(tables=[{**source.tables[0], "columns": columns, "kind": "view"}])
    for name, dialect in (("civil-files", "files"), ("civil-doors", "endpoints")):
        Source.objects.filter(id=city.source(name).id).update(dialect=dialect, tables=[])
    return Entry.objects.select_related("published").get(id=city.published().entry.id)


def address(entry: Entry, step: str = "bind") -> str:
    return f"/manage/entries/{entry.code}/{step}"


def text_of(client: Client, where: str, **query: str) -> str:
    response = client.get(where, query)
    assert response.status_code == 200
    return response.content.decode()


def watched() -> list[WatchedBinding]:
    order = Order.objects.filter(kind="watch").order_by("sequence").last()
    assert order is not None
    return [WatchedBinding.model_validate_json(json.dumps(row)) for row in order.envelope["body"]["bindings"]]


def test_a_table_is_bound_with_the_column_that_dates_it(steward: Client, entry: Entry) -> None:
    page = text_of(steward, address(entry), table=TABLE)
    assert '<option value="gxsj" selected>gxsj 更新时间</option>' in page
    assert "（视图）" in page
    items = {item.name: item.id for item in entry.published.items.all()}  # type: ignore[union-attr]
    typed = {"table": TABLE, f"c_{items['公民身份号码']}": "id_number", "fresh": "gxsj"}
    assert "已挂接，节点马上去检查" in steward.post(address(entry), typed, follow=True).content.decode()
    assert Binding.objects.get().fresh_column == "gxsj"
    assert [one.fresh_column for one in watched()] == ["gxsj"]


def test_files_that_are_mapped_as_a_table_are_bound_and_moved_like_one(steward: Client, entry: Entry) -> None:
    folder = Source.objects.get(name="civil-files")
    assert 'action="/manage/sources/civil-files/inventory"' in text_of(steward, "/manage/sources")
    columns = [{"name": name, "type": "text", "nullable": True, "comment": ""} for name in ("公民身份号码", "姓名")]
    table = {"schema_name": "files", "name": "roster", "comment": "名册", "row_estimate": -1, "columns": columns}
    Source.objects.filter(id=folder.id).update(tables=[table])
    assert "roster" in text_of(steward, "/manage/sources")
    key = "civil-files|files|roster"
    items = {item.name: item.id for item in entry.published.items.all()}  # type: ignore[union-attr]
    typed = {"table": key, f"c_{items['公民身份号码']}": "公民身份号码", f"c_{items['姓名']}": "姓名"}
    assert "已挂接" in steward.post(address(entry), typed, follow=True).content.decode()
    assert "已下达" in steward.post(address(entry, "move"), follow=True).content.decode()
    order = Order.objects.filter(kind="job").get().envelope["body"]
    assert (order["source"], order["schema_name"], order["table"]) == ("civil-files", "files", "roster")
    assert set(order["columns"]) == {"公民身份号码", "姓名"}


def test_a_service_is_bound_and_watched_at_once(steward: Client, entry: Entry) -> None:
    page = text_of(steward, address(entry), kind="service")
    assert "civil-doors" in page
    assert "civil-files" not in page
    done = steward.post(address(entry), PLACE, follow=True).content.decode()
    assert "10.0.0.5:8080/health" in done
    assert "还没有，节点几分钟内会查" in done
    (one,) = watched()
    assert (one.kind, one.place and one.place.path) == ("service", "/health")
    assert "搬进统一资源库" not in done


@pytest.mark.parametrize("kind", ["files", "stream", "video"])
def test_every_kind_has_its_form(steward: Client, entry: Entry, kind: str) -> None:
    page = text_of(steward, address(entry), kind=kind)
    assert ("通道编码" in page) == (kind == "video")
    assert ("civil-files" in page) == (kind == "files")


def test_without_a_source_of_the_kind_the_page_says_what_to_do(steward: Client, entry: Entry) -> None:
    Source.objects.filter(dialect__in=("files", "endpoints")).delete()
    assert "sources.json" in text_of(steward, address(entry), kind="files")
    assert "endpoints" in text_of(steward, address(entry), kind="video")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"address": "user:secret@h"}, "不能带用户名、口令或参数"),
        ({"source": ""}, "请选数据源"),
        ({"source": "civil-files"}, "civil-files"),
        ({"protocol": "rtsp"}, "协议"),
    ],
)
def test_a_place_that_does_not_do_is_refused_with_what_was_typed(
    steward: Client, entry: Entry, changes: dict[str, str], said: str
) -> None:
    response = steward.post(address(entry), {**PLACE, **changes})
    page = response.content.decode()
    assert response.status_code == 422
    assert said in page
    assert 'value="/health"' in page
    assert not Binding.objects.exists()


def ill(entry: Entry, steward: Client, **changes: object) -> Binding:
    steward.post(address(entry), PLACE)
    values = {
        "health": "degraded", "rows": 10, "usual_rows": 100, "checked_at": NOW, "newest_at": NOW,
        "problems": [{"code": "collapsed", "fields": {"usual": 100, "rows": 10}}],
    }  # fmt: skip
    Binding.objects.update(**{**values, **changes})
    return Binding.objects.get()


def test_an_ill_binding_shows_wherever_the_entry_shows(steward: Client, entry: Entry, enter: SignIn) -> None:
    (told,) = explain(ill(entry, steward).problems)
    own = text_of(steward, f"/manage/entries/{entry.code}")
    assert told in own
    assert "现在就是10行，算正常" in own
    assert "有问题" in text_of(steward, "/manage/entries")
    assert "数据有问题" in text_of(enter("requester"), f"/catalog/{entry.code}")
    assert told in text_of(steward, "/manage/binding-rates")


def test_a_loss_that_was_meant_is_accepted(steward: Client, entry: Entry) -> None:
    ill(entry, steward)
    assert "已按现在的行数算正常" in steward.post(address(entry, "accept-rows"), follow=True).content.decode()
    assert Binding.objects.get().health == "ok"
    Binding.objects.update(rows=None)
    assert steward.post(address(entry, "accept-rows")).status_code == 409


def test_the_rates_page_shows_the_own_department_and_the_division(
    city: City, steward: Client, entry: Entry, enter: SignIn
) -> None:
    city.published(name="收养登记信息")
    ill(entry, steward, health="down", problems=[{"code": "down", "fields": {"reason": "refused"}}])
    page = text_of(steward, "/manage/binding-rates")
    assert "50.0%" in page.replace("\n", "")
    assert "连不上：refused" in page
    assert f"/manage/entries/{entry.code}" in page
    flag_unbound(now=at(40))
    late = text_of(enter("authority"), "/manage/binding-rates", show="overdue", org=city.civil.code)
    assert "VC-12" in late
    assert "收养登记信息" in late
    assert "/catalog/" in late
    assert "看全部部门" in late
    assert "没有这样的目录" in text_of(enter("stranger"), "/manage/binding-rates", show="nonsense")
    assert enter("auditor").get("/manage/binding-rates").status_code == 403
