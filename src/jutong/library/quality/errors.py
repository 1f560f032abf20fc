"""What can go wrong when rules are asked of a table."""

from __future__ import annotations

from jutong.kernel.errors import JutongError
from jutong.kernel.i18n import gettext_noop


class RuleUncompilableError(JutongError):
    """A rule does not fit the table it is asked of."""

    code = "quality.rule.uncompilable"
    http_status = 422
    message = gettext_noop("质量规则 {rule} 不能用于表 {table} 的字段 {field}：{reason}。")
    next_step = gettext_noop("请改正或停用这条规则后重新检查；表里的数据没有改动。")


class RuleWithoutRowsError(JutongError):
    """A rule speaks of the table as a whole, or is not among those of the table."""

    code = "quality.rule.no-rows"
    http_status = 404
    message = gettext_noop("规则 {rule} 没有可以逐行查看的数据。")
    next_step = gettext_noop("时效和变化类规则针对整张表；请在质量报告里选择其他规则。")
