from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class CaseState(models.TextChoices):
    """From found to put right, not established or handed on."""

    FOUND = "found", _("已发现，待移交")
    OFFERED = "offered", _("待核实")
    NOTICED = "noticed", _("已责令改正")
    REPORTED = "reported", _("已报改正，待验收")
    RECTIFIED = "rectified", _("已改正")
    DISMISSED = "dismissed", _("不成立")
    REFERRED = "referred", _("已移送处理")


class CaseEvent(models.TextChoices):
    """What may happen to a violation."""

    OFFER = "offer", _("移交核实")
    STATE = "state", _("陈述申辩")
    DISMISS = "dismiss", _("认定不成立")
    NOTICE = "notice", _("责令改正")
    REPORT = "report", _("报告改正")
    ACCEPT = "accept", _("验收通过")
    REJECT = "reject", _("验收不通过")
    REFER = "refer", _("移送处理")


class CaseGuard(models.TextChoices):
    """What must hold besides state, side and post."""

    JUDGE_KNOWN = "judge-known", _("有人核实")
    HEARD = "heard", _("听取过陈述或者陈述期已过")
    REASONED = "reasoned", _("写明理由")
    LIMIT_SET = "limit-set", _("写明改正期限")
    LIMIT_OVER = "limit-over", _("改正期限已过或者验收不通过")
