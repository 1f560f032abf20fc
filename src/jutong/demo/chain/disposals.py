"""Data to be disposed of after a share: finished with its certificate, waiting for the provider, and late."""

from __future__ import annotations

from jutong.center.remedy import actions
from jutong.center.remedy.actions import Copy, Handling
from jutong.center.remedy.models import Disposal
from jutong.center.sharing.models import Grant
from jutong.demo.chain import shares
from jutong.demo.chain.shares import Share
from jutong.demo.stage import Stage
from jutong.kernel.clock import civil_date

DEEDS = Share(
    "tax",
    "税费征管辅助系统",
    "land",
    "不动产登记信息",
    "存量房契税申报信息预填",
    "中华人民共和国契税法第十条",
    "存量房交易申报时预填不动产信息",
    ("坐落", "建筑面积", "规划用途"),
)
TENANTS = Share(
    "housing",
    "公租房管理系统",
    "land",
    "不动产抵押登记信息",
    "公租房租户房产抵押情况年审",
    "公共租赁住房管理办法第二十九条",
    "年度资格复核时核对租户名下房产抵押情况",
    ("抵押权人", "抵押状态"),
)
MEALS = Share(
    "education",
    "中小学学籍管理系统",
    "civil",
    "最低生活保障对象信息",
    "营养改善计划对象核对",
    "农村义务教育学生营养改善计划实施办法",
    "核对享受营养改善计划的低保家庭学生",
    ("姓名", "保障类别", "保障状态"),
)


def load(stage: Stage) -> None:
    """Let three shares run, end and be disposed of as far as each has come."""
    _finished(stage)
    _reported(stage)
    grant = shares.running(stage, MEALS, asked=60)
    copies = [Copy("database", "学籍管理系统营养餐对象表"), Copy("file", "教育信息与统计科共享盘“营养餐”文件夹")]
    _wrote(stage, MEALS, grant, copies, 50)
    shares.ended(stage, MEALS, grant, days=14, reason="营养改善计划改由县级统一核定，不再需要")


def _wrote(stage: Stage, share: Share, grant: Grant, copies: list[Copy], days: int) -> None:
    text = "核验结果存入业务库，明细文件仅经办人可读，按季清理"
    actions.write_entry(
        grant=grant, part="storage", text=text, copies=copies, by=stage.requester(share.requester), now=stage.ago(days)
    )


def _report(stage: Stage, share: Share, disposal: Disposal, days: int) -> Disposal:
    at = stage.ago(days)
    done = {
        copy.pk: Handling("delete", civil_date(at), witness=stage.steward(share.requester).name)
        for copy in disposal.copies.all()
    }
    by = stage.requester(share.requester)
    return actions.report_disposal(disposal=disposal, handled=done, by=by, now=at)


def _finished(stage: Stage) -> None:
    grant = shares.running(stage, DEEDS, asked=74)
    _wrote(stage, DEEDS, grant, [Copy("database", "征管辅助系统契税预填表"), Copy("backup", "每日增量备份")], 65)
    shares.ended(stage, DEEDS, grant, days=46, reason="契税申报改为从不动产登记一窗受理直接取数")
    disposal = _report(stage, DEEDS, Disposal.objects.get(grant=grant), 41)
    note = "已核对删除日志和备份清理记录"
    actions.verify_disposal(disposal=disposal, note=note, by=stage.steward("land"), now=stage.ago(39))


def _reported(stage: Stage) -> None:
    grant = shares.running(stage, TENANTS, asked=45)
    _wrote(stage, TENANTS, grant, [Copy("file", "住房保障科年审台账")], 38)
    shares.ended(stage, TENANTS, grant, days=9, reason="本年度公租房资格年审已结束")
    _report(stage, TENANTS, Disposal.objects.get(grant=grant), 4)
