from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class BatchKind(models.TextChoices):
    """By which door the proposals of a batch came in."""

    FILE = "file", _("文件导入")
    HARVEST = "harvest", _("外部目录采集")
    INTROSPECTION = "introspection", _("数据库盘点")


class BatchState(models.TextChoices):
    """How far a batch is. Only its own job moves it out of a state in which something runs."""

    RECEIVED = "received", _("等待确认表头")
    CHECKING = "checking", _("正在核对")
    READY = "ready", _("已核对")
    DRAFTING = "drafting", _("正在生成草稿")
    DRAFTED = "drafted", _("已生成草稿")
    FAILED = "failed", _("没有读完")
    CANCELLED = "cancelled", _("已取消")


class Outcome(models.TextChoices):
    """What a proposal is found to be, and what became of it."""

    ERROR = "error", _("要改")
    NEW = "new", _("新增")
    CHANGED = "changed", _("修改")
    SAME = "same", _("没有变化")
    DRAFTED = "drafted", _("已生成草稿")
    DISMISSED = "dismissed", _("不要了")


RUNNING = frozenset({BatchState.CHECKING, BatchState.DRAFTING})
"""A job works on the batch."""
IMPORTABLE = (Outcome.NEW, Outcome.CHANGED)
"""What drafts are made of."""
