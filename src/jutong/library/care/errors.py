"""What can go wrong in the care of the library."""

from __future__ import annotations

from jutong.kernel.errors import JutongError
from jutong.kernel.i18n import gettext_noop


class VersionGoneError(JutongError):
    """A version was asked for that can no longer be read."""

    code = "library.version.gone"
    http_status = 410
    message = gettext_noop("表 {table} 在 {asked} 的版本已经不能读取，最早可读的是 {oldest}。")
    next_step = gettext_noop("请改用可读的版本（jutong library versions），或从备份恢复。")


class VersionUnknownError(JutongError):
    """A version or a moment was asked for that the table never had."""

    code = "library.version.unknown"
    http_status = 404
    message = gettext_noop("表 {table} 没有 {asked} 的版本。")
    next_step = gettext_noop("请用 jutong library versions 查看它有哪些版本。")


class TableAlteredError(JutongError):
    """Something that is not this platform wrote to a table."""

    code = "library.table.altered-elsewhere"
    http_status = 409
    message = gettext_noop("表 {table} 从版本 {version} 起被平台以外的程序改动过（{finding}）。")
    next_step = gettext_noop(
        "最后一个完好的版本是 {good}，仍可读取。请查明是谁改的，再用 jutong library mend 退回该版本或从备份恢复。"
    )


class TableDamagedError(JutongError):
    """A table cannot be read as its log says, and no earlier version can take its place."""

    code = "library.table.damaged"
    http_status = 500
    message = gettext_noop("表 {table} 已损坏（{finding}），没有完好的版本可以退回。")
    next_step = gettext_noop("请用 jutong library restore 从备份恢复这张表。")


class TableMissedError(JutongError):
    """A table is too unusual to be taken care of."""

    code = "library.care.unfit"
    http_status = 422
    message = gettext_noop("表 {table} 带有本平台不使用的特性（{feature}），不作维护。")
    next_step = gettext_noop("请由写入它的程序去掉该特性，或整表重新生成。")


class ConsentMissingError(JutongError):
    """An order came without the two agreements it needs."""

    code = "library.care.consent-missing"
    http_status = 403
    message = gettext_noop("这项操作需要两个不同的人同意（{needed}），任务单上没有。")
    next_step = gettext_noop("请按规定由两人分别办理后重新下达；没有改动任何数据。")


class ColumnTakenError(JutongError):
    """A column cannot be added."""

    code = "library.evolve.column-taken"
    http_status = 409
    message = gettext_noop("表 {table} 已有类型不同的字段 {columns}，不能作为新增字段加入。")
    next_step = gettext_noop("请给新字段换一个名字；要改类型的，请定义新表并逐步迁移。")


class BackupUnknownError(JutongError):
    """There is no such backup, or not of this table."""

    code = "library.backup.unknown"
    http_status = 404
    message = gettext_noop("备份文件夹里没有备份 {set_id}，或其中没有表 {table}。")
    next_step = gettext_noop("请用 jutong library backups 查看有哪些备份。")


class BackupDamagedError(JutongError):
    """A backup is not what was written."""

    code = "library.backup.damaged"
    http_status = 500
    message = gettext_noop("备份 {set_id} 中的 {file} 缺失、被改动或用别的密钥加密。")
    next_step = gettext_noop("请换用另一份备份，并核对备份密钥 keys/library-backup.key；资源库没有改动。")


class ErasureUnknownError(JutongError):
    """There is no account of such an erasure."""

    code = "library.erasure.unknown"
    http_status = 404
    message = gettext_noop("没有编号为 {erasure_id} 的删除记录。")
    next_step = gettext_noop("请核对编号。")


class ErasureUnreadableError(JutongError):
    """Whom an erasure is about cannot be read here."""

    code = "library.erasure.unreadable"
    http_status = 422
    message = gettext_noop("删除任务单里的密封信息不是给本节点的，或已损坏。")
    next_step = gettext_noop("请按本节点登记的公钥重新封装后下达；没有改动任何数据。")


class ErasureRemainsError(JutongError):
    """After an erasure something of the person is still there."""

    code = "library.erasure.remains"
    http_status = 500
    message = gettext_noop("删除后仍在 {files} 个文件里找到该人的数据（{tables}）。")
    next_step = gettext_noop("请等正在写这些表的任务结束后重新下达同一删除任务；已删除的不受影响。")
