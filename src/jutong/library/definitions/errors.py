"""What can be wrong with the definition of a library."""

from __future__ import annotations

from jutong.kernel.errors import JutongError
from jutong.kernel.i18n import gettext_noop


class LibraryUnknownError(JutongError):
    """No shipped library or table has this name."""

    code = "library.definition.unknown"
    http_status = 404
    message = gettext_noop("没有资源库或表“{found}”，现有：{allowed}。")
    next_step = gettext_noop("请核对资源库代码和表名。")


class DefinitionUnfitError(JutongError):
    """A definition cannot be what a library is built by."""

    code = "library.definition.unfit"
    http_status = 422
    message = gettext_noop("资源库定义 {place} 的{what}“{found}”不合规，允许：{allowed}。")
    next_step = gettext_noop("请改正定义后重新提交。")


class ElementUndefinedError(DefinitionUnfitError):
    """A field stands on a data element that nobody defined."""

    code = "library.definition.element-undefined"
    message = gettext_noop("资源库定义 {place} 引用的数据元“{found}”没有定义。")
    next_step = gettext_noop("请先在数据元库中定义并发布该数据元，或改用已有的数据元。")


class KeyNoFieldError(DefinitionUnfitError):
    """A key of a table is none of its fields."""

    code = "library.definition.key-no-field"
    message = gettext_noop("资源库定义 {place} 的主键“{found}”不是该表的字段，现有字段：{allowed}。")
    next_step = gettext_noop("请改正主键，或把它加入字段。")
