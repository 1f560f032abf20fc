"""What happens to an entry besides its drafts: giving up, taking down, filing, more time, changes of law, versions."""

from __future__ import annotations

from typing import Annotated

from ninja import Path, Query, Router
from pydantic import Field

from jutong.api import listing
from jutong.api.door import ApiRequest, Caller, asks
from jutong.api.shapes import catalog
from jutong.api.shapes import life as shapes
from jutong.api.shapes.common import PageOut
from jutong.api.types import Asked, Cursor, Ident
from jutong.api.v1.catalog import ENTRY, Classification, Sequence, code_of
from jutong.center.catalog import actions, duty_queries, queries
from jutong.center.catalog.enums import VersionKind
from jutong.center.catalog.models import Entry, EntryVersion
from jutong.center.org.permissions import Permission
from jutong.kernel.clock import civil_date
from jutong.kernel.errors import NotFoundError

router = Router(tags=["目录的变化 entry life"])
Number = Annotated[int, Path(ge=1, le=32767, description="版本号 · number of the version")]
_STEP = (404, 409, 422)
_WRITE = (404, 409, 415, 422)
SIZE = 20


FilingId = Annotated[Ident, Path(description="备案编号 · id of the filing")]
ExtensionId = Annotated[Ident, Path(description="延期申请编号 · id of the request for more time")]
EventId = Annotated[Ident, Path(description="变化编号 · id of the change of law or duty")]


class LifePageAsked(Asked):
    """Where to go on."""

    cursor: Cursor = ""


class CompareAsked(Asked):
    """Which two versions, by their numbers."""

    before: Annotated[int, Field(ge=1, le=32767)]
    after: Annotated[int, Field(ge=1, le=32767)]


def _own(caller: Caller, classification: str, sequence: str) -> Entry:
    return queries.entry_for_steward(caller.actor, code_of(classification, sequence))


def _open(caller: Caller, classification: str, sequence: str) -> EntryVersion:
    entry = _own(caller, classification, sequence)
    found = queries.open_version(entry) or next(iter(entry.versions.all()), None)
    if found is None:
        raise NotFoundError(what=entry.code)
    return found


def _version(caller: Caller, done: EntryVersion) -> catalog.VersionOut:
    return catalog.version_out(queries.version(caller.actor, done.id))


@router.post(
    f"{ENTRY}/discard",
    operation_id="discardDraft",
    summary="作废草稿 · give up the version being made",
    **asks(Permission.CATALOG_ENTRY_EDIT, None, *_STEP, status=204),
)
def discard(request: ApiRequest, classification: Classification, sequence: Sequence) -> None:
    """Give up the open version; the code stays used and what is published stays published."""
    caller = request.auth
    actions.discard(version=_open(caller, classification, sequence), by=caller.actor, now=caller.now)


@router.post(
    f"{ENTRY}/removal",
    operation_id="proposeRemoval",
    summary="提出下线 · propose to take an entry down",
    **asks(Permission.CATALOG_ENTRY_EDIT, catalog.VersionOut, *_WRITE, status=201),
)
def remove(
    request: ApiRequest, classification: Classification, sequence: Sequence, body: shapes.RemovalIn
) -> catalog.VersionOut:
    """Start a version that takes the entry down, or give one that was sent back another reason."""
    caller = request.auth
    entry = _own(caller, classification, sequence)
    made = queries.open_version(entry)
    if made is not None and made.kind == VersionKind.REMOVAL:
        done = actions.revise_removal(version=made, reason=body.reason, by=caller.actor, now=caller.now)
    else:
        done = actions.propose_removal(
            entry=entry, reason=body.reason, effective_from=body.effective_from, by=caller.actor, now=caller.now
        )
    return _version(caller, done)


@router.get(
    f"{ENTRY}/comparison",
    operation_id="compareVersions",
    summary="对比两版 · two versions compared",
    **asks(Permission.CATALOG_ENTRY_VIEW, shapes.ComparisonOut, 404, 422),
)
def compare(
    request: ApiRequest, classification: Classification, sequence: Sequence, asked: Query[CompareAsked]
) -> shapes.ComparisonOut:
    """Return what changed from one version to another, field by field."""
    code = code_of(classification, sequence)
    return shapes.comparison_out(queries.compare(request.auth.actor, code, asked.before, asked.after))


@router.post(
    f"{ENTRY}/filings",
    operation_id="fileEnd",
    summary="停止服务备案 · file that a running service ends",
    **asks(Permission.CATALOG_FILING_SUBMIT, shapes.FilingOut, *_WRITE, status=201),
)
def file_end(
    request: ApiRequest, classification: Classification, sequence: Sequence, body: shapes.FilingIn
) -> shapes.FilingOut:
    """File with the authority, with what was agreed with every department that uses the entry (条例 27(3))."""
    caller = request.auth
    entry = _own(caller, classification, sequence)
    made = actions.file_end(entry=entry, reason=body.reason, consulted=body.consulted, by=caller.actor, now=caller.now)
    return shapes.filing_out(duty_queries.filing(caller.actor, made.id))


@router.get(
    "/filings",
    operation_id="listFilings",
    summary="停止服务备案 · filings",
    **asks(Permission.CATALOG_DRAFT_VIEW, PageOut[shapes.FilingOut], 422),
)
def filings(request: ApiRequest, asked: Query[LifePageAsked]) -> PageOut[shapes.FilingOut]:
    """Return a page of 20 filings, the newest first: the department's own, for the authority its division's."""
    number = listing.page_number("filings", asked.cursor)
    rows = list(duty_queries.filings(request.auth.actor)[(number - 1) * SIZE : number * SIZE + 1])
    following = listing.next_page("filings", number, more=len(rows) > SIZE)
    return PageOut(rows=[shapes.filing_out(row) for row in rows[:SIZE]], next=following)


@router.post(
    "/filings/{filing_id}/decision",
    operation_id="decideFiling",
    summary="处理备案 · accept a filing or not",
    **asks(Permission.CATALOG_FILING_DECIDE, shapes.FilingOut, *_WRITE),
)
def decide_filing(request: ApiRequest, filing_id: FilingId, body: shapes.LifeDecisionIn) -> shapes.FilingOut:
    """Accept a filing or not; a refusal gives its reason."""
    caller = request.auth
    found = duty_queries.filing(caller.actor, filing_id)
    actions.decide_filing(filing=found, accepted=body.agreed, note=body.note, by=caller.actor, now=caller.now)
    return shapes.filing_out(duty_queries.filing(caller.actor, filing_id))


@router.post(
    f"{ENTRY}/extensions",
    operation_id="askUpdateExtension",
    summary="申请更新延期 · ask for more time to update",
    **asks(Permission.CATALOG_EXTENSION_ASK, shapes.UpdateExtensionOut, *_WRITE, status=201),
)
def ask_extension(
    request: ApiRequest, classification: Classification, sequence: Sequence, body: shapes.UpdateExtensionIn
) -> shapes.UpdateExtensionOut:
    """Ask the authority for up to five more working days (条例 17)."""
    caller = request.auth
    entry = _own(caller, classification, sequence)
    made = actions.ask_extension(entry=entry, days=body.days, reason=body.reason, by=caller.actor, now=caller.now)
    return shapes.extension_out(duty_queries.extension(caller.actor, made.id))


@router.get(
    "/extensions",
    operation_id="listUpdateExtensions",
    summary="更新延期 · requests for more time to update",
    **asks(Permission.CATALOG_DRAFT_VIEW, PageOut[shapes.UpdateExtensionOut], 422),
)
def extensions(request: ApiRequest, asked: Query[LifePageAsked]) -> PageOut[shapes.UpdateExtensionOut]:
    """Return a page of 20 requests, the newest first: the department's own, for the authority its division's."""
    number = listing.page_number("extensions", asked.cursor)
    rows = list(duty_queries.extensions(request.auth.actor)[(number - 1) * SIZE : number * SIZE + 1])
    following = listing.next_page("extensions", number, more=len(rows) > SIZE)
    return PageOut(rows=[shapes.extension_out(row) for row in rows[:SIZE]], next=following)


@router.post(
    "/extensions/{extension_id}/decision",
    operation_id="decideUpdateExtension",
    summary="决定更新延期 · give more time or not",
    **asks(Permission.CATALOG_EXTENSION_DECIDE, shapes.UpdateExtensionOut, *_WRITE),
)
def decide_extension(
    request: ApiRequest, extension_id: ExtensionId, body: shapes.LifeDecisionIn
) -> shapes.UpdateExtensionOut:
    """Give a department more time or not; a refusal gives its reason."""
    caller = request.auth
    actions.decide_extension(
        extension_id=extension_id, consented=body.agreed, note=body.note, by=caller.actor, now=caller.now
    )
    return shapes.extension_out(duty_queries.extension(caller.actor, extension_id))


@router.post(
    "/change-events",
    operation_id="registerChange",
    summary="登记法律或职责变化 · register a change of law or duty",
    **asks(Permission.CATALOG_CHANGE_REGISTER, shapes.ChangeEventOut, *_WRITE, status=201),
)
def register_change(request: ApiRequest, body: shapes.ChangeEventIn) -> shapes.ChangeEventOut:
    """Register a change; the clock of every entry it touches starts on the day it happened (条例 17)."""
    caller = request.auth
    made = actions.register_change(
        kind=body.kind,
        title=body.title,
        basis=body.basis,
        happened_on=body.happened_on,
        codes=body.entries,
        by=caller.actor,
        now=caller.now,
    )
    return _event(caller, made.id)


@router.get(
    "/change-events",
    operation_id="listChangeEvents",
    summary="法律和职责变化 · registered changes",
    **asks(Permission.CATALOG_DRAFT_VIEW, PageOut[shapes.ChangeEventOut], 422),
)
def change_events(request: ApiRequest, asked: Query[LifePageAsked]) -> PageOut[shapes.ChangeEventOut]:
    """Return a page of 20 changes, the newest first."""
    number = listing.page_number("change-events", asked.cursor)
    rows = list(duty_queries.change_events(request.auth.actor)[(number - 1) * SIZE : number * SIZE + 1])
    following = listing.next_page("change-events", number, more=len(rows) > SIZE)
    return PageOut(rows=[shapes.change_event_out(row, _count(row)) for row in rows[:SIZE]], next=following)


@router.get(
    "/change-events/{event_id}",
    operation_id="getChangeEvent",
    summary="一项变化 · one registered change",
    **asks(Permission.CATALOG_DRAFT_VIEW, shapes.ChangeEventOut, 404, 422),
)
def change_event(request: ApiRequest, event_id: EventId) -> shapes.ChangeEventOut:
    """Return a registered change."""
    return _event(request.auth, event_id)


@router.get(
    "/change-events/{event_id}/entries",
    operation_id="listTouchedEntries",
    summary="涉及的目录 · entries a change touches",
    **asks(Permission.CATALOG_DRAFT_VIEW, PageOut[shapes.TouchOut], 404, 422),
)
def touched(request: ApiRequest, event_id: EventId, asked: Query[LifePageAsked]) -> PageOut[shapes.TouchOut]:
    """Return a page of 20 entries with their clocks: a department sees its own, the authority all."""
    caller = request.auth
    event = duty_queries.change_event(caller.actor, event_id)
    number = listing.page_number("touched", asked.cursor)
    page = list(duty_queries.touches(caller.actor, event)[(number - 1) * SIZE : number * SIZE + 1])
    rows = duty_queries.touch_rows(event, page[:SIZE], civil_date(caller.now))
    following = listing.next_page("touched", number, more=len(page) > SIZE)
    return PageOut(rows=[shapes.touch_out(row) for row in rows], next=following)


def _event(caller: Caller, event_id: Ident) -> shapes.ChangeEventOut:
    found = duty_queries.change_event(caller.actor, event_id)
    return shapes.change_event_out(found, _count(found))


def _count(event: object) -> int:
    return int(getattr(event, "count", 0))
