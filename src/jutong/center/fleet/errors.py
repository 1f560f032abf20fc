from __future__ import annotations

from jutong.kernel.errors import JutongError
from jutong.kernel.i18n import gettext_noop


class NodeUnknownError(JutongError):
    """Somebody knocks at the nodes' door under a name or key that is not registered."""

    code = "fleet.node.unknown"
    http_status = 401
    message = gettext_noop("没有登记名为“{node}”、公钥编号为“{key_id}”的前置节点。")
    next_step = gettext_noop("请平台系统管理员先登记该节点及其公钥；文书未被采用。")


class NodeRefusedError(JutongError):
    """A registered node's document does not stand up: wrong signature, audience, kind or time."""

    code = "fleet.node.refused"
    http_status = 403
    message = gettext_noop("前置节点“{node}”的{kind}文书被拒绝：{reason}。")
    next_step = gettext_noop("请核对节点的私钥、登记的公钥和节点时钟；文书未被采用。")


class NodeDocumentError(JutongError):
    """What came in at the nodes' door is not a document at all, or too large to be one."""

    code = "fleet.document.unreadable"
    http_status = 400
    message = gettext_noop("收到的内容不是一份可读的文书：{reason}。")
    next_step = gettext_noop("请核对节点的软件版本；每次只发一份文书，大小不超过{limit}字节。")


class NodeTakenError(JutongError):
    """A node name or key is registered with something else behind it."""

    code = "fleet.node.taken"
    http_status = 409
    message = gettext_noop("前置节点“{node}”已用另一把公钥登记。")
    next_step = gettext_noop("请换一个节点名称登记，或在节点上恢复原来的密钥文件。")


class NodeKeyError(JutongError):
    """What was given as a node's public key is not one."""

    code = "fleet.node.key-invalid"
    http_status = 422
    message = gettext_noop("前置节点“{node}”的公钥不能使用：应为32字节Ed25519公钥的base64文本。")
    next_step = gettext_noop("请在节点上重新导出公钥后再登记。")


class SourceUnknownError(JutongError):
    """A source no node has reported."""

    code = "fleet.source.unknown"
    http_status = 404
    message = gettext_noop("没有前置节点报告过名为“{source}”的数据源。")
    next_step = gettext_noop("请核对节点的数据源配置；节点每分钟上报一次。")


class SourceNameError(JutongError):
    """A name a source cannot have."""

    code = "fleet.source.name-invalid"
    http_status = 422
    message = gettext_noop("“{name}”不能作数据源的名称。")
    next_step = gettext_noop("请用小写字母开头，只用小写字母、数字、连字符和下划线，不超过63个字符。")


class SourceNameTakenError(JutongError):
    """Another source has the name."""

    code = "fleet.source.taken"
    http_status = 409
    message = gettext_noop("已有名为“{name}”的数据源。")
    next_step = gettext_noop("请换一个名称。")


class NodeWithoutGatewayError(JutongError):
    """The node has not reported where browsers reach it."""

    code = "fleet.node.no-gateway"
    http_status = 409
    message = gettext_noop("前置节点“{node}”还没有报告网关地址，浏览器到不了它。")
    next_step = gettext_noop("请等节点报到后再试；节点每分钟上报一次。")
