"""A steward brings a department's whole database into the catalog: listed, proposed, corrected, published, bound."""

from __future__ import annotations

import time
from collections.abc import Callable

import psycopg
import pytest
from playwright.sync_api import expect
from psycopg import sql

from jutong.runtime.postgres import SUPERUSER, Postgres
from tests.e2e.platform import Platform
from tests.e2e.publishing import publish_all, settled
from tests.e2e.visitor import Visitor

pytestmark = pytest.mark.e2e
SOURCE, DATABASE = "civil-affairs", "jutong_demo_civil_affairs"
STEWARD, HEAD = "wangjianguo", "zhaochanghe"
THINGS = ("公墓", "殡仪馆", "骨灰堂", "养老院", "福利院", "救助站", "社区中心", "志愿队伍", "慈善组织", "基金会")
TABLES = {f"mz_{number:02d}": thing for number, thing in enumerate(THINGS, start=1)}
COLUMNS = {
    "bh": ("varchar(20) PRIMARY KEY", "编号"),
    "mc": ("varchar(100)", "名称"),
    "tyshxydm": ("char(18)", "统一社会信用代码"),
    "fzr": ("varchar(50)", "负责人"),
    "lxdh": ("varchar(20)", "联系电话"),
    "dz": ("varchar(200)", "服务地址"),
    "gxsj": ("timestamp", "更新时间"),
}
TEN_MINUTES = 600


def add_tables(platform: Platform) -> None:
    """What a department's own people would have: ten tables with Chinese comments, and a copy nobody wants."""
    server = Postgres(platform.home)
    dsn = server.address(DATABASE, SUPERUSER, server.home.secret("registry-superuser.password"))
    with psycopg.connect(dsn, autocommit=True) as database:
        for table, thing in TABLES.items():
            name = sql.Identifier(table)
            columns = sql.SQL(", ").join(
                sql.SQL("{} {}").format(sql.Identifier(column), sql.SQL(kind)) for column, (kind, _) in COLUMNS.items()
            )
            database.execute(sql.SQL("CREATE TABLE {} ({})").format(name, columns))
            database.execute(sql.SQL("COMMENT ON TABLE {} IS {}").format(name, f"{thing}登记表"))
            for column, (_, comment) in COLUMNS.items():
                place = sql.Identifier(table, column)
                database.execute(sql.SQL("COMMENT ON COLUMN {} IS {}").format(place, comment))
        database.execute("CREATE TABLE mz_bak (a text)")
        database.execute(sql.SQL("GRANT SELECT ON ALL TABLES IN SCHEMA public TO {}").format(
            sql.Identifier(f"{DATABASE}_reader")
        ))  # fmt: skip


def test_a_whole_database_comes_into_the_catalog(visit: Callable[..., Visitor], platform: Platform) -> None:
    add_tables(platform)
    steward = visit(STEWARD)
    steward.open("/manage/sources")
    steward.click(f"重新列出表 {SOURCE}")
    steward.open("/manage/sources")
    steward.reload_until("mz_10")

    started = time.monotonic()
    steward.open("/manage/imports")
    assert steward.faults() == []
    steward.click(f"选表登记 {SOURCE}", "link")
    page = steward.page
    expect(page.get_by_label("mz_01")).to_be_checked()
    expect(page.get_by_label("mz_bak")).not_to_be_checked()
    page.get_by_label("信息资源分类", exact=True).fill("307010")
    page.get_by_label("所属领域", exact=True).fill("民生服务")
    page.get_by_label("数据更新频率", exact=True).select_option("daily")
    page.get_by_label("共享范围", exact=True).fill("本市各部门")
    page.get_by_label("不涉密声明", exact=True).select_option(label="是")
    assert steward.faults() == []
    steward.click("提出登记建议")
    page.wait_for_url("**/manage/imports/*")
    assert "使用用途" in steward.text(), "what nobody said is asked for at its cell"
    assert steward.faults() == []

    page.get_by_label("第1行使用用途", exact=True).fill("核对服务机构")
    steward.click("再核对一次")
    settled(steward, "改了1行")
    for line in range(2, len(TABLES) + 1):
        page.get_by_label(f"第{line}行使用用途", exact=True).fill("核对服务机构")
    steward.click("再核对一次")
    settled(steward, "没有要改的行了")
    batch = page.url.partition("?")[0]
    page.goto(f"{batch}/rows/1")
    text = steward.text()
    assert "公墓登记" in text
    assert "负责人" in text
    assert "定级建议" in text
    assert steward.faults() == []
    page.goto(batch)
    steward.click(f"导入{len(TABLES)}行，生成草稿")
    settled(steward, "去办理")
    assert steward.faults() == []

    publish_all(visit, steward=STEWARD, head=HEAD)
    page.goto(batch)
    steward.click(f"挂接这{len(TABLES)}条")
    settled(steward, f"已挂接{len(TABLES)}条")
    assert time.monotonic() - started < TEN_MINUTES

    steward.open("/catalog?q=公墓")
    steward.reload_until("公墓登记")
    page.get_by_role("link", name="公墓登记", exact=True).first.click()
    assert "负责人" in steward.text()
