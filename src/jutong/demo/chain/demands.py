"""Needs the catalog did not answer, each at another point of its way: stated, matched, merged, asked, met, sent up."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from jutong.center.demand import actions
from jutong.center.demand.models import Demand
from jutong.center.demand.need import DemandFields, WantedItem
from jutong.center.sharing import actions as sharing
from jutong.demo.chain import shares
from jutong.demo.chain.shares import Share
from jutong.demo.stage import Stage

SOON = 45
"""Days until the data is wanted."""


@dataclass(frozen=True)
class Wanted:
    """A need in the words of the department that has it."""

    by: str
    title: str
    basis: str
    scenario: str
    items: str
    matter: str = ""
    holder: str = ""
    urgency: str = "normal"


DISABLED_PUPILS = Wanted(
    "education",
    "残疾儿童少年持证信息",
    "中华人民共和国残疾人保障法第二十一条",
    "秋季入学前核对残疾儿童少年底数，安排随班就读或送教上门，不再要求家长提交残疾人证复印件",
    "公民身份号码 残疾人证号 残疾类别 残疾等级",
    matter="适龄残疾儿童少年入学安置",
    holder="disabled",
    urgency="urgent",
)
RESIDENCE = Wanted(
    "housing",
    "居住证办理信息",
    "居住证暂行条例第十二条",
    "非本市户籍家庭申请公租房时核对居住证是否有效",
    "公民身份号码 居住证号 签发日期 有效期至 居住地址",
    matter="公租房申请受理",
    holder="police",
)
RESIDENCE_TWIN = Wanted(
    "labour",
    "居住证有效状态",
    "居住证暂行条例第十二条",
    "灵活就业人员参保登记时核对居住证是否有效",
    "公民身份号码 居住证号 有效期至",
    matter="灵活就业人员参保登记",
)
PLANNING = Wanted(
    "tax",
    "存量房规划用途核定结果",
    "中华人民共和国契税法第四条",
    "存量房交易申报时核对房屋规划用途，确定契税适用税率",
    "不动产单元号 规划用途 核定日期 核定机构",
    matter="存量房交易纳税申报",
    holder="land",
)
FIRMS = Wanted(
    "approval",
    "新设企业登记信息",
    "优化营商环境条例第十九条",
    "企业开办一件事联办时自动带出登记信息，企业不再重复填报",
    "统一社会信用代码 企业名称 法定代表人 登记状态",
    matter="企业开办一件事",
    holder="market",
)
JOBLESS = Wanted(
    "finance",
    "就业困难人员认定名单",
    "中华人民共和国就业促进法第五十二条",
    "发放一次性创业补贴前核对就业困难人员身份",
    "公民身份号码 姓名 困难类型 认定日期",
    matter="一次性创业补贴发放",
)
GUARDIANS = Wanted(
    "civil",
    "收养登记跨市办理信息",
    "中华人民共和国民法典第一千一百零五条",
    "办理困境儿童保障时核对在外市办理的收养登记",
    "被收养人公民身份号码 收养人公民身份号码 登记日期 登记机关",
    matter="困境儿童保障认定",
)
LODGERS = Wanted(
    "tax",
    "房屋租赁备案信息",
    "中华人民共和国个人所得税法第六条",
    "核对住房租金专项附加扣除的真实性",
    "承租人公民身份号码 房屋坐落 租期起始日期 租期截止日期",
    matter="个人所得税专项附加扣除核验",
)
FIRMS_SHARE = Share(
    "approval",
    "一件事办理系统",
    "market",
    "企业登记基本信息",
    "企业开办一件事信息自动带出",
    "优化营商环境条例第十九条",
    "企业开办一件事联办时自动带出登记信息",
    ("企业名称", "法定代表人", "登记状态"),
)


def load(stage: Stage) -> None:
    """Bring every need to where it stands."""
    _met(stage)
    _stated(stage, DISABLED_PUPILS, 8)
    _sent_up(stage)
    _asked(stage)
    _being_made(stage)
    matched = _stated(stage, JOBLESS, 6)
    entry = stage.entry("就业困难人员认定信息")
    actions.match_demand(demand=matched, entry=entry, by=stage.authority(), now=stage.ago(4))
    _denied(stage)


def _stated(stage: Stage, wanted: Wanted, days: int) -> Demand:
    fields = DemandFields(
        title=wanted.title,
        basis=wanted.basis,
        scenario=wanted.scenario,
        matter=wanted.matter,
        frequency="daily",
        share_way="service",
        urgency=wanted.urgency,
        wanted_on=stage.on(SOON),
        expected_holder=stage.organisation(wanted.holder).code if wanted.holder else "",
        is_true=True,
        is_lawful=True,
        is_secured=True,
        items=tuple(WantedItem(name) for name in wanted.items.split()),
    )
    return actions.state_demand(fields=fields, by=stage.requester(wanted.by), now=stage.ago(days))


def _assign(stage: Stage, demand: Demand, holder: str, note: str, days: int) -> Demand:
    code = stage.organisation(holder).code
    return actions.assign_demand(demand=demand, holder=code, note=note, by=stage.authority(), now=stage.ago(days))


def _met(stage: Stage) -> None:
    """Stated in summer, answered, named an entry, applied for in one click, and at work since."""
    demand = _assign(stage, _stated(stage, FIRMS, 70), "market", "登记机关应当持有", 68)
    market, clerk = stage.steward("market"), stage.requester("approval")
    basis = "市场主体登记管理条例第五条"
    held = actions.answer_demand(demand=demand, answer="held", basis=basis, by=market, now=stage.ago(66))
    entry = stage.entry(FIRMS_SHARE.entry)
    named = actions.name_entry(demand=held, entry=entry, by=market, now=stage.ago(63))
    at = stage.ago(62)
    drafted = actions.apply_for_demand(demand=named, by=clerk, now=at)
    full = replace(shares.need(stage, FIRMS_SHARE, entry), title=FIRMS.title)
    drafted = sharing.edit_draft(application=drafted, need=full, by=clerk, now=at + timedelta(minutes=20))
    submitted = shares.consented(stage, FIRMS_SHARE, drafted, at + timedelta(minutes=40))
    grant = shares.replied(stage, FIRMS_SHARE, submitted, stage.ago(60))
    shares.begun(stage, FIRMS_SHARE, grant, 59)


def _sent_up(stage: Stage) -> None:
    demand = _stated(stage, GUARDIANS, 9)
    reason = "收养登记由省民政厅统一汇总，本市没有外市办理的登记"
    actions.refer_demand(demand=demand, reason=reason, by=stage.authority(), now=stage.ago(7))


def _asked(stage: Stage) -> None:
    """One department asked and late with its answer; the same need of another merged into it; a third joined."""
    demand = _assign(stage, _stated(stage, RESIDENCE, 12), "police", "居住证由公安机关签发", 9)
    twin = _stated(stage, RESIDENCE_TWIN, 10)
    actions.merge_demand(demand=twin, into=demand, by=stage.authority(), now=stage.ago(8))
    scenario = "积分入学审核时核对居住证有效期"
    actions.join_demand(demand=demand, scenario=scenario, by=stage.requester("education"), now=stage.ago(7))


def _being_made(stage: Stage) -> None:
    demand = _assign(stage, _stated(stage, PLANNING, 19), "land", "规划用途由自然资源部门核定", 17)
    basis, steward = "城乡规划法第四十条，规划用途核定由本局办理", stage.steward("land")
    held = actions.answer_demand(demand=demand, answer="held", basis=basis, by=steward, now=stage.ago(15))
    classification = stage.entry("不动产抵押登记信息").code.split("/")[0]
    actions.begin_catalog(demand=held, classification=classification, by=steward, now=stage.ago(11))


def _denied(stage: Stage) -> None:
    """Back with the authority, because the department that was asked does not collect it."""
    demand = _assign(stage, _stated(stage, LODGERS, 15), "housing", "房屋租赁备案由住建部门办理", 13)
    basis = "备案权限已下放区县，市级没有汇总"
    actions.answer_demand(demand=demand, answer="not-held", basis=basis, by=stage.steward("housing"), now=stage.ago(10))
