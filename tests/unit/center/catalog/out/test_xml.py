from __future__ import annotations

from dataclasses import replace
from importlib.resources import files
from xml.etree import ElementTree as ET

import pytest
import xmlschema

from jutong.center.catalog.out import to_xml
from tests.unit.center.catalog.out.conftest import RECORD, WRITTEN_AT

SCHEMA = files("jutong.standards") / "data" / "xsd" / "catalog-gbt21063.xsd"
NS = {"c": "urn:jutong:catalog:gbt21063:1"}


def xml(found) -> bytes:
    return b"".join(to_xml(found, base="https://data.example", maintainer="金河市数据局", now=WRITTEN_AT))


def parsed(found) -> ET.Element:
    return ET.fromstring(xml(found))  # noqa: S314 - it is ours


@pytest.fixture(scope="module")
def schema():
    return xmlschema.XMLSchema(str(SCHEMA))


def test_what_is_written_follows_its_schema(written, schema):
    assert list(schema.iter_errors(xml(written).decode())) == []
    assert list(schema.iter_errors(xml([]).decode())) == []


def test_the_schema_refuses_what_does_not_follow_it(schema):
    wrong = xml([RECORD]).decode().replace("有条件共享", "看情况")
    assert not schema.is_valid(wrong)


def test_the_core_elements_say_what_the_entry_says(written):
    entry = parsed(written).find("c:信息资源", NS)
    assert entry is not None
    said = {row.tag.partition("}")[2]: row.text for row in entry}
    assert said["名称"] == "婚姻登记信息"
    assert said["摘要"] == "结婚、离婚登记的基本信息 <含撤销>"
    assert said["在线资源链接地址"] == "https://data.example/catalog/307010/00001"
    assert said["使用限制"] == "本市各部门；核验婚姻状况"
    assert said["服务信息"] == "服务接口"
    item = entry.find("c:信息项列表/c:信息项", NS)
    assert item is not None
    assert item.attrib == {
        "名称": "公民身份号码", "英文名称": "identity number", "数据类型": "C", "数据长度": "18", "数据元": "DE-001",
        "来源资源代码": "307010/00002", "共享类型": "有条件共享", "数据分级": "三级", "是否主键": "是",
        "是否个人信息": "是", "是否敏感个人信息": "是", "是否开放": "否", "说明": '写"18"位',
    }  # fmt: skip


def test_what_is_not_shared_names_its_basis(written):
    entries = parsed(written).findall("c:信息资源", NS)
    assert [row.findtext("c:使用限制", None, NS) for row in entries] == [
        "本市各部门；核验婚姻状况", "涉及未成年人；未成年人保护法第一百零三条", "",
    ]  # fmt: skip


def test_characters_xml_cannot_hold_are_left_out(schema):
    odd = replace(RECORD, name="甲\x01乙\ud800", summary="\ufffe", domain="\x0b", extensions={"a\x02": "b\x03"})
    written = xml([odd]).decode()
    assert schema.is_valid(written)
    assert "甲乙" in written
