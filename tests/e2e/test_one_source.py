"""One source and no repeated collection, as three departments and the public meet them in the browser."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.e2e.visitor import Visitor

pytestmark = pytest.mark.e2e
WIDTHS = ((1440, 900), (390, 844))
LISTS = (
    "/ownership", "/ownership?state=open", "/ownership?q=%E4%B8%8D%E5%AD%98%E5%9C%A8", "/ownership/plans",
    "/ownership/repeated", "/inventories/systems", "/inventories/duties", "/inventories/withheld",
)  # fmt: skip


@pytest.mark.parametrize(("width", "height"), WIDTHS)
def test_the_pages_are_accessible_and_fit(visit: Callable[..., Visitor], width: int, height: int) -> None:
    authority = visit("linyue", width=width, height=height)
    found: dict[str, list[str]] = {}
    for address in (*LISTS, *_first_links(authority)):
        authority.complaints.clear()
        authority.open(address)
        if faults := authority.faults():
            found[address] = faults
    assert found == {}


def _first_links(visitor: Visitor) -> list[str]:
    """The address of the first thing in each list that has a page of its own."""
    links = []
    for address in ("/ownership?state=proposed", "/ownership?state=designated", *LISTS[3:6:2]):
        visitor.open(address)
        link = visitor.page.locator("tbody th a").first.get_attribute("href")
        assert link is not None, address
        links.append(link)
    return links


@pytest.mark.parametrize(("width", "height"), WIDTHS)
def test_the_public_finds_what_is_open(visit: Callable[..., Visitor], width: int, height: int) -> None:
    somebody = visit(width=width, height=height)
    somebody.open("/open")
    assert somebody.heading() == "开放数据"
    assert somebody.faults() == []
    somebody.page.get_by_role("searchbox").fill("学校")
    somebody.click("搜索")
    name = somebody.page.locator(".result h3 a").first.inner_text()
    somebody.page.locator(".result h3 a").first.click()
    assert somebody.heading() == name
    assert somebody.faults() == []
    somebody.open("/open/307010/99999")
    assert somebody.faults() == []


def test_a_source_is_designated_after_both_sides_were_heard(visit: Callable[..., Visitor]) -> None:
    authority = visit("linyue")
    authority.open("/ownership?state=proposed")
    authority.click("婚姻状况", role="link")
    address = authority.page.url.removeprefix(authority.platform.base)
    authority.click("指定")
    assert "还有2个部门没有表态" in authority.text()
    for username in ("wangjianguo", "zhouqiang"):
        steward = visit(username)
        steward.open("/inbox?kind=source-position")
        steward.click("婚姻状况", role="link")
        steward.page.get_by_label("意见", exact=True).select_option("agree")
        steward.click("登记意见")
        assert "本部门意见已登记" in steward.text()
    authority.open(address)
    authority.click("指定")
    assert "已指定数源部门" in authority.text()
    steward = visit("zhouqiang")
    steward.open(
        "/catalog?q=%E6%9C%80%E4%BD%8E%E7%94%9F%E6%B4%BB%E4%BF%9D%E9%9A%9C%E5%AF%B9%E8%B1%A1%E4%BF%A1%E6%81%AF"
    )
    steward.click("最低生活保障对象信息", role="link")
    assert "另有数源部门" in steward.text()
    assert steward.faults() == []


def test_a_form_asks_only_for_what_is_not_shared(visit: Callable[..., Visitor]) -> None:
    steward = visit("wangjianguo")
    steward.open("/ownership/plans/new")
    assert steward.faults() == []
    steward.page.get_by_label("类型", exact=True).select_option("form")
    steward.page.get_by_label("名称", exact=True).fill("高龄津贴申请表")
    steward.page.get_by_label("履行什么职责、依据是什么").fill("发放高龄津贴（老年人权益保障法第三十三条）")
    steward.page.get_by_label("字段，每行一个").fill("出生日期 申请人的\n领取意愿 本人填写")
    steward.click("保存并比对")
    assert "没有找到" in steward.text()
    steward.click("保存并提交审核")
    assert "还有1个字段没有处理" in steward.text()
    assert steward.faults() == []
    steward.page.get_by_label("出生日期怎么办").select_option(label="复用：户籍人口基本信息")
    steward.click("保存并提交审核")
    assert "已提交主管部门审核" in steward.text()
    authority = visit("linyue")
    authority.open("/inbox?kind=plan-decide")
    authority.click("高龄津贴申请表", role="link")
    authority.click("同意")
    assert "已同意" in authority.text()
    steward.page.reload()
    assert "去申请" in steward.text()
