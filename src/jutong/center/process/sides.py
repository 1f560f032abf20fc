from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Side(models.TextChoices):
    """Where a person, the node or the platform itself stands towards one case."""

    REQUESTER = "requester", _("申请方")
    PROVIDER = "provider", _("提供方")
    AUTHORITY = "authority", _("主管部门")
    SUPERIOR = "superior", _("上级主管部门")
    GOVERNMENT = "government", _("本级人民政府")
    HOLDER = "holder", _("被认为持有数据的部门")
    RECIPIENT = "recipient", _("收到数据的部门")
    RECEIVER = "receiver", _("受理部门")
    CLAIMANT = "claimant", _("提出争议的一方")
    RESPONDENT = "respondent", _("争议的对方")
    CONCERNED = "concerned", _("被核实的单位")
    ANYONE = "anyone", _("任何部门")
    CITIZEN = "citizen", _("本人")
    NODE = "node", _("前置节点")
    PLATFORM = "platform", _("平台")
