"""A few applications under way, so that every desk has something on it and every kind of deadline is seen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from jutong.center.catalog.enums import FieldMode
from jutong.center.catalog.models import Entry
from jutong.center.org.enums import Role
from jutong.center.org.models import InformationSystem, Organisation
from jutong.center.sharing.actions import answering, applying
from jutong.center.sharing.models import Application
from jutong.center.sharing.need import WIDTH, Ask, Need
from jutong.demo.city import department
from jutong.demo.stage import actor, workdays_before
from jutong.kernel.clock import civil_date


@dataclass(frozen=True)
class _Case:
    """One application: who asks for what, how many working days ago, and how far it has come."""

    entry: str
    requester: str
    system: str
    title: str
    basis: str
    scenario: str
    days_ago: int
    until: str
    items: int = 4


CASES = (
    _Case(
        "最低生活保障对象信息",
        "medical",
        "医保结算系统",
        "医疗救助资格核验",
        "社会救助暂行办法第二十八条",
        "核实医疗救助对象身份，门诊住院直接减免",
        9,
        "submitted",
    ),
    _Case(
        "户籍人口基本信息",
        "labour",
        "社会保险业务系统",
        "社保待遇领取资格认证",
        "中华人民共和国社会保险法第七十四条",
        "核对领取人是否健在、户籍是否迁出，免去每年到场认证",
        11,
        "submitted",
    ),
    _Case(
        "婚姻登记信息",
        "fund",
        "住房公积金业务系统",
        "公积金提取婚姻状况核验",
        "住房公积金管理条例第二十四条",
        "夫妻共同提取时核对婚姻状况，不再要求提交结婚证复印件",
        4,
        "supplementing",
    ),
    _Case(
        "不动产登记信息",
        "housing",
        "公租房管理系统",
        "公租房申请住房情况核对",
        "公共租赁住房管理办法第七条",
        "核对申请家庭名下有无住房",
        3,
        "reply-prepared",
    ),
    _Case(
        "企业登记基本信息",
        "tax",
        "税费征管辅助系统",
        "新设企业税务登记信息预填",
        "中华人民共和国税收征收管理法第十五条",
        "企业领取营业执照后自动预填税务登记信息",
        1,
        "awaiting-consent",
    ),
    _Case(
        "最低生活保障对象信息",
        "transport",
        "公交优惠卡系统",
        "公交优惠卡资格核验",
        "金河市城市公共交通条例（演示）",
        "核对申请人是否为在册低保对象，不再要求交证明",
        7,
        "submitted",
        2,
    ),
    _Case(
        "最低生活保障对象信息",
        "water",
        "水费减免管理系统",
        "水费减免资格核验",
        "金河市水费减免办法（演示）",
        "低保家庭水费自动减免，用户不用申请",
        5,
        "submitted",
        1,
    ),
    _Case(
        "户籍人口基本信息",
        "civil",
        "社会救助业务系统",
        "低保家庭成员户籍核对",
        "社会救助暂行办法第五十八条",
        "核对申请家庭的成员和户籍，每月复核一次",
        6,
        "submitted",
    ),
    _Case(
        "不动产登记信息",
        "civil",
        "社会救助业务系统",
        "低保家庭财产核对",
        "社会救助暂行办法第五十八条",
        "核对申请家庭名下有无两套以上住房",
        2,
        "reply-prepared",
    ),
)


def load(now: datetime) -> None:
    """Bring the cases under way, once."""
    if Application.objects.exists():
        return
    for case in CASES:
        _load(case, now)


@transaction.atomic
def _load(case: _Case, now: datetime) -> None:
    entry = Entry.objects.select_related("published", "organisation").filter(published_name=case.entry).first()
    if entry is None or entry.published is None:
        return
    requester = Organisation.objects.get(code=department(case.requester).code)
    at = workdays_before(now, case.days_ago)
    worker = actor(requester, Role.REQUESTER)
    application = applying.draft(entry=entry, need=_need(case, entry, requester, now), by=worker, now=at)
    applying.request_consent(application=application, by=worker, now=at)
    if case.until == "awaiting-consent":
        return
    applying.consent_request(application=application, agreed=True, by=actor(requester, Role.OFFICE_HEAD), now=at)
    steward = actor(entry.organisation, Role.STEWARD)
    if case.until == "supplementing":
        missing = ["请说明提取人配偶不到场时如何取得本人同意", "请补充经办网点名单"]
        answering.ask_supplement(application=application, missing=missing, by=steward, now=at + timedelta(days=1))
    if case.until == "reply-prepared":
        answering.prepare_reply(application=application, agreed=True, by=steward, now=now)


def _need(case: _Case, entry: Entry, requester: Organisation, now: datetime) -> Need:
    assert entry.published is not None  # noqa: S101 - asked before
    system = InformationSystem.objects.get(organisation=requester, name=case.system)
    items = list(entry.published.items.all())
    keys = [item for item in items if item.is_key][:1]
    others = [item for item in items if not item.is_key][: case.items]
    asks = tuple(
        Ask(
            item.id,
            min(FieldMode(item.widest_mode), FieldMode.MASKED, key=lambda mode: WIDTH[mode]),
            case.scenario[:100],
        )
        for item in (*keys, *others)
    )
    return Need(
        title=case.title,
        basis=case.basis,
        scenario=case.scenario,
        scope=f"{requester.name}经办窗口工作人员，覆盖全市",
        share_way="service",
        valid_until=civil_date(now) + timedelta(days=220),
        daily_quota=4700,
        system_id=system.id,
        is_true=True,
        is_lawful=True,
        is_necessary=True,
        items=asks,
    )
