from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class RuleKind(models.TextChoices):
    """What a rule asks; the kinds of ``contracts.quality``."""

    REQUIRED = "required", _("必填")
    STANDARDISED = "standardised", _("符合数据元")
    TYPED = "typed", _("类型")
    LENGTH = "length", _("长度")
    PATTERN = "pattern", _("写法")
    CODES = "codes", _("代码")
    CHECK_DIGIT = "check-digit", _("校验码")
    RANGE = "range", _("取值范围")
    COMPARE = "compare", _("字段间关系")
    DEPENDS = "depends", _("按条件填写")
    UNIQUE = "unique", _("不重复")
    REFERENCE = "reference", _("参照其他表")
    AGREES = "agrees", _("与其他表一致")
    FRESH = "fresh", _("日期范围")
    CYCLE = "cycle", _("更新周期")
    ROWS_DRIFT = "rows-drift", _("行数变化")
    DRIFT = "drift", _("分布变化")


class StewardRuleState(models.TextChoices):
    """A steward's rule counts only after it was tried on real rows."""

    DRAFT = "draft", _("待试算")
    TRYING = "trying", _("试算中")
    TRIED = "tried", _("已试算，待启用")
    REFUSED = "refused", _("试算失败")
    ACTIVE = "active", _("启用")
    RETIRED = "retired", _("停用")


class FindingState(models.TextChoices):
    """From found to gone, or accepted as it is."""

    OPEN = "open", _("待整改")
    REPORTED = "reported", _("已报改正，待复查")
    CLOSED = "closed", _("复查通过")
    ACCEPTED = "accepted", _("同意保留")


class FindingEvent(models.TextChoices):
    """What may happen to a finding."""

    REPORT = "report", _("报告改正")
    PASS = "pass", _("复查通过")
    FAIL = "fail", _("复查未通过")
    ACCEPT = "accept", _("同意保留")


class FindingGuard(models.TextChoices):
    """What must hold besides state, side and post."""

    REASONED = "reasoned", _("写明理由")
