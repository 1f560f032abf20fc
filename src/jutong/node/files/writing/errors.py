"""Why a file was not delivered. In every case what was there before is there still."""

from __future__ import annotations

from jutong.kernel.errors import JutongError
from jutong.kernel.i18n import gettext_noop


class SheetFullError(JutongError):
    """There are more rows than a sheet of a workbook holds."""

    code = "node.files.sheet-full"
    http_status = 422
    message = gettext_noop("一张工作表最多 {limit} 行，写不下“{name}”。")
    next_step = gettext_noop("请在任务中改用 .csv 或 .parquet，或按水位只送增量；目标处没有写入任何文件。")


class FileTakenError(JutongError):
    """A file of this name is there that no job of this platform has written."""

    code = "node.files.taken"
    http_status = 409
    message = gettext_noop("目标处已经有文件“{name}”，不是本平台写的。")
    next_step = gettext_noop("请换一个文件名，或由目标文件夹的管理人员移走那个文件后重新下达任务。")


class FolderForbiddenError(JutongError):
    """The node's operator did not say that this folder may be written."""

    code = "node.files.write-forbidden"
    http_status = 403
    message = gettext_noop("数据源“{source}”的文件夹“{folder}”不允许写入。")
    next_step = gettext_noop("请由前置节点的运维人员在sources.json中该数据源的writes里列出这个文件夹后再下达任务。")
