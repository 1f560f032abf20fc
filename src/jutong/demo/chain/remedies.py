"""What goes wrong or changes while a share runs: a rectification that is late, a service change being talked about."""

from __future__ import annotations

from jutong.center.remedy import actions
from jutong.demo.chain import shares
from jutong.demo.chain.shares import Share
from jutong.demo.stage import Stage

RIDES = Share(
    "transport",
    "公交优惠卡系统",
    "police",
    "户籍人口基本信息",
    "老年优惠卡户籍年审",
    "金河市城市公共交通条例（演示）",
    "老年优惠卡年审时核对户籍和人口状态",
    ("姓名", "出生日期", "人口状态"),
)
NOTICE_DAYS = 30
"""Days between the proposal of a change and the day it would be made."""


def load(stage: Stage) -> None:
    """Order the one and propose the other."""
    grant = shares.running(stage, RIDES, asked=40)
    actions.order_rectification(
        grant=grant,
        finding="10月下旬连续三天在夜间批量查询，且事由均填“年审”，与协议约定的逐件办理不符",
        demands="说明批量查询的用途和去向；关闭夜间定时任务；按办件逐笔填写办件编号",
        days=5,
        by=stage.steward("police"),
        now=stage.ago(8),
    )
    change = actions.propose_change(
        entry=stage.entry("不动产登记信息"),
        kind="reshape",
        reason="规划用途改按《不动产登记规程》新的分类编码登记，原字段停止更新",
        plan="新增“规划用途编码”，原“规划用途”保留三个月后停用；过渡期内两个信息项并行提供",
        items=["规划用途"],
        effective_on=stage.on(NOTICE_DAYS),
        by=stage.steward("land"),
        now=stage.ago(4),
    )
    text = "同意，已安排系统改造"
    actions.answer_consultation(change=change, stance="agree", text=text, by=stage.requester("fund"), now=stage.ago(2))
