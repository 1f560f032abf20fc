"""Where something that is no table stands, read and checked the same way on both planes.

A place is told without a secret: no user, no password, no query in which a token could hide.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from urllib.parse import quote, urlsplit

from jutong.contracts.orders import Place
from jutong.kernel.errors import JutongError
from jutong.kernel.i18n import gettext_noop, translate

PROTOCOLS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "files": ("file", "http", "https"),
        "service": ("http", "https"),
        "stream": ("kafka", "amqp", "mqtt"),
        "video": ("rtsp", "rtmp", "hls", "gb28181"),
    }
)
"""What each kind of binding may speak, the usual one first."""

PORTS: Mapping[str, int] = MappingProxyType(
    {
        "http": 80, "https": 443, "kafka": 9092, "amqp": 5672, "mqtt": 1883, "rtsp": 554, "rtmp": 1935, "hls": 80,
        "gb28181": 5060,
    }
)  # fmt: skip
"""The port meant when a place names none."""

LONGEST = 200
LONGEST_CHANNEL = 64
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?|\[[0-9A-Fa-f:.]{2,45}\]")
_CHANNEL = re.compile(r"[\w.:-]*")
_GB28181 = re.compile(r"\d{20}")
_LARGEST_PORT = 65535


class PlaceError(JutongError):
    """A place cannot be meant, or says more than it should."""

    code = "contracts.place.invalid"
    http_status = 422
    message = gettext_noop("{part}不对：{problem}")
    next_step = gettext_noop("请写成“主机:端口”或不带用户名、口令和参数的网址；口令只在前置节点上配置。")

    def _fill(self, template: str, language: str) -> str:
        named = {name: translate(str(self.fields[name]), language) for name in ("part", "problem")}
        return translate(template, language).format(**{**self.fields, **named})


@dataclass(frozen=True, slots=True)
class Target:
    """A place taken apart. ``host`` is empty for a folder of the node itself."""

    protocol: str
    scheme: str
    host: str
    port: int
    path: str

    @property
    def door(self) -> str:
        """Host and port, as a node's configuration lists them."""
        return f"{self.host.lower()}:{self.port}"

    @property
    def url(self) -> str:
        """The whole address, the path percent-encoded."""
        return f"{self.scheme}://{self.host}:{self.port}{quote(self.path, safe='/:@!$&()*+,;=~-._')}"


_ADDRESS = gettext_noop("地址")
_PATH = gettext_noop("路径")


def target(kind: str, place: Place) -> Target:
    """Take a place apart.

    Args:
        kind: kind of the binding: ``files``, ``service``, ``stream``, ``video``.
        place: where.

    Raises:
        PlaceError: naming the part and what is wrong with it.
    """
    if place.protocol not in PROTOCOLS.get(kind, ()):
        raise PlaceError(part=gettext_noop("协议"), problem=gettext_noop("这类挂接不用这个协议"))
    _check_channel(place)
    if place.protocol == "file":
        return _folder(place)
    scheme, host, port = _address(place)
    path = place.path if place.path.startswith("/") or not place.path else f"/{place.path}"
    _check_path(path)
    return Target(place.protocol, scheme, host, port, path)


def _folder(place: Place) -> Target:
    if place.address:
        raise PlaceError(part=_ADDRESS, problem=gettext_noop("节点上的文件夹不写地址，只写路径"))
    _check_path(place.path)
    if place.path.startswith("/"):
        raise PlaceError(part=_PATH, problem=gettext_noop("要从数据源的根文件夹写起，不以/开头"))
    return Target("file", "file", "", 0, place.path.strip("/"))


def _check_path(path: str) -> None:
    if len(path) > LONGEST or not path.isprintable():
        raise PlaceError(part=_PATH, problem=gettext_noop("太长，或含有看不见的字符"))
    if any(sign in path for sign in "?#\\") or any(part in {".", ".."} for part in path.split("/")):
        raise PlaceError(part=_PATH, problem=gettext_noop("不能有..、?、#和反斜线"))


def _check_channel(place: Place) -> None:
    if place.protocol == "gb28181":
        if not _GB28181.fullmatch(place.channel):
            raise PlaceError(part=gettext_noop("通道"), problem=gettext_noop("GB/T 28181通道编码是20位数字"))
    elif len(place.channel) > LONGEST_CHANNEL or not _CHANNEL.fullmatch(place.channel):
        raise PlaceError(part=gettext_noop("通道"), problem=gettext_noop("只能用字母、数字、点、冒号和连字符"))


def _address(place: Place) -> tuple[str, str, int]:
    text = place.address
    if not text or len(text) > LONGEST or not text.isascii() or not text.isprintable() or " " in text:
        raise PlaceError(part=_ADDRESS, problem=gettext_noop("没有写，太长，或含有不能用的字符"))
    whole = text if "://" in text else f"{_scheme(place.protocol)}://{text}"
    try:
        parts = urlsplit(whole)
        port = parts.port
    except ValueError as error:
        raise PlaceError(part=_ADDRESS, problem=gettext_noop("端口不是1到65535的数")) from error
    if "@" in text or parts.query or parts.fragment or "?" in text or "#" in text:
        raise PlaceError(part=_ADDRESS, problem=gettext_noop("不能带用户名、口令或参数"))
    if parts.scheme not in _schemes(place.protocol):
        raise PlaceError(part=_ADDRESS, problem=gettext_noop("网址的协议与所选协议不同"))
    if parts.path.strip("/"):
        raise PlaceError(part=_ADDRESS, problem=gettext_noop("路径请写在“路径”一栏"))
    host = parts.netloc.rpartition(":")[0] if port is not None else parts.netloc.rstrip(":")
    if not _HOST.fullmatch(host):
        raise PlaceError(part=_ADDRESS, problem=gettext_noop("主机名不对"))
    usual = PORTS[parts.scheme if parts.scheme in PORTS else place.protocol]
    chosen = usual if port is None else port
    if not 0 < chosen <= _LARGEST_PORT:
        raise PlaceError(part=_ADDRESS, problem=gettext_noop("端口不是1到65535的数"))
    return parts.scheme, host, chosen


def _scheme(protocol: str) -> str:
    return "http" if protocol == "hls" else protocol


def _schemes(protocol: str) -> tuple[str, ...]:
    return ("http", "https") if protocol == "hls" else (protocol,)
