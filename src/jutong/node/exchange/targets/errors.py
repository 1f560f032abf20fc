"""Why a move into a table of a database did not happen. In every case the table still holds what it held before."""

from __future__ import annotations

from jutong.kernel.errors import JutongError
from jutong.kernel.i18n import gettext_noop


class WriteForbiddenError(JutongError):
    """The node's operator did not say that this schema may be written."""

    code = "node.exchange.write-forbidden"
    http_status = 403
    message = gettext_noop("数据源“{source}”的模式 {schema} 不允许写入。")
    next_step = gettext_noop("请由前置节点的运维人员在数据源配置的 writes 中列出这个模式后再下达任务。")


class TargetUnfitError(JutongError):
    """What would land and what the table takes can never fit together."""

    code = "node.exchange.target-unfit"
    http_status = 422
    message = gettext_noop("写不进目标表 {table}：{columns}。")
    next_step = gettext_noop("请改目标表的字段类型，或在任务中先转换这些字段；本次没有搬运任何一行。")


class LedgerForbiddenError(JutongError):
    """The account may keep no book of what it wrote in the target database."""

    code = "node.exchange.ledger-forbidden"
    http_status = 403
    message = gettext_noop("数据源“{source}”的账号不能建模式 {schema}，任务的账本没有地方记。")
    next_step = gettext_noop("请数据库管理员执行，省略号处填该账号：{statement}")


class TargetLostError(JutongError):
    """The target broke off while it was being written, or others hold the table."""

    code = "node.exchange.target-lost"
    http_status = 503
    message = gettext_noop("写目标表 {table} 时中断：{reason}。")
    next_step = gettext_noop("请检查目标数据库服务和网络，恢复后重新下达任务；表里原来的数据没有改动。")


class TargetRefusedError(JutongError):
    """The target's own rules refuse the rows; no value is repeated."""

    code = "node.exchange.target-refused"
    http_status = 409
    message = gettext_noop("目标表 {table} 不接受这些行：{reason}。")
    next_step = gettext_noop("请核对目标表的约束和账号的权限，或在任务中加相应的规则；表里原来的数据没有改动。")
