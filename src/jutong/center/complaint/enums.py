from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class ComplaintKind(models.TextChoices):
    """What somebody outside brings before a department (条例 37)."""

    COMPLAINT = "complaint", _("投诉")
    REPORT = "report", _("举报违规使用数据")
    ERROR = "error", _("我的数据有错")
    DOUBT = "doubt", _("对一次使用有疑问")


class ComplaintState(models.TextChoices):
    """States of a complaint."""

    RECEIVED = "received", _("已收到，待受理")
    HANDLING = "handling", _("办理中")
    ANSWERED = "answered", _("已答复")
    REVIEWING = "reviewing", _("复核中")
    CLOSED = "closed", _("已办结")
    WITHDRAWN = "withdrawn", _("已撤回")


class ComplaintEvent(models.TextChoices):
    """Everything that can happen to a complaint."""

    ACCEPT = "accept", _("受理")
    TRANSFER = "transfer", _("转其他部门")
    CORRECT = "correct", _("提出校核")
    ANSWER = "answer", _("答复")
    REVIEW = "review", _("申请复核")
    DECIDE = "decide", _("复核答复")
    SETTLE = "settle", _("认可答复")
    WITHDRAW = "withdraw", _("撤回")


class DocumentKind(models.TextChoices):
    """What a person showed at the counter."""

    IDENTITY_CARD = "identity-card", _("居民身份证")
    PASSPORT = "passport", _("护照")
    RESIDENCE = "residence", _("居住证或户口簿")
    OTHER = "other", _("其他有效证件")


class InquiryState(models.TextChoices):
    """States of a person's own inquiry (个人信息保护法 45)."""

    TRACING = "tracing", _("正在查各节点的记录")
    READY = "ready", _("可以查看")
    CLOSED = "closed", _("已到期，身份信息已清除")


class InquiryEvent(models.TextChoices):
    """Everything that can happen to an inquiry."""

    REPORT = "report", _("节点答复")
    COMPLETE = "complete", _("全部答复")
    RETRY = "retry", _("重新查询")
    DELIVER = "deliver", _("先行提供")
    RENEW = "renew", _("换发查看码")
    CLOSE = "close", _("到期清除")
