from __future__ import annotations

from enum import StrEnum

from django.db import models
from django.utils.translation import gettext_lazy as _


class DemandState(models.TextChoices):
    """How far a need has come (rulebook 6.4). Everybody in a department sees it."""

    STATED = "stated", _("已提出，待对接")
    MERGED = "merged", _("已并入同类需求")
    MATCHED = "matched", _("目录里已有，可以申请")
    ASSIGNED = "assigned", _("已派发，待认领")
    HELD = "held", _("已认领，待编目")
    NOT_HELD = "not-held", _("被派发的部门不持有")
    NOT_COLLECTED = "not-collected", _("还没有部门采集")
    CATALOGUING = "cataloguing", _("正在编目")
    CATALOGED = "cataloged", _("已编目，可以申请")
    APPLIED = "applied", _("已申请，等待开通")
    MET = "met", _("已满足")
    WITHDRAWN = "withdrawn", _("已撤回")
    CLOSED = "closed", _("已办结")


class DemandEvent(models.TextChoices):
    """Everything that can happen to a need."""

    EDIT = "edit", _("修改需求")
    JOIN = "join", _("我也要")
    LEAVE = "leave", _("不再需要")
    MATCH = "match", _("对应到目录")
    UNMATCH = "unmatch", _("说明对应的目录不合用")
    MERGE = "merge", _("并入同类需求")
    REFER = "refer", _("转报上级主管部门")
    ASSIGN = "assign", _("派发")
    ANSWER_HELD = "answer-held", _("认领：持有")
    ANSWER_NOT_HELD = "answer-not-held", _("答复：不持有")
    ANSWER_NOT_COLLECTED = "answer-not-collected", _("答复：未采集")
    BEGIN_CATALOG = "begin-catalog", _("起草目录")
    CATALOG = "catalog", _("完成编目")
    APPLY = "apply", _("申请使用")
    MEET = "meet", _("开通")
    WITHDRAW = "withdraw", _("撤回需求")
    CLOSE = "close", _("办结")


class DemandGuard(StrEnum):
    """What must hold besides state, side and post; each is checked by the action that takes the step."""

    ENTRY_PUBLISHED = "entry-published"
    OTHER_OPEN = "other-demand-open"
    HOLDER_IS_OTHER = "holder-is-another"
    HAS_SUPERIOR = "superior-authority-exists"
    HAS_JOINED = "has-joined"
    NOT_JOINED = "has-not-joined"
    NOBODY_RELIES = "nobody-applied-yet"
    NODE_RECEIPT = "node-receipt"


class Urgency(models.TextChoices):
    """How pressing a need is."""

    NORMAL = "normal", _("一般")
    URGENT = "urgent", _("急")
    CRITICAL = "critical", _("特急")


class HolderAnswer(models.TextChoices):
    """What a presumed holder may say: 持有, 不持有, 未采集."""

    HELD = "held", _("持有")
    NOT_HELD = "not-held", _("不持有")
    NOT_COLLECTED = "not-collected", _("未采集")


class MatchWay(models.TextChoices):
    """Why an entry or another need is proposed."""

    SAME_NAME = "same-name", _("名称相同")
    NAME = "name", _("名称含有需求的词")
    SYNONYM = "synonym", _("名称的同义词相同")
    ITEM_NAME = "item-name", _("信息项名称相同")
    ITEM_SYNONYM = "item-synonym", _("信息项是同义词")
    ELEMENT = "element", _("同一数据元")
    MEANING = "meaning", _("信息项含义相近")
