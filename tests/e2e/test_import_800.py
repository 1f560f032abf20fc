"""Another steward imports a workbook of 800 entries in somebody else's form, corrects what is marked and publishes."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook
from playwright.sync_api import expect

from tests.e2e.publishing import publish_all, settled
from tests.e2e.visitor import Visitor

pytestmark = pytest.mark.e2e
STEWARD, HEAD = "bailu", "haoqingchuan"
ROWS, BAD, TWICE = 800, 60, 3
HEADERS = ("数据目录名称", "数据量", "所属主题", "最后更新", "来源部门", "更新频率", "数据格式", "简介")
PLACES = tuple(f"{letter}河" for letter in "清浊长短东西南北上下内外新老大小金银铜铁")
THINGS = ("断面水质", "排污口", "入河口", "取水口", "水功能区", "监测站", "河长", "巡查记录", "水位", "流量")
KINDS = ("监测结果", "名录", "整治台账", "年度统计")
CYCLES = ("每年", "按月", "每天一次", "季度")


def workbook() -> bytes:
    """What a portal would give: its own headers, an empty first row, cycles spelled as people spell them."""
    names = [f"{place}{thing}{kind}" for kind in KINDS for thing in THINGS for place in PLACES]
    assert len(set(names)) == ROWS
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(list(HEADERS))
    sheet.append([])
    for at, name in enumerate(names):
        cycle = "看情况定" if at < BAD else CYCLES[at % len(CYCLES)]
        text = f"提供{name}，包括站点名称、断面编码、监测日期、所在区县等信息。"
        sheet.append([name, at * 7, "生态环境", "2018-03-01 18:19:41", "市生态环境局", cycle, "数据库", text])
    for _ in range(TWICE):
        sheet.append(
            [
                names[0],
                1,
                "生态环境",
                "2018-03-01",
                "市生态环境局",
                "每年",
                "数据库",
                "又写了一遍，包括站点名称、断面编码等信息。",
            ]
        )
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_eight_hundred_entries_are_corrected_and_published(visit: Callable[..., Visitor], tmp_path: Path) -> None:
    path = tmp_path / "环境局目录.xlsx"
    path.write_bytes(workbook())
    steward = visit(STEWARD)
    page = steward.page
    steward.open("/manage/imports")
    page.set_input_files("#f-file", path)
    steward.click("上传并核对")
    page.wait_for_url("**/mapping")
    assert steward.faults() == []
    expect(page.get_by_label("简介对应的字段")).to_have_value("summary")
    page.get_by_label("信息资源分类", exact=True).fill("307013")
    page.get_by_label("共享属性", exact=True).select_option("unconditional")
    page.get_by_label("共享方式", exact=True).select_option("service")
    page.get_by_label("数据分类分级", exact=True).select_option("general-1")
    page.get_by_label("不涉密声明", exact=True).select_option(label="是")
    steward.click("对应好了，开始核对")
    settled(steward, f"行里有{BAD + TWICE}行要改")
    assert steward.faults() == []
    batch = page.url.partition("?")[0]

    with page.expect_download() as given:
        steward.click("下载带批注的Excel", "link")
    marked = load_workbook(io.BytesIO(given.value.path().read_bytes()))
    sheet = marked.worksheets[0]
    assert sheet["F3"].comment is not None, "the first bad cycle is marked at its own cell"
    assert (sheet["F3"].value, sheet["A3"].value) == ("看情况定", f"{PLACES[0]}{THINGS[0]}{KINDS[0]}")
    assert "核对结果" in marked.sheetnames

    cycle = page.get_by_label(f"{BAD}行的数据更新频率都填")
    cycle.select_option("yearly")
    page.locator("form", has=cycle).get_by_role("button").click()
    settled(steward, f"行里有{TWICE}行要改")
    page.goto(f"{batch}?show=error")
    page.get_by_label(f"第{ROWS + 3}行数据目录名称", exact=True).fill("河道补充登记")
    steward.click("再核对一次")
    settled(steward, f"行里有{TWICE - 1}行要改")
    assert steward.faults() == []

    steward.click(f"先导入{ROWS + 1}行，其余留着")
    settled(steward, "去办理")
    publish_all(visit, steward=STEWARD, head=HEAD)
    other = visit("wusiyuan")
    other.open("/catalog?q=断面&all=1")
    other.reload_until("断面水质")
