"""What can be wrong with a service that is read page by page, and with another node."""

from __future__ import annotations

from jutong.kernel.errors import JutongError
from jutong.kernel.i18n import gettext_noop


class ListingMissingError(JutongError):
    """The mapping does not say how all rows of the table are asked for."""

    code = "node.rest.no-listing"
    http_status = 422
    message = gettext_noop("服务“{source}”的表 {table} 只能按条件查询，没有登记逐页取全表的办法。")
    next_step = gettext_noop("请运维人员在sources.json中为该表登记listing后再下达搬运任务。")


class PagesRefusedError(JutongError):
    """The service did not hand over a page, tried again or not."""

    code = "node.rest.page-refused"
    http_status = 503
    retry_after = 60
    message = gettext_noop("服务“{source}”没有给出第 {page} 页：{reason}。")
    next_step = gettext_noop("请数源部门检查服务、限流和节点的凭据，恢复后重新下达任务；没有搬运任何一行。")


class PagesDeniedError(JutongError):
    """The service will not hand over a page, however often it is asked."""

    code = "node.rest.page-denied"
    http_status = 422
    message = gettext_noop("服务“{source}”拒绝给出第 {page} 页：{reason}。")
    next_step = gettext_noop("请核对sources.json中的地址、路径和凭据；节点不跟随跳转。没有搬运任何一行。")


class PagesUnfitError(JutongError):
    """The pages are not what the mapping says."""

    code = "node.rest.pages-unfit"
    http_status = 422
    message = gettext_noop("服务“{source}”的第 {page} 页与登记的翻页办法不符：{reason}。")
    next_step = gettext_noop("请运维人员核对sources.json中该表的listing；没有搬运任何一行。")


class PeerRefusedError(JutongError):
    """The other node will not give what was asked for."""

    code = "node.peer.refused"
    http_status = 422
    message = gettext_noop("节点“{source}”按授权 {grant} 拒绝提供数据：{reason}")
    next_step = gettext_noop("请核对sources.json中的授权编号、用途和字段；授权已变的，请向数源部门重新申请。")


class PeerBusyError(JutongError):
    """The other node does not answer now."""

    code = "node.peer.busy"
    http_status = 503
    retry_after = 60
    message = gettext_noop("节点“{source}”按授权 {grant} 暂时不能提供数据：{reason}")
    next_step = gettext_noop("稍后会自动重试；超过每日额度的，请等次日或申请提高额度。")


class PeerUntrustedError(JutongError):
    """What came is not the other node's answer, or not on record there."""

    code = "node.peer.untrusted"
    http_status = 502
    message = gettext_noop("节点“{source}”的答复不能采信，没有通过的一步是：{reason}。")
    next_step = gettext_noop("请核对sources.json中对方节点的公钥和日志公钥；无误时请保存任务日志，报告双方运维人员。")
