"""What servers answer, in words. Codes are those of the providers' own pages."""

from __future__ import annotations

from collections.abc import Mapping

from jutong.kernel.i18n import gettext_noop

DINGTALK: Mapping[int, str] = {
    -1: gettext_noop("钉钉系统繁忙，稍后会再试"),
    130101: gettext_noop("发送太快，机器人每分钟最多20条，稍后会再试"),
    300001: gettext_noop("机器人的access_token不存在，请核对机器人地址"),
    300005: gettext_noop("机器人的access_token不存在，请核对机器人地址"),
    310000: gettext_noop("没有通过机器人的安全设置：请核对加签密钥、关键词、出口地址和本机时间"),
    400013: gettext_noop("机器人所在的群已解散"),
    400101: gettext_noop("机器人的access_token不存在，请核对机器人地址"),
    400102: gettext_noop("机器人已停用"),
    400105: gettext_noop("机器人不支持这种消息"),
    400106: gettext_noop("机器人不存在，已被移出群"),
    410100: gettext_noop("发送太快，机器人被限流，稍后会再试"),
    430101: gettext_noop("消息里有钉钉认为不安全的链接"),
}
WECOM: Mapping[int, str] = {
    -1: gettext_noop("企业微信系统繁忙，稍后会再试"),
    40008: gettext_noop("企业微信不认识这种消息"),
    40058: gettext_noop("消息的内容不合要求，可能太长"),
    44004: gettext_noop("消息的内容是空的"),
    45009: gettext_noop("发送太快，机器人每分钟最多20条，稍后会再试"),
    93000: gettext_noop("机器人地址里的key无效，或机器人已被移出群"),
    93004: gettext_noop("机器人已停用"),
    93008: gettext_noop("机器人不在群里"),
}
_ODD_ANSWER = gettext_noop("对方返回了未列出的代码")
SMTP: Mapping[int, str] = {
    421: gettext_noop("邮件服务器暂时不提供服务，稍后会再试"),
    450: gettext_noop("收件信箱暂时不可用，稍后会再试"),
    451: gettext_noop("邮件服务器处理时出错，稍后会再试"),
    452: gettext_noop("邮件服务器空间不足，稍后会再试"),
    454: gettext_noop("邮件服务器暂时不能核对身份，稍后会再试"),
    500: gettext_noop("邮件服务器不懂这个命令"),
    530: gettext_noop("邮件服务器要求登录，请填写账号和密码"),
    534: gettext_noop("邮件服务器要求更强的登录方式"),
    535: gettext_noop("邮件账号或密码不对"),
    550: gettext_noop("收件信箱不存在或拒收"),
    551: gettext_noop("收件人不在这台邮件服务器上"),
    552: gettext_noop("收件信箱已满"),
    553: gettext_noop("邮件服务器不接受这个地址"),
    554: gettext_noop("邮件服务器拒绝了这封邮件"),
}
HTTP: Mapping[int, str] = {
    400: gettext_noop("对方说内容不对"),
    401: gettext_noop("对方不认可签名"),
    403: gettext_noop("对方不允许"),
    404: gettext_noop("对方没有这个地址"),
    410: gettext_noop("对方的这个地址已不再使用"),
    413: gettext_noop("对方说内容太大"),
    429: gettext_noop("对方要求慢一点，稍后会再试"),
}
_REDIRECT = gettext_noop("对方要求转到别的地址，不会跟随")
_BROKEN = gettext_noop("对方的服务出错，稍后会再试")
_ODD_STATUS = gettext_noop("对方没有按成功答复")
UNREACHED = gettext_noop("连不上服务器，稍后会再试")
UNTRUSTED = gettext_noop("服务器的证书没有通过核验")
BROKEN_OFF = gettext_noop("没有等到完整的答复，稍后会再试")
NO_STARTTLS = gettext_noop("邮件服务器不支持STARTTLS，不会用明文发送")
NOT_JSON = gettext_noop("对方的答复不是约定的格式")


def of_code(table: Mapping[int, str], code: int) -> str:
    """Return what a provider's code means."""
    return table.get(code, _ODD_ANSWER)


def of_status(status: int) -> str:
    """Return what an HTTP status other than success means for us."""
    if 300 <= status < 400:  # noqa: PLR2004 - the class of redirects
        return _REDIRECT
    return HTTP.get(status, _BROKEN if status >= 500 else _ODD_STATUS)  # noqa: PLR2004 - the class of server errors
