"""What authorities leave undone (条例 41); a superior or the level's leader judges it, never they themselves."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import Count, Exists, Min, OuterRef, Q

from jutong.center.org.models import Organisation
from jutong.center.ownership.enums import DesignationState
from jutong.center.ownership.models import ItemSubject, SourceDesignation
from jutong.center.supervision.actions.finding import Evidence, Finding
from jutong.kernel.clock import civil_date
from jutong.kernel.i18n import gettext_noop

UNNAMED = "source-unnamed"
GRACE = timedelta(days=90)
"""How long an item may be published by several departments before its source is missed; the law says none."""
SHOWN = 20


def sources_unnamed(now: datetime) -> Iterator[Finding]:
    """Find divisions where items are published by several departments and nobody names the source (A1, 条例 19(2)).

    One finding a quarter and division, with the most held items as evidence.
    """
    today = civil_date(now)
    quarter = f"{today.year}-Q{(today.month + 2) // 3}"
    named = SourceDesignation.objects.filter(subject=OuterRef("pk")).exclude(state=DesignationState.REVOKED)
    lasting = Q(holdings__is_shared=True, holdings__entry__published__published_at__lte=now - GRACE)
    for authority in Organisation.objects.filter(is_authority=True, closed_at=None).order_by("code"):
        rows = (
            ItemSubject.objects.filter(~Exists(named), division_code=authority.division_code, organisation_count__gt=1)
            .annotate(
                old=Count("holdings__organisation", filter=lasting, distinct=True),
                since=Min("holdings__entry__published__published_at"),
            )
            .filter(old__gt=1)
            .order_by("-organisation_count", "key")
        )
        shown = list(rows[: SHOWN + 1])
        if not shown:
            continue
        yield Finding(
            "A1", authority, "source-unnamed", f"{authority.division_code}:{quarter}", f"{authority.name} {quarter}",
            UNNAMED, gettext_noop("有{n}个信息项由多个部门发布超过{days}天，没有明确数源部门，如“{name}”。"),
            {"n": str(rows.count()), "days": str(GRACE.days), "name": shown[0].name},
            tuple(Evidence("source", str(row.id), row.name, f"/ownership/{row.id}") for row in shown[:SHOWN]),
        )  # fmt: skip
