"""What nodes report of marks, and how everybody who had received a row says that the new value arrived."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from jutong.center.correction.actions import marking
from jutong.center.correction.actions._common import (
    RECIPIENT,
    SUBJECT,
    begin,
    lock,
    moved,
    start_confirming,
    stop_clock,
    tell,
    write_step,
)
from jutong.center.correction.enums import CorrectionEvent as Ev
from jutong.center.correction.enums import CorrectionState as S
from jutong.center.correction.enums import MarkState, ReceiptWay
from jutong.center.correction.errors import ConfirmedAlreadyError, NotRecipientError
from jutong.center.correction.models import Correction, Recipient, Trace
from jutong.center.correction.rules import CONFIRM_PERIOD
from jutong.center.fleet import queries as fleet
from jutong.center.fleet.models import Node
from jutong.center.org.actor import Actor, platform_actor
from jutong.center.org.queries import NOBODY
from jutong.center.sharing.models import Grant
from jutong.center.usage.models import Access
from jutong.contracts.receipts import ConfirmedReceipt, MarkReceipt
from jutong.kernel.i18n import gettext_noop

MARKED = gettext_noop("“{entry}”里本部门用过的一条数据已标注异议（{number}），业务不必等待")
ARRIVED = gettext_noop("“{entry}”里本部门用过的一条数据已更正（{number}），请取得更正值并确认")
HEALED = gettext_noop("“{entry}”里本部门用过的一条数据已按更正后的来源重新融合（{number}）")
_SHOWN = {"open": MarkState.OPEN, "corrected": MarkState.CORRECTED, "lifted": MarkState.LIFTED}
_OK = "ok"


def _known(node: Node, number: str) -> Correction | None:
    if not fleet.was_ordered(node, "mark", number):
        return None
    found = Correction.objects.filter(number=number, node=node).values_list("id", flat=True).first()
    return lock(found) if found else None


@transaction.atomic
def marked(*, node: Node, receipt: MarkReceipt, by: Actor, now: datetime) -> str:
    """Keep what a node says of a mark. Returns why nothing changed, or nothing."""
    found = _known(node, receipt.correction_number)
    if found is None:
        return f"mark {receipt.correction_number[:40]} was never ordered here"
    add_recipients(found, node, receipt.grants, by, now)
    if receipt.state == "failed":
        found.mark, found.mark_problem = MarkState.FAILED, receipt.problem[:500]
    elif receipt.state != marking.wanted(found):
        return f"{receipt.state} is no longer what {found.number} asks for"
    else:
        _show(found, receipt, now)
    found.save(update_fields=["mark", "mark_problem", "matched", "marked_at", "unmarked_at"])
    write_step(found, Ev.MARK, by, now, note=f"{receipt.state}: {receipt.matched}")
    if found.mark == MarkState.CORRECTED:
        tell_recipients(found, by, now)
        close_if_done(found, now)
    return ""


def _show(found: Correction, receipt: MarkReceipt, now: datetime) -> None:
    found.mark, found.mark_problem, found.matched = _SHOWN[receipt.state], "", max(0, receipt.matched)
    if found.mark == MarkState.OPEN:
        found.marked_at, found.unmarked_at = found.marked_at or now, None
    else:
        found.unmarked_at = now


def _uuids(texts: Iterable[str]) -> list[UUID]:
    found = []
    for text in texts:
        try:
            found.append(UUID(text))
        except ValueError:
            continue
    return found


def add_recipients(found: Correction, node: Node, grant_ids: Iterable[str], by: Actor, now: datetime) -> None:
    """Add the holders of grants of this entry at this node; a grant the node was never ordered to serve counts not."""
    allowed = _uuids(fleet.ordered_grants(node, grant_ids))
    known = set(found.recipients.values_list("grant_id", flat=True))
    served = Q(entry=found.entry) | Q(entry__code__in=found.also)
    for grant in (
        Grant.objects.filter(served, id__in=allowed).exclude(id__in=known).select_related("requester", "entry")
    ):
        row = Recipient.objects.create(correction=found, grant=grant, organisation=grant.requester, found_at=now)
        if found.state == S.TRAVELLING and found.mark == MarkState.CORRECTED:
            _tell(found, row, by, now)
        elif grant.requester_id != found.raiser_id:
            said = HEALED if found.closed_at is not None else MARKED
            tell(grant.requester, said, found, now, entry=grant.entry.published_name)


def traced(trace: Trace, by: Actor, now: datetime) -> None:
    """Count those as recipients whose records a trace found; called when the node has answered it."""
    found = lock(trace.subject_id)
    records = list(trace.hits.values_list("record_id", flat=True))
    grants = (
        Access.objects.filter(record_id__in=records, outcome=_OK, rows__gt=0)
        .order_by("grant_id")
        .values_list("grant_id", flat=True)
        .distinct()
    )
    add_recipients(found, trace.node, [str(grant) for grant in grants], by, now)


def tell_healed(found: Correction, now: datetime) -> int:
    """Tell everybody who had received the row that what was made of it holds the new value; return how many."""
    rows = found.recipients.select_related("organisation", "grant__entry")
    told = {row.organisation_id: row for row in rows}
    for row in told.values():
        tell(row.organisation, HEALED, found, now, entry=row.grant.entry.published_name)
    return len(told)


def tell_recipients(found: Correction, by: Actor, now: datetime) -> None:
    """Start the clocks of those who have to confirm the corrected value; each is told once."""
    for row in found.recipients.filter(told_at=None, confirmed_at=None).select_related("organisation"):
        _tell(found, row, by, now)


def _tell(found: Correction, row: Recipient, by: Actor, now: datetime) -> None:
    row.told_at = now
    row.save(update_fields=["told_at"])
    start_confirming(found, row.organisation, by, now, recipient_id=row.id)
    tell(row.organisation, ARRIVED, found, now, entry=found.version.name)


@transaction.atomic
def fetched(*, node: Node, receipt: ConfirmedReceipt, by: Actor, now: datetime) -> str:
    """Keep that holders fetched the corrected value. Returns why nothing changed, or nothing."""
    found = _known(node, receipt.correction_number)
    if found is None:
        return f"correction {receipt.correction_number[:40]} was never ordered here"
    if found.state != S.TRAVELLING:
        return f"{found.number} is not waiting for anybody"
    add_recipients(found, node, receipt.grant_ids, by, now)
    at = min(now, max(found.answered_at or now, datetime.fromtimestamp(receipt.time_ms / 1000, UTC)))
    rows = found.recipients.select_for_update().filter(grant_id__in=_uuids(receipt.grant_ids), confirmed_at=None)
    for row in rows:
        row.way, row.confirmed_at = ReceiptWay.FEED, at
        row.save(update_fields=["way", "confirmed_at"])
        stop_clock(RECIPIENT, row.id, CONFIRM_PERIOD, by, now)
        write_step(found, Ev.RECEIVE, by, now, note=row.organisation.short_name)
        if row.organisation_id == found.raiser_id:
            _raiser_confirmed(found, by, now)
    close_if_done(found, now)
    return ""


def _raiser_confirmed(found: Correction, by: Actor, now: datetime) -> None:
    if found.confirmed_at is None:
        found.confirmed_at = now
        found.save(update_fields=["confirmed_at"])
        stop_clock(SUBJECT, found.id, CONFIRM_PERIOD, by, now)


@transaction.atomic
def receive(*, correction: Correction, by: Actor, now: datetime) -> Correction:
    """Say for the own department that the corrected value arrived and was taken over.

    Raises:
        NotRecipientError: if nothing waits for the department.
    """
    found = begin(correction, Ev.RECEIVE, by)
    rows = list(
        found.recipients.select_for_update().filter(organisation_id=by.organisation_id or NOBODY, confirmed_at=None)
    )
    if not rows:
        raise NotRecipientError(number=found.number)
    for row in rows:
        row.way, row.confirmed_at, row.confirmed_by_id = ReceiptWay.HAND, now, by.user_id
        row.save(update_fields=["way", "confirmed_at", "confirmed_by"])
        stop_clock(RECIPIENT, row.id, CONFIRM_PERIOD, by, now)
    write_step(found, Ev.RECEIVE, by, now, note=by.organisation_name)
    close_if_done(found, now)
    return found


@transaction.atomic
def confirm(*, correction: Correction, by: Actor, now: datetime) -> Correction:
    """Take the answer: a refusal ends the case, a corrected one ends when everybody has confirmed.

    Raises:
        ConfirmedAlreadyError: if it was taken before.
    """
    found = begin(correction, Ev.CONFIRM, by)
    if found.confirmed_at is not None:
        raise ConfirmedAlreadyError(number=found.number)
    moved(found, Ev.CONFIRM)
    found.confirmed_at = now
    if found.state == S.CLOSED:
        archive(found, now)
    found.save(update_fields=["state", "confirmed_at", "closed_at", "archive_number"])
    stop_clock(SUBJECT, found.id, CONFIRM_PERIOD, by, now)
    write_step(found, Ev.CONFIRM, by, now)
    if found.state == S.TRAVELLING:
        close_if_done(found, now)
    return found


def archive(found: Correction, now: datetime) -> None:
    """Give the case its archive number; the caller saves it."""
    found.closed_at, found.archive_number = now, f"DA-{found.number}"


def close_if_done(found: Correction, now: datetime) -> bool:
    """Close a case whose new value is out and confirmed by everybody it went to. Returns whether it did."""
    by = platform_actor("correction")
    waiting = found.recipients.filter(confirmed_at=None).exists()
    out = found.mark in {MarkState.CORRECTED, MarkState.NONE}
    if found.state != S.TRAVELLING or waiting or not out or found.confirmed_at is None:
        return False
    moved(found, Ev.CLOSE)
    archive(found, now)
    found.save(update_fields=["state", "closed_at", "archive_number"])
    write_step(found, Ev.CLOSE, by, now)
    return True
