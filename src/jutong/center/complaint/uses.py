"""What a person is told of each use: who, when, what for, on what basis, in which case; and what is not told yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from jutong.center.complaint.models import Inquiry, Secrecy
from jutong.center.complaint.queries import INQUIRY, silent_nodes
from jutong.center.correction.models import TraceHit
from jutong.center.sharing.models import Grant
from jutong.center.usage.models import Access
from jutong.kernel.clock import civil_date
from jutong.kernel.errors import NotFoundError

MOST = 5_000
"""Uses one page shows at most; ``capped`` says so."""
_OK = "ok"


@dataclass(frozen=True, slots=True)
class Use:
    """One use in plain words. A hidden one has nothing but the month and the day it will be told."""

    month: date
    hidden: bool
    record_id: str = ""
    at: datetime | None = None
    organisation: str = ""
    organisation_code: str = ""
    official: str = ""
    entry: str = ""
    provider: str = ""
    purpose: str = ""
    basis: str = ""
    case_number: str = ""
    fields: tuple[str, ...] = ()
    is_verification: bool = False
    found: bool = True
    """Whether anything was there to be seen."""
    told_after: date | None = None


@dataclass(frozen=True, slots=True)
class Uses:
    """All of a person's uses, the newest first."""

    rows: list[Use]
    departments: int
    hidden: int
    silent: tuple[str, ...]
    capped: bool

    @property
    def shown(self) -> int:
        """How many are told."""
        return len(self.rows) - self.hidden


def uses_of(inquiry: Inquiry, *, now: datetime) -> Uses:
    """Return what the nodes found for an inquiry; the doors have checked the code."""
    today = civil_date(now)
    records = TraceHit.objects.filter(trace__subject_kind=INQUIRY, trace__subject_id=inquiry.id).values("record_id")
    calls = list(Access.objects.filter(record_id__in=records, outcome=_OK).order_by("-at", "-record_id")[: MOST + 1])
    grants = {
        row.id: row
        for row in Grant.objects.filter(id__in={call.grant_id for call in calls}).select_related(
            "application", "provider"
        )
    }
    secret = _secret({call.grant_id for call in calls}, today)
    rows = [_use(call, grants.get(call.grant_id), secret) for call in calls[:MOST]]
    return Uses(
        rows=rows,
        departments=len({row.organisation_code for row in rows if not row.hidden}),
        hidden=sum(row.hidden for row in rows),
        silent=tuple(node.name for node in silent_nodes(inquiry)),
        capped=len(calls) > MOST,
    )


def _secret(grant_ids: set[UUID], today: date) -> Mapping[UUID, date]:
    rows = Secrecy.objects.filter(grant_id__in=grant_ids, until__gte=today, disclosed_at=None)
    return dict(rows.values_list("grant_id", "until"))


def _use(call: Access, grant: Grant | None, secret: Mapping[UUID, date]) -> Use:
    day = civil_date(call.at)
    month = day.replace(day=1)
    if call.grant_id in secret:
        return Use(month=month, hidden=True, told_after=secret[call.grant_id])
    return Use(
        month=month,
        hidden=False,
        record_id=call.record_id,
        at=call.at,
        organisation=call.requester_name,
        organisation_code=call.requester_code,
        official=call.official,
        entry=call.entry_name,
        provider=grant.provider.name if grant else "",
        purpose=call.purpose,
        basis=grant.application.basis if grant else "",
        case_number=call.case_number,
        fields=tuple(call.fields),
        is_verification=call.kind == "verify",
        found=call.rows > 0 or call.kind == "verify",
    )


def use_of(inquiry: Inquiry, record_id: str, *, now: datetime) -> Use:
    """Return one use that is told.

    Raises:
        NotFoundError: if it is none of this person's, or is not told yet.
    """
    for row in uses_of(inquiry, now=now).rows:
        if row.record_id == record_id and not row.hidden:
            return row
    raise NotFoundError(what=record_id[:40])
