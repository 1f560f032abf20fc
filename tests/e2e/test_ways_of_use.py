"""By keyboard, without script, in English: the same pages do the same."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.e2e.visitor import Visitor

pytestmark = pytest.mark.e2e
HAN = re.compile("[\u4e00-\u9fff]{2,}")
ENTRY = "居民户成员信息"


def test_everything_works_without_script(visit: Callable[..., Visitor]) -> None:
    visitor = visit("wusiyuan", script=False)
    page = visitor.page
    visitor.open("/catalog")
    page.get_by_role("searchbox").last.fill("户成员")
    visitor.click("搜索")
    page.get_by_role("link", name=ENTRY, exact=True).click()
    page.get_by_role("link", name="申请使用").click()
    page.get_by_label("标题").fill("不用脚本的申请")
    page.get_by_label("使用场景").fill("核对家庭成员")
    page.get_by_label("使用依据").fill("义务教育法第十二条")
    page.get_by_label("使用范围").fill("招生办")
    visitor.click("下一步")
    expect(page.get_by_role("heading", name="逐个字段选授权方式")).to_be_visible()
    page.get_by_role("radio", name="仅核验").first.check()
    visitor.click("存草稿")
    expect(page.get_by_role("status")).to_contain_text("草稿已存")
    visitor.click("撤回申请")
    expect(page.get_by_role("status")).to_contain_text("申请已撤回")


def test_the_menu_opens_on_a_telephone_without_script(visit: Callable[..., Visitor]) -> None:
    visitor = visit("wusiyuan", width=390, height=844, script=False)
    assert not visitor.page.get_by_role("link", name="使用留痕").is_visible()
    visitor.page.get_by_role("link", name="打开菜单").click()
    visitor.page.get_by_role("link", name="使用留痕").click()
    assert visitor.heading() == "使用留痕"


def test_facets_narrow_by_script_and_stay_in_the_address(visit: Callable[..., Visitor]) -> None:
    visitor = visit("wusiyuan")
    visitor.open("/catalog")
    page = visitor.page
    words = page.get_by_role("combobox", name="搜索数据目录", exact=True)
    words.fill("婚姻")
    visitor.click("搜索")
    page.wait_for_url(re.compile("/catalog\\?q="))
    expect(page.get_by_role("heading", name=re.compile("找到"))).to_be_visible()
    assert visitor.complaints == []
    page.reload()
    assert words.input_value() == "婚姻"


def test_english_by_a_switch(visit: Callable[..., Visitor]) -> None:
    visitor = visit("wusiyuan")
    visitor.click("English", "link")
    expect(visitor.page.get_by_role("heading", level=1)).not_to_contain_text(HAN)
    for address in ("/inbox", "/applications", "/grants", "/audit", "/nowhere"):
        visitor.open(address)
        assert not HAN.search(visitor.heading()), visitor.heading()
    menu = visitor.page.get_by_role("navigation").first.inner_text()
    assert not HAN.search(menu), menu
    visitor.click("中文", "link")
    expect(visitor.page.get_by_role("heading", level=1)).to_contain_text(HAN)


def test_a_keyboard_is_enough(visit: Callable[..., Visitor]) -> None:
    visitor = visit("wusiyuan")
    visitor.open("/catalog")
    page = visitor.page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent").strip() == "跳到正文"
    page.keyboard.press("Enter")
    assert page.url.endswith("#main")
    page.keyboard.press("Tab")
    inside = "document.querySelector('main').contains(document.activeElement)"
    assert page.evaluate(inside)
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline != "none", "where the keyboard stands is seen"
