from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class ApplicationState(models.TextChoices):
    """States of an application (条例 20-22, 27; rulebook 1.5)."""

    DRAFT = "draft", _("草稿")
    AWAITING_CONSENT = "awaiting-consent", _("待本部门工作机构负责人同意")
    SUBMITTED = "submitted", _("对方审核")
    SUPPLEMENTING = "supplementing", _("退回补正")
    REPLY_PREPARED = "reply-prepared", _("待提供方工作机构负责人同意")
    SUPPLYING = "supplying", _("已同意，正在开通")
    SHARING = "sharing", _("共享中")
    SUSPENDED = "suspended", _("已暂停")
    REFUSED = "refused", _("不同意")
    WITHDRAWN = "withdrawn", _("已撤回")
    EXPIRED = "expired", _("已到期")
    TERMINATED = "terminated", _("已终止")


class RefusalReason(models.TextChoices):
    """Coded reasons for refusing a conditional request (条例 21(2) asks for reasons)."""

    OUT_OF_SCOPE = "out-of-scope", _("超出目录列明的共享范围")
    PURPOSE = "purpose", _("用途与目录列明的使用用途不符")
    NOT_NECESSARY = "not-necessary", _("所申请信息项不是办理该事项所必需")
    BASIS = "basis", _("使用依据不成立")


class ItemAnswer(models.TextChoices):
    """The provider's answer per item."""

    PENDING = "pending", _("待答复")
    AGREED = "agreed", _("同意")
    NARROWED = "narrowed", _("改为较少")
    REFUSED = "refused", _("不同意")


class GrantState(models.TextChoices):
    """``ordered`` until the node's receipt says it can serve; ``unknown`` states are never guessed."""

    ORDERED = "ordered", _("正在开通")
    ACTIVE = "active", _("可以使用")
    FAILED = "failed", _("开通失败")
    SUSPENDED = "suspended", _("已暂停")
    REVOKED = "revoked", _("已收回")
    EXPIRED = "expired", _("已到期")
