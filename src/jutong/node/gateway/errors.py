"""How the gateway turns away what it could serve, but not now."""

from __future__ import annotations

from jutong.kernel.errors import JutongError
from jutong.kernel.i18n import gettext_noop


class GatewayBusyError(JutongError):
    """More calls are under way than the gateway takes at once."""

    code = "node.gateway.busy"
    http_status = 429
    retry_after = 1
    message = gettext_noop("网关正在处理的调用已有{limit}次，达到上限，这一次没有受理。")
    next_step = gettext_noop("请按Retry-After稍后重试，并降低并发。")
