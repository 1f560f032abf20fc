"""What can go wrong with batches of proposed entries."""

from __future__ import annotations

from jutong.kernel.errors import JutongError
from jutong.kernel.i18n import gettext_noop


class TemplateOutdatedError(JutongError):
    """A workbook was made from another edition of the template."""

    code = "intake.template.outdated"
    http_status = 422
    message = gettext_noop("“{name}”用的模板是“{found}”，现在用的是“{wanted}”。")
    next_step = gettext_noop("请下载新模板，把内容粘贴过去再上传；还没有写入任何数据。")


class BatchBusyError(JutongError):
    """A job works on the batch."""

    code = "intake.batch.busy"
    http_status = 409
    message = gettext_noop("“{name}”{state}，现在不能{step}。")
    next_step = gettext_noop("请等它做完，或先取消。")


class BatchStateError(JutongError):
    """The batch is not at the step."""

    code = "intake.batch.state"
    http_status = 409
    message = gettext_noop("“{name}”现在是“{state}”，不能{step}。")
    next_step = gettext_noop("请刷新后按现在的状态办理。")


class FileGoneError(JutongError):
    """The file is no longer kept."""

    code = "intake.file.gone"
    http_status = 410
    message = gettext_noop("“{name}”的原文件已过保存期（{days}天），不能再读。")
    next_step = gettext_noop("请重新上传。")


class MappingError(JutongError):
    """A mapping names a header or field there is not, one field twice, or no name."""

    code = "intake.mapping.invalid"
    http_status = 422
    message = gettext_noop("表头对应有误：{problem}")
    next_step = gettext_noop("请为“数据目录名称”选一列，每个字段只选一列。")


class UnderReviewError(JutongError):
    """A proposal would touch a version that people are deciding on."""

    code = "intake.proposal.under-review"
    http_status = 409
    message = gettext_noop("“{name}”有一个版本正在办理（{state}），没有动它。")
    next_step = gettext_noop("请等它办完，或撤回后再导入这一行。")


class MovedOnError(JutongError):
    """The entry was changed after the row was checked against it."""

    code = "intake.proposal.moved-on"
    http_status = 409
    message = gettext_noop("核对之后有人改过“{name}”，没有覆盖。")
    next_step = gettext_noop("请再核对一次，看清差别后导入。")


class TablesUnknownError(JutongError):
    """A table is to be sampled that the last inventory does not have."""

    code = "intake.table.unknown"
    http_status = 422
    message = gettext_noop("数据源{source}最近一次盘点里没有这些表：{tables}。")
    next_step = gettext_noop("请重新列出表，再选。")
