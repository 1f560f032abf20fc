"""What departments that supply do wrong (条例 39)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.apps import apps
from django.db.models import Exists, OuterRef, Q

from jutong.center.catalog.models import Binding, Entry
from jutong.center.org.models import InformationSystem
from jutong.center.ownership.enums import DesignationState
from jutong.center.ownership.models import EntrySystem, Position
from jutong.center.sharing.enums import GrantState
from jutong.center.sharing.models import Grant
from jutong.center.supervision.actions.finding import Evidence, Finding
from jutong.center.supervision.models import ExchangePlatform
from jutong.kernel.clock import civil_date
from jutong.kernel.i18n import gettext_noop
from jutong.standards.conditions import self_made

WITHOUT_ENTRY, CONDITIONS, SILENT, STOPPED, OUTSIDE = (
    "system-without-entry",
    "self-made-condition",
    "silent-to-source",
    "service-stopped",
    "platform-outside",
)
SYSTEM_GRACE = timedelta(days=90)
"""How long a new system may go without an entry; the law says none."""
STOP_GRACE = timedelta(days=2)
"""How long a service may be without data before it counts as ended: a table that is bound anew is no end."""
PLATFORM_GRACE = timedelta(days=180)
"""How long a registered platform may wait to be brought into the national system."""
CAP = 200
"""Most findings of one rule in one scan; the next goes on."""


def systems_without_entry(now: datetime) -> Iterator[Finding]:
    """Find information systems that no entry comes from (P1)."""
    linked = EntrySystem.objects.filter(system=OuterRef("pk"))
    rows = InformationSystem.objects.filter(
        ~Exists(linked), closed_at=None, organisation__closed_at=None, created_at__lte=now - SYSTEM_GRACE
    ).exclude(organisation__is_authority=True)
    for row in rows.select_related("organisation").order_by("created_at")[:CAP]:
        since = civil_date(row.created_at).isoformat()
        yield Finding(
            "P1", row.organisation, "system", str(row.id), row.name, WITHOUT_ENTRY,
            gettext_noop("信息系统“{name}”自{since}登记以来没有对应的数据目录。"), {"name": row.name, "since": since},
            (Evidence("system", str(row.id), row.name, f"/inventories/systems/{row.id}"),),
        )  # fmt: skip


def self_made_conditions(now: datetime) -> Iterator[Finding]:
    """Find published conditions that only get in the way (P2, 条例 15)."""
    rows = Entry.objects.filter(~Q(published__use_conditions=""), published__isnull=False)
    for entry in rows.select_related("published", "organisation").order_by("code")[: CAP * 5]:
        version = entry.published
        assert version is not None  # noqa: S101 - filtered
        hints = self_made(version.use_conditions)
        if not hints:
            continue
        yield Finding(
            "P2", entry.organisation, "entry-version", str(version.id), f"{entry.code} {version.name}", CONDITIONS,
            gettext_noop("目录“{name}”的使用条件写有“{found}”。"), {"name": version.name, "found": hints[0].found},
            (
                Evidence("entry", entry.code, version.name, f"/catalog/{entry.code}"),
                *(Evidence("words", "", f"{hint.found}：{hint.why}") for hint in hints),
            ),
        )  # fmt: skip


def silent_to_source(now: datetime) -> Iterator[Finding]:
    """Find departments that let the days to answer about a source pass (P3)."""
    rows = Position.objects.filter(
        stance="", designation__state=DesignationState.PROPOSED, designation__answer_by__lt=civil_date(now)
    )
    for row in rows.select_related("organisation", "designation__subject").order_by("id")[:CAP]:
        subject, until = row.designation.subject, row.designation.answer_by.isoformat()
        yield Finding(
            "P3", row.organisation, "source-position", str(row.id), subject.name, SILENT,
            gettext_noop("“{name}”的数源征求意见到{until}，没有表态。"), {"name": subject.name, "until": until},
            (Evidence("source", str(subject.id), subject.name, f"/ownership/{subject.id}"),),
        )  # fmt: skip


def services_stopped(now: datetime) -> Iterator[Finding]:
    """Find entries in use that lost their data without a filing that was accepted (P7, 条例 27(3))."""
    live = Grant.objects.filter(entry=OuterRef("pk"), state=GrantState.ACTIVE)
    standing = Binding.objects.filter(entry=OuterRef("pk"), ended_at=None)
    rows = Entry.objects.filter(Exists(live), ~Exists(standing), bindings__ended_at__lte=now - STOP_GRACE)
    filing = apps.get_model("catalog.Filing")
    for entry in rows.select_related("organisation").distinct().order_by("code")[:CAP]:
        ended = entry.bindings.order_by("-ended_at").first()
        assert ended is not None  # noqa: S101 - filtered
        assert ended.ended_at is not None  # noqa: S101 - no binding stands
        if filing.objects.filter(entry=entry, accepted=True, filed_at__gte=ended.bound_at).exists():
            continue
        grants = Grant.objects.filter(entry=entry, state=GrantState.ACTIVE).order_by("number")[:10]
        day = civil_date(ended.ended_at).isoformat()
        yield Finding(
            "P7", entry.organisation, "binding-ended", str(ended.id), f"{entry.code} {entry.published_name}", STOPPED,
            gettext_noop("目录“{name}”还有授权在用，{day}停止了数据挂接，没有备案。"),
            {"name": entry.published_name, "day": day},
            (
                Evidence("entry", entry.code, entry.published_name, f"/catalog/{entry.code}"),
                *(Evidence("grant", str(grant.id), grant.number, f"/grants/{grant.number}") for grant in grants),
            ),
        )  # fmt: skip


def platforms_outside(now: datetime) -> Iterator[Finding]:
    """Find registered platforms that were not brought into the national system (P8, 条例 31)."""
    rows = ExchangePlatform.objects.filter(
        joined_on=None, closed_at=None, registered_at__lte=now - PLATFORM_GRACE
    ).select_related("organisation")
    for row in rows.order_by("registered_at")[:CAP]:
        since = civil_date(row.registered_at).isoformat()
        yield Finding(
            "P8", row.organisation, "exchange-platform", str(row.id), row.name, OUTSIDE,
            gettext_noop("平台“{name}”{since}登记，至今未纳入全国一体化政务大数据体系。"),
            {"name": row.name, "since": since},
            (Evidence("exchange-platform", str(row.id), row.name, "/violations/platforms"),),
        )  # fmt: skip
