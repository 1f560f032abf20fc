"""What can keep a worker from its work."""

from __future__ import annotations

from jutong.kernel.errors import JutongError
from jutong.kernel.i18n import gettext_noop


class WorkerNameError(JutongError):
    """A name that cannot be a worker's."""

    code = "node.worker.bad-name"
    http_status = 422
    message = gettext_noop("“{name}”不能作工作机的名字。")
    next_step = gettext_noop("名字用小写字母、数字和连字符，最多40个字符，例如 worker-2。")


class WorkerTakenError(JutongError):
    """Another process bears the name."""

    code = "node.worker.taken"
    http_status = 409
    message = gettext_noop("已经有一个叫“{name}”的工作机在运行。")
    next_step = gettext_noop("请换一个名字（--name），或先停掉那一个。")


class WorkerHomeError(JutongError):
    """There is no node in the folder the worker was pointed to."""

    code = "node.worker.no-node"
    http_status = 422
    message = gettext_noop("{home} 里没有节点的数据源文件，工作机没有事可做。")
    next_step = gettext_noop("请把 JUTONG_HOME 指到节点的数据文件夹（各机共用的文件系统），再启动工作机。")
