from __future__ import annotations

from jutong.kernel.errors import JutongError
from jutong.kernel.i18n import gettext_noop


class NothingToCheckError(JutongError):
    """The table has not been filled."""

    code = "quality.check.nothing"
    http_status = 409
    message = gettext_noop("表“{table}”还没有数据可以检查。")
    next_step = gettext_noop("请等数据归集并标准化之后再检查；启用登记册后会自动检查。")


class RuleBrokenError(JutongError):
    """A rule as it was typed is none."""

    code = "quality.rule.broken"
    http_status = 422
    message = gettext_noop("这条质量规则不完整或写法不对：{reason}。")
    next_step = gettext_noop("请按所选类型填写字段和参数；写法不支持环视、反向引用和占有量词。")


class RuleNotTriedError(JutongError):
    """A rule has not been tried on real rows."""

    code = "quality.rule.not-tried"
    http_status = 409
    message = gettext_noop("规则“{rule}”现在是“{state}”，不能这样办。")
    next_step = gettext_noop("新规则要先在真实数据上试算，看过会有多少行不合规，再启用。")


class RowsNotReachableError(JutongError):
    """Nobody's browser can reach the rows."""

    code = "quality.rows.not-reachable"
    http_status = 409
    message = gettext_noop("规则“{rule}”现在没有可以查看的行。")
    next_step = gettext_noop(
        "时效和变化类规则针对整张表，没有逐行数据；其他情况请重新检查，或请系统管理员登记节点地址。"
    )
