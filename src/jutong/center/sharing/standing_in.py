"""Who may consent in a head's place today."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from jutong.center.org import queries as org
from jutong.center.org.actor import Actor
from jutong.center.org.enums import Role
from jutong.center.org.permissions import Permission
from jutong.center.sharing.enums import Event
from jutong.center.sharing.office import Delegation
from jutong.kernel.clock import civil_date

DELEGATES = (Role.REQUESTER, Role.STEWARD, Role.OFFICE_HEAD)
"""Posts of the office whose holders a head may choose from."""
CONSENTS = frozenset({Event.CONSENT, Event.DECLINE, Event.AGREE, Event.REFUSE, Event.RETURN_REPLY})
"""Steps a delegation is about, and no others."""


def delegation_of(by: Actor, now: datetime) -> Delegation | None:
    """Return the delegation the actor may consent under now; none once its head has left the post."""
    if by.user_id is None or by.organisation_id is None or by.role not in DELEGATES:
        return None
    today = civil_date(now)
    found = Delegation.objects.filter(
        organisation_id=by.organisation_id, delegate_id=by.user_id, valid_from__lte=today, valid_until__gte=today,
        revoked_at=None,
    ).select_related("head")  # fmt: skip
    heads = org.open_posts().filter(organisation_id=by.organisation_id, role=Role.OFFICE_HEAD)
    return found.filter(head_id__in=heads.values("user_id")).order_by("valid_from").first()


def as_head(by: Actor, needs: Permission, now: datetime) -> tuple[Actor, Delegation | None]:
    """Return who takes a step of consent: the actor, or the actor in the head's post under a delegation.

    Only admission looks at the result; whatever is written down names the person who acted and whose place it was.
    """
    if org.has(by, needs):
        return by, None
    delegation = delegation_of(by, now)
    return (by, None) if delegation is None else (replace(by, role=Role.OFFICE_HEAD), delegation)
