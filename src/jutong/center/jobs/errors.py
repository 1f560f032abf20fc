from __future__ import annotations

from jutong.kernel.errors import JutongError
from jutong.kernel.i18n import gettext_noop


class EntryUnboundError(JutongError):
    """There is no table to move."""

    code = "jobs.entry.unbound"
    http_status = 409
    message = gettext_noop("目录“{entry}”还没有挂接到数据表，没有可以搬运的内容。")
    next_step = gettext_noop("请先在“数据源与挂接”里完成挂接。")


class JobRunningError(JutongError):
    """One move of an entry at a time."""

    code = "jobs.job.running"
    http_status = 409
    message = gettext_noop("目录“{entry}”已有一项交换作业在{state}。")
    next_step = gettext_noop("请等它结束后再下达；状态不明的作业核对后可以重新下达。")


class RuleColumnError(JutongError):
    """A rule or mask names a column that is not moved."""

    code = "jobs.rule.column-unbound"
    http_status = 422
    message = gettext_noop("规则或脱敏用到的字段没有挂接：{columns}。")
    next_step = gettext_noop("请改用已挂接的字段：{allowed}。")
