from __future__ import annotations

from enum import StrEnum

from django.db import models
from django.utils.translation import gettext_lazy as _


class ReturnState(models.TextChoices):
    """需求登记 to 完整性核对 (条例 24; rulebook 1.5). There is no state of being refused."""

    ASKED = "asked", _("已登记，待上级确认口径")
    DOCKING = "docking", _("口径已确认，正在对接")
    RETURNING = "returning", _("回流中")
    SHORT = "short", _("回流不完整，待补齐")
    WITHDRAWN = "withdrawn", _("已撤回")
    ENDED = "ended", _("已结束")


class ReturnEvent(models.TextChoices):
    """Everything that can happen to a return."""

    CONFIRM = "confirm", _("确认口径")
    SUPPLY = "supply", _("开通")
    COUNT = "count", _("报告应回流条数")
    FIND_COMPLETE = "find-complete", _("核对：完整")
    FIND_SHORT = "find-short", _("核对：有缺口")
    WITHDRAW = "withdraw", _("撤回")
    END = "end", _("结束")


class ReturnGuard(StrEnum):
    """What must hold besides state, side and post; each is checked by the action that takes the step."""

    NODE_RECEIPT = "node-receipt"
    COUNTED = "upper-counted-first"
    NUMBERS_DECIDE = "numbers-decide"
