from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from jutong.center.process.sides import Side

__all__ = [
    "AlertKind",
    "ApplicationState",
    "ConditionOrigin",
    "Event",
    "Frequency",
    "GrantState",
    "IdleAnswer",
    "ItemAnswer",
    "Operator",
    "RefusalReason",
    "Side",
    "UseWay",
]


class ApplicationState(models.TextChoices):
    """States of an application (条例 20-22, 27; rulebook 1.5)."""

    DRAFT = "draft", _("草稿")
    AWAITING_CONSENT = "awaiting-consent", _("待本部门工作机构负责人同意")
    SUBMITTED = "submitted", _("对方审核")
    SUPPLEMENTING = "supplementing", _("退回补正")
    REPLY_PREPARED = "reply-prepared", _("待提供方工作机构负责人同意")
    SUPPLYING = "supplying", _("已同意，正在开通")
    SHARING = "sharing", _("共享中")
    SUSPENDED = "suspended", _("已暂停")
    REFUSED = "refused", _("不同意")
    WITHDRAWN = "withdrawn", _("已撤回")
    EXPIRED = "expired", _("已到期")
    TERMINATED = "terminated", _("已终止")


class RefusalReason(models.TextChoices):
    """Coded reasons for refusing a conditional request (条例 21(2) asks for reasons)."""

    OUT_OF_SCOPE = "out-of-scope", _("超出目录列明的共享范围")
    PURPOSE = "purpose", _("用途与目录列明的使用用途不符")
    NOT_NECESSARY = "not-necessary", _("所申请信息项不是办理该事项所必需")
    BASIS = "basis", _("使用依据不成立")


class ItemAnswer(models.TextChoices):
    """The provider's answer per item."""

    PENDING = "pending", _("待答复")
    AGREED = "agreed", _("同意")
    NARROWED = "narrowed", _("改为较少")
    REFUSED = "refused", _("不同意")


class UseWay(models.TextChoices):
    """How a requester wants to get the data: the ways 条例 22 names, and the subscription its "等" leaves room for."""

    SERVICE = "service", _("服务接口")
    BATCH = "batch", _("批量交换")
    FILE = "file", _("文件下载")
    SUBSCRIPTION = "subscription", _("变化订阅")


class Frequency(models.TextChoices):
    """How often the requester means to use the data."""

    REALTIME = "realtime", _("随办随用")
    DAILY = "daily", _("每日")
    WEEKLY = "weekly", _("每周")
    MONTHLY = "monthly", _("每月")
    QUARTERLY = "quarterly", _("每季度")
    YEARLY = "yearly", _("每年")
    ONCE = "once", _("一次")


class Operator(models.TextChoices):
    """What a row condition may compare by; the words are the node contract's."""

    EQ = "eq", _("等于")
    IN = "in", _("是其中之一")
    PREFIX = "prefix", _("开头是")
    GE = "ge", _("不小于")
    LE = "le", _("不大于")


class ConditionOrigin(models.TextChoices):
    """Who set a row condition; those of both sides hold together, so a reply can only narrow."""

    REQUESTER = "requester", _("申请方")
    PROVIDER = "provider", _("提供方")


class AlertKind(models.TextChoices):
    """What the holder of a grant is told of before it hurts."""

    QUOTA = "quota", _("用量将满")
    EXPIRY_MONTH = "expiry-month", _("一个月内到期")
    EXPIRY_WEEK = "expiry-week", _("一周内到期")


class IdleAnswer(models.TextChoices):
    """What a holder says of a grant nobody used."""

    KEEP = "keep", _("还要用")
    GIVE_UP = "give-up", _("不再需要")


class GrantState(models.TextChoices):
    """``ordered`` until the node's receipt says it can serve; nothing else makes a grant usable."""

    AWAITING_AGREEMENT = "awaiting-signing", _("待签署协议")
    AWAITING_BINDING = "awaiting-binding", _("待提供方挂接数据")
    ORDERED = "ordered", _("正在开通")
    ACTIVE = "active", _("可以使用")
    FAILED = "failed", _("开通失败")
    SUSPENDED = "suspended", _("已暂停")
    REVOKED = "revoked", _("已收回")
    EXPIRED = "expired", _("已到期")


class Event(models.TextChoices):
    """Everything that can happen to an application or a grant."""

    EDIT = "edit", _("修改申请")
    REQUEST_CONSENT = "request-consent", _("提请本部门负责人同意")
    CONSENT = "consent", _("同意并提交申请")
    DECLINE = "decline", _("退回经办人")
    WITHDRAW = "withdraw", _("撤回申请")
    ASK_SUPPLEMENT = "ask-supplement", _("退回补正")
    ANSWER_SUPPLEMENT = "answer-supplement", _("补正")
    ASK_EXTENSION = "ask-extension", _("申请延长答复期限")
    DECIDE_EXTENSION = "decide-extension", _("决定是否延长")
    PREPARE_REPLY = "prepare-reply", _("拟答复")
    RETURN_REPLY = "return-reply", _("退回拟稿人")
    AGREE = "agree", _("答复同意")
    REFUSE = "refuse", _("答复不同意")
    MESSAGE = "message", _("留言")
    REMIND = "remind", _("催办")
    SUPPLY = "supply", _("开通")
    FAIL_SUPPLY = "fail-supply", _("开通失败")
    SUSPEND = "suspend", _("暂停")
    LIFT = "lift", _("恢复")
    REVOKE = "revoke", _("收回")
    RELINQUISH = "relinquish", _("不再使用")
    EXPIRE = "expire", _("到期")
    ORDER = "order", _("下达授权")
    HOLD = "hold", _("等待签署协议")
    LACK = "lack", _("等待挂接数据")
    CONFIRM_SUSPENSION = "confirm-suspension", _("节点确认暂停")
    CONFIRM_END = "confirm-end", _("节点确认停止")
    TRY = "try", _("试用")
