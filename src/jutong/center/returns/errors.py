"""What can go wrong when data goes back to the area it is about."""

from __future__ import annotations

from jutong.kernel.errors import JutongError
from jutong.kernel.i18n import gettext_noop


class NotUpperError(JutongError):
    """条例 24: an upper department returns data to a lower one, nobody else."""

    code = "returns.case.not-upper"
    http_status = 422
    message = gettext_noop("“{entry}”的提供部门{provider}不是本部门的上级区划的部门，不能按数据回流办理。")
    next_step = gettext_noop("请按使用申请办理。")


class NoDivisionItemError(JutongError):
    """Without an item that tells the division, nobody's own area can be picked out."""

    code = "returns.case.no-division-item"
    http_status = 422
    message = gettext_noop("“{entry}”没有区划信息项，分不出本地区的数据。")
    next_step = gettext_noop("请上级部门在目录里补上区划信息项。")


class ReturnOpenError(JutongError):
    """One open return of an entry to a department."""

    code = "returns.case.open"
    http_status = 409
    message = gettext_noop("“{entry}”回流给本部门已在办理：{number}。")
    next_step = gettext_noop("请在原来的回流上办理。")


class NotCountedError(JutongError):
    """Completeness compares two numbers; the upper department says its own first."""

    code = "returns.case.not-counted"
    http_status = 409
    message = gettext_noop("{provider}还没有报告本周期应回流的条数，不能核对。")
    next_step = gettext_noop("请等对方报告，或催一下。")
