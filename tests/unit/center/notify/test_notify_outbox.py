"""Who is told of what and when, and what becomes of messages that do not get through."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from django.db import IntegrityError, transaction

import jutong
from jutong.center.audit.models import AuditEvent
from jutong.center.notify import errors, groups, queries, sending
from jutong.center.notify.actions import channels, deliveries, preferences
from jutong.center.notify.addresses import checked
from jutong.center.notify.enums import NoticeGroup
from jutong.center.notify.message import line_for
from jutong.center.notify.models import Address, Delivery, Preference, WeeklyWish
from jutong.center.org.actor import Actor
from jutong.center.org.models import Post, User
from jutong.center.sharing.models import Notice
from jutong.kernel.errors import ForbiddenError, InvalidInputError, NotFoundError
from jutong.kernel.ids import uuid7
from tests import notify_steps as steps
from tests.notify_servers import http_server
from tests.sharing_world import NOW, World, at

CHOICE = {"statutory": "immediate", "work": "immediate", "information": "off"}


def send(now: datetime) -> int:
    return sending.send_due(clock=lambda: now, by=steps.BY)


def user_id(actor: Actor) -> UUID:
    assert actor.user_id is not None
    return actor.user_id


def states() -> list[str]:
    return list(Delivery.objects.order_by("created_at", "id").values_list("state", flat=True))


def test_listed_sentences_are_still_said():
    source = "\n".join(
        path.read_text() for path in (Path(jutong.__file__).parent / "center").rglob("*.py") if path.stem != "groups"
    )
    said = "".join(re.findall(r'gettext_noop\(\s*"([^"]*)"', source)) + source
    assert [text for text in groups.STATUTORY | groups.INFORMATION if text not in said] == []
    assert not groups.STATUTORY & groups.INFORMATION
    assert groups.group_of("一句新话") is NoticeGroup.WORK


def test_each_reader_is_told_as_chosen_and_in_the_notices_own_transaction(world: World):
    with http_server() as box:
        made = steps.channel(world, "webhook", url=box.url)
    steps.notice(world)
    assert states() == []
    steps.reach(made, world.steward)
    for text in (steps.STATUTORY, steps.WORK, steps.INFORMATION):
        steps.notice(world, text)
    assert states() == ["waiting", "held"]
    preferences.choose(paces=CHOICE | {"information": "daily"}, weekly=False, by=world.steward, now=NOW)
    Delivery.objects.all().delete()
    Notice.objects.bulk_create(
        Notice(organisation=world.civil, role=role, text=text, at=NOW)
        for text in (steps.STATUTORY, steps.WORK, steps.INFORMATION)
        for role in ("", "steward", "office-head")
    )
    assert sorted(states()) == ["held"] * 2 + ["waiting"] * 4
    Delivery.objects.all().delete()
    Post.objects.create(user_id=user_id(world.steward), organisation=world.civil, role="requester", valid_from=NOW)
    steps.notice(world, role="")
    assert states() == ["waiting"]
    with transaction.atomic():
        steps.notice(world)
        transaction.set_rollback(True)
    assert states() == ["waiting"]
    channels.switch_channel(channel_id=made.id, on=False, by=world.system_admin, now=NOW)
    steps.notice(world)
    assert states() == ["waiting"]
    assert sending.claim(by=steps.BY, now=NOW) is None
    with pytest.raises(errors.ChannelOffError):
        steps.reach(made, world.requester)
    channels.switch_channel(channel_id=made.id, on=True, by=world.system_admin, now=NOW)
    User.objects.filter(id=user_id(world.steward)).update(is_active=False)
    steps.notice(world)
    assert states() == ["waiting"]


def test_statutory_notices_cannot_be_switched_off_by_anyone(world: World):
    with pytest.raises(errors.StatutoryOffError):
        preferences.choose(paces={"work": "off", "statutory": "off"}, weekly=False, by=world.steward, now=NOW)
    assert not Preference.objects.exists()
    with pytest.raises(IntegrityError), transaction.atomic():
        Preference.objects.create(user_id=user_id(world.steward), group="statutory", pace="off")
    for paces in ({"gossip": "off"}, {"work": "hourly"}, {"work": ""}):
        with pytest.raises(InvalidInputError):
            preferences.choose(paces=paces, weekly=False, by=world.steward, now=NOW)
    with pytest.raises(errors.WeeklyNotForPostError):
        preferences.choose(paces={}, weekly=True, by=world.steward, now=NOW)
    preferences.choose(paces=CHOICE, weekly=True, by=world.department_head, now=NOW)
    assert queries.mine(world.department_head).weekly
    preferences.choose(paces=CHOICE, weekly=False, by=world.department_head, now=NOW)
    assert not WeeklyWish.objects.exists()


def test_addresses_are_sealed_checked_and_forgotten_when_asked(world: World):
    with http_server() as box:
        made = steps.channel(world, "webhook", url=box.url)
    for wrong in ("", "a b", "x" * 65, "张三", "a\nb"):
        with pytest.raises(errors.AddressInvalidError):
            steps.reach(made, world.steward, wrong)
    steps.reach(made, world.steward, "wang.secret")
    assert b"wang.secret" not in bytes(Address.objects.get().box)
    assert "wang.secret" not in str(list(AuditEvent.objects.values_list("details", "subject_label")))
    assert [(reach.to, reach.is_set) for reach in queries.mine(world.steward).reaches] == [("wang.secret", True)]
    assert [(reach.to, reach.is_set) for reach in queries.mine(world.requester).reaches] == [("", False)]
    steps.notice(world)
    preferences.remove_address(channel_id=made.id, by=world.steward, now=NOW)
    preferences.remove_address(channel_id=made.id, by=world.steward, now=NOW)
    assert states() == ["cancelled"]
    steps.notice(world)
    assert states() == ["cancelled"]
    steps.reach(made, world.steward, "wang.again")
    assert Address.objects.count() == 1
    for kind, good, bad in (("mail", "a@b.cn", "a@b"), ("dingtalk", "u_1", "u 1"), ("wecom", "U.1", "@" * 65)):
        assert checked(kind, f" {good} ") == good
        with pytest.raises(errors.AddressInvalidError):
            checked(kind, bad)
    for injected in ("a@b.cn\r\nBcc: c@d.cn", "a@b.cn,c@d.cn", "名@b.cn"):
        with pytest.raises(errors.AddressInvalidError):
            checked("mail", injected)


def test_a_refused_message_waits_longer_each_time_then_lies_dead_until_sent_again(world: World):
    now = NOW
    with http_server() as box:
        made = steps.channel(world, "webhook", url=box.url)
        steps.reach(made, world.steward)
        steps.notice(world)
        box.status = 503
        waits = []
        for tried in range(1, sending.MOST_TRIES + 1):
            assert send(now) == 1
            row = Delivery.objects.get()
            assert row.tries == tried
            waits.append(row.next_at - now)
            assert send(now) == 0
            now = max(row.next_at, now)
        for wait, planned in zip(waits, sending.WAITS, strict=False):
            assert planned * 0.8 <= wait <= planned * 1.2
        assert (row.state, row.problem) == ("dead", "webhook没有收下消息：对方的服务出错，稍后会再试（HTTP 503）")
        assert queries.undelivered(world.system_admin).get() == row
        for who in (world.steward, world.auditor):
            with pytest.raises(ForbiddenError):
                deliveries.send_again(delivery_id=row.id, by=who, now=now)
        box.status = 200
        deliveries.send_again(delivery_id=row.id, by=world.system_admin, now=now)
        with pytest.raises(errors.NotDeadError):
            deliveries.send_again(delivery_id=row.id, by=world.system_admin, now=now)
        assert send(now) == 1
        assert states() == ["sent"]
        assert len({headers["Idempotency-Key"] for _, headers, _ in box.requests}) == 1
        box.status = 410
        steps.notice(world, now=now)
        send(now)
        assert states() == ["sent", "dead"]
    assert deliveries.send_all_again(by=world.system_admin, now=now) == 1
    assert states() == ["sent", "waiting"]
    assert queries.waiting_count(world.system_admin) == 1
    with pytest.raises(NotFoundError):
        deliveries.send_again(delivery_id=uuid7(), by=world.system_admin, now=now)
    events = set(AuditEvent.objects.filter(event__startswith="notify:delivery").values_list("event", flat=True))
    assert events == {f"notify:delivery:{verb}" for verb in ("send", "retry", "fail", "again")}


def test_a_claim_that_ran_out_is_taken_again_and_the_late_outcome_ignored(world: World):
    with http_server() as box:
        made = steps.channel(world, "webhook", url=box.url)
    steps.reach(made, world.steward)
    steps.notice(world)
    first = sending.claim(by=steps.BY, now=NOW)
    assert first is not None
    assert sending.claim(by=steps.BY, now=NOW + sending.CLAIM - timedelta(seconds=1)) is None
    second = sending.claim(by=steps.BY, now=NOW + sending.CLAIM)
    assert second is not None
    assert second.delivery.id == first.delivery.id
    assert not sending.settle(claim=first, problem=None, by=steps.BY, now=at(1))
    assert states() == ["sending"]
    assert sending.settle(claim=second, problem=None, by=steps.BY, now=at(1))
    assert states() == ["sent"]
    steps.notice(world, now=at(2))
    Delivery.objects.filter(state="waiting").update(tries=sending.MOST_TRIES)
    assert sending.claim(by=steps.BY, now=at(2)) is None
    assert Delivery.objects.get(state="dead").problem == "发送时进程多次中断，没有等到结果。"


def test_a_server_that_is_away_holds_up_its_own_messages_alone_and_old_ones_are_forgotten(world: World):
    with http_server() as box:
        steps.reach(steps.channel(world, "wecom", url="http://127.0.0.1:1/?key=k"), world.steward)
        steps.reach(steps.channel(world, "webhook", url=box.url), world.steward)
        for _ in range(3):
            steps.notice(world)
        assert send(NOW) == 4
        assert len(box.requests) == 3
    assert sorted(states()) == ["sent"] * 3 + ["waiting"] * 3
    assert set(Delivery.objects.filter(state="waiting").values_list("tries", flat=True)) == {0, 1}
    assert sending.forget_old(by=steps.BY, now=NOW + sending.KEPT) == 0
    assert sending.forget_old(by=steps.BY, now=NOW + sending.KEPT + timedelta(seconds=1)) == 3
    assert states() == ["waiting"] * 3


def test_a_host_taken_off_the_list_stops_messages_and_says_why(world: World):
    with http_server() as box:
        made = steps.channel(world, "webhook", url=box.url)
        steps.reach(made, world.steward)
        listed = queries.hosts(world.system_admin)[0]
        channels.forbid_host(host_id=listed.id, by=world.system_admin, now=NOW)
        steps.notice(world)
        sending.send_due(clock=lambda: NOW, by=steps.BY)
        assert box.requests == []
    row = Delivery.objects.get()
    assert (row.state, row.problem) == ("waiting", "服务器127.0.0.1不在允许名单里。")


def test_robots_say_no_more_than_they_may_in_a_minute(world: World):
    with http_server() as box:
        made = steps.channel(world, "wecom", url=f"{box.url}/?key=a")
        steps.reach(made, world.steward)
        for _ in range(sending.ROBOT_PER_MINUTE + 2):
            steps.notice(world)
        assert sending.send_due(clock=lambda: NOW, by=steps.BY) == sending.ROBOT_PER_MINUTE
        assert sending.send_due(clock=lambda: NOW + timedelta(seconds=59), by=steps.BY) == 0
        assert sending.send_due(clock=lambda: NOW + timedelta(seconds=61), by=steps.BY) == 2


def test_a_line_holds_a_kind_a_number_and_a_path_of_the_platform_only():
    for link, title, number, path in (
        ("/applications/SQ20261109-0001", "使用申请", "SQ20261109-0001", "/applications/SQ20261109-0001"),
        ("/grants/62010119900101001X?q=1", "数据授权", "", "/grants/62010119900101001X"),
        ("https://evil.example/x", "通知", "", "/notices"),
        ("//evil.example/x", "通知", "", "/notices"),
        ("", "通知", "", "/notices"),
    ):
        line = line_for(link)
        assert (line.title, line.number, line.link) == (title, number, path)
