"""The shipped library of data elements, taken into the registry by an action that may be repeated."""

from __future__ import annotations

from datetime import date, datetime

from django.db import connection, transaction

from jutong.center.audit import actions as audit
from jutong.center.norms.enums import ElementState
from jutong.center.norms.models import DataElement, ElementVersion
from jutong.center.org import queries as org
from jutong.center.org.actor import Actor
from jutong.center.org.permissions import Permission
from jutong.standards import elements as standard
from jutong.standards.shipped import read_json

_LOCK = 0x6A75_6E6C


@transaction.atomic
def load_library(*, by: Actor, now: datetime) -> int:
    """Publish the shipped elements that are not there yet; those that are there stay as governance left them.

    Returns how many were added.

    Raises:
        ForbiddenError: if ``by`` may not review elements.
    """
    org.require(by, Permission.NORMS_ELEMENT_REVIEW)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    known = set(DataElement.objects.values_list("code", flat=True))
    rows = [row for row in standard.shipped() if row.code not in known]
    if not rows:
        return 0
    document = read_json("elements.json")
    first_day = date.fromisoformat(document["effective_from"])
    elements = DataElement.objects.bulk_create(
        DataElement(code=row.code, published_name=row.name, created_at=now, updated_at=now) for row in rows
    )
    versions = ElementVersion.objects.bulk_create(
        _version(element, row, first_day, now) for element, row in zip(elements, rows, strict=True)
    )
    for element, version in zip(elements, versions, strict=True):
        element.published = version
    DataElement.objects.bulk_update(elements, ["published"])
    audit.record(
        event="norms:element:load", by=by, now=now, subject_kind="element", subject_id="library",
        count=len(rows), version=document["version"],
    )  # fmt: skip
    return len(rows)


def _version(element: DataElement, row: standard.Element, first_day: date, now: datetime) -> ElementVersion:
    return ElementVersion(
        element=element,
        number=1,
        state=ElementState.PUBLISHED,
        name=row.name,
        english_name=row.english_name,
        synonyms=list(row.synonyms),
        definition=row.definition,
        data_type=row.data_type,
        length=row.length,
        precision=row.precision,
        pattern=row.pattern,
        code_table=row.code_table,
        standard=row.standard,
        effective_from=first_day,
        created_at=now,
        decided_at=now,
    )
