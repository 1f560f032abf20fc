from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class ElementState(models.TextChoices):
    """States of one version of a data element."""

    DRAFT = "draft", _("草稿")
    SUBMITTED = "submitted", _("待审核")
    RETURNED = "returned", _("已退回")
    PUBLISHED = "published", _("已发布")
    SUPERSEDED = "superseded", _("已被新版取代")
    RETIRED = "retired", _("已废止")
    DISCARDED = "discarded", _("已作废")


class ElementEvent(models.TextChoices):
    """What may happen to a version of a data element; the table in ``rules`` says when."""

    EDIT = "edit", _("修改")
    SUBMIT = "submit", _("提交审核")
    RECALL = "recall", _("撤回")
    DISCARD = "discard", _("作废")
    PUBLISH = "publish", _("发布")
    RETURN = "return", _("退回")
    SUPERSEDE = "supersede", _("被新版取代")
    RETIRE = "retire", _("废止")


class RunKind(models.TextChoices):
    """What a conformance run looked at."""

    ENTRY = "entry", _("目录")
    ORGANISATION = "organisation", _("部门")
    TABLE = "table", _("库表")


class MappingKind(models.TextChoices):
    """What became of a code from one edition to a later one."""

    KEPT = "kept", _("未变")
    RENAMED = "renamed", _("改名")
    MOVED = "moved", _("换码")
    MERGED = "merged", _("并入")
    SPLIT = "split", _("拆分")
    DROPPED = "dropped", _("取消")


class Certainty(models.TextChoices):
    """How sure a mapping is."""

    SURE = "sure", _("确定")
    LIKELY = "likely", _("很可能")
    POSSIBLE = "possible", _("待核实")
