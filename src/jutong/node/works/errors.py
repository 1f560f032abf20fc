"""Why a work of the library did not come to its end. The library holds what it held before."""

from __future__ import annotations

from jutong.kernel.errors import JutongError
from jutong.kernel.i18n import gettext_noop


class WorkUnfitError(JutongError):
    """The order asks for something no work can be."""

    code = "node.works.order-unfit"
    http_status = 422
    message = gettext_noop("资源库作业的{what}不合规：{found}。")
    next_step = gettext_noop("请核对中心与节点的软件版本；节点较旧时请先升级节点。")


class WorkUnknownError(JutongError):
    """There is no such work on this node."""

    code = "node.works.unknown"
    http_status = 404
    message = gettext_noop("本节点没有资源库作业 {work_id}。")
    next_step = gettext_noop("请核对作业编号。")


class WorkLostError(JutongError):
    """The process of a work died again and again."""

    code = "node.works.lost"
    http_status = 500
    message = gettext_noop("资源库作业的进程 {attempts} 次中途退出（状态 {status}），没有完成。")
    next_step = gettext_noop("请查看节点上该作业的日志work.log和内存是否够用；资源库里原来的数据没有改动。")


class WorkBrokenError(JutongError):
    """Something in the work failed that nobody had a name for. Its message may repeat a value, so it is not told."""

    code = "node.works.broken"
    http_status = 500
    message = gettext_noop("资源库作业出了没有预料到的错误（{kind}）。")
    next_step = gettext_noop("请把节点上该作业的日志work.log交给开发人员；资源库里原来的数据没有改动。")


class WorkResultError(JutongError):
    """What a work returned does not fit into a receipt."""

    code = "node.works.result-unfit"
    http_status = 500
    message = gettext_noop("资源库作业的结果有 {size} 字节，一份回执最多容纳 {limit} 字节。")
    next_step = gettext_noop("请缩小作业的范围后重新下达。")
