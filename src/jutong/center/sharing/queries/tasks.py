"""What waits for people, and where every process of the platform says so.

A process outside this app registers its source when it is ready; the inbox asks each whose permission the post holds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from jutong.center.clocks.queries import ClockView
from jutong.center.org.actor import Actor
from jutong.center.org.permissions import Permission

Text = str | Promise


class TaskKind(models.TextChoices):
    """What has to be done."""

    APPLICATION_REVISE = "application-revise", _("修改申请")
    APPLICATION_CONSENT = "application-consent", _("同意申请")
    APPLICATION_ANSWER = "application-answer", _("答复申请")
    REPLY_CONSENT = "reply-consent", _("同意答复")
    SUPPLEMENT_ANSWER = "supplement-answer", _("补正材料")
    EXTENSION_DECIDE = "extension-decide", _("决定延长")
    SUPPLY_BIND = "supply-bind", _("挂接数据")
    SUPPLY_REPAIR = "supply-repair", _("处理开通失败")
    CATALOG_REVISE = "catalog-revise", _("修改目录")
    CATALOG_CONSENT = "catalog-consent", _("同意目录")
    CATALOG_SUBMIT = "catalog-submit", _("提交目录")
    CATALOG_REVIEW = "catalog-review", _("审核目录")
    CATALOG_UPDATE = "catalog-update", _("更新目录")
    CATALOG_EXTENSION = "catalog-extension", _("决定更新延期")
    CATALOG_FILING = "catalog-filing", _("处理停止服务备案")
    SOURCE_POSITION = "source-position", _("对数源提议表态")
    PLAN_DECIDE = "plan-decide", _("审核采集方案")
    DEMAND_ASSIGN = "demand-assign", _("派发需求")
    DEMAND_ANSWER = "demand-answer", _("认领需求")
    DEMAND_CATALOG = "demand-catalog", _("为需求编目")
    AGREEMENT_SIGN = "agreement-sign", _("签署协议")
    AGREEMENT_BREACH = "agreement-breach", _("说明违约")
    CORRECTION_ANSWER = "correction-answer", _("核实纠错")
    CORRECTION_CONFIRM = "correction-confirm", _("确认更正")
    RECTIFICATION_ANSWER = "rectification-answer", _("整改")
    RECTIFICATION_CHECK = "rectification-check", _("验收整改")
    DISPOSAL_REPORT = "disposal-report", _("处置数据")
    DISPOSAL_VERIFY = "disposal-verify", _("核验处置")
    CHANGE_CONSULT = "change-consult", _("答复服务变更")
    CHANGE_DECIDE = "change-decide", _("报备服务变更")
    LEDGER_FILL = "ledger-fill", _("补记使用台账")
    GRANT_IDLE = "grant-idle", _("说明未使用的授权")
    GRANT_RENEW = "grant-renew", _("续期")
    DISPUTE_ANSWER = "dispute-answer", _("答复争议")
    DISPUTE_MEDIATE = "dispute-mediate", _("协调争议")
    DISPUTE_DECIDE = "dispute-decide", _("决定争议")
    RETURN_ANSWER = "return-answer", _("确认回流口径")
    RETURN_CHECK = "return-check", _("核对回流")
    VIOLATION_DECIDE = "violation-decide", _("核实违规")
    VIOLATION_ANSWER = "violation-answer", _("说明和改正违规")
    COMPLAINT_HANDLE = "complaint-handle", _("处理投诉举报")
    TRANSFER_REPAIR = "transfer-repair", _("处理交换任务")
    QUALITY_REPAIR = "quality-repair", _("整改质量问题")
    INQUIRY_ANSWER = "inquiry-answer", _("答复本人查询")


@dataclass(frozen=True, slots=True)
class Task:
    """One thing that waits. ``number`` is the application's number, the entry's code or the case's own number.

    ``subject_id`` is the id of the application, of the entry's version, of the item or of the collection plan. Where
    many versions wait for the same step, one task stands for all: ``count`` says how many, and number and id are
    empty. ``link`` is the page where it is done, where kind and number do not say so.
    """

    kind: TaskKind
    title: str
    number: str
    subject_id: str
    organisation: str
    person: str
    since: datetime
    note: Text = ""
    clock: ClockView | None = None
    count: int = 1
    link: str = ""

    @property
    def due_on(self) -> date | None:
        """The last day, if a clock runs."""
        return self.clock.due_on if self.clock is not None and self.clock.state != "paused" else None

    @property
    def row(self) -> str:
        """What the task is addressed by on a page; empty id where it stands for many."""
        return f"{self.kind.value}:{self.subject_id}"

    @property
    def is_catalog(self) -> bool:
        """Whether the task is about an entry and not about an application."""
        return self.kind.value.startswith("catalog-")


Source = Callable[[Actor, datetime], list[Task]]
_REGISTERED: dict[str, tuple[Permission, Source]] = {}


def register(name: str, permission: Permission, source: Source) -> None:
    """Let a process tell what waits; called when its app is ready.

    Args:
        name: of the source; registering again replaces it.
        permission: whose holders it waits for.
        source: returns the tasks of an actor; bounded, without a query per task.
    """
    _REGISTERED[name] = (permission, source)


def registered() -> tuple[tuple[Permission, Source], ...]:
    """Return every registered source with its permission."""
    return tuple(_REGISTERED.values())
