"""Steps of tests about messages: a channel on loopback, an address, a notice."""

from __future__ import annotations

from datetime import datetime

from jutong.center.notify.actions import channels, preferences
from jutong.center.notify.models import Channel
from jutong.center.org.actor import Actor, platform_actor
from jutong.center.sharing.models import Notice
from tests.sharing_world import NOW, World

BY = platform_actor("outbox")
STATUTORY = "收到{requester}的使用申请“{title}”。"
INFORMATION = "关注的检索“{name}”有{count}条新发布或更新的目录。"
WORK = "{who}就“{title}”留言。"
LINK = "/applications/SQ20261109-0001"


def channel(world: World, kind: str, **values: str) -> Channel:
    channels.allow_host(host="127.0.0.1", by=world.system_admin, now=NOW)
    return channels.create_channel(kind=kind, values={"name": kind, **values}, by=world.system_admin, now=NOW)


def reach(made: Channel, who: Actor, to: str = "wang.jianguo", now: datetime = NOW) -> None:
    preferences.set_address(channel_id=made.id, to=to, by=who, now=now)


def notice(
    world: World, text: str = STATUTORY, now: datetime = NOW, *, role: str = "steward", link: str = LINK
) -> Notice:
    fields = {"requester": "市教育局", "title": "张三丰62010119900101001X的入学核验", "who": "吴思源"}
    return Notice.objects.create(organisation=world.civil, role=role, text=text, link=link, at=now, fields=fields)
