from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class ChannelKind(models.TextChoices):
    """How a message leaves the platform."""

    MAIL = "mail", _("电子邮件")
    WEBHOOK = "webhook", _("网络回调")
    DINGTALK = "dingtalk", _("钉钉群机器人")
    WECOM = "wecom", _("企业微信群机器人")


class NoticeGroup(models.TextChoices):
    """What a notice is about, as far as people choose how to be told of it."""

    STATUTORY = "statutory", _("法定事项")
    WORK = "work", _("我的待办")
    INFORMATION = "information", _("一般信息")


class Pace(models.TextChoices):
    """When somebody is told outside the platform."""

    IMMEDIATE = "immediate", _("立即")
    DAILY = "daily", _("每个工作日8:30汇总")
    OFF = "off", _("不发送")


class DeliveryKind(models.TextChoices):
    """Why a message is sent."""

    NOTICE = "notice", _("通知")
    DAILY = "daily", _("每日汇总")
    WEEKLY = "weekly", _("每周汇总")


class DeliveryState(models.TextChoices):
    """Where a message stands. A held one waits for the day's digest and becomes part of it."""

    HELD = "held", _("等汇总")
    WAITING = "waiting", _("待发送")
    SENDING = "sending", _("发送中")
    SENT = "sent", _("已发送")
    BUNDLED = "bundled", _("已并入汇总")
    DEAD = "dead", _("没有送达")
    CANCELLED = "cancelled", _("已取消")
