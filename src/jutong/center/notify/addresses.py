"""What a person's address looks like on each channel."""

from __future__ import annotations

import re
from collections.abc import Mapping

from jutong.center.notify.enums import ChannelKind
from jutong.center.notify.errors import AddressInvalidError
from jutong.center.notify.forms import is_mail_address
from jutong.kernel.i18n import gettext_noop

_USER_ID = re.compile(r"[A-Za-z0-9_.@-]{1,64}")
ALLOWED: Mapping[str, str] = {
    ChannelKind.MAIL: gettext_noop("一个邮件地址，如name@example.gov.cn"),
    ChannelKind.WEBHOOK: gettext_noop("您在对方系统里的用户名，1到64个字母、数字或_.@-"),
    ChannelKind.DINGTALK: gettext_noop("您的钉钉userid，1到64个字母、数字或_.@-"),
    ChannelKind.WECOM: gettext_noop("您的企业微信userid，1到64个字母、数字或_.@-"),
}


def checked(kind: str, text: str, *, optional: bool = False) -> str:
    """Return an address without blanks around it.

    Raises:
        AddressInvalidError: if the channel cannot take it.
    """
    clean = text.strip()
    if not clean and optional:
        return ""
    good = is_mail_address(clean) if kind == ChannelKind.MAIL else bool(_USER_ID.fullmatch(clean))
    if not good:
        raise AddressInvalidError(found=clean[:64], channel=ChannelKind(kind).label, allowed=ALLOWED[kind])
    return clean
