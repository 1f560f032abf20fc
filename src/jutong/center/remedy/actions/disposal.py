"""处置 (条例 27(1)): what was received goes, copy by copy, with a certificate, and the platform proves the stop."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import CharField, Count, Max, Q
from django.db.models.functions import Cast
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from jutong.center.clocks import actions as clocks
from jutong.center.clocks.models import StatutoryClock
from jutong.center.clocks.queries import OPEN
from jutong.center.org.actor import Actor, platform_actor
from jutong.center.remedy.actions import _common as common
from jutong.center.remedy.actions.certificate import make_certificate
from jutong.center.remedy.actions.copies import LONGEST_PLACE, MOST_COPIES, Copy, Handling, checked
from jutong.center.remedy.actions.ledger import note_destruction
from jutong.center.remedy.enums import DisposalEvent as Event
from jutong.center.remedy.enums import DisposalMethod
from jutong.center.remedy.enums import DisposalState as State
from jutong.center.remedy.errors import CopiesOpenError, NoCopiesDeclaredError
from jutong.center.remedy.models import Certificate, Disposal, DisposalCopy
from jutong.center.remedy.rules import DISPOSALS, DISPOSE_PERIOD
from jutong.center.sharing.errors import SamePersonError
from jutong.center.sharing.models import Grant
from jutong.center.sharing.numbers import next_number
from jutong.center.usage.models import Access
from jutong.kernel.calendar import CalendarYearMissingError
from jutong.kernel.clock import civil_date

logger = logging.getLogger(__name__)
SUBJECT = "disposal"
CLAUSE = "条例 27(1)"
QUIET = timedelta(days=1)
"""How long after the node confirmed the end its records are waited for before they prove silence."""
SERVED = "ok"
LONGEST_NOTE, LONGEST_BASIS, LONGEST_WITNESS = 500, 200, 64


@dataclass(frozen=True, slots=True)
class Silence:
    """What the records say about a grant after its end: calls answered and calls refused."""

    answered: int
    refused: int
    last_at: datetime | None


def open_disposal(grant: Grant, *, copies: Sequence[Copy], reason: str, by: Actor, now: datetime) -> Disposal | None:
    """Open the disposal of a grant that has just ended; None where it was never supplied.

    Args:
        grant: with its application, locked by the caller.
        copies: what the usage ledger says is kept.
        reason: why the grant ended.
        by: who ended it.
        now: when.
    """
    if grant.supplied_at is None and not Access.objects.filter(grant_id=grant.id).exists():
        return None
    case = Disposal.objects.create(
        number=next_number(common.DISPOSAL_NUMBER, now), grant=grant, state=State.OPEN, reason=reason[:LONGEST_NOTE],
        opened_at=now,
    )  # fmt: skip
    DisposalCopy.objects.bulk_create(
        DisposalCopy(disposal=case, kind=one.kind, place=one.place[:LONGEST_PLACE], from_ledger=True)
        for one in dict.fromkeys(copies)
    )
    _start_clock(case, by, now)
    common.record("remedy:disposal:open", SUBJECT, case, by, now, copies=len(copies))
    common.notify(
        grant.requester, None, gettext_noop("授权{grant}已结束，请处置已取得的数据并报送处置结果。"), _link(case), now,
        grant=grant.number,
    )  # fmt: skip
    return case


@transaction.atomic
def declare_copies(*, disposal: Disposal, copies: Sequence[Copy], by: Actor, now: datetime) -> Disposal:
    """Add copies the ledger does not tell of; up to 100 a disposal.

    Raises:
        InvalidInputError: for an unknown kind, an empty place or too many.
        StepNotAllowedError: once it was reported.
        WrongSideError: for others than the requester.
    """
    case = common.lock_disposal(disposal)
    _step(case, Event.DECLARE, by)
    known = {(row.kind, row.place) for row in case.copies.all()}
    fresh = [one for one in checked(copies, CLAUSE) if (one.kind, one.place) not in known]
    if len(known) + len(fresh) > MOST_COPIES:
        raise common.invalid("place", len(known) + len(fresh), str(MOST_COPIES), _("登记的副本太多"), CLAUSE)
    DisposalCopy.objects.bulk_create(DisposalCopy(disposal=case, kind=one.kind, place=one.place) for one in fresh)
    common.record("remedy:disposal:declare", SUBJECT, case, by, now, copies=len(fresh))
    return case


@transaction.atomic
def report_disposal(
    *, disposal: Disposal, handled: Mapping[int, Handling], nothing_kept: bool = False, by: Actor, now: datetime
) -> Disposal:
    """Report what was done with every copy; the certificate of destruction is made of it and the clock stops.

    Args:
        disposal: an open one.
        handled: by the id of the copy.
        nothing_kept: said by whoever kept no copy at all.
        by: the requester.
        now: when.

    Raises:
        InvalidInputError: for an unknown method, a day to come, or a kept copy without the law that says so.
        CopiesOpenError: while a copy is not accounted for.
        NoCopiesDeclaredError: with no copy and no word that none was kept.
        WrongSideError: for others than the requester.
    """
    case = common.lock_disposal(disposal)
    row = _step(case, Event.REPORT, by)
    copies = list(case.copies.all())
    if not copies and not nothing_kept:
        raise NoCopiesDeclaredError
    left = [copy.place for copy in copies if copy.pk not in handled or not handled[copy.pk].method]
    if left:
        raise CopiesOpenError(count=len(left), places="、".join(left[:5]))
    for copy in copies:
        _handle(copy, handled[copy.pk], now)
    fields = ["method", "done_on", "witness", "basis"]
    DisposalCopy.objects.bulk_update(copies, fields)
    case.state, case.reported_by_id, case.reported_at = row, common.user_id(by), now
    case.verified_by = case.verified_at = None
    case.problem = ""
    case.save(update_fields=["state", "reported_by", "reported_at", "verified_by", "verified_at", "problem"])
    certificate = make_certificate(case, copies, by=by, now=now)
    facts = {"disposal": case.number, "certificate": certificate.digest, "count": len(copies)}
    note_destruction(case.grant, facts=facts, by=by, now=now)
    if _clock_of(case) is not None:
        clocks.stop(subject_kind=SUBJECT, subject_id=case.id, period=DISPOSE_PERIOD, by=by, now=now)
    common.record(
        "remedy:disposal:report", SUBJECT, case, by, now, copies=len(copies), certificate=certificate.digest,
        kept=sum(copy.method == DisposalMethod.KEEP for copy in copies),
    )  # fmt: skip
    common.notify(
        case.grant.provider, None, gettext_noop("{who}报送了授权{grant}的处置结果，请核验。"), _link(case), now,
        who=by.organisation_name, grant=case.grant.number,
    )  # fmt: skip
    return case


@transaction.atomic
def return_disposal(*, disposal: Disposal, note: str, by: Actor, now: datetime) -> Disposal:
    """Send a report back with what is missing; a new period begins.

    Raises:
        InvalidInputError: without a reason.
        StepNotAllowedError: if nothing was reported.
        WrongSideError: for others than the provider.
    """
    case = common.lock_disposal(disposal)
    row = _step(case, Event.RETURN, by)
    case.note = common.require_text("note", note, limit=LONGEST_NOTE, message=_("请写明哪里不符合"), clause=CLAUSE)
    case.state, case.round = row, case.round + 1
    case.save(update_fields=["state", "round", "note"])
    _start_clock(case, by, now)
    common.record("remedy:disposal:return", SUBJECT, case, by, now, reason=case.note, round=case.round)
    common.notify(
        case.grant.requester, None, gettext_noop("{who}退回了授权{grant}的处置结果：{note}"), _link(case), now,
        who=by.organisation_name, grant=case.grant.number, note=case.note[:100],
    )  # fmt: skip
    return case


@transaction.atomic
def verify_disposal(*, disposal: Disposal, note: str = "", by: Actor, now: datetime) -> Disposal:
    """Accept a report as the provider; the platform's own proof of silence is still to come.

    Raises:
        SamePersonError: if the same person reported it.
        StepNotAllowedError: if nothing was reported.
        WrongSideError: for others than the provider.
    """
    case = common.lock_disposal(disposal)
    row = _step(case, Event.VERIFY, by)
    if case.reported_by_id == by.user_id and case.reported_by is not None:
        raise SamePersonError(first=_("报送"), second=_("核验"), name=case.reported_by.name)
    case.state, case.note, case.problem = row, note.strip()[:LONGEST_NOTE], ""
    case.verified_by_id, case.verified_at, case.seen_until = common.user_id(by), now, now
    case.save(update_fields=["state", "note", "problem", "verified_by", "verified_at", "seen_until"])
    common.record("remedy:disposal:verify", SUBJECT, case, by, now)
    common.notify(
        case.grant.requester, None, gettext_noop("{who}核验通过了授权{grant}的处置结果。"), _link(case), now,
        who=by.organisation_name, grant=case.grant.number,
    )  # fmt: skip
    prove(case, now=now)
    return case


def silence(grant: Grant, *, since: datetime | None = None) -> Silence:
    """Return the calls on record after a grant ended, answered ones after ``since`` only where it is given."""
    start = grant.end_confirmed_at or grant.ended_at
    if start is None:
        return Silence(0, 0, None)
    answered = Q(outcome=SERVED)
    if since is not None:
        answered &= Q(at__gt=since)
    found = Access.objects.filter(grant_id=grant.id, at__gt=start).aggregate(
        answered=Count("pk", filter=answered), refused=Count("pk", filter=~Q(outcome=SERVED)), last_at=Max("at")
    )
    return Silence(**found)


def prove(case: Disposal, *, now: datetime) -> None:
    """Close a verified disposal where the node confirmed the end and answered nothing since; locked by the caller.

    An answer after the end sends it back to the provider with the number of answers.
    """
    by, grant = platform_actor("disposal proof"), case.grant
    found = silence(grant, since=case.seen_until)
    if found.answered:
        case.state = _step(case, Event.OBJECT, by)
        case.problem = _("停用后仍有%(n)s次调用得到了答复") % {"n": found.answered}
        case.verified_by = case.verified_at = None
        case.save(update_fields=["state", "problem", "verified_by", "verified_at"])
        common.record("remedy:disposal:object", SUBJECT, case, by, now, answered=found.answered)
        text = gettext_noop("授权{grant}停用后仍有调用得到答复，请提供方核查。")
        common.tell_sides(grant, text, _link(case), by, now, grant=grant.number)
        return
    if grant.end_confirmed_at is None or now < grant.end_confirmed_at + QUIET:
        return
    case.state, case.disposed_at = _step(case, Event.PROVE, by), now
    case.save(update_fields=["state", "disposed_at"])
    common.record("remedy:disposal:prove", SUBJECT, case, by, now, refused=found.refused)
    text = gettext_noop("授权{grant}的数据已处置，停用后没有再得到过答复。")
    common.tell_sides(grant, text, _link(case), by, now, grant=grant.number)


def prove_disposals(*, now: datetime, limit: int = 200) -> int:
    """Look for the proof of every verified disposal, each in a transaction of its own. Returns how many were closed."""
    waiting = Disposal.objects.filter(state=State.VERIFIED).order_by("verified_at").values_list("id", flat=True)
    return sum(_prove(disposal_id, now) for disposal_id in list(waiting[:limit]))


@transaction.atomic
def _prove(disposal_id: UUID, now: datetime) -> bool:
    case = common.lock_disposal(Disposal.objects.get(id=disposal_id))
    if case.state != State.VERIFIED:
        return False
    prove(case, now=now)
    return case.disposed_at is not None


def _step(case: Disposal, event: Event, by: Actor) -> str:
    return common.step(DISPOSALS, case.state, event, case.grant, label=case.number, by=by).next


def _handle(copy: DisposalCopy, handling: Handling, now: datetime) -> None:
    if handling.method not in DisposalMethod.values:
        labels = "、".join(map(str, DisposalMethod.labels))
        raise common.invalid(f"method-{copy.pk}", handling.method, labels, _("请选择处置方式"), CLAUSE)
    if handling.done_on is None or handling.done_on > civil_date(now):
        raise common.invalid(f"done-{copy.pk}", handling.done_on, "", _("请写明已经处置的日期，不能晚于今天"), CLAUSE)
    if handling.method == DisposalMethod.KEEP and not handling.basis.strip():
        raise common.invalid(f"basis-{copy.pk}", "", "", _("依法留存的，请写明法律依据"), CLAUSE)
    copy.method, copy.done_on = handling.method, handling.done_on
    copy.witness = handling.witness.strip()[:LONGEST_WITNESS]
    copy.basis = handling.basis.strip()[:LONGEST_BASIS]


def _start_clock(case: Disposal, by: Actor, now: datetime) -> None:
    """Start the period, unless the calendar of its last day is missing: a grant's end waits for no calendar."""
    try:
        clocks.start(
            period=DISPOSE_PERIOD, subject_kind=SUBJECT, subject_id=case.id, subject_label=case.number,
            organisation=case.grant.requester, by=by, now=now,
        )  # fmt: skip
    except CalendarYearMissingError as missing:
        logger.warning("%s runs without its period: %s", case.number, missing.code)


def _clock_of(case: Disposal) -> StatutoryClock | None:
    rows = StatutoryClock.objects.filter(subject_kind=SUBJECT, subject_id=str(case.id), state__in=OPEN)
    return rows.first()


def start_missing_clocks(*, now: datetime, limit: int = 200) -> int:
    """Start the periods that waited for a calendar, from the day the calendar is there. Returns how many."""
    kept = StatutoryClock.objects.filter(subject_kind=SUBJECT, state__in=OPEN).values("subject_id")
    waiting = Disposal.objects.filter(state=State.OPEN).annotate(key=Cast("id", CharField())).exclude(key__in=kept)
    count = 0
    for case in waiting.select_related("grant__requester").order_by("opened_at")[:limit]:
        with transaction.atomic():
            _start_clock(case, platform_actor("disposal clocks"), now)
            count += _clock_of(case) is not None
    return count


def _link(case: Disposal) -> str:
    return f"/disposals/{case.number}"


def certificate_of(case: Disposal) -> Certificate | None:
    """Return the certificate of the last report."""
    return case.certificates.order_by("-round").first()
