"""The one way an audit event is written: inside the transaction of the action it tells about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from jutong.center.audit.models import AuditEvent
from jutong.center.bulk import MANY, copy_rows
from jutong.center.org.actor import Actor
from jutong.kernel.ids import uuid7


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
    told = list(subjects)
    if len(told) < MANY:
        AuditEvent.objects.bulk_create((_event(event, subject, by, now) for subject in told), batch_size=500)
        return
    copy_rows(AuditEvent, _NAMES, ((uuid7(), *_values(event, subject, by, now)) for subject in told))


_KEPT = (
    "at", "event", "subject_kind", "subject_id", "subject_label", "actor_username", "actor_name", "actor_role",
    "organisation_code", "organisation_name", "details",
)  # fmt: skip
_NAMES = ("id", *_KEPT)


def _event(event: str, subject: Subject, by: Actor, now: datetime) -> AuditEvent:
    return AuditEvent(**dict(zip(_KEPT, _values(event, subject, by, now), strict=True)))


def _values(event: str, subject: Subject, by: Actor, now: datetime) -> tuple[Any, ...]:
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError(f"{event} must be recorded inside the transaction of its action")
    return (
        now,
        event,
        subject.kind,
        str(subject.id),
        subject.label[:200],
        by.username,
        by.name,
        by.role,
        by.organisation_code,
        by.organisation_name,
        dict(subject.details),
    )
