"""The province above the city: its authority and one department, so that needs, returns and violations can go up.

Both are invented like the city. Their codes are built on the city's prefix, which no real body can have.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.hashers import make_password

from jutong.center.catalog.actions.importing import ImportRow, import_published
from jutong.center.catalog.fields import EntryFields, ItemFields
from jutong.center.catalog.models import Entry
from jutong.center.org.actions.people import create_user
from jutong.center.org.actions.posts import appoint
from jutong.center.org.actions.register import create_organisation
from jutong.center.org.actor import Actor, platform_actor
from jutong.center.org.enums import Role
from jutong.center.org.models import Organisation
from jutong.demo.city import PROVINCE_CODE
from jutong.demo.stage import actor

BY = platform_actor("演示数据")


@dataclass(frozen=True)
class Upper:
    """A department of the province and who signs in for it: role, name, user name."""

    code: str
    name: str
    short_name: str
    line: str
    office: str
    is_authority: bool
    staff: tuple[tuple[str, str, str], ...]


AUTHORITY = Upper(
    "11629900MB1195831M",
    "省数据局（演示）",
    "省数据局",
    "大数据",
    "数据共享处",
    is_authority=True,
    staff=(
        (Role.AUTHORITY.value, "陆景行", "lujingxing"),
        (Role.OFFICE_HEAD.value, "贺知远", "hezhiyuan"),
        (Role.LEADER.value, "温明远", "wenmingyuan"),
    ),
)
CIVIL = Upper(
    "11629900MB2399860X",
    "省民政厅（演示）",
    "省民政厅",
    "民政",
    "规划财务与信息处",
    is_authority=False,
    staff=(
        (Role.STEWARD.value, "岳清和", "yueqinghe"),
        (Role.OFFICE_HEAD.value, "阮文博", "ruanwenbo"),
    ),
)
CREMATIONS = "全省殡葬火化信息"
CHILDREN = "全省孤儿和事实无人抚养儿童信息"
_SCOPE = "省内各级依法履行职责需要核对该信息的政府部门"
_ENTRIES = (
    (
        CREMATIONS,
        "203010",
        "全省殡仪馆办理的遗体火化登记，一人一条，每日汇总；按户籍行政区划回流各市。",
        "核减低保、停发养老待遇、注销户籍等事项中核对死亡信息",
        ("公民身份号码", "姓名", "火化日期", "殡仪馆名称", "户籍行政区划代码", "更新时间"),
    ),
    (
        CHILDREN,
        "203010",
        "全省认定的孤儿和事实无人抚养儿童，一人一条，每月复核；按户籍行政区划回流各市。",
        "教育资助、入学安排、医疗救助等事项中免交认定证明",
        ("公民身份号码", "姓名", "认定类型", "认定日期", "户籍行政区划代码", "更新时间"),
    ),
)
_PERSONAL = ("公民身份号码", "姓名")


def load(now: datetime) -> None:
    """Register the province's two departments, their people and what they publish."""
    from jutong.demo.load import PASSWORD  # noqa: PLC0415 - load imports what this module is loaded by

    encoded = make_password(PASSWORD)
    for upper in (AUTHORITY, CIVIL):
        made = create_organisation(
            code=upper.code,
            name=upper.name,
            short_name=upper.short_name,
            division_code=PROVINCE_CODE,
            data_office=upper.office,
            kind="department",
            line=upper.line,
            is_authority=upper.is_authority,
            by=BY,
            now=now,
        )
        for role, name, username in upper.staff:
            user = create_user(
                username=username,
                name=name,
                password=PASSWORD,
                encoded=encoded,
                must_change_password=False,
                by=BY,
                now=now,
            )
            appoint(user=user, organisation=made, role=role, by=BY, now=now)
    import_published(organisation=organisation(CIVIL), rows=[_row(*entry) for entry in _ENTRIES], by=BY, now=now)


def _row(name: str, classification: str, summary: str, purpose: str, items: tuple[str, ...]) -> ImportRow:
    fields = EntryFields(
        name=name,
        classification=classification,
        summary=summary,
        domain="民生服务",
        data_format="database",
        update_cycle="daily",
        share_attribute="conditional",
        share_way="service",
        share_scope=_SCOPE,
        share_purpose=purpose,
        use_conditions="按最小必要选取信息项；下级部门按条例第二十四条申请回流的，只给本行政区域内的数据",
        grade="general-2",
        not_secret=True,
        origin="演示条目：省级部门和数据均为虚构",
    )
    return ImportRow(fields, [_item(item) for item in items])


def _item(name: str) -> ItemFields:
    personal = name in _PERSONAL
    return ItemFields(
        name=name,
        data_type="C",
        length=64,
        is_key=name == _PERSONAL[0],
        is_personal=personal,
        grade="general-2" if personal else "general-1",
    )


def organisation(upper: Upper) -> Organisation:
    """Return the registered row of a department of the province."""
    return Organisation.objects.get(code=upper.code)


def steward() -> Actor:
    """Return the 数据专员 of the province's department."""
    return actor(organisation(CIVIL), Role.STEWARD)


def entry(name: str) -> Entry:
    """Return what the province's department publishes under a name."""
    return Entry.objects.get(organisation=organisation(CIVIL), published_name=name)
