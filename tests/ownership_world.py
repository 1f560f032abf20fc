"""Two departments that publish the same item, and the way to a designated source, through the actions alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import Any

from jutong.center.catalog import actions as catalog
from jutong.center.catalog.fields import ItemFields
from jutong.center.catalog.models import Entry
from jutong.center.ownership import actions
from jutong.center.ownership.enums import Stance
from jutong.center.ownership.holdings import follow
from jutong.center.ownership.models import ItemSubject, SourceDesignation
from tests.center_world import FIELDS, NOW, PLATFORM, City

NEXT_YEAR = date(2027, 1, 1)
OTHER_ITEMS = (
    ItemFields(name="学籍号", data_type="C", length=19, is_key=True),
    ItemFields(name="身份证号", data_type="C", length=18, is_personal=True, grade="general-3"),
    ItemFields(name="婚姻状况", data_type="C", length=2, is_personal=True),
    ItemFields(name="备注", data_type="C"),
)


def other_entry(
    city: City, *, items: tuple[ItemFields, ...] = OTHER_ITEMS, now: datetime = NOW, **changes: Any
) -> Entry:
    """Publish an entry of 市教育局."""
    fields = replace(FIELDS, **{"name": "学籍信息", "summary": "在籍学生的基本信息", **changes})
    rows = [catalog.ImportRow(fields, items)]
    return catalog.import_published(organisation=city.education, rows=rows, by=PLATFORM, now=now)[0]


def both_publish(city: City) -> tuple[Entry, Entry]:
    """Let both departments publish 公民身份号码 and 婚姻状况."""
    one, other = city.published().entry, other_entry(city)
    follow(NOW)
    return one, other


def proposed(city: City, subject: ItemSubject | None = None) -> SourceDesignation:
    """Propose 市民政局 as the source of a subject."""
    found = subject or ItemSubject.objects.get(name="婚姻状况")
    entry = Entry.objects.get(holdings__subject=found, organisation=city.civil)
    return actions.propose_source(
        subject=found, entry=entry, basis="婚姻登记由民政部门办理", by=city["authority"], now=NOW
    )  # fmt: skip


def designated(city: City, subject: ItemSubject | None = None) -> SourceDesignation:
    """Designate it."""
    made = proposed(city, subject)
    for actor in ("steward", "stranger"):
        actions.state_position(designation=made, stance=Stance.AGREE, text="", by=city[actor], now=NOW)
    return actions.designate(
        designation=made, entry=made.entry, effective_on=date(2026, 11, 10), by=city["authority"], now=NOW
    )  # fmt: skip
