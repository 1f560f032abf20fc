"""A file comes in, its headers are understood or asked about, and it may be cancelled while it is worked on."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext

from jutong.center.audit.actions import record
from jutong.center.catalog.fields import EntryFields
from jutong.center.catalog.findings import GUIDE, Finding
from jutong.center.catalog.template import edition_in_force
from jutong.center.intake import codec, queue, storage
from jutong.center.intake.columns import label_of
from jutong.center.intake.enums import RUNNING, BatchKind, BatchState
from jutong.center.intake.errors import BatchBusyError, BatchStateError, MappingError
from jutong.center.intake.mapping import KEPT_FIELDS, ColumnMapping, known_fields, propose, samples_of
from jutong.center.intake.models import Batch
from jutong.center.intake.own_sheets import NOT_READ, YES_OR_NO
from jutong.center.intake.reading import read_bytes, shipped_limits
from jutong.center.intake.reading.cells import too_big
from jutong.center.intake.source_rows import as_json, listing_of, sheet_of, understood
from jutong.center.org.actor import Actor
from jutong.center.org.permissions import Permission
from jutong.center.org.queries import own_organisation, require
from jutong.kernel.clock import civil_date
from jutong.kernel.errors import InvalidInputError, NotFoundError
from jutong.kernel.i18n import gettext_noop

_LONGEST_NAME = 200
TWICE = gettext_noop("“{field}”选了不止一列")
NO_NAME = gettext_noop("没有一列是数据目录名称")


class Readable(Protocol):
    """A file somebody brings."""

    def read(self, size: int, /) -> bytes:
        """Return at most ``size`` bytes."""


@transaction.atomic
def receive(*, file: Readable, name: str, by: Actor, now: datetime) -> Batch:
    """Take a file in. Our own template is checked at once; for another the mapping of its headers is asked first.

    Nothing is written into the catalog.

    Raises:
        FileUnreadableError: one of its kinds, for a file that is broken, too big, a bomb or none of the formats.
        TemplateOutdatedError: for our own workbook in another edition.
        ForbiddenError: if ``by`` does not import.
        NotFoundError: if ``by`` acts for no department.
    """
    require(by, Permission.INTAKE_BATCH_MAKE)
    organisation = own_organisation(by)
    limit = shipped_limits().file_bytes
    content = file.read(limit + 1)
    if len(content) > limit:
        raise too_big(name, gettext_noop("文件字节数"), limit, len(content))
    listing = read_bytes(content, name=name)
    found = understood(listing, edition=edition_in_force(civil_date(now), organisation.division_code))
    batch = Batch.objects.create(
        kind=BatchKind.FILE,
        organisation=organisation,
        name=name[-_LONGEST_NAME:],
        digest=hashlib.sha256(content).hexdigest(),
        size=len(content),
        format=listing.format.value,
        template=found.edition,
        mapping=found.mapping,
        state=BatchState.CHECKING if found.own else BatchState.RECEIVED,
        created_by_id=by.user_id,
        created_at=now,
    )
    storage.keep(batch.id, content)
    note("receive", batch, by, now, digest=batch.digest, size=batch.size, format=batch.format)
    if found.own:
        queue.ask_check(batch.id)
    return batch


@transaction.atomic
def set_mapping(
    *,
    batch: Batch,
    choices: Mapping[str, str],
    defaults: Mapping[str, str],
    by: Actor,
    now: datetime,
    sheet: str = "",
) -> Batch:
    """Say which header is which field and what holds for every row, then check the rows.

    Args:
        batch: a batch of a file with headers of its own.
        choices: header to field, empty for none; a header that is not named keeps what was proposed.
        defaults: field to the text a cell would have.
        by: who decides.
        now: when.
        sheet: name of another sheet to take; its headers are proposed anew first.

    Raises:
        MappingError: if no column is the name, one field is given twice, or a field is unknown.
        InvalidInputError: for a default that is no value of its field.
        BatchBusyError: while a job works on it.
        BatchStateError: if it came from no file, or drafts were made.
        NotFoundError: if it is another department's.
    """
    locked = open_batch(batch.id, by, gettext("改表头对应"))
    if locked.kind != BatchKind.FILE or locked.state == BatchState.DRAFTED:
        raise BatchStateError(name=locked.name, state=locked.get_state_display(), step=gettext("改表头对应"))
    if not locked.mapping.get("own"):
        locked.mapping = _mapped(locked, choices, sheet)
    locked.defaults = read_defaults(defaults)
    locked.state, locked.done, locked.total, locked.counts, locked.problem = BatchState.CHECKING, 0, 0, {}, {}
    locked.finished_at = None
    locked.save()
    note("map", locked, by, now, fields=sorted(filter(None, (row["field"] for row in locked.mapping["columns"]))))
    queue.ask_check(locked.id)
    return locked


def _mapped(batch: Batch, choices: Mapping[str, str], sheet: str) -> dict[str, Any]:
    mapping, name = ColumnMapping.from_rows(batch.mapping["columns"]), batch.mapping["sheet"]
    if sheet and sheet != name:
        chosen = sheet_of(listing_of(batch), sheet)
        mapping, name = propose(chosen.headers, samples_of(chosen)), chosen.name
    allowed = {*known_fields(), ""}
    given = [field for field in choices.values() if field and field not in KEPT_FIELDS]
    for field in choices.values():
        if field not in allowed:
            raise MappingError(problem=field[:64])
    for field in given:
        if given.count(field) > 1:
            raise MappingError(problem=gettext(TWICE).format(field=gettext(label_of(field.removeprefix("item.")))))
    mapping = mapping.changed(choices)
    if "name" not in mapping.fields:
        raise MappingError(problem=gettext(NO_NAME))
    return as_json(name, mapping)


def read_defaults(texts: Mapping[str, str]) -> dict[str, Any]:
    """Return what holds for every row: field to value, from the texts a cell would have; empty ones are left out.

    Raises:
        InvalidInputError: for a text that is no value of its field.
    """
    found: dict[str, Any] = {}
    for name, text in texts.items():
        if name not in EntryFields.__dataclass_fields__ or not text.strip():
            continue
        try:
            found[name] = codec.read(name, text)
        except codec.UnreadableError as error:
            finding = Finding("VC-00", name, label_of(name), GUIDE, NOT_READ, YES_OR_NO, text[:100])
            raise InvalidInputError(problems=[finding.as_row()]) from error
    return {name: value for name, value in found.items() if value not in ("", False, [])}


@transaction.atomic
def cancel(*, batch: Batch, by: Actor, now: datetime) -> Batch:
    """Stop working on a batch. What is drafted stays; a batch that was being checked is put away.

    Raises:
        BatchStateError: if nothing works on it and there is nothing to put away.
        NotFoundError: if it is another department's.
    """
    locked = own_batch(batch.id, by)
    if locked.state in {BatchState.DRAFTED, BatchState.CANCELLED}:
        raise BatchStateError(name=locked.name, state=locked.get_state_display(), step=gettext("取消"))
    locked.state = BatchState.READY if locked.state == BatchState.DRAFTING else BatchState.CANCELLED
    locked.finished_at = now
    locked.save(update_fields=["state", "finished_at"])
    note("cancel", locked, by, now, done=locked.done)
    return locked


def own_batch(batch_id: UUID, by: Actor) -> Batch:
    """Return a batch of the actor's department, its row locked.

    Raises:
        NotFoundError: if there is none.
        ForbiddenError: if ``by`` does not import.
    """
    require(by, Permission.INTAKE_BATCH_MAKE)
    found = Batch.objects.select_for_update(of=("self",)).select_related("organisation").filter(id=batch_id).first()
    if found is None or not is_party(found, by):
        raise NotFoundError(what=str(batch_id))
    return found


def is_party(batch: Batch, by: Actor) -> bool:
    """Whether a batch is the actor's: the department's own, or a harvest in which it has proposals."""
    if batch.organisation_id is not None:
        return batch.organisation_id == by.organisation_id
    return by.organisation_id is not None and batch.proposals.filter(organisation_id=by.organisation_id).exists()


def open_batch(batch_id: UUID, by: Actor, step: str) -> Batch:
    """Return a batch on which nothing works now, its row locked.

    Raises:
        BatchBusyError: while a job works on it.
        NotFoundError: if it is another department's.
    """
    locked = own_batch(batch_id, by)
    if locked.state in RUNNING:
        raise BatchBusyError(name=locked.name, state=locked.get_state_display(), step=step)
    return locked


def note(verb: str, batch: Batch, by: Actor, now: datetime, **details: object) -> None:
    """Record an audit event about a batch."""
    record(
        event=f"intake:batch:{verb}",
        by=by,
        now=now,
        subject_kind="batch",
        subject_id=batch.id,
        subject_label=batch.name,
        kind=batch.kind,
        **details,
    )
