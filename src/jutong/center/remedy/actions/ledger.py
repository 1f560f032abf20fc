"""使用台账 (条例 29(2)): what the platform knows it writes itself, the rest is asked for; nothing is ever changed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Count, Q, Sum
from django.db.models.functions import TruncMonth
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from jutong.center.audit import actions as audit
from jutong.center.clocks import actions as clocks
from jutong.center.clocks.models import StatutoryClock
from jutong.center.clocks.queries import OPEN
from jutong.center.clocks.rules import period_for
from jutong.center.constraints import constraint_errors
from jutong.center.org.actor import Actor, platform_actor
from jutong.center.org.enums import Role
from jutong.center.org.permissions import Permission
from jutong.center.org.queries import own_organisation, require
from jutong.center.process.sides import Side
from jutong.center.remedy.actions import _common as common
from jutong.center.remedy.actions.copies import Copy, checked
from jutong.center.remedy.enums import LedgerAskEvent, LedgerAskState, LedgerPart
from jutong.center.remedy.errors import CorrectedAlreadyError
from jutong.center.remedy.models import LedgerAsk, LedgerEntry, LedgerInspection
from jutong.center.remedy.quarters import before, bounds, later, quarter_of
from jutong.center.remedy.rules import LEDGER_ASKS, LEDGER_PERIOD, LOG_PERIOD
from jutong.center.sharing.models import Grant
from jutong.center.usage.models import Access
from jutong.kernel.calendar import CalendarYearMissingError
from jutong.kernel.clock import BEIJING, civil_date

SUBJECT = "ledger-ask"
CLAUSE = "条例 29(2)"
LONGEST_TEXT, LONGEST_NOTE = 2000, 1000


def counted(grant: Grant, quarter: str) -> dict[str, Any]:
    """Return how a grant was used in a quarter, by month: calls, refused ones, rows, cases and officials."""
    start, end = bounds(quarter)
    rows = (
        Access.objects.filter(grant_id=grant.id, at__gte=start, at__lt=end)
        .annotate(month=TruncMonth("at", tzinfo=BEIJING))
        .values("month")
        .annotate(
            calls=Count("pk"), refused=Count("pk", filter=~Q(outcome="ok")), served=Sum("rows"),
            cases=Count("case_number", distinct=True), officials=Count("official", distinct=True),
        )
        .order_by("month")
    )  # fmt: skip
    months = [
        {
            "month": f"{row['month']:%Y-%m}", "calls": row["calls"], "refused": row["refused"], "rows": row["served"],
            "cases": row["cases"], "officials": row["officials"],
        }
        for row in rows
    ]  # fmt: skip
    return {"calls": sum(row["calls"] for row in months), "months": months}


def prefill_scenario(grant: Grant, *, now: datetime) -> LedgerEntry | None:
    """Write the scenario of a grant from its application, once."""
    if LedgerEntry.objects.filter(grant=grant, part=LedgerPart.SCENARIO, by=None).exists():
        return None
    application = grant.application
    facts = {
        "scenario": application.scenario, "basis": application.basis, "scope": application.scope,
        "system": grant.system.name, "application": application.number,
    }  # fmt: skip
    return _put(grant, LedgerPart.SCENARIO, "", facts=facts, by=platform_actor("usage ledger"), now=now)


def note_destruction(grant: Grant, *, facts: dict[str, Any], by: Actor, now: datetime) -> LedgerEntry:
    """Write down what a disposal's certificate states; called with the report."""
    text = _("已报送处置单%(number)s") % {"number": facts["disposal"]}
    return _put(grant, LedgerPart.DESTRUCTION, text, facts=facts, period=quarter_of(civil_date(now)), by=by, now=now)


@transaction.atomic
def write_entry(
    *,
    grant: Grant,
    part: str,
    text: str,
    by: Actor,
    now: datetime,
    copies: Sequence[Copy] = (),
    corrects: LedgerEntry | None = None,
) -> LedgerEntry:
    """Write one entry as the requester, or a correction of an earlier one; the earlier stays as it was.

    Args:
        grant: of the actor's department.
        part: a value of ``LedgerPart``.
        text: at most 2000 characters.
        by: the requester.
        now: when.
        copies: where data is kept; of the part ``storage`` only.
        corrects: an entry of the same grant and part that nothing corrects yet.

    Raises:
        InvalidInputError: for an unknown part, an empty text, a copy without kind or place, or an entry of another.
        CorrectedAlreadyError: if a later entry corrects it already.
        NotFoundError: for others than the requester.
    """
    require(by, Permission.REMEDY_LEDGER_WRITE)
    locked = common.lock_grant(grant.id)
    common.require_side(locked, (Side.REQUESTER,), by)
    if part not in LedgerPart.values:
        raise common.invalid("part", part, "、".join(map(str, LedgerPart.labels)), _("请选择台账的部分"), CLAUSE)
    period = quarter_of(civil_date(now))
    if corrects is not None:
        if corrects.grant_id != locked.id or corrects.part != part:
            raise common.invalid("corrects", corrects.id, part, _("只能更正同一授权、同一部分的记录"), CLAUSE)
        period = corrects.period
    facts = _facts(copies) if part == LedgerPart.STORAGE else {}
    clean = _text(part, text)
    with constraint_errors(remedy_ledgerentry_corrects_id_key=CorrectedAlreadyError(number=locked.number)):
        return _put(locked, part, clean, facts=facts, period=period, corrects=corrects, by=by, now=now)


@transaction.atomic
def fill(
    *,
    ask: LedgerAsk,
    effect: str,
    storage: str,
    by: Actor,
    now: datetime,
    copies: Sequence[Copy] = (),
    destruction: str = "",
) -> LedgerAsk:
    """Complete a quarter: effects and storage, and what was destroyed in it; the clock stops.

    Raises:
        InvalidInputError: without effect or storage, or for a copy without kind or place.
        StepNotAllowedError: if it is filled.
        WrongSideError: for others than the requester.
    """
    grant = common.lock_grant(ask.grant_id)
    locked = LedgerAsk.objects.select_for_update().get(id=ask.id)
    label = f"{grant.number} {locked.quarter}"
    row = common.step(LEDGER_ASKS, locked.state, LedgerAskEvent.FILL, grant, label=label, by=by)
    said = {LedgerPart.EFFECT: _text("effect", effect), LedgerPart.STORAGE: _text("storage", storage)}
    if destruction.strip():
        said[LedgerPart.DESTRUCTION] = _text("destruction", destruction)
    facts = _facts(copies)
    for part, text in said.items():
        kept = facts if part == LedgerPart.STORAGE else {}
        _put(grant, part, text, facts=kept, period=locked.quarter, by=by, now=now)
    locked.state, locked.filled_by_id, locked.filled_at = row.next, common.user_id(by), now
    locked.save(update_fields=["state", "filled_by", "filled_at"])
    if StatutoryClock.objects.filter(subject_kind=SUBJECT, subject_id=str(locked.id), state__in=OPEN).exists():
        clocks.stop(subject_kind=SUBJECT, subject_id=locked.id, period=LEDGER_PERIOD, by=by, now=now)
    _record("remedy:ledger:fill", grant, by, now, quarter=locked.quarter)
    return locked


@transaction.atomic
def inspect_ledger(*, grant: Grant, is_sound: bool, note: str, by: Actor, now: datetime) -> LedgerInspection:
    """Write down that a ledger was looked into, as the provider or the authority, and what was found.

    Raises:
        InvalidInputError: without a note.
        NotFoundError: for somebody who is neither.
    """
    require(by, Permission.REMEDY_LEDGER_INSPECT)
    locked = common.lock_grant(grant.id)
    side = common.require_side(locked, (Side.PROVIDER, Side.AUTHORITY), by)
    clean = common.require_text("note", note, limit=LONGEST_NOTE, message=_("请写明检查情况"), clause=CLAUSE)
    done = LedgerInspection.objects.create(
        grant=locked, side=side, office=own_organisation(by), is_sound=is_sound, note=clean,
        by_id=common.user_id(by), at=now,
    )  # fmt: skip
    _record("remedy:ledger:inspect", locked, by, now, sound=is_sound, side=side.value)
    common.notify(
        locked.requester, None, gettext_noop("{who}检查了授权{grant}的使用台账：{note}"), _link(locked), now,
        who=by.organisation_name, grant=locked.number, note=clean[:100],
    )  # fmt: skip
    return done


def keep_ledgers(*, now: datetime, limit: int = 200) -> int:
    """Prefill what is on record and ask for the rest of the last quarter, a grant at a time. Returns how many asked."""
    quarter = before(quarter_of(civil_date(now)))
    start, end = bounds(quarter)
    used = Grant.objects.filter(supplied_at__isnull=False, supplied_at__lt=end).exclude(ended_at__lt=start)
    waiting = used.exclude(ledger_asks__quarter=quarter).order_by("id").values_list("id", flat=True)
    return sum(_ask(grant_id, quarter, now) for grant_id in list(waiting[:limit]))


@transaction.atomic
def _ask(grant_id: UUID, quarter: str, now: datetime) -> bool:
    grant = common.lock_grant(grant_id)
    if LedgerAsk.objects.filter(grant=grant, quarter=quarter).exists():
        return False
    by = platform_actor("usage ledger")
    prefill_scenario(grant, now=now)
    _put(grant, LedgerPart.PROCESS, "", facts=counted(grant, quarter), period=quarter, by=by, now=now)
    ask = LedgerAsk.objects.create(grant=grant, quarter=quarter, state=LedgerAskState.ASKED, asked_at=now)
    try:
        clocks.start(
            period=LEDGER_PERIOD, subject_kind=SUBJECT, subject_id=ask.id,
            subject_label=f"{grant.number} {quarter}", organisation=grant.requester, by=by, now=now,
        )  # fmt: skip
    except CalendarYearMissingError as missing:
        _record("remedy:ledger:ask", grant, by, now, quarter=quarter, clock=missing.code)
    else:
        _record("remedy:ledger:ask", grant, by, now, quarter=quarter)
    common.notify(
        grant.requester, Role.REQUESTER, gettext_noop("请补记授权{grant}{quarter}的应用成效、存储和销毁情况。"),
        _link(grant), now, grant=grant.number, quarter=quarter,
    )  # fmt: skip
    return True


def standing(grant: Grant, part: str) -> LedgerEntry | None:
    """Return the newest entry of a part that no later one corrects."""
    return LedgerEntry.objects.filter(grant=grant, part=part, corrected=None).order_by("-at", "-id").first()


def kept_copies(grant: Grant) -> list[Copy]:
    """Return the copies the ledger says are kept now."""
    found = standing(grant, LedgerPart.STORAGE)
    return [Copy(row["kind"], row["place"]) for row in found.facts.get("copies", [])] if found else []


def _facts(copies: Sequence[Copy]) -> dict[str, Any]:
    return {"copies": [{"kind": one.kind, "place": one.place} for one in checked(copies, CLAUSE)]}


def _text(field: str, text: str) -> str:
    return common.require_text(field, text, limit=LONGEST_TEXT, message=_("请写明情况"), clause=CLAUSE)


def _put(
    grant: Grant,
    part: str,
    text: str,
    *,
    by: Actor,
    now: datetime,
    facts: dict[str, Any],
    period: str = "",
    corrects: LedgerEntry | None = None,
) -> LedgerEntry:
    today = civil_date(now)
    kept = period_for(LOG_PERIOD, grant.requester.division_code, on=today).period
    entry = LedgerEntry.objects.create(
        grant=grant, part=part, period=period, text=text, facts=facts, corrects=corrects, office=grant.requester,
        by_id=by.user_id, at=now, keep_until=later(today, kept.months),
    )  # fmt: skip
    _record("remedy:ledger:write", grant, by, now, part=part, period=period, corrects=corrects is not None)
    return entry


def _record(event: str, grant: Grant, by: Actor, now: datetime, **details: object) -> None:
    audit.record(
        event=event, by=by, now=now, subject_kind="grant", subject_id=grant.id, subject_label=grant.number, **details
    )


def _link(grant: Grant) -> str:
    return f"/ledger/{grant.number}"
