"""Why a row log could not be read. In every case the target holds what it held."""

from __future__ import annotations

from jutong.kernel.errors import JutongError
from jutong.kernel.i18n import gettext_noop


class RowLogOffError(JutongError):
    """The server does not log rows as whole as they are needed."""

    code = "node.changes.row-log-off"
    http_status = 409
    message = gettext_noop("数据源“{source}”的行日志不合用：{setting} 现为 {found}。")
    next_step = gettext_noop("请数据库管理员设置 {remedy}，再重新下达任务；不便修改时改用“整表比对”。")


class RowLogForbiddenError(JutongError):
    """The account may not read the log."""

    code = "node.changes.row-log-forbidden"
    http_status = 403
    message = gettext_noop("数据源“{source}”的账号 {role} 没有读取行日志的权限。")
    next_step = gettext_noop("请数据库管理员执行 {remedy}；不便授权时改用“整表比对”。")


class TableUnfitError(JutongError):
    """Not everything that happens to the table's rows is in the log, or rows could not be told apart in it."""

    code = "node.changes.table-unfit"
    http_status = 409
    message = gettext_noop("表 {table} 不能按行日志跟随：{problem}。")
    next_step = gettext_noop("这张表的变化不会全部记进日志，或日志里认不出是哪一行；请改用“整表比对”。")


class TableAlteredError(JutongError):
    """A statement may have changed rows without saying so in the log."""

    code = "node.changes.table-altered"
    http_status = 409
    message = gettext_noop("表 {table} 在两次任务之间被 {statement} 改动，已有的行变成了什么日志里看不出来。")
    next_step = gettext_noop("请核对挂接的字段后，以“重新全量比对”下达一次任务；资源库里的数据没有动。")


class StatementLoggedError(JutongError):
    """Rows were changed by a statement that was logged as such, not as rows."""

    code = "node.changes.statement-logged"
    http_status = 409
    message = gettext_noop("数据源“{source}”把对表 {table} 的一次 {statement} 记成了语句，而不是逐行的变化。")
    next_step = gettext_noop(
        "请数据库管理员执行 SET GLOBAL binlog_format = 'ROW' 并重连各应用，再以“重新全量比对”下达一次任务。"
    )


class RowLogGoneError(JutongError):
    """Log that was not read is no longer there, or is another server's."""

    code = "node.changes.row-log-gone"
    http_status = 409
    message = gettext_noop("数据源“{source}”上从 {place} 起还没读的日志不在了，或不是原来那份（{problem}）。")
    next_step = gettext_noop(
        "请以“重新全量比对”下达一次任务，并缩短周期或把 {setting} 调到周期的几倍；资源库里的数据没有动。"
    )


class UndecidedError(JutongError):
    """A distributed transaction is neither committed nor rolled back."""

    code = "node.changes.undecided"
    http_status = 503
    retry_after = 60
    message = gettext_noop("数据源“{source}”有一个分布式事务已准备、未提交（{xid}），其中改了表 {table}。")
    next_step = gettext_noop("稍后会自动重试；若一直如此，请数据库管理员用 XA RECOVER 查看并提交或回滚它。")
