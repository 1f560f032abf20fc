"""What can be wrong with how a caller shows who it is, and with the file that says which callers there are."""

from __future__ import annotations

from jutong.kernel.errors import JutongError
from jutong.kernel.i18n import gettext_noop
from jutong.node.errors import ExplainedError


class CallersFileError(JutongError):
    """The configuration of callers cannot be understood. ``reason`` repeats no secret."""

    code = "node.callers.invalid"
    http_status = 500
    message = gettext_noop("调用方配置文件 {path} 有误：{reason}")
    next_step = gettext_noop("请按 docs/callers.md 改正后重新启动节点；改正前节点不启动。")


class CallersExposedError(JutongError):
    """Others on the machine may read or change the file that holds callers' secrets."""

    code = "node.callers.exposed"
    http_status = 500
    message = gettext_noop("调用方配置文件 {path} 的权限是 {found}，其中有密钥，只允许本人读写（0600）。")
    next_step = gettext_noop("请运行 chmod 600 {path}，并考虑更换其中的密钥。")


class NationalRequestError(ExplainedError):
    """A request in the national form is not written as the form asks."""

    code = "node.national.malformed"
    http_status = 400
    message = gettext_noop("请求不符合国家平台调用格式：{problem}。")
    next_step = gettext_noop("请核对四个请求头gjgxjhpt_rid、gjgxjhpt_sid、gjgxjhpt_rtime、gjgxjhpt_sign和参数。")


class NationalUnlistedError(JutongError):
    """Requester and service are not on the list of who may call what."""

    code = "node.national.unlisted"
    http_status = 403
    message = gettext_noop("请求者与服务不在授权列表中。")
    next_step = gettext_noop("请核对请求者标识和服务编码；新授权的，请本节点管理员登记后重试。")


class NationalSignWrongError(JutongError):
    """The HMAC does not fit under any key that is valid now."""

    code = "node.national.sign-wrong"
    http_status = 401
    message = gettext_noop("gjgxjhpt_sign与请求不符，或者签名密钥已过期。")
    next_step = gettext_noop("请用服务授权码重新换取密钥，再按sid+rid+rtime计算签名。")


class NationalTimeError(JutongError):
    """``rtime`` is too far from the node's clock."""

    code = "node.national.time-wrong"
    http_status = 401
    message = gettext_noop("gjgxjhpt_rtime与节点时钟相差{seconds}秒，只允许{limit}秒以内。")
    next_step = gettext_noop("请校准系统时钟，rtime用毫秒时间戳，每次调用都重新签名。")


class TokenWrongError(JutongError):
    """The bearer token is none of this node's, or its time is over."""

    code = "node.oauth.token-wrong"
    http_status = 401
    message = gettext_noop("访问令牌不是本节点签发的，或者已经过期。")
    next_step = gettext_noop("请凭客户端凭据到/gw/oauth/token重新换取令牌。")


class CertificateUnknownError(JutongError):
    """The client certificate belongs to no system on this node's list."""

    code = "node.mtls.certificate-unknown"
    http_status = 401
    message = gettext_noop("客户端证书不在本节点的登记中，指纹是{fingerprint}。")
    next_step = gettext_noop("请本节点管理员按该指纹（SHA-256）登记证书属于哪个信息系统。")
