"""The one way an audit event is written: inside the transaction of the action it tells about."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from jutong.center.audit.models import AuditEvent
from jutong.center.org.actor import Actor


def record(
    *,
    event: str,
    by: Actor,
    now: datetime,
    subject_kind: str,
    subject_id: object,
    subject_label: str = "",
    **details: Any,
) -> AuditEvent:
    """Write one audit event. ``event`` reads ``domain:object:verb`` and is documented in docs/events.md.

    Raises:
        RuntimeError: outside a transaction, because the event and its effect must commit together.
    """
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError(f"{event} must be recorded inside the transaction of its action")
    return AuditEvent.objects.create(
        at=now,
        event=event,
        subject_kind=subject_kind,
        subject_id=str(subject_id),
        subject_label=subject_label[:200],
        actor_username=by.username,
        actor_name=by.name,
        actor_role=by.role,
        organisation_code=by.organisation_code,
        organisation_name=by.organisation_name,
        details=details,
    )
