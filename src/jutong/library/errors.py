"""What can go wrong with a table of the library."""

from __future__ import annotations

from jutong.kernel.errors import JutongError
from jutong.kernel.i18n import gettext_noop


class TableNameError(JutongError):
    """A name that may not become a folder of the library."""

    code = "library.table.bad-name"
    http_status = 422
    message = gettext_noop("资源库{part}“{found}”不合规，允许：{allowed}。")
    next_step = gettext_noop("请换一个名字后重新下达搬运任务。")


class TableUnknownError(JutongError):
    """There is no such table in the library."""

    code = "library.table.unknown"
    http_status = 404
    message = gettext_noop("资源库里没有表 {table}。")
    next_step = gettext_noop("请先下达搬运任务，或核对表名。")


class TableBusyError(JutongError):
    """Another job is writing the table right now."""

    code = "library.table.busy"
    http_status = 409
    retry_after = 60
    message = gettext_noop("资源库的表 {table} 正由另一个任务写入。")
    next_step = gettext_noop("请等那个任务结束后再下达一次；已有的数据没有改动。")


class DiskFullError(JutongError):
    """The disk of the library took no more bytes."""

    code = "library.disk.full"
    http_status = 507
    message = gettext_noop("资源库所在磁盘写不下了：写到第 {rows} 行时空间或文件大小到了上限。")
    next_step = gettext_noop("请清理或扩大 JUTONG_HOME 所在磁盘后重新下达；资源库里原来的数据没有改动。")


class WriteError(JutongError):
    """The library could not be written, and it was not for lack of space."""

    code = "library.table.write-failed"
    http_status = 500
    message = gettext_noop("资源库的表 {table} 写入失败：{reason}。")
    next_step = gettext_noop("请检查 JUTONG_HOME 所在磁盘和权限后重新下达；资源库里原来的数据没有改动。")
