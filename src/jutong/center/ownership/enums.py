from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class DesignationState(models.TextChoices):
    """条例 19(2): how far the authority is with naming the source of an item."""

    PROPOSED = "proposed", _("征求意见")
    DESIGNATED = "designated", _("已指定")
    REVOKED = "revoked", _("已撤销")


class DesignationEvent(models.TextChoices):
    """What may happen to a designation; the table in ``rules`` says when."""

    STATE = "state", _("表态")
    DESIGNATE = "designate", _("指定")
    REVOKE = "revoke", _("撤销")


class Stance(models.TextChoices):
    """What a department says to a proposal; empty while it was only asked."""

    AGREE = "agree", _("同意")
    DISAGREE = "disagree", _("不同意")


class PlanKind(models.TextChoices):
    """What a department designs when it is about to ask people for data (条例 19(1))."""

    FORM = "form", _("表单")
    SYSTEM = "system", _("信息系统")
    PROJECT = "project", _("信息化项目")


class PlanState(models.TextChoices):
    """How far a collection plan is."""

    DRAFT = "draft", _("草稿")
    CHECKED = "checked", _("已比对")
    SUBMITTED = "submitted", _("待审核")
    APPROVED = "approved", _("已同意")
    RETURNED = "returned", _("已退回")


class PlanEvent(models.TextChoices):
    """What may happen to a collection plan; the table in ``rules`` says when."""

    EDIT = "edit", _("修改")
    CHECK = "check", _("比对")
    RESOLVE = "resolve", _("逐项处理")
    SUBMIT = "submit", _("提交")
    RECALL = "recall", _("撤回")
    APPROVE = "approve", _("同意")
    RETURN = "return", _("退回")


class FieldChoice(models.TextChoices):
    """What becomes of a field a plan asks for; empty while nobody decided."""

    REUSE = "reuse", _("共享复用，不再采集")
    JUSTIFY = "justify", _("仍需采集，说明理由")
    COLLECT = "collect", _("没有可共享的，采集")


class HitWay(models.TextChoices):
    """By what a field was found to be shared already."""

    NAME = "name", _("名称相同")
    ELEMENT = "element", _("同一数据元")
    SYNONYM = "synonym", _("同义名称")
    MEANING = "meaning", _("含义相近")
