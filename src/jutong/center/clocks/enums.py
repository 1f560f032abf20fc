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
