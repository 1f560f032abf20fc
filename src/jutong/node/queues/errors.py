"""What can be wrong with a stream or a consumer. No message repeats an address, or what is in a message."""

from __future__ import annotations

from jutong.kernel.errors import JutongError
from jutong.kernel.i18n import gettext_noop


class StreamMissingError(JutongError):
    """There is no such stream, or our account may not see it."""

    code = "node.queue.stream-missing"
    http_status = 404
    message = gettext_noop("消息服务“{source}”里没有流 {stream}，或者账号无权访问。")
    next_step = gettext_noop("请核对sources.json中的流名，或请消息服务的管理员建流、授权。")


class ConsumerUnfitError(JutongError):
    """The consumer cannot be read by without losing or doubling messages."""

    code = "node.queue.consumer-unfit"
    http_status = 422
    message = gettext_noop("流 {stream} 的消费者 {consumer} 不能用：{problem}。")
    next_step = gettext_noop("请管理员按 docs/exchange.md 重建消费者，或在sources.json中去掉consumer，由节点自建。")


class QueueForbiddenError(JutongError):
    """The server refuses what a job needs."""

    code = "node.queue.forbidden"
    http_status = 422
    message = gettext_noop("消息服务“{source}”拒绝了请求：{reason}。")
    next_step = gettext_noop("请管理员核对账号权限和流的设置。")


class MessagesLostError(JutongError):
    """The stream dropped messages, or began anew, before we had read them."""

    code = "node.queue.messages-lost"
    http_status = 409
    message = gettext_noop("流 {stream} 已读到第 {after} 条，现有的是第 {first} 至 {last} 条：{problem}。")
    next_step = gettext_noop(
        "请与数源部门核对并补齐缺的数据；确认后在sources.json中把该表的lost设为pass，任务就从现有的第一条接着读。"
    )


class MessagesElsewhereError(JutongError):
    """Messages were handed out to somebody else and neither acknowledged nor given back."""

    code = "node.queue.messages-elsewhere"
    http_status = 503
    retry_after = 60
    message = gettext_noop("流 {stream} 的消费者 {consumer} 有 {count} 条消息已交给别的程序，还没有确认。")
    next_step = gettext_noop("稍后会自动重试；一个消费者只能供一个目标使用，请停用另外的程序。")


class QueueModeError(JutongError):
    """Messages can be added or merged, not put in the place of everything."""

    code = "node.queue.mode-unfit"
    http_status = 422
    message = gettext_noop("流 {stream} 不能用“{mode}”方式搬运：消息只能追加或按主键合并。")
    next_step = gettext_noop("请把任务的写入方式改为追加（水位字段用 jutong_sequence）或合并。")


class StreamUnfitError(JutongError):
    """The stream does not keep messages so that it can be proven what it holds."""

    code = "node.queue.stream-unfit"
    http_status = 422
    message = gettext_noop("流 {stream} 不能作为目标：{problem}。")
    next_step = gettext_noop("请管理员改用保留方式为limits、不按主题限条数的流；本次没有发布任何一条消息。")
