"""What a channel of each kind needs, read from what was typed."""

from __future__ import annotations

import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from jutong.center.notify.enums import ChannelKind
from jutong.kernel.errors import InvalidInputError
from jutong.kernel.i18n import gettext_noop

_HOST = re.compile(r"[A-Za-z0-9.:\[\]-]{1,253}")
_TLS = ("starttls", "tls")
_HIGHEST_PORT = 65_535
_LONGEST = 500
_HOSTS_WORD = gettext_noop("请填服务器名，如mail.example.gov.cn")
_PORT = gettext_noop("请填1到65535的端口，STARTTLS常用587，TLS常用465")
_SENDER = gettext_noop("请填发件地址，如noreply@example.gov.cn")
_URL = gettext_noop("请填完整的网址，以https://开头，不带账号")
_TLS_WORD = gettext_noop("请选STARTTLS或TLS")
_NAME = gettext_noop("请填名称，不超过64字")
_CA = gettext_noop("请贴PEM格式的根证书")
_ASCII = gettext_noop("只能用英文字母、数字和符号，不超过500字")
_KIND = gettext_noop("请选一种渠道")


@dataclass(slots=True)
class Filled:
    """What goes into a channel: shown options and the secret."""

    name: str
    options: dict[str, str] = field(default_factory=dict)
    secret: dict[str, str] = field(default_factory=dict)


def wrong(name: str, found: str, message: str) -> InvalidInputError:
    """Return the refusal of one field."""
    return InvalidInputError(problems=[_problem(name, found, message)])


def read(kind: str, values: Mapping[str, str], *, kept: Mapping[str, str]) -> Filled:
    """Return what was typed for a channel; secrets left empty are taken from ``kept``.

    Raises:
        InvalidInputError: naming every field that is missing or malformed.
    """
    if kind not in ChannelKind.values:
        raise wrong("kind", kind, _KIND)
    typed = {name: str(value).strip() for name, value in values.items()}
    problems: list[dict[str, str]] = []
    filled = Filled(typed.get("name", ""))
    if not 1 <= len(filled.name) <= 64:  # noqa: PLR2004 - the column
        problems.append(_problem("name", filled.name, _NAME))
    reading = _mail if kind == ChannelKind.MAIL else _web
    problems += reading(kind, typed, kept, filled)
    if typed.get("ca_pem"):
        filled.options["ca_pem"] = typed["ca_pem"]
        if not _is_root(typed["ca_pem"]):
            problems.append(_problem("ca_pem", "", _CA))
    if problems:
        raise InvalidInputError(problems=problems)
    return filled


def _mail(kind: str, typed: dict[str, str], kept: Mapping[str, str], filled: Filled) -> list[dict[str, str]]:
    del kind
    problems = []
    host, port, sender, tls = (typed.get(name, "") for name in ("host", "port", "sender", "tls"))
    if not _HOST.fullmatch(host):
        problems.append(_problem("host", host, _HOSTS_WORD))
    if not (port.isascii() and port.isdigit() and 1 <= int(port) <= _HIGHEST_PORT):
        problems.append(_problem("port", port, _PORT))
    if not is_mail_address(sender):
        problems.append(_problem("sender", sender, _SENDER))
    if tls not in _TLS:
        problems.append(_problem("tls", tls, _TLS_WORD))
    problems += [_problem(name, "", _ASCII) for name in ("user", "password") if not _is_plain(typed.get(name, ""))]
    filled.options |= {"host": host, "port": port, "sender": sender, "tls": tls, "user": typed.get("user", "")}
    password = typed.get("password") or kept.get("password", "")
    if password:
        filled.secret["password"] = password
    return problems


def _web(kind: str, typed: dict[str, str], kept: Mapping[str, str], filled: Filled) -> list[dict[str, str]]:
    problems = []
    hidden = kind != ChannelKind.WEBHOOK
    url = typed.get("url") or (kept.get("url", "") if hidden else "")
    if not is_web_address(url):
        problems.append(_problem("url", "" if hidden else url, _URL))
    key = "" if typed.get("no_key") == "1" else typed.get("key") or kept.get("key", "")
    if not _is_plain(key):
        problems.append(_problem("key", "", _ASCII))
    (filled.secret if hidden else filled.options)["url"] = url
    if key and kind != ChannelKind.WECOM:
        filled.secret["key"] = key
    return problems


def is_mail_address(text: str) -> bool:
    """Tell whether a text is one plain e-mail address."""
    try:
        validate_email(text)
    except ValidationError:
        return False
    return text.isascii() and len(text) <= 254  # noqa: PLR2004 - RFC 5321


def is_web_address(text: str) -> bool:
    """Tell whether a text is a web address without account, blanks or anything unprintable."""
    if not _is_plain(text) or not text or any(char.isspace() for char in text):
        return False
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return False
    if parts.scheme not in {"https", "http"} or not _HOST.fullmatch(parts.hostname or ""):
        return False
    return parts.username is None and parts.password is None and port != 0


def _is_plain(text: str) -> bool:
    return text.isascii() and text.isprintable() and len(text) <= _LONGEST


def _is_root(text: str) -> bool:
    try:
        ssl.create_default_context(cadata=text)
    except (ssl.SSLError, ValueError):
        return False
    return text.isascii()


def _problem(name: str, found: str, message: str) -> dict[str, str]:
    return {"field": name, "found": found[:100], "allowed": message, "message": message, "clause": ""}
