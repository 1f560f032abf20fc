"""What keeps a folder that is elsewhere from being read or written. No address and no secret is repeated."""

from __future__ import annotations

from jutong.kernel.errors import JutongError
from jutong.kernel.i18n import gettext_noop


class StoreLostError(JutongError):
    """The connection broke off, or the server is in trouble."""

    code = "node.store.lost"
    http_status = 503
    message = gettext_noop("与存放文件的“{source}”的连接中断：{reason}。")
    next_step = gettext_noop("恢复后会自动重试；请检查文件服务器和网络。")


class StoreRefusedError(JutongError):
    """The account may not do it, there is no such folder, or the store is full."""

    code = "node.store.refused"
    http_status = 409
    message = gettext_noop("存放文件的“{source}”不允许对“{name}”这样做：{reason}。")
    next_step = gettext_noop("请文件服务器的管理人员核对账号的权限、文件夹和剩余空间。")


class HostKeyError(JutongError):
    """The server shows another key than those it was registered with: it may be another machine."""

    code = "node.store.host-key"
    http_status = 502
    message = gettext_noop("“{source}”的服务器出示的主机密钥是 {kind} {found}，与登记的不同，没有登录。")
    next_step = gettext_noop(
        "请向服务器管理人员当面或电话核对密钥；确认换过密钥后，由运维人员改正sources.json中的host_keys。"
    )
