"""The page that finds data: what it shows first, how more is seen, and what it says when there is nothing."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import quote

import pytest
from django.test import Client

from jutong.center.catalog.actions import ImportRow
from jutong.center.catalog.models import Entry, SavedSearch
from tests.center_world import FIELDS, ITEMS, City
from tests.search_engines import publish
from tests.unit.web.conftest import SignIn

NAMES = ("婚姻登记信息", "离婚登记档案", "结婚证存根")


@pytest.fixture
def client(city: City, enter: SignIn) -> Client:
    rows = [ImportRow(replace(FIELDS, name=name, summary="另有说明"), ITEMS) for name in NAMES]
    publish(city.civil, rows)
    Entry.objects.filter(published_name=NAMES[0]).update(is_bound=True)
    return enter("requester")


def page(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


def test_what_has_data_is_shown_first_and_the_rest_is_one_step_away(client: Client):
    text = page(client, "/catalog?q=登记")
    assert (NAMES[0] in text, NAMES[1] in text) == (True, False)
    assert "只看已挂接，另有1条还没挂接数据" in text
    assert 'href="/catalog?q=%E7%99%BB%E8%AE%B0&amp;all=1"' in text
    assert "bound=1" in text.split("/catalog/export", 1)[1][:200]
    text = page(client, "/catalog?q=登记&all=1")
    assert (NAMES[0] in text, NAMES[1] in text, "只看已挂接" in text) == (True, True, False)


def test_where_nothing_has_data_everything_is_shown(client: Client):
    text = page(client, "/catalog?q=离婚")
    assert NAMES[1] in text
    assert "只看已挂接" not in text


def test_the_facets_are_all_there_and_hold_what_was_chosen(client: Client):
    text = page(client, "/catalog?all=1&grade=general-3&bound=0")
    for legend in ("有没有数据", "共享属性", "提供部门", "层级", "格式", "更新", "分级", "开放"):
        assert f"<legend>{legend}</legend>" in text
    assert '<input type="checkbox" name="grade" value="general-3" checked>' in text
    assert NAMES[0] not in text


def test_a_facet_there_is_not_leads_back(client: Client):
    assert client.get("/catalog?page=501").headers["Location"] == "/catalog"
    assert client.get("/catalog?q=SQ20260101-0001").headers["Location"] == "/applications/SQ20260101-0001"


def test_nothing_found_says_what_to_leave_out(client: Client):
    text = page(client, "/catalog?q=登记&cycle=yearly")
    assert "去掉筛选“更新”，有2条" in text
    assert 'href="/catalog?q=%E7%99%BB%E8%AE%B0"' in text
    text = page(client, "/catalog?q=登记 月球")
    assert "去掉“月球”，有2条" in text
    text = page(client, "/catalog?q=离婚登记档案馆")
    assert "改搜“离婚登记档案”，有1条" in text


def test_titles_are_offered_while_typing(client: Client):
    assert page(client, "/catalog/suggest?q=离婚").strip() == f'<option value="{NAMES[1]}"></option>'
    assert page(client, "/catalog/suggest").strip() == ""
    assert 'list="suggested"' in page(client, "/catalog")


def test_a_search_is_kept_listed_and_ended(client: Client, city: City):
    assert "还没有关注的检索" in page(client, "/catalog/saved")
    assert "关注这个检索" in page(client, "/catalog?q=登记")
    assert "关注这个检索" not in page(client, "/catalog")
    response = client.post("/catalog/saved/new", {"q": "登记", "cycle": ["daily"]})
    assert response.headers["Location"] == "/catalog/saved"
    kept = SavedSearch.objects.get()
    assert (kept.q, kept.facets, kept.organisation) == ("登记", {"cycle": ["daily"]}, city.education)
    text = page(client, "/catalog/saved")
    assert f"/catalog?q={quote('登记')}&amp;cycle=daily&amp;all=1" in text
    assert "已关注“登记”" in text
    response = client.post(f"/catalog/saved/{kept.id}/drop")
    assert response.headers["Location"] == "/catalog/saved"
    assert not SavedSearch.objects.exists()


def test_what_cannot_be_kept_or_ended_is_said(client: Client):
    assert client.post("/catalog/saved/new", {"q": ""}).status_code == 422
    assert client.post("/catalog/saved/nonsense/drop").status_code == 404
