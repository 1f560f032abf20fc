"""What a person puts in the place of what was read, one cell or one problem for all rows, and what is not wanted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext

from jutong.center.catalog.fields import EntryFields, ItemFields
from jutong.center.catalog.findings import GUIDE, Finding
from jutong.center.catalog.template import edition_in_force
from jutong.center.intake import codec, queue
from jutong.center.intake import items as texts
from jutong.center.intake.actions.checking import judge_again
from jutong.center.intake.actions.receiving import note, open_batch
from jutong.center.intake.actions.storing import SETTLED, recount, take_names
from jutong.center.intake.columns import CODE, EXTENSION, ITEMS, PROVIDER, Column, entry_columns, label_of
from jutong.center.intake.enums import BatchState, Outcome
from jutong.center.intake.errors import BatchStateError
from jutong.center.intake.models import Batch, Proposal
from jutong.center.intake.own_sheets import NOT_READ, WHOLE_NUMBER, YES_OR_NO
from jutong.center.intake.row import problem_key
from jutong.center.intake.surroundings import department
from jutong.center.org.actor import Actor
from jutong.center.org.queries import NOBODY, own_organisation
from jutong.kernel.clock import civil_date
from jutong.kernel.errors import InvalidInputError, NotFoundError
from jutong.kernel.i18n import gettext_noop

AT_ONCE = 1000
"""Rows judged again while the person waits; more are left to the worker."""
_OF_ITEM = 3
"""Parts of a place such as ``items.0.name``."""
NO_SUCH_PLACE = gettext_noop("没有这一栏")
LOOK_AGAIN = gettext_noop("请刷新后再改")


@transaction.atomic
def fix(*, batch: Batch, edits: Mapping[UUID, Mapping[str, str]], by: Actor, now: datetime) -> Batch:
    """Put texts in places of proposals and judge those rows again.

    Args:
        batch: the batch; nothing may be at work on it.
        edits: proposal to place (``update_cycle``, ``items.2.length``) to the text a cell would have.
        by: who corrects.
        now: when.

    Raises:
        InvalidInputError: for a place a row does not have, or a text that is no value of it.
        BatchBusyError: while a job works on the batch.
        BatchStateError: if it was put away.
        NotFoundError: if it is another department's, or a proposal is not the batch's.
    """
    locked = _open(batch, by)
    columns = _extensions(by, now)
    proposals = list(_own(locked, by).select_for_update().filter(id__in=list(edits)).order_by("line"))
    if len(proposals) != len(edits):
        raise NotFoundError(what=gettext("要改的行"))
    for proposal in proposals:
        for place, text in edits[proposal.id].items():
            proposal.fixes = {**proposal.fixes, place: _value(proposal, place, text, columns)}
    _save(locked, proposals, by, now)
    note("fix", locked, by, now, rows=len(proposals), places=sorted({place for row in edits.values() for place in row}))
    return locked


def fix_cell(*, proposal: Proposal, field: str, value: str, by: Actor, now: datetime) -> Batch:
    """Put a text in one place of one proposal and judge the row again; see :func:`fix`."""
    return fix(batch=proposal.batch, edits={proposal.id: {field: value}}, by=by, now=now)


@transaction.atomic
def fix_group(*, batch: Batch, key: str, text: str, by: Actor, now: datetime) -> int:
    """Put one text in the place of one problem in every row that has it. Returns how many rows.

    Args:
        batch: the batch; nothing may be at work on it.
        key: the problem as ``row.problem_key`` names it.
        text: the text a cell would have.
        by: who corrects.
        now: when.

    Raises:
        InvalidInputError: for a text that is no value of the place.
        BatchBusyError: while a job works on the batch.
        NotFoundError: if it is another department's, or no row has the problem.
    """
    locked = _open(batch, by)
    columns = _extensions(by, now)
    proposals = []
    for proposal in _own(locked, by).select_for_update().exclude(outcome__in=SETTLED).order_by("line"):
        places = [row["place"] for row in proposal.findings if row.get("place") and problem_key(row) == key]
        if places:
            proposal.fixes = {**proposal.fixes, **{place: _value(proposal, place, text, columns) for place in places}}
            proposals.append(proposal)
    if not proposals:
        raise NotFoundError(what=gettext("这个问题"))
    _save(locked, proposals, by, now)
    note("fix", locked, by, now, rows=len(proposals), problem=key)
    return len(proposals)


@transaction.atomic
def dismiss(*, batch: Batch, lines: Iterable[int], by: Actor, now: datetime) -> int:
    """Put rows away that shall not become entries. Returns how many.

    Raises:
        BatchBusyError: while a job works on the batch.
        NotFoundError: if it is another department's.
    """
    locked = _open(batch, by)
    rows = _own(locked, by).filter(line__in=list(lines)).exclude(outcome=Outcome.DRAFTED)
    count = rows.update(outcome=Outcome.DISMISSED)
    _count(locked)
    note("dismiss", locked, by, now, rows=count)
    return count


@transaction.atomic
def dismiss_group(*, batch: Batch, key: str, by: Actor, now: datetime) -> int:
    """Put every row away that has one problem, such as all repetitions of a name. Returns how many.

    Raises:
        BatchBusyError: while a job works on the batch.
        NotFoundError: if it is another department's, or no row has the problem.
    """
    locked = _open(batch, by)
    rows = _own(locked, by).exclude(outcome__in=SETTLED)
    lines = [row.line for row in rows if any(problem_key(finding) == key for finding in row.findings)]
    if not lines:
        raise NotFoundError(what=gettext("这个问题"))
    return dismiss(batch=locked, lines=lines, by=by, now=now)


@transaction.atomic
def check_again(*, batch: Batch, by: Actor, now: datetime) -> Batch:
    """Have every row judged anew against the catalog as it is now.

    Raises:
        BatchBusyError: while a job works on the batch.
        NotFoundError: if it is another department's.
    """
    locked = _open(batch, by)
    _hand_over(locked)
    note("recheck", locked, by, now)
    return locked


def _open(batch: Batch, by: Actor) -> Batch:
    locked = open_batch(batch.id, by, gettext("修改"))
    if locked.state not in {BatchState.READY, BatchState.DRAFTED}:
        raise BatchStateError(name=locked.name, state=locked.get_state_display(), step=gettext("修改"))
    return locked


def _extensions(by: Actor, now: datetime) -> dict[str, Column]:
    """Return the fields only the edition in force has, by place."""
    edition = edition_in_force(civil_date(now), by.division_code)
    return {column.field: column for column in entry_columns(edition) if column.field.startswith(EXTENSION)}


def _own(batch: Batch, by: Actor) -> QuerySet[Proposal]:
    return batch.proposals.filter(organisation_id=by.organisation_id or NOBODY)


def _value(proposal: Proposal, place: str, text: str, columns: Mapping[str, Column]) -> Any:
    parts = place.split(".")
    of_item = parts[0] == ITEMS
    if place in columns:
        return codec.read_extension(columns[place], text)
    if place == ITEMS and not proposal.items:
        return [{"name": name, "data_type": texts.type_of(name)} for name in texts.listed(text)]
    if not _exists(proposal, parts, of_item=of_item):
        raise _refused(place, NO_SUCH_PLACE, LOOK_AGAIN, text)
    try:
        return codec.read(parts[-1], text, of_item=of_item)
    except codec.UnreadableError as error:
        way_out = WHOLE_NUMBER if parts[-1] == "length" else YES_OR_NO
        raise _refused(place, NOT_READ, way_out, text) from error


def _exists(proposal: Proposal, parts: list[str], *, of_item: bool) -> bool:
    if of_item:
        if len(parts) < _OF_ITEM:
            return False
        known = parts[-1] in ItemFields.__dataclass_fields__
        return known and parts[1].isdigit() and int(parts[1]) < len(proposal.items)
    return len(parts) == 1 and (parts[0] in {CODE, PROVIDER} or parts[0] in EntryFields.__dataclass_fields__)


def _refused(place: str, message: str, way_out: str, text: str) -> InvalidInputError:
    finding = Finding("VC-00", place, label_of(place), GUIDE, message, way_out, text[:100])
    return InvalidInputError(problems=[finding.as_row()])


def _save(batch: Batch, proposals: list[Proposal], by: Actor, now: datetime) -> None:
    for proposal in proposals:
        for place in (CODE, PROVIDER):
            if place in proposal.fixes:
                setattr(proposal, place, proposal.fixes[place])
    Proposal.objects.bulk_update(proposals, ["fixes", CODE, PROVIDER], batch_size=AT_ONCE)
    if len(proposals) > AT_ONCE:
        _hand_over(batch)
        return
    around = department(batch.organisation or own_organisation(by), civil_date(now))
    also = _same_names(batch, proposals)
    renamed = {row.id: str(row.fixes["name"]) for row in proposals if "name" in row.fixes}
    take_names(around, batch, renamed=renamed)
    judge_again(sorted([*proposals, *also], key=lambda row: row.line), around)
    _count(batch)


def _same_names(batch: Batch, proposals: list[Proposal]) -> list[Proposal]:
    """Rows that had a name in common with a corrected one: what is wrong with them may be over."""
    names = [proposal.name for proposal in proposals if "name" in proposal.fixes]
    if not names:
        return []
    ids = [proposal.id for proposal in proposals]
    found = batch.proposals.select_for_update().filter(findings__contains=[{"rule": "VC-06"}])
    return list(found.exclude(id__in=ids).exclude(outcome__in=SETTLED)[:AT_ONCE])


def _hand_over(batch: Batch) -> None:
    batch.state, batch.done, batch.finished_at = BatchState.CHECKING, 0, None
    batch.save(update_fields=["state", "done", "finished_at"])
    queue.ask_check(batch.id)


def _count(batch: Batch) -> None:
    recount(batch)
    batch.save(update_fields=["counts"])
