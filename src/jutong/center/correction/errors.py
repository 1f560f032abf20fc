"""What can go wrong with a correction."""

from __future__ import annotations

from jutong.kernel.errors import JutongError
from jutong.kernel.i18n import gettext_noop


class NotReceivedError(JutongError):
    """Only who has the value, or speaks for the person, may raise a doubt about it."""

    code = "correction.case.not-received"
    http_status = 403
    message = gettext_noop("这次调用或授权不是本部门的，不能由本部门对它提出校核。")
    next_step = gettext_noop("请从本部门的使用留痕、授权或受理的投诉提出；系统比对发现的，选“系统比对或自查”。")


class DoubtOpenError(JutongError):
    """One open case per row and raising department."""

    code = "correction.case.open-already"
    http_status = 409
    message = gettext_noop("本部门对“{entry}”的同一条数据已有校核申请{number}在办，不能再提一件。")
    next_step = gettext_noop("请在{number}里补充，或等它办结后再提。")


class OwnDoubtError(JutongError):
    """Whoever raised a doubt does not decide on it."""

    code = "correction.case.own-doubt"
    http_status = 403
    message = gettext_noop("{name}提出了{number}，不能由同一个人核实。")
    next_step = gettext_noop("请责任部门另一位数据专员办理。")


class ConfirmedAlreadyError(JutongError):
    """It was confirmed before."""

    code = "correction.case.confirmed-already"
    http_status = 409
    message = gettext_noop("{number}已经确认过，不用再确认。")
    next_step = gettext_noop("请刷新页面看各方确认情况。")


class NotRecipientError(JutongError):
    """The department received nothing of this row."""

    code = "correction.case.not-recipient"
    http_status = 409
    message = gettext_noop("{number}没有发给本部门的更正等待确认。")
    next_step = gettext_noop("请刷新页面看各方确认情况。")


class WhollyUpheldError(JutongError):
    """A claim that was upheld whole leaves nothing to dispute."""

    code = "correction.case.wholly-upheld"
    http_status = 409
    message = gettext_noop("{number}的核实结论是“属实”，没有可争议的事项。")
    next_step = gettext_noop("请确认反馈；更正值仍不对的，另提校核申请。")


class MarkNotFailedError(JutongError):
    """Only a mark that failed is ordered again."""

    code = "correction.mark.not-failed"
    http_status = 409
    message = gettext_noop("{number}的标注现在是“{mark}”，不用重新下达。")
    next_step = gettext_noop("请刷新页面；节点长时间没有回执时，请联系平台管理员。")


class MaterialRefusedError(JutongError):
    """Material that is no picture or PDF, or too large."""

    code = "correction.material.refused"
    http_status = 422
    message = gettext_noop("佐证材料要是PDF、PNG或JPEG，每件不超过{limit}KB，最多{count}件。")
    next_step = gettext_noop("请压缩后再传，或只在文字里写明佐证。")


class BoxClosedError(JutongError):
    """What was sealed cannot be opened with this instance's key."""

    code = "correction.box.closed"
    http_status = 500
    message = gettext_noop("{number}封存的内容打不开：本实例的密钥与封存时不同。")
    next_step = gettext_noop("请平台管理员从备份恢复keys文件夹里的cases.key。")
