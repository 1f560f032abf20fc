"""What can go wrong on the way through the three stages."""

from __future__ import annotations

from jutong.kernel.errors import JutongError
from jutong.kernel.i18n import gettext_noop


class DisputeSubjectError(JutongError):
    """The subject gives no ground for a dispute now, or is not the actor's."""

    code = "dispute.case.no-ground"
    http_status = 409
    message = gettext_noop("“{subject}”现在没有可以提出争议的地方：{why}")
    next_step = gettext_noop("请先按正常程序办理；被拒绝、逾期不答复或对结论有异议时再提出。")


class DisputeOpenError(JutongError):
    """One open dispute about a subject at a time."""

    code = "dispute.case.open"
    http_status = 409
    message = gettext_noop("“{subject}”已有一件在办的争议{number}。")
    next_step = gettext_noop("请在那一件里陈述意见、提交证据。")


class NegotiateFirstError(JutongError):
    """条例 28: the parties negotiate before anybody coordinates."""

    code = "dispute.case.negotiate-first"
    http_status = 409
    message = gettext_noop("争议{number}还在协商：对方没有表态，协商期限到{due}。")
    next_step = gettext_noop("请等对方陈述意见、拒绝方案，或协商期限过后再申请协调。")


class CoordinationRunningError(JutongError):
    """A party may not pass over a coordinator that still has time."""

    code = "dispute.case.coordination-running"
    http_status = 409
    message = gettext_noop("争议{number}正在由{coordinator}协调，协调期限到{due}。")
    next_step = gettext_noop("请等协调结果；期限过后当事一方也可以报请本级人民政府决定。")


class NoCoordinatorError(JutongError):
    """No authority is common to both parties and none of them itself."""

    code = "dispute.case.no-coordinator"
    http_status = 409
    message = gettext_noop("争议{number}的双方没有共同的主管部门可以协调。")
    next_step = gettext_noop("请直接报请本级人民政府决定。")


class CoordinatorExistsError(JutongError):
    """The government decides after coordination failed, unless nobody can coordinate."""

    code = "dispute.case.coordinator-exists"
    http_status = 409
    message = gettext_noop("争议{number}应先由{coordinator}协调，不能直接报请人民政府决定。")
    next_step = gettext_noop("请先申请协调。")


class NoGovernmentError(JutongError):
    """No division holds both parties, so no government of the platform can decide."""

    code = "dispute.case.no-government"
    http_status = 409
    message = gettext_noop("争议{number}的双方不在同一个登记的上级区划内，平台上没有能决定的人民政府。")
    next_step = gettext_noop("请系统管理员登记上级区划和主管部门后再办。")


class ProposalMissingError(JutongError):
    """There is no open proposal this party could answer."""

    code = "dispute.case.no-proposal"
    http_status = 409
    message = gettext_noop("争议{number}没有等您这一方答复的方案。")
    next_step = gettext_noop("请刷新页面；方案被替换后按新的办理。")


class MediatorDecidesError(JutongError):
    """Whoever coordinated does not decide."""

    code = "dispute.case.mediator-decides"
    http_status = 409
    message = gettext_noop("{name}参加过争议{number}的协调，不能再作决定。")
    next_step = gettext_noop("请由另一位负责人决定。")
