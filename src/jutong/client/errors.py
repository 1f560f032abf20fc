"""What a call can end in besides an answer."""

from __future__ import annotations

from typing import Any

from jutong.kernel.errors import JutongError
from jutong.kernel.i18n import gettext_noop


class RefusedError(Exception):
    """The gateway refused. ``code`` is the stable name of the reason, ``next_step`` what to do about it.

    Attributes:
        code: e.g. ``node.grant.expired``.
        message: the reason in words, in the language asked for.
        next_step: what to do.
        http_status: the HTTP status.
        fields: what the reason mentions, by name.
        record: id of the record of this refusal; empty when the caller could not be authenticated.
        retry_after: seconds to wait before another try makes sense; None when the gateway did not say.
    """

    def __init__(self, error: dict[str, Any], http_status: int, retry_after: int | None) -> None:
        self.code = str(error.get("code", ""))
        self.message = str(error.get("message", ""))
        self.next_step = str(error.get("next_step", ""))
        self.fields: dict[str, Any] = dict(error.get("fields") or {})
        self.record = str(error.get("record", ""))
        self.http_status = http_status
        self.retry_after = retry_after
        super().__init__(f"{self.code}: {self.message} {self.next_step}")


class GatewayUnreachableError(JutongError):
    """The gateway gave no answer at all."""

    code = "client.gateway.unreachable"
    http_status = 503
    message = gettext_noop("网关{address}没有答复：{reason}")
    next_step = gettext_noop("请检查网络和网关地址后重试；重试要重新签名。")


class AnswerUntrustedError(JutongError):
    """The answer is not the node's answer to this request."""

    code = "client.answer.untrusted"
    http_status = 502
    message = gettext_noop("收到的答复不能采信：{problem}")
    next_step = gettext_noop("请核对节点的公钥；公钥无误时，说明答复在途中被改动，请报告平台运维人员。")


class ReceiptUntrustedError(JutongError):
    """A receipt does not prove the call it was given for."""

    code = "client.receipt.untrusted"
    http_status = 502
    message = gettext_noop("回执不能证明这次调用，没有通过的一步是：{step}")
    next_step = gettext_noop("请核对日志公钥；公钥无误时，请保存回执和答复，报告平台运维人员。")


class CellUnreadableError(JutongError):
    """An encrypted cell cannot be opened with the key at hand."""

    code = "client.cell.unreadable"
    http_status = 422
    message = gettext_noop("第{row}行“{column}”列解不开：不是用协议“{agreement}”的密钥加密的，或者内容被改过。")
    next_step = gettext_noop("请核对密钥是哪份协议的；内容被改过的，请重新取数据。")


class CellKeyFileError(JutongError):
    """A file is no key of encrypted cells."""

    code = "client.cell.key-file"
    http_status = 422
    message = gettext_noop("“{file}”不是解密用的密钥文件。")
    next_step = gettext_noop("请用 jutong exchange cell-key 向提供方的节点重新领取。")
