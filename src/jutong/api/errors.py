"""What can go wrong between a caller and the API, before any domain is asked."""

from __future__ import annotations

from jutong.kernel.errors import JutongError
from jutong.kernel.i18n import gettext_noop


class PathUnknownError(JutongError):
    """Nothing is at this address."""

    code = "api.path.unknown"
    http_status = 404
    message = gettext_noop("接口中没有地址{path}。")
    next_step = gettext_noop("请对照接口说明/api/v1/docs核对地址。")


class MethodRefusedError(JutongError):
    """The address does not know the method."""

    code = "api.path.method-refused"
    http_status = 405
    message = gettext_noop("地址{path}不接受{method}，只接受{allowed}。")
    next_step = gettext_noop("请对照接口说明/api/v1/docs改用允许的方法。")


class ParameterUnknownError(JutongError):
    """A query parameter the operation does not have; it is refused so that a typing error is not an empty filter."""

    code = "api.parameter.unknown"
    http_status = 400
    message = gettext_noop("不认识的查询参数：{names}。")
    next_step = gettext_noop("请改用这些参数：{allowed}。")


class ParameterRepeatedError(JutongError):
    """A query parameter that takes one value came twice."""

    code = "api.parameter.repeated"
    http_status = 400
    message = gettext_noop("查询参数{names}只能出现一次。")
    next_step = gettext_noop("请每个参数只写一个值。")


class TextUnreadableError(JutongError):
    """A path or parameter holds a character no text has."""

    code = "api.parameter.unreadable"
    http_status = 400
    message = gettext_noop("地址或参数里有不能使用的控制字符。")
    next_step = gettext_noop("请去掉编码为%00的字符后重试。")


class FieldUnknownError(JutongError):
    """The body has fields the operation does not have."""

    code = "api.body.field-unknown"
    http_status = 400
    message = gettext_noop("请求正文里有不认识的字段：{names}。")
    next_step = gettext_noop("请对照接口说明去掉或改正这些字段。")


class BodyUnreadableError(JutongError):
    """The body is no JSON text."""

    code = "api.body.unreadable"
    http_status = 400
    message = gettext_noop("请求正文不是可读的JSON：{reason}。")
    next_step = gettext_noop("请用UTF-8编码的JSON，不要含空字符、NaN或孤立的代理字符。")


class BodyTooLargeError(JutongError):
    """The body is longer than anything the API takes."""

    code = "api.body.too-large"
    http_status = 400
    message = gettext_noop("请求正文有{found}字节，最多{limit}字节。")
    next_step = gettext_noop("请分几次提交；成批的数据请走批量交换。")


class BodyUnexpectedError(JutongError):
    """The operation takes no body."""

    code = "api.body.unexpected"
    http_status = 400
    message = gettext_noop("这个接口不接受请求正文。")
    next_step = gettext_noop("请去掉请求正文后重试。")


class MediaTypeError(JutongError):
    """The body says that it is something else than JSON."""

    code = "api.body.media-type"
    http_status = 415
    message = gettext_noop("请求正文的类型是“{found}”，只接受application/json。")
    next_step = gettext_noop("请把Content-Type改为application/json。")


class TokenMissingError(JutongError):
    """The operation needs a bearer token and none came."""

    code = "api.token.missing"
    http_status = 401
    message = gettext_noop("这个接口需要访问令牌。")
    next_step = gettext_noop("请先用POST /api/v1/tokens换取令牌，再放进Authorization: Bearer。")


class SignInRefusedError(JutongError):
    """User name and password do not fit; which of them is not said."""

    code = "api.sign-in.refused"
    http_status = 401
    message = gettext_noop("用户名或密码不对，或账号已停用。")
    next_step = gettext_noop("请核对后重试；忘记密码时请本单位安全管理员重置。")


class SecondFactorError(JutongError):
    """The person signs in with a second factor and the code is missing, wrong or was used before."""

    code = "api.sign-in.second-factor"
    http_status = 401
    message = gettext_noop("这个账号启用了动态口令，口令缺失、不对或已经用过。")
    next_step = gettext_noop("请在totp里填写验证器当前显示的6位数字。")


class SignInLockedError(JutongError):
    """Too many failed sign-ins from this address or for this name."""

    code = "api.sign-in.locked"
    http_status = 429
    message = gettext_noop("登录失败次数过多，暂时不能登录。")
    next_step = gettext_noop("请15分钟后再试；不是您本人操作时，请告诉安全管理员。")
    retry_after = 900


class PasswordChangeError(JutongError):
    """The password was given by an administrator and must be changed on the page first."""

    code = "api.sign-in.password-change"
    http_status = 403
    message = gettext_noop("初次登录或密码被重置后，要先修改密码才能使用接口。")
    next_step = gettext_noop("请在网页登录并修改密码，再来换取令牌。")


class PostNotHeldError(JutongError):
    """The person holds no such post."""

    code = "api.sign-in.post-not-held"
    http_status = 403
    message = gettext_noop("{name}没有可用的岗位符合：单位{organisation}，角色{role}。")
    next_step = gettext_noop("请改用这些岗位之一：{held}；没有时请安全管理员任命。")


class RegistryDownError(JutongError):
    """The registry's database does not answer."""

    code = "api.registry.unavailable"
    http_status = 503
    message = gettext_noop("登记库暂时没有响应，这次请求没有办成。")
    next_step = gettext_noop("请稍后重试；持续出现时请告诉平台系统管理员。")
    retry_after = 5


class RequestFaultError(JutongError):
    """Something nobody foresaw; the log knows more under the same number."""

    code = "api.request.fault"
    http_status = 500
    message = gettext_noop("平台出了意外的问题，错误编号{incident}。")
    next_step = gettext_noop("请把错误编号告诉平台系统管理员。")
