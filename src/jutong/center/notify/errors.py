"""What can go wrong with channels, addresses and messages."""

from __future__ import annotations

from jutong.kernel.errors import JutongError
from jutong.kernel.i18n import gettext_noop


class HostNotAllowedError(JutongError):
    """A host the operations administrator has not put on the list."""

    code = "notify.host.not-allowed"
    http_status = 422
    message = gettext_noop("服务器{host}不在允许名单里。")
    next_step = gettext_noop("请先在“消息渠道”页的允许名单里加上这个服务器，再保存或发送。")


class PrivateAddressError(JutongError):
    """A name that leads to a loopback, private or otherwise special address."""

    code = "notify.host.private-address"
    http_status = 422
    message = gettext_noop("服务器{host}的地址{address}是内部地址，没有单独列入允许名单。")
    next_step = gettext_noop("确实要用内部服务器的，请把它的地址或网段也列入允许名单。")


class HostUnknownError(JutongError):
    """A name without an address."""

    code = "notify.host.unknown"
    http_status = 502
    message = gettext_noop("找不到服务器{host}的地址。")
    next_step = gettext_noop("请核对服务器名，并检查本机的域名解析。")


class PlainTransportError(JutongError):
    """Plain HTTP to a server outside."""

    code = "notify.channel.plain-transport"
    http_status = 422
    message = gettext_noop("{host}不是内部服务器，不能用不加密的http地址。")
    next_step = gettext_noop("请改用https地址；内部服务器请先把它的地址列入允许名单。")


class AddressInvalidError(JutongError):
    """An address the channel cannot take."""

    code = "notify.address.invalid"
    http_status = 422
    message = gettext_noop("“{found}”不是{channel}能用的收件地址，允许：{allowed}。")
    next_step = gettext_noop("请改正收件地址后再保存。")


class StatutoryOffError(JutongError):
    """Somebody wants not to be told of deadlines and decisions."""

    code = "notify.preference.statutory-off"
    http_status = 422
    message = gettext_noop("法定事项的通知不能关闭：期限、违约和给您的决定必须送达。")
    next_step = gettext_noop("请选“立即”或“每个工作日8:30汇总”。")


class WeeklyNotForPostError(JutongError):
    """The weekly digest is for the head of a department."""

    code = "notify.preference.weekly-not-for-post"
    http_status = 403
    message = gettext_noop("每周汇总只发给部门负责人。")
    next_step = gettext_noop("请由部门负责人在自己的通知设置里开启。")


class ChannelOffError(JutongError):
    """A channel that was switched off."""

    code = "notify.channel.off"
    http_status = 409
    message = gettext_noop("渠道“{name}”已停用。")
    next_step = gettext_noop("请选另一个渠道，或请系统管理员启用它。")


class ChannelNameTakenError(JutongError):
    """Two channels of one name."""

    code = "notify.channel.name-taken"
    http_status = 409
    message = gettext_noop("已有名为“{name}”的渠道。")
    next_step = gettext_noop("请换一个名称。")


class SecretUnreadableError(JutongError):
    """A secret that was sealed under another key."""

    code = "notify.secret.unreadable"
    http_status = 500
    message = gettext_noop("“{name}”保存的密钥打不开：它是用另一把实例密钥封存的。")
    next_step = gettext_noop("请恢复密钥文件keys/notify.key，或重新填写密钥。")


class NotDeadError(JutongError):
    """Only what was given up is sent again by hand."""

    code = "notify.delivery.not-dead"
    http_status = 409
    message = gettext_noop("这条消息现在是“{state}”，不用重发。")
    next_step = gettext_noop("请刷新页面。")


class SendFailedError(JutongError):
    """A server did not take a message. ``reason`` is a sentence of ``channels.answers`` and ``detail`` its own code."""

    code = "notify.delivery.refused"
    http_status = 502
    message = gettext_noop("{channel}没有收下消息：{reason}（{detail}）")
    next_step = gettext_noop("请按原因检查渠道设置；临时故障会自动重试。")

    def __init__(self, *, channel: object, reason: str, detail: str, lasting: bool = False) -> None:
        self.lasting = lasting
        """Whether trying again cannot help."""
        super().__init__(channel=channel, reason=reason, detail=detail)
