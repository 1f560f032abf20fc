"""Why a source is not asked although a call may be answered."""

from __future__ import annotations

from jutong.kernel.errors import JutongError
from jutong.kernel.i18n import gettext_noop


class SourceBusyError(JutongError):
    """More calls wait for the source than it can be asked to answer soon."""

    code = "node.source.busy"
    http_status = 429
    retry_after = 1
    message = gettext_noop("数源部门的数据库“{source}”正在处理的调用已达上限，这一次没有受理。")
    next_step = gettext_noop("请按Retry-After稍后重试，并降低并发。")


class SourceRestingError(JutongError):
    """The source failed again and again, and is left alone for a while."""

    code = "node.source.resting"
    http_status = 503
    message = gettext_noop("数源部门的数据库“{source}”连续{failures}次没有答复，{seconds}秒内不再访问它。")
    next_step = gettext_noop("请按Retry-After稍后重试；持续超过半小时，请联系数源部门。")

    def __init__(self, *, source: str, failures: int, seconds: int) -> None:
        """Make the error; ``seconds`` until the source is tried again."""
        super().__init__(source=source, failures=failures, seconds=seconds)
        self.retry_after = seconds  # type: ignore[misc]


class LookupsElsewhereError(JutongError):
    """The source is read through a driver of its maker's, which the gateway's own process does not load."""

    code = "node.source.lookups-elsewhere"
    http_status = 422
    message = gettext_noop("数据源“{source}”（{dialect}）只供搬运，网关不直接向它查询。")
    next_step = gettext_noop("请先把表搬运到资源库，再把目录挂接到资源库里的表；金仓也可以按postgresql连接。")
