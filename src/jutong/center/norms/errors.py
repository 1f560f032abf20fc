"""What can go wrong with elements, code tables and conformance runs."""

from __future__ import annotations

from jutong.kernel.errors import JutongError
from jutong.kernel.i18n import gettext_noop


class ElementStepError(JutongError):
    """The state machine has no such step from here."""

    code = "norms.element.step-not-allowed"
    http_status = 409
    message = gettext_noop("数据元“{name}”现在是“{state}”，不能{step}；现在能办：{allowed}。")
    next_step = gettext_noop("请刷新后按现在的状态办理。")


class ElementProposerDecidesError(JutongError):
    """Whoever proposed an element cannot decide on it."""

    code = "norms.element.proposer-decides"
    http_status = 403
    message = gettext_noop("数据元“{name}”是{person}提出的，不能由同一个人审核。")
    next_step = gettext_noop("请主管部门另一位有权的人审核。")


class ElementOpenError(JutongError):
    """An element has one version in the making at a time."""

    code = "norms.element.open-exists"
    http_status = 409
    message = gettext_noop("数据元“{name}”已有一个正在修改的版本（{state}），不能再建一个。")
    next_step = gettext_noop("请在已有的版本上继续，或等它审核完。")


class ElementForeignError(JutongError):
    """The proposal is another department's."""

    code = "norms.element.not-yours"
    http_status = 403
    message = gettext_noop("数据元“{name}”的这个版本由{organisation}提出，只能由它修改。")
    next_step = gettext_noop("请联系提出的部门，或在发布后另提新版本。")


class CodeFileError(JutongError):
    """A file of codes cannot be read as one."""

    code = "norms.table.file-invalid"
    http_status = 422
    message = gettext_noop("代码表文件第{line}行不对：{problem}。")
    next_step = gettext_noop("文件应为UTF-8的CSV，第一行是表头，每行依次为代码、名称，可再加上级代码。")


class EditionOlderError(JutongError):
    """Editions are loaded in the order of their dates."""

    code = "norms.table.edition-older"
    http_status = 409
    message = gettext_noop("代码表“{name}”已有{newest}的版本，不能再装入{date}的版本。")
    next_step = gettext_noop("请按生效日期先后装入；生效日期要晚于现有的最新版本。")


class CodeUnknownError(JutongError):
    """The table never had this code."""

    code = "norms.table.code-unknown"
    http_status = 404
    message = gettext_noop("代码表“{table}”在{date}没有代码“{code}”。")
    next_step = gettext_noop("请核对代码和日期；可在代码表页面按名称查找。")
