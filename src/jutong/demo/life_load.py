"""Entries on their way, a change of law and a request for more time, so that lists and clocks show something."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from django.db import transaction

from jutong.center.catalog import actions
from jutong.center.catalog.actions import Assessed
from jutong.center.catalog.enums import AssessmentKind, UpdateTrigger
from jutong.center.catalog.life import ChangeEvent
from jutong.center.catalog.models import Entry, EntryVersion
from jutong.center.catalog.steps import written
from jutong.center.org.actor import Actor
from jutong.center.org.enums import Role
from jutong.center.org.models import Organisation, Post
from jutong.center.org.queries import actor_for
from jutong.demo.city import department
from jutong.kernel.clock import civil_date

OWNER = "transport"
SUBMITTED = ("道路货运企业信用评价结果", "出租汽车驾驶员从业资格注销", "内河船舶年度核查结果")
ASSESSED = ("公路养护工程验收结果", "网约车平台经营许可变更")
DRAFT = ("客运站班次调整公告",)
CHANGE = "道路运输条例修订施行"


@transaction.atomic
def load(now: datetime) -> None:
    """Bring a few entries to different steps through the actions; a second time does nothing."""
    if ChangeEvent.objects.exists():
        return
    owner = Organisation.objects.filter(short_name=department(OWNER).short_name).first()
    entries = list(Entry.objects.filter(organisation=owner, published__isnull=False).order_by("code")[:2])
    if owner is None or not entries:
        return
    steward, head = _in_post(owner, Role.STEWARD), _in_post(owner, Role.DEPARTMENT_HEAD)
    if steward is None or head is None:
        return
    _on_their_way(entries[0], steward, head, now)
    _change(entries, steward, now)


def _on_their_way(like: Entry, steward: Actor, head: Actor, now: datetime) -> None:
    made = {name: _draft(like, name, steward, now).id for name in (*SUBMITTED, *ASSESSED, *DRAFT)}
    found = [Assessed(kind.value, True, "已核对，可以共享", steward.name, civil_date(now)) for kind in AssessmentKind]
    assessed = [made[name] for name in (*SUBMITTED, *ASSESSED)]
    actions.assess_many(ids=assessed, found=found, by=steward, now=now)
    submitted = [made[name] for name in SUBMITTED]
    actions.consent_many(ids=submitted, by=head, now=now)
    actions.submit_many(ids=submitted, by=steward, now=now)


def _draft(like: Entry, name: str, steward: Actor, now: datetime) -> EntryVersion:
    """Start an entry that says what a published one says, under another name."""
    assert like.published is not None  # noqa: S101 - only published ones are taken
    fields, items = written(like.published)
    fresh = replace(fields, name=name, summary=f"{name}，按月从业务系统取得。", template="", extra_classes=())
    return actions.create_entry(fields=fresh, items=items, by=steward, now=now)


def _change(entries: list[Entry], steward: Actor, now: datetime) -> None:
    actions.register_change(
        kind=UpdateTrigger.REGULATION,
        title=CHANGE,
        basis="中华人民共和国道路运输条例",
        happened_on=civil_date(now - timedelta(days=4)),
        codes=[entry.code for entry in entries],
        by=steward,
        now=now,
    )
    actions.ask_extension(entry=entries[0], days=3, reason="等省级实施细则明确口径", by=steward, now=now)


def _in_post(owner: Organisation, role: Role) -> Actor | None:
    post = Post.objects.filter(organisation=owner, role=role, ended_at=None).select_related("user", "organisation")
    found = post.order_by("valid_from", "id").first()
    return actor_for(found) if found else None
