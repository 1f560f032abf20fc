from __future__ import annotations

import gzip
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jutong.demo import build_catalog

COLUMNS = ("portal", "city_name", "title", "department", "description", "update_frequency", "is_open", "data_formats")


def row(title: str, department: str = "柳州市民政局", description: str = "", **more: str) -> dict[str, str | None]:
    values: dict[str, str | None] = dict.fromkeys(COLUMNS)
    values |= {"portal": "guangxi_liuzhou", "city_name": "柳州市", "title": title, "department": department}
    return values | {"description": description or None, "is_open": "无条件开放"} | more


def test_a_place_in_front_goes_and_items_are_read() -> None:
    text = "养老机构信息,主要包括:机构名称、统一社会信用代码、联系人、联系电话、床位数、登记日期等"
    (entry,) = build_catalog.select([row("柳州市鱼峰区养老机构信息", description=text, update_frequency="每月")])
    assert (entry.name, entry.department, entry.update_cycle) == ("养老机构信息", "civil", "monthly")
    items = {item.name: item for item in entry.items}
    assert list(items) == ["机构名称", "统一社会信用代码", "联系人", "联系电话", "床位数", "登记日期"]
    assert (items["联系人"].mask, items["联系电话"].mask) == ("name", "phone")
    assert (items["床位数"].data_type, items["登记日期"].data_type) == ("N", "D")
    assert not items["机构名称"].note
    assert "柳州" not in entry.name + entry.summary
    assert "柳州市" in entry.origin


def test_identity_numbers_make_an_entry_conditional() -> None:
    text = "包含户主姓名、身份证号、银行账号、发放金额等"
    (entry,) = build_catalog.select([row("老年人津贴领取信息", description=text)])
    assert (entry.share_attribute, entry.grade, entry.is_open) == ("conditional", "general-4", False)
    modes = {item.name: (item.grade, item.widest_mode) for item in entry.items}
    assert modes["身份证号"] == ("general-3", "plain")
    assert modes["银行账号"] == ("general-4", "verify")
    assert entry.share_scope
    assert entry.share_purpose


def test_items_are_supplied_and_marked_where_the_source_lists_none() -> None:
    (entry,) = build_catalog.select([row("殡葬服务机构名录")])
    assert entry.items
    assert all(item.note for item in entry.items)
    assert "补列" in entry.summary


@pytest.mark.parametrize(
    "title",
    [
        "关于印发养老服务通知",
        "2020年养老机构信息",
        "养老",
        "住院患者信息名单",
        "老年人上海旅居信息",
        "养老机构与柳州市名单",
        "某某村养老机构名单",
    ],
)
def test_titles_that_are_no_dataset_of_a_city_are_left_out(title: str) -> None:
    assert build_catalog.select([row(title)]) == []


def test_portals_without_a_licence_are_never_read() -> None:
    assert build_catalog.select([row("养老机构信息", portal=name) for name in build_catalog.WITHOUT_LICENCE]) == []


def test_the_government_is_not_civil_affairs() -> None:
    (entry,) = build_catalog.select([row("水库基本信息", "柳州市人民政府")])
    assert entry.department == "water"
    assert build_catalog.select([row("神秘事物清单", "柳州市人民政府")]) == []
    assert build_catalog.select([row("神秘事物清单", "柳州市大数据发展局")]) == []


def test_names_already_taken_or_alike_are_not_chosen_twice() -> None:
    titles = ["婚姻登记信息", "养老机构信息", "养老机构名录", "养老机构（信息）"]
    chosen = build_catalog.select([row(title) for title in titles])
    assert len(chosen) == 1
    many = [row(f"社会组织{word}名单") for word in ("年检", "评估", "等级", "处罚")]
    assert len(build_catalog.select(many)) == 2


def test_at_most_so_many_from_one_department(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build_catalog, "PER_DEPARTMENT", 1)
    assert len(build_catalog.select([row("养老机构信息"), row("慈善组织名录")])) == 1


@pytest.mark.parametrize(
    ("raw", "form", "way"),
    [
        ("['xls', 'json']", "sheet", "file"),
        ("table", "database", "batch"),
        ("['api']", "service", "service"),
        ("jpg", "image", "file"),
        ("docx", "file", "file"),
        ("", "sheet", "file"),
    ],
)
def test_formats_and_ways_agree(raw: str, form: str, way: str) -> None:
    (entry,) = build_catalog.select([row("养老机构信息", data_formats=raw)])
    assert (entry.data_format, entry.share_way) == (form, way)


def test_market_resources_are_filed_by_theme() -> None:
    titles = {"食品生产企业名录": "204", "严重失信名单信息": "208", "门店登记数据": "307"}
    for title, start in titles.items():
        (entry,) = build_catalog.select([row(title, "柳州市市场监督管理局")])
        assert entry.classification.startswith(start), title


def test_the_same_crawl_writes_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    crawl, out = tmp_path / "crawl.parquet", tmp_path / "data" / "catalog.json.gz"
    pq.write_table(pa.Table.from_pylist([row("养老机构信息"), row("慈善组织名录")]), crawl)
    monkeypatch.setattr(build_catalog, "OUT", out)
    assert build_catalog.main([str(crawl)]) == 0
    first = out.read_bytes()
    build_catalog.main([str(crawl)])
    assert out.read_bytes() == first
    assert len(json.loads(gzip.decompress(first))) == 2
