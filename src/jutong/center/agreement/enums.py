from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class AgreementKind(models.TextChoices):
    """有条件共享 is agreed on by two sides; for 无条件共享 the requester confirms a standard undertaking (条例 15)."""

    AGREEMENT = "agreement", _("共享协议")
    UNDERTAKING = "undertaking", _("使用承诺书")


class AgreementState(models.TextChoices):
    """States of one version of an agreement."""

    DRAFTED = "drafted", _("已生成，待提供方签署")
    SENT = "sent", _("已送签，待提供方签署")
    SIGNED = "signed", _("提供方已签，待需求方签署")
    ACCEPTED = "accepted", _("需求方已确认，待答复")
    IN_FORCE = "in-force", _("生效中")
    SUSPENDED = "suspended", _("已暂停")
    SUPERSEDED = "superseded", _("已由新版取代")
    ENDED = "ended", _("已终止")
    VOID = "void", _("未生效，已作废")


class AgreementEvent(models.TextChoices):
    """Everything that can happen to a version."""

    EDIT = "edit", _("修改条款")
    SEND = "send", _("送签")
    SIGN_PROVIDER = "sign-provider", _("提供方签署")
    SIGN_REQUESTER = "sign-requester", _("需求方签署")
    HAND_BACK = "hand-back", _("退回修改")
    PROPOSE = "propose", _("提出变更")
    DISCARD = "discard", _("放弃变更")
    TAKE_EFFECT = "take-effect", _("答复同意后生效")
    SUPERSEDE = "supersede", _("由新版取代")
    SUSPEND = "suspend", _("随授权暂停")
    RESUME = "resume", _("随授权恢复")
    END = "end", _("随授权终止")
    VOID = "void", _("作废")


class ObligationKind(models.TextChoices):
    """What is measured."""

    AVAILABILITY = "availability", _("服务可用率")
    RESPONSE = "response", _("答复时间")
    FRESHNESS = "freshness", _("数据时效")
    QUALITY = "quality", _("数据质量")
    CORRECTION = "correction", _("校核反馈")
    ROWS = "rows", _("行条件")
    QUOTA = "quota", _("调用上限")
    SCOPE = "scope", _("用途和信息项")
    THIRD_PARTY = "third-party", _("不给第三方")
    DISPOSAL = "disposal", _("处置数据")


class BreachState(models.TextChoices):
    """Where a breach stands."""

    FOUND = "found", _("待责任方说明")
    ANSWERED = "answered", _("已说明，待对方认可")
    CONTESTED = "contested", _("对责任有异议")
    SETTLED = "settled", _("已了结")


class BreachEvent(models.TextChoices):
    """What can happen to a breach."""

    ANSWER = "answer", _("说明和改正")
    CONTEST = "contest", _("提出异议")
    ACCEPT = "accept", _("认可")
    REJECT = "reject", _("不认可")


class Party(models.TextChoices):
    """Who answers for a breach: a side of the agreement, or whoever runs the platform."""

    PROVIDER = "provider", _("提供方")
    REQUESTER = "requester", _("需求方")
    PLATFORM = "platform", _("平台运行方")
