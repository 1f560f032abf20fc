"""How the gateway turns away what it could serve, but not now."""

from __future__ import annotations

from jutong.kernel.errors import JutongError
from jutong.kernel.i18n import gettext_noop
from jutong.node.errors import ExplainedError


class GatewayBusyError(JutongError):
    """More calls are under way than the gateway takes at once."""

    code = "node.gateway.busy"
    http_status = 429
    retry_after = 1
    message = gettext_noop("网关正在处理的调用已有{limit}次，达到上限，这一次没有受理。")
    next_step = gettext_noop("请按Retry-After稍后重试，并降低并发。")


class TicketUnusableError(ExplainedError):
    """The ticket that should open some work at the node is not good."""

    code = "node.visit.ticket-refused"
    http_status = 403
    message = gettext_noop("办理票据不能使用：{problem}。")
    next_step = gettext_noop("请回到平台的页面重新点一次；票据几分钟内有效，只能用一次。")


class VisitOverError(JutongError):
    """The visit to the node has ended, or never was."""

    code = "node.visit.over"
    http_status = 403
    message = gettext_noop("这次办理已经结束。")
    next_step = gettext_noop("请回到平台的页面重新打开；已保存的内容都在。")


class VisitStepError(ExplainedError):
    """A form of a visit's page cannot be taken as it came."""

    code = "node.visit.step-invalid"
    http_status = 422
    message = gettext_noop("没有办成：{problem}。")
    next_step = gettext_noop("请改正后再提交。")
