"""Taking the catalog away as a file: every form, the search it was asked from, one entry."""

from __future__ import annotations

import csv
from io import BytesIO, StringIO
from xml.etree import ElementTree as ET

import openpyxl
import orjson
import pytest
from rdflib import DCAT, RDF, Graph

from tests.center_world import City
from tests.unit.web.conftest import SignIn


def content(answer) -> bytes:
    assert answer.status_code == 200
    return b"".join(answer.streaming_content)


def test_the_page_of_results_leads_to_what_it_shows_as_a_file(city: City, enter: SignIn):
    city.published()
    page = enter("requester").get("/catalog?q=婚姻&domain=民生服务").content.decode()
    address = "/catalog/export?format=csv&amp;q=%E5%A9%9A%E5%A7%BB&amp;domain=%E6%B0%91%E7%94%9F%E6%9C%8D%E5%8A%A1"
    assert address in page
    answer = enter("requester").get(address.replace("&amp;", "&"))
    rows = list(csv.reader(StringIO(content(answer).decode("utf-8-sig"))))
    assert [row[1] for row in rows] == ["数据目录名称", "婚姻登记信息"]
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"] == 'attachment; filename="catalog-20261109.csv"'


@pytest.mark.parametrize("ending", ["json", "xml", "ttl", "jsonld", "rdf", "csv", "xlsx"])
def test_one_entry_in_every_form(city: City, enter: SignIn, ending: str):
    code = city.published().entry.code
    assert "婚姻登记信息" in _text(content(enter("requester").get(f"/catalog/{code}/export.{ending}")), ending)


def _text(written: bytes, ending: str) -> str:
    if ending == "json":
        return str(orjson.loads(written)["entries"][0]["name"])
    if ending == "xml":
        return "".join(ET.fromstring(written).itertext())  # noqa: S314 - it is ours
    if ending in {"ttl", "rdf"}:
        graph = Graph().parse(data=written, format={"ttl": "turtle", "rdf": "xml"}[ending])
        assert len(list(graph.subjects(RDF.type, DCAT.Dataset))) == 1
        return graph.serialize()
    if ending == "xlsx":
        return str(openpyxl.load_workbook(BytesIO(written))["目录"]["B2"].value)
    return written.decode()


def test_the_entry_page_offers_its_files(city: City, enter: SignIn):
    code = city.published().entry.code
    assert f"/catalog/{code}/export.xml" in enter("requester").get(f"/catalog/{code}").content.decode()


def test_the_whole_catalog_is_taken_without_a_search(city: City, enter: SignIn):
    city.published()
    city.published(name="收养登记信息")
    answer = enter("requester").get("/catalog/export")
    assert len(orjson.loads(content(answer))["entries"]) == 2


@pytest.mark.parametrize("address", ["/catalog/export?format=exe", "/catalog/307010/00001/export.exe"])
def test_an_unknown_form_is_not_there(city: City, enter: SignIn, address: str):
    city.published()
    assert enter("requester").get(address).status_code == 404


def test_a_draft_cannot_be_taken_away(city: City, enter: SignIn):
    code = city.draft().entry.code
    assert enter("steward").get(f"/catalog/{code}/export.json").status_code == 404


def test_nobody_takes_the_catalog_without_signing_in(city: City, client):
    assert client.get("/catalog/export").status_code == 302
