"""Importing a workbook of entries: upload, check of every row with every rule, the marked workbook, and the drafts.

A throw-away registry, one process, as the worker is one. Rows say what real portals say, with ten items each and two
faults in a hundred. ``python bench/intake.py [ROWS]``.
"""

from __future__ import annotations

import os
import secrets
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from _report import Report
from jutong.kernel.clock import utc_now
from jutong.runtime.postgres import OWNER, temporary

if TYPE_CHECKING:
    from jutong.center.intake.workbook.content import Content

GOAL_SECONDS = 30.0
ITEMS = 10
CODE = "11629900MB4482457G"
KINDS = (
    "登记信息",
    "许可信息",
    "检查结果",
    "统计数据",
    "名录",
    "办件信息",
    "年度报告",
    "处罚信息",
    "资金拨付",
    "设施分布",
)
THINGS = (
    "公墓",
    "殡仪馆",
    "养老机构",
    "社会组织",
    "救助对象",
    "公园",
    "停车场",
    "学校",
    "医院",
    "河道",
    "桥梁",
    "道路",
)
COLUMNS = ("名称", "地址", "统一社会信用代码", "负责人", "联系电话", "类别", "状态", "面积", "登记日期", "更新时间")


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    report = Report("intake")
    with temporary() as server, tempfile.TemporaryDirectory() as folder:
        dsn = server.ensure_database("bench", OWNER, server.home.secret("registry.password"))
        os.environ |= {"JUTONG_DATABASE_URL": dsn, "JUTONG_HOME": folder, "JUTONG_LOG_LEVEL": "error"}
        os.environ["DJANGO_SETTINGS_MODULE"] = "jutong.center.conf"
        import django
        from django.core.management import call_command

        django.setup()
        call_command("migrate", interactive=False, verbosity=0)
        _measure(report, rows, Path(folder))
    report.finish()


def _measure(report: Report, rows: int, folder: Path) -> None:
    from jutong.center.intake import actions, queries
    from jutong.center.intake.workbook import own
    from jutong.center.intake.workbook.marked import marked
    from jutong.center.org.actor import platform_actor
    from jutong.standards import template_document

    by, now, edition = _steward(), utc_now(), template_document.core()
    contents = [_content(at) for at in range(rows)]
    content, writing = timed(lambda: own.workbook(contents, edition=edition))
    report.row(f"writing a workbook of {rows} entries, {ITEMS} items each", writing, "s")
    batch, receiving = timed(lambda: actions.receive(file=BytesIO(content), name="bench.xlsx", by=by, now=now))
    report.row("upload, until the page answers", receiving, "s")
    checker = platform_actor("bench")
    checked, checking = timed(lambda: actions.check_batch(batch_id=batch.id, by=checker, now=now))
    assert checked is not None
    assert checked.done == rows, checked.problem
    report.row(f"checking {rows} rows, all rules", receiving + checking, "s", goal=f"<= {GOAL_SECONDS:.0f}",
               met=receiving + checking <= GOAL_SECONDS)  # fmt: skip
    report.row("rows to be changed", checked.counts["error"], "rows")
    _, problems = timed(lambda: queries.problems(by, checked))
    report.row("problems of the batch, as the page asks for them", problems * 1000, "ms")
    _, marking = timed(lambda: marked(checked, queries.proposals(by, checked), content))
    report.row("the marked workbook", marking, "s")
    drafted, drafting = timed(lambda: actions.make_drafts(batch=checked, by=by, now=now))
    report.row("drafts", drafted.counts["drafted"] / drafting, "entries/s")
    again = actions.receive(file=BytesIO(content), name="again.xlsx", by=by, now=now)
    repeated, repeating = timed(lambda: actions.check_batch(batch_id=again.id, by=checker, now=now))
    assert repeated is not None
    report.row(f"checking them against {drafted.counts['drafted']} entries there are", repeating, "s",
               goal=f"<= {GOAL_SECONDS:.0f}", met=repeating <= GOAL_SECONDS)  # fmt: skip
    report.row("rows that are no change", repeated.counts["same"], "rows")


def _steward() -> Any:
    from jutong.center.org import actions as org
    from jutong.center.org.actions.register import DivisionRow
    from jutong.center.org.actor import platform_actor
    from jutong.center.org.enums import Role
    from jutong.center.org.queries import actor_for

    by, now = platform_actor("bench"), utc_now()
    row = DivisionRow("629900", "金河市", "city", "620000", now.date(), is_demo=True)
    org.create_division(row=row, by=by, now=now)
    organisation = org.create_organisation(
        code=CODE, name="金河市民政局", short_name="市民政局", division_code="629900", data_office="信息科",
        is_authority=False, by=by, now=now,
    )  # fmt: skip
    user = org.create_user(username="steward", name="王建国", password=secrets.token_urlsafe(16), by=by, now=now)
    return actor_for(org.appoint(user=user, organisation=organisation, role=Role.STEWARD, by=by, now=now))


def _content(at: int) -> Content:
    from jutong.center.catalog.fields import EntryFields, ItemFields
    from jutong.center.intake.workbook.content import Content

    where, kind = THINGS[at % len(THINGS)], KINDS[at // len(THINGS) % len(KINDS)]
    place = "".join(chr(0x4E00 + at // 120 * 7 % 5000 + shift) for shift in range(2))
    fields = EntryFields(
        name=f"{place}{where}{kind}",
        classification="307010",
        summary=f"全市{place}{where}的{kind}，包括{'、'.join(COLUMNS)}",
        domain="民生服务",
        data_format="database",
        update_cycle="daily" if at % 50 else "2026/11/",
        share_attribute="conditional",
        share_way="service",
        share_scope="本市各部门",
        share_purpose="核验",
        grade="general-2",
        not_secret=True,
    )
    one = ItemFields(name="", data_type="C", length=64, grade="general-1", column="c")
    items = [replace(one, name=name, column=f"c{number}", is_key=not number) for number, name in enumerate(COLUMNS)]
    return Content("", fields, items[:ITEMS])


def timed(action: Callable[[], Any]) -> tuple[Any, float]:
    started = time.perf_counter()
    done = action()
    return done, time.perf_counter() - started


if __name__ == "__main__":
    main()
