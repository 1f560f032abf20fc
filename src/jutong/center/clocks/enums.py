from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class ClockState(models.TextChoices):
    """A clock runs, waits for a supplement, was met, was met late, or was called off."""

    RUNNING = "running", _("计时中")
    PAUSED = "paused", _("计时已暂停")
    MET = "met", _("按时办结")
    LATE = "late", _("超期办结")
    CANCELLED = "cancelled", _("不再计时")


class EscalationStep(models.TextChoices):
    """The rungs of the ladder that leave a record; the inbox shows every clock from its first day."""

    MESSAGE = "message", _("临期提醒")
    AUTHORITY = "authority", _("超期报主管部门")
    SUPERIOR = "superior", _("久拖报上级")
