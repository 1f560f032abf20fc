"""Usage ledgers: what departments wrote, what last quarter still lacks, and an inspection."""

from __future__ import annotations

from datetime import timedelta

from jutong.center.clocks.queries import calendar
from jutong.center.remedy import actions
from jutong.center.remedy.actions import Copy
from jutong.center.remedy.models import LedgerAsk
from jutong.center.remedy.quarters import bounds, quarter_of
from jutong.center.sharing.models import Grant
from jutong.demo.chain.agreements import FUND, PUPILS
from jutong.demo.chain.shares import Share
from jutong.demo.stage import Stage, morning
from jutong.kernel.clock import civil_date


def load(stage: Stage, running: dict[Share, Grant]) -> None:
    """Write, ask for last quarter on the first working day of this one, complete one and inspect it."""
    copies = [Copy("database", "学籍管理系统核验结果表"), Copy("cache", "接口网关日志")]
    text = "只保存核验结论和办件编号，不保存返回的明细；日志保留六个月"
    clerk = stage.requester("education")
    actions.write_entry(grant=running[PUPILS], part="storage", text=text, copies=copies, by=clerk, now=stage.ago(60))
    day = civil_date(bounds(quarter_of(civil_date(stage.now)))[0])
    while not calendar().is_workday(day):
        day += timedelta(days=1)
    asked = min(morning(day), stage.now)
    actions.keep_ledgers(now=asked)
    ask = LedgerAsk.objects.filter(grant=running[FUND]).first()
    if ask is None:
        return
    actions.fill(
        ask=ask,
        effect="购房提取免交不动产权证书，平均办理时间由三个工作日缩短为当场办结",
        storage="核验结果随业务档案保存，明细不落库",
        copies=[Copy("database", "公积金业务系统提取业务表")],
        by=stage.requester("fund"),
        now=min(asked + timedelta(days=2), stage.now),
    )
    note = "抽查二十笔提取业务，事由、办件编号与业务档案一致"
    actions.inspect_ledger(grant=running[FUND], is_sound=True, note=note, by=stage.steward("land"), now=stage.ago(6))
