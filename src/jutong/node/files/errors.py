"""What can be wrong with a file before, or instead of, its rows. No message repeats what is in the file."""

from __future__ import annotations

from jutong.kernel.errors import JutongError
from jutong.kernel.i18n import gettext_noop


class NoFileError(JutongError):
    """No file fits the pattern."""

    code = "node.files.none"
    http_status = 404
    message = gettext_noop("数据源“{source}”的文件夹里没有符合“{pattern}”的完整文件。")
    next_step = gettext_noop("请数源部门核对文件名和完成标记；文件到齐后重新下达任务。")


class TooManyFilesError(JutongError):
    """More files fit the pattern than one move reads."""

    code = "node.files.too-many"
    http_status = 422
    message = gettext_noop("符合“{pattern}”的文件超过 {limit} 个。")
    next_step = gettext_noop("请运维人员收窄文件名样式，或把已搬运的文件移走。")


class FileArrivingError(JutongError):
    """The file is still being written, or was changed while it was read."""

    code = "node.files.arriving"
    http_status = 503
    retry_after = 60
    message = gettext_noop("文件“{name}”还在写入，或者读取期间被改动。")
    next_step = gettext_noop("请等文件传完后再搬运；建议先用临时文件名上传，传完后改名。")


class FileBrokenError(JutongError):
    """The file is not what its form says: cut off, damaged, encrypted, or of another form."""

    code = "node.files.broken"
    http_status = 422
    message = gettext_noop("文件“{name}”读不出来：{reason}。")
    next_step = gettext_noop("请数源部门重新导出并完整上传该文件；本次没有搬运任何一行。")


class FileTooLargeError(JutongError):
    """The file, or what unpacks from it, is larger than one move takes."""

    code = "node.files.too-large"
    http_status = 413
    message = gettext_noop("文件“{name}”解开后超过允许的大小：{limit}。")
    next_step = gettext_noop("请把文件拆小后重新上传；压缩比异常的文件请核对来源。")


class EncodingWrongError(JutongError):
    """The file is not in the encoding its mapping declares, or in none that is known."""

    code = "node.files.encoding"
    http_status = 422
    message = gettext_noop("文件“{name}”登记的编码是 {declared}，内容看起来是 {found}。")
    next_step = gettext_noop("请运维人员改正sources.json中该表的encoding，或请数源部门按登记的编码重新导出。")


class HeadingsChangedError(JutongError):
    """A file lacks a heading that its table needs."""

    code = "node.files.headings"
    http_status = 409
    message = gettext_noop("文件“{name}”里没有这些列：{headings}。")
    next_step = gettext_noop("请数源部门按约定的表头重新导出，或由运维人员改正sources.json中的columns。")


class LinesUnreadableError(JutongError):
    """Too many lines of a file are no rows."""

    code = "node.files.lines"
    http_status = 422
    message = gettext_noop("文件“{name}”有 {rows} 行读不成记录（第一处在第 {line} 行：{reason}），超过允许的比例。")
    next_step = gettext_noop("请核对分隔符、引号和表头行号是否与sources.json登记的一致；本次没有搬运任何一行。")


class FilesBusyError(JutongError):
    """An earlier job over the same files has not ended."""

    code = "node.files.busy"
    http_status = 409
    retry_after = 60
    message = gettext_noop("任务 {job_id} 正在搬运同一组文件，还没有结束。")
    next_step = gettext_noop("请等那个任务结束后再下达；它没有搬到的文件，下一次会搬。")
