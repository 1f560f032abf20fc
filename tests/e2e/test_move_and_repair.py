"""A MariaDB connected, its table published and moved, and the rows set aside put right: all in the page."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from tests.e2e.platform import Platform
from tests.e2e.publishing import publish_all, settled
from tests.e2e.visitor import Visitor
from tests.plugins.mariadb import MariaDB

pytestmark = pytest.mark.e2e
ROWS = 400
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
TITLE = "居住登记信息"
NAME = "dwellers"


def _number(row: int, *, wrong: bool = False) -> str:
    """An invented identity number; a wrong one has the next check digit."""
    body = f"629901{19500101 + row % 28 + row % 40 * 10_000}{row % 1000:03}"
    check = sum(int(digit) * weight for digit, weight in zip(body, WEIGHTS, strict=True)) % 11
    return body + "10X98765432"[(check + wrong) % 11]


def _fill(server: MariaDB) -> str:
    """Make a register in which every hundredth identity number is wrong, and an account that may read it."""
    database = server.create_database("register")
    with server.connect(database) as connection, connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE dweller (id BIGINT PRIMARY KEY COMMENT '序号', id_number VARCHAR(18) COMMENT '公民身份号码', "
            f"name VARCHAR(60) COMMENT '姓名', updated DATETIME COMMENT '更新时间') COMMENT '{TITLE}'"
        )
        rows = [(n, _number(n, wrong=n % 100 == 0), f"张{n}", "2026-01-02 03:04:05") for n in range(1, ROWS + 1)]
        cursor.executemany("INSERT INTO dweller VALUES (%s, %s, %s, %s)", rows)
        cursor.execute("CREATE OR REPLACE USER reader@'%' IDENTIFIED BY 'read-only-1'")
        cursor.execute("GRANT SELECT ON register.* TO reader@'%'")
    return database


def _at_the_node(visitor: Visitor, button: str) -> Visitor:
    """Follow a ticket to the node, whose page opens beside."""
    with visitor.page.expect_popup() as opened:
        visitor.click(button)
    there = Visitor(opened.value, visitor.platform)
    there.page.wait_for_load_state()
    return there


def _next(page: Page, button: str) -> None:
    page.get_by_role("button", name=button, exact=True).first.click()
    page.wait_for_load_state()


def _connect(steward: Visitor, server: MariaDB, database: str) -> None:
    steward.open("/manage/sources/connect")
    assert steward.faults_at_both_widths() == []
    steward.page.get_by_label("名称").fill(NAME)
    steward.click("下一步")
    node = _at_the_node(steward, "到节点上填写")
    assert node.faults_at_both_widths() == []
    node.page.locator("main [name=kind][value=mysql]").check()
    _next(node.page, "下一步")
    given = {"host": server.host, "port": str(server.port), "database": database, "user": "reader", "password": "wrong"}
    for name, value in given.items():
        node.page.locator(f"main [name={name}]").fill(value)
    _next(node.page, "试连")
    assert "用户名或口令" in node.text()
    assert node.faults_at_both_widths() == []
    node.page.locator("main [name=password]").fill("read-only-1")
    _next(node.page, "试连")
    assert node.faults_at_both_widths() == []
    _next(node.page, "下一步")
    assert node.faults_at_both_widths() == []
    _next(node.page, "连接")
    assert "已连接" in node.text()
    steward.open("/manage/sources")
    steward.reload_until(NAME)


def _publish(visit: Callable[..., Visitor], steward: Visitor) -> None:
    page = steward.page
    steward.open(f"/manage/sources/{NAME}/describe")
    steward.reload_until("信息资源分类")
    page.get_by_label("信息资源分类", exact=True).fill("307010")
    page.get_by_label("所属领域", exact=True).fill("公安")
    page.get_by_label("数据更新频率", exact=True).select_option("daily")
    page.get_by_label("共享范围", exact=True).fill("本市各部门")
    page.get_by_label("使用用途", exact=True).fill("核对居住情况")
    page.get_by_label("不涉密声明", exact=True).select_option(label="是")
    page.get_by_label("register.dweller").check()
    steward.click("提出登记建议")
    page.wait_for_url("**/manage/imports/*")
    batch = page.url.partition("?")[0].removeprefix(steward.platform.base)
    settled(steward, "导入1行，生成草稿")
    steward.click("导入1行，生成草稿")
    settled(steward, "去办理")
    publish_all(visit, steward="zhouqiang", head="gaozhenbang")
    steward.open(batch)
    steward.click("挂接这1条")
    settled(steward, "已挂接1条")


def _order(steward: Visitor) -> None:
    """Go through the wizard as it proposes, and run what came out."""
    steward.open("/transfers/new")
    assert steward.faults_at_both_widths() == []
    steward.page.locator("tr", has_text=TITLE).get_by_role("button").first.click()
    steward.page.wait_for_load_state()
    for step in ("mapping", "target", "plan"):
        assert step in steward.page.url
        assert steward.faults_at_both_widths() == []
        steward.page.locator("main button[name=then][value=next]").click()
        steward.page.wait_for_load_state()
    assert "check" in steward.page.url
    assert steward.faults_at_both_widths() == []
    steward.page.locator("main button[name=then][value=run]").click()
    steward.page.wait_for_load_state()


def _repair(steward: Visitor) -> None:
    steward.click("处理隔离行", role="link")
    assert steward.faults_at_both_widths() == []
    address = steward.page.url.removeprefix(steward.platform.base)
    steward.click("打开隔离区")
    node = _at_the_node(steward, "到节点上处理")
    assert node.faults_at_both_widths() == []
    node.page.locator("tr", has_text="0-100").get_by_role("button").first.click()
    node.page.wait_for_load_state()
    assert node.faults_at_both_widths() == []
    node.page.locator(f"main input[value='{_number(100, wrong=True)}']").fill(_number(100))
    node.page.get_by_label("依据").first.fill("户籍底册")
    _next(node.page, "保存改正")
    _next(node.page, "写回已改正的行")
    node.page.locator("main", has_text="写回 1 行").wait_for()
    steward.open(address)
    steward.reload_until("jc1:1:")
    assert "周强" in steward.text()


def test_a_register_is_connected_moved_and_put_right(
    visit: Callable[..., Visitor], platform: Platform, mariadb: MariaDB
) -> None:
    database = _fill(mariadb)
    allowed = platform.run("node", "hosts", "allow", f"{mariadb.host}:{mariadb.port}")
    assert allowed.returncode == 0, allowed.stderr
    steward = visit("zhouqiang")
    _connect(steward, mariadb, database)
    _publish(visit, steward)
    _order(steward)
    steward.reload_until("已完成并核对")
    assert "400" in steward.text()
    assert steward.faults_at_both_widths() == []
    _repair(steward)
