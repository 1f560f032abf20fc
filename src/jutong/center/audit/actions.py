"""The one way an audit event is written: inside the transaction of the action it tells about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
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
    made = _event(event, Subject(subject_kind, subject_id, subject_label, details), by, now)
    made.save(force_insert=True)
    return made


@dataclass(frozen=True, slots=True)
class Subject:
    """What one event of many is about, with what is kept of it besides."""

    kind: str
    id: object
    label: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)


def record_all(*, event: str, by: Actor, now: datetime, subjects: Iterable[Subject]) -> None:
    """Write one audit event per subject, as ``record`` does, for actions on many things at once.

    Raises:
        RuntimeError: outside a transaction.
    """
    AuditEvent.objects.bulk_create((_event(event, subject, by, now) for subject in subjects), batch_size=500)


def _event(event: str, subject: Subject, by: Actor, now: datetime) -> AuditEvent:
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError(f"{event} must be recorded inside the transaction of its action")
    return AuditEvent(
        at=now,
        event=event,
        subject_kind=subject.kind,
        subject_id=str(subject.id),
        subject_label=subject.label[:200],
        actor_username=by.username,
        actor_name=by.name,
        actor_role=by.role,
        organisation_code=by.organisation_code,
        organisation_name=by.organisation_name,
        details=dict(subject.details),
    )
