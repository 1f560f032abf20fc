"""What can go wrong with complaints and inquiries."""

from __future__ import annotations

from jutong.kernel.errors import JutongError
from jutong.kernel.i18n import gettext_noop


class CodeWrongError(JutongError):
    """Number and code do not belong together; it is not said which of them is wrong."""

    code = "complaint.code.wrong"
    http_status = 403
    message = gettext_noop("编号或查看码不对。")
    next_step = gettext_noop("请按回执上的编号和查看码原样输入；丢失的，请带证件到受理部门窗口。")


class CodeLockedError(JutongError):
    """Too many wrong codes."""

    code = "complaint.code.locked"
    http_status = 429
    message = gettext_noop("查看码错了{count}次，一小时内不能再试。")
    next_step = gettext_noop("请一小时后再试，或带证件到受理部门窗口。")
    retry_after = 3600


class SameDepartmentError(JutongError):
    """A complaint is handed on to another department."""

    code = "complaint.case.same-department"
    http_status = 409
    message = gettext_noop("{number}已经在{name}，不用转。")
    next_step = gettext_noop("请选另一个部门，或直接受理。")


class AnswererReviewsError(JutongError):
    """Whoever answered does not review the own answer."""

    code = "complaint.case.answerer-reviews"
    http_status = 403
    message = gettext_noop("{name}答复了{number}，不能由同一个人复核。")
    next_step = gettext_noop("请本部门另一位数据专员或工作机构负责人复核。")


class NodesAnsweredError(JutongError):
    """Every node has answered already."""

    code = "complaint.inquiry.nodes-answered"
    http_status = 409
    message = gettext_noop("{number}的各节点都已完整答复，不用这一步。")
    next_step = gettext_noop("请刷新页面。")


class SecrecyOpenError(JutongError):
    """One secrecy basis per grant at a time."""

    code = "complaint.secrecy.open-already"
    http_status = 409
    message = gettext_noop("授权{number}已登记保密依据，到{until}为止，不能再登记一次。")
    next_step = gettext_noop("到期后仍需保密的，届时重新登记依据。")


class NotHolderOfGrantError(JutongError):
    """The department that uses the data states the basis."""

    code = "complaint.secrecy.not-holder"
    http_status = 403
    message = gettext_noop("授权{number}不是本部门在用，不能由本部门登记保密依据。")
    next_step = gettext_noop("请使用数据的部门登记。")
