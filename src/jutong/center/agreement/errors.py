from __future__ import annotations

from jutong.kernel.errors import JutongError
from jutong.kernel.i18n import gettext_noop


class TextChangedError(JutongError):
    """Somebody would sign another text than the one that was read."""

    code = "agreement.text.changed"
    http_status = 409
    message = gettext_noop("协议{number}的文本在您阅读之后改过，没有签署。")
    next_step = gettext_noop("请刷新页面，读过现在的文本再签署。")


class OpenVersionError(JutongError):
    """One change at a time."""

    code = "agreement.version.open"
    http_status = 409
    message = gettext_noop("协议{number}已有一个变更在签署，是第{version}版。")
    next_step = gettext_noop("请先办完或放弃那一版，再提出新的变更。")


class FirstVersionError(JutongError):
    """A first version cannot be given up: the reply was given and the law counts the days of supply."""

    code = "agreement.version.first"
    http_status = 409
    message = gettext_noop("协议{number}是第一版，答复已经同意，不能放弃签署。")
    next_step = gettext_noop("请修改条款后送签；不再需要数据的，由需求方终止授权。")


class NothingChangedError(JutongError):
    """A change that changes nothing."""

    code = "agreement.version.same"
    http_status = 422
    message = gettext_noop("提出的条款与协议{number}现行条款相同。")
    next_step = gettext_noop("请改动至少一项条款，并写明变更的原因。")


class OtherPartyError(JutongError):
    """Whoever answers for a breach explains it; the other side judges the explanation."""

    code = "agreement.breach.other-party"
    http_status = 403
    message = gettext_noop("这一步由{party}办理，您所在的部门不是。")
    next_step = gettext_noop("请等待对方办理；对责任认定有不同意见的，可以提出异议。")
