"""What can go wrong with the law's clocks and the calendar they count on."""

from __future__ import annotations

from jutong.kernel.errors import JutongError
from jutong.kernel.i18n import gettext_noop


class ClockRunningError(JutongError):
    """The subject has a running clock of this period."""

    code = "clocks.clock.running"
    http_status = 409
    message = gettext_noop("{subject}的期限（{period}）已经在计时，不能再开始一次。")
    next_step = gettext_noop("请刷新后查看现在的期限。")


class ClockNotRunningError(JutongError):
    """The subject has no clock of this period that could be paused, extended or stopped."""

    code = "clocks.clock.not-running"
    http_status = 409
    message = gettext_noop("{subject}没有正在计时的期限（{period}），不能{step}。")
    next_step = gettext_noop("请刷新后查看这件事现在的状态。")


class ClockRanOutError(JutongError):
    """The last day has passed; what is late stays late."""

    code = "clocks.clock.ran-out"
    http_status = 409
    message = gettext_noop("{subject}的期限已在{due}届满，届满后不能{step}。")
    next_step = gettext_noop("请尽快办结；超期情况已经如实记录。")


class ExtensionTooLongError(JutongError):
    """The extensions together would pass what the law allows."""

    code = "clocks.extension.too-long"
    http_status = 422
    message = gettext_noop("最多还能延长{allowed}个工作日，不能延长{found}个（{clause}）。")
    next_step = gettext_noop("请减少延长的天数；期限不能延长的，请在到期前办结。")


class CalendarYearOfficialError(JutongError):
    """A provisional calendar cannot replace an official one."""

    code = "clocks.calendar.official"
    http_status = 409
    message = gettext_noop("{year}年已有正式工作日历，不能再装入暂定日历。")
    next_step = gettext_noop("不用装入；个别日期有误时，请单独更正那一天。")
