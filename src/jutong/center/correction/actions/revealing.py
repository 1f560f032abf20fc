"""Showing what a case says of a person: to the two sides alone, and never without a trace."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from jutong.center.audit import actions as audit
from jutong.center.correction import queries
from jutong.center.correction.actions._common import SUBJECT
from jutong.center.correction.actions.materials import File, content_of
from jutong.center.correction.models import Correction
from jutong.center.org.actor import Actor
from jutong.center.process.sides import Side
from jutong.kernel.errors import NotFoundError


def _record(correction: Correction, by: Actor, now: datetime, what: str) -> None:
    audit.record(
        event="correction:case:reveal", by=by, now=now, subject_kind=SUBJECT, subject_id=correction.id,
        subject_label=correction.number, what=what,
    )  # fmt: skip


@transaction.atomic
def reveal(*, number: str, by: Actor, now: datetime) -> queries.CaseView:
    """Return a case with its values as they are; that somebody looked is recorded.

    Raises:
        NotFoundError: for others than the two sides.
    """
    view = queries.correction(by, number, now=now)
    if not view.may_reveal:
        raise NotFoundError(what=number)
    _record(view.correction, by, now, "values")
    return queries.opened_view(view)


@transaction.atomic
def reveal_material(*, number: str, material_id: UUID, by: Actor, now: datetime) -> tuple[File, str]:
    """Return a file of a case and its media type; that somebody took it is recorded.

    Raises:
        NotFoundError: for others than the two sides, or if there is none.
    """
    view = queries.correction(by, number, now=now)
    found = view.correction.materials.filter(id=material_id).first()
    if found is None or not view.sides & {Side.REQUESTER, Side.PROVIDER}:
        raise NotFoundError(what=number)
    _record(view.correction, by, now, "material")
    return content_of(found), found.media_type
