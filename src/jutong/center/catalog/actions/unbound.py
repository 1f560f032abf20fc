"""VC-12: a published entry with nothing behind it is told to its department once it has stood so for too long."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Max, Min
from django.db.models.functions import Coalesce, Greatest

from jutong.center.audit.actions import record
from jutong.center.catalog.enums import ShareAttribute
from jutong.center.catalog.models import Entry, UnboundFlag
from jutong.center.org.actor import platform_actor
from jutong.center.org.enums import Role
from jutong.center.org.models import Organisation
from jutong.center.sharing.models import Notice
from jutong.kernel.i18n import gettext_noop
from jutong.standards.binding import RULE, watch_rules

MOST = 5_000
"""Entries flagged in one scan; the next goes on."""
TEXT = gettext_noop("本部门有{count}条已发布的目录超过{days}天没有挂接数据（{rule}），请尽快挂接。")
LINK = "/manage/binding-rates?show=overdue"


@transaction.atomic
def flag_unbound(*, now: datetime) -> int:
    """Flag the entries that stood unbound for too long since the last scan, one notice a department; returns how many.

    Days count from the first publication or the end of the last binding. What is not shared needs nothing behind it.
    """
    days = watch_rules().unbound_days
    late = list(
        Entry.objects.filter(published__isnull=False, is_bound=False, removed_at=None, unbound_flag=None)
        .exclude(share_attribute=ShareAttribute.NONE)
        .annotate(first=Min("versions__published_at"), last=Max("bindings__ended_at"))
        .annotate(since=Greatest("first", Coalesce("last", "first")))
        .filter(since__lte=now - timedelta(days=days))
        .order_by("since", "id")
        .values_list("id", "organisation_id", "since")[:MOST]
    )
    rows = [UnboundFlag(entry_id=entry, since=since, at=now) for entry, _, since in late]
    UnboundFlag.objects.bulk_create(rows, ignore_conflicts=True)
    by = platform_actor("unbound scan")
    counts = Counter(organisation for _, organisation, _ in late)
    for organisation in Organisation.objects.filter(id__in=counts):
        count = counts[organisation.id]
        fields = {"count": str(count), "days": str(days), "rule": RULE}
        Notice.objects.create(organisation=organisation, role=Role.STEWARD, text=TEXT, fields=fields, link=LINK, at=now)
        record(
            event="catalog:entry:unbound", by=by, now=now, subject_kind="organisation", subject_id=organisation.code,
            subject_label=organisation.name, count=count, days=days,
        )  # fmt: skip
    return len(late)
