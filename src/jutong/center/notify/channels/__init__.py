"""How a kept channel becomes something that sends."""

from __future__ import annotations

from jutong.center.notify import boxes
from jutong.center.notify.channels.base import Carrier
from jutong.center.notify.channels.mail import Mail
from jutong.center.notify.channels.robots import DingTalk, WeCom
from jutong.center.notify.channels.webhook import Webhook
from jutong.center.notify.enums import ChannelKind
from jutong.center.notify.models import Channel


def carrier(channel: Channel) -> Carrier:
    """Return what sends through a channel.

    Raises:
        SecretUnreadableError: if its secret was sealed under another key.
    """
    secret = boxes.opened(channel.secret, about=channel.id, name=channel.name)
    shown, name = channel.options, channel.name
    ca_pem = shown.get("ca_pem", "")
    match channel.kind:
        case ChannelKind.MAIL:
            return Mail(
                name, shown["host"], int(shown["port"]), shown["sender"], shown["tls"], shown.get("user", ""),
                secret.get("password", ""), ca_pem,
            )  # fmt: skip
        case ChannelKind.WEBHOOK:
            return Webhook(name, shown["url"], secret.get("key", ""), ca_pem)
        case ChannelKind.DINGTALK:
            return DingTalk(name, secret["url"], secret.get("key", ""), ca_pem)
        case _:
            return WeCom(name, secret["url"], ca_pem)
