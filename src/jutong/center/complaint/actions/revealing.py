"""Showing what somebody wrote: to the receiving department alone, and never without a trace."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from jutong.center.audit import actions as audit
from jutong.center.complaint import queries
from jutong.center.org.actor import Actor
from jutong.kernel.errors import NotFoundError


@transaction.atomic
def reveal(*, number: str, by: Actor, now: datetime) -> queries.ComplaintView:
    """Return a complaint with its words; that somebody looked is recorded.

    Raises:
        NotFoundError: for others than the receiving department.
    """
    view = queries.complaint(by, number, now=now)
    if not view.may_reveal:
        raise NotFoundError(what=number)
    audit.record(
        event="complaint:case:reveal", by=by, now=now, subject_kind="complaint", subject_id=view.complaint.id,
        subject_label=number,
    )  # fmt: skip
    return queries.opened_view(view)
