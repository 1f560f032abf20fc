"""Fifty-odd entries of one department, from drafts to publication in lists: chosen over pages, some returned."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from playwright.sync_api import expect

from jutong.demo.load import password_of
from tests.e2e.visitor import Visitor

pytestmark = pytest.mark.e2e
COUNT = 53
OFFICE = "市文旅局"
PREFIX = "非遗保护名录"
DIGITS = "零一二三四五六七八九"


def _name(number: int) -> str:
    return f"{PREFIX}第{DIGITS[number // 10]}{DIGITS[number % 10]}批"


def _drafts(base: str, steward: str) -> None:
    """Have a department's own programme register its entries."""
    with httpx.Client(base_url=f"{base}/api/v1", timeout=30, trust_env=False) as client:
        answer = client.post("/tokens", json={"username": steward, "password": password_of(steward)})
        client.headers["Authorization"] = f"Bearer {answer.raise_for_status().json()['token']}"
        for number in range(COUNT):
            client.post("/catalog/entries", json=_entry(number)).raise_for_status()


def _entry(number: int) -> dict[str, Any]:
    return {
        "name": _name(number), "classification": "307099", "summary": "项目、类别、保护单位和公布批次",
        "domain": "文化休闲", "data_format": "database", "update_cycle": "yearly", "share_attribute": "conditional",
        "share_way": "batch", "share_scope": "本市各部门", "share_purpose": "核对项目资格", "grade": "general-1",
        "not_secret": True,
        "items": [
            {"name": "项目编号", "data_type": "C", "length": 20, "is_key": True},
            {"name": "项目名称", "data_type": "C", "length": 100},
        ],
    }  # fmt: skip


def _chosen(visitor: Visitor, count: int) -> None:
    expect(visitor.page.locator(".bulkbar strong")).to_have_text(f"已选{count}条")


def _run_over(visitor: Visitor, done: int) -> None:
    visitor.page.wait_for_url("**/manage/batches/*")
    visitor.reload_until(f"办成{done}条")
    assert visitor.faults() == []


def test_a_department_and_the_authority_work_in_lists(visit: Callable[..., Visitor]) -> None:
    steward = visit("duanjincheng")
    _drafts(steward.platform.base, "duanjincheng")
    steward.open(f"/manage/work/assess?q={PREFIX}")
    assert steward.faults() == []
    steward.click(f"选中符合条件的全部{COUNT}条")
    steward.page.get_by_label("保密风险评估结论").fill("名录已向社会公布，不涉密")
    steward.page.get_by_label("个人信息保护影响评估结论").fill("不含个人信息")
    steward.click("登记：两项评估都通过")
    _run_over(steward, COUNT)

    head = visit("longcaiwei")
    head.open("/inbox")
    head.page.get_by_role("link", name=f"{COUNT}条目录").click()
    head.click(f"选中全部{COUNT}条")
    head.click("同意选中的")
    _run_over(head, COUNT)
    steward.open("/manage/work/submit")
    steward.click(f"选中全部{COUNT}条")
    steward.click("提交选中的")
    _run_over(steward, COUNT)

    authority = visit("linyue")
    _return_two(authority)
    authority.open(f"/review?q={PREFIX}")
    authority.click(f"选中符合条件的全部{COUNT - 2}条")
    authority.click("通过选中的")
    _run_over(authority, COUNT - 2)

    steward.open("/manage/entries")
    assert steward.text().count("已退回") == 2
    reader = visit("wusiyuan")
    reader.open(f"/catalog?q={_name(31)}")
    reader.page.get_by_role("link", name=_name(31), exact=True).click()
    assert "项目编号" in reader.text()
    reader.open("/notices")
    assert f"目录{COUNT - 2}条" in reader.text()


def _return_two(authority: Visitor) -> None:
    """Tick one on each page, and return both with a coded reason."""
    page = authority.page
    authority.open(f"/review?q={PREFIX}")
    assert OFFICE in authority.text()
    page.get_by_label(f"选择{_name(0)}").check()
    authority.click("下一页")
    page.get_by_label(f"选择{_name(COUNT - 1)}").check()
    authority.click("上一页")
    _chosen(authority, 2)
    expect(page.get_by_label(f"选择{_name(0)}")).to_be_checked()
    assert authority.faults() == []
    page.get_by_text("退回选中的", exact=True).first.click()
    page.get_by_label("退回理由").select_option("self-made-condition")
    page.get_by_role("button", name="退回选中的").click()
    _run_over(authority, 2)


def test_lists_on_a_telephone_and_the_pages_of_an_entrys_life(visit: Callable[..., Visitor]) -> None:
    found: dict[str, list[str]] = {}
    for username, addresses in (
        ("qiuluping", ("/manage/work/assess", "/manage/work/submit", "/manage/batches", "/changes", "/changes/new")),
        ("kangzhitong", ("/manage/work/consent", "/changes")),
        ("linyue", ("/review", "/changes", "/manage/batches")),
    ):
        for width, height in ((390, 844), (1440, 900)):
            visitor = visit(username, width=width, height=height)
            for address in addresses:
                visitor.complaints.clear()
                visitor.open(address)
                faults = visitor.faults()
                if faults:
                    found[f"{address} {width}"] = faults
    steward = visit("qiuluping")
    steward.open("/changes")
    steward.page.locator("main table").get_by_role("link").first.click()
    found |= {"change": faults} if (faults := steward.faults()) else {}
    steward.page.locator("main table").get_by_role("link").first.click()
    found |= {"entry": faults} if (faults := steward.faults()) else {}
    steward.click("各版对比", "link")
    found |= {"versions": faults} if (faults := steward.faults()) else {}
    authority = visit("linyue")
    authority.open("/inbox?kind=catalog-extension")
    authority.page.locator("main .queue").get_by_role("link").first.click()
    found |= {"extension": faults} if (faults := authority.faults()) else {}
    assert found == {}
