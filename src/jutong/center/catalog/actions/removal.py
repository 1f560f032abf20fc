"""下线: proposing that an entry be taken down, by the same path as its publication, and the filing it may need."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext

from jutong.center.audit.actions import record
from jutong.center.catalog.actions.draft import next_version, note_findings, published_of_own, save_new
from jutong.center.catalog.actions.taking_down import users_of
from jutong.center.catalog.enums import Event, FilingKind, VersionKind
from jutong.center.catalog.errors import (
    FilingDecidedError,
    FilingPendingError,
    NothingToFileError,
    NotRemovalError,
)
from jutong.center.catalog.findings import Finding, refuse
from jutong.center.catalog.life import Filing
from jutong.center.catalog.models import Entry, EntryVersion, Item
from jutong.center.catalog.rules import transition
from jutong.center.catalog.steps import items_for, note, open_step, write, written
from jutong.center.constraints import constraint_errors
from jutong.center.org.actor import Actor
from jutong.center.org.enums import Role
from jutong.center.org.permissions import Permission
from jutong.center.org.queries import NOBODY, as_uuid, authority_for, require
from jutong.center.process.moments import Moment, tell
from jutong.center.sharing.models import Notice
from jutong.kernel.errors import NotFoundError
from jutong.kernel.i18n import gettext_noop

FILING_CLAUSE = "政务数据共享条例第二十七条"
LONGEST_REASON = 1000
LONGEST_ANSWER = 500
FILED = gettext_noop("{organisation}就“{name}”停止服务备案，请处理。")
FILED_CHANGE = gettext_noop("{organisation}就“{name}”变更服务备案，请处理。")
ACCEPTED_CHANGE = gettext_noop("主管部门接受了“{name}”变更服务的备案。")
ACCEPTED = gettext_noop("主管部门接受了“{name}”的备案，可以下线。")
REFUSED = gettext_noop("主管部门没有接受“{name}”的备案：{note}")


@transaction.atomic
def propose_removal(
    *, entry: Entry, reason: str, by: Actor, now: datetime, effective_from: date | None = None
) -> EntryVersion:
    """Start a version that takes a published entry down. Nothing is compiled, so it waits for consent at once.

    Args:
        entry: a published one of the actor's department.
        reason: why, at most 500 characters.
        by: who proposes it.
        now: when.
        effective_from: the day from which it is down, where it is not the day of the decision.

    Raises:
        InvalidInputError: without a reason.
        OpenVersionExistsError: if a version is being made.
        NotPublishedError: if the entry has no published version.
        NotFoundError: if it is another department's.
        ForbiddenError: if ``by`` does not compile the catalog.
    """
    locked = published_of_own(entry, by, step=gettext("下线"))
    refuse(note_findings(reason, needed=True))
    assert locked.published is not None  # noqa: S101 - published_of_own asked
    fields, items = written(locked.published)
    version = next_version(locked, by, now, kind=VersionKind.REMOVAL, note=reason, effective_from=effective_from)
    write(version, fields)
    save_new(version)
    Item.objects.bulk_create(items_for(version, items))
    _finish(version)
    note("propose-removal", version, by, now, reason=version.change_note)
    return version


@transaction.atomic
def revise_removal(*, version: EntryVersion, reason: str, by: Actor, now: datetime) -> EntryVersion:
    """Give another reason for a removal that was declined, returned or taken back; it waits for consent anew.

    Raises:
        InvalidInputError: without a reason.
        NotRemovalError: if the version does not take its entry down.
        NotFoundError: if it is another department's.
        StepNotAllowedError: if it is under review or decided.
        ForbiddenError: if ``by`` does not compile the catalog.
    """
    locked, row = open_step(version, Event.EDIT, by)
    if locked.kind != VersionKind.REMOVAL:
        raise NotRemovalError(name=locked.name)
    refuse(note_findings(reason, needed=True))
    locked.state, locked.change_note = row.next, reason.strip()
    locked.consented_by = locked.consented_at = None
    if by.user_id is not None and by.user_id not in locked.writers:
        locked.writers = [*locked.writers, by.user_id]
    locked.save(update_fields=["state", "change_note", "consented_by", "consented_at", "writers"])
    _finish(locked)
    note("edit", locked, by, now, reason=locked.change_note)
    return locked


def _finish(version: EntryVersion) -> None:
    """Take the step that follows by itself where nothing is to be assessed."""
    version.state = transition(version.state, Event.FINISH_ASSESSMENT, name=version.name).next
    version.save(update_fields=["state"])


@transaction.atomic
def file_end(
    *,
    entry: Entry,
    reason: str,
    consulted: Mapping[str, str],
    by: Actor,
    now: datetime,
    kind: FilingKind = FilingKind.END,
) -> Filing:
    """File with the authority that a running service is to end, or to change (条例 27(3)).

    Args:
        entry: of the actor's department.
        reason: why, at most 1000 characters.
        consulted: per department that holds a grant, by its credit code, what was agreed with it.
        by: who files.
        now: when.
        kind: whether it ends or changes.

    Raises:
        InvalidInputError: without a reason, or while a department that uses it was not consulted.
        NothingToFileError: if no grant runs.
        FilingPendingError: if a filing waits already.
        NotFoundError: if it is another department's.
        ForbiddenError: if ``by`` does not file.
    """
    require(by, Permission.CATALOG_FILING_SUBMIT)
    locked = Entry.objects.select_for_update(of=("self",)).select_related("organisation").get(id=entry.id)
    if locked.organisation_id != by.organisation_id:
        raise NotFoundError(what=locked.code)
    users = users_of(locked)
    name = locked.published_name
    if not users:
        raise NothingToFileError(name=name)
    refuse([*_reason(reason, LONGEST_REASON), *_unasked(users, consulted)])
    rows = [
        {"code": code, "name": found.name, "text": consulted[code].strip()[:LONGEST_ANSWER]}
        for code, found in users.items()
    ]
    with constraint_errors(one_filing_waits=FilingPendingError(name=name)):
        filing = Filing.objects.create(
            entry=locked, kind=kind, reason=reason.strip(), consulted=rows, filed_by_id=by.user_id or NOBODY,
            filed_at=now,
        )  # fmt: skip
    _record("file", filing, by, now, departments=len(rows), kind=str(kind))
    authority = authority_for(locked.organisation.division_code)
    words = {"organisation": locked.organisation.short_name, "name": name}
    text = FILED if kind == FilingKind.END else FILED_CHANGE
    Notice.objects.create(
        organisation=authority, role=Role.AUTHORITY, text=text, fields=words, link=f"/filings/{filing.id}", at=now
    )
    return filing


@transaction.atomic
def decide_filing(*, filing: Filing, accepted: bool, note: str = "", by: Actor, now: datetime) -> Filing:
    """Accept a filing or not, as the authority of the division.

    Raises:
        InvalidInputError: if it is not accepted and no reason is given.
        FilingDecidedError: if it was decided.
        NotFoundError: if it is another division's.
        ForbiddenError: if ``by`` does not decide on filings.
    """
    require(by, Permission.CATALOG_FILING_DECIDE)
    locked = (
        Filing.objects.select_for_update(of=("self",))
        .select_related("entry__organisation")
        .filter(id=as_uuid(filing.id))
        .first()
    )
    if locked is None or authority_for(locked.entry.organisation.division_code).id != by.organisation_id:
        raise NotFoundError(what=str(filing.id))
    if locked.accepted is not None:
        raise FilingDecidedError(name=locked.entry.published_name)
    refuse([] if accepted else _reason(note, LONGEST_ANSWER))
    locked.accepted, locked.note = accepted, note.strip()[:LONGEST_ANSWER]
    locked.decided_by_id, locked.decided_at = by.user_id, now
    locked.save(update_fields=["accepted", "note", "decided_by", "decided_at"])
    _record("accept" if accepted else "refuse", locked, by, now)
    entry = locked.entry
    Notice.objects.create(
        organisation=entry.organisation,
        role=Role.STEWARD,
        text=(ACCEPTED if locked.kind == FilingKind.END else ACCEPTED_CHANGE) if accepted else REFUSED,
        fields={"name": entry.published_name, "note": locked.note},
        link=f"/filings/{locked.id}",
        at=now,
    )
    tell(Moment.FILING_DECIDED, locked, by=by, now=now)
    return locked


def _reason(text: str, longest: int) -> list[Finding]:
    if text.strip() and len(text) <= longest:
        return []
    message, way_out = gettext("必须写明理由，且不超过规定长度"), gettext("请写明为什么")
    return [Finding("VC-00", "reason", gettext("理由"), FILING_CLAUSE, message, way_out)]


def _unasked(users: Iterable[str], consulted: Mapping[str, str]) -> list[Finding]:
    message, way_out = gettext("还没有写明与这个部门协商的结果"), gettext("请逐个部门写明协商结果")
    return [
        Finding("VC-00", f"consulted.{code}", gettext("协商结果"), FILING_CLAUSE, message, way_out, code)
        for code in users
        if not consulted.get(code, "").strip()
    ]


def _record(verb: str, filing: Filing, by: Actor, now: datetime, **details: object) -> None:
    record(
        event=f"catalog:filing:{verb}",
        by=by,
        now=now,
        subject_kind="entry",
        subject_id=filing.entry.code,
        subject_label=filing.entry.published_name,
        **details,
    )
