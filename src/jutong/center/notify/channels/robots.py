"""Robots of group chats: 钉钉 and 企业微信, in the form their own pages describe.

A robot's address carries its token, so the whole address is a secret and only its host is shown.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from jutong.center.notify.channels import answers
from jutong.center.notify.channels.base import Parcel
from jutong.center.notify.channels.posting import post
from jutong.center.notify.errors import SendFailedError
from jutong.center.notify.hosts import admit_url

_HEADERS = {"Content-Type": "application/json; charset=utf-8", "User-Agent": "jutong"}
WECOM_BYTES = 2048
"""Longest text 企业微信 takes, in UTF-8."""
DINGTALK_BYTES = 18_000
"""Below the 20,000 bytes of a whole 钉钉 request."""


def dingtalk_sign(secret: str, timestamp: int) -> str:
    """Return the ``sign`` of 加签: HMAC-SHA256 over timestamp, line feed and secret, base64. Milliseconds."""
    value = hmac.new(secret.encode(), f"{timestamp}\n{secret}".encode(), hashlib.sha256).digest()
    return base64.b64encode(value).decode()


def shortened(text: str, most: int) -> str:
    """Return a text cut after a whole line so that it fits ``most`` bytes."""
    if len(text.encode()) <= most:
        return text
    kept: list[str] = []
    for line in text.split("\n"):
        if len("\n".join([*kept, line, "…"]).encode()) > most:
            break
        kept.append(line)
    return "\n".join([*kept, "…"])


def _told(name: str, url: str, content: Mapping[str, Any], table: Mapping[int, str], ca_pem: str) -> str:
    answer = post(url, json.dumps(content, ensure_ascii=False).encode(), _HEADERS, channel=name, ca_pem=ca_pem)
    if answer.status != 200:  # noqa: PLR2004 - both say everything else in errcode
        raise SendFailedError(channel=name, reason=answers.of_status(answer.status), detail=f"HTTP {answer.status}")
    try:
        code = int(json.loads(answer.body)["errcode"])
    except (ValueError, TypeError, KeyError) as error:
        raise SendFailedError(channel=name, reason=answers.NOT_JSON, detail="errcode") from error
    if code != 0:
        raise SendFailedError(channel=name, reason=answers.of_code(table, code), detail=f"errcode {code}")
    return "errcode 0"


@dataclass(frozen=True, slots=True)
class DingTalk:
    """自定义机器人 of 钉钉 with 加签; ``to`` is the reader's 钉钉 userid."""

    name: str
    url: str
    secret: str = ""
    ca_pem: str = ""

    def check(self) -> None:
        """Refuse a host that is not allowed."""
        admit_url(self.url)

    def send(self, parcel: Parcel) -> str:
        """Send a text that names the reader."""
        url = self.url
        if self.secret:
            timestamp = int(parcel.now.timestamp() * 1000)
            signed = urlencode({"timestamp": timestamp, "sign": dingtalk_sign(self.secret, timestamp)})
            url += ("&" if "?" in url else "?") + signed
        content: dict[str, Any] = {
            "msgtype": "text",
            "text": {"content": shortened(parcel.message.as_text(), DINGTALK_BYTES)},
            "at": {"atUserIds": [parcel.to] if parcel.to else [], "isAtAll": False},
        }
        return _told(self.name, url, content, answers.DINGTALK, self.ca_pem)


@dataclass(frozen=True, slots=True)
class WeCom:
    """群机器人 of 企业微信; ``to`` is the reader's userid."""

    name: str
    url: str
    ca_pem: str = ""

    def check(self) -> None:
        """Refuse a host that is not allowed."""
        admit_url(self.url)

    def send(self, parcel: Parcel) -> str:
        """Send a text that names the reader."""
        text: dict[str, Any] = {"content": shortened(parcel.message.as_text(), WECOM_BYTES)}
        if parcel.to:
            text["mentioned_list"] = [parcel.to]
        return _told(self.name, self.url, {"msgtype": "text", "text": text}, answers.WECOM, self.ca_pem)
