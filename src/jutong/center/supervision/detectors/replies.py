"""What departments put in the way in their replies, and what upper ones keep back of a return (条例 39(2), 39(5))."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from uuid import UUID

from jutong.center.returns.enums import ReturnState
from jutong.center.returns.models import Cycle, ReturnFlow
from jutong.center.sharing.models import Reply
from jutong.center.supervision.actions.finding import Evidence, Finding
from jutong.kernel.clock import civil_date
from jutong.kernel.i18n import gettext_noop
from jutong.standards.conditions import WHY, self_made

REFUSING, SHORT = "self-made-refusals", "return-kept-short"
LOOKED_BACK = timedelta(days=180)
LEAST_REFUSALS = 5
"""Refusals of one department with the same reason of its own making below which nothing is said; the law says none."""
FAR_ABOVE = 3
"""How many times as often as in all other departments together the reason must stand in its refusals."""
SHORT_CYCLES = 2
"""Comparisons in a row that must show a gap; one may be a matter of the hour of counting."""
CAP = 200
_KINDS = {why: kind for kind, why in WHY.items()}


def self_made_refusals(now: datetime) -> Iterator[Finding]:
    """Find departments that refuse again and again for a condition of their own making, as others do not (P2)."""
    replies = Reply.objects.filter(agreed=False, in_force_at__gt=now - LOOKED_BACK, in_force_at__lte=now)
    totals: Counter[UUID] = Counter()
    found: defaultdict[tuple[UUID, str], list[Reply]] = defaultdict(list)
    for reply in replies.select_related("application__provider").order_by("in_force_at").iterator():
        provider = reply.application.provider_id
        totals[provider] += 1
        for kind in {_KINDS[hint.why] for hint in self_made(reply.text)}:
            found[provider, kind].append(reply)
    for (provider, kind), rows in sorted(found.items(), key=lambda pair: (str(pair[0][0]), pair[0][1])):
        others = sum(len(same) for (who, what), same in found.items() if what == kind and who != provider)
        rest = totals.total() - totals[provider]
        if len(rows) >= LEAST_REFUSALS and len(rows) * rest > FAR_ABOVE * others * totals[provider]:
            yield _refusing(rows, kind, {"total": totals[provider], "others": others, "rest": rest}, now)


def _refusing(rows: list[Reply], kind: str, counts: Mapping[str, int], now: datetime) -> Finding:
    provider, today = rows[0].application.provider, civil_date(now)
    half = f"{today.year}H{1 if today.month <= 6 else 2}"  # noqa: PLR2004 - the first half of a year
    words = {"n": str(len(rows)), "total": str(counts["total"]), "why": str(WHY[kind]),
             "others": str(counts["others"]), "rest": str(counts["rest"])}  # fmt: skip
    shown = (row.application for row in rows)
    return Finding(
        "P2", provider, "refusals", f"{provider.id}:{kind}:{half}", f"{provider.short_name} {half}", REFUSING,
        gettext_noop("近半年{total}次不同意中有{n}次涉嫌自设条件（{why}），其他部门{rest}次中有{others}次。"), words,
        tuple(Evidence("application", str(row.id), str(row), f"/applications/{row.number}") for row in shown),
    )  # fmt: skip


def returns_kept_short(_now: datetime) -> Iterator[Finding]:
    """Find returns of which the area keeps holding less than the upper department counts (P5)."""
    flows = ReturnFlow.objects.filter(state=ReturnState.SHORT).select_related("requester", "provider", "version")
    for flow in flows.order_by("asked_at")[:CAP]:
        last = list(flow.cycles.filter(compared_at__isnull=False).order_by("-compared_at")[:SHORT_CYCLES])
        if len(last) == SHORT_CYCLES and all((row.gap or 0) > 0 for row in last):
            yield _short(flow, last)


def _short(flow: ReturnFlow, cycles: list[Cycle]) -> Finding:
    words = {
        "number": flow.number, "name": flow.version.name, "who": flow.requester.short_name, "n": str(len(cycles)),
        "gap": str(cycles[0].gap), "counted": str(cycles[0].counted),
    }  # fmt: skip
    return Finding(
        "P5", flow.provider, "return", str(flow.id), str(flow), SHORT,
        gettext_noop("数据回流{number}“{name}”连续{n}次核对不完整，最近一次应回流{counted}条，{who}少{gap}条。"), words,
        (
            Evidence("return", str(flow.id), flow.number, f"/returns/{flow.number}"),
            *(
                Evidence("cycle", str(row.id), f"{row.counted_at:%Y-%m-%d} {row.counted} - {row.held} = {row.gap}")
                for row in cycles
            ),
        ),
    )  # fmt: skip
