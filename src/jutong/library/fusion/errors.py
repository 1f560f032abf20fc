"""What can go wrong when records become entities."""

from __future__ import annotations

from jutong.kernel.errors import JutongError
from jutong.kernel.i18n import gettext_noop


class FeedUnfitError(JutongError):
    """A standardised table is not what its feed says, or there is none."""

    code = "library.fusion.feed-unfit"
    http_status = 422
    message = gettext_noop("来源 {feed} 的标准化表不能参与融合：{reason}。")
    next_step = gettext_noop("请核对该来源的字段对应关系，重新标准化后再融合；融合库仍是上一个完好的版本。")


class FusionUnfitError(JutongError):
    """The rules or the table of an order do not go together."""

    code = "library.fusion.rules-unfit"
    http_status = 422
    message = gettext_noop("表 {table} 的融合规则不成立：{reason}。")
    next_step = gettext_noop("请改正融合规则后重新下达；融合库仍是上一个完好的版本。")


class SourceAlteredError(JutongError):
    """A table that takes part was written to by something else than this platform."""

    code = "library.fusion.source-altered"
    http_status = 409
    message = gettext_noop("表 {table} 从版本 {version} 起被平台以外的程序改动过，没有参与融合。")
    next_step = gettext_noop("请查明是谁改的，把该表退回上一个完好的版本或重新生成，再下达融合；融合库没有改动。")


class MergeCycleError(JutongError):
    """The history of an entity leads back to where it began."""

    code = "library.fusion.merge-cycle"
    http_status = 500
    message = gettext_noop("实体 {entity} 的并入记录首尾相接，查不到它现在是谁。")
    next_step = gettext_noop("请下达一次整表融合；如仍出现，请从备份恢复该表的历史表。")


class EqualAuthorityError(JutongError):
    """Two feeds would both be the one source of a field, and no rule says which goes first."""

    code = "library.fusion.equal-authority"
    http_status = 422
    message = gettext_noop("字段 {fields} 有多个来源同为数源部门（{feeds}），规则又没有别的先后。")
    next_step = gettext_noop("请由主管部门按条例第十九条明确一个数源部门，或在规则中加上先后标准；融合库没有改动。")


class EntityUnknownError(JutongError):
    """There is no such entity."""

    code = "library.entity.unknown"
    http_status = 404
    message = gettext_noop("融合库里没有实体 {entity}。")
    next_step = gettext_noop("请核对编号；该实体的记录可能已全部从来源中撤回。")


class DecisionUnfitError(JutongError):
    """A decision names no pair that waits, or says nothing."""

    code = "library.fusion.decision-unfit"
    http_status = 422
    message = gettext_noop("这项判断不成立：{reason}。")
    next_step = gettext_noop("请从待判断列表里打开一对记录，写明依据后提交。")
