"""The couple whose status differs: found in the fused record, sent to be put right, healed, and everybody told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import psycopg
import pytest

from jutong.demo.cases import CASES
from jutong.demo.databases import PREFIX
from jutong.runtime.postgres import SUPERUSER, Postgres
from tests.e2e.platform import Platform
from tests.e2e.visitor import Visitor

pytestmark = pytest.mark.e2e
HERE = "/library/tables/RK/person"
HUSBAND = CASES.divorced[0]
REGISTER = "户籍人口基本信息"
CHAIN = timedelta(minutes=6)
"""In which a move, a fusion and what follows on them are done, beside everything else a test machine does."""


def _at_the_node(visitor: Visitor, button: str) -> Visitor:
    """Follow a ticket to the node, whose page opens beside."""
    with visitor.page.expect_popup() as opened:
        visitor.click(button)
    there = Visitor(opened.value, visitor.platform)
    there.page.wait_for_load_state()
    return there


def _look_up(keeper: Visitor) -> Visitor:
    """Open the husband's fused record at the node."""
    keeper.open(f"{HERE}/fusion")
    keeper.page.get_by_label("事由", exact=True).fill("核对婚姻状况冲突")
    keeper.click("查融合后的记录和冲突")
    node = _at_the_node(keeper, "到节点上打开")
    assert node.faults_at_both_widths() == []
    node.page.get_by_label("号码", exact=True).fill(HUSBAND.number)
    node.click("查找")
    node.page.wait_for_load_state()
    return node


def _put_right(platform: Platform) -> None:
    """What the police do in their own database once they have looked: nobody of ours writes there."""
    server = Postgres(platform.home)
    password = server.home.secret("registry-superuser.password")
    address = server.address(f"{PREFIX}_police_population", SUPERUSER, password)
    with psycopg.connect(address) as connection:
        changed = connection.execute(
            "UPDATE rk_czrk SET hyzk = '40', gxsj = now()::timestamp(0) WHERE gmsfhm = %s", (HUSBAND.number,)
        )
        assert changed.rowcount == 1


def _sent(keeper: Visitor, node: Visitor) -> str:
    """Send the conflict that is on the page; return the correction's number."""
    node.page.locator("tr", has_text="婚姻状况").get_by_role("link", name="转为校核").first.click()
    node.page.wait_for_load_state()
    assert node.faults_at_both_widths() == []
    node.click("转为校核")
    node.page.wait_for_url(f"**{HERE}/fusion")
    keeper.open(f"{HERE}/fusion")
    keeper.reload_until("已转为校核")
    keeper.reload_until("还不一致")
    assert keeper.faults_at_both_widths() == []
    return keeper.page.locator("a[href^='/corrections/']").first.inner_text()


def _answered(officer: Visitor, number: str) -> None:
    """Take the case up, look at the record at the node, and feed back."""
    officer.open(f"/corrections/{number}")
    officer.click("受理核实")
    assert officer.faults_at_both_widths() == []
    officer.click("到节点上看是哪一条", role="link")
    assert officer.faults_at_both_widths() == []
    officer.click("签发票据")
    node = _at_the_node(officer, "到节点上打开")
    assert node.faults_at_both_widths() == []
    assert HUSBAND.name in node.text()
    assert HUSBAND.number not in node.text(), "masked until somebody says why"
    officer.open(f"/corrections/{number}")
    officer.page.get_by_label("核实结论", exact=True).select_option("true")
    officer.page.locator("[name=corrected-0]").fill("离婚")
    officer.page.get_by_label("反馈说明", exact=True).fill("经核对离婚登记，已在人口库更正")
    officer.click("反馈", role="button")
    officer.reload_until("已更正")


def test_the_couple_whose_status_differs_is_found_sent_and_healed(
    visit: Callable[..., Visitor], platform: Platform
) -> None:
    keeper = visit("xuruotong")
    keeper.open(f"{HERE}/fusion")
    keeper.reload_until("市民政局", CHAIN.total_seconds())
    assert keeper.faults_at_both_widths() == []
    node = _look_up(keeper)
    assert node.faults_at_both_widths() == []
    for said in (HUSBAND.name, "离婚", "已婚", "没有解决的冲突", "数源部门"):
        assert said in node.text()
    number = _sent(keeper, node)
    officer = visit("zhouqiang")
    _answered(officer, number)
    _put_right(platform)
    officer.open("/transfers")
    officer.click(f"{REGISTER}入库", role="link")
    officer.click("现在运行")
    keeper.open(f"/corrections/{number}/record")
    keeper.reload_until("已一致", CHAIN.total_seconds())
    healed = _look_up(keeper)
    assert "已经解决的冲突" in healed.text()
    keeper.open(f"{HERE}/model")
    assert keeper.faults_at_both_widths() == []
