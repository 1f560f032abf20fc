from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpResponseBase
from django.utils.translation import gettext as _

from jutong.center.fleet.keys import center_signer
from jutong.center.notify import queries
from jutong.center.notify.actions import channels, deliveries
from jutong.center.notify.enums import ChannelKind
from jutong.center.org.permissions import Permission
from jutong.kernel.errors import JutongError
from jutong.web.door import Visit, form_page, page, step
from jutong.web.paging import paged

HERE = "/admin/channels"
UNDELIVERED = "/admin/channels/undelivered"
_TLS = (("starttls", "STARTTLS"), ("tls", "TLS"))


@page(Permission.NOTIFY_CHANNEL_MANAGE)
def listing(visit: Visit) -> HttpResponseBase:
    """Show the channels, the servers they may use, and how much is on its way or did not arrive."""
    context = {
        "channels": queries.channels(visit.actor), "hosts": queries.hosts(visit.actor), "kinds": ChannelKind.choices,
        "dead": queries.undelivered(visit.actor).count(), "waiting": queries.waiting_count(visit.actor),
    }  # fmt: skip
    return visit.render("notify/channels.html", context)


@form_page(Permission.NOTIFY_CHANNEL_MANAGE)
def new(visit: Visit) -> HttpResponseBase:
    """Show the form of a kind of channel and take it."""
    typed = visit.request.POST
    kind = typed.get("kind") or visit.request.GET.get("kind", "")
    kind = kind if kind in ChannelKind.values else ChannelKind.MAIL.value
    problem = None
    if visit.is_post:
        try:
            made = channels.create_channel(kind=kind, values=typed.dict(), by=visit.actor, now=visit.now)
        except JutongError as error:
            problem = error
        else:
            return visit.done(_("渠道已加，请发一条测试消息"), f"{HERE}/{made.id}")
    context = _form(kind, typed.dict() or {"port": "587", "tls": "starttls"}) | {"problem": problem}
    return visit.render("notify/channel.html", context, status=problem.http_status if problem else 200)


@form_page(Permission.NOTIFY_CHANNEL_MANAGE)
def detail(visit: Visit, channel_id: UUID) -> HttpResponseBase:
    """Show a channel with its form, and take changes."""
    row = queries.channel(visit.actor, channel_id)
    typed = visit.request.POST
    problem = None
    if visit.is_post:
        try:
            channels.edit_channel(channel_id=channel_id, values=typed.dict(), by=visit.actor, now=visit.now)
        except JutongError as error:
            problem = error
        else:
            return visit.done(_("渠道已改"), f"{HERE}/{channel_id}")
    values = typed.dict() or {"name": row.name, **row.options}
    context = _form(row.kind, values) | {"problem": problem, "channel": row}
    return visit.render("notify/channel.html", context, status=problem.http_status if problem else 200)


@step(Permission.NOTIFY_CHANNEL_MANAGE)
def switch(visit: Visit, channel_id: UUID) -> HttpResponseBase:
    """Switch a channel off or on."""
    on = visit.request.POST.get("on") == "1"
    channels.switch_channel(channel_id=channel_id, on=on, by=visit.actor, now=visit.now)
    return visit.done(_("渠道已启用") if on else _("渠道已停用"), f"{HERE}/{channel_id}")


@step(Permission.NOTIFY_CHANNEL_MANAGE)
def test(visit: Visit, channel_id: UUID) -> HttpResponseBase:
    """Really send a message and show the server's answer."""
    back = f"{HERE}/{channel_id}"
    to = visit.request.POST.get("to", "")
    try:
        tested = channels.test_channel(channel_id=channel_id, to=to, by=visit.actor, now=visit.now)
    except JutongError as problem:
        return visit.refuse(problem, back=back)
    said = _("对方已收下：%(answer)s") if tested.is_taken else _("没有发出：%(answer)s")
    return visit.done(said % {"answer": tested.answer}, back)


@step(Permission.NOTIFY_CHANNEL_MANAGE)
def allow(visit: Visit) -> HttpResponseBase:
    """Put a server on the list."""
    try:
        channels.allow_host(host=visit.request.POST.get("host", ""), by=visit.actor, now=visit.now)
    except JutongError as problem:
        return visit.refuse(problem, back=HERE)
    return visit.done(_("已列入允许名单"), HERE)


@step(Permission.NOTIFY_CHANNEL_MANAGE)
def forbid(visit: Visit, host_id: int) -> HttpResponseBase:
    """Take a server off the list."""
    channels.forbid_host(host_id=host_id, by=visit.actor, now=visit.now)
    return visit.done(_("已移出允许名单"), HERE)


@page(Permission.NOTIFY_CHANNEL_MANAGE)
def undelivered(visit: Visit) -> HttpResponseBase:
    """Show what was given up, with the reason."""
    return visit.render("notify/undelivered.html", {"page": paged(visit, queries.undelivered(visit.actor))})


@step(Permission.NOTIFY_CHANNEL_MANAGE)
def again(visit: Visit, delivery_id: UUID) -> HttpResponseBase:
    """Send one message again."""
    try:
        deliveries.send_again(delivery_id=delivery_id, by=visit.actor, now=visit.now)
    except JutongError as problem:
        return visit.refuse(problem, back=UNDELIVERED)
    return visit.done(_("已放回待发送"), UNDELIVERED)


@step(Permission.NOTIFY_CHANNEL_MANAGE)
def all_again(visit: Visit) -> HttpResponseBase:
    """Send everything again that was given up."""
    count = deliveries.send_all_again(by=visit.actor, now=visit.now)
    return visit.done(_("已放回待发送：%(n)s条") % {"n": count}, UNDELIVERED)


def _form(kind: str, values: dict[str, Any]) -> dict[str, Any]:
    signer = center_signer()
    shown = {name: value for name, value in values.items() if name not in {"password", "key"}}
    if kind in {ChannelKind.DINGTALK, ChannelKind.WECOM}:
        shown.pop("url", None)
    return {
        "kind": kind, "kind_label": ChannelKind(kind).label, "typed": shown, "tls": _TLS,
        "key_id": signer.key_id, "public_key": signer.public_b64,
    }  # fmt: skip
