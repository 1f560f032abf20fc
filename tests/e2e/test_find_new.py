"""What was published a moment ago is found by a word of two characters, and told to who waits for it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.e2e.visitor import DEADLINE_SECONDS, Visitor

pytestmark = pytest.mark.e2e
NAME = "内河船舶年度核查结果"
WORD = "内河"


def test_a_new_entry_is_found_at_once_by_two_characters(visit: Callable[..., Visitor]) -> None:
    reader = visit("wusiyuan")
    reader.open(f"/catalog?q={WORD}&all=1")
    assert NAME not in reader.text()
    assert reader.faults() == []
    reader.click("关注这个检索")
    expect(reader.page.get_by_role("status")).to_contain_text(f"已关注“{WORD}”")
    assert reader.faults() == []

    authority = visit("linyue")
    authority.open(f"/review?q={NAME}")
    authority.page.get_by_label(f"选择{NAME}").check()
    authority.click("通过选中的")
    authority.page.wait_for_url("**/manage/batches/*")
    authority.reload_until("办成1条")

    reader.open("/catalog")
    box = reader.page.get_by_role("combobox", name="搜索数据目录", exact=True)
    box.press_sequentially(WORD)
    expect(reader.page.locator(f'#suggested option[value="{NAME}"]')).to_be_attached()
    box.press("Enter")
    expect(reader.page.get_by_role("link", name=NAME, exact=True)).to_be_visible()
    assert reader.faults() == []

    give_up = time.monotonic() + DEADLINE_SECONDS
    while (said := json.loads(reader.platform.run("catalog", "index", "status", "--json").stdout))["lag_changes"]:
        assert time.monotonic() < give_up, said
    assert said["in_force"]
    assert said["problem"] == ""
    reader.open(f"/catalog?q={WORD}")
    expect(reader.page.get_by_role("link", name=NAME, exact=True)).to_be_visible()
    reader.open("/notices")
    reader.reload_until(f"关注的检索“{WORD}”")


def test_where_nothing_is_found_the_way_out_leads_somewhere(visit: Callable[..., Visitor]) -> None:
    reader = visit("wusiyuan")
    reader.open("/catalog?q=户藉人口")
    assert reader.faults() == []
    reader.page.get_by_role("link", name="改搜“户籍人口”").first.click()
    expect(reader.page.get_by_role("link", name="户籍人口基本信息", exact=True)).to_be_visible()
    assert reader.faults() == []
