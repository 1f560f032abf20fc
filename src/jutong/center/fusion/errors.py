from __future__ import annotations

from jutong.kernel.errors import JutongError
from jutong.kernel.i18n import gettext_noop


class NotKeeperError(JutongError):
    """Fused records are opened by whoever keeps the library, or whose rows they were made of."""

    code = "fusion.table.not-keeper"
    http_status = 403
    message = gettext_noop("“{table}”的融合记录只由主管部门和牵头部门的人员在节点上打开。")
    next_step = gettext_noop("需要使用数据的，请申请相应的目录；发现数据不对的，请提出校核。")


class NeverFusedError(JutongError):
    """There is nothing to look at yet."""

    code = "fusion.table.never-fused"
    http_status = 409
    message = gettext_noop("“{table}”还没有融合过，或节点没有报告网关地址。")
    next_step = gettext_noop("请先在表的页面上下达一次融合，完成后再打开。")


class PurposeMissingError(JutongError):
    """Whoever opens records of people says what for."""

    code = "fusion.visit.purpose-missing"
    http_status = 422
    message = gettext_noop("打开融合记录要写明事由，最多200个字。")
    next_step = gettext_noop("请写清楚为办什么事、凭什么依据打开；事由会随存证保存。")


class ConflictPlaceError(JutongError):
    """A conflict can be sent only where its row can be found in an entry."""

    code = "fusion.conflict.place-unknown"
    http_status = 409
    message = gettext_noop("{organisation}的“{field}”没有对应的目录信息项，不能转为校核。")
    next_step = gettext_noop("请确认这个来源挂接了目录，且该字段在目录里有信息项，再转一次。")


class ConflictAmountError(JutongError):
    """More at once than is allowed."""

    code = "fusion.conflict.too-many"
    http_status = 422
    message = gettext_noop("一次最多转{most}条；{organisation}在办的已有{open}条，合计不超过{limit}条。")
    next_step = gettext_noop("请减少条数，或等在办的核实完再转。")


class ConflictSentError(JutongError):
    """No conflict is sent to the same department twice."""

    code = "fusion.conflict.sent-already"
    http_status = 409
    message = gettext_noop("这条冲突已经转为校核{number}，不会转两次。")
    next_step = gettext_noop("请到{number}看核实到哪一步；反馈后仍不一致的，可以请另一方核实，或转争议。")


class BatchOpenError(JutongError):
    """The node has not answered about the same cause yet."""

    code = "fusion.conflict.batch-open"
    http_status = 409
    message = gettext_noop("这一种冲突刚下达过，节点还没有回报。")
    next_step = gettext_noop("请等节点回报后再转下一批。")
