"""Why changes could not be read. In every case the target holds what it held, and the source's log what it kept."""

from __future__ import annotations

from jutong.kernel.errors import JutongError
from jutong.kernel.i18n import gettext_noop


class LogOffError(JutongError):
    """The server does not write its log so that changes can be read from it."""

    code = "node.changes.log-off"
    http_status = 409
    message = gettext_noop("数据源“{source}”没有开启逻辑复制：{setting} 现为 {found}。")
    next_step = gettext_noop(
        "请数据库管理员执行 ALTER SYSTEM SET {setting} = {wanted} 并重启数据库；不便重启时改用“按主键比对”。"
    )


class LogForbiddenError(JutongError):
    """The account may not read the log."""

    code = "node.changes.forbidden"
    http_status = 403
    message = gettext_noop("数据源“{source}”的账号 {role} 没有复制权限，读不到变更。")
    next_step = gettext_noop("请数据库管理员执行 ALTER ROLE {role} REPLICATION；不便授权时改用“按主键比对”。")


class PublicationMissingError(JutongError):
    """The table is not published as it must be."""

    code = "node.changes.publication"
    http_status = 409
    message = gettext_noop("数据源“{source}”的发布 {publication} 不能用于表 {table}：{problem}。")
    next_step = gettext_noop("请表的属主执行 {remedy}，再重新下达任务。")


class IdentityMissingError(JutongError):
    """A changed or deleted row could not be told from others."""

    code = "node.changes.identity"
    http_status = 409
    message = gettext_noop("表 {table} 的日志里没有主键字段 {columns} 的旧值，认不出被修改和删除的是哪一行。")
    next_step = gettext_noop(
        "请以 {identity} 为主键下达，并把它们列入搬运的字段；"
        "或请表的属主执行 ALTER TABLE {table} REPLICA IDENTITY FULL。"
    )


class SlotMissingError(JutongError):
    """The source does not keep its log for this target any more."""

    code = "node.changes.slot-missing"
    http_status = 409
    message = gettext_noop(
        "数据源“{source}”上为本任务保留日志的复制槽 {slot} 不在或被动过（{problem}），其间的变更已无法补读。"
    )
    next_step = gettext_noop("请查明谁删除或移动了它，再以“重新全量比对”下达一次任务；资源库里的数据没有动。")


class SlotLostError(JutongError):
    """The source threw away log that had not been read."""

    code = "node.changes.slot-lost"
    http_status = 409
    message = gettext_noop("数据源“{source}”的复制槽 {slot} 落后太多，服务器丢弃了未读的日志。")
    next_step = gettext_noop(
        "请以“重新全量比对”下达一次任务，并缩短周期或调大 max_slot_wal_keep_size；库里的数据没有动。"
    )


class SlotBusyError(JutongError):
    """Another session reads by this slot."""

    code = "node.changes.slot-busy"
    http_status = 503
    message = gettext_noop("数据源“{source}”的复制槽 {slot} 正被另一个会话使用。")
    next_step = gettext_noop("稍后会自动重试；若一直如此，请在数据库的 pg_replication_slots 中查看是谁在用。")


class SlotsUsedUpError(JutongError):
    """The server has no room for another slot, or for another reader of its log."""

    code = "node.changes.slots-used-up"
    http_status = 409
    message = gettext_noop("数据源“{source}”的复制槽或发送进程已用完（{setting}）。")
    next_step = gettext_noop("请数据库管理员删除不用的复制槽，或调大 {setting} 后重启数据库，再重新下达任务。")


class LogUnreadableError(JutongError):
    """The log says what we do not understand."""

    code = "node.changes.unreadable"
    http_status = 500
    message = gettext_noop("数据源“{source}”的变更日志无法解读：{problem}。")
    next_step = gettext_noop("请把数据库版本和这条信息告诉平台维护人员；可先改用“按主键比对”。")
