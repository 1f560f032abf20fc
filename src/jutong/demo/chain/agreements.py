"""Agreements: in force, waiting for one side or the other, and one whose promise a measurement found broken."""

from __future__ import annotations

from datetime import datetime, timedelta

from jutong.center.agreement import actions
from jutong.center.agreement.models import Agreement, Breach
from jutong.center.catalog.models import Binding
from jutong.center.sharing.models import Grant
from jutong.contracts.receipts import BindingCheck, BindingReceipt
from jutong.demo.chain import shares
from jutong.demo.chain.shares import HOUR, Share
from jutong.demo.stage import Stage

PUPILS = Share(
    "education",
    "中小学学籍管理系统",
    "police",
    "户籍人口基本信息",
    "学籍建档身份核验",
    "中华人民共和国义务教育法第十二条",
    "新生学籍建档时核对学生和监护人户籍，不再要求提交户口簿复印件",
    ("姓名", "出生日期", "现居住地址", "联系电话"),
)
ESTATES = Share(
    "education",
    "中小学学籍管理系统",
    "land",
    "不动产登记信息",
    "学区住房情况核验",
    "中华人民共和国义务教育法第十二条",
    "学区审核时核对家庭住房坐落和权利人，不再要求提交不动产权证书",
    ("坐落", "权利人名称", "规划用途", "权属状态"),
)
FUND = Share(
    "fund",
    "住房公积金业务系统",
    "land",
    "不动产登记信息",
    "购房提取公积金房产核验",
    "住房公积金管理条例第二十四条",
    "职工购房提取时核对不动产登记，不再要求提交权证原件",
    ("坐落", "权利人名称", "登记时间", "规划用途"),
)
INSURED = Share(
    "education",
    "中小学学籍管理系统",
    "labour",
    "社会保险参保信息",
    "随迁子女入学参保核验",
    "中华人民共和国义务教育法第十二条",
    "随迁子女入学时核对监护人在本市参保情况",
    ("姓名", "险种类型", "参保状态"),
)
VACCINES = Share(
    "health",
    "全民健康信息平台",
    "police",
    "户籍人口基本信息",
    "老年人健康管理对象核对",
    "中华人民共和国基本医疗卫生与健康促进法第二十五条",
    "核对辖区六十五岁以上常住老年人底数，安排免费体检",
    ("姓名", "出生日期", "现居住地址"),
)
CARERS = Share(
    "fund",
    "住房公积金业务系统",
    "civil",
    "最低生活保障对象信息",
    "困难职工提取公积金资格核验",
    "住房公积金管理条例第二十四条",
    "享受低保的职工提取公积金时核对在保状态",
    ("姓名", "保障类别", "保障状态"),
)
BAD_DAY = 20
"""Working days ago on which a table lost a column for a day."""


def load(stage: Stage) -> dict[Share, Grant]:
    """Return the shares at work, after some of their agreements were measured."""
    made = {share: shares.running(stage, share, asked=asked) for share, asked in ((PUPILS, 76), (FUND, 75))}
    made[ESTATES] = shares.running(stage, ESTATES, asked=33)
    made[CARERS] = shares.running(stage, CARERS, asked=29)
    _measured(stage, made[FUND])
    _waiting(stage)
    return made


def _waiting(stage: Stage) -> None:
    """One signed by the provider and late on the other side; one the provider has not signed yet."""
    waiting = shares.sent(stage, INSURED, shares.agreed(stage, INSURED, asked=13), stage.ago(9))
    shares.sign(stage, INSURED, waiting, stage.ago(8), provider=True)
    shares.sent(stage, VACCINES, shares.agreed(stage, VACCINES, asked=6), stage.ago(2))


def _measured(stage: Stage, grant: Grant) -> None:
    """Let the node find a column gone for a day, measure that day, and let the provider explain itself."""
    noon = stage.ago(BAD_DAY, minutes=150)
    binding = Binding.objects.get(entry=grant.entry, ended_at=None)
    _check(stage, binding, noon, missing=(str(binding.columns["规划用途"]),))
    actions.measure(now=noon + HOUR)
    _check(stage, binding, noon + timedelta(hours=9))
    actions.measure(now=noon + timedelta(hours=20))
    agreement = Agreement.objects.get(grant=grant, state="in-force")
    found = Breach.objects.get(agreement=agreement)
    text = (
        "当日业务系统升级，规划用途字段改名后没有同步更新视图，21时已恢复。"
        "今后升级前先在测试环境核对视图，并提前三个工作日通知使用部门。"
    )
    actions.answer_breach(breach=found, text=text, by=stage.steward(FUND.provider), now=stage.ago(BAD_DAY - 2))


def _check(stage: Stage, binding: Binding, at: datetime, missing: tuple[str, ...] = ()) -> None:
    check = BindingCheck(
        binding_id=str(binding.id),
        alive=True,
        missing_columns=missing,
        rows=max(binding.row_estimate, 0),
        checked_ms=int(at.timestamp() * 1000),
    )
    stage.receipt("binding", BindingReceipt(checks=(check,)), at)
