"""What can go wrong with violations."""

from __future__ import annotations

from jutong.kernel.errors import JutongError
from jutong.kernel.i18n import gettext_noop


class NotHeardError(JutongError):
    """Whoever it is about has neither been heard nor let the days for it pass."""

    code = "supervision.case.not-heard"
    http_status = 409
    message = gettext_noop("{number}还没有听取{who}的陈述，陈述期到{until}，不能责令改正。")
    next_step = gettext_noop("请等对方陈述，或在{until}之后再决定。")


class LimitRunningError(JutongError):
    """The days to put a thing right have not passed."""

    code = "supervision.case.limit-running"
    http_status = 409
    message = gettext_noop("{number}的改正期限到{until}，期限内不能移送处理。")
    next_step = gettext_noop("请等对方报告改正，或在{until}之后再移送。")


class ReportedTwiceError(JutongError):
    """The same department reported the same thing before and it is still open."""

    code = "supervision.report.twice"
    http_status = 409
    message = gettext_noop("本部门已就同一事项举报过{who}，编号{number}，还在办理。")
    next_step = gettext_noop("请在原举报中查看办理情况。")


class OwnReportError(JutongError):
    """A department does not report itself."""

    code = "supervision.report.own"
    http_status = 422
    message = gettext_noop("举报的单位是本单位。")
    next_step = gettext_noop("请选择被举报的单位；本单位的问题请直接改正。")


class PlatformKnownError(JutongError):
    """A platform of that name is registered."""

    code = "supervision.platform.known"
    http_status = 409
    message = gettext_noop("本单位已登记过“{name}”。")
    next_step = gettext_noop("请在已登记的平台上更新。")
