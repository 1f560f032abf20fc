"""What every step of this app shares: locks, admission, the audit event and notices.

Rows are locked in the order application, grant, case, so that a remedy and a decision on the grant itself wait for
each other and never in a circle.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db.models import TextChoices

from jutong.center.audit import actions as audit
from jutong.center.org.actor import Actor
from jutong.center.process.admission import admit
from jutong.center.process.sides import Side
from jutong.center.process.table import Machine, Row
from jutong.center.remedy.models import Disposal, Rectification
from jutong.center.sharing.actions import _common as sharing
from jutong.center.sharing.models import Grant
from jutong.center.sharing.parties import sides_of
from jutong.kernel.errors import InvalidInputError, NotFoundError

RECTIFICATION_NUMBER, DISPOSAL_NUMBER = "ZG", "CZ"
require_text = sharing.require_text
user_id = sharing.user_id
notify = sharing.notify


def lock_grant(grant_id: UUID) -> Grant:
    """Return a grant with its application, both locked."""
    grant, application = sharing.lock_grant(grant_id)
    grant.application = application
    return grant


def lock_rectification(rectification: Rectification) -> Rectification:
    """Return a rectification, locked after its grant."""
    grant = lock_grant(rectification.grant_id)
    found = (
        Rectification.objects.select_for_update(of=("self",))
        .select_related("ordered_by_office", "ordered_by")
        .get(id=rectification.id)
    )
    found.grant = grant
    return found


def lock_disposal(disposal: Disposal) -> Disposal:
    """Return a disposal, locked after its grant."""
    grant = lock_grant(disposal.grant_id)
    found = Disposal.objects.select_for_update(of=("self",)).select_related("reported_by").get(id=disposal.id)
    found.grant = grant
    return found


def sides(grant: Grant, by: Actor) -> frozenset[Side]:
    """Return where the actor stands towards a grant and every remedy on it."""
    return sides_of(grant.application, by)


def step(machine: Machine, state: str, event: TextChoices, grant: Grant, *, label: str, by: Actor) -> Row:
    """Return the row of a step the actor may take now; raises what ``admission.admit`` raises."""
    return admit(machine, state, event, sides=sides(grant, by), label=label, by=by)


def require_side(grant: Grant, wanted: Collection[Side], by: Actor) -> Side:
    """Return the first of the wanted sides the actor stands on.

    Raises:
        NotFoundError: if the actor stands on none of them.
    """
    found = sides(grant, by)
    for side in wanted:
        if side in found:
            return side
    raise NotFoundError(what=grant.number)


def invalid(field: str, found: object, allowed: str, message: str, clause: str = "") -> InvalidInputError:
    """Return the refusal of one field."""
    row = {"field": field, "found": str(found)[:64], "allowed": allowed, "message": message, "clause": clause}
    return InvalidInputError(problems=[row])


def record(event: str, kind: str, case: Rectification | Disposal, by: Actor, now: datetime, **details: object) -> None:
    """Write the audit event of a step of a case."""
    audit.record(
        event=event, by=by, now=now, subject_kind=kind, subject_id=case.id, subject_label=case.number,
        state=case.state, grant=case.grant.number, **details,
    )  # fmt: skip


def tell_sides(grant: Grant, text: str, link: str, by: Actor, now: datetime, /, **fields: object) -> None:
    """Leave a notice for both sides of a grant, except the one that acts."""
    for organisation in (grant.requester, grant.provider):
        if organisation.id != by.organisation_id:
            notify(organisation, None, text, link, now, **fields)
