"""What can go wrong when somebody looks at fused records."""

from __future__ import annotations

from jutong.kernel.errors import JutongError
from jutong.kernel.i18n import gettext_noop


class NothingFusedError(JutongError):
    """The table was never fused here."""

    code = "node.fused.nothing"
    http_status = 404
    message = gettext_noop("本节点还没有融合过“{table}”。")
    next_step = gettext_noop("请先在平台上对这张表下达一次融合，完成后再打开。")


class PairUnknownError(JutongError):
    """The pair is judged already, or was never there."""

    code = "node.fused.pair-unknown"
    http_status = 404
    message = gettext_noop("这对记录不在待判断的列表里。")
    next_step = gettext_noop("可能别人刚判断过，或重新融合后已有结论；请返回列表。")


class ConflictUnknownError(JutongError):
    """There is no such conflict."""

    code = "node.fused.conflict-unknown"
    http_status = 404
    message = gettext_noop("融合库里没有冲突{conflict}。")
    next_step = gettext_noop("重新融合后编号可能已经关闭很久；请从平台上的冲突列表再打开一次。")


class OutsideTicketError(JutongError):
    """A ticket for one thing is no ticket for another."""

    code = "node.fused.outside-ticket"
    http_status = 403
    message = gettext_noop("这张票据不能用来{step}。")
    next_step = gettext_noop("请回到平台，从相应的页面打开。")
