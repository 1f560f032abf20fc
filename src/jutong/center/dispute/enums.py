from __future__ import annotations

from enum import StrEnum

from django.db import models
from django.utils.translation import gettext_lazy as _


class DisputeState(models.TextChoices):
    """The three stages of 条例 28 and their ends."""

    NEGOTIATING = "negotiating", _("双方协商")
    COORDINATING = "coordinating", _("主管部门协调")
    REFERRED = "referred", _("报请本级人民政府决定")
    SETTLED = "settled", _("已达成一致，待执行")
    DECIDED = "decided", _("人民政府已决定，待执行")
    EXECUTED = "executed", _("已执行")
    WITHDRAWN = "withdrawn", _("已撤回")


class DisputeEvent(models.TextChoices):
    """Everything that can happen to a dispute."""

    STATE_VIEW = "state-view", _("陈述意见")
    ADD_EVIDENCE = "add-evidence", _("提交证据")
    PROPOSE = "propose", _("提出解决方案")
    ACCEPT = "accept", _("接受方案")
    REJECT = "reject", _("不接受方案")
    SETTLE = "settle", _("达成一致")
    ESCALATE = "escalate", _("申请协调")
    REFER = "refer", _("报请本级人民政府决定")
    DECIDE = "decide", _("决定")
    EXECUTE = "execute", _("确认已执行")
    WITHDRAW = "withdraw", _("撤回争议")


class DisputeGuard(StrEnum):
    """What must hold besides state, side and post; each is checked by the action that takes the step."""

    OTHER_PROPOSED = "other-side-proposed"
    NOT_ANSWERED_YET = "not-answered-yet"
    ALL_ACCEPTED = "all-accepted"
    NEGOTIATED = "negotiated-or-time-is-over"
    COORDINATOR_EXISTS = "coordinator-exists"
    COORDINATION_OVER = "coordinator-or-time-is-over"
    NOT_MEDIATOR = "another-person-than-the-coordinator"


class SubjectKind(models.TextChoices):
    """What a dispute may be about."""

    APPLICATION = "application", _("使用申请的答复或供给")
    DEMAND = "demand", _("数据需求的答复")
    DESIGNATION = "designation", _("数源部门的指定")
    CORRECTION = "correction", _("校核结论")
    BREACH = "breach", _("违反协议的认定")
    RETURN = "return", _("数据回流")


class Outcome(models.TextChoices):
    """Whose view the government followed."""

    UPHELD = "upheld", _("支持提出方")
    PARTLY = "partly", _("部分支持提出方")
    REJECTED = "rejected", _("不支持提出方")
