"""What can go wrong with a file that somebody brings."""

from __future__ import annotations

from typing_extensions import override

from jutong.kernel.errors import JutongError
from jutong.kernel.i18n import SOURCE_LANGUAGE, gettext_noop, translate

_SENTENCES = ("problem", "what")
"""Fields that are sentences of ours and not words of the file."""


class FileUnreadableError(JutongError):
    """Base of what is wrong with a file as a whole."""

    code = "intake.file.unreadable"
    http_status = 422
    message = gettext_noop("文件“{name}”读不了：{problem}")
    next_step = gettext_noop("请在原来的软件里打开，确认内容完好后另存为xlsx再上传。")

    @override
    def explain(self, language: str = SOURCE_LANGUAGE) -> str:
        told = {name: translate(str(text), language) for name, text in self.fields.items() if name in _SENTENCES}
        return translate(self.message, language).format(**{**self.fields, **told})


class FormatUnknownError(FileUnreadableError):
    """The content is none of the formats that are read."""

    code = "intake.file.format-unknown"
    message = gettext_noop("文件“{name}”不是能读的格式：{problem}")
    next_step = gettext_noop("能读xlsx、xls、csv、json、parquet，以及装有这些文件的zip；请另存为其中一种再上传。")


class FileTooBigError(FileUnreadableError):
    """The file, or what is in it, is bigger than is read."""

    code = "intake.file.too-big"
    http_status = 413
    message = gettext_noop("文件“{name}”超过了上限：{what}最多{most}，实际{found}{where}。")
    next_step = gettext_noop("请拆成几个文件分别上传。")


class ArchiveBombError(FileUnreadableError):
    """A compressed file unpacks to far more than an honest one does, or hides archives in archives."""

    code = "intake.file.archive-bomb"
    message = gettext_noop("文件“{name}”的压缩内容不正常，已拒绝展开：{problem}（{found}，上限{most}）")
    next_step = gettext_noop("请在自己的电脑上解压检查；确是表格的，另存为xlsx或csv再上传。")


class EncodingUnknownError(FileUnreadableError):
    """The text is neither UTF-8, UTF-16 with a mark, nor GB18030."""

    code = "intake.file.encoding-unknown"
    message = gettext_noop("文件“{name}”的文字编码认不出来：第{place}个字节既不是UTF-8也不是GB18030。")
    next_step = gettext_noop("请另存为UTF-8编码的csv，或存为xlsx再上传。")


class FileProtectedError(FileUnreadableError):
    """A workbook is locked with a password."""

    code = "intake.file.protected"
    message = gettext_noop("文件“{name}”有密码保护，读不了。")
    next_step = gettext_noop("请去掉密码后再上传。")


class FileEmptyError(FileUnreadableError):
    """There is no row under a header anywhere in the file."""

    code = "intake.file.empty"
    message = gettext_noop("文件“{name}”里没有找到表头和数据行。")
    next_step = gettext_noop("请确认表头在第一行附近、每列一个标题，再上传。")
