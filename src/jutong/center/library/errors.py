from __future__ import annotations

from jutong.kernel.errors import JutongError
from jutong.kernel.i18n import gettext_noop


class WorkNotCancellableError(JutongError):
    """The work has ended."""

    code = "library.work.not-cancellable"
    http_status = 409
    message = gettext_noop("这项资源库作业现在是“{state}”，不能取消。")
    next_step = gettext_noop("只有已下达、排队中和进行中的作业可以取消；请刷新后再看。")


class NodeMissingError(JutongError):
    """No node is there to keep the library."""

    code = "library.node.missing"
    http_status = 409
    message = gettext_noop("还没有登记能存放资源库的前置节点。")
    next_step = gettext_noop("请系统管理员先登记节点，等它报到后再发布资源库。")
