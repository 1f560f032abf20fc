"""Violations departments reported, each at another step, and those the clocks found by themselves."""

from __future__ import annotations

from datetime import datetime

from jutong.center.clocks import actions as clocks
from jutong.center.org.actor import platform_actor
from jutong.center.process.moments import Moment, tell
from jutong.center.supervision import actions
from jutong.center.supervision.models import Case
from jutong.demo.stage import Stage

FOUND = 3
"""Working days ago the platform last looked at the clocks."""


def load(stage: Stage) -> None:
    """Report five, hear and judge four of them, then let the platform look at every clock."""
    _rectified(stage)
    _awaiting_acceptance(stage)
    _ordered_and_late(stage)
    waiting = _reported(
        stage, "R1", "approval", "civil", text="一件事办理系统仍要求申请人上传低保证明，该信息已可共享", days=13
    )
    said = "系统改造已列入本月计划，上线前先由窗口人员代为核验，不再要求上传"
    actions.state(case=waiting, text=said, by=stage.steward("approval"), now=stage.ago(11))
    _reported(
        stage, "P2", "police", "housing", text="答复同意后又要求另签保密承诺书并到场办理，条例没有规定这一条件", days=4
    )
    find_late(stage.ago(FOUND))


def _reported(stage: Stage, code: str, about: str, by: str, *, text: str, days: int) -> Case:
    return actions.report_violation(
        code=code, organisation=stage.organisation(about), text=text, by=stage.requester(by), now=stage.ago(days)
    )


def _ordered_and_late(stage: Stage) -> None:
    text = "不动产登记数据源字段调整后两周没有更新目录，使用部门取到空值"
    case = _reported(stage, "P3", "land", "fund", text=text, days=27)
    said = "因机房搬迁延误，正在补正"
    actions.state(case=case, text=said, by=stage.steward("land"), now=stage.ago(25))
    order = "更新目录信息项说明，恢复数据推送，建立字段变更提前通知机制"
    actions.notice(case=case, text=order, days=15, by=stage.authority(), now=stage.ago(19))


def _awaiting_acceptance(stage: Stage) -> None:
    case = _reported(stage, "R6", "transport", "police", text="优惠卡窗口多人共用一个账号调用户籍核验接口", days=32)
    steward, authority = stage.steward("transport"), stage.authority()
    actions.state(case=case, text="情况属实，窗口轮岗时没有及时开通账号", by=steward, now=stage.ago(30))
    order = "停用共用账号，一人一号，补登近三个月的经办人"
    actions.notice(case=case, text=order, days=15, by=authority, now=stage.ago(26))
    done = "已为十二名窗口人员开通个人账号，停用共用账号，补登经办记录一千二百余条"
    actions.report(case=case, text=done, by=steward, now=stage.ago(12))


def _rectified(stage: Stage) -> None:
    case = _reported(stage, "P7", "civil", "housing", text="婚姻登记核验接口未经协商停用半天，影响公租房受理", days=58)
    steward, authority = stage.steward("civil"), stage.authority()
    actions.state(case=case, text="为紧急修补安全漏洞，事后补发了通知", by=steward, now=stage.ago(56))
    order = "制定紧急停用预案，停用前至少提前两小时告知使用部门"
    actions.notice(case=case, text=order, days=10, by=authority, now=stage.ago(52))
    done = "预案已印发，值班电话已告知全部使用部门"
    actions.report(case=case, text=done, by=steward, now=stage.ago(46))
    actions.accept(case=case, text="预案可行，予以通过", by=authority, now=stage.ago(44))


def find_late(now: datetime) -> None:
    """Mark the clocks that had run out by then, write the violations down and let agreements hear of it."""
    by = platform_actor("breach scan")
    while breaches := clocks.scan_breaches(by=by, now=now):
        actions.record_breaches(breaches=breaches, by=by, now=now)
        for clock in breaches:
            tell(Moment.CLOCK_BREACHED, clock, by=by, now=now)
