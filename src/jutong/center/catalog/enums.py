from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class ShareAttribute(models.TextChoices):
    """条例 14: a closed list of three."""

    UNCONDITIONAL = "unconditional", _("无条件共享")
    CONDITIONAL = "conditional", _("有条件共享")
    NONE = "none", _("不予共享")


class BasisKind(models.TextChoices):
    """条例 14, 15: the only bases that may forbid sharing."""

    LAW = "law", _("法律")
    REGULATION = "regulation", _("行政法规")
    STATE_COUNCIL = "state-council", _("国务院决定")


class ShareWay(models.TextChoices):
    """条例 22."""

    SERVICE = "service", _("服务接口")
    BATCH = "batch", _("批量交换")
    FILE = "file", _("文件下载")


class UpdateCycle(models.TextChoices):
    """发改高技〔2017〕1272号, with the local values portals use."""

    REALTIME = "realtime", _("实时")
    DAILY = "daily", _("每日")
    WEEKLY = "weekly", _("每周")
    MONTHLY = "monthly", _("每月")
    QUARTERLY = "quarterly", _("每季度")
    YEARLY = "yearly", _("每年")
    IRREGULAR = "irregular", _("不定期")


class ShareChannel(models.TextChoices):
    """1272号: first level of 共享方式."""

    PLATFORM = "platform", _("共享平台方式")
    OTHER = "other", _("其他方式")


class VersionKind(models.TextChoices):
    """What a version proposes: what the entry says, or that it is taken down by the same path (条例 13, 16)."""

    CONTENT = "content", _("编制")
    REMOVAL = "removal", _("下线")


class BindingKind(models.TextChoices):
    """What may stand behind an entry."""

    TABLE = "table", _("库表")
    FILES = "files", _("文件集")
    SERVICE = "service", _("服务接口")
    STREAM = "stream", _("数据流")
    VIDEO = "video", _("视频通道")


class BindingHealth(models.TextChoices):
    """What the last probe of a binding found; unknown until one came."""

    UNKNOWN = "unknown", _("还没检查")
    OK = "ok", _("正常")
    DEGRADED = "degraded", _("有问题")
    DOWN = "down", _("连不上")


class ChangeKind(models.TextChoices):
    """What a line of the catalog's change feed says."""

    PUBLISHED = "published", _("发布")
    UPDATED = "updated", _("更新")
    REMOVED = "removed", _("下线")
    BOUND = "bound", _("挂接")
    UNBOUND = "unbound", _("解除挂接")
    RATED = "rated", _("评分变化")


class DataFormat(models.TextChoices):
    """1272号: first level of 信息资源格式."""

    FILE = "file", _("电子文件")
    SHEET = "sheet", _("电子表格")
    DATABASE = "database", _("数据库")
    IMAGE = "image", _("图形图像")
    STREAM = "stream", _("流媒体")
    SELF = "self-described", _("自描述格式")
    SERVICE = "service", _("服务接口")


class DataType(models.TextChoices):
    """1272号: types of 信息项."""

    CHAR = "C", _("字符型")
    NUMERIC = "N", _("数值型")
    CURRENCY = "Y", _("货币型")
    DATE = "D", _("日期型")
    DATETIME = "T", _("日期时间型")
    LOGICAL = "L", _("逻辑型")
    MEMO = "M", _("备注型")
    GENERAL = "G", _("通用型")
    DOUBLE = "B", _("双精度型")
    INTEGER = "I", _("整型")
    FLOAT = "F", _("浮点型")


class Grade(models.TextChoices):
    """GB/T 43697: general data in four levels, important data; core data is not kept on this platform."""

    G1 = "general-1", _("一级")
    G2 = "general-2", _("二级")
    G3 = "general-3", _("三级")
    G4 = "general-4", _("四级")
    IMPORTANT = "important", _("重要数据")


class FieldMode(models.TextChoices):
    """How much of an item may be seen; verify-only comes before masked, masked before plain."""

    VERIFY = "verify", _("仅核验")
    MASKED = "masked", _("脱敏")
    PLAIN = "plain", _("明文")


class VersionState(models.TextChoices):
    """States of one version of an entry (条例 13, 16, 17)."""

    DRAFT = "draft", _("草稿")
    ASSESSED = "assessed", _("评估完成")
    CONSENTED = "consented", _("部门负责人已同意")
    SUBMITTED = "submitted", _("待审核")
    RETURNED = "returned", _("已退回")
    PUBLISHED = "published", _("已发布")
    SUPERSEDED = "superseded", _("已被新版取代")
    REMOVED = "removed", _("已下线")
    DISCARDED = "discarded", _("已作废")


class AssessmentKind(models.TextChoices):
    """条例 13: the two assessments before compiling."""

    SECRECY = "secrecy", _("保密风险评估")
    PERSONAL = "personal", _("个人信息保护影响评估")


class Event(models.TextChoices):
    """What may happen to a version of an entry; the table in ``rules`` says when."""

    EDIT = "edit", _("修改")
    ASSESS = "assess", _("登记评估")
    FINISH_ASSESSMENT = "finish-assessment", _("完成评估")
    CONSENT = "consent", _("同意")
    DECLINE = "decline", _("不同意")
    SUBMIT = "submit", _("提交审核")
    RECALL = "recall", _("撤回")
    PUBLISH = "publish", _("发布")
    RETURN = "return", _("退回")
    SUPERSEDE = "supersede", _("被新版取代")
    REMOVE = "remove", _("下线")
    DISCARD = "discard", _("作废")


class UpdateTrigger(models.TextChoices):
    """条例 17: why a published entry is changed. All but the last start the department's clock."""

    LAW = "law", _("法律调整")
    REGULATION = "regulation", _("行政法规调整")
    STATE_COUNCIL = "state-council", _("国务院决定调整")
    DUTY = "duty", _("部门职责变化")
    VOLUNTARY = "voluntary", _("主动完善")


class BatchStep(models.TextChoices):
    """Steps that may be taken for many versions at once."""

    ASSESS = "assess", _("登记评估")
    CONSENT = "consent", _("同意")
    DECLINE = "decline", _("不同意")
    SUBMIT = "submit", _("提交审核")
    PUBLISH = "publish", _("通过")
    RETURN = "return", _("退回")
    DISCARD = "discard", _("作废")


class RunState(models.TextChoices):
    """How far a batch of steps is."""

    WAITING = "waiting", _("等待办理")
    RUNNING = "running", _("正在办理")
    DONE = "done", _("办完")


class FilingKind(models.TextChoices):
    """What a filing of 条例 27(3) is about."""

    END = "end", _("停止服务")
    CHANGE = "change", _("变更服务")
