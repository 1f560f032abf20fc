"""Digests at the edges of working days, and what they say."""

from __future__ import annotations

from datetime import date, datetime

from jutong.center.clocks.calendars import override_day
from jutong.center.notify import digest
from jutong.center.notify.actions import preferences
from jutong.center.notify.models import Delivery, DigestMade
from jutong.center.org.models import Post
from jutong.kernel.clock import BEIJING
from tests import notify_steps as steps
from tests import sharing_steps
from tests.notify_servers import http_server
from tests.sharing_world import NOW, World, at

OFF = {"statutory": "immediate", "work": "off", "information": "off"}


def beijing(day: int, hour: int, minute: int) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=BEIJING)


def made(now: datetime) -> int:
    return digest.make_due(by=steps.BY, now=now)


def text() -> list[str]:
    row = Delivery.objects.filter(state="waiting").latest("created_at")
    return [row.body["title"], *(heading for heading, _ in row.body["sections"])]


def ready(world: World) -> None:
    with http_server() as box:
        channel = steps.channel(world, "webhook", url=box.url)
    for who in (world.steward, world.department_head):
        steps.reach(channel, who, now=at(-30))


def test_a_digest_comes_at_half_past_eight_on_working_days_once(world: World):
    ready(world)
    sharing_steps.submitted(world, NOW)
    steps.notice(world, steps.WORK)
    Delivery.objects.filter(state="waiting").delete()
    assert made(beijing(10, 8, 29)) == 0
    assert made(beijing(10, 8, 30)) == 1
    assert made(beijing(10, 8, 31)) == 0
    held = Delivery.objects.filter(kind="notice").exclude(state="waiting")
    assert set(held.values_list("state", flat=True)) == {"bundled"}
    assert text() == ["【聚通】今日汇总：待办1件，超期0件", "有期限的（1件）", f"新通知（{len(told())}件）"]
    line = Delivery.objects.get(kind="daily").body["sections"][0][1][0]
    assert line["title"] == "答复申请"
    assert line["note"].startswith("剩9个工作日，2026-11-2")
    assert line["link"] == f"/applications/{line['number']}"
    assert DigestMade.objects.filter(day=date(2026, 11, 10)).count() == 2
    for rest in (14, 15):
        assert made(beijing(rest, 12, 0)) == 0
    override_day(day=date(2026, 11, 14), is_workday=True, note="补班", by=world.system_admin, now=NOW)
    override_day(day=date(2026, 11, 16), is_workday=False, note="放假", by=world.system_admin, now=NOW)
    assert made(beijing(14, 8, 30)) == 1
    assert made(beijing(16, 8, 30)) == 0
    assert made(beijing(30, 23, 59)) == 1
    assert text()[:2] == ["【聚通】今日汇总：待办1件，超期1件", "已经超期（1件）"]
    assert digest.is_workday(date(2040, 11, 16))
    assert not digest.is_workday(date(2040, 11, 17))


def told() -> list[dict[str, str]]:
    sections = dict(Delivery.objects.get(kind="daily").body["sections"])
    return next(lines for heading, lines in sections.items() if heading.startswith("新通知"))


def test_nothing_is_sent_where_nothing_waits_or_nothing_is_wanted(world: World):
    ready(world)
    assert made(beijing(10, 8, 30)) == 0
    sharing_steps.submitted(world, NOW)
    Delivery.objects.all().delete()
    preferences.choose(paces=OFF, weekly=False, by=world.steward, now=NOW)
    assert made(beijing(11, 8, 30)) == 0
    preferences.choose(paces=OFF | {"statutory": "daily"}, weekly=False, by=world.steward, now=NOW)
    assert made(beijing(12, 8, 30)) == 1
    with http_server() as box:
        late = steps.channel(world, "wecom", url=f"{box.url}/?key=k")
    steps.reach(late, world.requester, now=beijing(12, 9, 0))
    assert made(beijing(12, 9, 1)) == 0


def test_a_head_gets_the_departments_week_on_its_first_working_day(world: World):
    ready(world)
    sharing_steps.submitted(world, NOW)
    Delivery.objects.all().delete()
    preferences.choose(paces=OFF, weekly=True, by=world.department_head, now=NOW)
    preferences.choose(paces=OFF, weekly=False, by=world.steward, now=NOW)
    override_day(day=date(2026, 11, 16), is_workday=False, note="放假", by=world.system_admin, now=NOW)
    assert made(beijing(16, 9, 0)) == 0
    assert made(beijing(17, 8, 30)) == 1
    assert text() == ["【聚通】每周汇总：超期0件，一周内到期1件", "市民政局一周内到期（1件）"]
    assert made(beijing(18, 8, 30)) == 0
    assert made(beijing(30, 8, 30)) == 1
    assert text() == ["【聚通】每周汇总：超期1件，一周内到期0件", "市民政局已经超期（1件）"]
    Post.objects.filter(user__username="department-head").update(ended_at=NOW)
    assert made(datetime(2026, 12, 7, 8, 30, tzinfo=BEIJING)) == 0


def test_a_long_list_is_cut_with_the_rest_counted(world: World):
    ready(world)
    for number in range(digest.MOST_LINES + 3):
        steps.notice(world, steps.WORK, link=f"/applications/SQ20261109-00{number:02}")
    assert made(beijing(10, 8, 30)) == 1
    lines = Delivery.objects.get(kind="daily").body["sections"][0][1]
    assert len(lines) == digest.MOST_LINES + 1
    assert (lines[-1]["title"], lines[-1]["link"]) == ("还有3件", "/notices")
