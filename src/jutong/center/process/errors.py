from __future__ import annotations

from jutong.kernel.errors import JutongError
from jutong.kernel.i18n import gettext_noop


class StepNotAllowedError(JutongError):
    """The state machine has no row for this state and event."""

    code = "sharing.state.not-allowed"
    http_status = 409
    message = gettext_noop("{what}现在是“{state}”，不能{event}；现在可以：{allowed}。")
    next_step = gettext_noop("请刷新页面，按现在的状态办理。")


class WrongSideError(JutongError):
    """The step belongs to another party of the case."""

    code = "sharing.state.wrong-side"
    http_status = 403
    message = gettext_noop("{event}由{sides}办理，您所在的部门不是。")
    next_step = gettext_noop("请联系应当办理的一方，可以在申请单里留言或催办。")
