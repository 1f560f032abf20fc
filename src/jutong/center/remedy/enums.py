from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class RectificationState(models.TextChoices):
    """States of a rectification; the grant is suspended in all that are open (条例 27(2))."""

    ORDERED = "ordered", _("待整改")
    REPORTED = "reported", _("待验收")
    INSUFFICIENT = "insufficient", _("整改不到位")
    ACCEPTED = "accepted", _("整改通过")
    TERMINATED = "terminated", _("已终止共享")
    WITHDRAWN = "withdrawn", _("已撤销")


class RectificationEvent(models.TextChoices):
    """What can happen to a rectification."""

    REPORT = "report", _("报送整改结果")
    ACCEPT = "accept", _("验收通过并恢复")
    REJECT = "reject", _("认定整改不到位")
    REFUSED = "refused", _("认定拒不整改")
    ORDER_AGAIN = "order-again", _("再次责令整改")
    TERMINATE = "terminate", _("终止共享")
    WITHDRAW = "withdraw", _("撤销整改要求")


class DisposalState(models.TextChoices):
    """States of a disposal; ``disposed`` is reached by proof, not by anybody's word (条例 27(1))."""

    OPEN = "open", _("待处置")
    REPORTED = "reported", _("待提供方核验")
    VERIFIED = "verified", _("核验通过，等停用证明")
    DISPOSED = "disposed", _("已处置")


class DisposalEvent(models.TextChoices):
    """What can happen to a disposal."""

    DECLARE = "declare", _("登记留存的副本")
    REPORT = "report", _("报送处置结果")
    RETURN = "return", _("退回重新处置")
    VERIFY = "verify", _("核验通过")
    PROVE = "prove", _("证明不再调用")
    OBJECT = "object", _("发现停用后仍有答复")


class CopyKind(models.TextChoices):
    """In what form a copy of shared data is kept."""

    DATABASE = "database", _("数据库表")
    FILE = "file", _("文件")
    CACHE = "cache", _("缓存或日志")
    BACKUP = "backup", _("备份")
    DERIVED = "derived", _("加工后的数据")
    PAPER = "paper", _("纸质件")


class DisposalMethod(models.TextChoices):
    """What was done with a copy. ``kept`` needs the law that says so."""

    DELETE = "delete", _("删除并清空")
    OVERWRITE = "overwrite", _("覆写")
    CRYPTO = "crypto", _("销毁密钥")
    PHYSICAL = "physical", _("销毁介质")
    ANONYMISE = "anonymise", _("匿名化")
    KEEP = "keep", _("依法留存")


class LedgerPart(models.TextChoices):
    """The five parts of 条例 29(2)."""

    SCENARIO = "scenario", _("使用场景")
    PROCESS = "process", _("使用过程")
    EFFECT = "effect", _("应用成效")
    STORAGE = "storage", _("存储情况")
    DESTRUCTION = "destruction", _("销毁情况")


class LedgerAskState(models.TextChoices):
    """States of a quarter's request to complete the ledger."""

    ASKED = "asked", _("待补记")
    FILLED = "filled", _("已补记")


class LedgerAskEvent(models.TextChoices):
    """What can happen to it."""

    FILL = "fill", _("补记")


class ServiceChangeKind(models.TextChoices):
    """What a provider would do to an interface in use (条例 27(3))."""

    RESHAPE = "reshape", _("调整信息项")
    REBIND = "rebind", _("更换挂接")
    STOP = "stop", _("停止服务")


class ServiceChangeState(models.TextChoices):
    """States of a service change; it may be made from its day on once accepted, and is made once."""

    CONSULTING = "consulting", _("与使用部门协商中")
    FILED = "filed", _("已备案，等主管部门处理")
    ACCEPTED = "accepted", _("备案已接受")
    REFUSED = "refused", _("备案未被接受")
    EFFECTIVE = "effective", _("已变更")
    WITHDRAWN = "withdrawn", _("已撤回")


class ServiceChangeEvent(models.TextChoices):
    """What can happen to a service change."""

    ANSWER = "answer", _("答复协商")
    FILE = "file", _("向主管部门备案")
    WITHDRAW = "withdraw", _("撤回变更")
    ACCEPT = "accept", _("接受备案")
    REFUSE = "refuse", _("不接受备案")
    APPLY = "apply", _("实施变更")


class ConsultationStance(models.TextChoices):
    """What a department that uses the interface says."""

    AGREE = "agree", _("同意")
    CONDITION = "condition", _("需要过渡安排")
    OBJECT = "object", _("不同意")
