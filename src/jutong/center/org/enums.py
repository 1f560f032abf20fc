from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    """What a post lets a person do. The three administrators exclude each other (等保2.0, three hands)."""

    REQUESTER = "requester", _("经办人")
    STEWARD = "steward", _("数据专员")
    OFFICE_HEAD = "office-head", _("工作机构负责人")
    DEPARTMENT_HEAD = "department-head", _("部门负责人")
    AUTHORITY = "authority", _("主管部门审核员")
    SYSTEM_ADMIN = "system-admin", _("系统管理员")
    SECURITY_ADMIN = "security-admin", _("安全管理员")
    AUDITOR = "auditor", _("审计员")
    LEADER = "leader", _("领导")


class OrganisationKind(models.TextChoices):
    """条例 2 and 43: who may share."""

    DEPARTMENT = "department", _("政府部门")
    AUTHORISED = "authorised", _("法律法规授权组织")
    OTHER_ORGAN = "other-organ", _("其他国家机关（参照）")


class DivisionLevel(models.TextChoices):
    """Levels of GB/T 2260 and below."""

    PROVINCE = "province", _("省级")
    CITY = "city", _("地级")
    COUNTY = "county", _("县级")
    TOWNSHIP = "township", _("乡级")
    VILLAGE = "village", _("村级")
