from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class CorrectionState(models.TextChoices):
    """States of a correction (条例 26; rulebook 1.5, 6.3)."""

    RAISED = "raised", _("已提交，待受理")
    VERIFYING = "verifying", _("核实中")
    ANSWERED = "answered", _("已反馈，待提出方确认")
    TRAVELLING = "travelling", _("已更正，待各方确认收到")
    DISPUTED = "disputed", _("已转争议")
    CLOSED = "closed", _("已办结归档")
    WITHDRAWN = "withdrawn", _("已撤回")


class CorrectionEvent(models.TextChoices):
    """Everything that can happen to a correction."""

    ACCEPT = "accept", _("受理核实")
    WITHDRAW = "withdraw", _("撤回")
    UPHOLD = "uphold", _("更正")
    REFUSE = "refuse", _("反馈不更正")
    CONFIRM = "confirm", _("确认反馈")
    RECEIVE = "receive", _("确认收到更正")
    DISPUTE = "dispute", _("转争议")
    REOPEN = "reopen", _("重新核实")
    SETTLE = "settle", _("按争议结果办结")
    MARK = "mark", _("标注回执")
    RETRY = "retry", _("重新下达标注")
    CLOSE = "close", _("办结归档")


class Origin(models.TextChoices):
    """Where a doubt comes from (rulebook 6.3: 提出方类型)."""

    RECORD = "record", _("一次调用的结果")
    GRANT = "grant", _("授权的信息项")
    FILE = "file", _("收到的文件")
    CITIZEN = "citizen", _("本人经受理部门提出")
    COMPARISON = "comparison", _("系统比对或自查")


class DoubtKind(models.TextChoices):
    """What is wrong with a value (rulebook 6.3: 异议类型)."""

    INACCURATE = "inaccurate", _("不准确")
    INCOMPLETE = "incomplete", _("不完整")
    INCONSISTENT = "inconsistent", _("与其他数据不一致")
    DUPLICATE = "duplicate", _("重复")
    OUTDATED = "outdated", _("已过期")
    OTHER = "other", _("其他")


class Urgency(models.TextChoices):
    """How much the business of the raising department feels it."""

    NORMAL = "normal", _("一般")
    URGENT = "urgent", _("紧急")


class Finding(models.TextChoices):
    """What verification found (rulebook 6.3: 核实结论)."""

    TRUE = "true", _("属实")
    PARTLY = "partly", _("部分属实")
    FALSE = "false", _("不属实")
    UNKNOWN = "unknown", _("无法核实")


UPHELD = (Finding.TRUE, Finding.PARTLY)
"""Findings that lead to a corrected value."""


class MarkState(models.TextChoices):
    """What readers see of the row; ``ordered`` until the node's receipt says so."""

    NONE = "none", _("没有可标注的数据行")
    ORDERED = "ordered", _("已下达，等节点确认")
    OPEN = "open", _("已标注异议")
    CORRECTED = "corrected", _("标注已撤销，更正值已发布")
    LIFTED = "lifted", _("标注已撤销")
    FAILED = "failed", _("节点没有办成")


class ReceiptWay(models.TextChoices):
    """How somebody who had received the value came to know the new one."""

    FEED = "feed", _("从变更订阅取得")
    HAND = "hand", _("人工确认")
