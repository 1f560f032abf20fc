"""Norms at work in the city: a proposal of each kind, a local code table in two editions, and two departments rated."""

from __future__ import annotations

from datetime import date, datetime

from jutong.center.norms import actions
from jutong.center.norms.actions import TableHead
from jutong.center.norms.fields import ElementFields
from jutong.center.norms.models import CodeTable, ConformanceRun, DataElement
from jutong.center.org import queries as org
from jutong.center.org.actor import Actor, platform_actor
from jutong.center.org.enums import Role
from jutong.center.org.models import Organisation, Post
from jutong.demo.city import department

RATED = ("civil", "bigdata")
GRIDS = TableHead("jinhe-grids", "金河市治理网格代码（演示）", "金河市网格化管理办法（演示）", "虚构")
FIRST = "代码,名称\nJH001,东关网格\nJH002,南关网格\nJH003,西关网格\nJH004,北关网格\nJH005,新城网格\n"
SECOND = "代码,名称\nJH001,东关网格\nJH002,南关中心网格\nJH006,西关网格\nJH005,新城网格\nJH007,高铁站网格\n"
SUBSISTENCE = ElementFields(
    name="低保证号",
    english_name="subsistence_certificate_number",
    definition="民政部门发给最低生活保障家庭的证件上的编号",
    data_type="C",
    length=20,
    synonyms=("低保证编号", "dbzh"),
    change_note="救助、公交、供水等七个部门都要用，统一叫法",
)
HEATING = ElementFields(
    name="供热用户编号",
    english_name="heating_user_number",
    definition="供热企业给用热户编定的编号",
    data_type="C",
    length=16,
    change_note="供热补贴核对要用",
)


def load(now: datetime) -> None:
    """Bring norms to life, once each."""
    platform = platform_actor("demo")
    actions.load_library(by=platform, now=now)
    actions.load_shipped_tables(by=platform, now=now)
    _propose(now)
    _tables(now)
    for key in RATED:
        organisation = Organisation.objects.get(code=department(key).code)
        if not ConformanceRun.objects.filter(organisation=organisation).exists():
            actions.run_organisation(organisation=organisation, by=platform, now=now)


def _propose(now: datetime) -> None:
    if DataElement.objects.filter(organisation__isnull=False).exists():
        return
    steward = _actor("civil", Role.STEWARD)
    version = actions.submit(version=actions.propose(fields=SUBSISTENCE, by=steward, now=now), by=steward, now=now)
    actions.publish(version=version, by=_actor("bigdata", Role.AUTHORITY), now=now)
    actions.submit(version=actions.propose(fields=HEATING, by=steward, now=now), by=steward, now=now)


def _tables(now: datetime) -> None:
    if CodeTable.objects.filter(key=GRIDS.key).exists():
        return
    authority = _actor("bigdata", Role.AUTHORITY)
    for name, day, text in (("2024", date(2024, 1, 1), FIRST), ("2026", date(2026, 7, 1), SECOND)):
        actions.load_edition(head=GRIDS, name=name, effective_from=day, text=text, by=authority, now=now)


def _actor(key: str, role: Role) -> Actor:
    organisation = Organisation.objects.get(code=department(key).code)
    post = Post.objects.select_related("user", "organisation").filter(
        organisation=organisation, role=role, ended_at=None
    )
    return org.actor_for(post.order_by("id")[:1].get())
