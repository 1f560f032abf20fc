"""What departments that use data do wrong, as far as registers tell (条例 40)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef

from jutong.center.org.enums import Role
from jutong.center.org.models import Organisation, Post
from jutong.center.ownership.enums import FieldChoice, PlanState
from jutong.center.ownership.models import CollectionPlan, FieldHit, PlanField
from jutong.center.remedy import quarters
from jutong.center.remedy.queries import gaps
from jutong.center.sharing.enums import GrantState
from jutong.center.sharing.models import Grant
from jutong.center.supervision.actions.finding import Evidence, Finding
from jutong.kernel.clock import civil_date
from jutong.kernel.i18n import gettext_noop

REPEATED, LEDGER, UNGUARDED = "repeated-collection", "ledger-gap", "no-responsible"
RETURNED_GRACE = timedelta(days=30)
"""How long a plan sent back may stay as it was."""
CAP = 200


def repeated_collection(now: datetime) -> Iterator[Finding]:
    """Find plans sent back that still ask for what is shared already (R1, 条例 19(1))."""
    hit = FieldHit.objects.filter(field=OuterRef("pk"))
    asked = PlanField.objects.filter(Exists(hit), plan=OuterRef("pk")).exclude(choice=FieldChoice.REUSE)
    rows = CollectionPlan.objects.filter(
        Exists(asked), state=PlanState.RETURNED, decided_at__lte=now - RETURNED_GRACE
    ).select_related("organisation")
    for plan in rows.order_by("decided_at")[:CAP]:
        fields = PlanField.objects.filter(Exists(hit), plan=plan).exclude(choice=FieldChoice.REUSE)
        names = list(fields.order_by("position").values_list("name", flat=True)[:10])
        link = f"/ownership/plans/{plan.id}"
        yield Finding(
            "R1", plan.organisation, "collection-plan", str(plan.id), plan.name, REPEATED,
            gettext_noop("采集方案“{name}”被退回后仍要重复收集：{fields}。"),
            {"name": plan.name, "fields": "、".join(names)},
            (Evidence("plan", str(plan.id), plan.name, link), *(Evidence("item", "", name) for name in names)),
        )  # fmt: skip


def ledger_gaps(now: datetime) -> Iterator[Finding]:
    """Find ledgers of the quarter before that lag behind the calls on record (R5, 条例 29(2))."""
    today = civil_date(now)
    quarter = quarters.before(quarters.quarter_of(today))
    for gap in gaps(today, quarter=quarter)[:CAP]:
        if not gap.is_unfilled:
            continue
        grant = gap.grant
        yield Finding(
            "R5", grant.requester, "ledger-gap", f"{grant.id}:{quarter}", f"{grant.number} {quarter}", LEDGER,
            gettext_noop("授权{number}在{quarter}调用{calls}次，台账只记{told}次，到期没有补记。"),
            {"number": grant.number, "quarter": quarter, "calls": str(gap.calls), "told": str(gap.counted)},
            (Evidence("grant", str(grant.id), grant.number, f"/ledger/{grant.number}"),),
        )  # fmt: skip


def without_responsible(now: datetime) -> Iterator[Finding]:
    """Find departments that use granted data and have nobody who answers for it (R6, 条例 11, 35)."""
    head = Post.objects.filter(organisation=OuterRef("pk"), role=Role.OFFICE_HEAD, ended_at=None, user__is_active=True)
    live = Grant.objects.filter(requester=OuterRef("pk"), state=GrantState.ACTIVE)
    rows = Organisation.objects.filter(~Exists(head), Exists(live), closed_at=None)
    for row in rows.order_by("code")[:CAP]:
        grants = Grant.objects.filter(requester=row, state=GrantState.ACTIVE).order_by("number")[:10]
        day = civil_date(now)
        yield Finding(
            "R6", row, "no-responsible", f"{row.id}:{day:%Y-%m}", row.name, UNGUARDED,
            gettext_noop("正在使用共享数据，没有在岗的政务数据共享工作机构负责人。"), {},
            tuple(Evidence("grant", str(grant.id), grant.number, f"/grants/{grant.number}") for grant in grants),
        )  # fmt: skip
