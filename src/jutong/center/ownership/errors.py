"""What can go wrong when sources are designated and plans are checked."""

from __future__ import annotations

from jutong.kernel.errors import JutongError
from jutong.kernel.i18n import gettext_noop


class SubjectHeldOnceError(JutongError):
    """Only one department holds it, so there is nothing to designate (条例 19(2))."""

    code = "ownership.source.held-once"
    http_status = 409
    message = gettext_noop("“{name}”只有{count}个部门发布，不用指定数源部门（条例第十九条：多个部门收集的才要指定）。")
    next_step = gettext_noop("不用再办；有别的部门发布同一信息项时会再提示。")


class NotHolderError(JutongError):
    """The source's entry has to be published and hold the item."""

    code = "ownership.source.not-holder"
    http_status = 422
    message = gettext_noop("{entry}没有发布含“{name}”的信息项，不能作为数源目录。")
    next_step = gettext_noop("请从列出的部门和目录中选一个。")


class ProposalOpenError(JutongError):
    """One proposal at a time."""

    code = "ownership.source.proposal-open"
    http_status = 409
    message = gettext_noop("“{name}”正在就{organisation}作为数源部门征求意见，不能再提一次。")
    next_step = gettext_noop("请先就现有的提议作出决定，或撤销后另提。")


class PositionsOutstandingError(JutongError):
    """Departments that still have time to answer are heard first."""

    code = "ownership.source.positions-outstanding"
    http_status = 409
    message = gettext_noop("还有{count}个部门没有表态：{organisations}；表态截止日是{answer_by}。")
    next_step = gettext_noop("请等各部门表态，或在截止日过后再指定。")


class DesignationStepError(JutongError):
    """The table of designations has no such step from here."""

    code = "ownership.source.step-not-allowed"
    http_status = 409
    message = gettext_noop("“{name}”的数源指定现在是“{state}”，不能{step}。")
    next_step = gettext_noop("请刷新后按现在的状态办理。")


class PlanStepError(JutongError):
    """The table of collection plans has no such step from here."""

    code = "ownership.plan.step-not-allowed"
    http_status = 409
    message = gettext_noop("“{name}”现在是“{state}”，不能{step}；现在能办：{allowed}。")
    next_step = gettext_noop("请刷新后按现在的状态办理。")


class PlanUnresolvedError(JutongError):
    """Fields that are shared already are neither reused nor justified (条例 19(1))."""

    code = "ownership.plan.unresolved"
    http_status = 409
    message = gettext_noop("还有{count}个字段没有处理：{fields}（条例第十九条：可通过共享获取的，不得重复收集）。")
    next_step = gettext_noop("请逐项选择共享复用，或说明仍需采集的理由。")


class PlanFieldsError(JutongError):
    """The list of fields cannot be read."""

    code = "ownership.plan.fields-invalid"
    http_status = 422
    message = gettext_noop("采集字段要1到{limit}个，名称不超过64字且不能重名；不合格的行：{lines}。")
    next_step = gettext_noop("请每行写一个字段，名称和含义用空格、逗号或制表符隔开。")


class ReuseNotFoundError(JutongError):
    """What is reused has to be one of the entries found for the field."""

    code = "ownership.plan.reuse-unknown"
    http_status = 422
    message = gettext_noop("目录{entry}不在“{field}”的比对结果里，不能选作复用来源。")
    next_step = gettext_noop("请从比对结果里选，或重新比对。")


class NotWithheldError(JutongError):
    """Only entries that are not shared stand on the negative list."""

    code = "ownership.withholding.not-withheld"
    http_status = 409
    message = gettext_noop("“{name}”不是不予共享的目录，不在负面清单上。")
    next_step = gettext_noop("不用登记审核；要改共享属性，请提供部门更新目录。")


class PlanWriterDecidesError(JutongError):
    """Whoever wrote a plan cannot decide on it."""

    code = "ownership.plan.writer-decides"
    http_status = 403
    message = gettext_noop("{person}编写了“{name}”，不能由同一个人审核。")
    next_step = gettext_noop("请主管部门另一位审核员办理。")
