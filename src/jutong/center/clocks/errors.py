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


class RuleSetForeignError(JutongError):
    """An authority loads periods for its own division only."""

    code = "clocks.rule-set.foreign"
    http_status = 403
    message = gettext_noop("规则文件是行政区划{division}的，您所在的主管部门只能装入{own}的期限规则。")
    next_step = gettext_noop("请由该行政区划的主管部门装入。")


class RuleSetOrderError(JutongError):
    """A later version takes effect no earlier than the one before it."""

    code = "clocks.rule-set.order"
    http_status = 409
    message = gettext_noop("新规则的施行日期{found}早于现有规则的{earliest}，不能倒着施行。")
    next_step = gettext_noop("请核对施行日期后重新装入。")


class RuleSetSameError(JutongError):
    """The same content was loaded before, or another version at the same moment."""

    code = "clocks.rule-set.same"
    http_status = 409
    message = gettext_noop("“{title}”与已装入的第{version}版相同，或刚有人同时装入，没有重复装入。")
    next_step = gettext_noop("请刷新后查看现在的规则。")
