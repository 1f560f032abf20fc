"""A small city made through the actions alone: two departments, their authority, everybody with a post."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from jutong.center.catalog import actions as catalog
from jutong.center.catalog.enums import AssessmentKind
from jutong.center.catalog.fields import EntryFields, ItemFields
from jutong.center.catalog.models import EntryVersion
from jutong.center.fleet.models import Node, Source
from jutong.center.org import actions as org
from jutong.center.org.actions.register import DivisionRow
from jutong.center.org.actor import Actor, platform_actor
from jutong.center.org.enums import Role
from jutong.center.org.models import Organisation, Post, User
from jutong.center.org.queries import actor_for

NOW = datetime(2026, 11, 9, 1, 12, tzinfo=UTC)
"""Monday 9 November 2026, 09:12 in Beijing."""
CITY = "629900"
PASSWORD = "金河-long-enough-9"
PLATFORM = platform_actor("test")
FIELDS = EntryFields(
    name="婚姻登记信息",
    classification="307010",
    summary="结婚、离婚登记的基本信息",
    domain="民生服务",
    data_format="database",
    update_cycle="daily",
    share_attribute="conditional",
    share_way="service",
    share_scope="本市各部门",
    share_purpose="核验婚姻状况",
    grade="general-3",
    not_secret=True,
)
ITEMS = (
    ItemFields(name="公民身份号码", data_type="C", length=18, is_key=True, is_personal=True, grade="general-3"),
    ItemFields(name="姓名", data_type="C", length=64, is_personal=True, grade="general-2"),
    ItemFields(name="婚姻状况", data_type="C", length=2, is_personal=True),
)


def at(days: float) -> datetime:
    return NOW + timedelta(days=days)


@dataclass
class City:
    """Ready-made organisations and actors; ``actors`` by a short name."""

    civil: Organisation
    education: Organisation
    bigdata: Organisation
    actors: dict[str, Actor] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Actor:
        return self.actors[name]

    def user(self, name: str) -> User:
        return User.objects.get(username=self.actors[name].username)

    def post(self, name: str) -> Post:
        return Post.objects.get(id=str(self.actors[name].post_id))

    def draft(self, *, items: tuple[ItemFields, ...] = ITEMS, now: datetime = NOW, **changes: Any) -> EntryVersion:
        return catalog.create_entry(
            fields=replace(FIELDS, **changes),
            items=items,
            by=self["steward"],
            now=now,
        )

    def assess(self, version: EntryVersion, now: datetime = NOW) -> EntryVersion:
        for kind in AssessmentKind:
            version = catalog.record_assessment(
                version=version, kind=kind, passed=True, conclusion="风险可控", assessed_by="王建国",
                assessed_on=now.date() - timedelta(days=1), by=self["steward"], now=now,
            )  # fmt: skip
        return version

    def submit(self, version: EntryVersion, now: datetime = NOW) -> EntryVersion:
        version = catalog.consent(version=self.assess(version, now), by=self["department_head"], now=now)
        return catalog.submit(version=version, by=self["steward"], now=now)

    def published(self, *, items: tuple[ItemFields, ...] = ITEMS, now: datetime = NOW, **changes: Any) -> EntryVersion:
        version = self.submit(self.draft(items=items, now=now, **changes), now)
        return catalog.publish(version=version, by=self["authority"], now=now)

    def removal(self, now: datetime = NOW, **changes: Any) -> EntryVersion:
        """A version that asks to take a published entry down; it waits for consent."""
        entry = self.published(now=now, **changes).entry
        return catalog.propose_removal(entry=entry, reason="职责已划出", by=self["steward"], now=now)

    def source(self, name: str = "civil-pg", owner: Organisation | None = None) -> Source:
        node, _ = Node.objects.get_or_create(
            name="node-1", defaults={"key_id": "node.1", "public_key": "x", "registered_at": NOW}
        )
        columns = [{"name": column, "type": "text"} for column in ("id_number", "name", "marital")]
        table = {"schema_name": "public", "name": "marriage", "row_estimate": 1200, "columns": columns}
        return Source.objects.create(
            node=node, name=name, dialect="postgresql", organisation=owner or self.civil, is_ok=True,
            tables=[table], seen_at=NOW,
        )  # fmt: skip


def organisation(code: str, name: str, short: str, *, authority: bool = False) -> Organisation:
    return org.create_organisation(
        code=code, name=name, short_name=short, division_code=CITY, data_office="信息科", is_authority=authority,
        by=PLATFORM, now=NOW,
    )  # fmt: skip


def person(username: str, name: str) -> User:
    return org.create_user(username=username, name=name, password=PASSWORD, by=PLATFORM, now=NOW)


_PEOPLE = (
    ("steward", "civil", Role.STEWARD, "王建国"),
    ("office_head", "civil", Role.OFFICE_HEAD, "刘文清"),
    ("department_head", "civil", Role.DEPARTMENT_HEAD, "赵长和"),
    ("requester", "education", Role.REQUESTER, "吴思源"),
    ("stranger", "education", Role.STEWARD, "郭静"),
    ("stranger_head", "education", Role.DEPARTMENT_HEAD, "宋书平"),
    ("authority", "bigdata", Role.AUTHORITY, "林悦"),
    ("leader", "bigdata", Role.LEADER, "彭致远"),
    ("system_admin", "bigdata", Role.SYSTEM_ADMIN, "陈宇"),
    ("security_admin", "bigdata", Role.SECURITY_ADMIN, "顾严"),
    ("auditor", "bigdata", Role.AUDITOR, "沈清"),
)


def build() -> City:
    row = DivisionRow(CITY, "金河市", "city", "620000", date(1985, 5, 14), is_demo=True)
    org.create_division(row=row, by=PLATFORM, now=NOW)
    city = City(
        civil=organisation("11629900MB4482457G", "金河市民政局", "市民政局"),
        education=organisation("11629900MB5345980L", "金河市教育局", "市教育局"),
        bigdata=organisation("11629900MB00401090", "金河市大数据局", "市大数据局", authority=True),
    )
    for key, where, role, name in _PEOPLE:
        user = person(key.replace("_", "-"), name)
        post = org.appoint(user=user, organisation=getattr(city, where), role=role, by=PLATFORM, now=NOW)
        city.actors[key] = actor_for(post)
    return city
