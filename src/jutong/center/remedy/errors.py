from __future__ import annotations

from jutong.kernel.errors import JutongError
from jutong.kernel.i18n import gettext_noop


class RectificationOpenError(JutongError):
    """A grant under rectification goes on, or ends, by the rectification's own way."""

    code = "remedy.rectification.open"
    http_status = 409
    message = gettext_noop("授权{grant}正在按整改单{number}整改，现在是“{state}”。")
    next_step = gettext_noop("请在整改单里办理：验收通过后恢复，整改不到位的才可以终止。")


class OtherSideOrderedError(JutongError):
    """The side that ordered a rectification judges it."""

    code = "remedy.rectification.other-side"
    http_status = 403
    message = gettext_noop("整改单{number}是{office}责令的，由它验收。")
    next_step = gettext_noop("请联系{office}；您的意见可以在申请单里留言。")


class LimitNotOverError(JutongError):
    """Nobody refused to put things right before the limit is over."""

    code = "remedy.rectification.limit-running"
    http_status = 409
    message = gettext_noop("整改单{number}的期限到{due}，还没有过。")
    next_step = gettext_noop("请等期限过后再认定，或等对方报送整改结果。")


class GrantOverError(JutongError):
    """Only a running grant is suspended and put right."""

    code = "remedy.grant.over"
    http_status = 409
    message = gettext_noop("授权{grant}已经结束，不能再责令整改。")
    next_step = gettext_noop("请在处置单里要求对方处置数据；违规行为可以报告主管部门。")


class CopiesOpenError(JutongError):
    """A disposal is reported when every copy is accounted for."""

    code = "remedy.disposal.copies-open"
    http_status = 409
    message = gettext_noop("还有{count}处副本没有写明怎么处置：{places}")
    next_step = gettext_noop("请逐处写明处置方式和日期；依法留存的，写明依据。")


class NoCopiesDeclaredError(JutongError):
    """Whoever kept no copy says so."""

    code = "remedy.disposal.nothing-declared"
    http_status = 409
    message = gettext_noop("没有登记任何留存的副本。")
    next_step = gettext_noop("请登记留存的副本；确实没有留存的，请勾选“没有留存任何副本”。")


class CorrectedAlreadyError(JutongError):
    """An entry of the ledger is corrected by one later entry."""

    code = "remedy.ledger.corrected"
    http_status = 409
    message = gettext_noop("授权{number}的这条台账已经被更正过。")
    next_step = gettext_noop("请更正最新的那一条。")


class NobodyToConsultError(JutongError):
    """No grant runs on the entry, so the provider is free to change it."""

    code = "remedy.change.needless"
    http_status = 409
    message = gettext_noop("“{name}”没有正在使用的授权，变更不用协商和备案。")
    next_step = gettext_noop("请直接修改目录或挂接。")


class ChangeOpenError(JutongError):
    """One change of an entry is under way at a time."""

    code = "remedy.change.open"
    http_status = 409
    message = gettext_noop("“{name}”已有正在办理的服务变更{number}。")
    next_step = gettext_noop("请先办完或撤回它。")


class ConsultationOpenError(JutongError):
    """Users are given their period before the change is filed; silence is recorded, not read as consent."""

    code = "remedy.change.consultation-open"
    http_status = 409
    message = gettext_noop("还有{count}个使用部门没有答复，协商期到{due}：{departments}")
    next_step = gettext_noop("请等答复或等协商期满再备案。")


class AnsweredAlreadyError(JutongError):
    """A department answers a consultation once."""

    code = "remedy.change.answered"
    http_status = 409
    message = gettext_noop("您所在的部门已答复服务变更{number}。")
    next_step = gettext_noop("意见有变的，请直接联系提供部门。")
