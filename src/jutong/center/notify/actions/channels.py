"""What the operations administrator does with servers and channels."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.db import transaction

from jutong.center.audit.actions import record
from jutong.center.notify import boxes, forms
from jutong.center.notify.addresses import checked
from jutong.center.notify.channels import carrier
from jutong.center.notify.channels.base import Parcel
from jutong.center.notify.enums import ChannelKind
from jutong.center.notify.errors import ChannelNameTakenError
from jutong.center.notify.hosts import as_network
from jutong.center.notify.message import Line, Message
from jutong.center.notify.models import AllowedHost, Channel
from jutong.center.org.actor import Actor
from jutong.center.org.permissions import Permission
from jutong.center.org.queries import require
from jutong.kernel.errors import JutongError, NotFoundError
from jutong.kernel.i18n import gettext_noop
from jutong.kernel.ids import uuid7

_HOST = re.compile(r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,62})(\.[a-z0-9][a-z0-9-]{0,62})*")
_TEST_TITLE = gettext_noop("【聚通】测试消息")
_TEST_LINE = gettext_noop("收到这条消息，说明渠道可用")
_CHANNEL = gettext_noop("消息渠道")
_LISTED = gettext_noop("允许名单里的这一行")


@dataclass(frozen=True, slots=True)
class Tested:
    """What a server answered to a test message."""

    is_taken: bool
    answer: str


def allow_host(*, host: str, by: Actor, now: datetime) -> AllowedHost:
    """Let messages go to a server: a name, an address, or a network such as ``10.2.0.0/16``.

    Raises:
        InvalidInputError: for anything else.
        ForbiddenError: if ``by`` does not run the platform.
    """
    require(by, Permission.NOTIFY_CHANNEL_MANAGE)
    clean = host.strip().lower().rstrip(".")
    network = as_network(clean)
    clean = clean if network is None else str(network).removesuffix("/32").removesuffix("/128")
    if network is None and not _HOST.fullmatch(clean):
        raise forms.wrong("host", host, gettext_noop("请填服务器名、地址或网段，如mail.example.gov.cn、10.2.0.0/16"))
    with transaction.atomic():
        row, added = AllowedHost.objects.get_or_create(
            host=clean, defaults={"added_by_id": by.user_id, "added_at": now}
        )
        if added:
            record(
                event="notify:host:allow", by=by, now=now, subject_kind="host", subject_id=row.id, subject_label=clean
            )
    return row


@transaction.atomic
def forbid_host(*, host_id: int, by: Actor, now: datetime) -> None:
    """Take a server off the list; channels that use it fail from now on, and say so.

    Raises:
        NotFoundError: if it is not on the list.
        ForbiddenError: if ``by`` does not run the platform.
    """
    require(by, Permission.NOTIFY_CHANNEL_MANAGE)
    row = AllowedHost.objects.select_for_update().filter(id=host_id).first()
    if row is None:
        raise NotFoundError(what=_LISTED)
    record(event="notify:host:forbid", by=by, now=now, subject_kind="host", subject_id=row.id, subject_label=row.host)
    row.delete()


def create_channel(*, kind: str, values: Mapping[str, str], by: Actor, now: datetime) -> Channel:
    """Set up a channel; its secrets are sealed and never shown again.

    Raises:
        InvalidInputError: naming what is missing or malformed.
        HostNotAllowedError: if its server is not on the list.
        ChannelNameTakenError: if there is one of this name.
        ForbiddenError: if ``by`` does not run the platform.
    """
    require(by, Permission.NOTIFY_CHANNEL_MANAGE)
    filled = forms.read(kind, values, kept={})
    made = Channel(id=uuid7(), kind=kind, created_at=now)
    _fill(made, filled, now)
    with transaction.atomic():
        made.save(force_insert=True)
        _recorded("notify:channel:create", made, by, now, kind=made.kind, host=_host(made, filled.secret))
    return made


def edit_channel(*, channel_id: UUID, values: Mapping[str, str], by: Actor, now: datetime) -> Channel:
    """Change a channel; a secret left empty stays as it is.

    Raises:
        NotFoundError: if there is no such channel.
        InvalidInputError: as ``create_channel``, as do the others.
    """
    require(by, Permission.NOTIFY_CHANNEL_MANAGE)
    with transaction.atomic():
        row = locked(channel_id)
        filled = forms.read(row.kind, values, kept=boxes.opened(row.secret, about=row.id, name=row.name))
        _fill(row, filled, now)
        row.save()
        _recorded("notify:channel:edit", row, by, now, host=_host(row, filled.secret))
    return row


@transaction.atomic
def switch_channel(*, channel_id: UUID, on: bool, by: Actor, now: datetime) -> Channel:
    """Switch a channel off, or on again; what waits in it waits on.

    Raises:
        NotFoundError: if there is no such channel.
        ForbiddenError: if ``by`` does not run the platform.
    """
    require(by, Permission.NOTIFY_CHANNEL_MANAGE)
    row = locked(channel_id)
    if row.is_on != on:
        row.is_on, row.changed_at = on, now
        row.save(update_fields=["is_on", "changed_at"])
        _recorded("notify:channel:switch", row, by, now, on=on)
    return row


def test_channel(*, channel_id: UUID, to: str, by: Actor, now: datetime) -> Tested:
    """Really send a message, and keep and return the server's answer.

    Raises:
        NotFoundError: if there is no such channel.
        AddressInvalidError: for an address the channel cannot take.
        ForbiddenError: if ``by`` does not run the platform.
    """
    require(by, Permission.NOTIFY_CHANNEL_MANAGE)
    row = found(channel_id)
    address = checked(row.kind, to, optional=row.kind in {ChannelKind.DINGTALK, ChannelKind.WECOM})
    message = Message(_TEST_TITLE, [("", [Line(_TEST_LINE, "", "/")])])
    try:
        tested = Tested(is_taken=True, answer=carrier(row).send(Parcel(uuid7(), message, address, now)))
    except JutongError as problem:
        tested = Tested(is_taken=False, answer=problem.explain())
    with transaction.atomic():
        row = locked(channel_id)
        row.tested_at, row.test_answer = now, tested.answer[:300]
        row.save(update_fields=["tested_at", "test_answer"])
        _recorded("notify:channel:test", row, by, now, taken=tested.is_taken)
    return tested


def found(channel_id: UUID) -> Channel:
    """Return a channel.

    Raises:
        NotFoundError: if there is none.
    """
    row = Channel.objects.filter(id=channel_id).first()
    if row is None:
        raise NotFoundError(what=_CHANNEL)
    return row


def locked(channel_id: UUID) -> Channel:
    """Return a channel, locked.

    Raises:
        NotFoundError: if there is none.
    """
    row = Channel.objects.select_for_update().filter(id=channel_id).first()
    if row is None:
        raise NotFoundError(what=_CHANNEL)
    return row


def _fill(row: Channel, filled: forms.Filled, now: datetime) -> None:
    if Channel.objects.filter(name=filled.name).exclude(id=row.id).exists():
        raise ChannelNameTakenError(name=filled.name)
    row.name, row.options, row.changed_at = filled.name, filled.options, now
    row.secret = boxes.closed(filled.secret, about=row.id) if filled.secret else None
    if "url" in filled.secret:
        row.options = {**filled.options, "host": _host(row, filled.secret)}
    carrier(row).check()


def _host(row: Channel, secret: Mapping[str, str]) -> str:
    url = row.options.get("url") or secret.get("url", "")
    return urlsplit(url).hostname or "" if url else str(row.options.get("host", ""))


def _recorded(event: str, row: Channel, by: Actor, now: datetime, **details: Any) -> None:
    record(event=event, by=by, now=now, subject_kind="channel", subject_id=row.id, subject_label=row.name, **details)
